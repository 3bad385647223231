import { JobId } from "../../events/catalog/values.ts";
import { inForce } from "../../market/job/state.ts";
import { stepFunctions } from "../kit/aws-clients.ts";
import { variable } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { subscriber } from "../kit/subscriber.ts";
import { loadJob, standingOf } from "./standing.ts";

/** A placement starts its workflow, named like it: a second start of the same name changes nothing. */
export const create = subscriber(async (access, { id }) => {
  const job = JobId.parse(id);
  const state = await loadJob(access, job);
  const placement = state.phase === "unknown" ? undefined : inForce(state)?.id;
  if (placement === undefined) return;
  const stateMachineArn = variable(access.env, "JOB_MACHINE_ARN");
  const input = standingOf(state, { job, placement }, access.clock.now());
  await access.workflows.start({ stateMachineArn, name: placement, input });
});
export const handler = onLambda(create, stepFunctions);
