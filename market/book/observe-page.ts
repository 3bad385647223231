import type { AccountEvent } from "../../events/catalog/account.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { CapacityEvent, CenterEvent } from "../../events/catalog/center.ts";
import type { JobEvent } from "../../events/catalog/job.ts";
import type { CenterId, PlacementId } from "../../events/catalog/values.ts";
import { mills } from "../money.ts";
import { keptSlots, reopenedWindow } from "../stretch.ts";
import { slotOf } from "../time.ts";
import { type BookJob, type BookState, poolId } from "./book-state.ts";

/** A commit as the book reads it. */
export interface SeenCommit {
  readonly stream: string;
  /** Market time of the decision, ISO 8601. */
  readonly time: string;
  readonly events: readonly DomainEvent[];
}

export interface SeenPage {
  readonly position: number;
  readonly commits: readonly SeenCommit[];
}

/** Moves the book over one page of the feed; a page that it has seen changes nothing. */
export function observePage(book: BookState, page: SeenPage): void {
  if (page.position <= book.position) return;
  if (page.position > book.position + 1)
    throw new Error(`page ${book.position + 1} is missing before ${page.position}`);
  for (const commit of page.commits) for (const event of commit.events) observe(book, event, commit);
  book.position = page.position;
}

function observe(book: BookState, event: DomainEvent, commit: SeenCommit): void {
  switch (event.type) {
    case "CenterJoined":
    case "LinksDeclared":
    case "GuaranteePosted":
    case "CenterLost":
    case "CenterReturned":
      observeCenter(book, event);
      return;
    case "CapacitySensed":
      observeCapacity(book, event.data);
      return;
    case "CapacityOffered":
      book.offers.set(event.data.offer, event.data);
      return;
    case "OfferWithdrawn":
    case "OfferExpired":
      book.offers.delete(event.data.offer);
      return;
    case "FundsHeld":
    case "HoldRefused":
    case "HoldReleased":
      observeHold(book, event, commit);
      return;
    case "JobRequested": {
      const { job, owner, account, spec } = event.data;
      const { from, to } = spec;
      const fresh = { phase: "requested", rank: 0, stretch: 1, awardedSlots: 0, usedBefore: 0 } as const;
      const early = book.earlyHolds.get(job) ?? noHolds();
      const answered = book.earlyHolds.delete(job);
      const known = { job, owner, account, spec, window: { from, to }, awards: [], ...early, answered };
      book.jobs.set(job, { ...known, ...fresh });
      return;
    }
    case "JobAdmitted":
    case "JobRejected":
    case "JobPlaced":
    case "JobReduced":
    case "JobCompleted":
    case "JobFailed":
    case "JobDisplaced":
    case "JobCancelled":
    case "JobExpired": {
      const job = book.jobs.get(event.data.job);
      if (job !== undefined) observeJob(book, job, event);
      return;
    }
    // Awards come from the auctions' own streams; the rest does not touch the book.
    case "GateClosed":
    case "AuctionSolved":
    case "AwardsPublished":
    case "AuctionCleared":
    case "AuctionVoided":
    case "JobAccepted":
    case "JobStarted":
    case "JobContinued":
    case "JobRunFailed":
    case "JobMetered":
    case "ChargePosted":
    case "AccountOpened":
    case "FundsDeposited":
    case "HoldSettled":
    case "AccountCarried":
    case "DepositReceived":
    case "PeriodOpened":
    case "PeriodClosed":
      return;
    default:
      event satisfies never;
  }
}

function observeCenter(book: BookState, event: CenterEvent): void {
  if (event.type === "CenterJoined") {
    book.centers.set(event.data.center, { spec: event.data, links: [], lost: false });
    return;
  }
  const center = book.centers.get(event.data.center);
  if (center === undefined) return;
  if (event.type === "LinksDeclared") center.links = event.data.links;
  if (event.type === "CenterLost") center.lost = true;
  if (event.type === "CenterReturned") center.lost = false;
}

function observeCapacity(book: BookState, data: CapacityEvent["data"]): void {
  const pool = poolId(data.center, data.product);
  if (data.slot < (book.sensedIn.get(pool) ?? 0)) return;
  book.working.set(pool, data.working);
  book.sensedIn.set(pool, data.slot);
}

type HoldEvent = Extract<AccountEvent, { type: "FundsHeld" | "HoldRefused" | "HoldReleased" }>;

function observeHold(book: BookState, event: HoldEvent, { stream, time }: SeenCommit): void {
  const { job: id, stretch } = event.data;
  const job = book.jobs.get(id);
  if (job !== undefined) job.answered = true;
  if (event.type === "HoldRefused") {
    if (job !== undefined) job.refusedAt = slotOf(Date.parse(time));
    return;
  }
  const { holds, heldIn } = job ?? book.earlyHolds.get(id) ?? noHolds();
  const period = periodIn(stream);
  if (period < (heldIn.get(stretch) ?? "")) return;
  heldIn.set(stretch, period);
  // A stretch that is awarded already has its hold in the job's own money.
  const used = job !== undefined && stretch < job.stretch;
  if (event.type === "HoldReleased") holds.delete(stretch);
  else if (!used) holds.set(stretch, mills(event.data.mills));
  if (job === undefined) book.earlyHolds.set(id, { holds, heldIn });
}

function noHolds(): Pick<BookJob, "holds" | "heldIn"> {
  return { holds: new Map(), heldIn: new Map() };
}

/** The period of an account's stream, `account-ID-PERIOD`. */
function periodIn(stream: string): string {
  return stream.slice(-"YYYY-MM-DD".length);
}

type SeenJobEvent = Extract<
  JobEvent,
  {
    type:
      | "JobAdmitted"
      | "JobRejected"
      | "JobPlaced"
      | "JobReduced"
      | "JobCompleted"
      | "JobFailed"
      | "JobDisplaced"
      | "JobCancelled"
      | "JobExpired";
  }
>;

function observeJob(book: BookState, job: BookJob, event: SeenJobEvent): void {
  switch (event.type) {
    case "JobAdmitted":
      book.admitted += 1;
      job.rank = book.admitted;
      job.phase = "open";
      return;
    case "JobPlaced": {
      const { award, paidFrom } = event.data;
      if (job.lease?.id === award.placement && paidFrom !== undefined)
        job.lease.from = Math.max(award.from, paidFrom);
      return;
    }
    case "JobReduced":
      reduce(job, event.data.placement, event.data.center, event.data.slot);
      return;
    case "JobDisplaced":
      displace(job, event.data);
      return;
    case "JobCompleted":
    case "JobFailed":
    case "JobCancelled":
      end(job, event.data.placement, event.data.slot);
      return;
    case "JobRejected":
      job.answered = true;
      end(job, undefined, 0);
      return;
    case "JobExpired":
      end(job, undefined, 0);
      return;
    default:
      event satisfies never;
  }
}

/** The run's awards take nothing from `slot` on. */
function cut(job: BookJob, lease: PlacementId, slot: number, released: boolean): void {
  for (const award of job.awards.filter((one) => one.lease === lease)) {
    award.cut = Math.min(award.cut ?? slot, slot);
    if (released) award.released = true;
  }
  if (job.lease?.id === lease) delete job.lease;
}

function end(job: BookJob, lease: PlacementId | undefined, slot: number): void {
  if (lease !== undefined) cut(job, lease, slot, true);
  job.phase = "ended";
}

function reduce(job: BookJob, lease: PlacementId, center: CenterId, slot: number): void {
  for (const award of job.awards) if (award.lease === lease) award.cuts.set(center, slot);
}

/** As the job's own state does: work that was not lost counts, and the window opens anew. */
function displace(job: BookJob, data: Extract<JobEvent, { type: "JobDisplaced" }>["data"]): void {
  const { lease } = job;
  if (lease === undefined || lease.id !== data.placement) return;
  job.usedBefore += keptSlots(job.spec, lease, data);
  cut(job, lease.id, data.slot, false);
  job.window = reopenedWindow(job.spec, job, lease, slotOf(Date.parse(data.at)));
}
