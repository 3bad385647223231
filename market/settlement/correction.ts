import type { ChargeLine } from "../../events/catalog/job.ts";
import { mills, millsText } from "../money.ts";
import { ledgerAccounts } from "./accounts.ts";
import { type AwardBalance, type CorrectionPostedData, taxedSoFar } from "./award-balance.ts";
import { withTaxLine } from "./tax.ts";

type Correcting = Pick<
  CorrectionPostedData,
  "correction" | "corrects" | "cause" | "from" | "to" | "lines" | "period"
>;

/**
 * A correction of one of an award's charges, with the tax on what it changes unless it says that itself: net amount for
 * the tenant; its hold is not touched.
 */
export function correction(
  balance: AwardBalance,
  correcting: Correcting,
): Omit<CorrectionPostedData, "break"> {
  const { account } = balance;
  const { job, placement, stretch } = balance.award;
  const lines = correcting.lines.some(({ kind }) => kind === "tax")
    ? correcting.lines
    : [...withTaxLine(correcting.lines, taxedSoFar(balance))];
  const tenantPays = millsText(netOf(ledgerAccounts.tenant(account), lines));
  return { ...correcting, lines, job, placement, stretch, account, tenantPays };
}

/** What a tenant pays of lines, less what it receives, in mills. */
function netOf(tenant: string, lines: readonly ChargeLine[]): bigint {
  return lines.reduce((sum, { from, to, mills: amount }) => {
    if (from === tenant) return sum + mills(amount);
    return to === tenant ? sum - mills(amount) : sum;
  }, 0n);
}
