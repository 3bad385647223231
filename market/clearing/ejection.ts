import { drawCell, weighCells } from "./boxes.ts";
import { earliestStart, mayEnter } from "./conditions.ts";
import { areaOf } from "./construct.ts";
import { leastOffered } from "./demand.ts";
import { fillDivisible } from "./divisible.ts";
import type { PriceTables } from "./guide.ts";
import type { Improvement } from "./improve.ts";
import { bestSpot, type Effort, type Spot } from "./insertion.ts";
import { DIV } from "./model.ts";
import { beginMove, dropWhoLoses, takeBack, takeWhole, touch } from "./move.ts";
import {
  emptyFills,
  freeFor,
  isIn,
  isServed,
  place,
  type Schedule,
  slackAtFloors,
  slotsOf,
  unplace,
} from "./schedule.ts";
import { stagingFits } from "./staging.ts";

// Moves of one bid: it goes where it would, and whoever stands in its way looks for another place.

/** Places drawn for a gang, of which the best at the guide is taken; and share of the moves that only take a gang out. */
const TRIES = 2;
const DROPPED = 0.1;
/** Bids without a place that are tried after a move. */
const REFILLS = 2;
/** Share of the moves in which places are judged at the guide, not at cost alone. */
const AT_GUIDE = 0.5;
/** Of the div bids of a pool so many give their cards back when one of them is moved; so often all begin at the guide. */
const FILLERS = { out: 0.3, atGuide: 0.6 };
/** Share of the kicks that follow the guide's wish, others look for cards left; and of how many gangs these take the largest. */
const KICK = { wishes: 0.3, of: 3, tries: 30 };

/** Units of work that a move costs beside the places that it looks at. */
const OVERHEAD = 50;

/** A place for a gang in one way. */
export interface Aim {
  readonly bid: number;
  readonly way: number;
  readonly start: number;
}

const NONE: ReadonlySet<number> = new Set();
const spot: Spot = { choice: -1, start: 0, share: 0, score: 0 };

/**
 * Moves one bid drawn by chance. Kept if no worse, and else as simulated annealing has it (Kirkpatrick, Gelatt and
 * Vecchi, "Optimization by simulated annealing", 1983).
 * @param temperature mills
 * @param kept a gang that stays where it is; -1: none
 */
export function ejectOnce(improvement: Improvement, temperature: number, kept: number, effort: Effort): void {
  const { schedule, draw, able } = improvement;
  const before = beginMove(improvement);
  const bid = able[draw.below(able.length)] ?? -1;
  effort.spent += OVERHEAD;
  if (bid < 0 || bid === kept) return;
  const ejected =
    schedule.model.kind[bid] === DIV
      ? moveFiller(improvement, bid, effort)
      : moveGang(improvement, bid, kept, effort);
  if (ejected === null) {
    takeBack(improvement);
    return;
  }
  const prices = draw.fraction() < AT_GUIDE ? improvement.guide : improvement.cheapest;
  placeAnew(improvement, ejected, prices, effort);
  refill(improvement, bid, prices, effort);
  fillAnew(improvement, ejected, effort);
  dropWhoLoses(improvement);
  if (schedule.welfare < before + temperature * Math.log(draw.fraction())) takeBack(improvement);
}

/**
 * Puts a gang by force where cards are left that are worth something, or where it wishes to be, whatever that costs:
 * moves that follow may make good for it. Answers with the gang; -1: none was moved.
 */
export function kick(improvement: Improvement, effort: Effort): number {
  const { schedule, draw } = improvement;
  weighCells(improvement);
  effort.spent += improvement.pull.length;
  const wish = draw.fraction() < KICK.wishes ? drawWish(improvement) : null;
  const aim = wish ?? drawForCell(improvement);
  if (!aim) return -1;
  beginMove(improvement);
  const ejected = takeOutOf(improvement, aim.bid);
  if (!makeRoom(improvement, aim, ejected, NONE, effort)) {
    takeBack(improvement);
    return -1;
  }
  const { model } = schedule;
  ejected.sort((x, y) => areaOf(model, y) - areaOf(model, x) || x - y);
  placeAnew(improvement, ejected, improvement.cheapest, effort);
  fillAnew(improvement, ejected, effort);
  dropWhoLoses(improvement);
  return aim.bid;
}

/** Takes a gang out, if it is in; answers with who must go with it. */
export function takeOutOf(improvement: Improvement, bid: number): number[] {
  touch(improvement, bid);
  return takeWhole(improvement, bid).slice(1);
}

/** Takes all from a div bid and from some others of one of its pools; answers with all of them, the bid first. */
function moveFiller(improvement: Improvement, bid: number, effort: Effort): number[] {
  const { schedule, draw, guide } = improvement;
  const { model } = schedule;
  const first = model.wayStart[bid] ?? 0;
  const way = first + draw.below((model.wayStart[bid + 1] ?? 0) - first);
  const others = [...(schedule.fillers[model.wayPool[way] ?? 0] ?? [])].filter(
    (other) => other !== bid && draw.fraction() <= FILLERS.out,
  );
  mix(improvement, others);
  const all = [bid, ...others];
  for (const one of all) {
    touch(improvement, one);
    emptyFills(schedule, one);
  }
  if (draw.fraction() < FILLERS.atGuide)
    for (const one of all) fillDivisible(schedule, one, guide, true, effort);
  return all;
}

/** Fisher and Yates' shuffle. */
export function mix({ draw }: Improvement, bids: number[]): void {
  for (let i = bids.length - 1; i > 0; i--) {
    const j = draw.below(i + 1);
    const other = bids[j] ?? 0;
    bids[j] = bids[i] ?? 0;
    bids[i] = other;
  }
}

/** Moves a gang, or takes it out; answers with whom that ejects, null if it cannot be. */
function moveGang(improvement: Improvement, bid: number, kept: number, effort: Effort): number[] | null {
  const { schedule, draw } = improvement;
  const held = schedule.choice[bid] !== -1;
  const ejected = takeOutOf(improvement, bid);
  if (held && draw.fraction() < DROPPED) return ejected;
  const aim = drawAim(improvement, bid);
  return aim && makeRoom(improvement, aim, ejected, kept < 0 ? NONE : new Set([kept]), effort)
    ? ejected
    : null;
}

/** The best at the guide of some places drawn, if it gains more than `least` mills there. */
export function drawAim(
  { schedule, draw, guide }: Improvement,
  bid: number,
  { tries: most, least }: { readonly tries: number; readonly least: number } = {
    tries: TRIES,
    least: -Infinity,
  },
): Aim | null {
  const { model } = schedule;
  if (!mayEnter(schedule, bid)) return null;
  const first = model.wayStart[bid] ?? 0;
  const ways = (model.wayStart[bid + 1] ?? 0) - first;
  const from = earliestStart(schedule, bid);
  let aim: Aim | null = null;
  let best = least;
  for (let tries = 0; tries < most; tries++) {
    const way = first + draw.below(ways);
    const d = model.wayD[way] ?? 0;
    const starts = (model.to[bid] ?? 0) - d - from + 1;
    if (starts <= 0) continue;
    const start = from + draw.below(starts);
    const at = (model.wayPool[way] ?? 0) * (model.T + 1) + start;
    const price = (guide.sums[at + d] ?? 0) - (guide.sums[at] ?? 0);
    const gain = (model.wayNet[way] ?? 0) - price * (model.g[bid] ?? 0);
    if (gain <= best) continue;
    best = gain;
    aim = { bid, way, start };
  }
  return aim;
}

/** Where a gang that has nothing would gain most at the guide. */
function drawWish({ schedule, draw, able, demand }: Improvement): Aim | null {
  for (let tries = 0; tries < KICK.tries; tries++) {
    const bid = able[draw.below(able.length)] ?? -1;
    const way = demand.choice[bid] ?? -1;
    if (way >= 0 && schedule.model.kind[bid] !== DIV && schedule.choice[bid] === -1)
      return { bid, way, start: demand.start[bid] ?? 0 };
  }
  return null;
}

/** For a cell with cards left the largest of some gangs that could have it. */
function drawForCell(improvement: Improvement): Aim | null {
  const { schedule, draw, near } = improvement;
  const { model } = schedule;
  const cell = drawCell(improvement);
  const pool = Math.floor(cell / model.T);
  const slot = cell % model.T;
  const list = near[pool] ?? [];
  let bid = -1;
  for (let tries = 0, found = 0; tries < KICK.tries && found < KICK.of && list.length > 0; tries++) {
    const other = list[draw.below(list.length)] ?? -1;
    if (!couldHave(schedule, other, pool, slot)) continue;
    found++;
    if (bid < 0 || areaOf(model, other) > areaOf(model, bid)) bid = other;
  }
  const ways = model.wayPool.subarray(model.wayStart[bid] ?? 0, model.wayStart[bid + 1] ?? 0);
  if (bid < 0) return null;
  const way = (model.wayStart[bid] ?? 0) + ways.indexOf(pool);
  const d = model.wayD[way] ?? 0;
  const low = Math.max(earliestStart(schedule, bid), slot - d + 1);
  const high = Math.min((model.to[bid] ?? 0) - d, slot);
  return low > high ? null : { bid, way, start: low + draw.below(high - low + 1) };
}

function couldHave(schedule: Schedule, bid: number, pool: number, slot: number): boolean {
  const { model } = schedule;
  if (model.kind[bid] === DIV || (model.from[bid] ?? 0) > slot || (model.to[bid] ?? 0) <= slot) return false;
  return mayEnter(schedule, bid) && !isIn(schedule, bid, pool, slot, slot + 1);
}

/**
 * Places a gang, ejecting div bids and then gangs from its cells as far as it takes; false: it cannot be placed.
 * @param kept gangs that stay where they are
 */
export function makeRoom(
  improvement: Improvement,
  { bid, way, start }: Aim,
  ejected: number[],
  kept: ReadonlySet<number>,
  effort: Effort,
): boolean {
  const { schedule, draw } = improvement;
  const { model } = schedule;
  const d = model.wayD[way] ?? 0;
  const pool = model.wayPool[way] ?? 0;
  const cell = pool * model.T + start;
  effort.spent += d;
  if (leastOffered(model, bid, pool, start, d) < (model.g[bid] ?? 0)) return false;
  if (!fits(schedule, bid, cell, d)) ejectFillers(improvement, pool, cell, d, ejected);
  const gangs = [...(schedule.gangs[pool] ?? [])];
  const offset = draw.below(Math.max(1, gangs.length));
  for (let i = 0; i < gangs.length && !fits(schedule, bid, cell, d); i++) {
    const other = gangs[(i + offset) % gangs.length] ?? 0;
    if (kept.has(other) || !standsInTheWay(schedule, other, { bid, way, start })) continue;
    ejected.push(...takeWhole(improvement, other));
  }
  return placeIn(schedule, { bid, way, start });
}

/** False: something still bars the gang from the place, or it would lose there. */
export function placeIn(schedule: Schedule, { bid, way, start }: Aim): boolean {
  const { model } = schedule;
  const cell = (model.wayPool[way] ?? 0) * model.T + start;
  const free =
    fits(schedule, bid, cell, model.wayD[way] ?? 0) && stagingFits(model, schedule.linkUsed, way, start);
  // A wish does not know where the parent stands, which may also have gone.
  if (!free || !mayEnter(schedule, bid) || start < earliestStart(schedule, bid)) return false;
  place(schedule, bid, way, start, model.g[bid] ?? 0);
  if (slackAtFloors(schedule, bid) >= 0) return true;
  unplace(schedule, bid);
  return false;
}

function ejectFillers(improvement: Improvement, pool: number, cell: number, d: number, ejected: number[]) {
  const { schedule } = improvement;
  for (const other of [...(schedule.fillers[pool] ?? [])]) {
    if (!schedule.fills[other]?.cells.some((one) => one >= cell && one < cell + d)) continue;
    touch(improvement, other);
    emptyFills(schedule, other);
    ejected.push(other);
  }
}

/** Holds cards of a cell of the place in which too few are left for it. */
export function standsInTheWay(schedule: Schedule, other: number, { bid, way, start }: Aim): boolean {
  const { model } = schedule;
  const held = schedule.choice[other] ?? -1;
  if (held === -1) return false;
  const begins = schedule.start[other] ?? 0;
  const from = Math.max(begins, start);
  const to = Math.min(begins + slotsOf(model, held), start + (model.wayD[way] ?? 0));
  return from < to && !fits(schedule, bid, (model.wayPool[way] ?? 0) * model.T + from, to - from);
}

export function fits(schedule: Schedule, bid: number, first: number, d: number): boolean {
  const g = schedule.model.g[bid] ?? 0;
  for (let cell = first; cell < first + d; cell++) if (freeFor(schedule, bid, cell) < g) return false;
  return true;
}

/** The gangs among those ejected, wherever they find room, parents first. */
export function placeAnew(
  { schedule }: Improvement,
  ejected: readonly number[],
  prices: PriceTables,
  effort: Effort,
): void {
  for (const bid of ejected) {
    if (schedule.model.kind[bid] === DIV || schedule.choice[bid] !== -1) continue;
    if (bestSpot(schedule, bid, prices, -Infinity, spot, effort))
      place(schedule, bid, spot.choice, spot.start, spot.share);
  }
}

export function fillAnew(
  { schedule, cheapest }: Improvement,
  ejected: readonly number[],
  effort: Effort,
): void {
  for (const bid of ejected)
    if (schedule.model.kind[bid] === DIV) fillDivisible(schedule, bid, cheapest, false, effort);
}

/** Some others that have not all, drawn by chance, find what room is left. */
function refill(improvement: Improvement, moved: number, prices: PriceTables, effort: Effort): void {
  const { schedule, draw, able, cheapest } = improvement;
  for (let i = 0; i < REFILLS; i++) {
    const bid = able[draw.below(able.length)] ?? -1;
    if (bid === moved || isServed(schedule, bid)) continue;
    touch(improvement, bid);
    if (schedule.model.kind[bid] === DIV) fillDivisible(schedule, bid, cheapest, false, effort);
    else placeAnew(improvement, [bid], prices, effort);
  }
}
