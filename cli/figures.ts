// Figures as people read them: money in CNY, times in market time (Asia/Shanghai, UTC+8 all year).

const slotSeconds = 360;
export const slotMs = slotSeconds * 1000;
const marketOffsetMs = 8 * 3_600_000;

/** `1234567` mills: `1,234.567` CNY, exactly. */
export function cny(mills: string): string {
  const negative = mills.startsWith("-");
  const digits = (negative ? mills.slice(1) : mills).padStart(4, "0");
  return `${negative ? "-" : ""}${thousands(digits.slice(0, -3))}.${digits.slice(-3)}`;
}

/** Fen per card-hour as CNY per card-hour. */
export function price(fen: number): string {
  return (fen / 100).toFixed(2);
}

export function count(number: number): string {
  return thousands(String(number));
}

/** Prices of the hours of a day: one if they are all the same, else the least and the most. */
export function hourly(mills: readonly number[]): string {
  const [least, most] = [Math.min(...mills), Math.max(...mills)];
  return least === most ? count(least) : `${count(least)} – ${count(most)}`;
}

function thousands(digits: string): string {
  return digits.replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** `2026-03-02 10:00:30`, market time. */
export function time(instant: string): string {
  return new Date(Date.parse(instant) + marketOffsetMs).toISOString().slice(0, 19).replace("T", " ");
}

/** Where a slot begins, `2026-03-02 10:06`, market time. */
export function slotTime(slot: number): string {
  return time(new Date(slot * slotMs).toISOString()).slice(0, 16);
}

/** `2026-03-02 10:06 – 11:06`; the day of the end is shown if it is another one. */
export function span(from: number, to: number): string {
  const [begin, end] = [slotTime(from), slotTime(to)];
  return `${begin} – ${begin.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end}`;
}
