import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTables, testTables } from "../../test/dynalite.ts";
import {
  commandMeta,
  guaranteeCap,
  guaranteeDecider,
  type PostGuarantee,
} from "../../test/guarantee-decider.ts";
import type { Commit } from "../catalog/envelope.ts";
import {
  ConflictError,
  createStore,
  execute,
  executeMany,
  knownState,
  loadState,
  type Store,
} from "./execute.ts";
import { createFoldCache } from "./fold-cache.ts";
import { createEventLog, type EventLog } from "./log.ts";
import { createMemoryDatabase } from "./memory-database.ts";

const stream = "center-xian";

async function memoryLog(): Promise<EventLog> {
  const database = createMemoryDatabase();
  await createTables(database);
  return createEventLog(database, testTables.log);
}

/** A store with a cache of its own and no waiting between tries. */
function storeOn(log: EventLog, cached = 100): Store {
  return createStore(log, { folds: createFoldCache(cached), random: () => 0 });
}

function post(store: Store, id: string, mills: bigint, hash?: string, expectedVersion?: number) {
  const options = expectedVersion === undefined ? {} : { expectedVersion };
  return execute(store, guaranteeDecider, stream, { mills }, commandMeta(id, hash), options);
}

describe("execute", () => {
  test("does what a model does, whatever is repeated and whichever store's memory is old or lost", async () => {
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      mills: fc.bigInt({ min: -300n, max: 400n }),
      hash: fc.constantFrom("h1", "h2"),
      store: fc.nat({ max: 2 }),
      forget: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const log = await memoryLog();
        const stores = [storeOn(log), storeOn(log), storeOn(log, 0)];
        const done = new Map<string, string>();
        let total = 0n;
        for (const { id, mills, hash, store, forget } of steps) {
          const chosen = stores[store];
          if (chosen === undefined) throw new Error("three stores");
          if (forget) chosen.folds.clear();
          const outcome = await post(chosen, id, mills, hash);
          const used = done.get(id);
          if (used !== undefined && used !== hash) expect(outcome).toEqual({ kind: "keyReused" });
          else if (used !== undefined)
            expect(outcome).toMatchObject({ kind: "done", repeated: true, events: [] });
          else if (total + mills > guaranteeCap) expect(outcome).toMatchObject({ kind: "rejected" });
          else {
            total += mills;
            // A command that changes nothing leaves no trace.
            if (mills !== 0n) done.set(id, hash);
            expect(outcome).toMatchObject({ kind: "done", repeated: false });
          }
          if (outcome.kind !== "keyReused")
            expect(outcome).toMatchObject({ version: done.size, state: { total, posts: done.size } });
        }
        expect((await log.load(stream)).map(({ commandId }) => commandId)).toEqual([...done.keys()]);
      }),
      { numRuns: 200 },
    );
  });

  test("of writers who race, each command is done once and the sum is theirs", async () => {
    const commands = fc.array(fc.record({ id: fc.nat({ max: 9 }), store: fc.nat({ max: 2 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(commands, async (given) => {
        const log = await memoryLog();
        const stores = [storeOn(log), storeOn(log), storeOn(log, 0)];
        const racing = given.map(({ id, store }) =>
          post(stores[store] ?? storeOn(log), `id-${id}`, BigInt(id + 1)),
        );
        const outcomes = await Promise.all(racing);
        const ids = new Set(given.map(({ id }) => id));
        const appended = outcomes.filter((outcome) => outcome.kind === "done" && outcome.events.length > 0);
        expect(appended).toHaveLength(ids.size);
        expect(outcomes.filter((outcome) => outcome.kind === "done" && outcome.repeated)).toHaveLength(
          given.length - ids.size,
        );
        const total = [...ids].reduce((sum, id) => sum + BigInt(id + 1), 0n);
        expect(await loadState(storeOn(log), guaranteeDecider, stream)).toEqual({
          version: ids.size,
          state: { total, posts: ids.size },
        });
      }),
      { numRuns: 100 },
    );
  });

  test("a command done long ago is found, whatever came after", async () => {
    const log = await memoryLog();
    await post(storeOn(log), "first", 1n, "hash");
    for (let n = 0; n < 50; n++) await post(storeOn(log), `later-${n}`, 1n);
    for (const store of [storeOn(log), storeOn(log, 0)]) {
      expect(await post(store, "first", 1n, "hash")).toMatchObject({
        kind: "done",
        repeated: true,
        version: 51,
      });
      expect(await post(store, "first", 2n, "other")).toEqual({ kind: "keyReused" });
      expect(await post(store, "first", 2n)).toEqual({ kind: "keyReused" });
    }
    expect(await log.load(stream)).toHaveLength(51);
  });

  test("no rejection comes from an old memory", async () => {
    const log = await memoryLog();
    const old = storeOn(log);
    await post(old, "fill", guaranteeCap);
    await post(storeOn(log), "take-back", -400n);
    expect(await post(old, "more", 300n)).toMatchObject({ kind: "done", state: { total: 900n } });
  });

  test("an expected version holds a command back, and a repetition passes it", async () => {
    const log = await memoryLog();
    const store = storeOn(log);
    expect(await post(store, "a", 1n, "h", 1)).toEqual({ kind: "stale", version: 0 });
    expect(await post(store, "a", 1n, "h", 0)).toMatchObject({ kind: "done", version: 1 });
    await post(storeOn(log), "b", 1n);
    // The store's own memory says version 1 still.
    expect(await post(store, "c", 1n, "h", 1)).toEqual({ kind: "stale", version: 2 });
    expect(await post(store, "c", 1n, "h", 2)).toMatchObject({ kind: "done", version: 3 });
    expect(await post(store, "a", 1n, "h", 0)).toMatchObject({ kind: "done", repeated: true, version: 3 });
  });

  test("an append whose answer was lost is done once", async () => {
    const log = await memoryLog();
    const deaf: EventLog = {
      ...log,
      append: async (commit) => {
        await log.append(commit);
        return "conflict";
      },
    };
    expect(await post(storeOn(deaf), "a", 5n)).toMatchObject({
      kind: "done",
      state: { total: 5n, posts: 1 },
    });
    expect(await log.load(stream)).toHaveLength(1);
  });

  test.for([0, 100])("gives up after eight tries against others, with a cache of %i", async (cached) => {
    const log = await memoryLog();
    const tried: Commit[] = [];
    const busy: EventLog = {
      ...log,
      append: async (commit) => {
        tried.push(commit);
        await log.append({ ...commit, commandId: `other-${tried.length}` });
        return "conflict";
      },
    };
    const pauses: number[] = [];
    const store = { ...storeOn(busy, cached), pause: async (attempt: number) => void pauses.push(attempt) };
    await expect(post(store, "a", 1n)).rejects.toBeInstanceOf(ConflictError);
    expect(tried.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(pauses).toEqual([2, 3, 4, 5, 6, 7, 8]);
  });
});

describe("executeMany", () => {
  const meta = {
    actor: "exchange:test",
    causationId: "c",
    correlationId: "c",
    time: "2026-01-05T00:00:00.000Z",
  };
  const items = (...posts: [id: string, mills: bigint][]) =>
    posts.map(([commandId, mills]) => ({ commandId, command: { mills } satisfies PostGuarantee }));

  test("decides each command on what the ones before it made, and appends one commit", async () => {
    const log = await memoryLog();
    const given = items(["a", 600n], ["b", 0n], ["c", 500n], ["d", 400n]);
    const outcome = await executeMany(storeOn(log), guaranteeDecider, stream, given, meta);
    expect(outcome.results.map(({ kind }) => kind)).toEqual(["done", "done", "rejected", "done"]);
    expect(outcome.results.map((result) => (result.kind === "done" ? result.events.length : 0))).toEqual([
      1, 0, 0, 1,
    ]);
    expect(outcome).toMatchObject({ version: 2, state: { total: 1_000n, posts: 2 } });
    expect(await log.load(stream)).toHaveLength(1);
  });

  test("splits what is more than a commit holds", async () => {
    const log = await memoryLog();
    const given = items(
      ...Array.from({ length: 4_000 }, (_, n): [string, bigint] => [`${n}`, n % 2 === 0 ? 1n : -1n]),
    );
    const outcome = await executeMany(storeOn(log), guaranteeDecider, stream, given, meta);
    expect(outcome).toMatchObject({ version: 4_000, state: { total: 0n, posts: 4_000 } });
    const commits = await log.load(stream);
    expect(commits.length).toBeGreaterThan(1);
    expect(commits.length).toBeLessThan(6);
    expect(new Set(commits.map(({ commandId }) => commandId)).size).toBe(commits.length);
  });

  test("names commits apart when the same commands are answered otherwise later", async () => {
    const log = await memoryLog();
    const given = items(["a", 600n], ["b", 500n]);
    await executeMany(storeOn(log), guaranteeDecider, stream, given, meta);
    await post(storeOn(log), "c", -600n);
    await executeMany(storeOn(log), guaranteeDecider, stream, given.slice(1), meta);
    await post(storeOn(log), "d", -50n);
    await executeMany(storeOn(log), guaranteeDecider, stream, given, meta);
    const commits = await log.load(stream);
    expect(new Set(commits.map(({ commandId }) => commandId)).size).toBe(commits.length);
  });

  test("batches that race with single commands lose nothing", async () => {
    const log = await memoryLog();
    const batch = (name: string) =>
      executeMany(storeOn(log), guaranteeDecider, stream, items([`${name}1`, 1n], [`${name}2`, 10n]), meta);
    await Promise.all([batch("a"), batch("b"), batch("c"), post(storeOn(log), "d", 100n)]);
    const { state, version } = await loadState(storeOn(log), guaranteeDecider, stream);
    expect({ state, version }).toEqual({ state: { total: 133n, posts: 7 }, version: 7 });
  });

  test("does what a model does, however old the memory is that it begins with", async () => {
    const step = fc.record({
      posts: fc.array(fc.bigInt({ min: -300n, max: 400n }), { maxLength: 4 }),
      store: fc.nat({ max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const log = await memoryLog();
        const stores = [storeOn(log), storeOn(log), storeOn(log, 0)];
        let total = 0n;
        for (const [n, { posts, store }] of steps.entries()) {
          const chosen = stores[store];
          if (chosen === undefined) throw new Error("three stores");
          const given = items(...posts.map((mills, k): [string, bigint] => [`${n}/${k}`, mills]));
          const outcome = await executeMany(chosen, guaranteeDecider, stream, given, meta);
          const expected = posts.map((mills) => {
            if (total + mills > guaranteeCap) return "rejected";
            total += mills;
            return "done";
          });
          expect(outcome.results.map(({ kind }) => kind)).toEqual(expected);
          expect(outcome.state.total).toBe(total);
        }
      }),
    );
  });

  test("nothing to do appends nothing", async () => {
    const log = await memoryLog();
    const outcome = await executeMany(storeOn(log), guaranteeDecider, stream, [], meta);
    expect(outcome).toEqual({ state: guaranteeDecider.initial, version: 0, results: [] });
  });
});

describe("knownState", () => {
  test("is what this process saw last, and never less than that the stream exists", async () => {
    const log = await memoryLog();
    const [here, there] = [storeOn(log), storeOn(log)];
    const known = async () => (await knownState(here, guaranteeDecider, stream)).total;
    expect(await known()).toBe(0n);
    await post(there, "a", 5n);
    expect(await known()).toBe(5n);
    await post(there, "b", 7n);
    expect(await known()).toBe(5n);
    await loadState(here, guaranteeDecider, stream);
    expect(await known()).toBe(12n);
  });
});
