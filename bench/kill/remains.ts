import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import dynalite from "dynalite";
import * as z from "zod";
import { createDynamoDatabase } from "../../events/store/dynamo.ts";
import type { Wiring } from "../../infra/local/wiring.ts";

/** A commit as the log's table holds it. */
export interface LoggedCommit {
  readonly stream: string;
  readonly version: number;
  readonly bytes: string;
}

/** A workflow that has not ended. */
export interface RunningExecution {
  /** `MACHINE NAME`. */
  readonly name: string;
  /** What each of its threads waits for, as `STATE: KIND`. */
  readonly waits: readonly string[];
  /** A task of it failed and is to be tried again, or it waits for an instant. */
  readonly goesOn: boolean;
}

/** What a dead exchange left in its folder. */
export interface Remains {
  readonly log: readonly LoggedCommit[];
  /** Pages of the feed. */
  readonly pages: number;
  /** Position up to which the publisher has surely told the bus. */
  readonly published: number;
  /** Commits of the log that no page of the feed holds yet. */
  readonly unrelayed: number;
  /** Auctions whose gate has closed and that are neither sealed nor voided. */
  readonly unsealed: readonly string[];
  readonly running: readonly RunningExecution[];
  /** Executions that ended in any other way than they should. */
  readonly failed: readonly string[];
  /** Messages not yet handled. */
  readonly messages: number;
  readonly deadLetters: number;
}

/** Reads a copy, for reading would mend what the next start must mend. */
export async function readRemains(folder: string, wiring: Wiring): Promise<Remains> {
  const copy = `${folder}.copy`;
  await rm(copy, { recursive: true, force: true });
  await cp(folder, copy, { recursive: true });
  try {
    return { ...(await readDatabase(join(copy, "database"), wiring)), ...readFiles(copy, wiring) };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function readDatabase(path: string, { functions }: Wiring) {
  const empty = { log: [], pages: 0, published: 0, unrelayed: 0, unsealed: [] };
  if (!existsSync(path)) return empty;
  const server = dynalite({ path, createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const database = createDynamoDatabase({ region: "local", endpoint: `http://127.0.0.1:${port}` });
  const relay = functions.find(({ name }) => name === "relay-commits")?.variables;
  const { LOG_TABLE: logTable = "", FEED_TABLE: feedTable = "", MARKS_TABLE: marksTable = "" } = relay ?? {};
  try {
    const log: LoggedCommit[] = [];
    for await (const items of database.scan(logTable, ["pk", "sk", "bytes"]))
      for (const { pk, sk, bytes } of items)
        log.push({ stream: String(pk), version: Number(sk), bytes: String(bytes) });
    let pages = 0;
    const relayed = new Set<string>();
    for await (const items of database.scan(feedTable, ["sk", "bytes"]))
      for (const { bytes } of items) {
        pages += 1;
        for (const { stream, version } of JSON.parse(String(bytes)).commits)
          relayed.add(`${stream}@${version}`);
      }
    const mark = await database.get(marksTable, { pk: "checkpoint#publish-events" });
    return {
      log,
      pages,
      published: Number(mark?.position ?? 0),
      unrelayed: log.filter(({ stream, version }) => !relayed.has(`${stream}@${version}`)).length,
      unsealed: unsealedIn(log),
    };
  } catch (error) {
    // Killed before it had made its tables.
    if (error instanceof Error && error.name === "ResourceNotFoundException") return empty;
    throw error;
  } finally {
    database.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function unsealedIn(log: readonly LoggedCommit[]): string[] {
  const auctions = Map.groupBy(
    log.filter(({ stream }) => stream.startsWith("auction-")),
    ({ stream }) => stream,
  );
  const ends = ['"type":"AuctionCleared"', '"type":"AuctionVoided"'];
  return [...auctions]
    .filter(([, commits]) => !commits.some(({ bytes }) => ends.some((end) => bytes.includes(end))))
    .map(([stream]) => stream);
}

function readFiles(folder: string, wiring: Wiring) {
  const dead = [
    ...wiring.queues.flatMap((queue) => queue.dead?.queue ?? []),
    ...wiring.streams.map((stream) => stream.dead),
  ];
  const executions = rowsOf(
    join(folder, "workflows.sqlite"),
    "execution",
    "SELECT machine || ' ' || name AS name, status, state FROM execution",
  );
  const messages = rowsOf(join(folder, "queues.sqlite"), "messages", "SELECT queue AS name FROM messages");
  const named = (status: string) => (row: Readonly<Record<string, unknown>>) => row.status === status;
  return {
    running: executions.filter(named("RUNNING")).map(runningExecution),
    failed: executions
      .filter((row) => !named("RUNNING")(row) && !named("SUCCEEDED")(row))
      .map(({ name, status }) => `${name} ${status}`),
    messages: messages.filter(({ name }) => !dead.includes(String(name))).length,
    deadLetters: messages.filter(({ name }) => dead.includes(String(name))).length,
  };
}

const Kept = z.object({
  threads: z.record(z.string(), z.object({ state: z.string(), waiting: z.object({ kind: z.string() }) })),
});

function runningExecution({ name, state }: Record<string, unknown>): RunningExecution {
  const threads = Object.values(Kept.parse(JSON.parse(String(state))).threads);
  return {
    name: String(name),
    waits: threads.map((thread) => `${thread.state}: ${thread.waiting.kind}`),
    goesOn: threads.some(({ waiting }) => waiting.kind === "retry" || waiting.kind === "instant"),
  };
}

/** No rows where the dead had not made the file or the table. */
function rowsOf(file: string, table: string, query: string): Record<string, unknown>[] {
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file);
  try {
    const made = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table) !== undefined;
    return made ? database.prepare(query).all() : [];
  } finally {
    database.close();
  }
}
