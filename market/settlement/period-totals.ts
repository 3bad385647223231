import { type LedgerTotals, ledgerOf, totalsOf } from "./ledger.ts";

/** Rows that the event of a closed period may have: at some 100 bytes each, one commit holds them. */
const rowsMax = 700;

/**
 * Totals as a closed period states them. Where there are more accounts than its event can hold, those of all tenants
 * are added up, then those of all centers and links: each of them is on its invoice or payout.
 */
export function periodTotals(totals: LedgerTotals, most = rowsMax): LedgerTotals {
  let fitted = totals;
  for (const shared of [/^(tenant):[^:]+(:.+)$/, /^(center):[^:]+(:.+)$/, /^(link):.+()$/])
    if (fitted.totals.length > most) fitted = addedUp(fitted, shared);
  return fitted;
}

function addedUp({ totals, charges }: LedgerTotals, accounts: RegExp): LedgerTotals {
  const renamed = totals.map((row) => ({ ...row, account: row.account.replace(accounts, "$1:*$2") }));
  return totalsOf(ledgerOf({ totals: renamed, charges }));
}
