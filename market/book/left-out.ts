import type { JobId } from "../../events/catalog/values.ts";
import type { BookJob, BookState } from "./book-state.ts";
import { type Barrier, barrierTo, type Instance, isHeld } from "./instance.ts";
import { exclusionOf, tieOf } from "./links.ts";
import { firstStretch } from "./next-stretch.ts";

/** Why a job of this session whose time has come did not even bid. */
export interface LeftOut {
  readonly job: JobId;
  readonly reason: Barrier | "funds" | "group" | "parent";
}

/** The last barrier of a pool that passes the ones before it: what a change would get the job furthest. */
const barriers: readonly Barrier[] = ["product", "owner", "region", "framework"];

/**
 * Jobs whose window this gate sells but whose own needs, or whose account, keep them out of the problem. Bids that did
 * stand in it are the engine's to explain; jobs whose window is over or has not come are told nothing.
 */
export function leftOut(book: BookState, { gate, pools, bidders }: Instance): LeftOut[] {
  const bid = new Set(bidders.map(({ job }) => job.job));
  return [...book.jobs.values()].flatMap((job): LeftOut[] => {
    const waits = job.phase === "open" && job.lease === undefined && job.spec.session === gate.session;
    if (!waits || bid.has(job.job) || !isSold(job, gate)) return [];
    const next = firstStretch(job);
    if (next === undefined) return [];
    const cause = exclusionOf(book, job)?.cause;
    if (cause !== undefined) return [{ job: job.job, reason: cause === "groupAwarded" ? "group" : "parent" }];
    if (!isHeld(job, next.hold)) return [{ job: job.job, reason: "funds" }];
    const met = new Set(pools.map((pool) => barrierTo(pool, job)));
    if (!met.has(undefined)) {
      const reason = barriers.findLast((barrier) => met.has(barrier)) ?? "product";
      return [{ job: job.job, reason }];
    }
    return isHeldBack(book, job, next.shortest, gate) ? [{ job: job.job, reason: "parent" }] : [];
  });
}

/** Its parent, not its own window, keeps it out of this auction. */
function isHeldBack(book: BookState, job: BookJob, slots: number, { to }: Instance["gate"]): boolean {
  const tie = tieOf(book, job);
  return (
    tie.kind !== "free" || (tie.from > job.window.from && tie.from + slots > Math.min(to, job.window.to))
  );
}

function isSold({ window }: BookJob, { from, to }: Instance["gate"]): boolean {
  return window.from < to && window.to > from;
}
