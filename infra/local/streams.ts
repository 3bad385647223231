import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../../events/store/dynamo.ts";
import type { MarketClock } from "./clock.ts";
import type { Queues } from "./queues.ts";
import type { StreamSource } from "./wiring.ts";

/** DynamoDB Streams as far as the exchange needs them: a put wakes the table's functions in this process. */
export interface Streams {
  /** The same database, whose puts are noticed. */
  readonly database: Database;
  /** Wakes every function once, to the end of its table, for wake-ups die with the process. */
  wakeAll(): void;
  /** Nothing is tried again. */
  close(): void;
}

/** Between two tries at most, ms. */
const longestPause = 1_000;

interface Key {
  readonly pk: string;
  readonly sk: number;
}

export function createStreams(
  inner: Database,
  sources: readonly StreamSource[],
  clock: MarketClock,
  invoke: (functionName: string, event: unknown) => Promise<unknown>,
  queues: () => Queues,
  pollMs?: number,
): Streams {
  let closed = false;
  const pumps = sources.map((source) => ({
    source,
    pump: createPump(source, clock, invoke, queues, () => closed, pollMs),
  }));
  const noticed = new Set(sources.map(({ table }) => table));
  return {
    database: {
      ...inner,
      async put(table, item, anyOf) {
        const written = await inner.put(table, item, anyOf);
        if (written && noticed.has(table))
          for (const { source, pump } of pumps)
            if (source.table === table) pump({ pk: String(item.pk), sk: Number(item.sk) });
        return written;
      },
    },
    wakeAll() {
      for (const { pump } of pumps) pump({ pk: "feed", sk: Number.MAX_SAFE_INTEGER });
    },
    close() {
      closed = true;
    },
  };
}

/**
 * Keys gather while a batch runs. A batch that fails comes again, and at last goes to the queue of the dead.
 * @param pollMs where given, keys also gather as they do in the cloud: until the next poll, and for the batching window
 */
function createPump(
  { functionName, batchSize, windowSeconds, retries, maxAgeMs, dead }: StreamSource,
  clock: MarketClock,
  invoke: (functionName: string, event: unknown) => Promise<unknown>,
  queues: () => Queues,
  isClosed: () => boolean,
  pollMs: number | undefined,
): (key: Key) => void {
  let waiting: Key[] = [];
  let running = false;
  const attempt = async (keys: readonly Key[]) => {
    const event = streamEvent(keys);
    const begun = performance.now();
    for (let tries = 0; tries <= retries && performance.now() - begun <= maxAgeMs; tries++) {
      if (tries > 0) await sleep(Math.min(longestPause, 20 * 2 ** tries));
      if (isClosed()) return;
      const answer = await invoke(functionName, event).catch(() => undefined);
      if (isDone(answer)) return;
    }
    queues().send([{ queue: dead, body: JSON.stringify({ functionName, keys }) }]);
  };
  const run = async () => {
    const release = clock.hold();
    try {
      // The writer hears of its put before anybody else does.
      await nextTurn();
      while (waiting.length > 0) {
        const batch = waiting.slice(0, batchSize);
        waiting = waiting.slice(batchSize);
        await attempt(batch);
      }
    } finally {
      running = false;
      release();
    }
  };
  return (key) => {
    waiting.push(key);
    if (running) return;
    running = true;
    if (pollMs === undefined) void run();
    else clock.at(clock.now() + windowSeconds * 1000 + pollMs, () => void run());
  };
}

function isDone(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null || !("batchItemFailures" in answer)) return false;
  return Array.isArray(answer.batchItemFailures) && answer.batchItemFailures.length === 0;
}

function streamEvent(keys: readonly Key[]) {
  return {
    Records: keys.map(({ pk, sk }, index) => ({
      eventID: `${pk}@${sk}`,
      eventName: "INSERT",
      eventSource: "aws:dynamodb",
      dynamodb: { Keys: { pk: { S: pk }, sk: { N: String(sk) } }, SequenceNumber: String(index + 1) },
    })),
  };
}
