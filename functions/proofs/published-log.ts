import { type TreeAt, treeAt } from "../../events/store/tree-at.ts";
import { PeriodView } from "../../market/views/periods.ts";
import { periodsKey } from "../../market/views/view.ts";
import type { Role } from "../contract/operation.ts";
import type { TreeHead } from "../contract/proofs.ts";
import type { Access } from "../kit/host.ts";
import { problem } from "../kit/problems.ts";

type LogAccess = Pick<Access, "feed" | "tree" | "views">;

/** The log up to a head that a caller may know of. */
export interface PublishedLog extends Omit<TreeAt, "head"> {
  readonly head: TreeHead;
}

/**
 * The newest log that is published to a caller. A size counts everybody's commits, so members get none between two daily closes:
 * see docs/decisions/0060 and 0082.
 * @throws ProblemError 404 before the first
 */
export async function publishedLog(access: LogAccess, role: Role): Promise<PublishedLog> {
  if (role === "finance" || role === "operator") return treeAt(access, (await access.feed.head()).position);
  // The day that is open, and the one before it.
  const days = await access.views.list({ pk: periodsKey, descending: true, limit: 2 }, PeriodView);
  const closed = days.find(({ data }) => data.closed !== undefined)?.data.closed;
  if (closed === undefined)
    throw problem(404, "no-head", "No head is published yet: the close of a settlement day publishes one.");
  const log = await treeAt(access, closed.position);
  return { ...log, head: { ...log.head, period: closed.period } };
}
