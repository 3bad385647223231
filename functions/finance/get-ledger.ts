import type { Period } from "../../events/catalog/values.ts";
import { mills, millsText } from "../../market/money.ts";
import { LedgerView } from "../../market/views/ledger.ts";
import { PeriodView } from "../../market/views/periods.ts";
import { ledgerKey, ledgerOfDay, periodsKey, viewKeys } from "../../market/views/view.ts";
import type { LedgerBalance } from "../contract/ledger.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing } from "../kit/listing.ts";
import { notFound } from "../kit/problems.ts";

type ClosedDay = NonNullable<PeriodView["closed"]>;

/** Balances follow from the totals of the days that are closed: whoever asks twice in a day is told the same. */
export const create = endpoint(operations.getLedger, async ({ query: { period, ...paging }, access }) => {
  const day = period === undefined ? await lastClosed(access) : await closedDay(access, period);
  const pk = period === undefined ? ledgerKey : ledgerOfDay(period);
  const { items, ...page } = await listing(access, { pk }, paging, LedgerView);
  const upTo = day === undefined ? { position: 0 } : whereOf(day);
  return { body: { ...upTo, items: items.map(({ data }) => balance(data)), ...page } };
});
export const handler = onLambda(create);

async function closedDay({ views }: Access, period: Period): Promise<ClosedDay> {
  const closed = (await views.get(viewKeys.period(period), PeriodView))?.data.closed;
  if (closed === undefined) throw notFound("closed period", period);
  return closed;
}

async function lastClosed({ views }: Access): Promise<ClosedDay | undefined> {
  const days = await views.list({ pk: periodsKey, descending: true, limit: 8 }, PeriodView);
  return days.find(({ data }) => data.closed !== undefined)?.data.closed;
}

const whereOf = ({ period, position, feedHash }: ClosedDay) => ({ period, position, feedHash });

function balance({ account, currency, debit, credit }: LedgerView): LedgerBalance {
  return { account, currency, debit, credit, balance: millsText(mills(credit) - mills(debit)) };
}
