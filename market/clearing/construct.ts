import { meanLimit, moveCells, moveLinks } from "./ascent.ts";
import { type Demand, demandBeside, emptyDemand } from "./demand.ts";
import { fillDivisible } from "./divisible.ts";
import {
  cheapestTables,
  copyPrices,
  type Prices,
  type PriceTables,
  refreshTables,
  tablesOf,
} from "./guide.ts";
import { bestSpot, type Effort, type Spot } from "./insertion.ts";
import { dropLosers } from "./losers.ts";
import { DIV, type Model } from "./model.ts";
import { emptySchedule, type Place, place, type Schedule } from "./schedule.ts";

/** Gangs of so many cards and more are placed before all smaller ones, for little room is left for them later. */
const CLASSES = [2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2];
/** The step of the price search on what each class leaves, in mean limits. */
const STEP = 1 / 40;
/** The step of the one round after each gang that is placed by itself, likewise. */
const SINGLE_STEP = 1 / 100;
/** Few rounds cannot wait for a long average. */
const MOMENTUM = 0.8;

/**
 * How a schedule is made: rounds of the price search on what each class leaves, how many of the largest gangs are placed
 * one by one before that, with a round on what each leaves, and who is placed before all others.
 */
export interface Plan {
  readonly rounds: number;
  readonly singly?: number;
  readonly places?: ReadonlyMap<number, Place>;
}

/** A schedule being made. */
interface Dive {
  readonly model: Model;
  readonly schedule: Schedule;
  readonly guide: PriceTables;
  readonly demand: Demand;
  readonly drift: Float64Array;
  readonly linkDrift: Float64Array;
  readonly step: number;
  readonly singleStep: number;
  readonly effort: Effort;
  readonly round: number;
}

/**
 * A first schedule, class by class: whoever gains at the guide prices takes the place that is best there, those who gain
 * most for each card and slot first; then the prices of what is left are searched anew. Div bids, which fit anywhere, take
 * turns with the smallest gangs. At last, at cost, whoever finds room. Nobody loses at the floors. Yields now and then what
 * is placed so far, where somebody may still lose.
 */
export function* construct(
  model: Model,
  prices: Prices,
  round: number,
  effort: Effort,
  { rounds, singly = 0, places = new Map() }: Plan,
): Generator<Schedule, Schedule> {
  const from = copyPrices(prices);
  const dive: Dive = {
    model,
    schedule: emptySchedule(model),
    guide: tablesOf(model, from),
    demand: emptyDemand(model),
    drift: new Float64Array(from.cells.length),
    linkDrift: new Float64Array(from.links.length),
    step: STEP * meanLimit(model),
    singleStep: SINGLE_STEP * meanLimit(model),
    effort,
    round,
  };
  const classes = byClass(model);
  for (const [bid, { choice, start, share }] of places) place(dive.schedule, bid, choice, start, share);
  search(dive, 0);
  for (const bid of largest(model, singly)) {
    serve(dive, bid, dive.guide, 0);
    search(dive, dive.singleStep);
    yield dive.schedule;
  }
  for (const bids of classes) {
    for (const bid of densest(dive, bids)) serve(dive, bid, dive.guide, 0);
    yield dive.schedule;
    for (let i = 1; i <= rounds; i++) {
      search(dive, dive.step / i);
      yield dive.schedule;
    }
  }
  const all = classes.flat();
  for (const bid of densest(dive, all)) serve(dive, bid, dive.guide, 0);
  dropLosers(dive.schedule);
  yield dive.schedule;
  const cheapest = cheapestTables(model);
  for (const bid of densest(dive, all))
    serve(dive, bid, model.kind[bid] === DIV ? cheapest : dive.guide, -Infinity);
  dropLosers(dive.schedule);
  return dive.schedule;
}

/** Bids that have anywhere to go, gangs by size, div bids among the smallest. */
function byClass(model: Model): number[][] {
  const classes: number[][] = [...CLASSES, 0].map(() => []);
  for (let bid = 0; bid < model.bids; bid++) {
    if (model.wayStart[bid] === model.wayStart[bid + 1]) continue;
    const at = model.kind[bid] === DIV ? -1 : CLASSES.findIndex((least) => (model.g[bid] ?? 0) >= least);
    classes.at(at)?.push(bid);
  }
  return classes;
}

/** So many gangs that have anywhere to go, those of most card-slots first. */
function largest(model: Model, count: number): number[] {
  if (count === 0) return [];
  return Array.from({ length: model.bids }, (_, bid) => bid)
    .filter((bid) => model.kind[bid] !== DIV && model.wayStart[bid] !== model.wayStart[bid + 1])
    .sort((x, y) => areaOf(model, y) - areaOf(model, x) || x - y)
    .slice(0, count);
}

/** By what they would gain for each card and slot, ties as ever. */
function densest({ model, demand }: Dive, bids: readonly number[]): number[] {
  const density = new Float64Array(model.bids);
  for (const bid of bids) density[bid] = (demand.surplus[bid] ?? 0) / areaOf(model, bid);
  return bids.toSorted((x, y) => (density[y] ?? 0) - (density[x] ?? 0) || x - y);
}

/** Card-slots of a bid. */
export function areaOf(model: Model, bid: number): number {
  return (model.g[bid] ?? 1) * (model.wayD[model.wayStart[bid] ?? 0] ?? 1);
}

const spot: Spot = { choice: -1, start: 0, share: 0, score: 0 };

function serve({ model, schedule, effort }: Dive, bid: number, prices: PriceTables, least: number): void {
  if (model.kind[bid] === DIV) fillDivisible(schedule, bid, prices, least === 0, effort);
  else if (schedule.choice[bid] === -1 && bestSpot(schedule, bid, prices, least, spot, effort))
    place(schedule, bid, spot.choice, spot.start, spot.share);
}

/** Looks at what those without a place want beside what is sold, and moves the prices by that. */
function search(dive: Dive, step: number): void {
  const { model, schedule, guide, demand, effort } = dive;
  demandBeside(model, guide, demand, {
    used: schedule.used,
    linkUsed: schedule.linkUsed,
    has: (bid) => schedule.choice[bid] !== -1 || schedule.fills[bid] !== undefined,
  });
  effort.spent += dive.round;
  if (step === 0) return;
  const moving = { tables: guide, demand, drift: dive.drift, linkDrift: dive.linkDrift, momentum: MOMENTUM };
  moveCells(model, moving, step);
  moveLinks(model, moving, step);
  refreshTables(model, guide);
}
