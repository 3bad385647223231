import * as z from "zod";
import { AuctionNumber } from "../../events/catalog/values.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import type { AuctionCommand, KnownAuction } from "../../market/auction.ts";
import { withinAwardSize } from "../../market/book/award-size.ts";
import { awardPages, awardsOf } from "../../market/book/awards.ts";
import { type Instance, instanceAt } from "../../market/book/instance.ts";
import { answersOf, leftOutAnswers, voided } from "../../market/book/why.ts";
import { clear } from "../../market/clearing/clear.ts";
import type { Result } from "../../market/clearing/instance.ts";
import { InvalidBook } from "../../market/clearing/validate.ts";
import { millsText } from "../../market/money.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import type { Observer } from "../kit/observe.ts";
import { sha256 } from "../kit/request.ts";
import { step } from "../kit/step.ts";
import { saveAnswers } from "./answers.ts";
import { loadAuction, tellAuction } from "./latest-auction.ts";
import { saveResult } from "./result-pages.ts";

/** Clears the book that a gate closed. Any attempt computes the same result; the first in the stream is published. */
export const create = step(z.object({ auction: AuctionNumber }), async (access, { auction }, observer) => {
  const closed = await loadAuction(access, auction);
  if (closed.phase === "open") throw new Error(`the gate of auction ${auction} has not closed`);
  const solved = closed.phase === "closed" ? await solve(access, auction, closed, observer) : closed;
  return { auction, page: 0, pages: solved.phase === "solved" ? solved.pages : 0 };
});
export const handler = onLambda(create);

async function solve(access: Access, auction: number, closed: KnownAuction, observer: Observer) {
  const command = await commandOf(access, auction, closed, observer);
  return tellAuction(access, auction, command, `${command.type}/${auction}`);
}

async function commandOf(
  access: Access,
  auction: number,
  closed: KnownAuction,
  observer: Observer,
): Promise<AuctionCommand> {
  const book = await access.books.at(auction - 1, closed.position);
  const instance = instanceAt(book, { ...closed, auction });
  const at = access.clock.now();
  const cleared = clearedOrWrong(instance);
  if (cleared instanceof InvalidBook) {
    observer.measure("AuctionsNotCleared", 1);
    observer.logger.error("auction not cleared", { auction, complaints: cleared.complaints.slice(0, 10) });
    return { type: "Void", reason: "checkFailed", at };
  }
  const away = leftOutAnswers(book, instance);
  const result = withinAwardSize(instance, cleared);
  // At the cap the session's next gate runs it again, and that one stands.
  if (closed.reruns === undefined && voided(instance, result))
    return { type: "Void", reason: "priceCap", at };
  const pages = awardPages(awardsOf(instance, result, auction));
  await saveAnswers(access, auction, [...answersOf(instance, result), ...away]);
  return {
    type: "Solve",
    bookHash: sha256(canonicalJson(instance.book)),
    resultHash: await saveResult(access, pages),
    pages: pages.length,
    bids: instance.book.bids.length,
    offers: instance.book.offers.length,
    welfare: millsText(BigInt(result.welfare)),
    bound: millsText(BigInt(Math.ceil(result.bound))),
  };
}

/** Any attempt finds the same wrong, and an auction that stayed closed would keep all later gates from closing. */
function clearedOrWrong(instance: Instance): Result | InvalidBook {
  try {
    return clear(instance.book, instance);
  } catch (error) {
    if (error instanceof InvalidBook) return error;
    throw error;
  }
}
