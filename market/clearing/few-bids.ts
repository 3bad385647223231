import { annealCycle } from "./anneal.ts";
import { beginCases, divideCases, FIRST_CASE } from "./cases.ts";
import { beginImprovement, type Improvement } from "./improve.ts";
import { copySchedule, type Schedule } from "./schedule.ts";
import {
  guideOf,
  isProven,
  keep,
  keepMoved,
  PATIENCE,
  roundsBetween,
  roundsIfDue,
  type State,
  sharedAnew,
} from "./search-state.ts";

// The course of a search in a book of few bids, where which gangs share a pool decides most: moves of one bid each find
// good schedules, and a proof by cases says that there is none better.

/** In books of so many bids at most one bid is moved at a time, and the optimum is proven if it can be. */
export const FEW = 200;
/** A cycle of moves may lose so much, as a share of a mean bid's welfare, and is still gone on from. */
const WORST = 0.6;
/** Work of the proof for that of the moves, times bids. */
const PROOF = 32;
/** Looks at the whole book that moves and proof are worth before the price search goes on. */
const LOOKS = 100;

interface Moves {
  readonly improvement: Improvement;
  /** What the next cycle begins with. */
  from: Schedule;
  cycles: number;
  /** The moves that had been made when the best became better. */
  gained: number;
}

interface Proof {
  readonly course: Iterator<Schedule | undefined, void>;
  /** Work that it may do. */
  due: number;
  ended: boolean;
}

/** Moves and proof take turns; when moves gain nothing more the proof goes on alone, until it has nothing left either. */
export function* searchFewBids(state: State): Generator<void, void> {
  const { model, effort } = state;
  const moves = yield* beginMoves(state);
  const proof = beginProof(state);
  const rounds = roundsBetween(state, LOOKS);
  for (;;) {
    const moving = moves.improvement.moves - moves.gained < PATIENCE * model.bids;
    if (!moving && proof.ended) return;
    const before = effort.spent;
    if (moving) yield* moveOn(state, moves);
    if (isProven(state)) return;
    proof.due = moving ? proof.due + ((effort.spent - before) * PROOF) / model.bids : 1;
    if (yield* proveOn(state, proof)) moveFromBest(state, moves);
    if (isProven(state)) return;
    yield* roundsIfDue(state, moves.improvement, rounds);
  }
}

function* beginMoves(state: State): Generator<void, Moves> {
  const { guide, demand } = guideOf(state);
  const improvement = beginImprovement(copySchedule(state.best), guide, demand, state.ascent.bound);
  improvement.schedule = copySchedule(yield* sharedAnew(improvement.schedule, state));
  return { improvement, from: state.best, cycles: 0, gained: 0 };
}

/** A cycle of moves; taken back if it lost much. The first, which is the longest, is kept whatever it lost. */
function* moveOn(state: State, moves: Moves): Generator<void, void> {
  const { model, ascent, effort } = state;
  const { improvement } = moves;
  const first = moves.cycles++ === 0;
  for (const _ of annealCycle(improvement, first, ascent.bound, effort)) {
    noteGain(state, moves);
    yield;
  }
  if (first) improvement.schedule = yield* sharedAnew(improvement.schedule, state);
  noteGain(state, moves);
  const worst = (WORST * ascent.bound) / model.bids;
  if (first || improvement.schedule.welfare >= moves.from.welfare - worst)
    moves.from = copySchedule(improvement.schedule);
  else improvement.schedule = copySchedule(moves.from);
}

function noteGain(state: State, moves: Moves): void {
  if (keepMoved(state, moves.improvement)) moves.gained = moves.improvement.moves;
}

function moveFromBest({ best }: State, moves: Moves): void {
  moves.gained = moves.improvement.moves;
  moves.from = copySchedule(best);
  moves.improvement.schedule = copySchedule(best);
}

function beginProof(state: State): Proof {
  const { model, ascent, effort, look } = state;
  state.cases = beginCases(model, { prices: ascent.best, bound: ascent.bound, round: look }, effort);
  const course = state.cases && divideCases(state.cases, () => state.best.welfare);
  // Where it has less work than the moves it waits until that is worth its first case: they find a good schedule sooner.
  const due = model.bids > PROOF ? -FIRST_CASE * look : 0;
  return { course: course ?? [].values(), due, ended: course === undefined };
}

/** Goes on with the proof while work is due; true: it has found a better schedule. */
function* proveOn(state: State, proof: Proof): Generator<void, boolean> {
  const { effort } = state;
  const best = state.best;
  while (proof.due > 0 && !proof.ended) {
    const before = effort.spent;
    const { done, value } = proof.course.next();
    if (done) proof.ended = true;
    else if (value) keep(state, yield* sharedAnew(value, state));
    proof.due -= effort.spent - before;
    yield;
  }
  return state.best !== best;
}
