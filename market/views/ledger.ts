import * as z from "zod";
import type { PeriodClosed } from "../../events/catalog/period.ts";
import { Currency, MillsText, Period } from "../../events/catalog/values.ts";
import { marketCurrency, mills, millsText } from "../money.ts";
import { change, type ViewChange, viewKeys } from "./view.ts";

/** Turnover of one account of the ledger over all closed settlement days, in mills. */
export const LedgerView = z.object({
  account: z.string(),
  currency: Currency,
  debit: MillsText,
  credit: MillsText,
  /** Last day in which it moved. */
  period: Period,
});
export type LedgerView = z.infer<typeof LedgerView>;

/** A day that is closed adds its totals. */
export function projectLedger({ period, totals }: z.infer<typeof PeriodClosed.data>): readonly ViewChange[] {
  return totals.map(({ account, debit, credit, currency = marketCurrency }) =>
    change(viewKeys.ledger(account, currency), LedgerView, (view) => ({
      account,
      currency,
      debit: millsText(mills(debit) + mills(view?.debit ?? millsText(0n))),
      credit: millsText(mills(credit) + mills(view?.credit ?? millsText(0n))),
      period,
    })),
  );
}
