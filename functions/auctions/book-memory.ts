import { gunzipSync, gzipSync } from "node:zlib";
import { type AuctionEvent, isAuctionEvent } from "../../events/catalog/auction.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { Database } from "../../events/store/dynamo.ts";
import type { Feed, FeedPage } from "../../events/store/feed.ts";
import type { EventLog } from "../../events/store/log.ts";
import { type BookState, initialBook } from "../../market/book/book-state.ts";
import { observeAuction } from "../../market/book/observe-auction.ts";
import { observePage } from "../../market/book/observe-page.ts";
import { bookFromSnapshot, snapshotOf } from "../../market/book/snapshot.ts";
import { sortable } from "../../market/views/view.ts";

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

const snapshots = "book";
/** Characters of an item of a snapshot, below DynamoDB's 400 KB. */
const chunkLength = 300_000;
const keptSeconds = 14 * 86_400;

export function createBookMemory(parts: BookMemoryParts): BookMemory {
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
    for (let n = book.auctions + 1; n <= auctions; n++) await followAuction(parts, book, n);
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

async function followAuction(parts: BookMemoryParts, book: BookState, n: number): Promise<void> {
  const events = await auctionEvents(parts.log, n);
  const closed = events.find((event) => event.type === "GateClosed");
  if (closed === undefined) throw new Error(`auction ${n} has no closed gate`);
  await followPages(parts, book, closed.data.position);
  observeAuction(book, n, events);
}

async function followPages({ feed }: BookMemoryParts, book: BookState, position: number): Promise<void> {
  while (book.position < position) {
    const pages = await feed.readAfter(book.position, Math.min(16, position - book.position));
    if (pages.length === 0) throw new Error(`the feed has no page ${book.position + 1}`);
    for (const page of pages) observePage(book, seen(page));
  }
}

function seen({ position, commits }: FeedPage): Parameters<typeof observePage>[1] {
  return { position, commits };
}

async function auctionEvents(log: EventLog, n: number): Promise<AuctionEvent[]> {
  const commits = await log.load(streams.auction(n));
  return commits.flatMap(({ events: all }) => all.flatMap((event) => (isAuctionEvent(event) ? [event] : [])));
}

async function saveSnapshot(parts: BookMemoryParts, book: BookState): Promise<void> {
  const { database, operationsTable, clock } = parts;
  const text = gzipSync(snapshotOf(book)).toString("base64");
  const chunks = Math.ceil(text.length / chunkLength);
  const expiresAt = Math.floor(clock.now() / 1000) + keptSeconds;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const body = text.slice(chunk * chunkLength, (chunk + 1) * chunkLength);
    const key = { pk: `${snapshots}#${book.auctions}#${book.position}`, sk: sortable(chunk) };
    await database.put(operationsTable, { ...key, body, expiresAt });
  }
  const index = { pk: snapshots, sk: sortable(book.auctions), position: book.position, chunks, expiresAt };
  await database.put(operationsTable, index);
}

/** The newest snapshot that lies before both; the empty book without one. */
async function loadSnapshot(parts: BookMemoryParts, auctions: number, position: number): Promise<BookState> {
  const { database, operationsTable } = parts;
  const range = { pk: snapshots, before: sortable(auctions + 1), descending: true, limit: 8 };
  for (const item of await database.query(operationsTable, range)) {
    const { position: at } = item;
    if (typeof at !== "number" || at > position) continue;
    const chunks = await database.query(operationsTable, { pk: `${snapshots}#${Number(item.sk)}#${at}` });
    const text = chunks.map(({ body }) => body).join("");
    // A snapshot whose chunks have expired in part is none.
    if (chunks.length !== item.chunks) continue;
    return bookFromSnapshot(gunzipSync(Buffer.from(text, "base64")).toString("utf8"));
  }
  return initialBook();
}
