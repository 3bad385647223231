import { type Book, compareIds, energyAt, type ItemId, type Offer } from "./instance.ts";
import type { Model } from "./model.ts";

/** Cards of a cell beyond which nothing is for sale, whatever is offered. */
export type Stops = ReadonlyMap<number, number>;

/** An offer with cards, and the offer that it is a piece of. */
export interface Piece {
  readonly offer: Offer;
  readonly of: ItemId;
}

/** As a pool sells them: cheapest first, then by id. Energy costs all of a pool's cards the same. */
export function meritOrder(offers: readonly Offer[]): Piece[] {
  return offers
    .map((offer, index) => ({ offer, id: offer.id ?? index, of: offer.of ?? offer.id ?? index }))
    .filter(({ offer }) => offer.q > 0)
    .sort((x, y) => x.offer.reserve - y.offer.reserve || compareIds(x.id, y.id));
}

/** What is offered, in the columns of the model. */
export type Supply = Pick<
  Model,
  "stepStart" | "stepCards" | "stepCost" | "capacity" | "firmCapacity" | "anyReclaimable" | "cheapest"
>;

export function compileSupply(book: Book, stops: Stops): Supply {
  const cells = book.pools.length * book.T;
  const byPool = Map.groupBy(meritOrder(book.offers), ({ offer }) => offer.pool);
  const stepStart = new Int32Array(cells + 1);
  const capacity = new Float64Array(cells);
  const cheapest = new Float64Array(cells);
  const reclaimable = new Float64Array(cells);
  const cards: number[] = [];
  const costs: number[] = [];
  book.pools.forEach((pool, k) => {
    const offers = byPool.get(k) ?? [];
    for (let t = 0; t < book.T; t++) {
      const cell = k * book.T + t;
      const energy = energyAt(book, pool, t);
      const most = stops.get(cell) ?? Infinity;
      for (const { offer } of offers) {
        if (t < offer.from || t >= offer.to) continue;
        const q = Math.min(offer.q, most - (capacity[cell] ?? 0));
        const cost = offer.reserve + energy;
        if (capacity[cell] === 0) cheapest[cell] = cost;
        if (q <= 0) break;
        capacity[cell] = (capacity[cell] ?? 0) + q;
        if (offer.reclaimable) reclaimable[cell] = (reclaimable[cell] ?? 0) + q;
        const last = cards.length - 1;
        if (last >= (stepStart[cell] ?? 0) && costs[last] === cost) cards[last] = (cards[last] ?? 0) + q;
        else {
          cards.push(q);
          costs.push(cost);
        }
      }
      stepStart[cell + 1] = cards.length;
    }
  });
  return {
    stepStart,
    stepCards: Float64Array.from(cards),
    stepCost: Float64Array.from(costs),
    capacity,
    cheapest,
    firmCapacity: capacity.map((all, cell) => all - (reclaimable[cell] ?? 0)),
    anyReclaimable: reclaimable.some((some) => some > 0),
  };
}
