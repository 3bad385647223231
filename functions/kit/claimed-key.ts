import type { CommandMeta } from "../../events/store/execute.ts";
import { keyReused } from "./carried-out.ts";
import type { Access } from "./host.ts";

/**
 * Binds an Idempotency-Key to the first body that came with it, for good. Elsewhere the stream that the key leads to
 * tells; where the body names the stream, each of its names would be another.
 * @throws ProblemError 422 for another body.
 */
export async function claimKey(
  { database, operationsTable }: Pick<Access, "database" | "operationsTable">,
  { commandId, requestHash = "" }: CommandMeta,
): Promise<void> {
  const key = { pk: `key#${commandId}`, sk: "body" };
  if (await database.put(operationsTable, { ...key, hash: requestHash }, [{ absent: "hash" }])) return;
  const claimed = await database.get(operationsTable, key);
  if (claimed?.hash !== requestHash) throw keyReused();
}
