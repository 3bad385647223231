import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { offerCommit } from "../../test/commits.ts";
import { createTables, startDynalite, type TestDatabase, testTables } from "../../test/dynalite.ts";
import { expectFeedToMatchLog } from "../../test/feed-check.ts";
import { Crashed, unsafeDatabase } from "../../test/unsafe-database.ts";
import type { Database } from "./dynamo.ts";
import { createFeed } from "./feed.ts";
import { createEventLog } from "./log.ts";
import { createMarks } from "./marks.ts";
import { createMemoryDatabase } from "./memory-database.ts";
import { createRelay, type Relay } from "./relay.ts";

const streams = ["offer-a", "offer-b", "offer-c", "offer-d"] as const;

/** A relay of small pages and a short memory, which meets in a few commits what a large one meets in thousands. */
function smallRelayOn(database: Database): Relay {
  return createRelay({
    ...partsOn(database),
    random: () => 0,
    inFlight: 3,
    pageSize: 1_000,
    knownStreams: 1,
  });
}

function relayOn(database: Database): Relay {
  return createRelay({ ...partsOn(database), random: () => 0 });
}

function partsOn(database: Database) {
  return {
    log: createEventLog(database, testTables.log),
    feed: createFeed(database, testTables.feed),
    marks: createMarks(database, testTables.marks),
  };
}

/** Appends one commit after the other to a stream that others append to as well. */
async function write(database: Database, stream: string, sizes: readonly number[]): Promise<void> {
  const log = createEventLog(database, testTables.log);
  for (const [n, size] of sizes.entries()) {
    let result = "conflict";
    while (result === "conflict") {
      const version = (await log.load(stream)).reduce((end, { events }) => end + events.length, 0) + 1;
      result = await log.append(offerCommit(stream, version, size, `${stream}-${n}-${version}`));
    }
  }
}

/** A client that a crash ended is gone; every other failure fails the test. */
async function untilCrash(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Crashed)) throw error;
  }
}

const crash = fc.option(fc.record({ call: fc.integer({ min: 1, max: 40 }), effective: fc.boolean() }), {
  nil: undefined,
});
const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const race = fc.record({
  writers: fc.array(fc.record({ stream: fc.constantFrom(...streams), sizes, crash }), {
    minLength: 1,
    maxLength: 4,
  }),
  // Wake-ups come in any order, again and again, of streams that have nothing new, or not at all.
  relays: fc.array(
    fc.record({ wakeUps: fc.array(fc.subarray([...streams]), { maxLength: 8 }), small: fc.boolean(), crash }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
});
type Race = typeof race extends fc.Arbitrary<infer Value> ? Value : never;

async function run(
  { writers, relays }: Race,
  database: Database,
  step: () => Promise<unknown>,
): Promise<void> {
  const writing = writers.map(({ stream, sizes, crash }) =>
    untilCrash(write(unsafeDatabase(database, step, crash), stream, sizes)),
  );
  const relaying = relays.map(async ({ wakeUps, small, crash }) => {
    const relay = (small ? smallRelayOn : relayOn)(unsafeDatabase(database, step, crash));
    for (const woken of wakeUps) await untilCrash(relay.drain(woken));
  });
  await Promise.all([...writing, ...relaying]);
}

describe("many writers and several relays, with lost, repeated and reordered wake-ups and crashes", () => {
  test("in every interleaving, a scan later the feed holds each commit once and in version order", async () => {
    await fc.assert(
      fc.asyncProperty(race, fc.scheduler(), async (given, scheduler) => {
        const database = createMemoryDatabase();
        await createTables(database);
        await scheduler.waitFor(run(given, database, () => scheduler.schedule(Promise.resolve())));
        await relayOn(database).scan();
        await expectFeedToMatchLog(database);
      }),
      { numRuns: 500 },
    );
  });

  test("the same on an engine with real concurrency, one race after the other on one feed", async () => {
    const engine = await startDynalite();
    try {
      await fc.assert(
        fc.asyncProperty(race, async (given) => {
          await run(given, engine.connect(), async () => undefined);
          await relayOn(engine.connect()).scan();
          await expectFeedToMatchLog(engine.database);
        }),
        { numRuns: 15, endOnFailure: true },
      );
    } finally {
      await engine.stop();
    }
  });
});

describe("a relay", () => {
  let engine: TestDatabase;
  beforeAll(async () => {
    engine = await startDynalite();
  });
  afterAll(() => engine.stop());

  test("puts the commits of many streams into one page, and large ones into as few as hold them", async () => {
    const { database } = engine;
    const log = createEventLog(database, testTables.log);
    const feed = createFeed(database, testTables.feed);
    const many = Array.from({ length: 200 }, (_, n) => `offer-many-${n}`);
    await Promise.all(many.map((stream) => log.append(offerCommit(stream, 1))));
    const relay = relayOn(database);
    expect(await relay.drain(many)).toBe(200);
    expect((await feed.head()).position).toBe(1);
    const large = ["offer-l1", "offer-l2", "offer-l3", "offer-l4", "offer-l5"];
    // 1,700 events are some 89 KB: two to a page.
    await Promise.all(large.map((stream) => log.append(offerCommit(stream, 1, 1_700))));
    expect(await relay.drain(large)).toBe(5);
    expect((await feed.head()).position).toBe(4);
    expect(await relay.drain([...many, ...large])).toBe(0);
    expect((await feed.head()).position).toBe(4);
    await expectFeedToMatchLog(database);
  });

  test("drains that wait for each other share a page", async () => {
    const { database } = engine;
    const log = createEventLog(database, testTables.log);
    const before = (await createFeed(database, testTables.feed).head()).position;
    const relay = relayOn(database);
    const woken = Array.from({ length: 30 }, async (_, n) => {
      await log.append(offerCommit(`offer-shared-${n}`, 1));
      await relay.drain([`offer-shared-${n}`]);
    });
    await Promise.all(woken);
    const after = (await createFeed(database, testTables.feed).head()).position;
    expect(after - before).toBeLessThan(30);
    await expectFeedToMatchLog(database);
  });

  test("that has met another one looks before it puts, so that the two collide once and not at each turn", async () => {
    const inner = createMemoryDatabase();
    await createTables(inner);
    let refused = 0;
    const database: Database = {
      ...inner,
      async put(table, item, anyOf) {
        const done = await inner.put(table, item, anyOf);
        if (!done) refused += 1;
        return done;
      },
    };
    const relays = [relayOn(database), relayOn(database)];
    const collisions: number[] = [];
    for (let turn = 1; turn <= 6; turn++) {
      await write(database, `offer-${turn}`, [1]);
      await relays[turn % 2]?.drain([`offer-${turn}`]);
      collisions.push(refused);
    }
    // The second relay begins at the end of the feed. The first one returns to a feed that has gone on, once.
    expect(collisions.at(1)).toBe(0);
    expect(collisions.at(3)).toBe(collisions.at(5));
    await expectFeedToMatchLog(database);
  });

  test("that starts anew after a crash between page and marks repeats nothing", async () => {
    const { database } = engine;
    const log = createEventLog(database, testTables.log);
    await log.append(offerCommit("offer-crash", 1));
    // The page is put, its marks are not: they come with the next page.
    expect(await relayOn(database).drain(["offer-crash"])).toBe(1);
    expect(await createMarks(database, testTables.marks).read(["offer-crash"])).toEqual(new Map());
    expect(await relayOn(database).drain(["offer-crash"])).toBe(0);
    await log.append(offerCommit("offer-crash", 2));
    expect(await relayOn(database).drain(["offer-crash"])).toBe(1);
    await expectFeedToMatchLog(database);
  });
});
