import * as z from "zod";
import type { JobId } from "../../events/catalog/values.ts";
import { JobAnswer } from "../../market/book/why.ts";
import { inForce, type KnownJob } from "../../market/job/state.ts";
import { instant, slotStart } from "../../market/time.ts";
import { answersOf } from "../../market/views/view.ts";
import type { BidOutcome } from "../contract/jobs.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { statusOf, visibleJob } from "./job-resource.ts";

/** Auctions looked at: the last hours of both sessions. */
const auctionsShown = 40;

export const create = endpoint(operations.explainJob, async ({ params, caller, seesAll, access }) => {
  const { state } = await visibleJob(access, params.job, caller, seesAll);
  const auctions = await outcomesOf(access, params.job);
  const { session } = state.request.spec;
  const nextBid = state.phase === "queued" ? { nextBid: { session, ...state.window } } : {};
  const explanation = explanationOf(state, auctions[0]);
  return { body: { job: params.job, status: statusOf(state), explanation, ...nextBid, auctions } };
});
export const handler = onLambda(create);

async function outcomesOf({ views }: Access, job: JobId): Promise<BidOutcome[]> {
  const range = { pk: answersOf(job), descending: true, limit: auctionsShown };
  const items = await views.list(range, z.record(z.string(), JobAnswer));
  return items.flatMap(({ data, position: auction }) => {
    const answer = data[job];
    return answer === undefined ? [] : [{ auction, ...answer }];
  });
}

function explanationOf(state: KnownJob, last: BidOutcome | undefined): string {
  const placement = inForce(state);
  if (placement !== undefined) {
    const until = instant(slotStart(placement.end));
    return `It is ${statusOf(state)} at ${placement.centers.join(" and ")} until ${until}.`;
  }
  if (state.phase !== "queued")
    return `It is ${statusOf(state)}${state.reason === undefined ? "" : `: ${state.reason}`}.`.replace(
      /\.\.$/,
      ".",
    );
  if (last === undefined) return "It is in the book; no auction has looked at it yet.";
  switch (last.reason) {
    case "price":
      return last.limitToWin === undefined
        ? `Auction ${last.auction} cleared above what any limit may be.`
        : `Auction ${last.auction} cleared above its limit: from ${last.limitToWin} fen per card-hour it would have won.`;
    case "capacity":
      return `In auction ${last.auction} too few cards were left at once for all of its slots.`;
    case "paradox":
      return `In auction ${last.auction} it would have gained, but taking it in would have made somebody lose.`;
    default:
      return `Auction ${last.auction} could not place it: ${last.reason}.`;
  }
}
