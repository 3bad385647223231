import { streams } from "../../events/catalog/streams.ts";
import { loadState } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { centerResource } from "./center-resource.ts";

export const create = endpoint(operations.getCenter, async ({ params, caller, seesAll, access }) => {
  const { state, version } = await loadState(access.store, centerDecider, streams.center(params.center));
  const seen = state.phase !== "unknown" && (seesAll || state.spec.owner === caller.owner);
  if (!seen) throw notFound("center", params.center);
  return centerResource(state, version);
});
export const handler = onLambda(create);
