import { FEW } from "./few-bids.ts";
import type { Book, Result } from "./instance.ts";
import { openSearch, type Warm } from "./search.ts";

/**
 * The budget of work: so many looks at the whole book, with which the search has its prices and a schedule made from
 * them, and so many units for each bid to improve it. Milliseconds for a few bids, a second for a thousand, some seconds
 * for ten thousand.
 */
const LOOKS = 200;
/** Books of few bids have so much instead of looks, most of it for the proof; nearly all need far less. */
const WORK_FEW = 4_000_000;
const WORK_PER_BID = 10_000;
/** Larger books have three times as much for each bid up to so much in all: they gain by it as long as a second is enough. */
const WORK_MIDDLING = 90_000_000;
const WORK_MOST = 4_000_000_000;

/**
 * Clears one auction within a budget of work that the size of its book sets, so that any attempt gives the same result.
 * @throws InvalidBook
 */
export function clear(book: Book, options: { readonly warm?: Warm } = {}): Result {
  const search = openSearch(book, options);
  search.advance(Math.min(WORK_MOST, workOf(book.bids.length, search.look)));
  return search.best();
}

function workOf(bids: number, look: number): number {
  const each = WORK_PER_BID * bids;
  if (bids <= FEW) return WORK_FEW + each;
  return LOOKS * look + Math.max(each, Math.min(3 * each, WORK_MIDDLING));
}
