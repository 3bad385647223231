import { type Allocation, emptyAllocation, place, welfareOf } from "./allocation.ts";
import { bestResponse, pricesWithSums } from "./best-response.ts";
import { fillDivisible } from "./divisible.ts";
import type { BoundedGuide } from "./guide-prices.ts";
import type { Model, ModelBid } from "./model.ts";
import { bestPlacement, type Guide } from "./placement.ts";
import { dropLosers, refill } from "./uniform-price.ts";

/** Merits of each bid; the greatest comes first, ties look at the next merit, then at the model's order of ties. */
export type Merits = readonly (readonly number[])[];

/** How much of the guide prices placement sees. Below 1 it uses leftovers that it would else keep for nobody. */
const GUIDE_SHARES = [0.5, 0.8, 0.9, 1];

/** A welfare within this of the bound (mills) is the bound: welfare is whole, the bound a sum of fractions. */
const ROUNDING = 0.001;

/**
 * Runs the merit orders below and keeps the allocation of the greatest welfare, of equal ones the first. No single
 * order is right with indivisible gangs: by density large ones are stranded, by size poor ones are served. Stops when
 * the bound says that no other can be better, and runs no order twice.
 */
export function bestMeritOrder(model: Model, guide: BoundedGuide): Allocation {
  const none = shareOf(guide, 0);
  const density = model.bids.map(densityOf);
  const size = model.bids.map(({ g }) => g);
  let best = emptyAllocation(model);
  let most = -Infinity;
  const tried = new Set<string>();
  const compete = (merits: Merits, share: number) => {
    if (most >= Math.floor(guide.bound + ROUNDING)) return;
    const along = share === 0 || !matters(model, guide, share) ? 0 : share;
    const order = orderBy(model, merits);
    const run = `${along}:${order.join()}`;
    if (tried.has(run)) return;
    tried.add(run);
    const allocation = runMeritOrder(model, order, along === 0 ? none : shareOf(guide, along), none);
    const welfare = welfareOf(allocation);
    if (welfare <= most) return;
    best = allocation;
    most = welfare;
  };
  compete([density], 0);
  compete([size, density], 0);
  compete([density], 1);
  const guided = guidedMerits(model, guide, density);
  for (const share of GUIDE_SHARES) for (const merits of guided) compete(merits, share);
  return best;
}

/** A share of the guide that is nowhere dearer than the cheapest card changes nothing. */
function matters(
  { stepStart, stepCost, capacity }: Model,
  { prices, linkPrices }: Guide,
  share: number,
): boolean {
  return (
    linkPrices.some((price) => price > 0) ||
    prices.some(
      (price, cell) => (capacity[cell] ?? 0) > 0 && price * share > (stepCost[stepStart[cell] ?? 0] ?? 0),
    )
  );
}

export function shareOf({ prices, linkPrices }: Guide, share: number): Guide {
  return {
    prices: prices.map((price) => price * share),
    linkPrices: linkPrices.map((price) => price * share),
  };
}

/** Orders that know what each bid would gain at the guide, and what it would pay there. */
function guidedMerits(model: Model, guide: Guide, density: readonly number[]): Merits[] {
  const prices = pricesWithSums(model, guide);
  const responses = model.bids.map((bid) => bestResponse(model, bid, prices));
  const gain = responses.map(({ surplus }) => surplus);
  const ratio = responses.map(({ surplus, paid }) => (paid > 0 ? surplus / paid : surplus));
  const area = model.bids.map(areaOf);
  const gangsFirst = model.bids.map(({ kind }) => (kind === "div" ? 0 : 1));
  const gainers = model.bids.map(({ kind }, i) => (kind !== "div" && (gain[i] ?? 0) > 0 ? 1 : 0));
  const value = area.map((cardSlots, i) => cardSlots * (density[i] ?? 0));
  return [
    [ratio, density],
    [gain, density],
    [gangsFirst, gain, density],
    [gain.map((surplus, i) => surplus / Math.sqrt(area[i] ?? 1)), density],
    [gainers, area.map((cardSlots, i) => (gainers[i] ? cardSlots : 0)), gangsFirst, ratio, density],
    [gangsFirst, value, density],
  ];
}

/** Serves bids one after the other, drops those who would lose, and offers what is left once more. */
export function runMeritOrder(model: Model, order: readonly number[], guide: Guide, none: Guide): Allocation {
  const allocation = emptyAllocation(model);
  for (const index of order) {
    const bid = model.bids[index];
    if (!bid) continue;
    if (bid.kind === "div") {
      fillDivisible(allocation, index, bid, guide, () => true);
      continue;
    }
    const placement = bestPlacement(allocation, bid, guide);
    if (placement) place(allocation, index, placement);
  }
  dropLosers(allocation);
  refill(allocation, order, guide);
  refill(allocation, order, none);
  return allocation;
}

export function orderBy(model: Model, merits: Merits): number[] {
  return [...model.contenders].sort((x, y) => {
    for (const merit of merits) {
      const [mine, its] = [merit[x] ?? 0, merit[y] ?? 0];
      if (mine !== its) return mine > its ? -1 : 1;
    }
    return x - y;
  });
}

/** The limit less transfer, per card and slot, of the option where it is greatest. */
export function densityOf(bid: ModelBid): number {
  let most = -1;
  for (const { value, transfer, d, limit } of bid.options)
    most = Math.max(most, bid.kind === "div" ? limit : (value - transfer) / (bid.g * d));
  return most;
}

function areaOf(bid: ModelBid): number {
  return bid.g * (bid.options[0]?.d ?? 1);
}
