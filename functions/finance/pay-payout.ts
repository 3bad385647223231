import { streams } from "../../events/catalog/streams.ts";
import { execute, knownState } from "../../events/store/execute.ts";
import { payoutDecider } from "../../market/payout.ts";
import { instant } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound, problem } from "../kit/problems.ts";

export const create = endpoint(operations.payPayout, async ({ params, body, access, meta, now }) => {
  const { center, period } = params;
  const stream = streams.payout(center, period);
  const known = await knownState(access.store, payoutDecider, stream);
  if (known.phase === "unknown") throw notFound("payout", `${center} ${period}`);
  const command = { type: "Pay", reference: body.reference, at: instant(now) } as const;
  const { state } = carriedOut(await execute(access.store, payoutDecider, stream, command, meta));
  if (state.phase !== "paid") throw problem(500, "internal-error", "The payment is gone.");
  const { payout, mills, reference, at } = state.payment;
  return { body: { payout, mills, reference, at }, location: `/payouts/${center}/${period}` };
});
export const handler = onLambda(create);
