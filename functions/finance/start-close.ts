import { periodOf, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { stepFunctions } from "../kit/aws-clients.ts";
import { endpoint } from "../kit/endpoint.ts";
import { variable } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound, problem } from "../kit/problems.ts";
import { loadPeriod, openPeriod } from "../periods/open-period.ts";

/** Starts the period workflow, which closes every day that is over; a repeat of the request starts none. */
export const create = endpoint(operations.closePeriod, async ({ params: { period }, access, meta, now }) => {
  if (period >= periodOf(slotOf(now)))
    throw problem(
      409,
      "period-not-over",
      `${period} ends at midnight in Shanghai: close it after that.`,
      "path/period",
    );
  const state = await loadPeriod(access, period);
  if (state.phase === "closed") return { body: { period, status: "closed" as const } };
  // Days are closed one after another, so it may not have been opened yet; the oldest open one comes first.
  const oldest = await openPeriod(access);
  if (oldest === undefined || period < oldest.period) throw notFound("period", period);
  const stateMachineArn = variable(access.env, "PERIOD_MACHINE_ARN");
  await access.workflows.start({ stateMachineArn, name: meta.commandId.slice(0, 64), input: {} });
  return { body: { period, status: "closing" as const } };
});
export const handler = onLambda(create, stepFunctions);
