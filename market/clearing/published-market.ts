import {
  type Bid,
  type Book,
  DEFAULT_SLOT_SECONDS,
  DEFAULT_TICK,
  energyCost,
  linkBetween,
  type Result,
  slotsNeeded,
} from "./instance.ts";

/**
 * What a closed auction published, and what its awards left, in rows of T cells: cell = pool x T + slot. It follows from
 * the book and the result alone and shares no code with the engine that made the result.
 */
export interface PublishedMarket {
  readonly book: Book;
  readonly T: number;
  readonly tick: number;
  readonly slotSeconds: number;
  readonly prices: Float64Array;
  /** `priceSums[pool x (T + 1) + t]`: what one card pays in the slots before t. */
  readonly priceSums: Float64Array;
  readonly linkPrices: Float64Array;
  readonly linkPriceSums: Float64Array;
  /** Gigabits per slot that each link carries. */
  readonly linkGigabits: Float64Array;
  /** Gigabits that awards left of it, by link and slot. */
  readonly linkLeft: Float64Array;
  /** Cards on offer. */
  readonly offered: Float64Array;
  /** Cards that awards left. */
  readonly left: Float64Array;
  /** Of those, what costs no more than the published price. */
  readonly leftAtPrice: Float64Array;
  /** Pools of each center, by product. */
  poolAt(center: number, product: number): number;
  /** Link from one center to another, -1 without one. */
  linkFrom(from: number, to: number): number;
}

export function publishedMarket(book: Book, result: Result): PublishedMarket {
  const { T } = book;
  const tick = book.tick ?? DEFAULT_TICK;
  const slotSeconds = book.slotSeconds ?? DEFAULT_SLOT_SECONDS;
  const prices = rowsOf(result.prices, book.pools.length, T);
  const linkPrices = rowsOf(result.linkPrices, book.links.length, T);
  const poolAt = poolFinder(book);
  const linkFrom = linkFinder(book);
  const offered = new Float64Array(prices.length);
  const atPrice = new Float64Array(prices.length);
  for (const { pool, from, to, q, reserve } of book.offers) {
    const { c = 0, p = 0 } = book.pools[pool] ?? {};
    const center = book.centers[c];
    const kw = book.products[p]?.kw ?? 0;
    for (let t = from; t < to; t++) {
      const cell = pool * T + t;
      const perKwh = (center?.energy[t] ?? 0) + (center?.carbon?.[t] ?? 0);
      const energy = energyCost(kw, center?.pue ?? 0, perKwh, slotSeconds, tick);
      offered[cell] = (offered[cell] ?? 0) + q;
      if (reserve + energy <= (prices[cell] ?? 0)) atPrice[cell] = (atPrice[cell] ?? 0) + q;
    }
  }
  const linkGigabits = Float64Array.from(book.links, ({ gbps }) => gbps * slotSeconds);
  const { cards, gigabits } = takenBy(book, result, poolAt, linkFrom);
  return {
    book,
    T,
    tick,
    slotSeconds,
    prices,
    priceSums: sumsOf(prices, T),
    linkPrices,
    linkPriceSums: sumsOf(linkPrices, T),
    linkGigabits,
    linkLeft: gigabits.map((taken, at) => (linkGigabits[Math.floor(at / T)] ?? 0) - taken),
    offered,
    left: offered.map((all, cell) => all - (cards[cell] ?? 0)),
    leftAtPrice: atPrice.map((all, cell) => all - (cards[cell] ?? 0)),
    poolAt,
    linkFrom,
  };
}

/** Gigabits that a bid's data take on the way to a pool's center; a div bid moves none. */
export function stagedGigabits(bid: Bid): number {
  return bid.kind === "div" ? 0 : (bid.dataGB ?? 0) * 8;
}

function rowsOf(of: Result["prices"], rows: number, T: number): Float64Array {
  const cells = new Float64Array(rows * T);
  for (const [row, values] of Object.entries(of)) cells.set(values.slice(0, T), Number(row) * T);
  return cells;
}

function sumsOf(cells: Float64Array, T: number): Float64Array {
  const rows = cells.length / T;
  const sums = new Float64Array(rows * (T + 1));
  for (let row = 0; row < rows; row++)
    for (let t = 0; t < T; t++) {
      const at = row * (T + 1) + t;
      sums[at + 1] = (sums[at] ?? 0) + (cells[row * T + t] ?? 0);
    }
  return sums;
}

function poolFinder({ pools, products }: Book): PublishedMarket["poolAt"] {
  const width = products.length;
  const known = new Map(pools.map(({ c, p }, pool) => [c * width + p, pool]));
  return (center, product) => known.get(center * width + product) ?? -1;
}

function linkFinder({ links, centers }: Book): PublishedMarket["linkFrom"] {
  const known = new Map<number, number>();
  return (from, to) => {
    const key = from * centers.length + to;
    const link = known.get(key) ?? linkBetween(links, from, to);
    known.set(key, link);
    return link;
  };
}

function takenBy(
  book: Book,
  result: Result,
  poolAt: PublishedMarket["poolAt"],
  linkFrom: PublishedMarket["linkFrom"],
) {
  const { T } = book;
  const slotSeconds = book.slotSeconds ?? DEFAULT_SLOT_SECONDS;
  const cards = new Float64Array(book.pools.length * T);
  const gigabits = new Float64Array(book.links.length * T);
  const add = (to: Float64Array, row: number, slot: number, amount: number) => {
    if (row >= 0) to[row * T + slot] = (to[row * T + slot] ?? 0) + amount;
  };
  for (const { b, p, s, parts } of result.accepted) {
    const bid = book.bids[b];
    const choice = bid?.prods.find((one) => one.p === p);
    if (bid === undefined || choice === undefined) continue;
    const d = slotsNeeded(bid, choice);
    for (const { c, q } of parts) {
      for (let t = s; t < s + d; t++) add(cards, poolAt(c, p), t, q);
      if (c !== bid.home) add(gigabits, linkFrom(bid.home, c), s, stagedGigabits(bid));
    }
    const [one, other] = parts;
    if (one === undefined || other === undefined) continue;
    const sync = linkFrom(Math.min(one.c, other.c), Math.max(one.c, other.c));
    for (let t = s; t < s + d; t++) add(gigabits, sync, t, (bid.bw ?? 0) * slotSeconds);
  }
  for (const { fills } of result.div) for (const [c, p, t, q] of fills) add(cards, poolAt(c, p), t, q);
  return { cards, gigabits };
}
