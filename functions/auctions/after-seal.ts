import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { KnownAuction } from "../../market/auction.ts";
import { expiredJobs, expiredOffers, lapsedHolds } from "../../market/book/holds.ts";
import { excludedJobs } from "../../market/book/links.ts";
import { supplyLeft } from "../../market/book/supply-left.ts";
import { unresoldIn } from "../../market/book/unresold.ts";
import { jobDecider } from "../../market/job.ts";
import { offerDecider } from "../../market/offer.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { releaseHolds } from "./account-holds.ts";
import { saveReleased } from "./released-cards.ts";
import { saveSupply } from "./supply-left.ts";

/**
 * What a sealed auction leaves behind: funds of bids that it saw withdrawn or lapsed go back, jobs that are shut out and
 * jobs and offers whose time has passed expire. All of it follows from the book, so that a repeat finds it done.
 */
export async function afterSeal(access: Access, auction: number, sealed: KnownAuction): Promise<void> {
  const { gate, position, session } = sealed;
  const book = await access.books.at(auction, position);
  // The next slot has seen its last gate: what of it was given back is now sold again, or not.
  const released = session === "spot" ? unresoldIn(book, gate + 1) : undefined;
  const holds = lapsedHolds(book);
  const excluded = excludedJobs(book);
  const expired = expiredJobs(book, gate);
  const offers = expiredOffers(book, gate);
  const supply = supplyLeft(book, gate + 1);
  const at = access.clock.now();
  const { store } = access;
  await saveSupply(access, auction, position, supply);
  if (released !== undefined) await saveReleased(access, gate + 1, released);
  await releaseHolds(access, holds, auction);
  await forEachInFlight(32, excluded, ({ job, excluded: why }) => {
    const meta = exchangeCommand(access, `exclude/${job}`, `auction-${auction}`);
    const command = { type: "Expire", slot: gate, at, excluded: why } as const;
    return execute(store, jobDecider, streams.job(job), command, meta);
  });
  await forEachInFlight(32, expired, (job) => {
    const meta = exchangeCommand(access, `expire/${job}/${gate}`, `auction-${auction}`);
    return execute(store, jobDecider, streams.job(job), { type: "Expire", slot: gate, at }, meta);
  });
  await forEachInFlight(32, offers, (offer) => {
    const meta = exchangeCommand(access, `expire/${offer}`, `auction-${auction}`);
    return execute(store, offerDecider, streams.offer(offer), { type: "Expire", slot: gate }, meta);
  });
}
