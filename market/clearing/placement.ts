import { type Allocation, costOfCards, type Placement } from "./allocation.ts";
import type { Model, ModelBid, PairOption, PoolOption } from "./model.ts";

/** Prices per cell and per link slot that a search looks at beside the true cost of what is left. */
export interface Guide {
  readonly prices: Float64Array;
  readonly linkPrices: Float64Array;
}

/** The largest number of ways to share a gang between two centers that is tried. */
const SHARES = 32;

/**
 * The feasible placement with the greatest surplus, where each cell costs what its next cards cost or the guide, if
 * that is more. It must not lose at uniform prices as they would stand after it: value - transfer >= last step x cards.
 * Ties go to the lower pool, then to the earlier start. Null if nothing fits.
 */
export function bestPlacement(allocation: Allocation, bid: ModelBid, guide: Guide): Placement | null {
  if (bid.feasible.length === 0 && bid.pairs.length === 0) return null;
  const search = new Search(allocation, bid, guide);
  for (const option of bid.feasible) search.tryPool(option);
  for (const pair of bid.pairs) search.tryPair(pair);
  return search.best;
}

/** Running sums are written before they are read: one search after another uses the same room. */
let scratch = { cost: new Float64Array(0), paid: new Float64Array(0) };

class Search {
  best: Placement | null = null;
  private score = -Infinity;
  private readonly allocation: Allocation;
  private readonly model: Model;
  private readonly bid: ModelBid;
  private readonly guide: Guide;
  /** Running sums over the window: searched cost, and payment at the last steps. */
  private readonly cost: Float64Array;
  private readonly paid: Float64Array;

  constructor(allocation: Allocation, bid: ModelBid, guide: Guide) {
    this.allocation = allocation;
    this.model = allocation.model;
    this.bid = bid;
    this.guide = guide;
    const slots = bid.to - bid.from + 1;
    if (scratch.cost.length < slots)
      scratch = { cost: new Float64Array(slots), paid: new Float64Array(slots) };
    this.cost = scratch.cost;
    this.paid = scratch.paid;
  }

  tryPool(option: PoolOption): void {
    const { from, to, g } = this.bid;
    const last = option.starts[option.starts.length - 1] ?? -1;
    const base = option.pool * this.model.T;
    const net = option.value - option.transfer;
    let run = 0;
    for (let t = from; t < to; t++) {
      const i = t - from;
      const step = this.lookAt(base + t, g);
      run = step.fits ? run + 1 : 0;
      if (run === 0 && t >= last) return;
      this.cost[i + 1] = (this.cost[i] ?? 0) + step.cost;
      this.paid[i + 1] = (this.paid[i] ?? 0) + step.paid;
      if (run < option.d) continue;
      const start = t + 1 - option.d;
      if (!this.linkFits(option.link, start, option.gigabits)) continue;
      const first = start - from;
      if (net < (this.paid[i + 1] ?? 0) - (this.paid[first] ?? 0)) continue;
      const score = net - ((this.cost[i + 1] ?? 0) - (this.cost[first] ?? 0)) - this.staging(option, start);
      if (score > this.score) this.keep(score, [{ option, cards: g }], start, -1, 0);
    }
  }

  tryPair(pair: PairOption): void {
    const { from, to } = this.bid;
    const { d } = pair.first;
    for (let start = from; start + d <= to; start++)
      if (this.pairFits(pair, start)) this.tryShares(pair, start);
  }

  private tryShares(pair: PairOption, start: number): void {
    const { first, second, chunk } = pair;
    const { g } = this.bid;
    const most = Math.min(g - chunk, this.free(first.pool, start, first.d));
    const least = Math.max(chunk, g - this.free(second.pool, start, second.d));
    const low = Math.ceil(least / chunk);
    const high = Math.floor(most / chunk);
    const stride = Math.max(1, Math.ceil((high - low) / (SHARES - 1)));
    for (let n = low; n <= high; n = n < high ? Math.min(n + stride, high) : high + 1)
      this.tryShare(pair, start, n * chunk);
  }

  private tryShare(pair: PairOption, start: number, cards: number): void {
    const { T, slotSeconds } = this.model;
    const { first, second } = pair;
    const rest = this.bid.g - cards;
    let cost = 0;
    let paid = 0;
    for (let t = start; t < start + first.d; t++) {
      const one = this.lookAt(first.pool * T + t, cards);
      cost += one.cost;
      paid += one.paid;
      const other = this.lookAt(second.pool * T + t, rest);
      cost +=
        other.cost + ((this.guide.linkPrices[pair.sync * T + t] ?? 0) * pair.syncGigabits) / slotSeconds;
      paid += other.paid;
    }
    const net = first.value - first.transfer - second.transfer;
    if (net < paid) return;
    const score = net - cost - this.staging(first, start) - this.staging(second, start);
    if (score <= this.score) return;
    const parts = [
      { option: first, cards },
      { option: second, cards: rest },
    ];
    this.keep(score, parts, start, pair.sync, pair.syncGigabits);
  }

  private keep(
    score: number,
    parts: Placement["parts"],
    start: number,
    sync: number,
    syncGigabits: number,
  ): void {
    this.score = score;
    this.best = { start, parts, sync, syncGigabits };
  }

  private lookAt(cell: number, cards: number): { fits: boolean; cost: number; paid: number } {
    const { used, floor } = this.allocation;
    const taken = used[cell] ?? 0;
    if (taken + cards > (this.model.capacity[cell] ?? 0)) return NOTHING;
    const guided = (this.guide.prices[cell] ?? 0) * cards;
    let left = taken + cards;
    let step = this.model.stepStart[cell] ?? 0;
    while (left > (this.model.stepCards[step] ?? 0)) {
      left -= this.model.stepCards[step] ?? 0;
      step++;
    }
    const last = this.model.stepCost[step] ?? 0;
    // Most often all the cards come from one step.
    const within = left >= cards || (taken > 0 && floor[cell] === last);
    const cost = within
      ? last * cards
      : costOfCards(this.model, cell, taken + cards) - costOfCards(this.model, cell, taken);
    return { fits: true, cost: Math.max(cost, guided), paid: last * cards };
  }

  private free(pool: number, start: number, d: number): number {
    let least = Infinity;
    for (let cell = pool * this.model.T + start; d > 0 && cell < pool * this.model.T + start + d; cell++)
      least = Math.min(least, (this.model.capacity[cell] ?? 0) - (this.allocation.used[cell] ?? 0));
    return least;
  }

  private linkFits(link: number, slot: number, gigabits: number): boolean {
    if (link < 0) return true;
    const used = this.allocation.linkUsed[link * this.model.T + slot] ?? 0;
    return used + gigabits <= (this.model.linkCapacity[link] ?? 0);
  }

  private pairFits(pair: PairOption, start: number): boolean {
    for (let t = start; t < start + pair.first.d; t++)
      if (!this.linkFits(pair.sync, t, this.wanted(pair, pair.sync, t === start))) return false;
    for (const { link } of [pair.first, pair.second])
      if (!this.linkFits(link, start, this.wanted(pair, link, true))) return false;
    return true;
  }

  /** Gigabits that a pair wants of one link in one slot: its staging and its synchronisation may share it. */
  private wanted({ first, second, sync, syncGigabits }: PairOption, link: number, atStart: boolean): number {
    let sum = link === sync ? syncGigabits : 0;
    if (atStart && first.link === link) sum += first.gigabits;
    if (atStart && second.link === link) sum += second.gigabits;
    return sum;
  }

  private staging(option: PoolOption, start: number): number {
    if (option.link < 0) return 0;
    const price = this.guide.linkPrices[option.link * this.model.T + start] ?? 0;
    return (price * option.gigabits) / this.model.slotSeconds;
  }
}

const NOTHING = { fits: false, cost: 0, paid: 0 } as const;
