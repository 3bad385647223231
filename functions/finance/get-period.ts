import { periodStart, SLOTS_PER_DAY } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { loadPeriod } from "../periods/open-period.ts";

export const create = endpoint(operations.getPeriod, async ({ params, access }) => {
  const { period } = params;
  const state = await loadPeriod(access, period);
  if (state.phase === "unknown") throw notFound("period", period);
  const from = periodStart(period);
  const day = { period, from, to: from + SLOTS_PER_DAY, afterPosition: state.afterPosition };
  if (state.closed === undefined) return { body: { ...day, status: "open" as const } };
  const { at, ...totals } = state.closed;
  return { body: { ...day, status: "closed" as const, closedAt: at, ...totals } };
});
export const handler = onLambda(create);
