import { beforeEach, expect, test } from "vitest";
import { offerCommit } from "../../test/commits.ts";
import { createTables, testTables } from "../../test/dynalite.ts";
import { createCheckpoints } from "./checkpoint.ts";
import type { Database } from "./dynamo.ts";
import { createFeed } from "./feed.ts";
import { createEventLog } from "./log.ts";
import { createMarks } from "./marks.ts";
import { createMemoryDatabase } from "./memory-database.ts";
import { type BusAnswer, type BusEntry, createPublisher, maxEntryBytes, PublishFailed } from "./publisher.ts";
import { createRelay } from "./relay.ts";

let database: Database;
beforeEach(async () => {
  database = createMemoryDatabase();
  await createTables(database);
});

/** A bus that keeps what it took, and refuses what `refuses` says. */
function busOf(refuses: (entry: BusEntry, call: number) => boolean = () => false) {
  const taken: BusEntry[] = [];
  const calls: (readonly BusEntry[])[] = [];
  const putEvents = async (entries: readonly BusEntry[]): Promise<BusAnswer> => {
    calls.push(entries);
    const refused = entries.map((entry) => refuses(entry, calls.length));
    taken.push(...entries.filter((_, n) => refused[n] === false));
    return {
      FailedEntryCount: refused.filter(Boolean).length,
      Entries: refused.map((failed) => (failed ? { ErrorCode: "ThrottlingException" } : {})),
    };
  };
  return { taken, calls, putEvents };
}

function publisherOf({ putEvents }: Pick<ReturnType<typeof busOf>, "putEvents">, random = () => 0) {
  const feed = createFeed(database, testTables.feed);
  const checkpoints = createCheckpoints(database, testTables.marks);
  return createPublisher({ feed, checkpoints, putEvents, eventBus: "market", random });
}

async function append(...commits: ReturnType<typeof offerCommit>[]): Promise<void> {
  const log = createEventLog(database, testTables.log);
  for (const commit of commits) await log.append(commit);
  const feed = createFeed(database, testTables.feed);
  await createRelay({ log, feed, marks: createMarks(database, testTables.marks), random: () => 0 }).drain(
    commits.map(({ stream }) => stream),
  );
}

const ids = (entries: readonly BusEntry[]) => entries.map(({ Detail }) => JSON.parse(Detail).id).sort();

test("every event of the feed goes out as a CloudEvent, ten to a call, and once", async () => {
  await append(offerCommit("offer-a", 1, 25), offerCommit("offer-b", 1));
  const bus = busOf();
  const publisher = publisherOf(bus);
  expect(await publisher.publish()).toBe(1);
  expect(ids(bus.taken)).toEqual(
    [...Array.from({ length: 25 }, (_, n) => `offer-a@${n + 1}`), "offer-b@1"].sort(),
  );
  expect(bus.calls.map((call) => call.length)).toEqual([10, 10, 6]);
  const one = bus.taken.find(({ Detail }) => JSON.parse(Detail).id === "offer-b@1");
  expect(one).toMatchObject({ Source: "suanwang", DetailType: "OfferWithdrawn", EventBusName: "market" });
  expect(JSON.parse(one?.Detail ?? "")).toEqual({
    specversion: "1.0",
    id: "offer-b@1",
    source: "/suanwang",
    type: "suanwang.OfferWithdrawn.v1",
    subject: "offer-b",
    time: "2026-01-05T00:00:00.000Z",
    datacontenttype: "application/json",
    stream: "offer-b",
    version: 1,
    commandid: "offer-b@1",
    causationid: "request-1",
    correlationid: "request-1",
    actor: "center:owner-1",
    data: { offer: "b" },
  });
  expect(await publisher.publish()).toBe(1);
  expect(bus.taken).toHaveLength(26);
});

test("another process publishes the last pages again, sixteen of them at most, and none before", async () => {
  const published = async (bus = busOf()) => {
    await publisherOf(bus).publish();
    return ids(bus.taken);
  };
  for (let n = 1; n <= 40; n++) {
    await append(offerCommit("offer-a", n));
    const again = await published();
    expect(again.length).toBeLessThanOrEqual(16);
    expect(again).toEqual(Array.from({ length: again.length }, (_, k) => `offer-a@${n - k}`).sort());
  }
});

test("entries that fail go again alone; if they keep failing, their page comes again", async () => {
  await append(offerCommit("offer-a", 1, 5));
  const second = (entry: BusEntry) => JSON.parse(entry.Detail).id === "offer-a@2";
  let down = false;
  const flaky = busOf((entry, call) => down || (call < 3 && second(entry)));
  let pauses = 0;
  const publisher = publisherOf(flaky, () => {
    pauses += 1;
    return 0;
  });
  await publisher.publish();
  expect(flaky.calls.map((call) => call.length)).toEqual([5, 1, 1]);
  expect(pauses).toBe(2);
  expect(ids(flaky.taken)).toEqual(["offer-a@1", "offer-a@2", "offer-a@3", "offer-a@4", "offer-a@5"]);

  await append(offerCommit("offer-b", 1));
  down = true;
  await expect(publisher.publish()).rejects.toBeInstanceOf(PublishFailed);
  down = false;
  expect(await publisher.publish()).toBe(2);
  expect(ids(flaky.taken)).toContain("offer-b@1");
});

test("an event too large for the bus goes by stream and version", async () => {
  const fill = { center: "xian", product: "ascend910b", from: 1, to: 2, cards: 1, price: 1 };
  const price = { center: "xian", product: "ascend910b", from: 1, to: 2, price: 1, sold: 1 };
  const award = { placement: "j1.1", job: "j1", auction: 1, stretch: 1, continues: false, from: 1, to: 2 };
  await append({
    ...offerCommit("auction-1", 1),
    events: [
      {
        type: "AwardsPublished",
        v: 1,
        data: {
          auction: 1,
          page: 0,
          awards: [{ ...award, fills: [fill], links: [], value: "1" }],
          prices: Array.from({ length: 900 }, () => price),
          linkPrices: [],
        },
      },
    ],
  });
  const bus = busOf();
  await publisherOf(bus).publish();
  expect(bus.taken).toHaveLength(1);
  const detail = JSON.parse(bus.taken[0]?.Detail ?? "");
  expect(detail).toMatchObject({ stream: "auction-1", version: 1, type: "suanwang.AwardsPublished.v1" });
  expect(detail).not.toHaveProperty("data");
  for (const entry of bus.taken) expect(Buffer.byteLength(entry.Detail)).toBeLessThanOrEqual(maxEntryBytes);
});

test("wake-ups that come while it publishes share the next run", async () => {
  await append(offerCommit("offer-a", 1, 3));
  const bus = busOf();
  const publisher = publisherOf(bus);
  expect(await Promise.all([publisher.publish(), publisher.publish(), publisher.publish()])).toEqual([
    1, 1, 1,
  ]);
  expect(bus.taken).toHaveLength(3);
});

test("a checkpoint moves forward only", async () => {
  const checkpoints = createCheckpoints(database, testTables.marks);
  expect(await checkpoints.get("views")).toBe(0);
  expect(await checkpoints.advance("views", 7)).toBe(true);
  expect(await checkpoints.advance("views", 7)).toBe(false);
  expect(await checkpoints.advance("views", 5)).toBe(false);
  expect(await checkpoints.get("views")).toBe(7);
  expect(await checkpoints.get("others")).toBe(0);
});
