import type { AccountId } from "../../events/catalog/values.ts";
import { heldOf, isOverdrawn, type KnownAccount } from "../../market/account.ts";
import { millsText } from "../../market/money.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import type { Account } from "../contract/accounts.ts";
import type { Caller } from "../kit/caller.ts";
import type { Access } from "../kit/host.ts";
import { notFound } from "../kit/problems.ts";
import { readAccount } from "./account-stream.ts";

export function accountResource(state: KnownAccount, version: number): Account {
  const { account, owner, period, currency, taxRate, available } = state;
  const status = isOverdrawn(state) ? "overdrawn" : "open";
  const funds = { available: millsText(available), held: millsText(heldOf(state)) };
  return { account, owner, period, status, currency, taxRate, ...funds, version };
}

/** @throws ProblemError 404, the same for what is absent and for what is another's. */
export async function visibleAccount(
  access: Pick<Access, "store" | "clock">,
  account: AccountId,
  { owner }: Pick<Caller, "owner">,
  seesAll: boolean,
): Promise<{ state: KnownAccount; version: number }> {
  const found = await readAccount(access, account, periodOf(slotOf(access.clock.now())));
  if (found === undefined || (!seesAll && found.state.owner !== owner)) throw notFound("account", account);
  return found;
}
