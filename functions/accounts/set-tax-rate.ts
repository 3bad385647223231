import { execute } from "../../events/store/execute.ts";
import { accountDecider } from "../../market/account.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { accountResource, visibleAccount } from "./account-resource.ts";
import { onAccount } from "./account-stream.ts";

/** Set where the account stands today. */
export const create = endpoint(
  operations.setTaxRate,
  async ({ params, body, caller, seesAll, access, meta }) => {
    const { account } = params;
    await visibleAccount(access, account, caller, seesAll);
    const today = await onAccount(access, account, [], meta);
    if (today === undefined) throw notFound("account", account);
    const command = { type: "SetTaxRate", taxRate: body.taxRate } as const;
    const { state, version } = carriedOut(
      await execute(access.store, accountDecider, today.stream, command, meta),
    );
    if (state.phase === "unknown") throw notFound("account", account);
    return { body: accountResource(state, version) };
  },
);
export const handler = onLambda(create);
