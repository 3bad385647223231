import { ejectOnce, kick } from "./ejection.ts";
import { type Improvement, improveAt } from "./improve.ts";
import type { Effort } from "./insertion.ts";
import { squeezeOnce } from "./squeeze.ts";

// In books of some hundred bids and more, once large gangs have found their places: moves of one bid and a few boxes,
// which simulated annealing judges. A box alone never gives up a good place for a better whole.

/** Moves for each bid of a cycle. */
const MOVES = 10;
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
  const moves = MOVES * bids;
  const hot = (HOT * bound) / bids;
  const kept = draw.fraction() < KICKED ? kick(improvement, effort) : -1;
  for (let move = 0; move < moves; move++) {
    if (move % PORTION === 0) yield;
    const temperature = hot * COLD ** (move / moves);
    const kind = draw.fraction();
    if (kind < EJECTED) ejectOnce(improvement, temperature, move < moves * KEPT ? kept : -1, effort);
    else if (kind < EJECTED + SQUEEZED) squeezeOnce(improvement, temperature, effort);
    else improveAt(improvement, temperature, effort);
  }
}
