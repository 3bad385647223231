import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { seenPosition } from "../kit/listing.ts";
import { problem } from "../kit/problems.ts";
import { publishedPrices } from "./published-prices.ts";

/** A week: as far as the forward session sells. */
const slotsMost = 1680;

export const create = endpoint(operations.listPrices, async ({ query, access, role }) => {
  const { center, product, from, to } = query;
  if (to <= from) throw problem(422, "window-reversed", "`to` lies after `from`.", "query/to");
  if (to - from > slotsMost)
    throw problem(422, "window-too-long", `At most ${slotsMost} slots at once.`, "query/to");
  const seen = await seenPosition({ access, role });
  const [prices = []] = await publishedPrices(access, [{ center, product }], from, to);
  return { body: { center, product, prices, ...seen } };
});
export const handler = onLambda(create);
