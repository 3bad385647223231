import * as z from "zod";
import type { PeriodTotalsStated } from "../../events/catalog/period.ts";
import { Currency, MillsText, Period } from "../../events/catalog/values.ts";
import { marketCurrency, mills, millsText } from "../money.ts";
import { change, put, type ViewChange, viewKeys } from "./view.ts";

/** Turnover of one account of the ledger, over all closed settlement days or of one, in mills. */
export const LedgerView = z.object({
  account: z.string(),
  currency: Currency,
  debit: MillsText,
  credit: MillsText,
  /** Last day in which it moved. */
  period: Period,
});
export type LedgerView = z.infer<typeof LedgerView>;

/** Rows of a day's totals: those of the day, and added to the days before. */
export function projectLedger({
  period,
  totals,
}: Pick<z.infer<typeof PeriodTotalsStated.data>, "period" | "totals">): readonly ViewChange[] {
  return totals.flatMap(({ account, debit, credit, currency = marketCurrency }) => {
    const row: LedgerView = { account, currency, debit, credit, period };
    return [
      put(viewKeys.ledgerOfDay(period, account, currency), row),
      change(viewKeys.ledger(account, currency), LedgerView, (view) => ({
        ...row,
        debit: millsText(mills(debit) + mills(view?.debit ?? millsText(0n))),
        credit: millsText(mills(credit) + mills(view?.credit ?? millsText(0n))),
      })),
    ];
  });
}
