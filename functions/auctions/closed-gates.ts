import { slotOf } from "../../market/time.ts";
import { AuctionView } from "../../market/views/auctions.ts";
import { auctionsKey } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";

/** Items looked at: a day's gates, and more. */
const gatesMax = 300;

/**
 * First slot since which the exchange has been there all the time, up to now: a spot gate closes in every slot, so one
 * that is missing is an absence. Where none is missing among the gates that there are it was never away. The list may
 * lag by a gate.
 * @param back slot before which it makes no difference: as far as that is looked, at most
 */
export async function thereSince(
  { views, clock }: Pick<Access, "views" | "clock">,
  back: number,
): Promise<number> {
  const now = slotOf(clock.now());
  // At most every other one is a forward gate.
  const limit = Math.min(gatesMax, 2 * Math.max(1, now - back + 1));
  const newest = await views.list({ pk: auctionsKey, descending: true, limit }, AuctionView);
  const gates = newest.flatMap(({ data }) => (data.session === "spot" ? [data.gate] : []));
  const [last] = gates;
  if (last === undefined) return Number.NEGATIVE_INFINITY;
  if (last < now - 1) return now + 1;
  const gap = gates.findIndex((gate, index) => gate < last - index);
  if (gap > 0) return last - gap + 1;
  return newest.length < limit ? Number.NEGATIVE_INFINITY : last - gates.length + 1;
}
