import * as z from "zod";
import type { AccountEvent } from "../../events/catalog/account.ts";
import { AccountId, OwnerId, Period } from "../../events/catalog/values.ts";
import { change, type ViewChange, viewKeys } from "./view.ts";

/** Which accounts there are, and the last settlement day that each was opened in; balances are in the log. */
export const AccountView = z.object({ account: AccountId, owner: OwnerId, period: Period });
export type AccountView = z.infer<typeof AccountView>;

export function projectAccount(event: AccountEvent): readonly ViewChange[] {
  if (event.type !== "AccountOpened") return [];
  const { account, owner, period } = event.data;
  return [
    change(viewKeys.account(account), AccountView, (view) =>
      view !== undefined && view.period > period ? view : { account, owner, period },
    ),
  ];
}
