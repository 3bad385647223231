import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createCheckpoints } from "../../events/store/checkpoint.ts";
import type { Database } from "../../events/store/dynamo.ts";
import { createFeed } from "../../events/store/feed.ts";
import { createFollower } from "../../events/store/follow.ts";
import { createEventLog } from "../../events/store/log.ts";
import { createMarks } from "../../events/store/marks.ts";
import { createRelay } from "../../events/store/relay.ts";
import { createMarketTime } from "../../infra/local/market-time.ts";
import { createStreams } from "../../infra/local/streams.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { commitsOf } from "./append.ts";

/** ms from an append's acknowledgement. */
export interface RelayLag {
  /** Appends per second that were asked for, and those that were done. */
  readonly rate: number;
  readonly reached: number;
  /** The commit's page can be read. */
  readonly readable: Spread;
  /** A consumer of the feed has handled it. */
  readonly handled: Spread;
  readonly pages: number;
}

/** Appends evenly at a rate to streams of their own; relay and one consumer are woken as in the local exchange. */
export async function measureRelayLag(database: Database, rate: number, seconds: number): Promise<RelayLag> {
  const count = Math.ceil(rate * seconds);
  const commits = (
    await Promise.all(Array.from({ length: count }, (_, n) => commitsOf(`lag-${rate}-${n}`, 1, 0)))
  ).flat();
  const readable = new Map<string, number>();
  const handled = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  let pages = 0;

  const time = createMarketTime(0);
  const source = {
    batchSize: 1000,
    windowSeconds: 0,
    retries: 5,
    maxAgeMs: Number.POSITIVE_INFINITY,
    dead: "dead",
  };
  const streams = createStreams(
    database,
    [
      { ...source, table: "log", functionName: "relay" },
      { ...source, table: "feed", functionName: "consumer" },
    ],
    time,
    async (name, event) => {
      await (name === "relay" ? relay.drain(streamsOf(event)) : follow(Number.POSITIVE_INFINITY));
      return { batchItemFailures: [] };
    },
    () => {
      throw new Error("a wake-up failed");
    },
  );
  const noticed = streams.database;
  const log = createEventLog(noticed, "log");
  const written = createFeed(noticed, "feed");
  const feed: typeof written = {
    ...written,
    async putPage(page) {
      const put = await written.putPage(page);
      const now = performance.now();
      pages += put ? 1 : 0;
      if (put)
        for (const { stream } of (await written.read(page.position))?.commits ?? [])
          readable.set(stream, now);
      return put;
    },
  };
  const relay = createRelay({ log, feed, marks: createMarks(noticed, "marks"), random: Math.random });
  const checkpoints = createCheckpoints(noticed, "marks");
  const follow = createFollower({
    feed,
    progress: {
      get: () => checkpoints.get("bench"),
      advance: (position) => checkpoints.advance("bench", position),
    },
    async handle(batch) {
      const now = performance.now();
      for (const { stream } of batch.flatMap((page) => page.commits)) handled.set(stream, now);
    },
  });

  const began = performance.now();
  await Promise.all(
    commits.map(async (commit, n) => {
      await sleep((n * 1000) / rate);
      await log.append(commit);
      acknowledged.set(commit.stream, performance.now());
    }),
  );
  const reached = (count * 1000) / (performance.now() - began);
  while (handled.size < count) await sleep(5);
  // Market time moves when nothing is under way any more.
  await time.jumpTo(1);
  const lags = (seen: ReadonlyMap<string, number>) =>
    [...acknowledged].map(([stream, at]) => Math.max(0, (seen.get(stream) ?? Number.NaN) - at));
  return { rate, reached, readable: spreadOf(lags(readable)), handled: spreadOf(lags(handled)), pages };
}

const WakeUps = z.object({
  Records: z.array(z.object({ dynamodb: z.object({ Keys: z.object({ pk: z.object({ S: z.string() }) }) }) })),
});

function streamsOf(event: unknown): Set<string> {
  return new Set(WakeUps.parse(event).Records.map(({ dynamodb }) => dynamodb.Keys.pk.S));
}
