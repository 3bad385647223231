import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { loadPeriod } from "../periods/open-period.ts";
import { periodResource } from "./period-resource.ts";

export const create = endpoint(operations.getPeriod, async ({ params: { period }, access }) => {
  const state = await loadPeriod(access, period);
  if (state.phase === "unknown") throw notFound("period", period);
  return { body: periodResource(state) };
});
export const handler = onLambda(create);
