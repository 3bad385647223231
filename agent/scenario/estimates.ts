import { finishOf, type TraceJob } from "./trace.ts";

/** Finished jobs from which a tenant estimates. */
export const ESTIMATE_JOBS = 50;
/** With fewer finished jobs of its own virtual cluster, a tenant looks at those of all clusters. */
export const ESTIMATE_JOBS_MIN = 5;

/** Smallest value that at least `percent` % of the values do not exceed (nearest rank); throws on none. */
export function nearestRank(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)];
  if (value === undefined) throw new Error("a percentile of no values");
  return value;
}

/** What tenants know: jobs that have finished, by virtual cluster and in all, in the order of their ends. */
export type History = Readonly<{
  all: readonly TraceJob[];
  byCluster: ReadonlyMap<string, readonly TraceJob[]>;
}>;

export function historyOf(trace: readonly TraceJob[]): History {
  const all = [...trace].sort((a, b) => finishOf(a) - finishOf(b) || a.submit - b.submit);
  return { all, byCluster: Map.groupBy(all, (job) => job.cluster) };
}

/** The last `ESTIMATE_JOBS` of a list (in order of ends) that had finished by `at`. */
export function lastFinished(jobs: readonly TraceJob[], at: number): readonly TraceJob[] {
  let low = 0;
  let high = jobs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const job = jobs[middle];
    if (job !== undefined && finishOf(job) <= at) low = middle + 1;
    else high = middle;
  }
  return jobs.slice(Math.max(0, low - ESTIMATE_JOBS), low);
}

/**
 * A tenant's estimate at trace time `at`, in seconds: the 90th percentile (nearest rank) of the last 50 jobs of its
 * virtual cluster that have finished by then; with under 5 of them, of all clusters. Undefined: none has finished yet.
 */
export function estimateSeconds(history: History, cluster: string, at: number): number | undefined {
  const own = lastFinished(history.byCluster.get(cluster) ?? [], at);
  const known = own.length < ESTIMATE_JOBS_MIN ? lastFinished(history.all, at) : own;
  if (known.length === 0) return undefined;
  return nearestRank(
    known.map((job) => job.duration),
    90,
  );
}
