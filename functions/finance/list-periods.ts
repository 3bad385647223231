import { PeriodView } from "../../market/views/periods.ts";
import { periodsKey } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing, seenPosition } from "../kit/listing.ts";
import { periodSummary } from "./period-resource.ts";

export const create = endpoint(operations.listPeriods, async (call) => {
  const seen = await seenPosition(call);
  const list = { pk: periodsKey, descending: true };
  const { items, ...page } = await listing(call.access, list, call.query, PeriodView);
  return { body: { items: items.map(({ data }) => periodSummary(data)), ...page, ...seen } };
});
export const handler = onLambda(create);
