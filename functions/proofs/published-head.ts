import { PeriodView } from "../../market/views/periods.ts";
import { periodsKey } from "../../market/views/view.ts";
import type { Role } from "../contract/operation.ts";
import type { TreeHead } from "../contract/proofs.ts";
import type { Access } from "../kit/host.ts";
import { problem } from "../kit/problems.ts";

/**
 * The head that a caller may know of. A size counts everybody's commits, so members get none between two daily closes:
 * see docs/decisions/0060 and 0082.
 * @throws ProblemError 404 before the first
 */
export async function publishedHead(access: Pick<Access, "tree" | "views">, role: Role): Promise<TreeHead> {
  if (role === "finance" || role === "operator") return access.tree.head();
  // The day that is open, and the one before it.
  const days = await access.views.list({ pk: periodsKey, descending: true, limit: 2 }, PeriodView);
  const closed = days.find(({ data }) => data.closed !== undefined)?.data.closed;
  const head = closed === undefined ? undefined : await access.tree.headAt(closed.position);
  if (head === undefined || closed === undefined)
    throw problem(404, "no-head", "No head is published yet: the close of a settlement day publishes one.");
  return { ...head, period: closed.period };
}
