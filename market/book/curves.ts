import type * as z from "zod";
import type { CurvePoint } from "../../events/catalog/auction.ts";
import { type Bid, energyAt, slotsNeeded } from "../clearing/instance.ts";
import type { Instance } from "./instance.ts";

type Point = z.infer<typeof CurvePoint>;

/** Points of a curve at most; neighbours are merged beyond that. */
const pointsMost = 500;

/** Card-slots that bids would take at each limit or below it, dearest first; nobody is named. */
export function demandCurve({ book, grain }: Instance): Point[] {
  const amounts = book.bids.map((bid) => {
    const price = Math.max(...bid.prods.map(({ limit }) => limit));
    // At its limit a service would take its ceiling.
    return { price: price / grain, cardSlots: bid.g * slotsAt(bid, price) * grain };
  });
  return cumulated(amounts.sort((a, b) => b.price - a.price));
}

/** What a bid needs on the product that it pays most for; of equal ones on the slower. */
function slotsAt(bid: Bid, limit: number): number {
  const dearest = bid.prods.filter((choice) => choice.limit === limit);
  return Math.max(...dearest.map((choice) => slotsNeeded(bid, choice)));
}

/** Card-slots on offer at each cost (reserve and energy) or above it, cheapest first. */
export function supplyCurve({ book, grain }: Instance): Point[] {
  const byPrice = new Map<number, number>();
  for (const { pool, from, to, q, reserve } of book.offers) {
    const of = book.pools[pool];
    if (of === undefined) continue;
    for (let t = from; t < to; t++) {
      const price = (reserve + energyAt(book, of, t)) / grain;
      byPrice.set(price, (byPrice.get(price) ?? 0) + q * grain);
    }
  }
  const amounts = [...byPrice].map(([price, cardSlots]) => ({ price, cardSlots }));
  return cumulated(amounts.sort((a, b) => a.price - b.price));
}

function cumulated(amounts: readonly Point[]): Point[] {
  const points: Point[] = [];
  let sum = 0;
  for (const { price, cardSlots } of amounts) {
    sum += cardSlots;
    if (points.at(-1)?.price === price) points.pop();
    points.push({ price, cardSlots: sum });
  }
  const stride = Math.ceil(points.length / pointsMost);
  // The last point is the whole amount: it stays.
  return points.filter((_, index) => index % stride === stride - 1 || index === points.length - 1);
}
