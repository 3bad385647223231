import { type Allocation, emptyAllocation, place, welfareOf } from "./allocation.ts";
import { bestResponse, type PriceSums, pricesWithSums } from "./best-response.ts";
import { fillDivisible } from "./divisible.ts";
import type { Model, ModelBid } from "./model.ts";
import { bestPlacement, type Guide } from "./placement.ts";
import { honourTies } from "./ties.ts";
import { dropLosers, refill } from "./uniform-price.ts";

/** Merits of each bid; the greatest comes first, ties look at the next merit, then at the model's order of ties. */
type Merits = readonly (readonly number[])[];

/**
 * Runs the merit orders below and keeps the allocation of the greatest welfare, of equal ones the first. No single
 * order is right with indivisible gangs: the density order strands large ones, the order by size serves poor ones.
 */
export function bestMeritOrder(model: Model, guide: Guide): Allocation {
  const none: Guide = {
    prices: new Float64Array(guide.prices.length),
    linkPrices: new Float64Array(guide.linkPrices.length),
  };
  const density = model.bids.map(densityOf);
  const size = model.bids.map(({ g }) => g);
  const prices = pricesWithSums(model, guide);
  const ratio = model.bids.map((bid) => ratioAt(model, bid, prices));
  const gain = model.bids.map((bid) => bestResponse(model, bid, prices).surplus);
  const runs: readonly (readonly [Merits, Guide])[] = [
    [[density], none],
    [[size, density], none],
    [[density], guide],
    [[ratio, density], guide],
    [[gain, density], guide],
  ];
  let best: Allocation | null = null;
  let most = -Infinity;
  for (const [merits, along] of runs) {
    const allocation = run(model, merits, along, none);
    const welfare = welfareOf(allocation);
    if (best && welfare <= most) continue;
    best = allocation;
    most = welfare;
  }
  const winner = best ?? emptyAllocation(model);
  honourTies(winner);
  return winner;
}

function run(model: Model, merits: Merits, guide: Guide, none: Guide): Allocation {
  const order = model.bids
    .map((_, i) => i)
    .sort((x, y) => {
      for (const merit of merits) {
        const [mine, its] = [merit[x] ?? 0, merit[y] ?? 0];
        if (mine !== its) return mine > its ? -1 : 1;
      }
      return x - y;
    });
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

/** The limit less transfer, per card and slot, of the option where it is greatest. */
function densityOf(bid: ModelBid): number {
  let most = -1;
  for (const { value, transfer, d, limit } of bid.options)
    most = Math.max(most, bid.kind === "div" ? limit : (value - transfer) / (bid.g * d));
  return most;
}

/** What a bid is worth for each mill it would pay at the guide. */
function ratioAt(model: Model, bid: ModelBid, prices: PriceSums): number {
  const { surplus, paid } = bestResponse(model, bid, prices);
  return paid > 0 ? surplus / paid : surplus;
}
