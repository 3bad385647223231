import { usage } from "./failure.ts";
import { slotMs } from "./figures.ts";

/** What market time says now, as `GET /health` answers it. */
export interface MarketNow {
  readonly marketTime: string;
  readonly slot: number;
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const slotHelp =
  "a slot's number, an ISO instant (market time unless it says Z or +hh:mm), or +2h, +30m, +1d, +3 (slots) from now";

/**
 * A slot from its number, an instant, or an offset from market time. An instant inside a slot means the next slot where
 * a range begins, and that slot where it ends: never more than what was said.
 * @throws Failure naming the option
 */
export async function slotFrom(
  text: string,
  edge: "from" | "to",
  now: () => Promise<MarketNow>,
  field: string = edge,
): Promise<number> {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const offset = /^\+(\d{1,9})([smhd]?)$/.exec(text);
  if (offset !== null) {
    const { marketTime, slot } = await now();
    const unit = offset[2];
    const amount = Number(offset[1]);
    if (unit === undefined || !isUnit(unit)) return slot + amount;
    return slotAt(Date.parse(marketTime) + amount * units[unit], edge);
  }
  const instant = instantOf(text);
  if (Number.isNaN(instant)) throw usage(`${text} is no slot: give ${slotHelp}`, field);
  return slotAt(instant, edge);
}

function isUnit(text: string): text is keyof typeof units {
  return text in units;
}

function slotAt(ms: number, edge: "from" | "to"): number {
  return edge === "from" ? Math.ceil(ms / slotMs) : Math.floor(ms / slotMs);
}

function instantOf(text: string): number {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:\d{2})?$/i.exec(
    text,
  );
  if (parts === null) return Number.NaN;
  const [, day, clock = "00:00", zone = "+08:00"] = parts;
  return Date.parse(`${day}T${clock}${zone}`);
}

/** A UTC instant from an ISO instant or an offset from market time. */
export async function instantFrom(
  text: string,
  now: () => Promise<MarketNow>,
  field: string,
): Promise<string> {
  const offset = /^([+-])(\d{1,9})([smhd])$/.exec(text);
  const unit = offset?.[3];
  if (offset !== null && unit !== undefined && isUnit(unit)) {
    const amount = Number(offset[2]) * units[unit] * (offset[1] === "-" ? -1 : 1);
    return new Date(Date.parse((await now()).marketTime) + amount).toISOString();
  }
  if (text === "now") return (await now()).marketTime;
  const instant = instantOf(text);
  if (Number.isNaN(instant))
    throw usage(`${text} is no instant: give an ISO instant, now, or an offset such as -6m`, field);
  return new Date(instant).toISOString();
}
