import { type Allocation, welfareOf } from "./allocation.ts";
import { upperBound } from "./bound.ts";
import { finalPrices } from "./final-prices.ts";
import { guidePrices } from "./guide-prices.ts";
import type { Accepted, Book, DivFills, Result } from "./instance.ts";
import { limitPrices } from "./limit-prices.ts";
import { bestMeritOrder } from "./merit-order.ts";
import { compileBook, type Model } from "./model.ts";
import type { Guide } from "./placement.ts";
import { honourTies } from "./ties.ts";
import { assertBook } from "./validate.ts";

/**
 * Clears one auction: who gets which cards where and when, and one price per pool and slot and per link and slot. Pure,
 * without clock or chance, and the same to the byte whatever the order of bids and offers. Ties: rank, then id.
 * Throws `InvalidBook`.
 */
export function clear(book: Book): Result {
  assertBook(book);
  const model = compileBook(book);
  const guide = guidePrices(model);
  const allocation = bestMeritOrder(model, guide);
  honourTies(allocation);
  const prices = limitPrices(allocation, finalPrices(allocation, guide));
  return {
    welfare: welfareOf(allocation),
    accepted: acceptedOf(allocation),
    div: divOf(allocation),
    prices: rowsOf(model, model.pools, prices.prices, false),
    linkPrices: rowsOf(model, model.links, prices.linkPrices, true),
    bound: upperBound(model, prices),
  };
}

function acceptedOf({ model, placed }: Allocation): Accepted[] {
  const accepted: Accepted[] = [];
  model.bids.forEach((bid, i) => {
    const placement = placed[i];
    const p = placement?.parts[0]?.option.product;
    if (!placement || p === undefined) return;
    const parts = placement.parts.map(({ option, cards }) => ({
      c: model.poolCenter[option.pool] ?? 0,
      q: cards,
    }));
    accepted.push({ b: bid.index, p, s: placement.start, parts: parts.sort((x, y) => x.c - y.c) });
  });
  return accepted.sort((x, y) => x.b - y.b);
}

function divOf({ model, fills }: Allocation): DivFills[] {
  const div: DivFills[] = [];
  model.bids.forEach((bid, i) => {
    const own = [...(fills[i] ?? [])].sort((x, y) => x.slot - y.slot || x.option.pool - y.option.pool);
    if (own.length === 0) return;
    div.push({
      b: bid.index,
      fills: own.map(({ option, slot, cards }) => [
        model.poolCenter[option.pool] ?? 0,
        option.product,
        slot,
        cards,
      ]),
    });
  });
  return div.sort((x, y) => x.b - y.b);
}

/** Index to row of T prices; rows of nothing but zeros are left out where that is the default. */
function rowsOf(
  model: Model,
  rows: number,
  prices: Guide["prices"],
  sparse: boolean,
): Record<string, number[]> {
  const all: Record<string, number[]> = {};
  for (let row = 0; row < rows; row++) {
    const values = [...prices.subarray(row * model.T, (row + 1) * model.T)];
    if (!sparse || values.some((value) => value > 0)) all[String(row)] = values;
  }
  return all;
}
