import { PayoutEntry, PayoutView } from "../../market/views/statements.ts";
import { payoutsKey, payoutsOfCenter, payoutsOfOwner, viewKeys } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { type Call, endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { statementList } from "./statement-list.ts";
import { visibleCenter } from "./visible-center.ts";

export const create = endpoint(operations.listPayouts, async (call) => {
  const { items, ...page } = await statementList(call.access, await listOf(call), call.query, PayoutEntry);
  const keys = items.map(({ payout }) => viewKeys.payout(payout));
  const payouts = await call.access.views.getMany(keys, PayoutView);
  return { body: { items: payouts.map(({ data }) => data), ...page } };
});
export const handler = onLambda(create);

async function listOf({ query: { center }, caller, seesAll, access }: Call<typeof operations.listPayouts>) {
  if (center === undefined) return seesAll ? payoutsKey : payoutsOfOwner(caller.owner);
  await visibleCenter(access, center, caller, seesAll);
  return payoutsOfCenter(center);
}
