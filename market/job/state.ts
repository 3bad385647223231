import type * as z from "zod";
import type { Award } from "../../events/catalog/award.ts";
import type { ChargeLine, Exclusion, JobEvent, JobPlaced, JobRequested } from "../../events/catalog/job.ts";
import type { CenterId, PlacementId } from "../../events/catalog/values.ts";
import { jobKinds } from "../job-kinds.ts";
import { mills } from "../money.ts";
import {
  type AwardBalance,
  centersOf,
  cutFrom,
  fillsInForce,
  takesFrom,
  withCharge,
  withCorrection,
  withFewest,
} from "../settlement/award-balance.ts";
import { lostWork } from "../settlement/charges.ts";
import { keptSlots, reopenedWindow } from "../stretch.ts";
import { slotAtOrAfter, slotOf } from "../time.ts";
import { whyExcluded } from "./exclusion.ts";

export type JobPhase =
  /** Funds are not held yet. */
  | "requested"
  /** In the book, or as soon as the funds of its next stretch are held. */
  | "queued"
  /** Awarded; not all centers have accepted. */
  | "reserved"
  /** Accepted by all centers; no run has begun at all of them. */
  | "accepted"
  /** A run has begun; between a failed run and its retry too. */
  | "running"
  | "rejected"
  | "completed"
  | "failed"
  | "cancelled"
  | "expired";

/**
 * Who brought a placement to its end: it decides what a continuation that arrives too late costs. time: an end that was
 * known before, of its awards or of a notice.
 */
export type EndedBy = "tenant" | "center" | "time";

/** An award in force with its continuations: what a center calls by the id of the first award. */
export interface Placement {
  readonly id: PlacementId;
  /** First slot of its cards that is paid for. */
  readonly from: number;
  /** First slot in which it takes anything: its data may be moved before `from`. */
  readonly takesFrom: number;
  /** End of its last award. */
  readonly end: number;
  /** Centers that deliver, in name order; a divisible job may have lost others. */
  readonly centers: readonly CenterId[];
  /** Centers that a divisible job lost, with the first slot that they no longer deliver. */
  readonly lost: ReadonlyMap<CenterId, number>;
  readonly accepted: readonly CenterId[];
  /** Number of the last run that began; 0: none. */
  readonly run: number;
  readonly runActive: boolean;
  /** When the last run ended by its own word, ISO 8601. */
  readonly runEndedAt?: string;
  /** Slot in which the current run began. */
  readonly runFrom: number;
  /** Centers at which the current run has begun. */
  readonly started: readonly CenterId[];
  /** Centers at which any run has begun. */
  readonly begun: readonly CenterId[];
  /** A run has begun at all centers once. */
  readonly ran: boolean;
  /** End of the last usage by `RUN/CENTER`, ISO 8601. */
  readonly meteredTo: ReadonlyMap<string, string>;
  /** Usage of the last slots, for the card-seconds of a slot that fails: none that was told of a superseded run. */
  readonly recent: readonly UsageOfRun[];
  /** End of its awards, if it ends before that because cards were taken back with notice: then it returns to the book. */
  readonly awardedTo?: number;
  readonly ended?: EndedBy;
  /** First slot that it did not deliver, once it has ended. */
  readonly deliveredTo?: number;
  /** First slot of each center whose work was credited as lost: what is told of it later changes nothing. */
  readonly creditedFrom: ReadonlyMap<CenterId, number>;
  /** Centers whose fault ended it. */
  readonly faults: readonly CenterId[];
}

export interface UsageOfRun {
  readonly center: CenterId;
  /** ms since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  readonly cardSeconds: number;
}

export interface KnownJob {
  readonly phase: JobPhase;
  readonly request: z.infer<typeof JobRequested.data>;
  /** Window `[from, to)` of the next award: the request's, and reopened after a displacement. */
  readonly window: { readonly from: number; readonly to: number };
  /** The money of every award, oldest first. */
  readonly balances: readonly AwardBalance[];
  /** All placements, oldest first; the last one is in force unless it has ended. */
  readonly placements: readonly Placement[];
  /** Placement of each award, by the award's id. */
  readonly placementOf: ReadonlyMap<PlacementId, PlacementId>;
  /** Slots before the placement in force that count towards `maxSlots`: work that was not lost. */
  readonly usedBefore: number;
  /** Sum of the lengths of all awards, in slots. */
  readonly awardedSlots: number;
  /** Last instant from which the work can go on, ISO 8601. */
  readonly checkpointAt?: string;
  /** Lines of the corrections of its charges, by their ids. */
  readonly corrections: ReadonlyMap<string, readonly ChargeLine[]>;
  /** Why corrections were refused for good, by their ids. */
  readonly refusedCorrections: ReadonlyMap<string, string>;
  /** First slot after its end, if it completed. */
  readonly completedSlot?: number;
  /** Why it was rejected, failed or was displaced last, or left the book early. */
  readonly reason?: string;
}

export type JobState = { readonly phase: "unknown" } | KnownJob;

export const initialJob: JobState = { phase: "unknown" };

/** The placement in force, if there is one. */
export function inForce(job: KnownJob): Placement | undefined {
  const last = job.placements.at(-1);
  return last?.ended === undefined ? last : undefined;
}

/** Centers that have not accepted, or not started. */
export function silentCenters(
  { centers, accepted, started }: Placement,
  cause: "notAccepted" | "notStarted",
): CenterId[] {
  const spoke = cause === "notAccepted" ? accepted : started;
  return centers.filter((center) => !spoke.includes(center));
}

export function placementOf(job: KnownJob, id: PlacementId): Placement | undefined {
  return job.placements.find((placement) => placement.id === id);
}

/** Balances of a placement's awards, oldest first. */
export function balancesOf(job: KnownJob, placement: PlacementId): AwardBalance[] {
  return job.balances.filter((balance) => job.placementOf.get(balance.award.placement) === placement);
}

/** A center that still calls this run must stop it: another run, placement or the job's end came after it. */
export function isSuperseded(state: JobState, id: PlacementId, run: number): boolean {
  if (state.phase === "unknown") return false;
  const placement = placementOf(state, id);
  if (placement === undefined) return false;
  if (run < placement.run) return true;
  const endedItself = state.phase === "completed" || state.phase === "failed";
  return placement.ended !== undefined && !(endedItself && placement === state.placements.at(-1));
}

/** What is in force of the job counts towards `maxSlots`, in slots. */
export function usedSlots(job: KnownJob): number {
  const placement = inForce(job);
  return job.usedBefore + (placement === undefined ? 0 : placement.end - placement.from);
}

function replaceLast(job: KnownJob, change: (placement: Placement) => Placement): KnownJob {
  const last = job.placements.at(-1);
  return last === undefined ? job : { ...job, placements: [...job.placements.slice(0, -1), change(last)] };
}

function replace(job: KnownJob, id: PlacementId, change: (placement: Placement) => Placement): KnownJob {
  return { ...job, placements: job.placements.map((p) => (p.id === id ? change(p) : p)) };
}

type Placed = z.infer<typeof JobPlaced.data>;

function balanceOf(job: KnownJob, data: Placed, cuts: AwardBalance["cuts"]): AwardBalance {
  const paidFrom = data.paidFrom ?? takesFrom(data.award);
  return {
    award: data.award,
    account: job.request.account,
    session: data.award.session ?? job.request.spec.session,
    hold: mills(data.hold ?? job.request.hold),
    paidFrom,
    chargedTo: paidFrom,
    cuts,
    short: new Map(),
    taxRate: job.request.taxRate ?? 0,
    taxable: 0n,
    taxableCorrected: 0n,
    taxed: 0n,
    paid: 0n,
    released: 0n,
    final: false,
    charges: new Map(),
  };
}

function withAward(job: KnownJob, data: Placed, placement: Placement): KnownJob {
  return {
    ...job,
    balances: [...job.balances, balanceOf(job, data, placement.lost)],
    placementOf: new Map([...job.placementOf, [data.award.placement, placement.id]]),
    awardedSlots: job.awardedSlots + data.award.to - data.award.from,
  };
}

function placed(job: KnownJob, data: Placed): KnownJob {
  const paidFrom = data.paidFrom ?? takesFrom(data.award);
  const placement: Placement = {
    id: data.award.placement,
    from: Math.max(data.award.from, paidFrom),
    takesFrom: paidFrom,
    end: data.award.to,
    centers: centersOf(data.award),
    lost: new Map(),
    accepted: [],
    run: 0,
    runActive: false,
    runFrom: 0,
    started: [],
    begun: [],
    ran: false,
    meteredTo: new Map(),
    recent: [],
    creditedFrom: new Map(),
    faults: [],
  };
  const next = withAward(job, data, placement);
  return { ...next, phase: "reserved", placements: [...job.placements, placement] };
}

function continued(job: KnownJob, data: Placed): KnownJob {
  const last = job.placements.at(-1);
  if (last === undefined) return job;
  const next = withAward(job, data, last);
  // One that does not follow on what was left of the run is given back.
  const goesOn = last.ended === undefined && data.award.from === last.end;
  return goesOn ? replaceLast(next, (p) => extended(p, data.award)) : next;
}

function extended({ awardedTo: _, ...placement }: Placement, award: Award): Placement {
  const fresh = centersOf(award).filter((center) => !placement.lost.has(center));
  return { ...placement, end: award.to, centers: [...new Set([...placement.centers, ...fresh])].sort() };
}

function reduced(job: KnownJob, data: Extract<JobEvent, { type: "JobReduced" }>["data"]): KnownJob {
  const before = placementOf(job, data.placement);
  const creditedFrom = before === undefined ? data.slot : lostOfPart(job, before, data).from;
  const balances = job.balances.map((balance) =>
    job.placementOf.get(balance.award.placement) === data.placement && !balance.final
      ? cutFrom(balance, [data.center], data.slot)
      : balance,
  );
  return replace({ ...job, balances }, data.placement, (p) => ({
    ...p,
    centers: p.centers.filter((center) => center !== data.center),
    lost: new Map([...p.lost, [data.center, data.slot]]),
    creditedFrom: new Map([...p.creditedFrom, [data.center, creditedFrom]]),
  }));
}

/** A gang ends with the center that takes its cards back; a divisible job goes on at its others. */
function reclaimed(job: KnownJob, data: Extract<JobEvent, { type: "JobReclaimed" }>["data"]): KnownJob {
  const { placement, center, slot } = data;
  const whole = !jobKinds[job.request.spec.kind].divisible;
  const taken = (balance: AwardBalance): AwardBalance =>
    whole
      ? { ...cutFrom(balance, centersOf(balance.award), slot), until: Math.min(slot, balance.until ?? slot) }
      : cutFrom(balance, [center], slot);
  const balances = job.balances.map((balance) =>
    job.placementOf.get(balance.award.placement) === placement ? taken(balance) : balance,
  );
  const next = { ...job, balances };
  const left = balancesOf(next, placement).flatMap((balance) => fillsInForce(balance).map(({ to }) => to));
  return replace(next, placement, (p) => {
    const end = whole ? Math.min(p.end, slot) : Math.max(0, ...left);
    return { ...p, end: Math.max(p.from, end), ...(end < p.end ? { awardedTo: p.awardedTo ?? p.end } : {}) };
  });
}

function accepted(job: KnownJob, center: CenterId): KnownJob {
  const next = replaceLast(job, (p) => ({ ...p, accepted: [...new Set([...p.accepted, center])].sort() }));
  return settled(next);
}

/** The phase of a job in force follows from who accepted and who began. */
function settled(job: KnownJob): KnownJob {
  const placement = inForce(job);
  if (placement === undefined) return job;
  const has = (list: readonly CenterId[]) => placement.centers.every((center) => list.includes(center));
  const phase = placement.ran ? "running" : has(placement.accepted) ? "accepted" : "reserved";
  return { ...job, phase };
}

function started(job: KnownJob, data: Extract<JobEvent, { type: "JobStarted" }>["data"]): KnownJob {
  const gang = !jobKinds[job.request.spec.kind].divisible;
  const next = replaceLast(job, (p) => {
    const before = data.run === p.run ? p.started : [];
    const now = [...new Set([...before, ...(data.center === undefined ? p.centers : [data.center])])].sort();
    const everywhere = gang ? p.centers.every((center) => now.includes(center)) : true;
    const { runEndedAt: _, ...rest } = p;
    return {
      ...rest,
      run: data.run,
      runActive: true,
      runFrom: data.run === p.run ? p.runFrom : data.slot,
      started: now,
      begun: [...new Set([...p.begun, ...now])].sort(),
      ran: p.ran || everywhere,
    };
  });
  return settled(next);
}

/** Usage older than two slots before the newest cannot touch a slot that fails from now on. */
const RECENT_MS = 2 * 360_000;

function metered(job: KnownJob, data: Metered): KnownJob {
  const { usage } = data;
  const entry = { ...usage, from: Date.parse(usage.from), to: Date.parse(usage.to) };
  const isCurrent = inForce(job)?.id === data.placement && inForce(job)?.run === data.run;
  const paid = !isSuperseded(job, data.placement, data.run);
  const next = replace(job, data.placement, (p) => ({
    ...p,
    meteredTo: new Map([...p.meteredTo, [`${data.run}/${usage.center}`, usage.to]]),
    recent: paid ? [...p.recent.filter((old) => old.to > entry.to - RECENT_MS), entry] : p.recent,
  }));
  const told = data.cards === undefined ? next : withFewerCards(next, data, data.cards);
  if (!isCurrent || data.checkpointAt === undefined) return told;
  return { ...told, checkpointAt: data.checkpointAt };
}

/** Slots whose work is lost with a center that delivers nothing from `slot` on (row 10); empty: none is. */
export function lostSlots(job: KnownJob, placement: Placement, slot: number): { from: number; to: number } {
  const losesWork = jobKinds[job.request.spec.kind].losesWork && placement.runActive && placement.ran;
  const checkpoint = job.checkpointAt === undefined ? 0 : slotAtOrAfter(Date.parse(job.checkpointAt));
  return losesWork ? lostWork(Math.max(checkpoint, placement.runFrom), slot) : { from: slot, to: slot };
}

/** The same of one center's part of a divisible job: where that never began all that was charged for it. */
export function lostOfPart(
  job: KnownJob,
  placement: Placement,
  { center, slot }: { readonly center: CenterId; readonly slot: number },
): { from: number; to: number } {
  if (placement.begun.includes(center)) return lostSlots(job, placement, slot);
  return { from: Math.min(placement.from, slot), to: slot };
}

export type Metered = Extract<JobEvent, { type: "JobMetered" }>["data"];

/** Slots that a report of a placement's last run touches, as far as its center delivered any of them; empty: none. */
export function slotsReported(
  placement: Placement,
  { run, usage }: Pick<Metered, "run" | "usage">,
): { from: number; to: number } {
  const from = Math.max(slotOf(Date.parse(usage.from)), placement.runFrom);
  const to = Math.min(
    slotAtOrAfter(Date.parse(usage.to)),
    placement.deliveredTo ?? placement.end,
    placement.creditedFrom.get(usage.center) ?? placement.end,
  );
  return run === placement.run ? { from, to: Math.max(from, to) } : { from, to: from };
}

function withFewerCards(job: KnownJob, data: Metered, cards: number): KnownJob {
  const placement = placementOf(job, data.placement);
  if (placement === undefined) return job;
  const slots = slotsReported(placement, data);
  const balances = job.balances.map((balance) =>
    job.placementOf.get(balance.award.placement) === placement.id
      ? withFewest(balance, data.usage.center, slots, cards)
      : balance,
  );
  return { ...job, balances };
}

/** @param deliveredTo first slot that the placement does not deliver any more */
function endLast(
  job: KnownJob,
  ended: EndedBy,
  deliveredTo: number,
  faults: readonly CenterId[] = [],
): KnownJob {
  return replaceLast(job, (p) =>
    p.ended === undefined ? { ...p, runActive: false, ended, deliveredTo, faults } : p,
  );
}

function runEnded(job: KnownJob, at: string): KnownJob {
  return replaceLast(job, (p) => ({ ...p, runEndedAt: at }));
}

function displaced(job: KnownJob, data: Extract<JobEvent, { type: "JobDisplaced" }>["data"]): KnownJob {
  const placement = inForce(job);
  if (placement === undefined) return job;
  const { spec } = job.request;
  const byTime = data.cause === "continuationLost" || data.cause === "reclaimed";
  const { from: creditedFrom } = lostSlots(job, placement, data.slot);
  const credited = placement.centers.map((center) => [center, creditedFrom] as const);
  const told = byTime
    ? job
    : replaceLast(job, (p) => ({ ...p, creditedFrom: new Map([...p.creditedFrom, ...credited]) }));
  const next: KnownJob = {
    ...endLast(told, byTime ? "time" : "center", data.slot, data.center === undefined ? [] : [data.center]),
    phase: "queued",
    reason: data.cause,
    usedBefore: job.usedBefore + keptSlots(spec, placement, data),
  };
  return { ...next, window: reopenedWindow(spec, next, placement, slotOf(Date.parse(data.at))) };
}

function expired(job: KnownJob, excluded: Exclusion | undefined): KnownJob {
  return { ...job, phase: "expired", ...(excluded === undefined ? {} : { reason: whyExcluded(excluded) }) };
}

/** The job after some more of its events. */
export function foldKnown(job: KnownJob, events: readonly JobEvent[]): KnownJob {
  return events.reduce<KnownJob>((state, event) => {
    const next = evolveJob(state, event);
    return next.phase === "unknown" ? state : next;
  }, job);
}

/** Folds one event; an event that the state cannot place leaves it as it is. */
export function evolveJob(state: JobState, event: JobEvent): JobState {
  if (event.type === "JobRequested") return requested(event.data);
  return state.phase === "unknown" ? state : evolveKnown(state, event);
}

function requested(request: KnownJob["request"]): KnownJob {
  return {
    phase: "requested",
    request,
    window: { from: request.spec.from, to: request.spec.to },
    balances: [],
    placements: [],
    placementOf: new Map(),
    usedBefore: 0,
    awardedSlots: 0,
    corrections: new Map(),
    refusedCorrections: new Map(),
  };
}

function evolveKnown(job: KnownJob, event: Exclude<JobEvent, { type: "JobRequested" }>): KnownJob {
  switch (event.type) {
    case "JobAdmitted":
      return { ...job, phase: "queued" };
    case "JobRejected":
      return { ...job, phase: "rejected", reason: event.data.reason };
    case "JobPlaced":
      return placed(job, event.data);
    case "JobContinued":
    case "JobBridged":
      return continued(job, event.data);
    case "JobAccepted":
      return accepted(job, event.data.center);
    case "JobStarted":
      return started(job, event.data);
    case "JobMetered":
      return metered(job, event.data);
    case "JobRunFailed":
      return replaceLast(job, (p) => ({ ...p, runActive: false, runEndedAt: event.data.at }));
    case "JobReduced":
      return settled(reduced(job, event.data));
    case "JobReclaimed":
      return reclaimed(job, event.data);
    case "JobCompleted":
      return {
        ...runEnded(endLast(job, "tenant", event.data.slot), event.data.at),
        phase: "completed",
        completedSlot: event.data.slot,
      };
    case "JobFailed":
      return {
        ...runEnded(
          endLast(job, event.data.cause === "timeLimit" ? "time" : "tenant", event.data.slot),
          event.data.at,
        ),
        phase: "failed",
        reason: event.data.cause,
      };
    case "JobDisplaced":
      return displaced(job, event.data);
    case "JobCancelled":
      return { ...endLast(job, "tenant", event.data.slot), phase: "cancelled" };
    case "JobExpired":
      return expired(job, event.data.excluded);
    case "ChargePosted":
      return {
        ...job,
        balances: job.balances.map((balance) =>
          balance.award.placement === event.data.placement ? withCharge(balance, event.data) : balance,
        ),
      };
    case "CorrectionPosted":
      return {
        ...job,
        corrections: new Map([...job.corrections, [event.data.correction, event.data.lines]]),
        balances: job.balances.map((balance) =>
          balance.award.placement === event.data.placement ? withCorrection(balance, event.data) : balance,
        ),
      };
    case "CorrectionRefused": {
      const { correction, reason } = event.data;
      return { ...job, refusedCorrections: new Map([...job.refusedCorrections, [correction, reason]]) };
    }
    default:
      return event satisfies never;
  }
}
