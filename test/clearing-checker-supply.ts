import type { CheckedInstance, CheckedOffer, CheckedResult } from "./clearing-checker.ts";
import { type Report, soldIn } from "./clearing-checker-feasible.ts";
import { meritOrder } from "./clearing-checker-money.ts";

/** Offers of which some cards are sold in a slot in which its pool sells so many. */
function offersSold(instance: CheckedInstance, pool: number, slot: number, cards: number): CheckedOffer[] {
  let left = cards;
  return meritOrder(instance, pool, slot).filter(({ q }) => {
    left -= q;
    return left + q > 0;
  });
}

/** Offers by the one of which they are pieces or steps. */
function wholeOffers({ offers }: CheckedInstance): Map<number | string, CheckedOffer[]> {
  const named = offers.map((offer, index) => ({ offer, whole: offer.of ?? offer.id ?? index }));
  const pieces = Map.groupBy(named, ({ whole }) => whole);
  return new Map([...pieces].map(([whole, all]) => [whole, all.map(({ offer }) => offer)]));
}

/**
 * Rule 12, of cards sold by `pool@slot`: every run of neighbouring slots in which an offer sells anything, over all its
 * pieces and with what it had sold before, is as long as it asks for. Returns what is too short.
 */
export function shortRuns(instance: CheckedInstance, sold: ReadonlyMap<string, number>): string[] {
  if (instance.offers.every(({ minRun }) => (minRun ?? 1) <= 1)) return [];
  const slotsOf = new Map<CheckedOffer, number[]>();
  for (const [key, cards] of sold) {
    const [pool = -1, slot = -1] = key.split("@").map(Number);
    for (const offer of offersSold(instance, pool, slot, cards))
      slotsOf.set(offer, [...(slotsOf.get(offer) ?? []), slot]);
  }
  return [...wholeOffers(instance)].flatMap(([id, pieces]) => {
    const now = new Set(pieces.flatMap((piece) => slotsOf.get(piece) ?? []));
    const slots = new Set([...now, ...pieces.flatMap((piece) => piece.sold ?? [])]);
    return pieces.flatMap((piece) =>
      (slotsOf.get(piece) ?? []).flatMap((slot) => {
        const run = runAround(slots, slot);
        return run < (piece.minRun ?? 1) ? [`offer ${id} sells ${run} slots in a row around ${slot}`] : [];
      }),
    );
  });
}

function runAround(slots: ReadonlySet<number>, slot: number): number {
  let [first, last] = [slot, slot];
  while (slots.has(first - 1)) first -= 1;
  while (slots.has(last + 1)) last += 1;
  return last - first + 1;
}

/** Rule 12. */
export function checkMinimumRuns(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  for (const what of shortRuns(instance, soldIn(instance, result))) report("minRun", what);
}

/** Cards of a pool and slot that nobody may take back. */
export function firmCards(instance: CheckedInstance, pool: number, slot: number): number {
  return meritOrder(instance, pool, slot).reduce((sum, { q, reclaimable }) => sum + (reclaimable ? 0 : q), 0);
}

/** Rule 13: bids that do not take reclaimable cards hold no more than the firm ones. */
export function checkReclaimable(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  for (const [key, cards] of soldIn(instance, result, (bid) => bid.reclaimable !== true)) {
    const [pool = -1, slot = -1] = key.split("@").map(Number);
    if (!meritOrder(instance, pool, slot).some((offer) => offer.reclaimable)) continue;
    const firm = firmCards(instance, pool, slot);
    if (cards > firm) report("reclaimable", `firm bids hold ${cards} of ${firm} cards of ${key}`);
  }
}
