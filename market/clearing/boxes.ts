import { areaOf } from "./construct.ts";
import type { Improvement } from "./improve.ts";
import { DIV, type Model } from "./model.ts";
import type { Draw } from "./pseudo-random.ts";
import { firstWay, slotsOf } from "./schedule.ts";

// Where a move of the improvement takes cards back: some slots of one pool.

/** Gangs taken out of a box at least, and how many more at most; fewer in small books, where that many are most of them. */
const OUT = { least: 8, more: 24 };
const SMALL = { bids: 300, least: 3, more: 8 };
/** Bids without a place that are tried in a box beside those taken out of it. */
const IN = 16;
/**
 * Share of the moves that are wide. Half of them turn on one large gang: all that stands in its way is taken out for it,
 * or it is taken out for as many others as find room; the other half put a long stretch of a pool in a new order. Gangs
 * and newcomers of such a move at most, of how many gangs the largest is drawn, and bids of a book beyond which no gang is
 * large enough for it.
 */
const WIDE = { share: 0.05, most: 400, of: 6, bids: 20_000 };
/** Share of the moves that begin with a bid that would gain at the guide but has no place. */
const EJECTIONS = 0.5;

export interface Box {
  readonly pool: number;
  readonly from: number;
  readonly to: number;
  /** The bid that is served first, and the one that is served last; -1: none. */
  readonly first: number;
  readonly last: number;
  /** Gangs that are taken out, and bids without a place that are tried, at most. */
  readonly out: number;
  readonly in: number;
}

/** Around a wish, around cards left, or wide. Null: there is none. */
export function drawBox(improvement: Improvement): Box | null {
  const { schedule, draw, demand, able } = improvement;
  const { model, choice } = schedule;
  const { T } = model;
  if (model.bids <= WIDE.bids && draw.fraction() < WIDE.share) return drawWideBox(improvement);
  const { least, more } = model.bids < SMALL.bids ? SMALL : OUT;
  const limits = { last: -1, out: least + draw.below(more), in: IN };
  if (draw.fraction() < EJECTIONS) {
    for (let tries = 0; tries < 20; tries++) {
      const bid = able[draw.below(able.length)] ?? -1;
      const wish = demand.choice[bid] ?? -1;
      if (choice[bid] !== -1 || wish === -1) continue;
      const start = demand.start[bid] ?? 0;
      const end = start + slotsOf(model, wish);
      const pool = model.wayPool[firstWay(model, wish)] ?? 0;
      return {
        pool,
        from: Math.max(0, start - draw.below(3)),
        to: Math.min(T, end + draw.below(3)),
        first: bid,
        ...limits,
      };
    }
  }
  const cell = drawFocus(improvement) ?? drawCell(improvement);
  const reach = 1 + draw.below(5);
  const slot = cell % T;
  return {
    pool: Math.floor(cell / T),
    from: Math.max(0, slot - reach),
    to: Math.min(T, slot + reach + 1),
    first: -1,
    ...limits,
  };
}

/** Share of the boxes that lie where the last kick was, not around wishes; cells of its pools count alike. */
const FOCUSED = 0.7;

function drawFocus({ schedule, draw, focus }: Improvement): number | null {
  if (focus === null || draw.fraction() >= FOCUSED) return null;
  const { T } = schedule.model;
  return (focus.pools[draw.below(focus.pools.length)] ?? 0) * T + draw.below(T);
}

/** Most of a pool, or a good part of it. */
function drawLongBox({ pools, T }: Model, draw: Draw): Box {
  const reach = 6 + draw.below(T);
  const middle = draw.below(T);
  return {
    pool: draw.below(pools),
    from: Math.max(0, middle - reach),
    to: Math.min(T, middle + reach),
    first: -1,
    last: -1,
    out: WIDE.most,
    in: WIDE.most,
  };
}

/** Around the place of the largest of some gangs, or around the one that it wishes for. */
function drawWideBox({ schedule, draw, demand, able }: Improvement): Box | null {
  const { model, choice, start } = schedule;
  if (draw.fraction() < 0.5) return drawLongBox(model, draw);
  let bid = -1;
  for (let tries = 0; tries < WIDE.of; tries++) {
    const other = able[draw.below(able.length)] ?? -1;
    if (model.kind[other] !== DIV && (bid < 0 || areaOf(model, other) > areaOf(model, bid))) bid = other;
  }
  const held = bid < 0 ? -1 : (choice[bid] ?? -1);
  const at = held === -1 ? (demand.choice[bid] ?? -1) : held;
  if (at === -1) return null;
  const from = (held === -1 ? demand.start[bid] : start[bid]) ?? 0;
  return {
    pool: model.wayPool[firstWay(model, at)] ?? 0,
    from,
    to: from + slotsOf(model, at),
    first: held === -1 ? bid : -1,
    last: held === -1 ? -1 : bid,
    out: WIDE.most,
    in: WIDE.most,
  };
}

export function drawCell({ pull, draw }: Improvement): number {
  const aim = draw.fraction() * (pull[pull.length - 1] ?? 0);
  let low = 0;
  let high = pull.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pull[middle] ?? 0) < aim) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Cells with cards left that the guide says are worth more than they cost attract boxes; all others a little. */
export function weighCells({ schedule, guide, meanPrice, pull }: Improvement): void {
  const { model, used, nextStep } = schedule;
  let sum = 0;
  for (let cell = 0; cell < pull.length; cell++) {
    const offered = model.capacity[cell] ?? 0;
    const left = offered - (used[cell] ?? 0);
    const waste = left > 0 ? (guide.cells[cell] ?? 0) - (model.stepCost[nextStep[cell] ?? 0] ?? 0) : 0;
    sum += Math.max(0, waste) * left + 0.02 * offered * meanPrice;
    pull[cell] = sum;
  }
}
