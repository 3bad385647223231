import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { BookState } from "../../market/book/book-state.ts";
import { bridges } from "../../market/book/bridges.ts";
import { jobDecider } from "../../market/job.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";

/**
 * Tells runs that went on while the exchange was away for how long they did (row 14), and brings it into the feed: they
 * bid at this gate for what comes next. Says whether anything was told.
 */
export async function tellBridged(access: Access, book: BookState, gate: number): Promise<boolean> {
  const told = bridges(book, gate);
  if (told.length === 0) return false;
  const at = access.clock.now();
  await forEachInFlight(32, told, ({ job, award, hold }) => {
    const meta = exchangeCommand(access, `bridge/${award.placement}/${gate}`, `auction-${award.auction}`);
    return execute(access.store, jobDecider, streams.job(job), { type: "Bridge", award, hold, at }, meta);
  });
  await access.relay.drain(told.map(({ job }) => streams.job(job)));
  return true;
}
