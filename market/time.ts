import { Period } from "../events/catalog/values.ts";

/** Seconds of a slot: a tenth of an hour, the grain of the market's time. */
export const SLOT_SECONDS = 360;
const SLOT_MS = SLOT_SECONDS * 1000;
export const SLOTS_PER_HOUR = 10;
export const SLOTS_PER_DAY = 240;
/** Asia/Shanghai is UTC+8 all year. */
const MARKET_OFFSET_SECONDS = 8 * 3600;

/** The slot in which an instant (ms since the Unix epoch) lies. */
export function slotOf(ms: number): number {
  return Math.floor(ms / SLOT_MS);
}

/** First instant of a slot, in ms since the Unix epoch. */
export function slotStart(slot: number): number {
  return slot * SLOT_MS;
}

/** First slot that begins at or after an instant (ms). */
export function slotAtOrAfter(ms: number): number {
  return Math.ceil(ms / SLOT_MS);
}

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Settlement day of a slot. */
export function periodOf(slot: number): Period {
  const local = (slot * SLOT_SECONDS + MARKET_OFFSET_SECONDS) * 1000;
  return Period.parse(new Date(local).toISOString().slice(0, 10));
}

/** First slot of a settlement day; the day ends `SLOTS_PER_DAY` later. */
export function periodStart(period: Period): number {
  return (Date.parse(`${period}T00:00:00Z`) / 1000 - MARKET_OFFSET_SECONDS) / SLOT_SECONDS;
}

/** The settlement day `days` after (before, if negative) a given one. */
export function periodPlus(period: Period, days: number): Period {
  return periodOf(periodStart(period) + days * SLOTS_PER_DAY);
}

/** Hour of the market's day (0..23) in which a slot lies. */
export function hourOfDay(slot: number): number {
  return Math.floor(((slot * SLOT_SECONDS + MARKET_OFFSET_SECONDS) % 86_400) / 3600);
}
