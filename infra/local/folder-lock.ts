import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

export interface Lock {
  release(): void;
}

/**
 * One exchange a folder: two would ruin each other's database. Ends with its process, however that ends.
 * @throws Error naming the process that runs an exchange there
 */
export function lockFolder(folder: string): Lock {
  mkdirSync(folder, { recursive: true });
  const lock = takeLock(folder, "exchange");
  if (lock !== undefined) return lock;
  throw new Error(
    `process ${holderOf(folder, "exchange")} runs an exchange on ${folder}: stop it, or name another folder with --data`,
  );
}

/**
 * One process that has the database's files open: that of a killed exchange may live a moment longer than the exchange.
 * @throws Error naming it, if it still lives after `patienceMs`
 */
export async function lockDatabase(folder: string, patienceMs: number): Promise<Lock> {
  mkdirSync(folder, { recursive: true });
  for (const until = performance.now() + patienceMs; ; await sleep(10)) {
    const lock = takeLock(folder, "database");
    if (lock !== undefined) return lock;
    if (performance.now() > until)
      throw new Error(
        `process ${holderOf(folder, "database")}, left over from an exchange that has ended, still has the database in ${folder} open: end it`,
      );
  }
}

/** Locks of this process: one that is forgotten would be closed, and so released, as garbage. */
const held = new Set<DatabaseSync>();

/** SQLite's code for a lock that somebody else has. */
const busy = 5;

/**
 * A lock of the operating system, by way of SQLite, which knows how on each of them. A file that merely names a process
 * would outlive it, and name whatever process gets its number next. Undefined: somebody has it.
 */
function takeLock(folder: string, name: string): Lock | undefined {
  const database = new DatabaseSync(join(folder, `${name}.lock`));
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === busy) return undefined;
    throw error;
  }
  // For whoever asks who has it; the file of the lock stays, for others may be waiting for it.
  const pidFile = join(folder, `${name}.pid`);
  writeFileSync(pidFile, String(process.pid));
  held.add(database);
  return {
    release() {
      if (!held.delete(database)) return;
      rmSync(pidFile, { force: true });
      database.close();
    },
  };
}

function holderOf(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, `${name}.pid`), "utf8") || "another";
  } catch {
    return "another";
  }
}
