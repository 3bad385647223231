import { type Allocation, addFill } from "./allocation.ts";
import type { ModelBid, PoolOption } from "./model.ts";
import type { Guide } from "./placement.ts";

interface Offered {
  readonly option: PoolOption;
  readonly slot: number;
  readonly cards: number;
  readonly cost: number;
  /** Gain for each part of the budget, at the guide if that is dearer. */
  readonly merit: number;
}

/** May the uniform price of a cell rise to this cost? Says no where somebody accepted would lose. */
export type MayRise = (cell: number, cost: number) => boolean;

/** Fills the cheapest cells of a div bid as far as limit, g and budget go, beside what it has already. */
export function fillDivisible(
  allocation: Allocation,
  index: number,
  bid: ModelBid,
  guide: Guide,
  mayRise: MayRise,
): void {
  const { T } = allocation.model;
  let budget = bid.budget;
  const inSlot = new Map<number, number>();
  for (const { option, slot, cards } of allocation.fills[index] ?? []) {
    budget -= cards * option.unit;
    inSlot.set(slot, (inSlot.get(slot) ?? 0) + cards);
  }
  const refused = new Set<number>();
  for (const { option, slot, cards, cost } of stepsOf(allocation, bid, guide)) {
    const cell = option.pool * T + slot;
    const taken = inSlot.get(slot) ?? 0;
    const n = Math.min(cards, bid.g - taken, Math.floor(budget / option.unit));
    if (n <= 0 || refused.has(cell)) continue;
    if (cost > (allocation.floor[cell] ?? 0) && !mayRise(cell, cost)) {
      refused.add(cell);
      continue;
    }
    addFill(allocation, index, option, slot, n);
    inSlot.set(slot, taken + n);
    budget -= n * option.unit;
  }
}

/** Unsold steps that cost no more than the limit, best first; of one cell the cheaper comes first. */
function stepsOf(allocation: Allocation, bid: ModelBid, guide: Guide): Offered[] {
  const { model, used } = allocation;
  const found: Offered[] = [];
  for (const option of bid.options)
    for (let slot = bid.from; slot < bid.to; slot++) {
      const cell = option.pool * model.T + slot;
      let sold = used[cell] ?? 0;
      const end = model.stepStart[cell + 1] ?? 0;
      for (let step = model.stepStart[cell] ?? 0; step < end; step++) {
        const cards = (model.stepCards[step] ?? 0) - sold;
        const cost = model.stepCost[step] ?? 0;
        sold = Math.max(0, -cards);
        if (cards <= 0) continue;
        if (cost > option.limit) break;
        const merit = (option.limit - Math.max(cost, guide.prices[cell] ?? 0)) / option.unit;
        found.push({ option, slot, cards, cost, merit });
      }
    }
  // A guide makes the steps of one cell equal: then the order in which they were found keeps the cheaper first.
  return found.sort((x, y) => y.merit - x.merit);
}
