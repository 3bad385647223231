import { clear } from "./clear.ts";
import type { Book, Result } from "./instance.ts";
import { assertBook } from "./validate.ts";

/** Prices of the last auction of the same session. */
export interface Warm {
  readonly prices: Readonly<Record<string, readonly number[]>>;
  readonly linkPrices: Readonly<Record<string, readonly number[]>>;
}

export interface Search {
  /** Works on for about so many units; deterministic, the same whatever the portions. False: nothing is left to do. */
  advance(work: number): boolean;
  /** The best result so far, with prices that hold and its certificate (`Result.bound`). */
  best(): Result;
  /** Mills; of the best so far, and the least upper bound so far. Cheap to read. */
  readonly welfare: number;
  readonly bound: number;
}

/** The engine in one step: all of the work is done by the first portion. Throws `InvalidBook`. */
export function openSearch(book: Book, _options: { readonly warm?: Warm } = {}): Search {
  assertBook(book);
  let result: Result | null = null;
  const cleared = () => {
    result ??= clear(book);
    return result;
  };
  return {
    advance() {
      cleared();
      return false;
    },
    best: cleared,
    get welfare() {
      return result?.welfare ?? 0;
    },
    get bound() {
      return result?.bound ?? Infinity;
    },
  };
}
