import * as z from "zod";
import type { AuctionCommand } from "../../market/auction.ts";
import type { BookState } from "../../market/book/book-state.ts";
import { supplyCurve } from "../../market/book/curves.ts";
import { type Gate, gateDue } from "../../market/book/gates.ts";
import { dueHolds } from "../../market/book/holds.ts";
import { type Instance, instanceAt } from "../../market/book/instance.ts";
import { leftOutAnswers } from "../../market/book/why.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { takeHolds } from "./account-holds.ts";
import { afterSeal } from "./after-seal.ts";
import { saveAnswers } from "./answers.ts";
import { tellBridged } from "./bridged-jobs.ts";
import { hasEnded, isEnded, latestAuction, tellAuction } from "./latest-auction.ts";
import { tellReclaimed } from "./reclaimed-jobs.ts";

/** What the workflow does next; `auction`: the one to solve, else the last. */
interface Next {
  readonly next: "solve" | "close" | "none";
  readonly auction: number;
}

/** Gates between two snapshots of the book. */
const snapshotEvery = 20;

/** Closes the gate that is due, one auction after another; an auction that was left unsealed comes first. */
export const create = step(z.object({}), async (access): Promise<Next> => {
  const last = await latestAuction(access, access.books.known());
  if (last > 0 && !(await hasEnded(access, last))) return { next: "solve", auction: last };
  const book = await bookNow(access, last);
  const gate = gateDue(book, access.clock.now());
  if (gate === undefined) return { next: "none", auction: last };
  // Who ran on while the exchange was away bids from where that took it.
  const bridged = await tellBridged(access, book, gate.gate);
  const running = bridged ? await bookNow(access, last) : book;
  // Cards that were taken back are given back before anybody bids: no auction is under way that could award them.
  const told = await tellReclaimed(access, running, gate.gate);
  const current = told ? await bookNow(access, last) : running;
  await takeHolds(access, dueHolds(current, gate.gate), gate.gate);
  return close(access, last + 1, gate);
});
export const handler = onLambda(create);

async function bookNow({ books, feed }: Access, auctions: number) {
  return books.at(auctions, (await feed.head()).position);
}

async function close(access: Access, auction: number, gate: Gate): Promise<Next> {
  const book = await bookNow(access, auction - 1);
  const instance = instanceAt(book, { auction, ...gate });
  const command = closing(book, instance, gate, access.clock.now());
  // Nobody solves an empty auction, but those that had to stay away are told why.
  if (command.type === "CloseEmpty") await saveAnswers(access, auction, leftOutAnswers(book, instance));
  const closed = await tellAuction(access, auction, command, `${command.type}/${auction}`);
  if (closed.phase === "open") throw new Error(`the gate of auction ${auction} is still open`);
  if (auction % snapshotEvery === 0) await access.books.save(auction - 1, closed.position);
  if (!isEnded(closed)) return { next: "solve", auction };
  await afterSeal(access, auction, closed);
  return { next: "close", auction };
}

/** Where nobody bids there is nothing to clear: the gate closes and the auction is sealed in one commit. */
function closing(book: BookState, instance: Instance, gate: Gate, at: number): CloseGate {
  const close = { auction: instance.gate.auction, position: book.position, at, ...gate };
  return instance.book.bids.length === 0
    ? { type: "CloseEmpty", supply: supplyCurve(instance), ...close }
    : { type: "Close", ...close };
}

type CloseGate = Extract<AuctionCommand, { type: "Close" | "CloseEmpty" }>;
