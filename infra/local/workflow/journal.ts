import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Execution } from "./execution.ts";

/**
 * What outlives a restart: every execution by machine and name; of a running one its whole state, of an ended
 * one only how it ended. Survives kill -9; a loss of power may take the last moments (WAL, synchronous NORMAL).
 */

const FORMAT = "1";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS definition (hash TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS execution (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    error TEXT,
    cause TEXT,
    definition TEXT,
    state TEXT
  );
  CREATE UNIQUE INDEX IF NOT EXISTS execution_name ON execution (machine, name);
  CREATE INDEX IF NOT EXISTS execution_running ON execution (id) WHERE state IS NOT NULL;
  CREATE TABLE IF NOT EXISTS transition_count (machine TEXT PRIMARY KEY, total INTEGER NOT NULL) WITHOUT ROWID;
`;

const PUT = `
  INSERT INTO execution (id, machine, name, status, started_at, ended_at, error, cause, definition, state)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at, error = excluded.error,
    cause = excluded.cause, definition = excluded.definition, state = excluded.state
`;

const statusRow = z.object({ status: z.enum(["RUNNING", "SUCCEEDED", "FAILED"]) });
export type ExecutionStatus = z.infer<typeof statusRow>["status"];

const runningRow = z.object({
  id: z.number(),
  machine: z.string(),
  definition: z.string(),
  state: z.string(),
});

/** A running execution as it is kept. */
export interface KeptExecution {
  readonly id: number;
  readonly machine: string;
  /** Hash of the definition that it was started with. */
  readonly definition: string;
  readonly execution: Execution;
}

export interface Journal {
  /** Signs task tokens; made with the journal and kept in it. */
  readonly secret: string;
  /** One more than any id in use. */
  readonly nextId: number;
  keepDefinition(hash: string, json: string): void;
  definition(hash: string): string | undefined;
  running(): KeptExecution[];
  /** undefined: there was never an execution of this name. */
  status(machine: string, name: string): ExecutionStatus | undefined;
  transitionCounts(): ReadonlyMap<string, number>;
  /** Writes all or nothing. */
  commit(executions: Iterable<KeptExecution>, transitions: ReadonlyMap<string, number>): void;
  close(): void;
}

/** @throws Error when another process has the journal open, or when it is of another format. */
export function openJournal(path: string): Journal {
  const database = openDatabase(path);
  const put = database.prepare(PUT);
  const status = database.prepare("SELECT status FROM execution WHERE machine = ? AND name = ?");
  const count = database.prepare(
    "INSERT INTO transition_count VALUES (?, ?) ON CONFLICT (machine) DO UPDATE SET total = excluded.total",
  );
  return {
    secret: setting(database, "secret", () => randomBytes(32).toString("base64url")),
    nextId: highestId(database) + 1,
    keepDefinition(hash, json) {
      database.prepare("INSERT OR IGNORE INTO definition VALUES (?, ?)").run(hash, json);
    },
    definition: (hash) => readDefinition(database, hash),
    running: () => readRunning(database),
    status(machine, name) {
      const row = status.get(machine, name);
      return row === undefined ? undefined : statusRow.parse(row).status;
    },
    transitionCounts: () => readCounts(database),
    commit(executions, transitions) {
      inTransaction(database, () => {
        for (const kept of executions) put.run(...columns(kept));
        for (const [machine, total] of transitions) count.run(machine, total);
      });
    },
    close: () => database.close(),
  };
}

function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  try {
    // Exclusive: one process a journal, and no shared memory to keep in step.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    database.exec(SCHEMA);
  } catch (cause) {
    database.close();
    throw new Error(`cannot open the workflow journal ${path}; is another process using it?`, { cause });
  }
  const format = setting(database, "format", () => FORMAT);
  if (format !== FORMAT) throw new Error(`the workflow journal ${path} has format ${format}, not ${FORMAT}`);
  return database;
}

function setting(database: DatabaseSync, name: string, initial: () => string): string {
  database.prepare("INSERT OR IGNORE INTO setting VALUES (?, ?)").run(name, initial());
  const row = database.prepare("SELECT value FROM setting WHERE name = ?").get(name);
  return z.object({ value: z.string() }).parse(row).value;
}

function highestId(database: DatabaseSync): number {
  const row = database.prepare("SELECT ifnull(max(id), 0) AS highest FROM execution").get();
  return z.object({ highest: z.number() }).parse(row).highest;
}

function readDefinition(database: DatabaseSync, hash: string): string | undefined {
  const row = database.prepare("SELECT json FROM definition WHERE hash = ?").get(hash);
  return row === undefined ? undefined : z.object({ json: z.string() }).parse(row).json;
}

function readRunning(database: DatabaseSync): KeptExecution[] {
  const rows = database.prepare(
    "SELECT id, machine, definition, state FROM execution WHERE state IS NOT NULL",
  );
  return z
    .array(runningRow)
    .parse(rows.all())
    .map(({ state, ...row }) => {
      const execution: Execution = JSON.parse(state);
      return { ...row, execution };
    });
}

function readCounts(database: DatabaseSync): ReadonlyMap<string, number> {
  const rows = database.prepare("SELECT machine, total FROM transition_count").all();
  const counts = z.array(z.object({ machine: z.string(), total: z.number() })).parse(rows);
  return new Map(counts.map(({ machine, total }) => [machine, total]));
}

function columns({ id, machine, definition, execution }: KeptExecution): (string | number | null)[] {
  const { name, startedAt, outcome } = execution;
  if (outcome === null) {
    const state = JSON.stringify(execution);
    return [id, machine, name, "RUNNING", startedAt, null, null, null, definition, state];
  }
  const { error, cause } = outcome.status === "SUCCEEDED" ? { error: null, cause: null } : outcome;
  return [id, machine, name, outcome.status, startedAt, outcome.endedAt, error, cause, null, null];
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
