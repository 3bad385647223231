import { streams } from "../../events/catalog/streams.ts";
import { type CenterId, JobId, type PlacementId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import type { JobCommand } from "../../market/job/commands.ts";
import { isSuperseded, type JobState, placementOf } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { ownCenter } from "../centers/center-resource.ts";
import type { Operation } from "../contract/operation.ts";
import type { PlacementState } from "../contract/placements.ts";
import { statusOf } from "../jobs/job-resource.ts";
import { carriedOut } from "../kit/carried-out.ts";
import type { Call } from "../kit/endpoint.ts";
import { notFound, problem } from "../kit/problems.ts";

interface OfCenter {
  readonly params: { readonly placement: PlacementId };
  readonly body: { readonly center: CenterId };
}

/** What a center says of a placement that it delivers; a placement that it has no part in does not exist for it. */
export async function centerCall(
  call: Pick<Call<Operation>, "caller" | "access" | "meta"> & OfCenter,
  command: JobCommand,
): Promise<{ body: PlacementState; state: JobState }> {
  const { access, params, body, caller } = call;
  await ownCenter(access, body.center, caller.owner);
  const job = JobId.parse(params.placement.slice(0, params.placement.indexOf(".")));
  const outcome = await execute(access.store, jobDecider, streams.job(job), command, call.meta);
  const hidden = ["job-unknown", "placement-unknown", "not-your-placement"];
  if (outcome.kind === "rejected" && hidden.includes(outcome.rejection.code))
    throw notFound("placement", params.placement);
  const { state } = carriedOut(outcome);
  if (state.phase === "unknown") throw notFound("placement", params.placement);
  const run = placementOf(state, params.placement)?.run ?? 0;
  return { body: { placement: params.placement, job, status: statusOf(state), run }, state };
}

/** A run that another one, another placement or the job's end has followed must stop; its usage is kept, unpaid. */
export function assertCurrent({ body, state }: { body: PlacementState; state: JobState }, run: number): void {
  if (isSuperseded(state, body.placement, run))
    throw problem(
      409,
      "run-superseded",
      `Run ${run} was superseded or its placement has ended: stop it.`,
      "/run",
    );
}
