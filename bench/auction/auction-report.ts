import { markdownTable } from "../marked-section.ts";
import type { ForwardAuction } from "./forward-auction.ts";

/** Seconds from the gate within which the last job shall know its place, and the next spot auction close. */
export const goalSeconds = 60;

export function meetsGoal({ lastPlaced, spotClosed, deadLetters }: ForwardAuction): boolean {
  return lastPlaced < goalSeconds && spotClosed < goalSeconds && deadLetters === 0;
}

/** The section of docs/benchmarks.md that a run writes. */
export function auctionReport(machine: string, load: string, run: ForwardAuction): string {
  const { bids, jobsPlaced, pages, gap, postSeconds } = run;
  const count = (value: number) => value.toLocaleString("en");
  return [
    `${machine}; ${load}.`,
    `${count(bids)} bids in the book, ${count(jobsPlaced)} jobs placed on ${count(pages)} pages of awards, gap ${(gap * 100).toFixed(2)} %. Posting them took ${postSeconds.toFixed(0)} s.`,
    spanTable(run),
    `Goal: the last JobPlaced, and the gate of the next spot auction, within ${goalSeconds} s: ${meetsGoal(run) ? "met" : "MISSED"}. One run, so no medians.`,
    functionTable(run),
    "All functions share one process and one core with the posting client, the database has the other; the functions' seconds include their waits for it and overlap. Not covered: Lambda's cold starts and its own cores for each function, DynamoDB's latency, the state machine's transitions, EventBridge.",
  ].join("\n\n");
}

function spanTable(run: ForwardAuction): string {
  const spans: readonly (readonly [string, number])[] = [
    ["GateClosed of the forward auction", run.gateClosed],
    ["AuctionSolved", run.solved],
    ["last JobPlaced", run.lastPlaced],
    ["AuctionCleared", run.cleared],
    ["GateClosed of the spot auction due at the same time", run.spotClosed],
    ["its AuctionCleared", run.spotCleared],
    ["views, bus and workflows at rest", run.settled],
  ];
  return markdownTable(
    ["in the log", "s after the gate"],
    [
      ...spans.map(([what, seconds]) => [what, seconds.toFixed(1)]),
      ["the engine alone, on the same book", run.engine.toFixed(1)],
    ],
  );
}

function functionTable({ functions }: ForwardAuction): string {
  return markdownTable(
    ["busiest functions after the gate", "calls", "s"],
    functions.map(({ name, calls, seconds }) => [`\`${name}\``, String(calls), seconds.toFixed(1)]),
  );
}
