import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { offerResource, visibleOffer } from "./offer-resource.ts";

export const create = endpoint(operations.getOffer, async ({ params, caller, seesAll, access }) => {
  const { state, version } = await visibleOffer(access, params.offer, caller, seesAll);
  return offerResource(state, version);
});
export const handler = onLambda(create);
