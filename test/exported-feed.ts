import { createFeed, type FeedPage } from "../events/store/feed.ts";
import { testTables } from "./dynalite.ts";
import type { InMemoryExchange } from "./exchange-in-memory.ts";

/** All pages of an exchange's feed, as exports read them. */
export async function exportedFeed({ database }: InMemoryExchange): Promise<FeedPage[]> {
  const feed = createFeed(database, testTables.feed);
  const all: FeedPage[] = [];
  for (;;) {
    const more = await feed.readAfter(all.length);
    if (more.length === 0) return all;
    all.push(...more);
  }
}
