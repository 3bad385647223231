import { ascend, beginAscent } from "./ascent.ts";
import { compileBook } from "./compile-book.ts";
import { construct, type Plan } from "./construct.ts";
import { FEW, searchFewBids } from "./few-bids.ts";
import { type Prices, pricesOf } from "./guide.ts";
import { beginImprovement, improveOnce } from "./improve.ts";
import type { Book, Result } from "./instance.ts";
import { kickOnce } from "./kicks.ts";
import { arrangeLargeGangs, largeGangs, placesHeld, worthOf } from "./large-gangs.ts";
import { dropLosers } from "./losers.ts";
import { keepMinimumRuns } from "./minimum-run.ts";
import type { Model } from "./model.ts";
import { refineAbout, refineCycle } from "./refine.ts";
import { resultOf } from "./result.ts";
import { copySchedule, emptySchedule, type Place, type Schedule } from "./schedule.ts";
import {
  boundOf,
  guideOf,
  isProven,
  keep,
  keepMoved,
  PATIENCE,
  roundsBetween,
  roundsIfDue,
  type State,
  shareIfDue,
} from "./search-state.ts";
import type { Stops } from "./supply.ts";
import { takeTurns } from "./turns.ts";
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
/**
 * Where the best is so far below the bound and large gangs together are worth so much of it, which of them win decides: they
 * are arranged by themselves, so many moves, after so many other moves for each bid.
 */
const ARRANGED = { gap: 0.02, worth: 3 / 4, moves: 100, after: 1 };
/** A round of the price search on what they leave takes about as long as moves that look at so much of a whole look. */
const ARRANGED_ROUND = 1 / 4;
/** In books of so many bids at most large gangs are kicked, and schedules refined. */
const KICKED = 3000;
/** What is refined begins as a schedule for which so many gangs are placed one by one. */
const SINGLY = { rounds: 4, singly: 100 };
/** One in so many cycles of refining is about the whole book; where gangs are large, all others are about one gang each. */
const ABOUT = 32;
/** Looks at the whole book that moves are worth before the price search goes on: once schedules are refined prices change little. */
const LOOKS = { improving: 40, refining: 100 };
/** Moves between two looks at the clock. */
const MOVES = 64;
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
    const made = yield* makeSchedule(state, { rounds });
    // Whoever just gains nothing trades.
    if (made.welfare >= state.best.welfare) state.best = made;
    yield;
    if (isProven(state)) return;
    if (ascent.done) break;
  }
  if (model.bids <= FEW) {
    yield* searchFewBids(state);
    return;
  }
  const dived = state.best;
  let places = new Map<number, Place>();
  if (model.bids <= KICKED && largeGangsDecide(state)) {
    yield* improve(state, dived, ARRANGED.after * model.bids);
    if (isFarBelow(state)) places = placesHeld(yield* arrange(state, dived), largeGangs(model, ascent.bound));
  }
  if (model.bids > KICKED) yield* takeTurns(state, dived);
  else yield* refine(state, yield* makeSchedule(state, { ...SINGLY, places }));
}

/** Until there is one at all, what has been placed of it so far counts, too, each time that it is worth so much more. */
function* makeSchedule(state: State, plan: Plan): Generator<void, Schedule> {
  const first = state.best.welfare === 0;
  const making = construct(state.model, state.ascent.best, state.look, state.effort, plan);
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

function largeGangsDecide(state: State): boolean {
  const { model, ascent } = state;
  return isFarBelow(state) && worthOf(model, largeGangs(model, ascent.bound)) > ARRANGED.worth * ascent.bound;
}

function isFarBelow({ best, ascent: { bound } }: State): boolean {
  return bound - best.welfare > ARRANGED.gap * bound;
}

/** Moves large gangs; answers with the best schedule of those made so, which need not be the best of all. */
function* arrange(state: State, from: Schedule): Generator<void, Schedule> {
  const { ascent, effort, look } = state;
  let arranged = from;
  const limits = { bound: ascent.bound, moves: ARRANGED.moves, round: ARRANGED_ROUND * look };
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

/**
 * Cycles of moves, the first from a schedule, all others from the best so far, until the bound is reached or nothing has
 * been gained for long.
 */
function* refine(state: State, from: Schedule): Generator<void, void> {
  const { model, ascent, effort } = state;
  const { guide, demand } = guideOf(state);
  keep(state, from);
  const improvement = beginImprovement(copySchedule(from), guide, demand, ascent.bound);
  const large = largeGangs(model, ascent.bound);
  let gained = 0;
  const note = () => {
    if (keepMoved(state, improvement)) gained = improvement.moves;
  };
  const rounds = roundsBetween(state, LOOKS.refining);
  for (let cycle = 0; !isProven(state) && improvement.moves - gained < PATIENCE * model.bids; cycle++) {
    const about = large.length > 1 && cycle % ABOUT !== 0;
    const moves = about
      ? refineAbout(improvement, large, ascent.bound, effort)
      : refineCycle(improvement, ascent.bound, effort);
    for (const _ of moves) {
      note();
      yield;
    }
    note();
    yield;
    improvement.schedule = copySchedule(state.best);
    yield* roundsIfDue(state, improvement, rounds);
  }
}

/** So many moves, with rounds of the price search in between; fewer if the bound is reached. */
function* improve(state: State, from: Schedule, moves: number): Generator<void, void> {
  const { model, ascent, effort } = state;
  const { guide, demand } = guideOf(state);
  const improvement = beginImprovement(copySchedule(from), guide, demand, ascent.bound);
  const sharing = { next: effort.spent };
  const large = largeGangs(model, ascent.bound);
  const rounds = roundsBetween(state, LOOKS.improving);
  while (!isProven(state) && improvement.moves < moves) {
    yield* shareIfDue(state, improvement, sharing);
    if (large.length > 1) kickOnce(improvement, large, effort);
    else for (let i = 0; i < MOVES; i++) improveOnce(improvement, effort);
    keepMoved(state, improvement);
    yield;
    yield* roundsIfDue(state, improvement, rounds);
  }
}
