import type { Model } from "./model.ts";
import {
  firstWay,
  type GangPlaces,
  type Schedule,
  secondWay,
  slackWithoutLinks,
  slotsOf,
} from "./schedule.ts";

/**
 * Cells of which more may be sold than there is. Their cards cost a blend of the guide price, whoever holds how many, and
 * of what they truly cost, with those beyond what there is being dear. At the prices of the least bound a schedule lacks
 * only what bids lose at them and what cells waste; with little of the true cost in the blend, cards may be too many or
 * too few for a while.
 */
export interface SoftCells {
  readonly model: Model;
  /** The guide's. */
  readonly prices: Float64Array;
  readonly used: Float64Array;
  /** What is used of each cell costs now, mills. */
  readonly cost: Float64Array;
  /** The step from which on cards of a cell cost more than its holders can bear. */
  readonly end: Int32Array;
  /** Share of the true cost. */
  hardness: number;
}

/** What gangs hold; calls back for each fill of a div bid. */
export interface Holders extends GangPlaces {
  eachFill(use: (way: number, cell: number) => void): void;
}

/** Units of work of a soft move. */
export const MOVE = 16;
/** What a card beyond those that there are costs, in guide prices. */
const BEYOND = 3;

export function softCells({ model, used }: Schedule, prices: Float64Array): SoftCells {
  return {
    model,
    prices,
    used: used.slice(),
    cost: new Float64Array(used.length),
    end: model.stepStart.slice(1),
    hardness: 1,
  };
}

export function harden(soft: SoftCells, hardness: number): void {
  soft.hardness = hardness;
  for (let cell = 0; cell < soft.cost.length; cell++) soft.cost[cell] = costOf(soft, cell);
}

/** Sells so many cards of a cell, or returns them if fewer than none; answers with what that costs, mills. */
export function sellSoftly(soft: SoftCells, cell: number, cards: number): number {
  soft.used[cell] = (soft.used[cell] ?? 0) + cards;
  const before = soft.cost[cell] ?? 0;
  const cost = costOf(soft, cell);
  soft.cost[cell] = cost;
  return cost - before;
}

function costOf({ model, prices, used, end, hardness }: SoftCells, cell: number): number {
  const { stepStart, stepCards, stepCost } = model;
  const price = prices[cell] ?? 0;
  let left = used[cell] ?? 0;
  const atGuide = price * left;
  let cost = 0;
  for (let step = stepStart[cell] ?? 0, last = end[cell] ?? 0; step < last && left > 0; step++) {
    const cards = Math.min(left, stepCards[step] ?? 0);
    cost += cards * (stepCost[step] ?? 0);
    left -= cards;
  }
  cost += left * price * BEYOND;
  return atGuide + hardness * (cost - atGuide);
}

/** The cost of the last card sold, of those that a holder can bear. */
export function softFloor({ model, used, end }: SoftCells, cell: number): number {
  const { stepStart, stepCards, stepCost } = model;
  let left = used[cell] ?? 0;
  if (left <= 0) return 0;
  let step = stepStart[cell] ?? 0;
  for (const last = (end[cell] ?? 0) - 1; step < last; step++) {
    left -= stepCards[step] ?? 0;
    if (left <= 0) break;
  }
  return stepCost[step] ?? 0;
}

/** Cards left of those that holders can bear; fewer than none where too many are sold. */
export function softRoom({ model, used, end }: SoftCells, cell: number): number {
  const { stepStart, stepCards } = model;
  let room = -(used[cell] ?? 0);
  for (let step = stepStart[cell] ?? 0, last = end[cell] ?? 0; step < last; step++)
    room += stepCards[step] ?? 0;
  return room;
}

/**
 * Says up to which cost cards may be sold: all that the guide price covers, and dearer ones as far as no holder comes to
 * lose by one such cell alone.
 * @param tighter only to less than before
 */
export function limitSteps(soft: SoftCells, holders: Holders, tighter: boolean): void {
  const { model, prices, end } = soft;
  const floors = Float64Array.from(prices, (_, cell) => softFloor(soft, cell));
  const slack = slackByCell(floors, holders);
  for (let cell = 0; cell < floors.length; cell++) {
    const bearable = Math.max(prices[cell] ?? 0, bearableBy(slack[cell] ?? 0, floors[cell] ?? 0));
    let step = model.stepStart[cell] ?? 0;
    while (step < (model.stepStart[cell + 1] ?? 0) && (model.stepCost[step] ?? 0) <= bearable) step++;
    if (!tighter || step < (end[cell] ?? 0)) end[cell] = step;
  }
}

/** The most that a cell may cost. @param slack for each card, of the holder who gains least; Infinity: nobody holds it */
function bearableBy(slack: number, floor: number): number {
  if (slack === Infinity) return 0;
  return slack < 0 ? floor - 1 : floor + slack;
}

/** The least that any holder of each cell gains at the floors for each of its cards, mills. */
function slackByCell(floors: Float64Array, holders: Holders): Float64Array {
  const { model, choice, start, share } = holders;
  const slack = new Float64Array(floors.length).fill(Infinity);
  for (let bid = 0; bid < model.bids; bid++) {
    const held = choice[bid] ?? -1;
    if (held === -1) continue;
    const gain = slackWithoutLinks(holders, bid, floors);
    const cards = share[bid] ?? 0;
    const lower = (way: number, own: number) => {
      const first = (model.wayPool[way] ?? 0) * model.T + (start[bid] ?? 0);
      for (let cell = first, end = first + slotsOf(model, held); cell < end; cell++)
        slack[cell] = Math.min(slack[cell] ?? 0, gain / own);
    };
    lower(firstWay(model, held), cards);
    const second = secondWay(model, held);
    if (second >= 0) lower(second, (model.g[bid] ?? 0) - cards);
  }
  holders.eachFill((way, cell) => {
    slack[cell] = Math.min(slack[cell] ?? 0, (model.wayLimit[way] ?? 0) - (floors[cell] ?? 0));
  });
  return slack;
}
