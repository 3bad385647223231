import { CenterView } from "../../market/views/centers.ts";
import { centersKey } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing, seenPosition } from "../kit/listing.ts";

export const create = endpoint(operations.listCenters, async ({ query, access, role }) => {
  const seen = await seenPosition({ access, role });
  const { items, ...page } = await listing(access, { pk: centersKey }, query, CenterView);
  const centers = items.map(
    ({ data: { owner: _, guarantee: __, suspended: ___, version: ____, ...published } }) => published,
  );
  return { body: { items: centers, ...page, ...seen } };
});
export const handler = onLambda(create);
