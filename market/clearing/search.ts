import { annealCycle } from "./anneal.ts";
import { type Ascent, ascend, beginAscent, meanLimit } from "./ascent.ts";
import { beginCases, boundOfCases, type Cases, divideCases } from "./cases.ts";
import { compileBook } from "./compile-book.ts";
import { construct } from "./construct.ts";
import { demandAt, emptyDemand, wholeBound } from "./demand.ts";
import { shareAmongDivisible } from "./divisible-auction.ts";
import { type Prices, pricesOf, tablesOf } from "./guide.ts";
import { beginImprovement, guideImprovement, type Improvement, improveOnce } from "./improve.ts";
import type { Effort } from "./insertion.ts";
import type { Book, Result } from "./instance.ts";
import { kickOnce } from "./kicks.ts";
import { arrangeLargeGangs, largeGangs } from "./large-gangs.ts";
import { dropLosers } from "./losers.ts";
import { keepMinimumRuns } from "./minimum-run.ts";
import type { Model } from "./model.ts";
import { refineCycle } from "./refine.ts";
import { resultOf } from "./result.ts";
import { copySchedule, emptySchedule, type Schedule } from "./schedule.ts";
import type { Stops } from "./supply.ts";
import { assertBook } from "./validate.ts";

/** Prices of an earlier auction, by the pools and links of this book; rows left out are begun at cost. */
export interface Warm {
  readonly prices: Readonly<Record<string, readonly number[]>>;
  readonly linkPrices: Readonly<Record<string, readonly number[]>>;
}

/** An auction being cleared: a result at any moment, and a better one later. */
export interface Search {
  /** Works on for about so many units; the same whatever the portions. False: nothing is left to do. */
  advance(work: number): boolean;
  /** The best result so far, with prices that hold and its certificate. */
  best(): Result;
  /** Mills, of the best so far; and the least upper bound so far. */
  readonly welfare: number;
  readonly bound: number;
  /** Units of work of one look at the whole book. */
  readonly look: number;
}

/**
 * Schedules that are made anew: rounds of the price search before each, fewer from the prices of an earlier auction, and on
 * what each size of gangs leaves. The first is only to have one soon.
 */
const DIVES: readonly Dive[] = [
  { after: { cold: 3, warm: 3 }, rounds: 0 },
  { after: { cold: 40, warm: 24 }, rounds: 1 },
  { after: { cold: 80, warm: 70 }, rounds: 4 },
];
/** Of a schedule that is being made so much more than before is written down. */
const MUCH_MORE = 1.5;
/** In books of so many bids at most one bid is moved at a time, and the optimum is proven if it can be. */
export const FEW = 200;
/** There a cycle of moves may lose so much, as a share of a mean bid's welfare, and is still gone on from. */
const WORST = 0.6;
/**
 * Where the best is so far below the bound, large gangs are arranged by themselves, so many moves, after so many other moves
 * for each bid; the row for so many bids counts.
 */
const ARRANGED = [
  { least: FEW + 1, most: 299, gap: 0.01, moves: 40 },
  { least: 300, most: 3000, gap: 0.04, moves: 80 },
];
const EARLY = 1;
/** In books of so many bids at most large gangs are kicked; after so many moves for each bid all that is refined. */
const KICKED = 3000;
const REFINED = 5;
const ROUNDS = 400;
/** A gain in a large book, as a share of all welfare, for which the whole schedule is not copied yet. */
const SMALL_GAIN = 0.0002;
/** Bids up to which every gain is copied at once. */
const EVERY_GAIN = 3000;
/**
 * Div bids' cards are shared anew when so many times the work of the last time has gone into moves. Increment: as a share of
 * the mean limit. In larger books moves gain more in that time.
 */
const SHARE = { every: 8, increment: 1 / 20, bids: 20_000 };
/** Of such books: work of the proof for that of the moves, times bids. */
const PROOF = 32;
/** Moves between two looks at the clock, and moves without a gain, for each bid, after which the search ends. */
const MOVES = 64;
const PATIENCE = 400;

/** Share of the work so far that each further clearing for the sake of minimum runs may take. */
const AGAIN = 1 / 4;

/**
 * Clears one auction: who gets which cards where and when, and one price per pool and slot and per link and slot. Pure,
 * without clock or chance, and the same to the byte whatever the order of bids and offers. Ties: rank, then id.
 * Where offers have minimum runs, `best` may have to clear again.
 * @throws InvalidBook
 */
export function openSearch(book: Book, { warm }: { readonly warm?: Warm } = {}): Search {
  assertBook(book);
  const running = begin(compileBook(book), warm);
  const { state } = running;
  const clearAgain = (stops: Stops, last: Result) => {
    const other = begin(compileBook(book, stops), last);
    advance(other, Math.max(100 * other.state.look, state.effort.spent * AGAIN));
    return resultNow(other.state);
  };
  return {
    advance: (units) => advance(running, units),
    best: () => keepMinimumRuns(book, resultNow(state), clearAgain),
    get welfare() {
      return state.best.welfare;
    },
    get bound() {
      return boundOf(state);
    },
    look: state.look,
  };
}

interface Dive {
  readonly after: { readonly cold: number; readonly warm: number };
  readonly rounds: number;
}

interface State {
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

/** The least upper bound so far, whole mills. */
function boundOf({ best, ascent, cases }: State): number {
  const byCases = cases ? Math.max(best.welfare, boundOfCases(cases)) : Infinity;
  return wholeBound(Math.min(ascent.bound, byCases));
}

function resultNow(state: State): Result {
  return resultOf(state.best, { best: state.ascent.best, bound: boundOf(state) });
}

interface Running {
  readonly state: State;
  readonly course: Generator<void, void>;
  ended: boolean;
}

function begin(model: Model, warm?: Warm): Running {
  const state: State = {
    model,
    look: lookWork(model),
    ascent: beginAscent(model, warm && warmPrices(model, warm)),
    effort: { spent: 0 },
    best: emptySchedule(model),
    cases: undefined,
  };
  return { state, course: work(state), ended: false };
}

function advance(running: Running, units: number): boolean {
  const { effort } = running.state;
  const until = effort.spent + units;
  while (!running.ended && effort.spent < until) running.ended = running.course.next().done ?? false;
  return !running.ended;
}

function warmPrices(model: Model, { prices, linkPrices }: Warm): Prices {
  const from = pricesOf(model);
  for (let pool = 0; pool < model.pools; pool++)
    from.cells.set((prices[pool] ?? []).slice(0, model.T), pool * model.T);
  for (let link = 0; link < model.links; link++)
    from.links.set((linkPrices[link] ?? []).slice(0, model.T), link * model.T);
  return from;
}

function* work(state: State): Generator<void, void> {
  const { model, ascent, effort, look } = state;
  for (const dive of DIVES) {
    const { after, rounds } = dive;
    const enough = ascent.warm === undefined ? after.cold : after.warm;
    while (ascent.rounds < enough && !ascent.done) {
      ascend(model, ascent);
      effort.spent += look;
      yield;
    }
    const made = yield* makeSchedule(state, rounds);
    // Whoever just gains nothing trades.
    if (made.welfare >= state.best.welfare) state.best = made;
    yield;
    if (isProven(state)) return;
    if (ascent.done) break;
  }
  if (model.bids <= FEW) {
    yield* anneal(state);
    return;
  }
  const dived = state.best;
  const row = ARRANGED.find(({ least, most }) => model.bids >= least && model.bids <= most);
  let from = dived;
  if (row !== undefined && isFarBelow(state, row.gap)) {
    yield* improve(state, dived, EARLY * model.bids);
    from = isFarBelow(state, row.gap) ? yield* arrange(state, dived, row.moves) : state.best;
  }
  if (model.bids > KICKED) yield* improve(state, from, Infinity);
  else {
    yield* improve(state, from, REFINED * model.bids);
    yield* refine(state);
  }
}

/** Until there is one at all, what has been placed of it so far counts, too, each time that it is worth so much more. */
function* makeSchedule(state: State, rounds: number): Generator<void, Schedule> {
  const first = state.best.welfare === 0;
  const making = construct(state.model, state.ascent.best, state.look, state.effort, { rounds });
  for (;;) {
    const { done, value } = making.next();
    if (done) return value;
    if (first && value.welfare > MUCH_MORE * state.best.welfare) {
      const soFar = copySchedule(value);
      dropLosers(soFar);
      keep(state, soFar);
    }
    yield;
  }
}

function isProven(state: State): boolean {
  return state.best.welfare >= boundOf(state);
}

function keep(state: State, made: Schedule): void {
  if (made.welfare > state.best.welfare) state.best = made;
}

/** Below the bound by more than such a share of it. */
function isFarBelow({ best, ascent: { bound } }: State, gap: number): boolean {
  return bound - best.welfare > gap * bound;
}

/** Moves large gangs; answers with the best schedule of those made so, which need not be the best of all. */
function* arrange(state: State, from: Schedule, moves: number): Generator<void, Schedule> {
  const { ascent, effort, look } = state;
  let arranged = from;
  const limits = { bound: ascent.bound, moves, round: look };
  for (const made of arrangeLargeGangs(from, ascent.best, limits, effort)) {
    if (made) arranged = made;
    if (made) keep(state, made);
    yield;
  }
  return arranged;
}

/** Cells, and starts of all ways. */
function lookWork(model: Model): number {
  let starts = model.capacity.length * 2;
  for (let bid = 0; bid < model.bids; bid++)
    for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++)
      starts += (model.to[bid] ?? 0) - (model.from[bid] ?? 0);
  return starts;
}

function guideOf({ model, ascent }: State) {
  const guide = tablesOf(model, ascent.best);
  const demand = emptyDemand(model);
  demandAt(model, guide, demand);
  return { guide, demand };
}

/**
 * What div bids hold, shared anew; the schedule as it was where that would gain nothing, in books too large for it, and
 * where cards are not all alike because some may be reclaimed.
 */
function* sharedAnew(schedule: Schedule, { model, effort }: State): Generator<void, Schedule> {
  if (model.anyReclaimable || model.bids > SHARE.bids) return schedule;
  const shared = copySchedule(schedule);
  yield* shareAmongDivisible(shared, SHARE.increment * meanLimit(model), effort);
  dropLosers(shared);
  return shared.welfare > schedule.welfare ? shared : schedule;
}

/** Further rounds of the price search, and moves by what they find. */
function* moreRounds(state: State, improvement: Improvement): Generator<void, void> {
  for (let i = 0; i < 10; i++) {
    ascend(state.model, state.ascent);
    state.effort.spent += state.look;
    yield;
  }
  const { guide, demand } = guideOf(state);
  guideImprovement(improvement, guide, demand);
}

/**
 * In books of few bids. A cycle of moves of one bid each begins with one made by force, and is taken back if it lost much;
 * between two cycles the proof goes on, and when the moves gain nothing more it goes on alone.
 */
function* anneal(state: State): Generator<void, void> {
  const { model, ascent, effort, look } = state;
  const { guide, demand } = guideOf(state);
  const improvement = beginImprovement(copySchedule(state.best), guide, demand, ascent.bound);
  improvement.schedule = copySchedule(yield* sharedAnew(improvement.schedule, state));
  const worst = (WORST * ascent.bound) / Math.max(1, model.bids);
  let now = improvement.schedule;
  let gained = 0;
  let nextRounds = effort.spent + 100 * look;
  const note = () => {
    if (improvement.schedule.welfare <= state.best.welfare) return;
    gained = improvement.moves;
    state.best = copySchedule(improvement.schedule);
  };
  const proof = beginProof(state);
  for (let first = true; ; first = false) {
    const before = effort.spent;
    const moving = improvement.moves - gained < PATIENCE * model.bids;
    if (!moving && proof.ended) return;
    if (moving) {
      for (const _ of annealCycle(improvement, first, ascent.bound, effort)) {
        note();
        yield;
      }
      if (first) improvement.schedule = yield* sharedAnew(improvement.schedule, state);
      note();
      if (first || improvement.schedule.welfare >= now.welfare - worst)
        now = copySchedule(improvement.schedule);
      else improvement.schedule = copySchedule(now);
    }
    if (isProven(state)) return;
    proof.due = moving ? proof.due + ((effort.spent - before) * PROOF) / model.bids : 1;
    if (yield* prove(state, proof)) {
      gained = improvement.moves;
      now = copySchedule(state.best);
      improvement.schedule = copySchedule(state.best);
    }
    if (isProven(state)) return;
    if (ascent.rounds >= ROUNDS || effort.spent < nextRounds) continue;
    yield* moreRounds(state, improvement);
    nextRounds = effort.spent + 100 * look;
  }
}

interface Proof {
  readonly course: Iterator<Schedule | undefined, void>;
  /** Work that it may do. */
  due: number;
  ended: boolean;
}

function beginProof(state: State): Proof {
  const { model, ascent, effort, look } = state;
  state.cases = beginCases(model, { prices: ascent.best, bound: ascent.bound, round: look }, effort);
  const course = state.cases && divideCases(state.cases, () => state.best.welfare);
  return { course: course ?? [].values(), due: 0, ended: course === undefined };
}

/** Goes on with the proof while work is due; true: it has found a better schedule. */
function* prove(state: State, proof: Proof): Generator<void, boolean> {
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

/** Cycles of moves, each from the best so far, until the bound is reached or nothing has been gained for long. */
function* refine(state: State): Generator<void, void> {
  const { model, ascent, effort, look } = state;
  const { guide, demand } = guideOf(state);
  const improvement = beginImprovement(copySchedule(state.best), guide, demand, ascent.bound);
  let gained = 0;
  let nextRounds = effort.spent + 40 * look;
  while (!isProven(state) && improvement.moves - gained < PATIENCE * model.bids) {
    for (const _ of refineCycle(improvement, ascent.bound, effort)) {
      if (improvement.schedule.welfare > state.best.welfare) gained = improvement.moves;
      if (improvement.schedule.welfare > state.best.welfare) state.best = copySchedule(improvement.schedule);
      yield;
    }
    improvement.schedule = copySchedule(state.best);
    if (ascent.rounds >= ROUNDS || effort.spent < nextRounds) continue;
    yield* moreRounds(state, improvement);
    nextRounds = effort.spent + 40 * look;
  }
}

/** Moves and rounds of the price search take turns until the bound is reached or nothing has been gained for long. */
function* improve(state: State, from: Schedule, most: number): Generator<void, void> {
  const { model, ascent, effort, look } = state;
  const { guide, demand } = guideOf(state);
  const improvement: Improvement = beginImprovement(copySchedule(from), guide, demand, ascent.bound);
  let nextShare = effort.spent;
  const patience = PATIENCE * model.bids;
  const large = model.bids <= KICKED ? largeGangs(model, ascent.bound) : [];
  const least = model.bids <= EVERY_GAIN ? 0 : SMALL_GAIN;
  let gained = 0;
  let nextRounds = effort.spent + 40 * look;
  while (improvement.moves - gained < patience && improvement.moves < most) {
    if (effort.spent >= nextShare) {
      const before = effort.spent;
      improvement.schedule = yield* sharedAnew(improvement.schedule, state);
      nextShare = effort.spent + SHARE.every * (effort.spent - before);
    }
    if (large.length > 1) kickOnce(improvement, large, effort);
    else for (let i = 0; i < MOVES; i++) improveOnce(improvement, effort);
    const { schedule } = improvement;
    if (schedule.welfare > state.best.welfare) gained = improvement.moves;
    if (schedule.welfare > state.best.welfare + least * Math.abs(state.best.welfare))
      state.best = copySchedule(schedule);
    yield;
    if (schedule.welfare >= wholeBound(ascent.bound)) break;
    if (ascent.rounds >= ROUNDS || effort.spent < nextRounds) continue;
    yield* moreRounds(state, improvement);
    nextRounds = effort.spent + 40 * look;
  }
  if (most < Infinity) return;
  const last = yield* sharedAnew(improvement.schedule, state);
  if (last.welfare > state.best.welfare) state.best = copySchedule(last);
}
