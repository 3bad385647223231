import * as z from "zod";
import type { Award } from "../../events/catalog/award.ts";
import { streams } from "../../events/catalog/streams.ts";
import { AuctionNumber } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { SolvedAuction } from "../../market/auction.ts";
import { holdOf } from "../../market/book/awards.ts";
import type { JobCommand } from "../../market/job/commands.ts";
import { jobDecider } from "../../market/job.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import type { Observer } from "../kit/observe.ts";
import { step } from "../kit/step.ts";
import { loadAuction, tellAuction } from "./latest-auction.ts";
import { type ResultPage, readResultPage } from "./result-pages.ts";

const Cursor = z.object({ auction: AuctionNumber, page: z.int().min(0), pages: z.int().min(0) });
/** Pages of one call: a page alone is a dozen round trips one after another, and most of its time is waiting. */
const pagesAtOnce = 8;
const inFlight = 128;

/** Publishes the next pages of the result that won, and tells each job of its award. */
export const create = step(Cursor, async (access, { auction, page, pages }, observer) => {
  const solved = await loadAuction(access, auction);
  const end = Math.min(pages, page + pagesAtOnce);
  if (solved.phase === "solved") await publish(access, auction, solved, { page, end }, observer);
  return { auction, page: end, pages };
});
export const handler = onLambda(create);

async function publish(
  access: Access,
  auction: number,
  solved: SolvedAuction,
  { page, end }: { readonly page: number; readonly end: number },
  observer: Observer,
): Promise<void> {
  const numbers = Array.from({ length: end - page }, (_, n) => page + n);
  const found = await Promise.all(numbers.map((number) => resultPage(access, solved.resultHash, number)));
  // A job hears of its award only when the auction's own stream has it: pages first, in their order.
  for (const [n, result] of found.entries()) {
    const command = { type: "Publish", page: page + n, ...result } as const;
    await tellAuction(access, auction, command, `publish/${auction}/${page + n}`);
  }
  const book = await access.books.at(auction - 1, solved.position);
  const awards = found.flatMap((result) => result.awards);
  const commands = awards.map((award) => placing(award, holdOf(book, award), access.clock.now()));
  await forEachInFlight(inFlight, commands, (placing) => tellJob(access, placing, observer));
}

async function resultPage(access: Access, hash: string, page: number): Promise<ResultPage> {
  const result = await readResultPage(access, hash, page);
  if (result === undefined) throw new Error(`page ${page} of result ${hash} is gone`);
  return result;
}

type Placing = Extract<JobCommand, { type: "Place" | "Continue" }>;

function placing(award: Award, hold: Placing["hold"], at: number): Placing {
  return { type: award.continues ? "Continue" : "Place", award, hold, at };
}

async function tellJob(access: Access, command: Placing, observer: Observer): Promise<void> {
  const { job, placement, auction } = command.award;
  const meta = exchangeCommand(access, placement, `auction-${auction}`);
  const outcome = await execute(access.store, jobDecider, streams.job(job), command, meta);
  // Cannot be: the book knows which jobs have an award in force. If it is, an operator must know.
  if (outcome.kind === "rejected") {
    observer.measure("AwardsNotTaken", 1);
    observer.logger.error("award not taken", { placement, ...outcome.rejection });
  }
}
