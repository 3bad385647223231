import { drawAstray } from "./astray.ts";
import { ejectOnce, kick } from "./ejection.ts";
import { type Improvement, improveAt } from "./improve.ts";
import type { Effort } from "./insertion.ts";
import { force } from "./kicks.ts";
import type { Model } from "./model.ts";
import { firstWay, isServed, secondWay, slotsOf } from "./schedule.ts";
import { squeezeOnce } from "./squeeze.ts";

// In books of some hundred bids and more, once large gangs have found their places: moves of one bid and a few boxes,
// which simulated annealing judges. A box alone never gives up a good place for a better whole.

/** Moves for each bid of a cycle, and of one about a gang for each bid that it concerns. */
const MOVES = 10;
const MOVES_ABOUT = 4;
/** The temperature that a cycle begins with, as a share of a mean bid's welfare, and how much of it is left at its end. */
const HOT = 0.007;
const COLD = 0.01;
/** Shares of the moves that eject, and that squeeze in; the others are boxes. */
const EJECTED = 0.5;
const SQUEEZED = 0.4;
/** Share of the cycles that begin with a gang put somewhere by force, and of a cycle in which it stays there. */
const KICKED = 0.5;
const KEPT = 0.25;
/** Share of the cycles about a gang that is astray, the others are about large ones; and what one counts of a mean bid's welfare. */
const ASTRAY = { share: 0.6, most: 0.1 };
/** Moves between two looks at what has been reached. */
const PORTION = 64;

/** One cycle of moves. */
export function* refineCycle(improvement: Improvement, bound: number, effort: Effort): Generator<void, void> {
  const { draw, schedule } = improvement;
  const { bids } = schedule.model;
  const kept = draw.fraction() < KICKED ? kick(improvement, effort) : -1;
  const hot = (HOT * bound) / bids;
  yield* annealMoves(improvement, { moves: MOVES * bids, hot, kept, stays: KEPT }, effort);
}

/**
 * One cycle that begins with a gang put somewhere by force, of moves of those whom that concerns; the gang stays.
 * @param large not empty
 */
export function* refineAbout(
  improvement: Improvement,
  large: readonly number[],
  bound: number,
  effort: Effort,
): Generator<void, void> {
  const { able, draw, schedule } = improvement;
  const mean = bound / schedule.model.bids;
  const astray = draw.fraction() < ASTRAY.share ? drawAstray(improvement, ASTRAY.most * mean) : null;
  const kept = astray?.bid ?? large[draw.below(large.length)] ?? -1;
  effort.spent += schedule.model.bids;
  const pools = force(improvement, kept, large, effort, astray);
  if (pools === null) return;
  improvement.able = concernedBy(improvement, pools);
  improvement.focus = { pools, kept };
  const moves = MOVES_ABOUT * improvement.able.length;
  const hot = HOT * mean;
  yield* annealMoves(improvement, { moves, hot, kept, stays: 1 }, effort);
  improvement.able = able;
  improvement.focus = null;
}

/**
 * Those whom the last move has touched, gangs that stand in cells where it has put or taken gangs, and who lacks cards and
 * might have some of the pools.
 */
function concernedBy(
  { schedule, touched, moves, able, near }: Improvement,
  pools: readonly number[],
): number[] {
  const { model, choice, start } = schedule;
  const cells = new Uint8Array(model.capacity.length);
  for (const bid of touched.bids) {
    for (const [first, end] of spansOf(model, touched.choice[bid], touched.start[bid]))
      cells.fill(1, first, end);
    for (const [first, end] of spansOf(model, choice[bid], start[bid])) cells.fill(1, first, end);
  }
  const isThere = (bid: number) =>
    spansOf(model, choice[bid], start[bid]).some(([first, end]) => cells.subarray(first, end).includes(1));
  const mightHave = new Set(pools.flatMap((pool) => near[pool] ?? []));
  return able.filter(
    (bid) => touched.move[bid] === moves || isThere(bid) || (mightHave.has(bid) && !isServed(schedule, bid)),
  );
}

/** The cells of a gang's place, in one pool or two; none without a choice. */
function spansOf(model: Model, choice = -1, start = 0): [number, number][] {
  if (choice === -1) return [];
  const d = slotsOf(model, choice);
  return [firstWay(model, choice), secondWay(model, choice)]
    .filter((way) => way >= 0)
    .map((way) => (model.wayPool[way] ?? 0) * model.T + start)
    .map((first) => [first, first + d]);
}

interface Cycle {
  readonly moves: number;
  /** Mills. */
  readonly hot: number;
  /** A gang that stays where it is for such a share of the moves; -1: none. */
  readonly kept: number;
  readonly stays: number;
}

function* annealMoves(
  improvement: Improvement,
  { moves, hot, kept, stays }: Cycle,
  effort: Effort,
): Generator<void, void> {
  const { draw } = improvement;
  for (let move = 0; move < moves; move++) {
    if (move % PORTION === 0) yield;
    const temperature = hot * COLD ** (move / moves);
    const kind = draw.fraction();
    if (kind < EJECTED) ejectOnce(improvement, temperature, move < moves * stays ? kept : -1, effort);
    else if (kind < EJECTED + SQUEEZED) squeezeOnce(improvement, temperature, effort);
    else improveAt(improvement, temperature, effort);
  }
}
