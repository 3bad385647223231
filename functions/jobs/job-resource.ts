import { streams } from "../../events/catalog/streams.ts";
import type { JobId } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { inForce, type JobPhase, type JobState, type KnownJob } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import type { Job, JobStatus } from "../contract/jobs.ts";
import type { Caller } from "../kit/caller.ts";
import type { Access } from "../kit/host.ts";
import { notFound, problem } from "../kit/problems.ts";

const statuses: Record<JobPhase, JobStatus> = {
  requested: "requested",
  queued: "open",
  reserved: "placed",
  accepted: "placed",
  running: "running",
  rejected: "rejected",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  expired: "expired",
};

export function statusOf({ phase }: KnownJob): JobStatus {
  return statuses[phase];
}

export function jobResource(state: JobState, version: number): { body: Job; version: number } {
  if (state.phase === "unknown") throw problem(500, "internal-error", "The job is gone.");
  const { job, owner, account, spec, hold } = state.request;
  const awards = state.balances.map(({ award }) => award);
  const reason = state.reason === undefined ? {} : { reason: state.reason };
  const placement = inForce(state);
  const run = placement?.run ?? 0;
  const notice = placement?.awardedTo !== undefined ? { reclaimedFrom: placement.end } : {};
  const told = { status: statusOf(state), ...reason, ...notice };
  const body = { job, owner, account, spec, hold, ...told, awards, run, version };
  return { body, version };
}

/** @throws ProblemError 404, the same for what is absent and for what is another's. */
export async function visibleJob(
  { store }: Pick<Access, "store">,
  job: JobId,
  { owner }: Pick<Caller, "owner">,
  all: boolean,
): Promise<{ state: KnownJob; version: number }> {
  const { state, version } = await loadState(store, jobDecider, streams.job(job));
  if (state.phase === "unknown" || (!all && state.request.owner !== owner)) throw notFound("job", job);
  return { state, version };
}
