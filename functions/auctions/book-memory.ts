import { type AuctionEvent, isAuctionEvent } from "../../events/catalog/auction.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { Database } from "../../events/store/dynamo.ts";
import type { Feed, FeedPage } from "../../events/store/feed.ts";
import type { EventLog } from "../../events/store/log.ts";
import type { BookState } from "../../market/book/book-state.ts";
import { observeAuction } from "../../market/book/observe-auction.ts";
import { observePage } from "../../market/book/observe-page.ts";
import { loadSnapshot, saveSnapshot } from "./book-snapshots.ts";

/**
 * The book as a function of (auctions sealed, feed position). It is folded in one order only: the pages up to the gate
 * of auction k, then the awards of k, then the pages up to the next gate. So it never depends on who folded it when.
 */
export interface BookMemory {
  /**
   * The book after the awards of auctions 1…`auctions`, all of them sealed, and the pages up to `position`.
   * It is changed in place by the next call: use it before that.
   */
  at(auctions: number, position: number): Promise<BookState>;
  /** Auctions that the book in memory has seen: that many exist. */
  known(): number;
  /** Keeps the book of a closed gate for processes that have not followed it. */
  save(auctions: number, position: number): Promise<void>;
}

export interface BookMemoryParts {
  readonly log: EventLog;
  readonly feed: Feed;
  readonly database: Database;
  readonly operationsTable: string;
  readonly clock: { now(): number };
}

/** Pages (256 KB at most) that a process folds in a row before it saves the book on its way; a step has five minutes. */
const savedEvery = 1_000;

/** @param pagesBetween pages folded in a row between two saves on the way */
export function createBookMemory(parts: BookMemoryParts, pagesBetween = savedEvery): BookMemory {
  let memory: BookState | undefined;
  let last: Promise<unknown> = Promise.resolve();
  // One caller at a time, for the book is changed in place.
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const bring = async (auctions: number, position: number) => {
    const near = memory !== undefined && memory.auctions <= auctions && memory.position <= position;
    const book = near && memory !== undefined ? memory : await loadSnapshot(parts, auctions, position);
    // A fold that fails half-way leaves nothing behind.
    memory = undefined;
    let folded = 0;
    // Whoever is cut off before the end goes on from there. Up to a gate that is closed the book is the same for all;
    // the pages after the last one may lie on either side of the next gate, and are not kept.
    const onTheWay = async (pages: number) => {
      folded += pages;
      if (folded < pagesBetween) return;
      await saveSnapshot(parts, book);
      folded = 0;
    };
    for (let n = book.auctions + 1; n <= auctions; n++) await followAuction(parts, book, n, onTheWay);
    await followPages(parts, book, position);
    memory = book;
    return book;
  };
  return {
    at: (auctions, position) => inTurn(() => bring(auctions, position)),
    known: () => memory?.auctions ?? 0,
    save: (auctions, position) => inTurn(async () => saveSnapshot(parts, await bring(auctions, position))),
  };
}

async function followAuction(
  parts: BookMemoryParts,
  book: BookState,
  n: number,
  onTheWay: (pages: number) => Promise<void>,
): Promise<void> {
  const events = await auctionEvents(parts.log, n);
  const closed = events.find((event) => event.type === "GateClosed");
  if (closed === undefined) throw new Error(`auction ${n} has no closed gate`);
  await followPages(parts, book, closed.data.position, onTheWay);
  observeAuction(book, n, events);
}

async function followPages(
  { feed }: BookMemoryParts,
  book: BookState,
  position: number,
  onTheWay?: (pages: number) => Promise<void>,
): Promise<void> {
  while (book.position < position) {
    const pages = await feed.readAfter(book.position, Math.min(16, position - book.position));
    if (pages.length === 0) throw new Error(`the feed has no page ${book.position + 1}`);
    for (const page of pages) observePage(book, seen(page));
    await onTheWay?.(pages.length);
  }
}

function seen({ position, commits }: FeedPage): Parameters<typeof observePage>[1] {
  return { position, commits };
}

async function auctionEvents(log: EventLog, n: number): Promise<AuctionEvent[]> {
  const commits = await log.load(streams.auction(n));
  return commits.flatMap(({ events: all }) => all.flatMap((event) => (isAuctionEvent(event) ? [event] : [])));
}
