import type { Offer } from "../clearing/instance.ts";

/**
 * The offers whose cost together is exact in a double, in their order; beyond that the dearest are left out, of equal
 * ones the last. It takes over five hundred pools of a million cards at the price cap for a week.
 */
export function withinExactCost(offers: readonly Offer[]): readonly Offer[] {
  let cost = 0;
  const within = new Set<Offer>();
  for (const offer of offers.toSorted((a, b) => a.reserve - b.reserve)) {
    cost += offer.q * offer.reserve * (offer.to - offer.from);
    if (cost > Number.MAX_SAFE_INTEGER) break;
    within.add(offer);
  }
  return within.size === offers.length ? offers : offers.filter((offer) => within.has(offer));
}
