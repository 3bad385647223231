import { CurvesView } from "../../market/views/auctions.ts";
import { viewKeys } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";

export const create = endpoint(operations.getCurves, async ({ params, access }) => {
  const item = await access.views.get(viewKeys.curves(params.auction), CurvesView);
  if (item === undefined) throw problem(404, "not-found", `Auction ${params.auction} has not cleared.`);
  return { body: item.data };
});
export const handler = onLambda(create);
