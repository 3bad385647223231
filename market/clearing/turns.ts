import { beginImprovement, type Improvement, improveOnce } from "./improve.ts";
import { nearPlaces } from "./near-places.ts";
import { copySchedule, type Schedule } from "./schedule.ts";
import {
  guideOf,
  isProven,
  keepMoved,
  PATIENCE,
  roundsBetween,
  roundsIfDue,
  type Sharing,
  type State,
  sharedAnew,
  shareIfDue,
} from "./search-state.ts";
import { soften } from "./soften.ts";

// In large books no few gangs decide. Two kinds of moves take turns there: soft ones, which settle a great many small gangs
// in a moment, and boxes, which also move those that depend on others, and large ones.

/** Moves for each bid in one turn of soft moves, from the first on; the last number counts for all that follow. */
const SOFT = [30, 100, 200, 300];
/** Places are near where a bid loses no more than this share of a mean bid's welfare. */
const NEAR = 0.02;
/** Looks at the whole book that moves are worth before the price search goes on. */
const LOOKS = 40;
/** Boxes between two looks at what has been reached. */
const PORTION = 64;
/** A gain, as a share of all welfare, for which the whole schedule is not copied yet. */
const SMALL_GAIN = 0.0002;

interface Turns {
  readonly improvement: Improvement;
  /** Turns of soft moves so far, and the work of the last. */
  softened: number;
  work: number;
  readonly sharing: Sharing;
}

/** Moves from a schedule on: whichever kind brought more for its work in its last turn has the next one. */
export function* takeTurns(state: State, from: Schedule): Generator<void, void> {
  const { model, ascent, effort } = state;
  const { guide, demand } = guideOf(state);
  const improvement = beginImprovement(copySchedule(from), guide, demand, ascent.bound);
  const turns: Turns = { improvement, softened: 0, work: 0, sharing: { next: effort.spent } };
  const brought = { soft: Infinity, boxes: Infinity };
  let gained = 0;
  const rounds = roundsBetween(state, LOOKS);
  while (!isProven(state) && improvement.moves - gained < PATIENCE * model.bids) {
    const before = { welfare: state.best.welfare, spent: effort.spent };
    const kind = turns.softened === 0 || brought.soft > brought.boxes ? "soft" : "boxes";
    yield* kind === "soft" ? softTurn(state, turns) : boxTurn(state, turns);
    keepMoved(state, improvement);
    const gain = state.best.welfare - before.welfare;
    brought[kind] = gain / (effort.spent - before.spent);
    if (gain > 0) gained = improvement.moves;
    yield;
    yield* roundsIfDue(state, improvement, rounds);
  }
  improvement.schedule = yield* sharedAnew(improvement.schedule, state);
  keepMoved(state, improvement);
}

/** What soft moves make is gone on from if it is better. */
function* softTurn({ model, ascent, effort, look }: State, turns: Turns): Generator<void, void> {
  const { improvement } = turns;
  const { schedule, guide, demand, cheapest, draw } = improvement;
  const { bound } = ascent;
  const began = effort.spent;
  const places = nearPlaces(model, guide, demand.surplus, (NEAR * bound) / model.bids);
  effort.spent += look;
  yield;
  const each = SOFT[Math.min(turns.softened++, SOFT.length - 1)] ?? 0;
  const made = yield* soften(schedule, { guide, cheapest, places, bound }, each * model.bids, draw, effort);
  if (made.welfare > schedule.welfare) improvement.schedule = made;
  turns.work = effort.spent - began;
}

/** As much work as the last turn of soft moves. */
function* boxTurn(state: State, turns: Turns): Generator<void, void> {
  const { effort } = state;
  const { improvement } = turns;
  const until = effort.spent + turns.work;
  while (effort.spent < until) {
    yield* shareIfDue(state, improvement, turns.sharing);
    for (let i = 0; i < PORTION; i++) improveOnce(improvement, effort);
    if (improvement.schedule.welfare > state.best.welfare + SMALL_GAIN * Math.abs(state.best.welfare))
      keepMoved(state, improvement);
    yield;
  }
}
