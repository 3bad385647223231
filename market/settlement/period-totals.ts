import type { LedgerTotals, TotalsRow } from "./ledger.ts";

/**
 * Rows of totals that one event holds: with the longest of names a commit has room for them. A close that a crash cut
 * short must go on with the same number, or its day waits for an engineer.
 */
export const rowsOfEvent = 500;

/** Totals of a day as its stream states them: page by page, and the rest with the event that closes it. */
export interface PagedTotals {
  readonly pages: readonly TotalsRow[][];
  readonly closing: LedgerTotals & { readonly pages?: number };
}

/** Accounts of which there are as many as there are members; the exchange's own are a handful. */
const ofMembers = /^(tenant|center|link):/;

/** A day of few accounts has no pages. */
export function pagedTotals(totals: LedgerTotals, most = rowsOfEvent): PagedTotals {
  const rows = totals.totals;
  if (rows.length <= most) return { pages: [], closing: totals };
  const paged = rows.filter(({ account }) => ofMembers.test(account));
  const own = rows.filter(({ account }) => !ofMembers.test(account));
  const pages = Array.from({ length: Math.ceil(paged.length / most) }, (_, page) =>
    paged.slice(page * most, (page + 1) * most),
  );
  return {
    pages,
    closing: { ...totals, totals: own, ...(pages.length === 0 ? {} : { pages: pages.length }) },
  };
}
