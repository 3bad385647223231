import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { offerResource, visibleOffer } from "./offer-resource.ts";

export const create = endpoint(operations.getOffer, async ({ params, caller, role, access }) => {
  const { state, version } = await visibleOffer(access, params.offer, caller, role === "operator");
  return offerResource(state, version);
});
export const handler = onLambda(create);
