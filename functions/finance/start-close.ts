import type { Period } from "../../events/catalog/values.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { stepFunctions } from "../kit/aws-clients.ts";
import { endpoint } from "../kit/endpoint.ts";
import { type Access, variable } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound, problem } from "../kit/problems.ts";
import { loadPeriod } from "../periods/open-period.ts";

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
  if (state.phase === "unknown" && !(await hasBegun(access, period))) throw notFound("period", period);
  const stateMachineArn = variable(access.env, "PERIOD_MACHINE_ARN");
  await access.workflows.start({ stateMachineArn, name: meta.commandId.slice(0, 64), input: {} });
  return { body: { period, status: "closing" as const } };
});
export const handler = onLambda(create, stepFunctions);

/** A day is opened by the close of the one before: it begins with the first fact, whether it was opened or not. */
async function hasBegun({ feed }: Pick<Access, "feed">, period: Period): Promise<boolean> {
  const first = (await feed.read(1))?.commits[0];
  return first !== undefined && periodOf(slotOf(Date.parse(first.time))) <= period;
}
