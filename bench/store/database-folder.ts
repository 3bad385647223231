import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../events/store/dynamo.ts";
import { type TableName, tableKeys } from "../../events/store/tables.ts";
import { startDatabase } from "../../infra/local/database-process.ts";

const names: readonly TableName[] = ["log", "feed", "marks", "views", "operations"];

/** A local database on disk, in a process of its own as the local exchange has it, whose tables are named as they are. */
export async function withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "suanwang-bench-"));
  const tables = names.map((name) => ({ name, keys: tableKeys[name] }));
  const engine = await startDatabase(join(folder, "database"), tables);
  try {
    return await work(engine.database);
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
