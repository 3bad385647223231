import type { AccountId, InvoiceId, Period } from "../events/catalog/values.ts";
import { periodPlus } from "../market/time.ts";
import type { PageSource } from "./pages.ts";

/**
 * Which invoice a fact of the feed belongs to. A settlement day bills what the feed holds up to the position at which it
 * was cut off; that is known only later in the feed, so it is read before the rows are written.
 */
export interface Invoicing {
  /** Last page of each day, in order. */
  readonly cutOffs: readonly { readonly period: Period; readonly position: number }[];
  /** Invoices issued, by account and day: few, for they do not grow with the number of jobs. */
  readonly issued: ReadonlyMap<string, InvoiceId>;
}

const key = (account: AccountId, period: Period) => `${account} ${period}`;

export async function readInvoicing(pages: PageSource): Promise<Invoicing> {
  const positions = new Map<Period, number>();
  const issued = new Map<string, InvoiceId>();
  for await (const page of pages)
    for (const commit of page.commits)
      for (const event of commit.events) {
        if (event.type === "PeriodCutOff") positions.set(event.data.period, event.data.position);
        if (event.type === "InvoiceIssued")
          issued.set(key(event.data.account, event.data.period), event.data.invoice);
      }
  const cutOffs = [...positions].map(([period, position]) => ({ period, position }));
  return { cutOffs: cutOffs.sort((a, b) => a.position - b.position), issued };
}

/** The settlement day that bills a page of the feed; `own` if no day was cut off yet. */
export function billingPeriod({ cutOffs }: Invoicing, position: number, own: Period): Period {
  let low = 0;
  let high = cutOffs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cutOffs[middle]?.position ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  const last = cutOffs.at(-1);
  return cutOffs[low]?.period ?? (last === undefined ? own : periodPlus(last.period, 1));
}

/** Null: not issued yet. */
export function invoiceOfPeriod({ issued }: Invoicing, account: AccountId, period: Period): InvoiceId | null {
  return issued.get(key(account, period)) ?? null;
}
