import type { Allocation, Placement } from "./allocation.ts";
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
  const holders = holdersOf(allocation);
  const work = { left: WORK };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let changed = false;
    for (const one of scarce) changed = settle(allocation, holders, range, prices, one, work) || changed;
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
  holders: Holders,
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
  const borne = Math.floor(bearable(allocation, holders, prices, scarce) / model.tick) * model.tick;
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
  const wanting = scarce.kind === "cell" ? (model.wantingPool[scarce.row] ?? []) : model.contenders;
  for (const i of wanting) {
    const bid = model.bids[i];
    if (!bid || bid.from > scarce.slot || bid.to <= scarce.slot) continue;
    if (scarce.kind === "link" && !bid.feasible.some(({ link }) => link === scarce.row)) continue;
    work.left -= bid.feasible.length * (bid.to - bid.from);
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
function bearable(allocation: Allocation, holders: Holders, prices: PriceSums, scarce: Scarce): number {
  const now = priceOf(allocation.model, prices, scarce);
  const rows = scarce.kind === "cell" ? holders.pools : holders.links;
  let most = Infinity;
  for (const index of rows[scarce.row] ?? []) {
    const placement = allocation.placed[index];
    const units = placement ? unitsOf(allocation.model, placement, scarce) : 0;
    if (units > 0) most = Math.min(most, now + (slackAt(allocation, index, prices) ?? 0) / units);
    for (const { option, slot } of allocation.fills[index] ?? [])
      if (scarce.kind === "cell" && option.pool === scarce.row && slot === scarce.slot)
        most = Math.min(most, option.limit);
  }
  return most;
}

/** Cards of a cell, or Gbps of a link slot, that a placement has. */
function unitsOf(model: Model, { parts, start, sync, syncGigabits }: Placement, scarce: Scarce): number {
  let units = 0;
  for (const { option, cards } of parts) {
    const within = start <= scarce.slot && scarce.slot < start + option.d;
    if (!within) continue;
    if (scarce.kind === "cell") units += option.pool === scarce.row ? cards : 0;
    else if (option.link === scarce.row && scarce.slot === start)
      units += option.gigabits / model.slotSeconds;
  }
  const d = parts[0]?.option.d ?? 0;
  const synced = scarce.kind === "link" && sync === scarce.row;
  if (synced && start <= scarce.slot && scarce.slot < start + d) units += syncGigabits / model.slotSeconds;
  return units;
}

/** Bids that have something of each pool and each link. */
interface Holders {
  readonly pools: readonly number[][];
  readonly links: readonly number[][];
}

function holdersOf({ model, placed, fills }: Allocation): Holders {
  const pools = Array.from({ length: model.pools }, () => new Set<number>());
  const links = Array.from({ length: model.links }, () => new Set<number>());
  placed.forEach((placement, index) => {
    for (const { option } of placement?.parts ?? []) {
      pools[option.pool]?.add(index);
      links[option.link]?.add(index);
    }
    if (placement) links[placement.sync]?.add(index);
    for (const { option } of fills[index] ?? []) pools[option.pool]?.add(index);
  });
  return { pools: pools.map((set) => [...set]), links: links.map((set) => [...set]) };
}
