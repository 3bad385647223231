import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { createEventLog } from "../events/store/log.ts";
import { slotStart } from "../market/time.ts";
import { testTables } from "../test/dynalite.ts";
import {
  acme,
  alpha,
  contextOf,
  envOf,
  type InMemoryExchange,
  load,
  newJob,
  openAccount,
  openCenter,
  openingTime,
  placeJob,
  startExchange,
  succeeds,
} from "../test/exchange-in-memory.ts";
import { operations } from "./contract/operations.ts";
import { createHost } from "./kit/host.ts";
import { functions } from "./manifest.ts";
import { type MetricName, metricDimension, metricNamespace, metrics } from "./metrics.ts";

/** CloudWatch's embedded metric format, as far as alarms depend on it. */
const Embedded = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.tuple([
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string(), Unit: z.string() })),
      }),
    ]),
  }),
});

interface Emitted {
  readonly metric: string;
  readonly unit: string;
  readonly value: unknown;
}

let lines: string[];
beforeEach(() => {
  lines = [];
  vi.stubEnv("POWERTOOLS_TRACE_ENABLED", "false");
  // Powertools writes metrics to a console of its own.
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    lines.push(...String(text).split("\n"));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs a function as AWS does, and gives the metrics that CloudWatch makes of what it writes. */
async function emitted(exchange: InMemoryExchange, name: string, event: unknown): Promise<Emitted[]> {
  const spec = functions.find((one) => one.name === name);
  if (spec === undefined) throw new Error(`there is no function ${name}`);
  const { clock, database } = exchange;
  const host = createHost({
    clock,
    database,
    putEvents: async () => ({ FailedEntryCount: 0 }),
    workflows: { start: async () => true, succeed: async () => true },
  });
  const env = { ...envOf(spec), AWS_LAMBDA_FUNCTION_NAME: name, POWERTOOLS_SERVICE_NAME: name };
  const handler = (await load(spec))(env, host);
  lines = [];
  await handler(event, contextOf(name));
  return lines.flatMap((line) => {
    const embedded = line.startsWith("{") ? Embedded.safeParse(JSON.parse(line)).data : undefined;
    if (embedded === undefined) return [];
    const [{ Namespace, Dimensions, Metrics }] = embedded._aws.CloudWatchMetrics;
    expect({ Namespace, Dimensions }).toEqual({
      Namespace: metricNamespace,
      Dimensions: [[metricDimension]],
    });
    expect(embedded[metricDimension]).toBe(name);
    return Metrics.map(({ Name, Unit }) => ({ metric: Name, unit: Unit, value: embedded[Name] }));
  });
}

/** The one value of a metric; undefined: it was not emitted. */
async function measured(exchange: InMemoryExchange, metric: MetricName, name: string, event: unknown) {
  const own = (await emitted(exchange, name, event)).filter((one) => one.metric === metric);
  expect(own.length).toBeLessThanOrEqual(1);
  for (const { unit } of own) expect(unit).toBe(metrics[metric].unit);
  const value = own[0]?.value;
  return Array.isArray(value) ? value[0] : value;
}

const wakeUps = (keys: readonly { pk: string; sk: number }[], writtenAt: number) => ({
  Records: keys.map(({ pk, sk }, index) => ({
    dynamodb: {
      SequenceNumber: String(index),
      ApproximateCreationDateTime: writtenAt / 1000,
      Keys: { pk: { S: pk }, sk: { N: String(sk) } },
    },
  })),
});

async function openMarket(exchange: InMemoryExchange): Promise<string> {
  await openCenter(exchange, alpha, "c-1");
  await openAccount(exchange, acme);
  const { job } = await succeeds(exchange.call(operations.postJob, acme, { body: newJob(exchange, "c-1") }));
  await exchange.pump();
  return job;
}

describe("the functions' metrics", () => {
  test("are of functions that the manifest has", () => {
    const known = new Set(functions.map(({ name }) => name));
    const named = Object.values(metrics).flatMap(({ from }): readonly string[] => from);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    const streamed = functions.filter(({ trigger }) => trigger.kind === "stream");
    expect([...metrics.StreamLag.from].sort()).toEqual(streamed.map(({ name }) => name).sort());
  });

  test.each(metrics.StreamLag.from)("tell how far %s is behind its stream", async (name) => {
    const exchange = await startExchange();
    await openCenter(exchange, alpha, "c-1");
    const commits = exchange.waiting.log.splice(0);
    if (name !== "relay-commits") await exchange.wake("relay-commits", commits);
    const keys = name === "relay-commits" ? commits : exchange.waiting.feed.splice(0);
    expect(keys.length).toBeGreaterThan(0);
    vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ["Date"] });
    const [oldest, ...others] = keys;
    const late = wakeUps(others, Date.now() - 1000).Records;
    const early = wakeUps(oldest === undefined ? [] : [oldest], Date.now() - 7000).Records;
    const lag = await measured(exchange, "StreamLag", name, { Records: [...late, ...early] });
    vi.useRealTimers();
    expect(lag).toBe(7000);
  });

  test("tell nothing of a batch that failed: it is carried later", async () => {
    const exchange = await startExchange();
    await openCenter(exchange, alpha, "c-1");
    const broken = {
      ...exchange,
      database: { ...exchange.database, query: () => Promise.reject(new Error("no")) },
    };
    const event = wakeUps(exchange.waiting.log, Date.now());
    await expect(measured(broken, "StreamLag", "relay-commits", event)).rejects.toThrow("no");
    expect(lines.join()).not.toContain("StreamLag");
  });

  test("count commits whose wake-ups were lost", async () => {
    const exchange = await startExchange();
    await openCenter(exchange, alpha, "c-1");
    const lost = await exchange.countCommits();
    expect(await measured(exchange, "LostWakeUps", "scan-log", {})).toBe(lost);
    expect(await measured(exchange, "LostWakeUps", "scan-log", {})).toBe(0);
  });

  test("tell since when an auction is without a seal, and since when no gate has closed", async () => {
    const exchange = await startExchange();
    const ages = async () => {
      const all = await emitted(exchange, "watch-auctions", {});
      return Object.fromEntries(all.map(({ metric, value }) => [metric, value]));
    };
    expect(await ages()).toEqual({ GateAge: 0, UnsealedAge: 0 });
    await openMarket(exchange);
    await exchange.invoke("close-gate", {});
    exchange.clock.set(openingTime + 400_000);
    expect(await ages()).toEqual({ GateAge: 400, UnsealedAge: 400 });
    await exchange.runAuctions();
    const { clock } = exchange;
    clock.set(slotStart(exchange.slot() + 1));
    const { GateAge, UnsealedAge } = await ages();
    expect(UnsealedAge).toBe(0);
    expect(GateAge).toBe((clock.now() - (openingTime + 400_000)) / 1000);
  });

  test("count charges that an account does not pay", async () => {
    const exchange = await startExchange();
    const job = "j-1";
    await createEventLog(exchange.database, testTables.log).append({
      stream: `job-${job}`,
      version: 1,
      commandId: "forged",
      time: "2026-03-02T02:00:30.000Z",
      actor: "exchange:test",
      causationId: "forged",
      correlationId: "forged",
      events: [
        {
          type: "ChargePosted",
          v: 1,
          data: {
            charge: "j-1.1:compute:1-2",
            job,
            placement: "j-1.1",
            stretch: 1,
            account: "nobody",
            from: 1,
            to: 2,
            lines: [],
            tenantPays: "5",
            releases: "0",
            final: false,
            period: "2026-03-02",
          },
        },
      ],
    });
    await exchange.wake("relay-commits", [{ pk: `job-${job}`, sk: 1 }]);
    const event = wakeUps([{ pk: "feed", sk: 1 }], Date.now());
    expect(await measured(exchange, "ChargesNotSettled", "settle-accounts", event)).toBe(1);
  });

  test("count auctions whose book cannot be cleared, and none where it can", async () => {
    const solve = async (forged: boolean) => {
      const exchange = await startExchange();
      await openMarket(exchange);
      const [joined] = await exchange.commits("center-c-1");
      if (joined === undefined) throw new Error("no center");
      // No decider lets a center have a pool twice.
      const events = joined.events.map(({ type, data }) => {
        const { pools } = z.looseObject({ pools: z.array(z.unknown()) }).parse(data);
        return { type, v: 1, data: { ...data, center: "c-2", pools: [...pools, ...pools] } };
      });
      const commit = { ...joined, stream: "center-c-2", commandId: "forged", events };
      if (forged) {
        await createEventLog(exchange.database, testTables.log).append(commit);
        await exchange.wake("relay-commits", [{ pk: "center-c-2", sk: 1 }]);
      }
      await exchange.invoke("close-gate", {});
      return measured(exchange, "AuctionsNotCleared", "solve-auction", { auction: 1 });
    };
    expect(await solve(false)).toBeUndefined();
    expect(await solve(true)).toBe(1);
  });

  test("count awards that a job does not take, and none where all goes well", async () => {
    const done = await startExchange();
    const { job } = await placeJob(done);
    const placed = (await done.commits(`job-${job}`)).find(({ events }) =>
      events.some(({ type }) => type === "JobPlaced"),
    );
    if (placed === undefined) throw new Error("the job was not placed");
    const publish = async (forged: boolean) => {
      const exchange = await startExchange();
      expect(await openMarket(exchange)).toBe(job);
      await exchange.invoke("close-gate", {});
      await exchange.invoke("solve-auction", { auction: 1 });
      const other = placed.events.map((event) =>
        event.type === "JobPlaced"
          ? { ...event, data: { ...event.data, award: { ...event.data.award, placement: `${job}.9` } } }
          : event,
      );
      const events = other.map(({ type, data }) => ({ type, v: 1, data }));
      if (forged)
        await createEventLog(exchange.database, testTables.log).append({
          ...placed,
          commandId: "forged",
          events,
        });
      return measured(exchange, "AwardsNotTaken", "publish-awards", { auction: 1, page: 0, pages: 1 });
    };
    expect(await publish(false)).toBeUndefined();
    expect(await publish(true)).toBe(1);
  });
});
