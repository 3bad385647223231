import { streams } from "../../events/catalog/streams.ts";
import { loadState } from "../../events/store/execute.ts";
import { payoutDecider } from "../../market/payout.ts";
import { centerParty } from "../../market/settlement/statements.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound } from "../kit/problems.ts";
import { payoutPage } from "./payout-page.ts";
import { statementSources } from "./statement-sources.ts";

export const create = endpoint(operations.getPayout, async ({ params, caller, seesAll, access }) => {
  const { center, period } = params;
  const { state } = await loadState(access.store, payoutDecider, streams.payout(center, period));
  if (state.phase === "unknown" || (!seesAll && state.payout.owner !== caller.owner))
    throw notFound("payout", `${center} ${period}`);
  const sources = await statementSources(access, centerParty(center), period);
  const body = {
    ...state.payout,
    ...(state.phase === "paid" ? { paid: paidBy(state.payment) } : {}),
    ...sources,
  };
  return { body, html: () => payoutPage(body) };
});
export const handler = onLambda(create);

function paidBy({ reference, at }: { readonly reference: string; readonly at: string }) {
  return { reference, at };
}
