import { streams } from "../../events/catalog/streams.ts";
import type { JobId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { BookState } from "../../market/book/book-state.ts";
import { reclaimedRuns, reclaimNotices } from "../../market/book/reclaims.ts";
import type { JobCommand } from "../../market/job/commands.ts";
import { jobDecider } from "../../market/job.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";

/**
 * Tells jobs whose cards were taken back that they end early, and ends those whose time has come; brings it into the
 * feed. Every auction is sealed and the feed is read up to its head: whatever was awarded of those cards, before they
 * were taken back or by an auction that did not know of it yet, is in the book. Says whether anything was told.
 */
export async function tellReclaimed(access: Access, book: BookState, gate: number): Promise<boolean> {
  const at = access.clock.now();
  const ends = reclaimedRuns(book, gate).map(({ job, placement }) => ({
    commandId: `reclaimed/${placement}/${gate}`,
    command: { type: "StretchEnded", placement, at } as const,
    job,
  }));
  const notices = reclaimNotices(book, gate).map(({ job, ...notice }) => ({
    commandId: `reclaim/${notice.placement}/${notice.center}/${notice.slot}/${gate}`,
    command: { type: "Reclaim", ...notice, at } as const,
    job,
  }));
  const told = [...ends, ...notices];
  if (told.length === 0) return false;
  await forEachInFlight(32, told, (one) => tell(access, one));
  await access.relay.drain(told.map(({ job }) => streams.job(job)));
  return true;
}

interface Told {
  readonly commandId: string;
  readonly command: JobCommand;
  readonly job: JobId;
}

function tell(access: Access, { commandId, command, job }: Told) {
  const meta = exchangeCommand(access, commandId, commandId);
  return execute(access.store, jobDecider, streams.job(job), command, meta);
}
