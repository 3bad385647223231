import { AuctionView } from "../../market/views/auctions.ts";
import { viewKeys } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { published } from "./list-auctions.ts";

export const create = endpoint(operations.getAuction, async ({ params, access }) => {
  const item = await access.views.get(viewKeys.auction(params.auction), AuctionView);
  if (item === undefined) throw problem(404, "not-found", `There is no auction ${params.auction} yet.`);
  return { body: published(item.data) };
});
export const handler = onLambda(create);
