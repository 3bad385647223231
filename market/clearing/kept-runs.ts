import { type Book, compareIds, type ItemId, type Offer } from "./instance.ts";

/** Minimum runs of offers beside what was sold: what a bid would make of them that took cards as well. */
export interface KeptRuns {
  /** Slots that a bid's cards would sell in too short a run, rising; empty: every minimum run is kept. */
  shortBeside(taking: Taking): number[];
  /** Whether there are none: found sooner. */
  keptBeside(taking: Taking): boolean;
}

/** Cards of a pool that a bid takes in each slot of `[from, to)`. */
export interface Taking {
  readonly pool: number;
  readonly from: number;
  readonly to: number;
  readonly cards: number;
  /** What it may take in each slot to make a run longer; no fewer. */
  readonly most: number;
}

/** An offer of a pool with a minimum run, all its pieces and steps together. */
interface BoundOffer {
  /** Slots in a row at least. */
  readonly least: number;
  /** By slot, cards of the pool that are sold before any of it; Infinity where it offers none. */
  readonly below: Float64Array;
  /** Slots, also beyond the window, in which it is sold. */
  readonly sold: ReadonlySet<number>;
}

/** @param taken cards that are sold, by pool x T + slot */
export function keptRuns(book: Book, taken: Float64Array): KeptRuns {
  const { T } = book;
  const bound = boundOffers(book, taken);
  const shortIn = function* ({ pool, from, to, cards, most }: Taking) {
    for (const { least, below, sold } of bound.get(pool) ?? []) {
      const sellsIn = (t: number, more: number) => (taken[pool * T + t] ?? 0) + more > (below[t] ?? Infinity);
      const sells = (t: number, more: number) => t >= from && t < to && sellsIn(t, more);
      const mayBeSold = (t: number) => sold.has(t) || sells(t, most);
      for (let t = from; t < to; t++)
        // What was sold before may be short by now, for buyers gave back: nothing more is sold of that.
        if (!sellsIn(t, 0) && sells(t, cards) && runAround(t, mayBeSold) < least) yield t;
    }
  };
  return {
    shortBeside: (taking) => [...new Set(shortIn(taking))].sort((a, b) => a - b),
    keptBeside: (taking) => shortIn(taking).next().done === true,
  };
}

function runAround(slot: number, isSold: (slot: number) => boolean): number {
  let [first, last] = [slot, slot];
  while (isSold(first - 1)) first -= 1;
  while (isSold(last + 1)) last += 1;
  return last - first + 1;
}

function boundOffers({ T, offers }: Book, taken: Float64Array): ReadonlyMap<number, readonly BoundOffer[]> {
  if (!offers.some(({ minRun = 1 }) => minRun > 1)) return new Map();
  const pieces = offers
    .map((offer, index) => ({ offer, id: offer.id ?? index, of: offer.of ?? offer.id ?? index }))
    .sort((x, y) => x.offer.reserve - y.offer.reserve || compareIds(x.id, y.id));
  const stacks = Map.groupBy(pieces, ({ offer }) => offer.pool);
  return new Map(
    [...stacks].map(([pool, stack]) => [pool, boundIn(stack, taken.subarray(pool * T, pool * T + T))]),
  );
}

/** @param stack pieces of one pool in the order in which their cards are sold */
function boundIn(
  stack: readonly { readonly offer: Offer; readonly of: ItemId }[],
  taken: Float64Array,
): BoundOffer[] {
  const bound = new Map<ItemId, { least: number; below: Float64Array; sold: Set<number> }>();
  const cards = new Float64Array(taken.length);
  for (const { offer, of } of stack) {
    const { from, to, q, minRun = 1, sold = [] } = offer;
    if (minRun > 1) {
      const known = bound.get(of) ?? {
        least: minRun,
        below: new Float64Array(taken.length).fill(Infinity),
        sold: new Set(sold),
      };
      bound.set(of, known);
      for (let t = from; t < to && q > 0; t++) known.below[t] = Math.min(known.below[t] ?? 0, cards[t] ?? 0);
    }
    for (let t = from; t < to; t++) cards[t] = (cards[t] ?? 0) + q;
  }
  for (const { below, sold } of bound.values())
    below.forEach((cards, t) => {
      if ((taken[t] ?? 0) > cards) sold.add(t);
    });
  return [...bound.values()];
}
