import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { offerCommit } from "../../test/commits.ts";
import { createTables, testTables } from "../../test/dynalite.ts";
import { Crashed, unsafeDatabase } from "../../test/unsafe-database.ts";
import { canonicalJson } from "./canonical-json.ts";
import { pageBytes } from "./chain.ts";
import { createCheckpoints } from "./checkpoint.ts";
import type { Database } from "./dynamo.ts";
import { createFeed, type FeedPage } from "./feed.ts";
import { createFollower, type Progress } from "./follow.ts";
import { createMemoryDatabase } from "./memory-database.ts";

/** Puts some pages more, each with one commit. */
async function putPages(database: Database, count: number): Promise<void> {
  const feed = createFeed(database, testTables.feed);
  for (let n = 0; n < count; n++) {
    const head = await feed.head();
    const position = head.position + 1;
    const bytes = pageBytes(head, [canonicalJson(offerCommit("offer-a", position))]);
    if (!(await feed.putPage({ position, bytes }))) throw new Error(`page ${position} was there`);
  }
}

/** A consumer in a process of its own: it begins with what is in the database. */
function followerOn(
  database: Database,
  handle: (pages: readonly FeedPage[]) => Promise<unknown>,
  saveAfter = 0,
) {
  const feed = createFeed(database, testTables.feed);
  const checkpoints = createCheckpoints(database, testTables.marks);
  const progress: Progress = {
    get: () => checkpoints.get("reader"),
    advance: (position) => checkpoints.advance("reader", position),
  };
  return { wake: createFollower({ feed, progress, handle, saveAfter }), progress };
}

async function emptyDatabase(): Promise<Database> {
  const database = createMemoryDatabase();
  await createTables(database);
  return database;
}

const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

describe("a consumer of the feed", () => {
  let database: Database;
  let seen: number[];
  const read = async (pages: readonly FeedPage[]) => {
    seen.push(...pages.map(({ position }) => position));
  };
  beforeEach(async () => {
    database = await emptyDatabase();
    seen = [];
  });

  test("gets each page once and in order, also far behind the first wake-up", async () => {
    const { wake } = followerOn(database, read);
    await putPages(database, 40);
    expect(await wake(40)).toBe(40);
    expect(seen).toEqual(upTo(40));
    expect(await wake(40)).toBe(40);
    expect(seen).toEqual(upTo(40));
    await putPages(database, 2);
    expect(await followerOn(database, read).wake(42)).toBe(42);
    expect(seen).toEqual(upTo(42));
  });

  test("gets what lost wake-ups left with the next one, and nothing for one that comes late", async () => {
    const { wake } = followerOn(database, read);
    await putPages(database, 5);
    expect(await wake(5)).toBe(5);
    for (const late of [4, 1, 5]) expect(await wake(late)).toBe(5);
    expect(seen).toEqual(upTo(5));
  });

  test("does not look for more once it is where it was woken for", async () => {
    const { wake } = followerOn(database, read);
    await putPages(database, 17);
    // The feed gives sixteen pages at a time, so one that is woken for the third page is shown more of them.
    expect(await wake(3)).toBe(16);
    expect(seen).toEqual(upTo(16));
  });

  test("that is woken before its page can be read stays where it is", async () => {
    const { wake, progress } = followerOn(database, read);
    expect(await wake(1)).toBe(0);
    await putPages(database, 2);
    expect(await wake(9)).toBe(2);
    expect(await progress.get()).toBe(2);
    expect(seen).toEqual([1, 2]);
  });

  test("gets the pages again that it failed to handle, and those with it", async () => {
    await putPages(database, 20);
    const { wake, progress } = followerOn(database, async (pages) => {
      await read(pages);
      if (seen.at(-1) === 20) throw new Error("the second batch cannot be handled");
    });
    await expect(wake(20)).rejects.toThrow("the second batch cannot be handled");
    expect(await progress.get()).toBe(16);
    seen = [];
    await followerOn(database, read).wake(20);
    expect(seen).toEqual([17, 18, 19, 20]);
  });
});

describe("a consumer that may see pages again", () => {
  test("moves its checkpoint when so many pages are behind it, and goes on from there after a crash", async () => {
    const database = await emptyDatabase();
    const seen: number[] = [];
    const read = async (pages: readonly FeedPage[]) => seen.push(...pages.map(({ position }) => position));
    const { wake, progress } = followerOn(database, read, 3);
    for (const [page, saved] of [0, 0, 0, 4, 4, 4].entries()) {
      await putPages(database, 1);
      expect(await wake(page + 1)).toBe(page + 1);
      expect(await progress.get()).toBe(saved);
    }
    expect(seen).toEqual(upTo(6));
    seen.length = 0;
    await followerOn(database, read, 3).wake(6);
    expect(seen).toEqual([5, 6]);
  });

  test("goes on from where another process has come to", async () => {
    const database = await emptyDatabase();
    const seen: number[] = [];
    const read = async (pages: readonly FeedPage[]) => seen.push(...pages.map(({ position }) => position));
    const { wake } = followerOn(database, read);
    await putPages(database, 1);
    await wake(1);
    await putPages(database, 20);
    await followerOn(database, async () => undefined).wake(21);
    // It finds out with its next batch, and skips the rest.
    expect(await wake(21)).toBe(21);
    expect(seen).toEqual(upTo(17));
  });
});

const crash = fc.option(fc.record({ call: fc.integer({ min: 1, max: 12 }), effective: fc.boolean() }), {
  nil: undefined,
});
const race = fc.record({
  pages: fc.integer({ min: 1, max: 20 }),
  // Wake-ups come late, again, in any order, or not at all.
  consumers: fc.array(
    fc.record({ wakeUps: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 5 }), crash }),
    { maxLength: 3 },
  ),
  saveAfter: fc.nat({ max: 4 }),
});

test("however consumers race and crash, no page is missed, and none is shown before those before it", async () => {
  await fc.assert(
    fc.asyncProperty(race, fc.scheduler(), async ({ pages, consumers, saveAfter }, scheduler) => {
      const database = await emptyDatabase();
      const step = () => scheduler.schedule(Promise.resolve());
      const handled: number[] = [];
      const handle = async (shown: readonly FeedPage[]) =>
        handled.push(...shown.map(({ position }) => position));
      const writing = putPages(unsafeDatabase(database, step, undefined), pages);
      const reading = consumers.map(async ({ wakeUps, crash: dies }) => {
        const { wake } = followerOn(
          unsafeDatabase(database, step, dies),
          async (shown) => {
            await step();
            await handle(shown);
          },
          saveAfter,
        );
        for (const position of wakeUps)
          await wake(position).catch((error: unknown) => {
            if (!(error instanceof Crashed)) throw error;
          });
      });
      await scheduler.waitFor(Promise.all([writing, ...reading]));
      expect(await followerOn(database, handle).wake(pages)).toBe(pages);
      // The first showing of each page.
      expect([...new Set(handled)]).toEqual(upTo(pages));
    }),
    { numRuns: 300 },
  );
});

test("one consumer that does not crash is shown no page twice, whatever wakes it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ more: fc.nat({ max: 20 }), wakeUps: fc.array(fc.nat({ max: 60 }), { maxLength: 3 }) }),
        {
          maxLength: 4,
        },
      ),
      async (rounds) => {
        const database = await emptyDatabase();
        const seen: number[] = [];
        const { wake } = followerOn(database, async (pages) =>
          seen.push(...pages.map((page) => page.position)),
        );
        for (const { more, wakeUps } of rounds) {
          await putPages(database, more);
          for (const position of wakeUps) expect(await wake(position)).toBe(seen.length);
        }
        expect(seen).toEqual(upTo(seen.length));
        const { position } = await createFeed(database, testTables.feed).head();
        expect(await wake(position)).toBe(position);
        expect(seen).toEqual(upTo(position));
      },
    ),
  );
});
