import { type Book, type ItemId, type Result, soldCards } from "./instance.ts";
import { meritOrder, type Piece, type Stops } from "./supply.ts";

/** Rounds in which too short runs alone are taken off sale; after them the offers that still have any, whole. */
const ROUNDS = 6;

/** Offers of one pool as they are sold. */
type Stack = readonly Piece[];

/**
 * Sees to minimum runs as power exchanges see to orders that must not be taken in part: where an offer would sell in too
 * few slots in a row, the pool sells only what is cheaper there, and the auction is cleared again, until no run is too
 * short. The bound stays that of the first result: whatever keeps minimum runs is possible without them.
 * @param again clears with less on sale, from the prices of the last result
 */
export function keepMinimumRuns(
  book: Book,
  first: Result,
  again: (stops: Stops, last: Result) => Result,
): Result {
  if (!book.offers.some(({ minRun = 1 }) => minRun > 1)) return first;
  const stops = new Map<number, number>();
  let result = first;
  for (let round = 1; ; round++) {
    if (!stopShortRuns(book, result, stops, round > ROUNDS)) return { ...result, bound: first.bound };
    result = again(stops, result);
  }
}

/** Adds where the sale must stop for it; false: no run is too short. */
function stopShortRuns(book: Book, result: Result, stops: Map<number, number>, whole: boolean): boolean {
  const sold = soldCards(book, result);
  const stacks = Map.groupBy(meritOrder(book.offers), ({ offer }) => offer.pool);
  let any = false;
  book.pools.forEach((_, pool) => {
    const stack = stacks.get(pool) ?? [];
    const ids = new Set(stack.flatMap(({ offer, of }) => ((offer.minRun ?? 1) > 1 ? [of] : [])));
    for (const of of ids) {
      const short = shortRuns(stack, of, sold[String(pool)] ?? []);
      if (short.length === 0) continue;
      any = true;
      for (const t of whole ? slotsOf(stack, of) : short) stopBelow(stops, pool * book.T + t, stack, of, t);
    }
  });
  return any;
}

function slotsOf(stack: Stack, id: ItemId): number[] {
  return stack
    .filter(({ of }) => of === id)
    .flatMap(({ offer: { from, to } }) => Array.from({ length: to - from }, (_, i) => from + i));
}

/** Cards of a slot that are sold before any of an offer; undefined: it offers none there. */
function cardsBelow(stack: Stack, id: ItemId, slot: number): number | undefined {
  let below = 0;
  for (const { offer, of } of stack) {
    if (slot < offer.from || slot >= offer.to) continue;
    if (of === id) return below;
    below += offer.q;
  }
  return undefined;
}

function stopBelow(stops: Map<number, number>, cell: number, stack: Stack, id: ItemId, slot: number): void {
  const below = cardsBelow(stack, id, slot);
  if (below !== undefined) stops.set(cell, Math.min(stops.get(cell) ?? Infinity, below));
}

/** Slots in which an offer sells, now, but not in enough of them in a row. */
function shortRuns(stack: Stack, id: ItemId, sold: readonly number[]): number[] {
  const own = stack.filter(({ of }) => of === id).map(({ offer }) => offer);
  const least = Math.max(...own.map(({ minRun = 1 }) => minRun));
  const now = sold.flatMap((cards, slot) =>
    cards > (cardsBelow(stack, id, slot) ?? Infinity) ? [slot] : [],
  );
  const all = new Set([...now, ...own.flatMap(({ sold: before = [] }) => before)]);
  const reach = (slot: number, step: 1 | -1): number => {
    let length = 0;
    for (let t = slot + step; all.has(t); t += step) length += 1;
    return length;
  };
  return now.filter((slot) => reach(slot, -1) + 1 + reach(slot, 1) < least);
}
