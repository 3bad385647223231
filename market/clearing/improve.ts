import { type Box, drawBox, weighCells } from "./boxes.ts";
import { areaOf } from "./construct.ts";
import type { Demand } from "./demand.ts";
import { fillDivisible } from "./divisible.ts";
import { cheapestTables, leastFrom, type PriceTables } from "./guide.ts";
import { bestSpot, type Effort, type Spot } from "./insertion.ts";
import { DIV } from "./model.ts";
import { beginMove, dropWhoLoses, type Moving, takeBack, takeWhole, touch, touchedNothing } from "./move.ts";
import { type Draw, drawing } from "./pseudo-random.ts";
import { emptyFills, isServed, place, type Schedule, slotsOf, unfill } from "./schedule.ts";

/** Bids without a place that are looked at for a box. */
const LOOKED_AT = 300;
/** Div bids that give back what they have in a box, at most. */
const FILLERS_OUT = 100;
/** How far below the guide price, as a share of the mean price, a bid may be that is still tried. */
const NEAR = 0.15;
/**
 * A worse schedule is kept at first if it loses no more than this share of a mean bid's welfare: more where bids are few,
 * for there each of them weighs more.
 */
const TEMPERATURE = { least: 0.02, perBid: 8, most: 0.1 };
/** Moves for each bid after which the temperature is half of the first, and after which it is the first again. */
const COOLING = 20;
const CYCLE = 200;

/** A large-neighbourhood search: takes a box of (pool, slots) out and puts it back better. */
export interface Improvement extends Moving {
  guide: PriceTables;
  demand: Demand;
  /** Bids that are near enough to the guide in each pool to be tried there. */
  near: number[][];
  meanPrice: number;
  readonly cheapest: PriceTables;
  readonly draw: Draw;
  readonly temperature: number;
  /** Bids that moves of one bid are drawn from: those that have a way at all, or some of them. */
  able: readonly number[];
  /** Pools about which a kick was, and the gang that it put there, which stays; -1: none. */
  focus: { readonly pools: readonly number[]; readonly kept: number } | null;
  /** Running sums, by cell, of how much of a box's centre each cell deserves to be. */
  readonly pull: Float64Array;
}

export function beginImprovement(
  schedule: Schedule,
  guide: PriceTables,
  demand: Demand,
  bound: number,
): Improvement {
  const { model } = schedule;
  const { bids } = model;
  const improvement: Improvement = {
    schedule,
    guide,
    demand,
    near: [],
    meanPrice: 0,
    moves: 0,
    cheapest: cheapestTables(model),
    draw: drawing(0x5ca1ab1e),
    temperature: temperatureOf(bids) * bound,
    able: Array.from({ length: bids }, (_, bid) => bid).filter(
      (bid) => model.wayStart[bid] !== model.wayStart[bid + 1],
    ),
    focus: null,
    pull: new Float64Array(model.capacity.length),
    touched: touchedNothing(bids),
  };
  guideImprovement(improvement, guide, demand);
  return improvement;
}

/** As a share of all welfare. */
function temperatureOf(bids: number): number {
  const { least, perBid, most } = TEMPERATURE;
  return bids === 0 ? 0 : Math.min(most, least + perBid / bids) / bids;
}

/** Goes on with better guide prices. */
export function guideImprovement(improvement: Improvement, guide: PriceTables, demand: Demand): void {
  improvement.guide = guide;
  improvement.demand = demand;
  const { capacity } = improvement.schedule.model;
  const offered = capacity.reduce((count, cards) => count + (cards > 0 ? 1 : 0), 0);
  improvement.meanPrice =
    guide.cells.reduce((sum, price, cell) => sum + ((capacity[cell] ?? 0) > 0 ? price : 0), 0) /
    Math.max(1, offered);
  improvement.near = nearOnes(improvement);
  weighCells(improvement);
}

function nearOnes({ schedule, guide, able, meanPrice }: Improvement): number[][] {
  const { model } = schedule;
  const { wayStart, wayPool, wayD, wayLimit, wayNet, waySpan } = model;
  const near: number[][] = Array.from({ length: model.pools }, () => []);
  for (const bid of able) {
    const div = model.kind[bid] === DIV;
    const g = div ? 1 : (model.g[bid] ?? 1);
    const from = model.from[bid] ?? 0;
    const to = model.to[bid] ?? 0;
    for (let way = wayStart[bid] ?? 0, end = wayStart[bid + 1] ?? 0; way < end; way++) {
      const d = wayD[way] ?? 1;
      const value = div ? (wayLimit[way] ?? 0) * d : (wayNet[way] ?? 0);
      const least = leastFrom(guide, waySpan[way] ?? 0, from, Math.max(from, to - d));
      if (value - least * g > -NEAR * meanPrice * g * d) near[wayPool[way] ?? 0]?.push(bid);
    }
  }
  return near;
}

const spot: Spot = { choice: -1, start: 0, share: 0, score: 0 };

/** One move: a box out, and back in another order; kept if it is no worse, or not much worse at the beginning. */
export function improveOnce(improvement: Improvement, effort: Effort): void {
  const { schedule, draw } = improvement;
  const { bids } = schedule.model;
  const before = moveBox(improvement, effort);
  const cold = (improvement.moves % (CYCLE * bids)) / (COOLING * bids);
  if (schedule.welfare < before - (improvement.temperature / (1 + cold)) * draw.fraction())
    takeBack(improvement);
}

/** One such move, kept if no worse, and else as simulated annealing has it. @param temperature mills */
export function improveAt(improvement: Improvement, temperature: number, effort: Effort): void {
  const before = moveBox(improvement, effort);
  const { schedule, draw } = improvement;
  if (schedule.welfare < before + temperature * Math.log(draw.fraction())) takeBack(improvement);
}

/** Answers with the welfare before. */
function moveBox(improvement: Improvement, effort: Effort): number {
  const { schedule } = improvement;
  const { model } = schedule;
  const before = beginMove(improvement);
  if (improvement.moves % 1024 === 0) weighCells(improvement);
  const box = drawBox(improvement);
  if (!box) return before;
  const candidates = takeOut(improvement, box).concat(
    takeFillsOut(improvement, box),
    newcomers(improvement, box),
  );
  effort.spent += candidates.length * 8;
  shuffle(improvement, candidates, box);
  for (const bid of candidates) serve(improvement, bid, effort);
  for (const bid of candidates)
    if (model.parent[bid] !== -1 && !isServed(schedule, bid)) serve(improvement, bid, effort);
  for (const bid of candidates)
    if (model.kind[bid] === DIV) fillDivisible(schedule, bid, improvement.cheapest, false, effort);
  dropWhoLoses(improvement);
  return before;
}

function takeOut(improvement: Improvement, { pool, from, to, last, out: most }: Box): number[] {
  const { schedule, draw, focus } = improvement;
  const kept = focus?.kept ?? -1;
  if (last >= 0) return last === kept ? [] : takeWhole(improvement, last);
  const list = schedule.gangs[pool] ?? [];
  const out: number[] = [];
  const offset = draw.below(Math.max(1, list.length));
  for (let i = 0; i < list.length && out.length < most; i++) {
    const bid = list[(i + offset) % list.length] ?? 0;
    if (bid === kept) continue;
    const start = schedule.start[bid] ?? 0;
    if (start < to && start + slotsOf(schedule.model, schedule.choice[bid] ?? 0) > from) out.push(bid);
  }
  return out.flatMap((bid) => takeWhole(improvement, bid));
}

function takeFillsOut(improvement: Improvement, { pool, from, to }: Box): number[] {
  const { schedule } = improvement;
  const { T } = schedule.model;
  const out: number[] = [];
  const isInside = (cell: number) => cell >= pool * T + from && cell < pool * T + to;
  for (const bid of schedule.fillers[pool] ?? []) {
    if (out.length >= FILLERS_OUT) break;
    if (schedule.fills[bid]?.cells.some(isInside)) out.push(bid);
  }
  for (const bid of out) {
    touch(improvement, bid);
    const cells = schedule.fills[bid]?.cells ?? [];
    for (let at = cells.length - 1; at >= 0; at--) if (isInside(cells[at] ?? -1)) unfill(schedule, bid, at);
  }
  return out;
}

function newcomers(improvement: Improvement, { pool, from, to, first, in: most }: Box): number[] {
  const { schedule, near, draw, touched, moves } = improvement;
  const { model, choice } = schedule;
  const list = near[pool] ?? [];
  const found: number[] = [];
  if (first >= 0 && choice[first] === -1) {
    touch(improvement, first);
    found.push(first);
  }
  const offset = draw.below(Math.max(1, list.length));
  for (let i = 0; i < Math.min(list.length, Math.max(most, LOOKED_AT)) && found.length < most; i++) {
    const bid = list[(i + offset) % list.length] ?? 0;
    if (touched.move[bid] === moves || isServed(schedule, bid)) continue;
    if ((model.from[bid] ?? 0) >= to || (model.to[bid] ?? 0) <= from) continue;
    touch(improvement, bid);
    emptyFills(schedule, bid);
    found.push(bid);
  }
  return found;
}

/** Sorts by gain for each card and slot, by area or by cards, each with some noise; who wants in comes first, who is to go last. */
function shuffle(
  { schedule, draw, demand, meanPrice }: Improvement,
  bids: number[],
  { first, last }: Box,
): void {
  const { model } = schedule;
  const mode = draw.below(3);
  const keys = bids.map((bid) => {
    const noise = 0.6 + 0.8 * draw.fraction();
    if (bid === first) return Infinity;
    if (bid === last) return -Infinity;
    if (mode === 0) return ((demand.surplus[bid] ?? 0) / areaOf(model, bid) + 0.05 * meanPrice) * noise;
    return (mode === 1 ? areaOf(model, bid) : (model.g[bid] ?? 0)) * noise;
  });
  for (let i = 1; i < bids.length; i++) {
    const bid = bids[i] ?? 0;
    const key = keys[i] ?? 0;
    let at = i;
    for (; at > 0 && (keys[at - 1] ?? 0) < key; at--) {
      bids[at] = bids[at - 1] ?? 0;
      keys[at] = keys[at - 1] ?? 0;
    }
    bids[at] = bid;
    keys[at] = key;
  }
}

/** Nobody comes in who is worth far less than the guide says his cells are. */
function serve({ schedule, guide, meanPrice }: Improvement, bid: number, effort: Effort): void {
  if (schedule.model.kind[bid] === DIV) {
    fillDivisible(schedule, bid, guide, true, effort);
    return;
  }
  const least = -2 * NEAR * meanPrice * areaOf(schedule.model, bid);
  if (!bestSpot(schedule, bid, guide, least, spot, effort)) return;
  place(schedule, bid, spot.choice, spot.start, spot.share);
}
