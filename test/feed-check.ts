import { expect } from "vitest";
import { type FeedHead, genesis, maxPageBytes, verifyChain } from "../events/store/chain.ts";
import type { Database } from "../events/store/dynamo.ts";
import { createFeed } from "../events/store/feed.ts";
import { createEventLog } from "../events/store/log.ts";
import type { ParsedCommit } from "../events/upcasts.ts";
import { testTables } from "./dynalite.ts";

/**
 * Holds the feed against the log: every commit of the log is in the feed exactly once and in version order, nothing
 * else is, and the chain verifies. Gives the number of commits.
 */
export async function expectFeedToMatchLog(database: Database): Promise<number> {
  const log = createEventLog(database, testTables.log);
  const expected = new Map<string, ParsedCommit[]>();
  for await (const versions of log.scanVersions())
    for (const stream of versions.keys()) expected.set(stream, await log.load(stream));
  const { commits, head } = await readFeed(database);
  const found = Map.groupBy(commits, ({ stream }) => stream);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(await createFeed(database, testTables.feed).head()).toEqual(head);
  return commits.length;
}

async function readFeed(database: Database): Promise<{ commits: ParsedCommit[]; head: FeedHead }> {
  const feed = createFeed(database, testTables.feed);
  const commits: ParsedCommit[] = [];
  let head = genesis;
  for (;;) {
    const pages = await feed.readAfter(head.position, 5);
    const check = verifyChain(pages, head);
    if (!check.ok) throw new Error(`page ${check.position}: ${check.fault}`);
    for (const page of pages) {
      expect(Buffer.byteLength(page.bytes)).toBeLessThanOrEqual(maxPageBytes);
      expect(page.commits.length).toBeGreaterThan(0);
      commits.push(...page.commits);
    }
    if (pages.length === 0) return { commits, head };
    head = check.head;
  }
}
