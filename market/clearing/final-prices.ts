import { type Allocation, linkPayment, poolPayment } from "./allocation.ts";
import { type PriceSums, pricesWithSums } from "./best-response.ts";
import { priceOf, type Scarce, type Wish, wishOf } from "./competing.ts";
import type { Model } from "./model.ts";
import type { Guide } from "./placement.ts";
import { type PriceRange, priceRange, pricesWithin, slackAt } from "./scarcity.ts";

/** Cells looked at in all sweeps together: a budget of work, so that the answer never depends on the machine. */
const WORK = 200_000_000;
const SWEEPS = 3;

/**
 * Prices of an allocation in which nobody loses at the floors. They start from the guide and are then settled one
 * scarce cell or link slot after the other: each costs what the best excluded use of it would pay, within its range
 * and never more than those who have it can bear.
 */
export function finalPrices(allocation: Allocation, guide: Guide): Guide {
  const range = priceRange(allocation);
  const prices = pricesWithSums(allocation.model, pricesWithin(allocation, range, guide));
  const scarce = scarceOnes(allocation, range);
  const work = { left: WORK };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let changed = false;
    for (const one of scarce) changed = settle(allocation, range, prices, one, work) || changed;
    if (!changed || work.left <= 0) break;
  }
  return { prices: prices.prices, linkPrices: prices.linkPrices };
}

function scarceOnes({ model, used, linkUsed }: Allocation, { floor, ceiling }: PriceRange): Scarce[] {
  const found: Scarce[] = [];
  const look = (kind: Scarce["kind"], taken: Float64Array, low: Float64Array, high: Float64Array) => {
    for (let i = 0; i < taken.length; i++)
      if ((taken[i] ?? 0) > 0 && (low[i] ?? 0) < (high[i] ?? 0))
        found.push({ kind, row: Math.floor(i / model.T), slot: i % model.T });
  };
  look("cell", used, floor.prices, ceiling.prices);
  look("link", linkUsed, floor.linkPrices, ceiling.linkPrices);
  return found;
}

/** Sets one price to that of the best excluded use; true if it moved. */
function settle(
  allocation: Allocation,
  { floor, ceiling }: PriceRange,
  prices: PriceSums,
  scarce: Scarce,
  work: { left: number },
): boolean {
  if (work.left <= 0) return false;
  const { model } = allocation;
  const at = scarce.row * model.T + scarce.slot;
  const cell = scarce.kind === "cell";
  const low = (cell ? floor.prices[at] : floor.linkPrices[at]) ?? 0;
  const high = (cell ? ceiling.prices[at] : ceiling.linkPrices[at]) ?? 0;
  const wanted = Math.ceil(excludedPrice(allocation, prices, scarce, work) / model.tick) * model.tick;
  const borne = Math.floor(bearable(allocation, prices, scarce) / model.tick) * model.tick;
  const price = Math.max(low, Math.min(high, wanted, borne));
  const before = priceOf(model, prices, scarce);
  if (price === before) return false;
  (cell ? prices.prices : prices.linkPrices)[at] = price;
  if (cell) {
    const sums = scarce.row * (model.T + 1);
    for (let t = scarce.slot + 1; t <= model.T; t++)
      prices.sums[sums + t] = (prices.sums[sums + t] ?? 0) + price - before;
  }
  return true;
}

/** The lowest price at which no more is wanted than is offered at it; 0 if all fits. */
function excludedPrice(
  { model }: Allocation,
  prices: PriceSums,
  scarce: Scarce,
  work: { left: number },
): number {
  const wishes: Wish[] = [];
  for (const bid of model.bids) {
    if (bid.from > scarce.slot || bid.to <= scarce.slot) continue;
    const touches = bid.options.some(
      ({ pool, link }) => (scarce.kind === "cell" ? pool : link) === scarce.row,
    );
    if (!touches) continue;
    work.left -= bid.options.length * (bid.to - bid.from);
    const wish = wishOf(model, bid, prices, scarce);
    if (wish && wish.upTo > 0) wishes.push(wish);
  }
  wishes.sort((x, y) => y.upTo - x.upTo);
  return scarce.kind === "cell"
    ? meetingPrice(model, scarce.row * model.T + scarce.slot, wishes)
    : priceWithin((model.linkCapacity[scarce.row] ?? 0) / model.slotSeconds, wishes);
}

/** The wish (highest first) with which a fixed supply is exceeded. */
function priceWithin(supply: number, wishes: readonly Wish[]): number {
  let left = supply;
  for (const { upTo, units } of wishes) {
    left -= units;
    if (left < 0) return upTo;
  }
  return 0;
}

/** Where demand meets the steps of a cell: the first step at whose cost all wanted fits, or the wish just excluded. */
function meetingPrice(model: Model, cell: number, wishes: readonly Wish[]): number {
  const end = model.stepStart[cell + 1] ?? 0;
  let supply = 0;
  for (let step = model.stepStart[cell] ?? 0; step < end; step++) {
    supply += model.stepCards[step] ?? 0;
    const excluded = priceWithin(supply, wishes);
    const next = step + 1 < end ? (model.stepCost[step + 1] ?? 0) : Infinity;
    if (excluded <= next) return Math.max(excluded, model.stepCost[step] ?? 0);
  }
  return 0;
}

/** The highest price of one cell or link slot that all who have it can bear, all other prices as they are. */
function bearable(allocation: Allocation, prices: PriceSums, scarce: Scarce): number {
  const { model } = allocation;
  const now = priceOf(model, prices, scarce);
  const one: Guide = {
    prices: new Float64Array(scarce.kind === "cell" ? prices.prices.length : 0),
    linkPrices: new Float64Array(scarce.kind === "link" ? prices.linkPrices.length : 0),
  };
  (scarce.kind === "cell" ? one.prices : one.linkPrices)[scarce.row * model.T + scarce.slot] = 1;
  let most = Infinity;
  allocation.placed.forEach((placement, i) => {
    if (!placement) return;
    const units =
      scarce.kind === "cell"
        ? poolPayment(model, placement, one.prices)
        : linkUnits(allocation, i, one.linkPrices);
    if (units > 0) most = Math.min(most, now + (slackAt(allocation, i, prices) ?? 0) / units);
  });
  if (scarce.kind === "link") return most;
  for (const fills of allocation.fills)
    for (const { option, slot } of fills)
      if (option.pool === scarce.row && slot === scarce.slot) most = Math.min(most, option.limit);
  return most;
}

/** Gbps that a bid has of the link slot whose price is 1; rounded up, so that too little is thought bearable. */
function linkUnits({ model, placed }: Allocation, index: number, one: Float64Array): number {
  const placement = placed[index];
  return placement ? linkPayment(model, placement, one) : 0;
}
