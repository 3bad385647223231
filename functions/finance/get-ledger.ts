import type { Period } from "../../events/catalog/values.ts";
import { marketCurrency, mills, millsText } from "../../market/money.ts";
import { LedgerView } from "../../market/views/ledger.ts";
import { PeriodView } from "../../market/views/periods.ts";
import { ledgerKey, periodsKey } from "../../market/views/view.ts";
import type { LedgerBalance } from "../contract/ledger.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { loadPeriod } from "../periods/open-period.ts";

/** Balances follow from the totals of the days that are closed: whoever asks twice in a day is told the same. */
export const create = endpoint(operations.getLedger, async ({ query: { period }, access }) => ({
  body: period === undefined ? await allDays(access) : await oneDay(access, period),
}));
export const handler = onLambda(create);

async function oneDay(access: Access, period: Period) {
  const state = await loadPeriod(access, period);
  if (state.phase === "unknown" || state.closed === undefined) throw notFound("closed period", period);
  const { totals, position, feedHash } = state.closed;
  const items = totals.map(({ currency = marketCurrency, ...row }) => balance({ ...row, currency }));
  return { period, position, feedHash, items };
}

async function allDays({ views }: Access) {
  const rows = await views.list({ pk: ledgerKey }, LedgerView);
  const days = await views.list({ pk: periodsKey, descending: true, limit: 8 }, PeriodView);
  const last = days.find(({ data }) => data.closed !== undefined)?.data.closed;
  const items = rows.map(({ data }) => balance(data));
  if (last === undefined) return { position: 0, items };
  const { period, position, feedHash } = last;
  return { period, position, feedHash, items };
}

function balance({ account, currency, debit, credit }: Omit<LedgerBalance, "balance">): LedgerBalance {
  return { account, currency, debit, credit, balance: millsText(mills(credit) - mills(debit)) };
}
