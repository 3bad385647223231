import { streams } from "../../events/catalog/streams.ts";
import { AccountId, JobId, MillsText, OwnerId, Period } from "../../events/catalog/values.ts";
import type { CommandMeta } from "../../events/store/execute.ts";
import type { AccountCommand } from "../../market/account.ts";

// What the benchmarks of the store append: holds and settlements of an account, the longest streams there are.

export const period = Period.parse("2026-01-05");
const owner = OwnerId.parse("tenant");

export function accountStream(account: string): string {
  return streams.account(AccountId.parse(account), period);
}

/** The n-th command of an account that opens, is filled, and then holds and settles again and again. */
export function accountCommand(account: string, n: number): AccountCommand {
  if (n === 0) {
    const carry = { available: MillsText.parse("1000000000000"), holds: [] };
    return { type: "Open", account: AccountId.parse(account), owner, period, carry };
  }
  const job = JobId.parse(`job${String(Math.floor((n - 1) / 2)).padStart(23, "0")}`);
  if (n % 2 === 1) return { type: "Hold", job, stretch: 1, mills: MillsText.parse("40000") };
  const [paid, released] = [MillsText.parse("30000"), MillsText.parse("10000")];
  return { type: "Settle", job, stretch: 1, charge: `${job}.1/1`, paid, released };
}

export function metaOf(commandId: string): CommandMeta {
  return {
    commandId,
    actor: "tenant:tenant",
    causationId: "9f0e4a7c-7a0f-4a53-9a6e-3f6f5f0a1b2c",
    correlationId: commandId,
    time: "2026-01-05T00:00:00.000Z",
  };
}
