import type { CommandMeta } from "../../events/store/execute.ts";
import { keyReused } from "./carried-out.ts";
import type { Access } from "./host.ts";
import { isRefusal } from "./problems.ts";

type Operations = Pick<Access, "database" | "operationsTable">;

/** What is known of a key's request. */
export interface Claim {
  /** When the key was first seen, market time in ms: a repeat goes to the stream of that day. */
  readonly since: number;
  /** It was answered before: what it changed, if anything, is done. */
  readonly isDone: boolean;
}

/**
 * Binds an Idempotency-Key to the first body that came with it and was not refused, for good. Elsewhere the stream that
 * the key leads to tells; where the body or the day names the stream, each name or day would be another.
 * A request without a key is a command of its own: nothing is bound.
 * @throws ProblemError 422 for another body; whatever `work` throws.
 */
export async function withClaimedKey<Result>(
  operations: Operations,
  meta: CommandMeta,
  work: (claim: Claim) => Promise<Result>,
): Promise<Result> {
  const { requestHash: hash } = meta;
  if (hash === undefined) return work({ since: Date.parse(meta.time), isDone: false });
  const { database, operationsTable } = operations;
  const key = { pk: `key#${meta.commandId}`, sk: "body" };
  const { isFirst, ...claim } = await claimKey(operations, key, hash, Date.parse(meta.time));
  const result = await work(claim).catch(async (error: unknown) => {
    // What was refused is as if it had never been asked. Any other failure may have appended: the key stays bound; so it
    // does if the same request, sent twice at once, was not refused the other time.
    if (isFirst && isRefusal(error)) await database.remove(operationsTable, key, [{ absent: "done" }]);
    throw error;
  });
  const done = { ...key, hash, since: claim.since, done: 1 };
  const unlessAnothers = [{ absent: "hash" }, { attribute: "hash", is: "=", to: hash }] as const;
  if (!claim.isDone) await database.put(operationsTable, done, unlessAnothers);
  return result;
}

/** @throws ProblemError 422 if the key is bound to another body. */
async function claimKey(
  { database, operationsTable }: Operations,
  key: { readonly pk: string; readonly sk: string },
  hash: string,
  now: number,
): Promise<Claim & { readonly isFirst: boolean }> {
  const first = { since: now, isDone: false };
  if (await database.put(operationsTable, { ...key, hash, since: now }, [{ absent: "hash" }]))
    return { ...first, isFirst: true };
  const claimed = await database.get(operationsTable, key);
  // Gone again: the first was refused meanwhile, and this one is judged by itself.
  if (claimed === undefined) return { ...first, isFirst: false };
  if (claimed.hash !== hash) throw keyReused();
  // The first items of keys did not say when.
  const since = typeof claimed.since === "number" ? claimed.since : now;
  return { since, isDone: claimed.done !== undefined, isFirst: false };
}
