import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ManualClock } from "../../test/manual-clock.ts";
import { createQueues, type Queues } from "./queues.ts";
import type { Wiring } from "./wiring.ts";

const start = Date.parse("2026-01-05T00:00:00+08:00");
const visibilityMs = 360_000;

interface Shape {
  readonly batchSize?: number;
  readonly maxReceiveCount?: number;
  readonly delaySeconds?: number;
}

/** One queue with its dead letters, and one that nobody reads. */
function wiringOf({ batchSize = 10, maxReceiveCount = 3, delaySeconds = 0 }: Shape) {
  const wiring: Pick<Wiring, "queues" | "consumers"> = {
    queues: [
      { name: "jobs", visibilitySeconds: 360, delaySeconds, dead: { queue: "jobs-dead", maxReceiveCount } },
      { name: "jobs-dead", visibilitySeconds: 30, delaySeconds: 0 },
      { name: "unread", visibilitySeconds: 30, delaySeconds: 0 },
    ],
    consumers: [{ queue: "jobs", functionName: "start-jobs", batchSize }],
  };
  return wiring;
}

const SqsEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      attributes: z.object({ ApproximateReceiveCount: z.string() }),
      eventSource: z.literal("aws:sqs"),
      eventSourceARN: z.string(),
    }),
  ),
});

interface Delivery {
  readonly at: number;
  readonly functionName: string;
  readonly bodies: readonly string[];
  readonly receives: readonly number[];
}
type Work = (bodies: readonly string[], delivery: Delivery) => readonly string[] | Promise<readonly string[]>;

let folder: string;
let clock: ManualClock;
let deliveries: Delivery[];
let opened: Queues | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "queues-"));
  clock = new ManualClock(start);
  deliveries = [];
});

afterEach(() => {
  opened?.close();
  opened = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the test's queues; those that were open are closed before, as a restart does. */
function openRaw(shape: Shape, deliver: (functionName: string, event: unknown) => Promise<unknown>): Queues {
  opened?.close();
  opened = createQueues(join(folder, "queues.sqlite"), wiringOf(shape), clock, deliver);
  return opened;
}

/** Queues whose function answers the bodies that failed. */
function open(shape: Shape, work: Work = () => []): Queues {
  return openRaw(shape, async (functionName, event) => {
    const { Records } = SqsEvent.parse(event);
    const bodies = Records.map(({ body }) => body);
    const receives = Records.map(({ attributes }) => Number(attributes.ApproximateReceiveCount));
    const delivery = { at: clock.now(), functionName, bodies, receives };
    deliveries.push(delivery);
    const failed = await work(bodies, delivery);
    const ids = Records.filter(({ body }) => failed.includes(body)).map(({ messageId }) => messageId);
    return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) };
  });
}

function send(queues: Queues, ...bodies: readonly string[]): void {
  queues.send(bodies.map((body) => ({ queue: "jobs", body })));
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);
const delivered = () => deliveries.flatMap(({ bodies }) => bodies);
const sorted = (texts: readonly string[]) => texts.toSorted();

describe("a message", () => {
  test("comes to its function as SQS hands it on, once, and is gone", async () => {
    const events: unknown[] = [];
    const queues = openRaw({}, async (functionName, event) => {
      events.push([functionName, event]);
      return { batchItemFailures: [] };
    });
    queues.start();
    send(queues, '{"detail":{}}');
    expect(queues.depth("jobs")).toBe(1);
    await clock.advance(10 * visibilityMs);
    const record = {
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      body: '{"detail":{}}',
      attributes: expect.objectContaining({ ApproximateReceiveCount: "1" }),
      eventSource: "aws:sqs",
      eventSourceARN: expect.stringMatching(/:jobs$/),
    };
    expect(events).toEqual([["start-jobs", { Records: [expect.objectContaining(record)] }]]);
    expect(queues.depth("jobs")).toBe(0);
    expect(queues.depth("jobs-dead")).toBe(0);
  });

  test("waits until delivery begins", async () => {
    const queues = open({});
    send(queues, "a");
    await clock.advance(visibilityMs);
    expect([deliveries, queues.depth("jobs")]).toEqual([[], 1]);
    queues.start();
    await clock.idle();
    expect(delivered()).toEqual(["a"]);
  });

  test("waits for the delay of its queue, in market time, and counts meanwhile", async () => {
    const queues = open({ delaySeconds: 60 });
    queues.start();
    send(queues, "early");
    await clock.advance(59_999);
    send(queues, "late");
    await clock.idle();
    expect([deliveries, queues.depth("jobs")]).toEqual([[], 2]);
    await clock.advance(60_000);
    expect(deliveries.map(({ at, bodies }) => [at, bodies])).toEqual([
      [start + 60_000, ["early"]],
      [start + 119_999, ["late"]],
    ]);
  });

  test("is one of many that wait for one alarm, that of the first", async () => {
    const queues = open({ delaySeconds: 60 });
    queues.start();
    for (const body of numbered(5)) {
      send(queues, body);
      await clock.advance(1);
    }
    expect(clock.pending).toEqual([start + 60_000]);
  });

  test("keeps market time until its function is done", async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const queues = open({}, () => promise);
    queues.start();
    send(queues, "a");
    await turn();
    expect(clock.isHeld).toBe(true);
    resolve([]);
    await clock.idle();
    expect(clock.isHeld).toBe(false);
  });

  test("stays in a queue that nobody reads", async () => {
    const queues = open({});
    queues.start();
    queues.send([
      { queue: "unread", body: "a" },
      { queue: "jobs", body: "b" },
      { queue: "unread", body: "c" },
    ]);
    await clock.advance(10 * visibilityMs);
    expect(queues.depth("unread")).toBe(2);
    expect(delivered()).toEqual(["b"]);
  });

  test("of the same text as another is one of its own", async () => {
    const queues = open({});
    queues.start();
    send(queues, "a", "a");
    await clock.idle();
    expect(delivered()).toEqual(["a", "a"]);
  });

  test("for a queue that is not wired is refused with all that were sent along, and later ones are taken", async () => {
    const queues = open({});
    queues.start();
    const message = { queue: "jobs", body: "a" };
    expect(() => queues.send([message, { queue: "nowhere", body: "b" }])).toThrow(
      "there is no queue nowhere",
    );
    expect(queues.depth("jobs")).toBe(0);
    send(queues, "c");
    await clock.idle();
    expect(delivered()).toEqual(["c"]);
  });
});

describe("a batch", () => {
  test("is never larger than its function takes, and the order is that of coming due", async () => {
    const queues = open({ batchSize: 4 });
    const bodies = numbered(10);
    for (const body of bodies) {
      send(queues, body);
      await clock.advance(1);
    }
    queues.start();
    await clock.idle();
    expect(deliveries.map((delivery) => delivery.bodies)).toEqual([
      bodies.slice(0, 4),
      bodies.slice(4, 8),
      bodies.slice(8),
    ]);
  });

  test("is one of eight under way at most; the next begins as one ends", async () => {
    const ends: (() => void)[] = [];
    const queues = open({ batchSize: 1 }, () => {
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      ends.push(() => resolve([]));
      return promise;
    });
    queues.start();
    send(queues, ...numbered(20));
    const begun: number[] = [];
    for (let i = 0; i < 20; i++) {
      await turn();
      begun.push(ends.length);
      ends[i]?.();
    }
    await clock.idle();
    expect(begun).toEqual(Array.from({ length: 20 }, (_, i) => Math.min(8 + i, 20)));
    expect(sorted(delivered())).toEqual(sorted(numbered(20)));
  });

  test("that fails in part comes again without the rest, after its time of being unseen", async () => {
    const queues = open({}, (_, { receives }) => (receives.includes(1) ? ["b", "c"] : []));
    queues.start();
    send(queues, "a", "b", "c", "d");
    await clock.advance(visibilityMs - 1);
    expect(deliveries.map(({ bodies }) => sorted(bodies))).toEqual([["a", "b", "c", "d"]]);
    expect(queues.depth("jobs")).toBe(2);
    await clock.advance(1);
    expect(deliveries.map(({ at, bodies, receives }) => [at, sorted(bodies), receives])).toEqual([
      [start, ["a", "b", "c", "d"], [1, 1, 1, 1]],
      [start + visibilityMs, ["b", "c"], [2, 2]],
    ]);
    expect(queues.depth("jobs")).toBe(0);
  });

  test("that its function throws comes again whole", async () => {
    const queues = open({}, (_, { receives }) => {
      if (receives.includes(1)) throw new Error("no connection");
      return [];
    });
    queues.start();
    send(queues, "a", "b");
    await clock.advance(visibilityMs);
    expect(deliveries.map(({ bodies }) => sorted(bodies))).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(queues.depth("jobs")).toBe(0);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "done"],
    ["no list of failures", { batchItemFailures: "none" }],
    ["another answer", { statusCode: 200 }],
    ["a message that was not in it", { batchItemFailures: [{ itemIdentifier: "other" }] }],
    ["an empty name", { batchItemFailures: [{ itemIdentifier: "" }] }],
    ["a name in the wrong place", { batchItemFailures: [{ messageId: "m" }] }],
    ["null among the failures", { batchItemFailures: [null] }],
  ])("that is answered with %s comes again whole", async (_, answer) => {
    let deliveriesSeen = 0;
    const queues = openRaw({}, async () => {
      deliveriesSeen += 1;
      return deliveriesSeen === 1 ? answer : { batchItemFailures: [] };
    });
    queues.start();
    send(queues, "a", "b");
    await clock.idle();
    expect(queues.depth("jobs")).toBe(2);
    await clock.advance(visibilityMs);
    expect([deliveriesSeen, queues.depth("jobs")]).toEqual([2, 0]);
  });
});

describe("a dead letter", () => {
  test("is a message that failed as often as its queue allows, once its time comes again", async () => {
    const queues = open({ maxReceiveCount: 3 }, (bodies) => bodies.filter((body) => body === "bad"));
    queues.start();
    send(queues, "good", "bad");
    await clock.advance(3 * visibilityMs - 1);
    expect([queues.depth("jobs"), queues.depth("jobs-dead")]).toEqual([1, 0]);
    await clock.advance(1);
    expect([queues.depth("jobs"), queues.depth("jobs-dead")]).toEqual([0, 1]);
    await clock.advance(10 * visibilityMs);
    expect(deliveries.filter(({ bodies }) => bodies.includes("bad")).map(({ receives }) => receives)).toEqual(
      [[1, 1], [2], [3]],
    );
    expect(queues.depth("jobs-dead")).toBe(1);
  });

  test("holds up none that are due behind it", async () => {
    const queues = open({ batchSize: 2, maxReceiveCount: 1 }, (bodies) => bodies);
    queues.start();
    send(queues, ...numbered(7));
    await clock.advance(visibilityMs);
    expect([queues.depth("jobs"), queues.depth("jobs-dead")]).toEqual([0, 7]);
    expect(sorted(delivered())).toEqual(sorted(numbered(7)));
  });
});

describe("after a crash", () => {
  test("what was never delivered comes at the next start", async () => {
    const queues = open({});
    send(queues, "a");
    const next = open({});
    next.start();
    await clock.idle();
    expect(delivered()).toEqual(["a"]);
    expect(next.depth("jobs")).toBe(0);
  });

  test("what was under way comes again, but not before its time, and has been received before", async () => {
    const never = new Promise<readonly string[]>(() => {});
    const queues = open({}, () => never);
    queues.start();
    send(queues, "a");
    await turn();
    // The dead process lets go of its clock.
    clock = new ManualClock(clock.now());
    const next = open({});
    next.start();
    await clock.advance(visibilityMs - 1);
    expect(next.depth("jobs")).toBe(1);
    await clock.advance(1);
    expect(deliveries.map(({ at, receives }) => [at, receives])).toEqual([
      [start, [1]],
      [start + visibilityMs, [2]],
    ]);
    expect(next.depth("jobs")).toBe(0);
  });

  test("dead letters are there still", async () => {
    const queues = open({ maxReceiveCount: 1 }, (bodies) => bodies);
    queues.start();
    send(queues, "a");
    await clock.advance(visibilityMs);
    expect(open({}).depth("jobs-dead")).toBe(1);
  });
});

describe("closed queues", () => {
  test("deliver nothing more, and leave no alarm", async () => {
    const queues = open({ delaySeconds: 60 });
    queues.start();
    send(queues, "a");
    queues.close();
    opened = undefined;
    expect(clock.pending).toEqual([]);
    await clock.advance(10 * visibilityMs);
    expect(deliveries).toEqual([]);
  });

  test("leave a message that was under way for the next start, however its function ends", async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const queues = open({}, () => promise);
    queues.start();
    send(queues, "a");
    await turn();
    queues.close();
    opened = undefined;
    resolve([]);
    await turn();
    await turn();
    process.off("unhandledRejection", note);
    expect([unhandled, clock.isHeld]).toEqual([[], false]);
    expect(open({}).depth("jobs")).toBe(1);
  });
});

interface Fate {
  /** How often it fails before it is done. */
  readonly fails: number;
  /** Whether it takes its batch with it. */
  readonly throws: boolean;
}

const shapes = fc.record({
  batchSize: fc.integer({ min: 1, max: 10 }),
  maxReceiveCount: fc.integer({ min: 1, max: 5 }),
  delaySeconds: fc.constantFrom(0, 60),
});

function fatesWith(throws: fc.Arbitrary<boolean>) {
  return fc.array(
    fc.record({
      fails: fc.integer({ min: 0, max: 6 }),
      throws,
      /** Market time before the next message is sent; often none, for bursts fill several batches. */
      pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 * visibilityMs })),
    }),
    { minLength: 1, maxLength: 40 },
  );
}

/** Sends messages of these fates, and lets time pass until none can come again: attempts of each, and what was handled. */
async function play(shape: Required<Shape>, messages: readonly (Fate & { readonly pauseMs: number })[]) {
  rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), "queues-"));
  clock = new ManualClock(start);
  const attempts = messages.map(() => 0);
  const handled: number[] = [];
  let largest = 0;
  const queues = open(shape, async (bodies) => {
    await turn();
    const indexes = bodies.map(Number);
    largest = Math.max(largest, indexes.length);
    for (const i of indexes) attempts[i] = (attempts[i] ?? 0) + 1;
    const failing = indexes.filter((i) => (attempts[i] ?? 0) <= (messages[i]?.fails ?? 0));
    if (failing.some((i) => messages[i]?.throws)) throw new Error("the function crashed");
    handled.push(...indexes.filter((i) => !failing.includes(i)));
    return failing.map(String);
  });
  queues.start();
  for (const [i, { pauseMs }] of messages.entries()) {
    send(queues, String(i));
    await clock.advance(pauseMs);
  }
  await clock.advance((shape.maxReceiveCount + 1) * visibilityMs + shape.delaySeconds * 1000);
  const depths = { waiting: queues.depth("jobs"), dead: queues.depth("jobs-dead") };
  queues.close();
  opened = undefined;
  return { attempts, handled: handled.toSorted((a, b) => a - b), largest, depths };
}

describe("in any course of events", () => {
  test("every message is handled or dead, once, and only what failed comes again", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fatesWith(fc.constant(false)), async (shape, messages) => {
        const { maxReceiveCount, batchSize } = shape;
        const played = await play(shape, messages);
        const done = messages.flatMap(({ fails }, i) => (fails < maxReceiveCount ? [i] : []));
        expect(played.handled).toEqual(done);
        expect(played.depths).toEqual({ waiting: 0, dead: messages.length - done.length });
        expect(played.attempts).toEqual(messages.map(({ fails }) => Math.min(fails + 1, maxReceiveCount)));
        expect(played.largest).toBeLessThanOrEqual(batchSize);
      }),
      { numRuns: 100 },
    );
  });

  test("every message is handled or dead, once, though messages take their batches with them", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fatesWith(fc.boolean()), async (shape, messages) => {
        const { attempts, handled, depths } = await play(shape, messages);
        expect(new Set(handled).size).toBe(handled.length);
        expect(depths).toEqual({ waiting: 0, dead: messages.length - handled.length });
        const dead = messages.flatMap((_, i) => (handled.includes(i) ? [] : [attempts[i]]));
        expect(dead).toEqual(dead.map(() => shape.maxReceiveCount));
        expect(Math.max(...attempts)).toBeLessThanOrEqual(shape.maxReceiveCount);
      }),
      { numRuns: 100 },
    );
  });
});
