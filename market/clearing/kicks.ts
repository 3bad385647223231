import { earliestStart } from "./conditions.ts";
import { areaOf } from "./construct.ts";
import { type Aim, drawAim, fillAnew, makeRoom, placeAnew, takeOutOf } from "./ejection.ts";
import { type Improvement, improveOnce } from "./improve.ts";
import { bestSpot, type Effort, type Spot } from "./insertion.ts";
import { DIV, offeredTo } from "./model.ts";
import { beginMove, dropWhoLoses, takeBack } from "./move.ts";
import { copySchedule, freeFor, place, type Schedule, slotsOf } from "./schedule.ts";

// Where large gangs decide, single boxes cannot move them: what makes room for one of them lies in other pools and other
// slots. So a large gang is put somewhere by force, and what comes of it is judged after some moves about it (an iterated
// local search with ejection chains: Lourenço, Martin and Stützle, "Iterated local search", 2003; Glover, "Ejection
// chains", 1996).

/** Moves after a kick, share of them that keep the gang where it was put, and gangs ejected whose pools they look at. */
const AFTER = { moves: 16, kept: 0.3, pools: 4 };
/** Gangs that one kick may move. */
const MOST = 400;

const spot: Spot = { choice: -1, start: 0, share: 0, score: 0 };

/** Kicks one of the large gangs and goes on from there if it was worth it; else all is as it was. */
export function kickOnce(improvement: Improvement, large: readonly number[], effort: Effort): void {
  const before = copySchedule(improvement.schedule);
  const bid = large[improvement.draw.below(large.length)] ?? -1;
  const pools = bid === -1 ? null : force(improvement, bid, large, effort);
  if (pools === null) return;
  improvement.focus = { pools, kept: bid };
  for (let move = 0; move < AFTER.moves; move++) {
    if (move > AFTER.kept * AFTER.moves) improvement.focus = { pools, kept: -1 };
    improveOnce(improvement, effort);
  }
  improvement.focus = null;
  if (improvement.schedule.welfare < before.welfare) improvement.schedule = before;
}

/**
 * Puts a gang into a place, one drawn by chance unless it is named. Large gangs that stand in its way and find no other
 * room take that of others, the largest first, of which each is moved once. Answers with the pools concerned; null: it
 * could not be put there.
 */
export function force(
  improvement: Improvement,
  bid: number,
  large: readonly number[],
  effort: Effort,
  to: Aim | null = null,
): number[] | null {
  const { schedule, guide } = improvement;
  const { model } = schedule;
  beginMove(improvement);
  const pools = new Set(poolsOf(schedule, bid));
  const ejected = takeOutOf(improvement, bid);
  const aim = to ?? drawAim(improvement, bid);
  if (!aim || !makeRoom(improvement, aim, ejected, new Set(), effort)) {
    takeBack(improvement);
    return null;
  }
  pools.add(model.wayPool[aim.way] ?? 0);
  const moved = new Set([bid]);
  for (let next = largestOf(improvement, ejected, moved); next >= 0 && moved.size < MOST; ) {
    moved.add(next);
    if (bestSpot(schedule, next, guide, -Infinity, spot, effort))
      place(schedule, next, spot.choice, spot.start, spot.share);
    else if (large.includes(next)) {
      const other = leastShort(improvement, next, moved, effort);
      if (other && makeRoom(improvement, other, ejected, moved, effort))
        pools.add(model.wayPool[other.way] ?? 0);
    }
    next = largestOf(improvement, ejected, moved);
  }
  placeAnew(improvement, ejected, guide, effort);
  fillAnew(improvement, ejected, effort);
  dropWhoLoses(improvement);
  for (const other of ejected.slice(0, AFTER.pools))
    for (const pool of poolsOf(schedule, other)) pools.add(pool);
  return [...pools];
}

/** Pool of a gang's first way, if it has any. */
function poolsOf({ model, choice }: Schedule, bid: number): number[] {
  const held = choice[bid] ?? -1;
  return held >= 0 ? [model.wayPool[held] ?? 0] : [];
}

/** The largest gang of those that have no place and were not moved yet; -1: there is none. */
function largestOf({ schedule }: Improvement, bids: readonly number[], moved: ReadonlySet<number>): number {
  const { model, choice } = schedule;
  let largest = -1;
  for (const bid of bids) {
    if (model.kind[bid] === DIV || choice[bid] !== -1 || moved.has(bid)) continue;
    if (largest < 0 || areaOf(model, bid) > areaOf(model, largest)) largest = bid;
  }
  return largest;
}

/** Where the cards that a gang lacks are worth least at the guide, with some noise, those who were moved staying where they are. */
function leastShort(
  { schedule, draw, guide }: Improvement,
  bid: number,
  moved: ReadonlySet<number>,
  effort: Effort,
): Aim | null {
  const { model } = schedule;
  const { T, capacity, wayStart, wayPool, wayD } = model;
  const offered = offeredTo(model, bid);
  const g = model.g[bid] ?? 0;
  let least = Infinity;
  let aim: Aim | null = null;
  for (let way = wayStart[bid] ?? 0, end = wayStart[bid + 1] ?? 0; way < end; way++) {
    const first = (wayPool[way] ?? 0) * T;
    const d = wayD[way] ?? 0;
    const kept = cardsOf(schedule, wayPool[way] ?? 0, moved);
    for (let start = earliestStart(schedule, bid); start + d <= (model.to[bid] ?? 0); start++) {
      let short = 0;
      effort.spent += d;
      for (let t = start; t < start + d; t++) {
        const cell = first + t;
        const fits = Math.min((capacity[cell] ?? 0) - (kept[t] ?? 0), offered[cell] ?? 0) >= g;
        short += fits ? Math.max(0, g - freeFor(schedule, bid, cell)) * (guide.cells[cell] ?? 0) : Infinity;
      }
      short *= 0.5 + draw.fraction();
      if (short >= least) continue;
      least = short;
      aim = { bid, way, start };
    }
  }
  return aim;
}

/** Cards of a pool that some gangs hold in each slot; at most, where they share them with another pool. */
function cardsOf({ model, gangs, choice, start }: Schedule, pool: number, of: ReadonlySet<number>) {
  const cards = new Float64Array(model.T);
  for (const bid of gangs[pool] ?? []) {
    if (!of.has(bid)) continue;
    const begins = start[bid] ?? 0;
    for (let t = begins; t < begins + slotsOf(model, choice[bid] ?? 0); t++)
      cards[t] = (cards[t] ?? 0) + (model.g[bid] ?? 0);
  }
  return cards;
}
