import type { Model, ModelBid, PairOption, PoolOption } from "./model.ts";
import type { Guide } from "./placement.ts";

/** Prices with their running sums: `sums[pool x (T + 1) + t]` is what one card pays in the slots before t. */
export interface PriceSums extends Guide {
  readonly sums: Float64Array;
}

export function pricesWithSums(model: Model, guide: Guide): PriceSums {
  const sums = new Float64Array(model.pools * (model.T + 1));
  const result = { ...guide, sums };
  sumPrices(model, result);
  return result;
}

/** Brings the running sums up to changed prices. */
export function sumPrices(model: Model, { prices, sums }: PriceSums): void {
  for (let k = 0; k < model.pools; k++)
    for (let t = 0; t < model.T; t++) {
      const at = k * (model.T + 1) + t;
      sums[at + 1] = (sums[at] ?? 0) + (prices[k * model.T + t] ?? 0);
    }
}

/** What a bid would take at prices: one or two pools from a start, or cells of a div bid. */
export interface Take {
  readonly option: PoolOption;
  readonly start: number;
  readonly d: number;
  readonly cards: number;
}

/**
 * A bid's best surplus at prices, whatever others take; cells in which so many cards were never offered do not count.
 * Negative or -Infinity where it would rather stay away.
 */
export interface Response {
  surplus: number;
  paid: number;
  takes: readonly Take[];
  pair: PairOption | null;
}

export function bestResponse(model: Model, bid: ModelBid, prices: PriceSums): Response {
  if (bid.kind === "div") return respondDivisible(model, bid, prices);
  const best: Response = { surplus: -Infinity, paid: 0, takes: [], pair: null };
  for (const option of bid.feasible) respondInPool(model, bid, option, prices, best);
  for (const pair of bid.pairs) respondInPair(model, bid, pair, prices, best);
  return best;
}

function respondInPool(
  model: Model,
  bid: ModelBid,
  option: PoolOption,
  prices: PriceSums,
  best: Response,
): void {
  const { d, pool } = option;
  const sumBase = pool * (model.T + 1);
  const net = option.value - option.transfer;
  let bestStart = -1;
  for (const start of option.starts) {
    const cards = (prices.sums[sumBase + start + d] ?? 0) - (prices.sums[sumBase + start] ?? 0);
    const paid = cards * bid.g + stagingCost(model, option, start, prices);
    if (net - paid <= best.surplus) continue;
    best.surplus = net - paid;
    best.paid = paid;
    bestStart = start;
  }
  if (bestStart < 0) return;
  best.takes = [{ option, start: bestStart, d, cards: bid.g }];
  best.pair = null;
}

function respondInPair(
  model: Model,
  bid: ModelBid,
  pair: PairOption,
  prices: PriceSums,
  best: Response,
): void {
  const { first, second, chunk } = pair;
  const { d } = first;
  const net = first.value - first.transfer - second.transfer;
  for (let start = bid.from; start + d <= bid.to; start++) {
    let link = stagingCost(model, first, start, prices) + stagingCost(model, second, start, prices);
    for (let t = start; t < start + d; t++)
      link += ((prices.linkPrices[pair.sync * model.T + t] ?? 0) * pair.syncGigabits) / model.slotSeconds;
    const one = rangeSum(model, prices, first.pool, start, d);
    const other = rangeSum(model, prices, second.pool, start, d);
    // At given prices the cheapest share is an extreme one.
    const most = Math.min(bid.g - chunk, leastOffered(model, first.pool, start, d));
    const least = Math.max(chunk, bid.g - leastOffered(model, second.pool, start, d));
    const cards = one <= other ? Math.floor(most / chunk) * chunk : Math.ceil(least / chunk) * chunk;
    if (cards < least || cards > most) continue;
    const paid = one * cards + other * (bid.g - cards) + link;
    if (net - paid <= best.surplus) continue;
    best.surplus = net - paid;
    best.paid = paid;
    best.pair = pair;
    best.takes = [
      { option: first, start, d, cards },
      { option: second, start, d, cards: bid.g - cards },
    ];
  }
}

export function rangeSum(model: Model, prices: PriceSums, pool: number, start: number, d: number): number {
  const base = pool * (model.T + 1) + start;
  return (prices.sums[base + d] ?? 0) - (prices.sums[base] ?? 0);
}

function leastOffered(model: Model, pool: number, start: number, d: number): number {
  let least = Infinity;
  for (let t = start; t < start + d; t++) least = Math.min(least, model.capacity[pool * model.T + t] ?? 0);
  return least;
}

function stagingCost(model: Model, option: PoolOption, start: number, { linkPrices }: Guide): number {
  if (option.link < 0) return 0;
  return ((linkPrices[option.link * model.T + start] ?? 0) * option.gigabits) / model.slotSeconds;
}

/**
 * Cells by falling margin, as far as offered cards, g per slot and the budget go. That is exact where all products
 * take the same share of the budget; where they differ the smallest share counts for all, which is an upper bound.
 */
function respondDivisible(model: Model, bid: ModelBid, prices: PriceSums): Response {
  const cells: { option: PoolOption; slot: number; margin: number }[] = [];
  let highest = -Infinity;
  for (const option of bid.options)
    for (let slot = bid.from; slot < bid.to; slot++) {
      const cell = option.pool * model.T + slot;
      if ((model.capacity[cell] ?? 0) === 0) continue;
      const margin = option.limit - (prices.prices[cell] ?? 0);
      highest = Math.max(highest, margin);
      if (margin > 0) cells.push({ option, slot, margin });
    }
  if (cells.length === 0) return { surplus: highest, paid: 1, takes: [], pair: null };
  cells.sort((x, y) => y.margin - x.margin);
  const unit = bid.options.reduce((least, option) => Math.min(least, option.unit), Infinity);
  const inSlot = new Float64Array(bid.to - bid.from);
  const takes: Take[] = [];
  let budget = Math.floor(bid.budget / unit);
  let surplus = 0;
  let paid = 0;
  for (const { option, slot, margin } of cells) {
    const taken = inSlot[slot - bid.from] ?? 0;
    const cards = Math.min(budget, bid.g - taken, model.capacity[option.pool * model.T + slot] ?? 0);
    if (cards <= 0) continue;
    inSlot[slot - bid.from] = taken + cards;
    budget -= cards;
    surplus += margin * cards;
    paid += (option.limit - margin) * cards;
    takes.push({ option, start: slot, d: 1, cards });
    if (budget === 0) break;
  }
  return { surplus, paid, takes, pair: null };
}
