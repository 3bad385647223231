import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { accountResource, visibleAccount } from "./account-resource.ts";

export const create = endpoint(operations.getAccount, async ({ params, caller, seesAll, access }) => {
  const { state, version } = await visibleAccount(access, params.account, caller, seesAll);
  return { body: accountResource(state, version) };
});
export const handler = onLambda(create);
