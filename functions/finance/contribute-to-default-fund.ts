import { streams } from "../../events/catalog/streams.ts";
import { DepositId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { fundDecider } from "../../market/fund.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { idFrom } from "../kit/request.ts";

export const create = endpoint(operations.contributeToDefaultFund, async ({ body, access, meta }) => {
  const contribution = DepositId.parse(idFrom(meta.commandId));
  const command = { type: "Contribute", contribution, mills: body.mills } as const;
  carriedOut(await execute(access.store, fundDecider, streams.fund(), command, meta));
  return { body: { contribution, mills: body.mills }, location: "/default-fund" };
});
export const handler = onLambda(create);
