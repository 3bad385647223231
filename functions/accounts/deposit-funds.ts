import { streams } from "../../events/catalog/streams.ts";
import { DepositId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { depositDecider } from "../../market/deposit.ts";
import { marketCurrency } from "../../market/money.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { idFrom } from "../kit/request.ts";
import { visibleAccount } from "./account-resource.ts";
import { onAccount } from "./account-stream.ts";

/** The deposit's own stream fixes its day: a late repeat credits it there, where it is found to be done. */
export const create = endpoint(
  operations.depositFunds,
  async ({ params, body, caller, seesAll, access, meta, now }) => {
    const { account } = params;
    const { state: target } = await visibleAccount(access, account, caller, seesAll);
    const { currency } = target;
    if (body.currency !== undefined && body.currency !== currency)
      throw problem(
        422,
        "currency-differs",
        `The account is in ${currency}: give the amount in mills of ${currency}.`,
        "/currency",
      );
    const deposit = DepositId.parse(idFrom(meta.commandId));
    const received = {
      deposit,
      account,
      owner: target.owner,
      mills: body.mills,
      period: periodOf(slotOf(now)),
      ...(currency === marketCurrency ? {} : { currency }),
    };
    const { state } = carriedOut(
      await execute(
        access.store,
        depositDecider,
        streams.deposit(deposit),
        { type: "Receive", ...received },
        meta,
      ),
    );
    const { period, mills } = state.phase === "received" ? state.deposit : received;
    const item = { commandId: `deposit/${deposit}`, command: { type: "Deposit", deposit, mills } as const };
    const credited = await onAccount(access, account, [item], meta, period);
    if (credited?.results[0]?.kind !== "done")
      throw problem(
        500,
        "internal-error",
        "The deposit is recorded; repeat the request to have it credited.",
      );
    return { body: { deposit, account, mills, currency, period }, location: `/accounts/${account}/entries` };
  },
);
export const handler = onLambda(create);
