import { streams } from "../../events/catalog/streams.ts";
import { loadState } from "../../events/store/execute.ts";
import { fundDecider } from "../../market/fund.ts";
import { millsText } from "../../market/money.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";

export const create = endpoint(operations.getDefaultFund, async ({ access }) => {
  const { state, version } = await loadState(access.store, fundDecider, streams.fund());
  return { body: { balance: millsText(state.left), version } };
});
export const handler = onLambda(create);
