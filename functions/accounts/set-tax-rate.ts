import type { AccountId, Period } from "../../events/catalog/values.ts";
import { type CommandMeta, execute } from "../../events/store/execute.ts";
import { accountDecider } from "../../market/account.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { withClaimedKey } from "../kit/claimed-key.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { accountResource, visibleAccount } from "./account-resource.ts";
import { onAccount } from "./account-stream.ts";

/** Set where the account stood when it was first asked for: a repeat of what was cut off finds it done there. */
export const create = endpoint(
  operations.setTaxRate,
  async ({ params: { account }, body, caller, seesAll, access, meta }) =>
    withClaimedKey(access, meta, async ({ since, isDone }) => {
      await visibleAccount(access, account, caller, seesAll);
      if (!isDone) await setRate(access, account, body.taxRate, meta, periodOf(slotOf(since)));
      const { state, version } = await visibleAccount(access, account, caller, seesAll);
      return { body: accountResource(state, version) };
    }),
);
export const handler = onLambda(create);

/** In the period `first` or, where that one was carried before the rate was set, in its successors. */
async function setRate(
  access: Access,
  account: AccountId,
  taxRate: number,
  meta: CommandMeta,
  first: Period,
): Promise<void> {
  for (let period: Period | undefined = first; period !== undefined; ) {
    const day = await onAccount(access, account, [], meta, period);
    if (day === undefined) break;
    const command = { type: "SetTaxRate", taxRate } as const;
    const outcome = await execute(access.store, accountDecider, day.stream, command, meta);
    const isCarried = outcome.kind === "rejected" && outcome.rejection.code === "account-carried";
    if (!isCarried) {
      carriedOut(outcome);
      return;
    }
    period = outcome.state.phase === "unknown" ? undefined : outcome.state.carriedTo;
  }
  throw notFound("account", account);
}
