import { type Allocation, addFill, emptyAllocation, type Placement, place, priceRow } from "./allocation.ts";
import { bestResponse, type PriceSums, pricesWithSums, type Response } from "./best-response.ts";
import { type Bid, type Book, linkBetween, type Result, slotsNeeded } from "./instance.ts";
import { compileBook, type Model, type ModelBid } from "./model.ts";
import { bestPlacement } from "./placement.ts";

/** Why a bid has nothing. `product` and `limit` (mills per card and slot): the lowest limit that would have won. */
export type Explanation =
  | { readonly reason: "price"; readonly product: number; readonly limit: number }
  /** It would have gained, but in these slots too few cards were offered or left. */
  | { readonly reason: "capacity"; readonly slots: readonly number[]; readonly limit: null }
  /** No product, region or distance lets it run; the link cannot carry its data; its slots exceed the window. */
  | { readonly reason: "region" | "latency" | "link" | "window"; readonly limit: null }
  /** It would have gained, but taking it in would have made it or somebody accepted lose. */
  | { readonly reason: "paradox"; readonly limit: null };

/** Explains bids of one auction; null for a bid that was accepted or filled, also in part. */
export type Explain = (bidIndex: number) => Explanation | null;

export function explain(book: Book, result: Result, bidIndex: number): Explanation | null {
  return createExplain(book, result)(bidIndex);
}

/** For many bids of one auction. */
export function createExplain(book: Book, result: Result): Explain {
  const model = compileBook(book);
  const allocation = allocationOf(book, model, result);
  const prices = pricesWithSums(model, {
    prices: priceRow(result.prices, model.pools, model.T),
    linkPrices: priceRow(result.linkPrices, model.links, model.T),
  });
  const positions = new Map(model.bids.map((bid, i) => [bid.index, i]));
  const outcome: Outcome = { allocation, prices };
  return (bidIndex) => {
    const position = positions.get(bidIndex) ?? -1;
    const bid = model.bids[position];
    const source = book.bids[bidIndex];
    if (!bid || !source) throw new RangeError(`no bid ${bidIndex}`);
    if (allocation.placed[position] || (allocation.fills[position] ?? []).length > 0) return null;
    return bid.options.length === 0 ? whyNowhere(book, source) : whyNot(outcome, bid);
  };
}

interface Outcome {
  readonly allocation: Allocation;
  readonly prices: PriceSums;
}

/** What took the last pool away: window, region, latency or link, in this order; capacity if there never was one. */
function whyNowhere(book: Book, bid: Bid): Explanation {
  const window = bid.to - bid.from;
  if (bid.kind !== "div" && bid.prods.every((choice) => slotsNeeded(bid, choice) > window))
    return { reason: "window", limit: null };
  const wanted = book.pools.filter(
    ({ p }, k) => bid.prods.some((choice) => choice.p === p) && (bid.pools?.includes(k) ?? true),
  );
  if (wanted.length === 0) return { reason: "capacity", slots: range(bid.from, bid.to), limit: null };
  const allowed = wanted.filter(({ c }) => bid.regions?.includes(book.centers[c]?.region ?? -1) ?? true);
  if (allowed.length === 0) return { reason: "region", limit: null };
  const near = allowed.filter(({ c }) => {
    if (c === bid.home) return true;
    const latency = book.links[linkBetween(book.links, bid.home, c)]?.latMs ?? Infinity;
    return latency <= (bid.maxLat ?? Infinity);
  });
  return { reason: near.length === 0 ? "latency" : "link", limit: null };
}

function whyNot(outcome: Outcome, bid: ModelBid): Explanation {
  const { model } = outcome.allocation;
  const response = bestResponse(model, bid, outcome.prices);
  const offered = response.surplus > -Infinity;
  if (!offered) return { reason: "capacity", slots: neverOffered(model, bid), limit: null };
  if (bid.kind === "div") return whyNoFill(outcome, bid);
  if (response.surplus < 0) return tooLow(outcome, bid, response);
  const short = response.takes.flatMap(({ option, start, d, cards }) =>
    range(start, start + d).filter((slot) => left(outcome, option.pool, slot) < cards),
  );
  if (bestPlacement(outcome.allocation, bid, nothing(model))) return { reason: "paradox", limit: null };
  if (short.length > 0) return { reason: "capacity", slots: inOrder(short), limit: null };
  const fits = response.takes.some(({ option }) => option.link >= 0) || response.pair !== null;
  return { reason: fits ? "link" : "paradox", limit: null };
}

/** What it would have paid, per card and slot; where the cards are sold out, a tick more than those who have them. */
function tooLow({ allocation, prices }: Outcome, bid: ModelBid, response: Response): Explanation {
  const { tick } = allocation.model;
  const first = response.takes[0];
  if (!first) return { reason: "capacity", slots: range(bid.from, bid.to), limit: null };
  const due = (first.option.value - response.surplus) / (bid.g * first.d);
  const full = response.takes.some(({ option, start, d, cards }) =>
    range(start, start + d).some((slot) => left({ allocation, prices }, option.pool, slot) < cards),
  );
  const limit = Math.ceil(due / tick) * tick + (full ? tick : 0);
  return { reason: "price", product: first.option.product, limit };
}

function whyNoFill(outcome: Outcome, bid: ModelBid): Explanation {
  const { model } = outcome.allocation;
  const full: number[] = [];
  let cheapest: { product: number; limit: number } | null = null;
  for (const option of bid.options)
    for (let slot = bid.from; slot < bid.to; slot++) {
      const cell = option.pool * model.T + slot;
      if ((model.capacity[cell] ?? 0) === 0) continue;
      const price = outcome.prices.prices[cell] ?? 0;
      const gone = left(outcome, option.pool, slot) === 0;
      if (price <= option.limit && !gone) return { reason: "paradox", limit: null };
      if (price <= option.limit) full.push(slot);
      const limit = price + (gone ? model.tick : 0);
      if (!cheapest || limit < cheapest.limit) cheapest = { product: option.product, limit };
    }
  if (full.length > 0 || !cheapest) return { reason: "capacity", slots: inOrder(full), limit: null };
  return { reason: "price", ...cheapest };
}

function left({ allocation }: Outcome, pool: number, slot: number): number {
  const cell = pool * allocation.model.T + slot;
  return (allocation.model.capacity[cell] ?? 0) - (allocation.used[cell] ?? 0);
}

/** Slots of the window in which no eligible pool was ever offered in the bid's size. */
function neverOffered(model: Model, bid: ModelBid): number[] {
  const least = bid.kind === "div" ? 1 : bid.g;
  const short = range(bid.from, bid.to).filter((slot) =>
    bid.options.every(({ pool }) => (model.capacity[pool * model.T + slot] ?? 0) < least),
  );
  return short.length > 0 ? short : range(bid.from, bid.to);
}

function allocationOf(book: Book, model: Model, result: Result): Allocation {
  const allocation = emptyAllocation(model);
  const positions = new Map(model.bids.map((bid, i) => [bid.index, i]));
  const poolAt = (center: number, product: number) =>
    book.pools.findIndex(({ c, p }) => c === center && p === product);
  for (const { b, p, s, parts } of result.accepted) {
    const position = positions.get(b) ?? -1;
    const bid = model.bids[position];
    const taken = parts.flatMap(({ c, q }) => {
      const option = bid?.options.find(({ pool }) => pool === poolAt(c, p));
      return option ? [{ option, cards: q }] : [];
    });
    const pair = bid?.pairs.find(({ first, second }) =>
      [first, second].every((one) => taken.length === 2 && taken.some(({ option }) => option === one)),
    );
    const placement: Placement = {
      start: s,
      parts: taken,
      sync: pair?.sync ?? -1,
      syncGigabits: pair?.syncGigabits ?? 0,
    };
    place(allocation, position, placement);
  }
  for (const { b, fills } of result.div) {
    const position = positions.get(b) ?? -1;
    for (const [c, p, slot, cards] of fills) {
      const option = model.bids[position]?.options.find(({ pool }) => pool === poolAt(c, p));
      if (option) addFill(allocation, position, option, slot, cards);
    }
  }
  return allocation;
}

function nothing(model: Model) {
  return {
    prices: new Float64Array(model.capacity.length),
    linkPrices: new Float64Array(model.links * model.T),
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

function inOrder(slots: readonly number[]): number[] {
  return [...new Set(slots)].sort((x, y) => x - y);
}
