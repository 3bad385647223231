import { ejectOnce, kick } from "./ejection.ts";
import { type Improvement, improveAt } from "./improve.ts";
import type { Effort } from "./insertion.ts";
import { force } from "./kicks.ts";
import { squeezeOnce } from "./squeeze.ts";

// In books of some hundred bids and more, once large gangs have found their places: moves of one bid and a few boxes,
// which simulated annealing judges. A box alone never gives up a good place for a better whole.

/** Moves for each bid of a cycle, and of one about a large gang for each bid that is near its pools. */
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
 * One cycle that begins with a large gang put somewhere by force, of moves about the pools concerned; the gang stays.
 * @param large not empty
 */
export function* refineAbout(
  improvement: Improvement,
  large: readonly number[],
  bound: number,
  effort: Effort,
): Generator<void, void> {
  const { able, near, draw, schedule } = improvement;
  const kept = large[draw.below(large.length)] ?? -1;
  effort.spent += schedule.model.bids;
  const pools = force(improvement, kept, large, effort);
  if (pools === null) return;
  const concerned = new Set(pools.flatMap((pool) => near[pool] ?? []));
  improvement.able = able.filter((bid) => concerned.has(bid));
  improvement.focus = { pools, kept };
  const moves = MOVES_ABOUT * improvement.able.length;
  const hot = (HOT * bound) / schedule.model.bids;
  yield* annealMoves(improvement, { moves, hot, kept, stays: 1 }, effort);
  improvement.able = able;
  improvement.focus = null;
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
