import { ejectOnce, kick } from "./ejection.ts";
import type { Improvement } from "./improve.ts";
import type { Effort } from "./insertion.ts";

// Simulated annealing for books of few bids, where which gangs share a pool decides most: one long cycle at first, then
// short ones that each begin with a gang put somewhere by force (an iterated local search).

/** Moves for each bid of the first cycle and of each further one. */
const MOVES = { first: 20, further: 3 };
/** The temperature that a cycle begins with, as a share of a mean bid's welfare, and how much of it is left at its end. */
const HOT = { first: 0.1, further: 0.02 };
const COLD = 0.01;
/** Share of a cycle in which the gang that was put somewhere by force stays there. */
const KEPT = 0.25;
/** Moves between two looks at what has been reached. */
const PORTION = 64;

/** One cycle of moves. All but the first begin with a gang put somewhere by force. */
export function* annealCycle(
  improvement: Improvement,
  first: boolean,
  bound: number,
  effort: Effort,
): Generator<void, void> {
  const { bids } = improvement.schedule.model;
  const moves = (first ? MOVES.first : MOVES.further) * bids;
  const hot = ((first ? HOT.first : HOT.further) * bound) / Math.max(1, bids);
  const kept = first ? -1 : kick(improvement, effort);
  for (let move = 0; move < moves; move++) {
    if (move % PORTION === 0) yield;
    ejectOnce(improvement, hot * COLD ** (move / moves), move < moves * KEPT ? kept : -1, effort);
  }
}
