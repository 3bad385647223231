import { type Ascent, ascend, meanLimit } from "./ascent.ts";
import { boundOfCases, type Cases } from "./cases.ts";
import { demandAt, emptyDemand, wholeBound } from "./demand.ts";
import { shareAmongDivisible } from "./divisible-auction.ts";
import { tablesOf } from "./guide.ts";
import { guideImprovement, type Improvement } from "./improve.ts";
import type { Effort } from "./insertion.ts";
import { dropLosers } from "./losers.ts";
import type { Model } from "./model.ts";
import { copySchedule, type Schedule } from "./schedule.ts";

/** How far a search has come, whatever course it takes. */
export interface State {
  readonly model: Model;
  /** Work of one look at the whole book: a round of the price search. */
  readonly look: number;
  readonly ascent: Ascent;
  readonly effort: Effort;
  /** The best so far, in large books but for gains too small to be written down at once. */
  best: Schedule;
  /** In books of few bids. */
  cases: Cases | undefined;
}

/** Rounds of the price search at most, and how many at a time once there are moves. */
const ROUNDS = 400;
const FURTHER = 10;
/**
 * Increment when div bids' cards are shared anew, as a share of the mean limit; the largest book where they are; and how
 * many times the work of the last time goes into moves before the next.
 */
const SHARE = { increment: 1 / 20, bids: 20_000, every: 8 };
/** So many moves without a gain, for each bid, gain nothing more. */
export const PATIENCE = 400;

/** The least upper bound so far, whole mills. */
export function boundOf({ best, ascent, cases }: State): number {
  const byCases = cases ? Math.max(best.welfare, boundOfCases(cases)) : Infinity;
  return wholeBound(Math.min(ascent.bound, byCases));
}

export function isProven(state: State): boolean {
  return state.best.welfare >= boundOf(state);
}

export function keep(state: State, made: Schedule): void {
  if (made.welfare > state.best.welfare) state.best = made;
}

/** Keeps a copy of what moves have come to, if it is better than the best so far; true: it was. */
export function keepMoved(state: State, { schedule }: Improvement): boolean {
  if (schedule.welfare <= state.best.welfare) return false;
  state.best = copySchedule(schedule);
  return true;
}

/** Prices of the least bound, and what is wanted at them. */
export function guideOf({ model, ascent }: State) {
  const guide = tablesOf(model, ascent.best);
  const demand = emptyDemand(model);
  demandAt(model, guide, demand);
  return { guide, demand };
}

/**
 * What div bids hold, shared anew; the schedule as it was where that would gain nothing, in books too large for it, and
 * where cards are not all alike because some may be reclaimed.
 */
export function* sharedAnew(schedule: Schedule, { model, effort }: State): Generator<void, Schedule> {
  if (model.anyReclaimable || model.bids > SHARE.bids) return schedule;
  const shared = copySchedule(schedule);
  yield* shareAmongDivisible(shared, SHARE.increment * meanLimit(model), effort);
  dropLosers(shared);
  return shared.welfare > schedule.welfare ? shared : schedule;
}

/** When div bids' cards are shared anew between moves. */
export interface Sharing {
  next: number;
}

/** Shares them if it is time. */
export function* shareIfDue(state: State, improvement: Improvement, sharing: Sharing): Generator<void, void> {
  const { effort } = state;
  if (effort.spent < sharing.next) return;
  const before = effort.spent;
  improvement.schedule = yield* sharedAnew(improvement.schedule, state);
  sharing.next = effort.spent + SHARE.every * (effort.spent - before);
}

/** When the price search goes on between moves, in units of work. */
export interface RoundsBetween {
  readonly every: number;
  next: number;
}

/** @param looks at the whole book that moves are worth before it goes on */
export function roundsBetween({ effort, look }: State, looks: number): RoundsBetween {
  const every = looks * look;
  return { every, next: effort.spent + every };
}

/** Further rounds of the price search if it is time and there are any left, and moves by what they find. */
export function* roundsIfDue(
  state: State,
  improvement: Improvement,
  rounds: RoundsBetween,
): Generator<void, void> {
  const { model, ascent, effort, look } = state;
  if (ascent.rounds >= ROUNDS || effort.spent < rounds.next) return;
  for (let i = 0; i < FURTHER; i++) {
    ascend(model, ascent);
    effort.spent += look;
    yield;
  }
  const { guide, demand } = guideOf(state);
  guideImprovement(improvement, guide, demand);
  rounds.next = effort.spent + rounds.every;
}
