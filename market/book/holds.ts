import type { AccountId, JobId, MillsText, OfferId } from "../../events/catalog/values.ts";
import { millsText } from "../money.ts";
import { isOnSaleFrom } from "../stretch.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import type { BookJob, BookState } from "./book-state.ts";
import { exclusionOf } from "./links.ts";
import { firstStretch, stretchesAt } from "./next-stretch.ts";

export interface StretchHold {
  readonly account: AccountId;
  readonly job: JobId;
  readonly stretch: number;
  readonly mills: MillsText;
}

/** Slots for which an account that refused is not asked again. */
const patience = SLOTS_PER_HOUR;

/**
 * Holds that the exchange takes before the gates of a slot, so that running jobs can bid for their continuation and
 * displaced ones for what remains. A first award's hold is the request's own.
 */
export function dueHolds(book: BookState, gate: number): StretchHold[] {
  return [...book.jobs.values()].flatMap((job) => {
    if (job.stretch === 1 || job.holds.has(job.stretch)) return [];
    if (job.refusedAt !== undefined && gate - job.refusedAt < patience) return [];
    const most = largestHold(job, gate);
    return most === undefined ? [] : [holdOf(job, job.stretch, most)];
  });
}

function largestHold(job: BookJob, gate: number): bigint | undefined {
  return stretchesAt(job, gate)
    .map(({ hold }) => hold)
    .reduce<bigint | undefined>((most, hold) => (most === undefined || hold > most ? hold : most), undefined);
}

function holdOf(
  { account, job }: Pick<BookJob, "account" | "job">,
  stretch: number,
  mills: bigint,
): StretchHold {
  return { account, job, stretch, mills: millsText(mills) };
}

/**
 * Holds that no auction can use any more: of jobs that ended, have left the book or are shut out for good, or too small
 * for what remains of a displaced one.
 */
export function lapsedHolds(book: BookState): StretchHold[] {
  const known = [...book.jobs.values()].flatMap((job) =>
    [...job.holds].flatMap(([stretch, mills]) =>
      lapsed(book, job, mills) ? [holdOf(job, stretch, mills)] : [],
    ),
  );
  return [...known, ...holdsOfForgotten(book)];
}

/**
 * The exchange takes a hold for a later stretch for jobs only that are in the book. One of a job that is not came into
 * the feed after that had left it; one of a first stretch may come before its request does.
 */
function holdsOfForgotten({ earlyHolds }: BookState): StretchHold[] {
  return [...earlyHolds].flatMap(([job, { account, holds }]) =>
    [...holds].flatMap(([stretch, mills]) =>
      stretch > 1 && account !== undefined ? [holdOf({ account, job }, stretch, mills)] : [],
    ),
  );
}

function lapsed(book: BookState, job: BookJob, held: bigint): boolean {
  if (job.phase === "ended" || exclusionOf(book, job) !== undefined) return true;
  if (job.phase !== "open" || job.lease !== undefined) return false;
  const next = firstStretch(job);
  return next === undefined || next.hold > held;
}

/** Jobs that no gate can award any more; the spot gate of this slot may still be to come. */
export function expiredJobs(book: BookState, gate: number): JobId[] {
  return [...book.jobs.values()]
    .filter((job) => job.phase === "open" && job.lease === undefined && !isOnSaleFrom(gate, job.spec, job))
    .map(({ job }) => job);
}

/** Offers that no gate after this one can sell. */
export function expiredOffers(book: BookState, gate: number): OfferId[] {
  return [...book.offers.values()].filter(({ to }) => to <= gate + 1).map(({ offer }) => offer);
}
