import type { Book, Result } from "../../market/clearing/instance.ts";
import { openSearch, type Search, type Warm } from "../../market/clearing/search.ts";

/** What a search had reached after so many seconds and units of work. Bound: Infinity before the first one. */
export interface Moment {
  readonly seconds: number;
  readonly work: number;
  readonly welfare: number;
  readonly bound: number;
}

export interface Timed {
  readonly result: Result;
  /** From the open book to the result in hand. */
  readonly seconds: number;
  readonly work: number;
  readonly moments: readonly Moment[];
}

export interface Limits {
  readonly seconds: number;
  /** Seconds that pass; a test brings its own. */
  readonly now?: () => number;
  readonly warm?: Warm;
  /** Another search than the engine's; a test brings one. */
  readonly open?: typeof openSearch;
}

const FIRST_PORTION = 1_000;
/**
 * A portion is to take so much of the limit, so that the clock is seldom read, and no more than a part of what is left.
 * Of the limit so little is not worth a portion.
 */
const SHARE = 1 / 50;
const OF_ROOM = 1 / 4;
const WORTHLESS = 1 / 500;
/**
 * Kept back for writing down the best result: that takes about as long as reading the book does, as a share of the limit,
 * and the first time some ms more, for its code has not been run before. `spread`: beyond what it took when it was tried.
 */
const RESERVE = { least: 0.01, most: 0.1, first: 0.02, firstShare: 0.08, spread: 0.02 };

/**
 * Searches in portions until the deadline, or until nothing is left to do. The search does not know the clock, and what
 * it does follows from the work alone; how much of it fits before the deadline depends on the machine.
 */
export function searchUntil(
  book: Book,
  { seconds: limit, now = wallClock, warm, open = openSearch }: Limits,
): Timed {
  const began = now();
  const search = open(book, warm === undefined ? {} : { warm });
  const opened = now() - began;
  const share = Math.min(RESERVE.most, Math.max(RESERVE.least, opened / limit));
  let reserve = limit * share + Math.min(RESERVE.first, limit * RESERVE.firstShare);
  let tried = false;
  const moments: Moment[] = [];
  let work = 0;
  let portion = FIRST_PORTION;
  let last = 0;
  // Units a second: some phases take many times as long for a unit as others.
  let slowest = Infinity;
  for (;;) {
    if (!tried && now() - began > limit / 2) {
      // How long writing down takes is seen by doing it once.
      tried = true;
      const from = now();
      search.best();
      reserve = Math.max(reserve, 1.3 * (now() - from) + limit * RESERVE.spread);
    }
    const before = now() - began;
    const room = limit - reserve - before;
    if (room <= Math.max(last, limit * WORTHLESS)) break;
    const goesOn = search.advance(portion);
    work += portion;
    const seconds = now() - began;
    last = seconds - before;
    moments.push(momentOf(search, seconds, work));
    if (!goesOn) break;
    slowest = Math.min(slowest, portion / last);
    const left = room - last;
    portion = nextPortion(portion, last, Math.min(limit * SHARE, left * OF_ROOM), slowest * left);
  }
  const result = search.best();
  const seconds = now() - began;
  moments.push({ seconds, work, welfare: result.welfare, bound: result.bound });
  return { result, seconds, work, moments };
}

const wallClock = () => performance.now() / 1000;

function momentOf({ welfare, bound }: Search, seconds: number, work: number): Moment {
  return { seconds, work, welfare, bound };
}

/** As much as fits into the time at the speed of the last portion, though no more than four times as much, nor than `most`. */
function nextPortion(portion: number, took: number, time: number, most: number): number {
  const fits = took > 0 ? (portion * Math.max(0, time)) / took : Infinity;
  return Math.max(1, Math.floor(Math.min(portion * 4, fits, most)));
}

/** (bound - welfare) / bound; 0 of an empty auction, 1 while there is no bound. */
export function gapOf({ welfare, bound }: { readonly welfare: number; readonly bound: number }): number {
  if (bound <= 0) return 0;
  return Number.isFinite(bound) ? (bound - welfare) / bound : 1;
}

/** The first moment at which the gap was so small; undefined if never. */
export function firstWithin(moments: readonly Moment[], gap: number): Moment | undefined {
  return moments.find((moment) => gapOf(moment) <= gap);
}
