import { type Allocation, slotsOf } from "./allocation.ts";
import type { Guide } from "./placement.ts";

/**
 * No price above the highest limit of those who buy in its cell: a gang pays for all of its slots together, so scarcity
 * may gather in one of them, where it would say nothing to anybody. Prices only fall, and never below the cost of the
 * last card sold; so nobody accepted loses by it, and any prices are certificates.
 */
export function limitPrices(allocation: Allocation, { prices, linkPrices }: Guide): Guide {
  const { model } = allocation;
  const highest = new Float64Array(prices.length);
  const buys = (cell: number, limit: number) => {
    highest[cell] = Math.max(highest[cell] ?? 0, limit);
  };
  model.bids.forEach((_, i) => {
    const placement = allocation.placed[i];
    for (const { option } of placement?.parts ?? [])
      for (let t = 0; t < (placement ? slotsOf(placement) : 0); t++)
        buys(option.pool * model.T + (placement?.start ?? 0) + t, option.limit);
    for (const { option, slot } of allocation.fills[i] ?? [])
      buys(option.pool * model.T + slot, option.limit);
  });
  const limited = prices.map((price, cell) => {
    const limit = highest[cell] ?? 0;
    return limit > 0 ? Math.min(price, Math.max(limit, lastCost(allocation, cell))) : price;
  });
  return { prices: limited, linkPrices };
}

/** Cost of the dearest card sold in a cell. */
function lastCost({ model, used }: Allocation, cell: number): number {
  let left = used[cell] ?? 0;
  for (let step = model.stepStart[cell] ?? 0; step < (model.stepStart[cell + 1] ?? 0); step++) {
    left -= model.stepCards[step] ?? 0;
    if (left <= 0) return model.stepCost[step] ?? 0;
  }
  return 0;
}
