import type { ChargeLine } from "../../events/catalog/job.ts";
import { mills, millsText } from "../money.ts";
import { ledgerAccounts } from "./accounts.ts";
import type { AwardBalance, CorrectionPostedData } from "./award-balance.ts";

type Correcting = Pick<
  CorrectionPostedData,
  "correction" | "corrects" | "cause" | "from" | "to" | "lines" | "period"
>;

/** A correction of one of an award's charges: net amount for the tenant; its hold is not touched. */
export function correction(
  { award, account }: AwardBalance,
  correcting: Correcting,
): Omit<CorrectionPostedData, "break"> {
  const { job, placement, stretch } = award;
  const tenantPays = millsText(netOf(ledgerAccounts.tenant(account), correcting.lines));
  return { ...correcting, job, placement, stretch, account, tenantPays };
}

/** What a tenant pays of lines, less what it receives, in mills. */
function netOf(tenant: string, lines: readonly ChargeLine[]): bigint {
  return lines.reduce((sum, { from, to, mills: amount }) => {
    if (from === tenant) return sum + mills(amount);
    return to === tenant ? sum - mills(amount) : sum;
  }, 0n);
}
