import type { CommandMeta } from "../../events/store/execute.ts";
import { keyReused } from "./carried-out.ts";
import type { Access } from "./host.ts";
import { ProblemError } from "./problems.ts";

type Operations = Pick<Access, "database" | "operationsTable">;

/**
 * Binds an Idempotency-Key to the first body that came with it and was not refused, for good. Elsewhere the stream that
 * the key leads to tells; where the body names the stream, each of its names would be another.
 * @throws ProblemError 422 for another body; whatever `work` throws.
 */
export async function withClaimedKey<Result>(
  operations: Operations,
  meta: CommandMeta,
  work: () => Promise<Result>,
): Promise<Result> {
  const { database, operationsTable } = operations;
  const isFirst = await claim(operations, meta);
  try {
    return await work();
  } catch (error) {
    // What was refused is as if it had never been asked. Any other failure may have appended: the key stays bound.
    if (isFirst && error instanceof ProblemError && error.problem.status < 500)
      await database.remove(operationsTable, keyOf(meta));
    throw error;
  }
}

const keyOf = ({ commandId }: CommandMeta) => ({ pk: `key#${commandId}`, sk: "body" });

/** Whether this call is the first with the key. */
async function claim({ database, operationsTable }: Operations, meta: CommandMeta): Promise<boolean> {
  const { requestHash = "" } = meta;
  const key = keyOf(meta);
  if (await database.put(operationsTable, { ...key, hash: requestHash }, [{ absent: "hash" }])) return true;
  const claimed = await database.get(operationsTable, key);
  // Gone again: the first was refused meanwhile, and this one is judged by itself.
  if (claimed !== undefined && claimed.hash !== requestHash) throw keyReused();
  return false;
}
