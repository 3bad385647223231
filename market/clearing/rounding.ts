import type { PriceTables } from "./guide.ts";
import type { Model } from "./model.ts";

/** The error of one operation, as a share of its result, at most. */
const UNIT = Number.EPSILON / 2;

/**
 * What a bound at prices may have lost to rounding, mills, at most: of a sum of n terms no more than n units of their
 * sizes (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition 2002, section 4.2). Where a card costs much
 * more than anybody gains by it, that is more than the bound itself would tell. At whole prices and with free links
 * nothing is lost, for whole sums are exact.
 * @param gained what bids gain or, counted the same, lose at the prices, together; mills
 */
export function lostToRounding(model: Model, { cells, links, sums }: PriceTables, gained: number): number {
  const { T, pools, bids, capacity, linkCapacity, slotSeconds, stepCards, gangCards } = model;
  if (cells.every((price) => Number.isInteger(price)) && links.every((price) => price === 0)) return 0;
  const offered = cells.reduce((sum, price, cell) => sum + price * (capacity[cell] ?? 0), 0);
  const carried = links.reduce((sum, price, at) => sum + price * (linkCapacity[Math.floor(at / T)] ?? 0), 0);
  let dearest = 0;
  for (let pool = 0; pool < pools; pool++) dearest = Math.max(dearest, sums[pool * (T + 1) + T] ?? 0);
  // What a gang pays is a difference of two sums from the first slot on; one that fits nowhere pays nothing.
  const paid = dearest * gangCards;
  const terms = stepCards.length + links.length + bids + 4 * T;
  return UNIT * terms * (gained + offered + ((1 + bids) * carried) / slotSeconds + paid);
}
