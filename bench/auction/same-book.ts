import type { Caller } from "../../agent/client.ts";
import { type AuctionEvent, isAuctionEvent } from "../../events/catalog/auction.ts";
import { type FeedPage, parsePage } from "../../events/store/feed.ts";
import { operations } from "../../functions/contract/operations.ts";
import { type BookState, initialBook } from "../../market/book/book-state.ts";
import { type Instance, instanceAt } from "../../market/book/instance.ts";
import { observeAuction } from "../../market/book/observe-auction.ts";
import { observePage } from "../../market/book/observe-page.ts";
import { clear } from "../../market/clearing/clear.ts";

/** Seconds that the engine alone takes for the very book of an auction, which is made again from the feed. */
export async function solveAlone(finance: Caller, auction: number): Promise<number> {
  const { book } = bookOf(await allPages(finance), auction);
  const began = performance.now();
  clear(book);
  return (performance.now() - began) / 1000;
}

async function allPages(finance: Caller): Promise<FeedPage[]> {
  const pages: FeedPage[] = [];
  for (;;) {
    const answer = await finance.call(operations.readFeed, { query: { after: pages.length, limit: 16 } });
    pages.push(...answer.pages.map(({ position, text }) => parsePage({ position, bytes: text })));
    if (answer.pages.length === 0 || pages.length >= answer.head) return pages;
  }
}

/** Pages up to a gate, then its awards, then the pages up to the next one: the only order of folding. */
function bookOf(pages: readonly FeedPage[], auction: number): Instance {
  const eventsOf = new Map<number, AuctionEvent[]>();
  for (const event of pages.flatMap(({ commits }) => commits.flatMap(({ events }) => events)))
    if (isAuctionEvent(event))
      eventsOf.set(event.data.auction, [...(eventsOf.get(event.data.auction) ?? []), event]);
  const book = initialBook();
  for (let n = 1; ; n++) {
    const events = eventsOf.get(n) ?? [];
    const closed = events.find((event) => event.type === "GateClosed");
    if (closed === undefined) throw new Error(`the feed has no gate of auction ${n}`);
    follow(book, pages, closed.data.position);
    if (n === auction) return instanceAt(book, closed.data);
    observeAuction(book, n, events);
  }
}

function follow(book: BookState, pages: readonly FeedPage[], position: number): void {
  for (const page of pages.slice(book.position, position)) observePage(book, page);
}
