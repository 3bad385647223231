import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { MarketClock } from "./clock.ts";
import type { WiredQueue, Wiring } from "./wiring.ts";

/** Messages of SQS, kept in one file: at least once, with visibility, delays and dead letters in market time. */
export interface Queues {
  send(messages: readonly { readonly queue: string; readonly body: string }[]): void;
  /** Messages in a queue, due or not. */
  depth(queue: string): number;
  /** Begins to deliver: what a crash left comes again. */
  start(): void;
  close(): void;
}

/** Answers what an SQS event source reports: ids of the messages that failed. */
export type Deliver = (functionName: string, event: unknown) => Promise<unknown>;

interface Message {
  readonly id: string;
  readonly body: string;
  readonly receives: number;
}

/** Batches of one queue under way at once. */
const concurrency = 8;

export function createQueues(
  file: string,
  { queues, consumers }: Pick<Wiring, "queues" | "consumers">,
  clock: MarketClock,
  deliver: Deliver,
): Queues {
  const db = new DatabaseSync(file);
  db.exec(`pragma journal_mode = wal; pragma synchronous = off;
    create table if not exists messages (
      id text primary key, queue text not null, body text not null,
      visible integer not null, receives integer not null default 0
    ) without rowid;
    create index if not exists due on messages (queue, visible);`);
  const insert = db.prepare("insert into messages (id, queue, body, visible) values (?, ?, ?, ?)");
  const due = db.prepare(
    "select id, body, receives from messages where queue = ? and visible <= ? order by visible limit ?",
  );
  const hide = db.prepare("update messages set visible = ?, receives = receives + 1 where id = ?");
  const remove = db.prepare("delete from messages where id = ?");
  const bury = db.prepare(
    "update messages set queue = ?, visible = ? where queue = ? and visible <= ? and receives >= ?",
  );
  const nextDue = db.prepare("select min(visible) as visible from messages where queue = ?");
  const count = db.prepare("select count(*) as messages from messages where queue = ?");
  const byName = new Map(queues.map((queue) => [queue.name, queue]));
  const underWay = new Map<string, number>();
  const alarms = new Map<string, () => void>();
  let started = false;

  const queueOf = (name: string): WiredQueue => {
    const queue = byName.get(name);
    if (queue === undefined) throw new Error(`there is no queue ${name}`);
    return queue;
  };
  const receive = (queue: WiredQueue, batchSize: number): Message[] => {
    const now = clock.now();
    const { dead } = queue;
    if (dead !== undefined) bury.run(dead.queue, now, queue.name, now, dead.maxReceiveCount);
    const found = due.all(queue.name, now, batchSize).map(messageOf);
    for (const { id } of found) hide.run(now + queue.visibilitySeconds * 1000, id);
    return found;
  };
  const pump = (consumer: Wiring["consumers"][number]) => {
    if (!started) return;
    const queue = queueOf(consumer.queue);
    while ((underWay.get(queue.name) ?? 0) < concurrency) {
      const batch = receive(queue, consumer.batchSize);
      if (batch.length === 0) break;
      underWay.set(queue.name, (underWay.get(queue.name) ?? 0) + 1);
      const release = clock.hold();
      handle(consumer.functionName, queue, batch).finally(() => {
        underWay.set(queue.name, (underWay.get(queue.name) ?? 1) - 1);
        pump(consumer);
        release();
      });
    }
    arm(consumer);
  };
  const arm = (consumer: Wiring["consumers"][number]) => {
    alarms.get(consumer.queue)?.();
    const visible = nextDue.get(consumer.queue)?.visible;
    if (typeof visible !== "number" || visible <= clock.now()) return;
    alarms.set(
      consumer.queue,
      clock.at(visible, () => pump(consumer)),
    );
  };
  const handle = async (functionName: string, queue: WiredQueue, batch: readonly Message[]) => {
    const answer = await deliver(functionName, sqsEvent(queue.name, batch)).catch(() => undefined);
    // Closed meanwhile: the messages come again at the next start.
    if (!started) return;
    const failed = failuresOf(answer, batch);
    db.exec("begin");
    for (const { id } of batch) if (!failed.has(id)) remove.run(id);
    db.exec("commit");
  };
  const consumerOf = new Map(consumers.map((consumer) => [consumer.queue, consumer]));
  return {
    send(messages) {
      const rows = messages.map(({ queue, body }) => ({ body, ...queueOf(queue) }));
      db.exec("begin");
      for (const { name, body, delaySeconds } of rows)
        insert.run(randomUUID(), name, body, clock.now() + delaySeconds * 1000);
      db.exec("commit");
      for (const name of new Set(messages.map(({ queue }) => queue))) {
        const consumer = consumerOf.get(name);
        if (consumer !== undefined) pump(consumer);
      }
    },
    depth: (queue) => Number(count.get(queue)?.messages ?? 0),
    start() {
      started = true;
      for (const consumer of consumers) pump(consumer);
    },
    close() {
      started = false;
      for (const cancel of alarms.values()) cancel();
      db.close();
    },
  };
}

function messageOf(row: Record<string, unknown>): Message {
  return { id: String(row.id), body: String(row.body), receives: Number(row.receives) };
}

function sqsEvent(queue: string, batch: readonly Message[]) {
  return {
    Records: batch.map(({ id, body, receives }) => ({
      messageId: id,
      receiptHandle: id,
      body,
      attributes: {
        ApproximateReceiveCount: String(receives + 1),
        SentTimestamp: "0",
        SenderId: "local",
        ApproximateFirstReceiveTimestamp: "0",
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:local:000000000000:${queue}`,
      awsRegion: "local",
    })),
  };
}

/** What comes again. Stricter than Lambda: not only an unknown name but also an answer of nothing fails the whole batch. */
function failuresOf(answer: unknown, batch: readonly Message[]): ReadonlySet<string> {
  const all = new Set(batch.map(({ id }) => id));
  if (typeof answer !== "object" || answer === null || !("batchItemFailures" in answer)) return all;
  if (!Array.isArray(answer.batchItemFailures)) return all;
  const failed = answer.batchItemFailures.map((item: { itemIdentifier?: unknown } | null) =>
    String(item?.itemIdentifier),
  );
  return failed.every((id) => all.has(id)) ? new Set(failed) : all;
}
