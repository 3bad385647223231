import { afterAll, beforeAll, expect, test } from "vitest";
import { startDynalite, type TestDatabase, testTables } from "../../test/dynalite.ts";
import { verifyChain } from "./chain.ts";
import { createFeed } from "./feed.ts";
import { createEventLog } from "./log.ts";
import { createMarks } from "./marks.ts";
import { createRelay } from "./relay.ts";

let engine: TestDatabase;
beforeAll(async () => {
  engine = await startDynalite();
});
afterAll(() => engine.stop());

const commit = (stream: string, version: number) => ({
  stream,
  version,
  commandId: `${stream}-${version}`,
  time: "2026-01-01T00:00:00Z",
  actor: "test",
  causationId: "c",
  correlationId: "c",
  events: [{ type: "OfferWithdrawn", v: 1, data: { offer: "o1" } }],
});

test("a commit appended to the log arrives in the feed once", async () => {
  const log = createEventLog(engine.database, testTables.log);
  const feed = createFeed(engine.database, testTables.feed);
  const marks = createMarks(engine.database, testTables.marks);
  const relay = createRelay({ log, feed, marks });
  expect(await log.append(commit("offer-a", 1))).toBe("appended");
  expect(await log.append(commit("offer-a", 1))).toBe("conflict");
  expect(await log.append(commit("offer-a", 2))).toBe("appended");
  expect(await log.append(commit("offer-b", 1))).toBe("appended");
  expect(await relay.drain(["offer-a", "offer-a"])).toBe(2);
  expect(await relay.drain(["offer-a"])).toBe(0);
  expect(await createRelay({ log, feed, marks }).scan()).toBe(1);
  expect(await relay.scan()).toBe(0);
  const pages = await feed.readAfter(0);
  expect(pages.map((page) => page.commits.map(({ commandId }) => commandId))).toEqual([
    ["offer-a-1", "offer-a-2"],
    ["offer-b-1"],
  ]);
  expect(verifyChain(pages)).toEqual({ ok: true, head: await feed.head() });
});
