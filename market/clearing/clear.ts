import { FEW } from "./few-bids.ts";
import type { Book, Result } from "./instance.ts";
import { openSearch, type Warm } from "./search.ts";

/**
 * The budget of work: so many looks at the whole book, with which the search has its prices and a schedule made from
 * them, and so many units for each bid to improve it. Milliseconds for a few bids, some seconds for ten thousand.
 */
const LOOKS = 200;
/** Books of few bids have so much instead of looks, most of it for the proof; nearly all need far less. */
const WORK_FEW = 4_000_000;
const WORK_PER_BID = 10_000;
const WORK_MOST = 4_000_000_000;

/**
 * Clears one auction within a budget of work that the size of its book sets, so that any attempt gives the same result.
 * @throws InvalidBook
 */
export function clear(book: Book, options: { readonly warm?: Warm } = {}): Result {
  const search = openSearch(book, options);
  const bids = book.bids.length;
  const looks = bids <= FEW ? WORK_FEW : LOOKS * search.look;
  search.advance(Math.min(WORK_MOST, looks + WORK_PER_BID * bids));
  return search.best();
}
