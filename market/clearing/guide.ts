import type { Model } from "./model.ts";

/** Prices per cell (mills per card) and per link slot (mills per Gbps). */
export interface Prices {
  readonly cells: Float64Array;
  readonly links: Float64Array;
}

/** Starts of a block: 2 to this. */
const BLOCK_BITS = 3;

/** Prices with what follows from them for many bids at once. */
export interface PriceTables extends Prices {
  /** `sums[pool x (T + 1) + t]`: what one card pays in the slots before t. */
  readonly sums: Float64Array;
  /** By span and block of starts: the least that one card pays for so many slots of the pool from one of them on. */
  readonly least: Float64Array;
  /** Blocks of a span. */
  readonly blocks: number;
  /** Links with a price above 0 in some slot. */
  readonly pricedLinks: Uint8Array;
}

export function pricesOf(model: Model): Prices {
  return { cells: model.cheapest.slice(), links: new Float64Array(model.links * model.T) };
}

/** Every cell at the cost of its first card, links at nothing. */
export function cheapestTables(model: Model): PriceTables {
  return tablesOf(model, pricesOf(model));
}

export function copyPrices({ cells, links }: Prices): Prices {
  return { cells: cells.slice(), links: links.slice() };
}

export function tablesOf(model: Model, prices: Prices): PriceTables {
  const blocks = (model.T >> BLOCK_BITS) + 1;
  const tables = {
    ...prices,
    sums: new Float64Array(model.pools * (model.T + 1)),
    least: new Float64Array(model.spanPool.length * blocks),
    blocks,
    pricedLinks: new Uint8Array(model.links),
  };
  refreshTables(model, tables);
  return tables;
}

/** Brings the sums of one pool up to changed prices. */
export function refreshSums({ T }: Model, { cells, sums }: PriceTables, pool: number): void {
  let sum = 0;
  for (let t = 0; t < T; t++) {
    sum += cells[pool * T + t] ?? 0;
    sums[pool * (T + 1) + t + 1] = sum;
  }
}

/** Brings the tables up to changed prices. */
export function refreshTables(model: Model, tables: PriceTables): void {
  const { T } = model;
  const { sums, least, blocks } = tables;
  refreshPlain(model, tables);
  least.fill(Infinity);
  for (let span = 0; span < model.spanPool.length; span++) {
    const d = model.spanD[span] ?? 0;
    const first = (model.spanPool[span] ?? 0) * (T + 1);
    const row = span * blocks;
    for (let t = 0; t + d <= T; t++) {
      const sum = (sums[first + t + d] ?? 0) - (sums[first + t] ?? 0);
      const at = row + (t >> BLOCK_BITS);
      if (sum < (least[at] ?? 0)) least[at] = sum;
    }
  }
}

/** All but the least of each span: for those who look at every start anyway. */
export function refreshPlain(model: Model, tables: PriceTables): void {
  const { links, pricedLinks } = tables;
  for (let pool = 0; pool < model.pools; pool++) refreshSums(model, tables, pool);
  pricedLinks.fill(0);
  for (let at = 0; at < links.length; at++)
    if ((links[at] ?? 0) > 0) pricedLinks[Math.floor(at / model.T)] = 1;
}

/** What one card pays at least for a span that starts in [from, last]: never more than the true least. */
export function leastFrom({ least, blocks }: PriceTables, span: number, from: number, last: number): number {
  const row = span * blocks;
  let lowest = Infinity;
  for (let at = row + (from >> BLOCK_BITS), end = row + (last >> BLOCK_BITS); at <= end; at++) {
    const sum = least[at] ?? 0;
    if (sum < lowest) lowest = sum;
  }
  return lowest;
}
