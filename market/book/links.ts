import type { Exclusion } from "../../events/catalog/job.ts";
import type { JobId } from "../../events/catalog/values.ts";
import type { BookJob, BookState } from "./book-state.ts";

// Groups of which one job is awarded, and children that follow their parent: what becomes of them across auctions.
// Within one auction the clearing problem's own `group` and `parent` see to it.

/** Key of the job's group: names of groups are their owner's own. */
export function groupOf({ owner, spec }: Pick<BookJob, "owner" | "spec">): string | undefined {
  return spec.group === undefined ? undefined : `${owner}/${spec.group}`;
}

/**
 * What keeps a job out of all later auctions. One that was awarded before keeps its place: it is its group's own
 * winner, and no longer hangs on its parent's success.
 */
export function exclusionOf(book: BookState, job: BookJob): Exclusion | undefined {
  if (job.phase !== "open" || job.awardedSlots > 0) return undefined;
  const group = groupOf(job);
  const winner = group === undefined ? undefined : book.groups.get(group)?.job;
  if (winner !== undefined && winner !== job.job) return { cause: "groupAwarded", by: winner };
  const { parent } = job.spec;
  if (parent === undefined || job.parentEnd !== undefined) return undefined;
  const end = book.ends.get(parent);
  return end === undefined || end.completed !== undefined ? undefined : { cause: "parentEnded", by: parent };
}

export interface ExcludedJob {
  readonly job: JobId;
  readonly excluded: Exclusion;
}

/** Jobs in the book that no auction will award any more, though their window has not passed. */
export function excludedJobs(book: BookState): ExcludedJob[] {
  return [...book.jobs.values()].flatMap((job) => {
    const excluded = exclusionOf(book, job);
    return excluded === undefined ? [] : [{ job: job.job, excluded }];
  });
}

/**
 * Where a job stands with its parent.
 * - free: it may start from slot `from` on.
 * - together: the parent waits for its award; the job may win in the same auction, and start at that award's end.
 * - waits: it cannot bid yet.
 */
export type Tie =
  | { readonly kind: "free"; readonly from: number }
  | { readonly kind: "together"; readonly parent: BookJob }
  | { readonly kind: "waits" };

/** Jobs that may win in one auction as a chain, each the next one's parent: longer ones take more auctions. */
const chainMost = 8;

/** The job may win in one auction with those of its parents that still wait for their own awards. */
export function mayWinTogether(book: BookState, job: BookJob): boolean {
  let tie = tieOf(book, job);
  for (let jobs = 1; tie.kind === "together"; jobs++) {
    if (jobs === chainMost) return false;
    tie = tieOf(book, tie.parent);
  }
  return tie.kind === "free";
}

/** A parent with an `extendLimit` has no end that one could start at before it has completed: its children wait. */
export function tieOf(book: BookState, job: BookJob): Tie {
  const { parent: id } = job.spec;
  if (id === undefined) return { kind: "free", from: 0 };
  if (job.parentEnd !== undefined) return { kind: "free", from: job.parentEnd };
  const end = book.ends.get(id);
  // One that was awarded before its parent failed is excluded no more, nor held back.
  if (end !== undefined) return { kind: "free", from: end.completed ?? 0 };
  const parent = book.jobs.get(id);
  if (parent === undefined || parent.phase !== "open" || parent.spec.extendLimit !== undefined)
    return { kind: "waits" };
  const { lease } = parent;
  return lease === undefined ? { kind: "together", parent } : { kind: "free", from: lease.end };
}
