import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { breakResource, loadBreak } from "./break-resource.ts";

export const create = endpoint(operations.getBreak, async ({ params, access }) => {
  const { state, version } = await loadBreak(access, params.break);
  return breakResource(state, version);
});
export const handler = onLambda(create);
