import { streams } from "../../events/catalog/streams.ts";
import { loadState } from "../../events/store/execute.ts";
import { invoiceDecider } from "../../market/invoice.ts";
import { accountParty } from "../../market/settlement/statements.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { invoicePage } from "./invoice-page.ts";
import { statementSources } from "./statement-sources.ts";

export const create = endpoint(operations.getInvoice, async ({ params, caller, seesAll, access }) => {
  const { account, period } = params;
  const { state } = await loadState(access.store, invoiceDecider, streams.invoice(account, period));
  if (state.phase === "unknown" || (!seesAll && state.invoice.owner !== caller.owner))
    throw notFound("invoice", `${account} ${period}`);
  const body = { ...state.invoice, ...(await statementSources(access, accountParty(account), period)) };
  return { body, html: () => invoicePage(body) };
});
export const handler = onLambda(create);
