import { bestResponse, type PriceSums, pricesWithSums, type Response, sumPrices } from "./best-response.ts";
import { sellersSurplus } from "./bound.ts";
import type { Model } from "./model.ts";
import type { Guide } from "./placement.ts";

/** Cells looked at in all rounds together: a budget of work, so that the answer never depends on the machine. */
const WORK = 150_000_000;
const FEWEST_ROUNDS = 20;
const MOST_ROUNDS = 250;

/** Guide prices with the least upper bound of the welfare that was seen on the way to them, in mills. */
export interface BoundedGuide extends Guide {
  readonly bound: number;
}

/**
 * Prices at which demand and supply about meet, by subgradient steps on the dual from the cheapest cost of each cell:
 * a price rises with what is wanted beyond supply and falls with what is left. Those of the lowest bound are kept.
 * They guide placement and scarcity prices; nothing is ever sold at them. Where everything that is wanted at the cheapest
 * costs fits at them, they are the prices: no others have a lower bound.
 */
export function guidePrices(model: Model): BoundedGuide {
  const prices = new Float64Array(model.capacity.length);
  const lowest = new Float64Array(model.capacity.length);
  for (let cell = 0; cell < prices.length; cell++)
    if ((model.capacity[cell] ?? 0) > 0) lowest[cell] = model.stepCost[model.stepStart[cell] ?? 0] ?? 0;
  prices.set(lowest);
  const current = pricesWithSums(model, {
    prices,
    linkPrices: new Float64Array(model.links * model.T),
  });
  const wanted = new Float64Array(prices.length);
  const linkWanted = new Float64Array(current.linkPrices.length);
  const scale = meanLimit(model) / 8;
  let best: Guide = copy(current);
  let least = Infinity;
  const rounds = roundsFor(model);
  for (let round = 0; round < rounds; round++) {
    sumPrices(model, current);
    const bound = demandAt(model, current, wanted, linkWanted);
    if (bound < least) {
      least = bound;
      best = copy(current);
    }
    if (round === 0 && fitsAtCheapest(model, wanted, linkWanted)) break;
    const step = scale / (1 + round / 8);
    moveCells(model, current.prices, lowest, wanted, step);
    moveLinks(model, current.linkPrices, linkWanted, step);
  }
  return { ...best, bound: least };
}

/** Demand at the cheapest costs is met by the cheapest steps: that allocation attains the bound there. */
function fitsAtCheapest(model: Model, wanted: Float64Array, linkWanted: Float64Array): boolean {
  const { stepStart, stepCards, capacity, linkCapacity, T } = model;
  return (
    wanted.every((cards, cell) => cards === 0 || cheapestCards(cell) >= cards) &&
    linkWanted.every((gigabits, at) => gigabits <= (linkCapacity[Math.floor(at / T)] ?? 0))
  );
  function cheapestCards(cell: number): number {
    return (capacity[cell] ?? 0) === 0 ? 0 : (stepCards[stepStart[cell] ?? 0] ?? 0);
  }
}

function copy({ prices, linkPrices }: Guide): Guide {
  return { prices: prices.slice(), linkPrices: linkPrices.slice() };
}

function meanLimit(model: Model): number {
  let sum = 0;
  let count = 0;
  for (const { options } of model.bids)
    for (const { limit } of options) {
      sum += limit;
      count++;
    }
  return count > 0 ? sum / count : 0;
}

function roundsFor(model: Model): number {
  let work = 1;
  for (const { options, pairs, from, to } of model.bids)
    work += (options.length + 4 * pairs.length) * (to - from);
  return Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, Math.floor(WORK / work)));
}

/** Sets what is wanted of cells (cards) and links (gigabits) at these prices; answers with the dual bound there. */
function demandAt(model: Model, prices: PriceSums, wanted: Float64Array, linkWanted: Float64Array): number {
  wanted.fill(0);
  linkWanted.fill(0);
  let bound = sellersSurplus(model, prices);
  for (const i of model.contenders) {
    const bid = model.bids[i];
    if (!bid) continue;
    const response = bestResponse(model, bid, prices);
    if (response.surplus <= 0) continue;
    bound += response.surplus;
    addDemand(model, response, wanted, linkWanted);
  }
  return bound;
}

function addDemand(model: Model, response: Response, wanted: Float64Array, linkWanted: Float64Array): void {
  const { T } = model;
  for (const { option, start, d, cards } of response.takes) {
    const base = option.pool * T;
    for (let cell = base + start; cell < base + start + d; cell++) wanted[cell] = (wanted[cell] ?? 0) + cards;
    const at = option.link * T + start;
    if (option.link >= 0) linkWanted[at] = (linkWanted[at] ?? 0) + option.gigabits;
    if (!response.pair || option !== response.pair.first) continue;
    for (let t = start; t < start + d; t++) {
      const way = response.pair.sync * T + t;
      linkWanted[way] = (linkWanted[way] ?? 0) + response.pair.syncGigabits;
    }
  }
}

function moveCells(
  model: Model,
  prices: Float64Array,
  lowest: Float64Array,
  wanted: Float64Array,
  step: number,
): void {
  for (let cell = 0; cell < prices.length; cell++) {
    const price = prices[cell] ?? 0;
    // Nobody wants it, and nobody would sell it below its cheapest cost: it stays there.
    if ((wanted[cell] ?? 0) === 0 && price === (lowest[cell] ?? 0)) continue;
    const offered = model.capacity[cell] ?? 0;
    if (offered === 0) continue;
    const excess = (wanted[cell] ?? 0) - supplyAt(model, cell, price);
    const move = Math.max(-1, Math.min(1, excess / offered)) * step;
    prices[cell] = Math.max(lowest[cell] ?? 0, price + move);
  }
}

/** Cards that sellers would sell below this price. */
function supplyAt(model: Model, cell: number, price: number): number {
  let cards = 0;
  const end = model.stepStart[cell + 1] ?? 0;
  for (let step = model.stepStart[cell] ?? 0; step < end && (model.stepCost[step] ?? 0) < price; step++)
    cards += model.stepCards[step] ?? 0;
  return cards;
}

function moveLinks(model: Model, prices: Float64Array, wanted: Float64Array, step: number): void {
  for (let at = 0; at < prices.length; at++) {
    if ((wanted[at] ?? 0) === 0 && (prices[at] ?? 0) === 0) continue;
    const capacity = model.linkCapacity[Math.floor(at / model.T)] ?? 0;
    const excess = (wanted[at] ?? 0) - capacity;
    if (capacity === 0 || (excess <= 0 && (prices[at] ?? 0) === 0)) continue;
    const move = Math.max(-1, Math.min(1, excess / capacity)) * step;
    prices[at] = Math.max(0, (prices[at] ?? 0) + move);
  }
}
