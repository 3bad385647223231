import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import type { JobId } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { JobAnswer } from "../../market/book/why.ts";
import { inForce, type KnownJob } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { instant, slotStart } from "../../market/time.ts";
import { answerPartitions } from "../auctions/answers.ts";
import type { BidOutcome } from "../contract/jobs.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { type ChildWait, childWaitOf } from "./child-wait.ts";
import { statusOf, visibleJob } from "./job-resource.ts";

/** Auctions looked at: the last hours of both sessions. */
const auctionsShown = 40;

export const create = endpoint(operations.explainJob, async ({ params, caller, seesAll, access }) => {
  const { state } = await visibleJob(access, params.job, caller, seesAll);
  const auctions = await outcomesOf(access, params.job);
  const wait = await waitOf(access, state);
  const explanation = wait?.waits ?? explanationOf(state, auctions[0]);
  const nextBid = state.phase === "queued" ? { nextBid: nextBidOf(state, wait) } : {};
  return { body: { job: params.job, status: statusOf(state), explanation, ...nextBid, auctions } };
});
export const handler = onLambda(create);

async function waitOf({ store }: Access, state: KnownJob): Promise<ChildWait | undefined> {
  const { parent } = state.request.spec;
  if (parent === undefined || state.phase !== "queued") return undefined;
  const found = await loadState(store, jobDecider, streams.job(parent));
  return found.state.phase === "unknown" ? undefined : childWaitOf(state, found.state);
}

function nextBidOf({ request: { spec }, window }: KnownJob, wait: ChildWait | undefined) {
  const { session, parent } = spec;
  const from = Math.max(window.from, Math.min(wait?.from ?? 0, window.to));
  const waitsFor = wait?.waits === undefined || parent === undefined ? {} : { waitsFor: parent };
  return { session, from, to: window.to, ...waitsFor };
}

/** Of each share only the job's own line is read. */
async function outcomesOf({ auctionItems }: Access, job: JobId): Promise<BidOutcome[]> {
  const shares = await Promise.all(
    answerPartitions(job).map((pk) =>
      auctionItems.list({ pk, descending: true, limit: auctionsShown }, z.record(z.string(), z.unknown())),
    ),
  );
  return shares
    .flat()
    .sort((a, b) => b.position - a.position)
    .slice(0, auctionsShown)
    .flatMap(({ data, position: auction }) =>
      data[job] === undefined ? [] : [{ auction, ...JobAnswer.parse(data[job]) }],
    );
}

function explanationOf(state: KnownJob, last: BidOutcome | undefined): string {
  const placement = inForce(state);
  if (placement !== undefined) {
    const notice = placement.awardedTo !== undefined ? ", when cards that were reclaimed go back" : "";
    return `It is ${statusOf(state)} at ${placement.centers.join(" and ")} until ${at(placement.end)}${notice}.`;
  }
  const { spec } = state.request;
  if (state.phase === "queued")
    return last === undefined
      ? "It is in the book; no auction has looked at it yet."
      : rejectionOf(last, spec);
  const status = statusOf(state);
  if (state.reason !== undefined) return `It is ${status}: ${state.reason}.`.replace(/\.\.$/, ".");
  if (status !== "expired") return `It is ${status}.`;
  const why = last === undefined || last.reason === "won" ? "" : ` ${rejectionOf(last, spec)}`;
  return `It is expired: what is left of its window is too short for it.${why}`;
}

function rejectionOf(last: BidOutcome, { dataGB }: KnownJob["request"]["spec"]): string {
  const auction = `auction ${last.auction}`;
  const moved = dataGB > 0 ? ", with what moving its data costs," : "";
  switch (last.reason) {
    case "price":
      return last.limitToWin === undefined
        ? `In ${auction} the published prices${moved} were above what any limit may be.`
        : `In ${auction} its limit met the published prices${moved} nowhere: from ${last.limitToWin} fen per card-hour for ${last.product} it would have.`;
    case "capacity":
      return `In ${auction} it would have paid, but ${whenOf(last, "too few cards were left")}. ${remedyOf(last)}`;
    case "link":
      return last.slots === undefined
        ? `In ${auction} no link could carry its data to a center other than its home: fewer GB, moving them ahead over more slots (stageSlots), or cards at home, would do.`
        : `In ${auction} it would have paid, but ${whenOf(last, "the link had too little left for its data")}. ${remedyOf(last)}`;
    case "minRun":
      return `In ${auction} it would have paid, and cards were left, but their centers sell them in longer runs only: with it alone they would have been sold for too short a time ${rangesOf(last)}. More slots in a row, or a window beside slots that are sold, would help. ${remedyOf(last)}`;
    case "paradox":
      return `In ${auction} it would have gained at the published prices, but the cards that were left cost more: taking in all of it would have made it or somebody else lose. ${remedyOf(last)}`;
    case "group":
      return `In ${auction} another job of its group won: at most one of them runs.`;
    case "parent":
      return `In ${auction} the job that it follows did not win, or ends too late for it: it waits for that one.`;
    case "window":
      return `In ${auction} what was left of its window was shorter than the job, or left no time to move its data ahead.`;
    case "product":
      return `In ${auction} no center had any of its products: GET /market/centers lists them.`;
    case "owner":
      return `In ${auction} only centers of its own owner could have run it, and an owner never buys from itself.`;
    case "region":
      return `In ${auction} no center of its regions had its products: allow more regions.`;
    case "framework":
      return `In ${auction} no pool within its regions had all the frameworks that it needs.`;
    case "latency":
      return `In ${auction} every center with its products was farther from its home than maxLatencyMs.`;
    case "funds":
      return `At the gate of ${auction} its account had too little available to hold what it may cost: deposit more.`;
    case "won":
      return `It won in ${auction}, lost that place again and is back in the book.`;
    default:
      return last.reason satisfies never;
  }
}

function remedyOf({ limitToWin, product }: BidOutcome): string {
  return limitToWin === undefined
    ? "No limit would have won at these prices."
    : `From ${limitToWin} fen per card-hour for ${product} it would have won in other slots or elsewhere.`;
}

function whenOf(outcome: BidOutcome, what: string): string {
  return `${what} ${rangesOf(outcome)}`;
}

function rangesOf({ slots = [] }: BidOutcome): string {
  return slots.map(({ from, to }) => `from ${at(from)} to ${at(to)}`).join(", ");
}

function at(slot: number): string {
  return instant(slotStart(slot));
}
