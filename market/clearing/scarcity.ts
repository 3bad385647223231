import { type Allocation, linkPayment, netValue, nextCost, poolPayment } from "./allocation.ts";
import type { Guide } from "./placement.ts";

/** The least and the most that each cell and each link slot may cost, given what is sold. */
export interface PriceRange {
  readonly floor: Guide;
  readonly ceiling: Guide;
}

/**
 * A traded cell costs its last accepted step at least, an untraded one carries its cheapest cost. Above an unsold step
 * a price may rise where gangs that would gain are too large for what is left: whoever the rest would serve has it
 * already, and bears the price. A link slot costs nothing unless it is exhausted: nothing that somebody would stage still fits.
 */
export function priceRange(allocation: Allocation): PriceRange {
  const { model, used, floor, linkUsed } = allocation;
  const low = new Float64Array(used.length);
  const high = new Float64Array(used.length);
  for (let cell = 0; cell < used.length; cell++) {
    const sold = (used[cell] ?? 0) > 0;
    const next = nextCost(allocation, cell);
    low[cell] = sold ? (floor[cell] ?? 0) : next < Infinity ? next : 0;
    high[cell] = sold ? Infinity : (low[cell] ?? 0);
  }
  const smallest = smallestStaging(allocation);
  const linkHigh = linkUsed.map((gigabits, at) => {
    const link = Math.floor(at / model.T);
    const left = (model.linkCapacity[link] ?? 0) - gigabits;
    return gigabits > 0 && left < (smallest[link] ?? Infinity) ? Infinity : 0;
  });
  return {
    floor: { prices: low, linkPrices: new Float64Array(linkUsed.length) },
    ceiling: { prices: high, linkPrices: linkHigh },
  };
}

function smallestStaging({ model }: Allocation): Float64Array {
  const smallest = new Float64Array(model.links).fill(Infinity);
  for (const { options } of model.bids)
    for (const { link, gigabits } of options)
      if (link >= 0) smallest[link] = Math.min(smallest[link] ?? Infinity, gigabits);
  return smallest;
}

/** Guide prices brought into the range, down to a whole tick, and lowered until nobody accepted loses. */
export function pricesWithin(allocation: Allocation, range: PriceRange, guide: Guide): Guide {
  const { tick } = allocation.model;
  const within = (value: number, i: number, low: Float64Array, high: Float64Array) =>
    Math.max(low[i] ?? 0, Math.min(high[i] ?? 0, Math.floor(value / tick) * tick));
  const { floor, ceiling } = range;
  const prices = {
    prices: guide.prices.map((value, i) => within(value, i, floor.prices, ceiling.prices)),
    linkPrices: guide.linkPrices.map((value, i) => within(value, i, floor.linkPrices, ceiling.linkPrices)),
  };
  lowerForFills(allocation, prices);
  lowerForPlacements(allocation, range, prices);
  return prices;
}

function lowerForFills({ model, fills }: Allocation, { prices }: Guide): void {
  for (const own of fills)
    for (const { option, slot } of own) {
      const cell = option.pool * model.T + slot;
      prices[cell] = Math.min(prices[cell] ?? 0, option.limit);
    }
}

/** What a bid gains at prices: value at the limit, less transfer, less what it pays. Null if it has no placement. */
export function slackAt(allocation: Allocation, index: number, { prices, linkPrices }: Guide): number | null {
  const { model } = allocation;
  const bid = model.bids[index];
  const placement = allocation.placed[index];
  if (!bid || !placement) return null;
  const paid = poolPayment(model, placement, prices) + linkPayment(model, placement, linkPrices);
  return netValue(bid, placement) - paid;
}

/** Takes from each cell and link of a losing bid in proportion to what its price has above the floor. */
function lowerForPlacements(allocation: Allocation, { floor }: PriceRange, prices: Guide): void {
  for (let i = 0; i < allocation.placed.length; i++)
    for (let tries = 0; tries < 3; tries++) {
      const slack = slackAt(allocation, i, prices);
      if (slack === null || slack >= 0) break;
      const room = (slackAt(allocation, i, floor) ?? 0) - slack;
      // The last try goes down to the floors, at which nobody loses.
      const keep = tries === 2 || room <= 0 ? 0 : Math.max(0, 1 + slack / room);
      scaleDown(allocation, i, floor, prices, keep);
    }
}

function scaleDown(allocation: Allocation, index: number, floor: Guide, prices: Guide, keep: number): void {
  const { T, tick } = allocation.model;
  const placement = allocation.placed[index];
  if (!placement) return;
  const lower = (row: Float64Array, low: Float64Array, i: number) => {
    const above = (row[i] ?? 0) - (low[i] ?? 0);
    row[i] = (low[i] ?? 0) + Math.floor((above * keep) / tick) * tick;
  };
  for (const { option } of placement.parts) {
    for (let t = placement.start; t < placement.start + option.d; t++) {
      lower(prices.prices, floor.prices, option.pool * T + t);
      if (placement.sync >= 0 && option === placement.parts[0]?.option)
        lower(prices.linkPrices, floor.linkPrices, placement.sync * T + t);
    }
    const staged = option.link * T + placement.start;
    const shared = option.link === placement.sync;
    if (option.link >= 0 && !shared) lower(prices.linkPrices, floor.linkPrices, staged);
  }
}
