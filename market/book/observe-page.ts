import type { AccountEvent } from "../../events/catalog/account.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { CapacityEvent, CenterEvent } from "../../events/catalog/center.ts";
import type { JobEvent } from "../../events/catalog/job.ts";
import type { OfferEvent } from "../../events/catalog/offer.ts";
import type { CenterId, PlacementId } from "../../events/catalog/values.ts";
import { jobKinds } from "../job-kinds.ts";
import { mills } from "../money.ts";
import { keptSlots, reopenedWindow } from "../stretch.ts";
import { slotOf } from "../time.ts";
import { type BookAward, type BookJob, type BookState, poolId } from "./book-state.ts";
import { takeAward } from "./observe-auction.ts";

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
    case "GuaranteeReductionRequested":
    case "GuaranteeDrawn":
    case "CenterSuspended":
    case "CenterReinstated":
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
    case "ReserveDrawn":
      observeDraw(book, event.data);
      return;
    case "CapacityReclaimed":
    case "OfferWithdrawn":
    case "OfferExpired":
      observeOffer(book, event);
      return;
    case "FundsHeld":
    case "HoldRefused":
    case "HoldReleased":
      observeHold(book, event, commit);
      return;
    case "JobRequested": {
      const { job, owner, account, spec, parentEnd, taxRate } = event.data;
      const { from, to } = spec;
      const fresh = { phase: "requested", rank: 0, stretch: 1, awardedSlots: 0, usedBefore: 0 } as const;
      const { holds, heldIn } = book.earlyHolds.get(job) ?? noHolds();
      const answered = book.earlyHolds.delete(job);
      const known = { job, owner, account, spec, window: { from, to }, awards: [], holds, heldIn, answered };
      const more = {
        ...(parentEnd === undefined ? {} : { parentEnd }),
        ...(taxRate === undefined ? {} : { taxRate }),
      };
      book.jobs.set(job, { ...known, ...fresh, ...more });
      return;
    }
    case "JobAdmitted":
    case "JobRejected":
    case "JobPlaced":
    case "JobBridged":
    case "JobReduced":
    case "JobReclaimed":
    case "JobCompleted":
    case "JobFailed":
    case "JobDisplaced":
    case "JobCancelled":
    case "JobExpired": {
      const job = book.jobs.get(event.data.job);
      if (job !== undefined) observeJob(book, job, event, slotOf(Date.parse(commit.time)));
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
    case "CorrectionPosted":
    case "CorrectionRefused":
    case "AccountOpened":
    case "FundsDeposited":
    case "HoldSettled":
    case "FundsAdjusted":
    case "TaxRateSet":
    case "AccountCarried":
    case "DepositReceived":
    case "PeriodOpened":
    case "PeriodCutOff":
    case "PeriodTotalsStated":
    case "PeriodClosed":
    case "InvoiceIssued":
    case "PayoutStated":
    case "PayoutPaid":
    case "BreakFound":
    case "BreakAssigned":
    case "BreakResolved":
    case "BreakReopened":
    case "DefaultFundContributed":
    case "DefaultFundDrawn":
      return;
    default:
      event satisfies never;
  }
}

type ReclaimedOrEnded = Exclude<OfferEvent, { type: "CapacityOffered" | "ReserveDrawn" }>;

function observeOffer(book: BookState, event: ReclaimedOrEnded): void {
  const { offer } = event.data;
  if (event.type === "CapacityReclaimed") {
    const { from, left } = event.data;
    if (!book.offers.has(offer) && !book.withdrawn.has(offer)) return;
    book.reclaims.set(offer, [...(book.reclaims.get(offer) ?? []), { from, left }]);
    return;
  }
  const open = book.offers.get(offer);
  book.offers.delete(offer);
  book.soldRuns.delete(offer);
  if (event.type === "OfferWithdrawn" && open !== undefined) book.withdrawn.set(offer, open);
  if (event.type === "OfferExpired") book.reclaims.delete(offer);
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
  if (event.type === "CenterSuspended") center.suspended = true;
  if (event.type === "CenterReinstated") center.suspended = false;
}

function observeDraw(book: BookState, { offer: id, ...draw }: EventData<"ReserveDrawn">): void {
  const offer = book.offers.get(id);
  if (offer === undefined) return;
  const pool = poolId(offer.center, offer.product);
  book.draws = [...book.draws, { ...draw, offer: id, pool }];
}

type EventData<Type extends DomainEvent["type"]> = Extract<DomainEvent, { type: Type }>["data"];

function observeCapacity(book: BookState, data: CapacityEvent["data"]): void {
  const pool = poolId(data.center, data.product);
  if (data.slot < (book.sensedIn.get(pool) ?? 0)) return;
  book.working.set(pool, data.working);
  book.sensedIn.set(pool, data.slot);
}

type HoldEvent = Extract<AccountEvent, { type: "FundsHeld" | "HoldRefused" | "HoldReleased" }>;

function observeHold(book: BookState, event: HoldEvent, { stream, time }: SeenCommit): void {
  const { job: id, stretch, account } = event.data;
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
  if (job === undefined) book.earlyHolds.set(id, { account, holds, heldIn });
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
      | "JobBridged"
      | "JobReduced"
      | "JobReclaimed"
      | "JobCompleted"
      | "JobFailed"
      | "JobDisplaced"
      | "JobCancelled"
      | "JobExpired";
  }
>;

/** @param decided slot of the event's decision */
function observeJob(book: BookState, job: BookJob, event: SeenJobEvent, decided: number): void {
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
    case "JobBridged":
      // No auction gave it: here alone the job's own stream is what the book goes by.
      takeAward(job, event.data.award);
      return;
    case "JobReduced":
      reduce(job, event.data.placement, event.data.center, event.data.slot);
      return;
    case "JobReclaimed":
      reclaim(job, event.data);
      return;
    case "JobDisplaced":
      displace(job, event.data);
      return;
    case "JobCompleted": {
      const { placement, slot } = event.data;
      end(job, placement, slot);
      book.ends.set(job.job, { completed: slot, decided });
      return;
    }
    case "JobFailed":
    case "JobCancelled":
      end(job, event.data.placement, event.data.slot);
      book.ends.set(job.job, { decided });
      return;
    case "JobRejected":
    case "JobExpired":
      if (event.type === "JobRejected") job.answered = true;
      end(job, undefined, 0);
      book.ends.set(job.job, { decided });
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
  for (const award of job.awards) if (award.lease === lease) cutCenter(award, center, slot);
}

/** What was taken back before stays so. */
function cutCenter({ cuts }: BookAward, center: CenterId, slot: number): void {
  cuts.set(center, Math.min(slot, cuts.get(center) ?? slot));
}

/** A gang ends with the center that takes its cards back; a divisible job goes on at its others. */
function reclaim(job: BookJob, data: Extract<JobEvent, { type: "JobReclaimed" }>["data"]): void {
  const { placement, center, slot } = data;
  const { divisible } = jobKinds[job.spec.kind];
  const own = job.awards.filter(({ lease }) => lease === placement);
  for (const award of own)
    if (divisible) cutCenter(award, center, slot);
    else award.until = Math.min(slot, award.until ?? slot);
  const { lease } = job;
  if (lease === undefined || lease.id !== placement) return;
  const end = divisible ? endInForce(own) : Math.min(lease.end, slot);
  if (end < lease.end) lease.awardedTo ??= lease.end;
  lease.end = Math.max(lease.from, end);
}

/** End of what the awards of a divisible job still deliver; 0: nothing. */
function endInForce(awards: readonly BookAward[]): number {
  const ends = awards.flatMap(({ fills, cuts }) =>
    fills
      .map(({ from, to, center }) => ({ from, to: Math.min(to, cuts.get(center) ?? to) }))
      .filter(({ from, to }) => from < to)
      .map(({ to }) => to),
  );
  return Math.max(0, ...ends);
}

/** As the job's own state does: work that was not lost counts, and the window opens anew. */
function displace(job: BookJob, data: Extract<JobEvent, { type: "JobDisplaced" }>["data"]): void {
  const { lease } = job;
  if (lease === undefined || lease.id !== data.placement) return;
  job.usedBefore += keptSlots(job.spec, lease, data);
  cut(job, lease.id, data.slot, false);
  job.window = reopenedWindow(job.spec, job, lease, slotOf(Date.parse(data.at)));
}
