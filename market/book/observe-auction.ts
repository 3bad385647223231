import type { AuctionEvent } from "../../events/catalog/auction.ts";
import type { Award } from "../../events/catalog/award.ts";
import type { Session } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { periodOf, periodPlus, SLOTS_PER_DAY, SLOTS_PER_HOUR, slotOf } from "../time.ts";
import type { BookAward, BookJob, BookState, Lease } from "./book-state.ts";
import { noteSoldRuns } from "./capacity-left.ts";
import { groupOf } from "./links.ts";

/** Longer than the feed takes to bring a child's request that was made before its parent ended. */
const endKeptSlots = SLOTS_PER_HOUR;
/** Longer than any commit lies in the log before the daily scan brings it into the feed. */
const earlyHoldDays = 2;
const groupNameSlots = rules.groupNameDays * SLOTS_PER_DAY;

/**
 * Takes in what an auction gave: the events of its own stream, once it is sealed or voided, in the order of numbers.
 * An auction that the book has seen changes nothing.
 */
export function observeAuction(book: BookState, n: number, events: readonly AuctionEvent[]): void {
  if (n <= book.auctions) return;
  if (n > book.auctions + 1) throw new Error(`auction ${book.auctions + 1} is missing before ${n}`);
  for (const event of events) observe(book, event);
  keepPrices(book, events);
  book.auctions = n;
}

function observe(book: BookState, event: AuctionEvent): void {
  switch (event.type) {
    case "GateClosed": {
      const { session, gate } = event.data;
      noteSoldRuns(book, gate);
      book.gates.set(session, gate);
      book.voided.delete(session);
      forget(book, gate);
      return;
    }
    case "AwardsPublished":
      for (const award of event.data.awards) take(book, award);
      return;
    case "AuctionVoided":
      book.voided.set(event.data.session, event.data.auction);
      noteSeal(book, event.data);
      return;
    case "AuctionCleared":
      noteSeal(book, event.data);
      return;
    case "AuctionSolved":
      return;
    default:
      event satisfies never;
  }
}

function noteSeal(
  book: BookState,
  { session, at }: { readonly session: Session; readonly at: string },
): void {
  book.sealedIn.set(session, slotOf(Date.parse(at)));
}

function keepPrices(book: BookState, events: readonly AuctionEvent[]): void {
  const session = events.find((event) => event.type === "GateClosed")?.data.session;
  const pages = events.filter((event) => event.type === "AwardsPublished");
  if (session === undefined || pages.length === 0) return;
  book.prices.set(
    session,
    pages.flatMap(({ data }) => data.prices),
  );
}

function take(book: BookState, award: Award): void {
  const job = book.jobs.get(award.job);
  if (job === undefined) return;
  takeAward(job, award);
  const group = groupOf(job);
  if (group !== undefined) book.groups.set(group, { job: job.job, to: award.to });
}

/** The job has the award: from now on, or as the next stretch of the run that it continues. */
export function takeAward(job: BookJob, award: Award): void {
  const before = award.continues ? job.lease : undefined;
  const lease: Lease = {
    id: before?.id ?? award.placement,
    session: award.session ?? job.spec.session,
    from: before?.from ?? award.from,
    end: award.to,
    centers: [...new Set(award.fills.map(({ center }) => center))].sort(),
    product: award.fills[0]?.product ?? "",
  };
  const { placement, fills, links, to } = award;
  const taken: BookAward = { placement, lease: lease.id, fills, links, to, cuts: new Map() };
  job.lease = lease;
  job.awards.push(taken);
  job.awardedSlots += award.to - award.from;
  job.stretch = award.stretch + 1;
  job.holds.delete(award.stretch);
}

/** What can matter to no later auction: awards that are over, offers that have ended, jobs that left nothing behind. */
function forget(book: BookState, gate: number): void {
  book.draws = book.draws.filter(({ to }) => to > gate);
  for (const job of book.jobs.values()) {
    // What a tenant gave back is followed to its end: the fee waits for who buys it.
    job.awards = job.awards.filter(({ to, cut, released }) => to > gate && (released || (cut ?? to) > gate));
    const left = job.awards.length > 0 || job.holds.size > 0 || awaitsHold(job, gate);
    if (job.phase === "ended" && !left) book.jobs.delete(job.job);
  }
  for (const { offer, to } of book.withdrawn.values()) {
    if (to > gate + 1) continue;
    book.withdrawn.delete(offer);
    book.reclaims.delete(offer);
  }
  forgetEnds(book, gate);
  forgetEarlyHolds(book, gate);
  for (const [group, { job, to }] of book.groups)
    if (to + groupNameSlots <= gate && !book.jobs.has(job)) book.groups.delete(group);
}

/** A job's end is kept for its children, also for those whose request comes later in the feed. */
function forgetEnds({ ends, jobs }: BookState, gate: number): void {
  const parents = new Set([...jobs.values()].flatMap(({ spec }) => spec.parent ?? []));
  for (const [job, { decided }] of ends)
    if (decided + endKeptSlots <= gate && !parents.has(job)) ends.delete(job);
}

/** A hold whose request did not come is of a job that has left the book. */
function forgetEarlyHolds({ earlyHolds }: BookState, gate: number): void {
  if (earlyHolds.size === 0) return;
  const oldest = periodPlus(periodOf(gate), -earlyHoldDays);
  for (const [job, { heldIn }] of earlyHolds)
    if ([...heldIn.values()].every((period) => period < oldest)) earlyHolds.delete(job);
}

/** The hold of its request may come after the job's end, and then must be released; a job of the past gets none. */
function awaitsHold({ stretch, answered, window }: BookJob, gate: number): boolean {
  return stretch === 1 && answered !== true && window.to > gate;
}
