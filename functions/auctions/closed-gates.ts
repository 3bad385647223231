import { rules } from "../../market/rules.ts";
import { slotOf, slotStart } from "../../market/time.ts";
import { AuctionView } from "../../market/views/auctions.ts";
import { auctionsKey } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";

/** Items looked at: a day's gates, and more. */
const gatesMax = 300;

interface SpotGates {
  /** Newest first. */
  readonly gates: readonly number[];
  /** There are no older ones. */
  readonly all: boolean;
}

type Reading = Pick<Access, "views" | "clock">;

/** The gates of so many slots up to now. */
async function spotGates({ views }: Reading, slots: number): Promise<SpotGates> {
  // At most every other one is a forward gate, and of two in a slot the spot one is the last.
  const limit = Math.min(gatesMax, 2 * Math.max(1, slots));
  const newest = await views.list({ pk: auctionsKey, descending: true, limit }, AuctionView);
  const gates = newest.flatMap(({ data }) => (data.session === "spot" ? [data.gate] : []));
  return { gates, all: newest.length < limit };
}

/**
 * A spot gate of this slot or a later one has closed: all auctions that could continue a run up to it are sealed, and
 * what the exchange's absence did to it is told (row 14). The list may lag: then it is asked again.
 */
export async function spotGateClosed(access: Reading, slot: number): Promise<boolean> {
  const { gates } = await spotGates(access, 1);
  return gates.some((gate) => gate >= slot);
}

/**
 * First slot since which the exchange has been there all the time, up to now: a spot gate closes in every slot, so one
 * that is missing is an absence. Where none is missing among the gates that there are it was never away. The list may
 * lag by a gate.
 * @param back slot before which it makes no difference: as far as that is looked, at most
 */
export async function thereSince(access: Reading, back: number): Promise<number> {
  const now = slotOf(access.clock.now());
  const { gates, all } = await spotGates(access, now - back + 1);
  const [last] = gates;
  if (last === undefined) return Number.NEGATIVE_INFINITY;
  if (last < now - 1) return now + 1;
  const gap = gapIn(gates);
  if (gap > 0) return last - gap + 1;
  return all ? Number.NEGATIVE_INFINITY : last - gates.length + 1;
}

/** Index of the first gate before a gap; -1: there is none. */
function gapIn(gates: readonly number[]): number {
  return gates.findIndex((gate, index) => gate < (gates[0] ?? gate) - index);
}

/**
 * The absence (ms) from which an exchange is back only now, for less than two slots: it could hear nobody from its last
 * gate on. undefined: it has been there.
 */
export async function absenceBefore(access: Reading): Promise<{ from: number; to: number } | undefined> {
  const now = access.clock.now();
  const { gates } = await spotGates(access, rules.silenceSlots + 2);
  const [last] = gates;
  if (last === undefined) return undefined;
  if (last < slotOf(now) - 1) return { from: slotStart(last), to: now };
  const gap = gapIn(gates);
  const before = gates[gap];
  const back = last - gap + 1;
  return before !== undefined && slotStart(back + rules.silenceSlots) > now
    ? { from: slotStart(before), to: slotStart(back) }
    : undefined;
}
