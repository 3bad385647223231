import { type Allocation, netValue, type Placement, place, unplace } from "./allocation.ts";
import type { ModelBid } from "./model.ts";

/**
 * Gives a placement to the bid that ties put first. The merit orders see ties between equal merits only; here every
 * gang left out may take over what a later one holds, if it fits that very placement and is worth no less there.
 */
export function honourTies(allocation: Allocation): void {
  const { bids } = allocation.model;
  bids.forEach((bid, i) => {
    if (bid.kind === "div" || allocation.placed[i]) return;
    for (let later = bids.length - 1; later > i; later--) {
      const holder = bids[later];
      const held = allocation.placed[later];
      if (!holder || !held) continue;
      const own = sameFor(bid, holder, held);
      if (!own || netValue(bid, own) < netValue(holder, held)) continue;
      unplace(allocation, later);
      place(allocation, i, own);
      return;
    }
  });
}

/** The same pool, slots and cards for another bid, with no more on the same links; null if it may not have them. */
function sameFor(bid: ModelBid, holder: ModelBid, held: Placement): Placement | null {
  const only = held.parts[0];
  if (!only || held.parts.length > 1 || bid.g !== holder.g) return null;
  const option = bid.options.find(({ pool }) => pool === only.option.pool);
  if (!option || option.d !== only.option.d) return null;
  if (held.start < bid.from || held.start + option.d > bid.to) return null;
  const lighter =
    option.link < 0 || (option.link === only.option.link && option.gigabits <= only.option.gigabits);
  return lighter ? { ...held, parts: [{ option, cards: only.cards }] } : null;
}
