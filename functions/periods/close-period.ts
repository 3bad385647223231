import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { Period } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { treeAt } from "../../events/store/tree-at.ts";
import { mills, millsText } from "../../market/money.ts";
import { periodDecider, type Totals } from "../../market/period.ts";
import {
  emptyLedger,
  ledgerOf,
  mergeLedgers,
  type TotalsRow,
  totalsOf,
} from "../../market/settlement/ledger.ts";
import { pagedTotals, rowsOfEvent } from "../../market/settlement/period-totals.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { type ClosingDay, closeCommand, closingDay } from "./close-command.ts";
import { beginAfter, loadPeriod } from "./open-period.ts";
import { type Amounts, BucketResult, PayoutsResult, places, readResults } from "./partial-results.ts";

const Closing = z.object({
  period: Period,
  buckets: z.int().min(1),
  /** Rows of totals that one event has at most. */
  rows: z.int().min(1).max(rowsOfEvent).default(rowsOfEvent),
});

/** Closes a settlement day for ever, with what its parts come to, and opens the next one behind the same position. */
export const create = step(Closing, async (access, { period, buckets, rows }, observer) => {
  const day = await closingDay(access, period);
  if (day !== undefined) {
    const { pages, totals } = await totalsOfDay(access, day, buckets, rows);
    await statePages(access, day, pages);
    const meta = closeCommand(access, day, `close/${period}`);
    const command = { type: "Close", ...totals } as const;
    await execute(access.store, periodDecider, streams.period(period), command, meta);
    const { debits, credits, charges, invoices, payouts, match } = totals;
    observer.logger.info("period closed", { period, charges, debits, credits, invoices, payouts, match });
  }
  const closed = await loadPeriod(access, period);
  if (closed.phase !== "closed") throw new Error(`period ${period} is ${closed.phase}`);
  await beginAfter(access, closed);
  return {};
});
export const handler = onLambda(create);

interface TotalsOfDay {
  readonly pages: readonly TotalsRow[][];
  readonly totals: Totals;
}

async function totalsOfDay(
  access: Access,
  { period, cutOff }: ClosingDay,
  buckets: number,
  rows: number,
): Promise<TotalsOfDay> {
  const results = await readResults(access, places.bucket(period, 0).pk, buckets, BucketResult);
  const [payouts] = await readResults(access, places.payouts(period).pk, 1, PayoutsResult);
  const ledger = results.reduce((sum, result) => mergeLedgers(sum, ledgerOf(result.ledger)), emptyLedger);
  const invoices = results.map((result) => result.invoices).reduce(added);
  const match = results.map((result) => result.match).reduce(counted);
  const { size, root } = (await treeAt(access, cutOff.position)).head;
  const stated = payouts === undefined ? {} : { payouts };
  const { pages, closing } = pagedTotals(totalsOf(ledger), rows);
  return { pages, totals: { ...closing, match, invoices, ...stated, tree: { size, root } } };
}

/** In their order, each in a commit of its own; those that are there stay as they are. */
async function statePages(access: Access, day: ClosingDay, pages: TotalsOfDay["pages"]): Promise<void> {
  for (const [index, totals] of pages.entries()) {
    const page = index + 1;
    const meta = closeCommand(access, day, `totals/${day.period}/${page}`);
    const command = { type: "StateTotals", page, totals } as const;
    await execute(access.store, periodDecider, streams.period(day.period), command, meta);
  }
}

type Counts = BucketResult["match"];

function counted(a: Counts, b: Counts): Counts {
  return {
    matched: a.matched + b.matched,
    withinTolerance: a.withinTolerance + b.withinTolerance,
    breaks: a.breaks + b.breaks,
  };
}

function added(a: Amounts, b: Amounts): Amounts {
  return { count: a.count + b.count, payable: millsText(mills(a.payable) + mills(b.payable)) };
}
