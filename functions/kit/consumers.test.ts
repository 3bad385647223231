import { beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import {
  acme,
  alpha,
  contextOf,
  envOf,
  finance,
  type InMemoryExchange,
  newCenter,
  newJob,
  openAccount,
  openCenter,
  openingTime,
  routeOf,
  sqsEvent,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";
import { functions } from "../manifest.ts";
import { exchangeCommand } from "./exchange-command.ts";
import { createHost, type Host, marketClock, variable } from "./host.ts";
import { observe } from "./observe.ts";
import { scheduled } from "./scheduled.ts";
import { step } from "./step.ts";
import { type Noticed, subscriber } from "./subscriber.ts";
import { type AddedKey, lastPosition, wakeUp } from "./wake.ts";

const env = { SUANWANG_FUNCTION: "test", LOG_LEVEL: "SILENT" };
const context = contextOf("test");
let exchange: InMemoryExchange;
let host: Host;
beforeEach(async () => {
  exchange = await startExchange();
  host = createHost({
    clock: exchange.clock,
    database: exchange.database,
    putEvents: async () => ({}),
    workflows: { start: async () => true, succeed: async () => true },
  });
});

describe("a subscriber", () => {
  const message = (stream: string, version = 1) => ({ detail: { stream, version, data: { any: "thing" } } });

  test("is told where each event stands, with the id of its stream", async () => {
    const seen: Noticed[] = [];
    const handler = subscriber(async (_, event) => seen.push(event))(env, host);
    const event = sqsEvent([message("job-a-b"), message("center-c", 7)]);
    expect(await handler(event, context)).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([
      { stream: "job-a-b", version: 1, id: "a-b" },
      { stream: "center-c", version: 7, id: "c" },
    ]);
  });

  test("reports the messages that failed, and only those, even if all did", async () => {
    const handler = subscriber(async (_, { id }) => {
      if (id.startsWith("bad")) throw new Error("no");
    })(env, host);
    const mixed = [message("job-1"), message("job-bad1"), "no JSON", message("job-2"), { detail: {} }];
    const failed = async (bodies: readonly unknown[]) =>
      (await handler(sqsEvent(bodies), context)).batchItemFailures.map(
        ({ itemIdentifier }) => itemIdentifier,
      );
    expect((await failed(mixed)).sort()).toEqual(["1", "2", "4"]);
    expect((await failed([message("job-bad1"), message("job-bad2")])).sort()).toEqual(["0", "1"]);
    // A batch that failed leaves nothing behind for the next one.
    expect(await failed([message("job-1")])).toEqual([]);
  });
});

describe("a wake-up", () => {
  const record = (pk: string, sk: number) => ({
    eventID: "e",
    dynamodb: { SequenceNumber: `seq-${sk}`, Keys: { pk: { S: pk }, sk: { N: String(sk) } }, SizeBytes: 1 },
  });

  test("hands the keys on, which say how far to go", async () => {
    const seen: (readonly AddedKey[])[] = [];
    const handler = wakeUp(() => async (keys) => seen.push(keys))(env, host);
    const Records = [record("feed", 4), record("feed", 6), record("feed", 5)];
    expect(await handler({ Records }, context)).toEqual({ batchItemFailures: [] });
    expect(seen.map((keys) => keys.map(({ sk }) => sk))).toEqual([[4, 6, 5]]);
    expect(seen.map(lastPosition)).toEqual([6]);
  });

  test("that fails is an error of the function: it counts as one, and Lambda halves the batch", async () => {
    const handler = wakeUp(() => async () => {
      throw new Error("no");
    })(env, host);
    const Records = [record("job-b", 9), record("job-a", 2)];
    await expect(handler({ Records }, context)).rejects.toThrow("no");
  });

  test("without records does nothing; what is none is refused", async () => {
    const handle = vi.fn(async () => undefined);
    const handler = wakeUp(() => handle)(env, host);
    expect(await handler({ Records: [] }, context)).toEqual({ batchItemFailures: [] });
    await expect(handler({ Records: [{ dynamodb: {} }] }, context)).rejects.toThrow(z.ZodError);
    expect(handle).not.toHaveBeenCalled();
  });
});

describe("a step", () => {
  test("sees its input as its schema makes it, and nothing else", async () => {
    const Input = z.object({ auction: z.int().min(1), page: z.int().default(0) });
    const handle = vi.fn(async (_: unknown, input: z.infer<typeof Input>) => input.page + 1);
    const handler = step(Input, handle)(env, host);
    expect(await handler({ auction: 3, more: true }, context)).toBe(1);
    expect(handle.mock.calls[0]?.[1]).toEqual({ auction: 3, page: 0 });
    for (const wrong of [{}, { auction: 0 }, { auction: "3" }, null])
      await expect(handler(wrong, context)).rejects.toThrow(z.ZodError);
    expect(handle).toHaveBeenCalledTimes(1);
  });

  test.each(functions.filter(({ trigger }) => trigger.kind === "step").map(({ name }) => [name]))(
    "%s refuses an input that is none",
    async (name) => {
      for (const wrong of [null, [], "auction"])
        await expect(exchange.invoke(name, wrong)).rejects.toThrow(z.ZodError);
    },
  );

  test("throws what went wrong, for its machine to try again", async () => {
    const handler = step(z.object({}), async () => {
      throw new Error("no");
    })(env, host);
    await expect(handler({}, context)).rejects.toThrow("no");
  });
});

test("a scheduled function runs whatever the clock sent", async () => {
  const handle = vi.fn(async () => "unused");
  const handler = scheduled(handle)(env, host);
  expect(await handler({ any: 1 }, context)).toBeUndefined();
  expect(await handler(undefined, context)).toBeUndefined();
  expect(handle).toHaveBeenCalledTimes(2);
});

describe("a command of the exchange itself", () => {
  test("is the same whenever and wherever it is given again", () => {
    const at = (now: number) => ({ clock: { now: () => now }, env });
    const one = exchangeCommand(at(openingTime), "admit/j-1", "job-j-1");
    expect(one).toEqual({
      commandId: "admit/j-1",
      actor: "exchange:test",
      causationId: "job-j-1",
      correlationId: "job-j-1",
      time: "2026-03-02T02:00:30.000Z",
    });
    expect(exchangeCommand(at(openingTime), "admit/j-1", "job-j-1")).toEqual(one);
    const later = exchangeCommand(at(openingTime + 1), "admit/j-1", "job-j-1");
    expect({ ...later, time: one.time }).toEqual(one);
    expect(exchangeCommand({ ...at(0), env: {} }, "x", "y").actor).toBe("exchange:exchange");
  });

  test("given twice is done once: sweepers, subscribers and steps find what they did", async () => {
    await openCenter(exchange, alpha, "c-1");
    await openAccount(exchange, acme);
    const body = newJob(exchange, "c-1");
    const { job } = await succeeds(exchange.call(operations.postJob, acme, { body }));
    await exchange.pump();
    const twice = async (work: () => Promise<unknown>) => {
      await work();
      const commits = await exchange.countCommits();
      await work();
      expect(await exchange.countCommits()).toBe(commits);
    };
    const requested = { stream: `job-${job}`, version: 1 };
    await twice(() => exchange.deliver("finish-admissions", requested, requested));
    await twice(() => exchange.invoke("close-gate", {}));
    await twice(() => exchange.invoke("solve-auction", { auction: 1 }));
    await twice(() => exchange.invoke("publish-awards", { auction: 1, page: 0, pages: 1 }));
    await twice(() => exchange.invoke("seal-auction", { auction: 1 }));
    await exchange.pump();
    exchange.clock.set(openingTime + 3_600_000);
    await twice(() => exchange.invoke("sweep-leases", {}));
    await exchange.pump();
    await twice(() => exchange.deliver("displace-jobs", { stream: "center-c-1", version: 2 }));
    await twice(() => exchange.invoke("sweep-leases", {}));
    exchange.clock.set(openingTime + 86_400_000);
    await twice(() => exchange.invoke("begin-close", {}));
    const day = { period: "2026-03-02", cursor: "", upTo: 0 };
    await twice(() => exchange.invoke("charge-day", day));
    await twice(() => exchange.invoke("carry-accounts", day));
    await twice(() => exchange.invoke("cut-off", day));
    const parts = { ...day, buckets: 1 };
    const range = { range: 0, after: 0, upTo: (await exchange.commits("feed")).length };
    await twice(() => exchange.invoke("fold-range", { ...parts, ...range }));
    await twice(() => exchange.invoke("reduce-bucket", { ...parts, bucket: 0, ranges: 1 }));
    await twice(() => exchange.invoke("state-payouts", parts));
    await twice(() => exchange.invoke("close-period", parts));
  });
});

describe("a function's world", () => {
  test("lacks what it was given no grant for", async () => {
    const reader = envOf(routeOf("getOffer"));
    expect(() => host(reader).views).toThrow("variable VIEWS_TABLE is not set");
    expect(host(reader).store).toBe(host(reader).store);
    expect(() => variable({ EMPTY: "" }, "EMPTY")).toThrow("variable EMPTY is not set");
  });

  test("keeps market time by its variable, and refuses a clock that is none", () => {
    const clock = marketClock("1000,500000,60", () => 1010.5);
    expect(clock.now()).toBe(500_630);
    expect(marketClock(undefined, () => 7).now()).toBe(7);
    expect(marketClock("", () => 7).now()).toBe(7);
    for (const wrong of ["1,2", "1,2,3,4", "1,2,0", "1,2,-1", "1,2,x", "a,2,1", "1,2,Infinity"])
      expect(() => marketClock(wrong, () => 0)).toThrow("MARKET_CLOCK");
  });
});

describe("what a function writes down", () => {
  test("goes to metrics and traces on AWS only", async () => {
    const lines: string[] = [];
    // Powertools writes metrics to a console of its own.
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      lines.push(
        ...String(text)
          .split("\n")
          .filter((line) => line.startsWith("{")),
      );
      return true;
    });
    vi.stubEnv("POWERTOOLS_TRACE_ENABLED", "false");
    const onAws = { ...env, AWS_LAMBDA_FUNCTION_NAME: "test", POWERTOOLS_SERVICE_NAME: "test" };
    for (const variables of [env, onAws]) {
      const { observer, stack } = observe<{ by: number }, number>(variables);
      const handler = stack(async ({ by }) => {
        observer.measure("LostWakeUps", by);
        return by * 2;
      });
      expect(await handler({ by: 21 }, context)).toBe(42);
    }
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    const metrics = lines.map((line): unknown => JSON.parse(line));
    expect(metrics).toContainEqual(expect.objectContaining({ LostWakeUps: 21, service: "test" }));
    expect(metrics.filter((line) => JSON.stringify(line).includes("LostWakeUps"))).toHaveLength(1);
  });
});

test("what one function did, the next one finds in the log", async () => {
  await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter("c-1") }));
  for (const mills of ["1", "2", "3"]) {
    const params = { center: "c-1" };
    await succeeds(exchange.call(operations.postGuarantee, finance, { params, body: { mills: "1" } }));
    const read = await succeeds(exchange.call(operations.getCenter, alpha, { params }));
    expect(read.guarantee).toBe(mills);
    await succeeds(
      exchange.call(operations.declareLinks, alpha, {
        params,
        body: { links: [{ to: `c-${mills}0`, gbps: 1, latencyMs: 1, perGB: 0 }] },
        ifMatch: `"${read.version}"`,
      }),
    );
  }
});
