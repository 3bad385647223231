import {
  type Bid,
  type Book,
  DEFAULT_SLOT_SECONDS,
  DEFAULT_TICK,
  energyAt,
  linkBetween,
  type Result,
  slotsNeeded,
  stagingOf,
} from "./instance.ts";
import { type KeptRuns, keptRuns } from "./kept-runs.ts";

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
  /** For bids that take reclaimable cards as well, and for firm ones. */
  readonly cards: { readonly any: Supply; readonly firm: Supply };
  /** Minimum runs beside what awards took. */
  readonly runs: KeptRuns;
  /** Pools of each center, by product. */
  poolAt(center: number, product: number): number;
  /** Link from one center to another, -1 without one. */
  linkFrom(from: number, to: number): number;
}

/** Cards of each cell that somebody may have. */
export interface Supply {
  /** On offer. */
  readonly offered: Float64Array;
  /** That awards left. */
  readonly left: Float64Array;
  /** Of those, what costs no more than the published price. */
  readonly leftAtPrice: Float64Array;
}

export function publishedMarket(book: Book, result: Result): PublishedMarket {
  const { T } = book;
  const tick = book.tick ?? DEFAULT_TICK;
  const slotSeconds = book.slotSeconds ?? DEFAULT_SLOT_SECONDS;
  const prices = rowsOf(result.prices, book.pools.length, T);
  const linkPrices = rowsOf(result.linkPrices, book.links.length, T);
  const poolAt = poolFinder(book);
  const linkFrom = linkFinder(book);
  const linkGigabits = Float64Array.from(book.links, ({ gbps }) => gbps * slotSeconds);
  const { cards, firm, gigabits } = takenBy(book, result, poolAt, linkFrom);
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
    cards: suppliesOf(book, prices, cards, firm),
    runs: keptRuns(book, cards),
    poolAt,
    linkFrom,
  };
}

/** Cards of a gang; of a service those of its floor. */
export function gangCards({ kind, g, floor }: Bid): number {
  return kind === "service" ? (floor ?? g) : g;
}

/** What is on offer and what awards left of it. */
function suppliesOf(
  book: Book,
  prices: Float64Array,
  taken: Float64Array,
  takenFirm: Float64Array,
): PublishedMarket["cards"] {
  const { T, offers } = book;
  const offered = new Float64Array(prices.length);
  const atPrice = new Float64Array(prices.length);
  const reclaimable = new Float64Array(prices.length);
  for (const offer of offers) {
    const pool = book.pools[offer.pool];
    if (pool === undefined) continue;
    for (let t = offer.from; t < offer.to; t++) {
      const cell = offer.pool * T + t;
      const cost = offer.reserve + energyAt(book, pool, t);
      offered[cell] = (offered[cell] ?? 0) + offer.q;
      if (cost <= (prices[cell] ?? 0)) atPrice[cell] = (atPrice[cell] ?? 0) + offer.q;
      if (offer.reclaimable) reclaimable[cell] = (reclaimable[cell] ?? 0) + offer.q;
    }
  }
  const left = offered.map((all, cell) => all - (taken[cell] ?? 0));
  const leftAtPrice = atPrice.map((all, cell) => all - (taken[cell] ?? 0));
  const any = { offered, left, leftAtPrice };
  if (!offers.some((offer) => offer.reclaimable)) return { any, firm: any };
  const firm = offered.map((all, cell) => all - (reclaimable[cell] ?? 0));
  const firmLeft = firm.map((all, cell) => all - (takenFirm[cell] ?? 0));
  const within = (row: Float64Array) => row.map((all, cell) => Math.min(all, firmLeft[cell] ?? 0));
  return { any, firm: { offered: firm, left: within(left), leftAtPrice: within(leftAtPrice) } };
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
  const firm = new Float64Array(book.pools.length * T);
  const gigabits = new Float64Array(book.links.length * T);
  const add = (to: Float64Array, row: number, slot: number, amount: number) => {
    if (row >= 0) to[row * T + slot] = (to[row * T + slot] ?? 0) + amount;
  };
  const take = (bid: Bid, pool: number, slot: number, amount: number) => {
    add(cards, pool, slot, amount);
    if (!bid.reclaimable) add(firm, pool, slot, amount);
  };
  for (const { b, p, s, parts } of result.accepted) {
    const bid = book.bids[b];
    const choice = bid?.prods.find((one) => one.p === p);
    if (bid === undefined || choice === undefined) continue;
    const d = slotsNeeded(bid, choice);
    for (const { c, q } of parts) {
      for (let t = s; t < s + d; t++) take(bid, poolAt(c, p), t, q);
      if (c === bid.home) continue;
      const { gigabits: each, first, slots } = stagingOf(bid);
      for (let t = s + first; each > 0 && t < s + first + slots; t++)
        add(gigabits, linkFrom(bid.home, c), t, each);
    }
    const [one, other] = parts;
    if (one === undefined || other === undefined) continue;
    const sync = linkFrom(Math.min(one.c, other.c), Math.max(one.c, other.c));
    for (let t = s; t < s + d; t++) add(gigabits, sync, t, (bid.bw ?? 0) * slotSeconds);
  }
  for (const { b, fills } of result.div) {
    const bid = book.bids[b];
    if (bid === undefined) continue;
    for (const [c, p, t, q] of fills) take(bid, poolAt(c, p), t, q);
  }
  return { cards, firm, gigabits };
}
