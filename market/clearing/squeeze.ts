import { earliestStart, mayEnter } from "./conditions.ts";
import { areaOf } from "./construct.ts";
import { leastOffered } from "./demand.ts";
import { type Aim, drawAim, fillAnew, fits, mix, placeAnew, placeIn, standsInTheWay } from "./ejection.ts";
import type { Improvement } from "./improve.ts";
import type { Effort } from "./insertion.ts";
import { DIV } from "./model.ts";
import { beginMove, dropWhoLoses, takeBack, takeWhole, touch } from "./move.ts";
import { fill, freeFor, isServed, type Schedule, unfill } from "./schedule.ts";

// A long gang of few cards finds a little too few in many slots. To take whole bids out of all of them would be to clear
// the pool: so div bids give it only the cards that it lacks.

/** Draws of a gang without a place, of how many found the largest is taken, and how often. */
const GANG = { tries: 20, of: 3, largest: 0.3 };
/** Share of the moves to the place that is best at the guide; otherwise the best of so many drawn. */
const WISHED = 0.5;
const PLACES = 4;
/** How far below the guide, as a share of the mean price, a place may be that is still tried. */
const NEAR = 0.1;
/** Share of the moves that judge places at the guide, not at cost alone. */
const AT_GUIDE = 0.5;
/** Bids without a place that are tried after a move. */
const REFILLS = 2;
/** Units of work that a move costs beside the places that it looks at. */
const OVERHEAD = 50;

/** Squeezes a gang in that has no place; kept if no worse, and else as simulated annealing has it. */
export function squeezeOnce(improvement: Improvement, temperature: number, effort: Effort): void {
  const { schedule, draw } = improvement;
  const { model } = schedule;
  const before = beginMove(improvement);
  effort.spent += OVERHEAD;
  const bid = drawGang(improvement);
  const aim = bid < 0 ? null : drawPlace(improvement, bid);
  if (aim === null) return;
  touch(improvement, bid);
  const moved: number[] = [];
  if (!squeezeIn(improvement, aim, moved, effort)) {
    takeBack(improvement);
    return;
  }
  moved.sort((x, y) => areaOf(model, y) - areaOf(model, x) || x - y);
  moved.push(...drawOthers(improvement));
  placeAnew(
    improvement,
    moved,
    draw.fraction() < AT_GUIDE ? improvement.guide : improvement.cheapest,
    effort,
  );
  fillAnew(improvement, moved, effort);
  dropWhoLoses(improvement);
  if (schedule.welfare < before + temperature * Math.log(draw.fraction())) takeBack(improvement);
}

/** -1: none was found. */
function drawGang({ schedule, draw, able }: Improvement): number {
  const { model, choice } = schedule;
  const wanted = draw.fraction() < GANG.largest ? GANG.of : 1;
  let gang = -1;
  for (let tries = 0, found = 0; tries < GANG.tries && found < wanted; tries++) {
    const bid = able[draw.below(able.length)] ?? -1;
    if (bid < 0 || model.kind[bid] === DIV || choice[bid] !== -1 || !mayEnter(schedule, bid)) continue;
    found++;
    if (gang < 0 || areaOf(model, bid) > areaOf(model, gang)) gang = bid;
  }
  return gang;
}

/** Null: none that was drawn is near enough to the guide. */
function drawPlace(improvement: Improvement, bid: number): Aim | null {
  const { schedule, draw, demand, meanPrice } = improvement;
  const wish = { bid, way: demand.choice[bid] ?? -1, start: demand.start[bid] ?? 0 };
  const possible = wish.way >= 0 && wish.start >= earliestStart(schedule, bid);
  if (possible && draw.fraction() < WISHED) return wish;
  return drawAim(improvement, bid, { tries: PLACES, least: -NEAR * meanPrice * areaOf(schedule.model, bid) });
}

/** Bids that have not all, drawn by chance. */
function drawOthers(improvement: Improvement): number[] {
  const { schedule, draw, able } = improvement;
  const others: number[] = [];
  for (let i = 0; i < REFILLS; i++) {
    const other = able[draw.below(able.length)] ?? -1;
    if (isServed(schedule, other)) continue;
    touch(improvement, other);
    others.push(other);
  }
  return others;
}

/** Places a gang; `moved` is given whom that has cost cards. False: it cannot be placed, or would lose there. */
function squeezeIn(improvement: Improvement, aim: Aim, moved: number[], effort: Effort): boolean {
  const { schedule } = improvement;
  const { model } = schedule;
  const { bid, way, start } = aim;
  const d = model.wayD[way] ?? 0;
  const pool = model.wayPool[way] ?? 0;
  const first = pool * model.T + start;
  effort.spent += d;
  if (leastOffered(model, bid, pool, start, d) < (model.g[bid] ?? 0)) return false;
  for (let cell = first; cell < first + d; cell++) takeCards(improvement, bid, pool, cell, moved, effort);
  if (!fits(schedule, bid, first, d)) {
    const gangs = [...(schedule.gangs[pool] ?? [])];
    mix(improvement, gangs);
    for (const other of gangs)
      if (standsInTheWay(schedule, other, aim)) moved.push(...takeWhole(improvement, other));
  }
  return placeIn(schedule, aim);
}

/** Takes as many cards of a cell from div bids as a gang lacks there, from the lowest limits first. */
function takeCards(
  improvement: Improvement,
  bid: number,
  pool: number,
  cell: number,
  moved: number[],
  effort: Effort,
): void {
  const { schedule } = improvement;
  const { model, fills } = schedule;
  let short = (model.g[bid] ?? 0) - freeFor(schedule, bid, cell);
  while (short > 0) {
    const other = lowestIn(schedule, pool, cell);
    effort.spent += schedule.fillers[pool]?.size ?? 0;
    if (other < 0) return;
    touch(improvement, other);
    if (!moved.includes(other)) moved.push(other);
    const at = fills[other]?.cells.indexOf(cell) ?? -1;
    const way = fills[other]?.ways[at] ?? 0;
    const cards = fills[other]?.cards[at] ?? 0;
    unfill(schedule, other, at);
    if (cards > short) fill(schedule, other, way, cell, cards - short);
    short -= cards;
  }
}

/** The div bid of the lowest limit that has cards of a cell; -1: there is none. */
function lowestIn({ model, fillers, fills }: Schedule, pool: number, cell: number): number {
  let lowest = Infinity;
  let bid = -1;
  for (const other of fillers[pool] ?? []) {
    const at = fills[other]?.cells.indexOf(cell) ?? -1;
    const limit = at < 0 ? Infinity : (model.wayLimit[fills[other]?.ways[at] ?? 0] ?? 0);
    if (limit >= lowest) continue;
    lowest = limit;
    bid = other;
  }
  return bid;
}
