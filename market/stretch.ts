import type { JobEvent, JobSpec } from "../events/catalog/job.ts";
import type { Session } from "../events/catalog/values.ts";
import { jobKinds } from "./job-kinds.ts";
import { rules } from "./rules.ts";
import { SLOTS_PER_HOUR, slotAtOrAfter } from "./time.ts";

// How long the next stretch of a job is and what it can cost: the same for the book, the holds and the job.

/** What of a job's past decides its next stretch. */
export interface StretchesSoFar {
  /** Sum of the lengths of all its awards, in slots; 0 before the first. */
  readonly awardedSlots: number;
  /** Slots that count towards `maxSlots`: in force, or delivered and not lost before a displacement. */
  readonly usedBefore: number;
}

/**
 * Slots of the next stretch: the request's for the first, then as many as all awards so far, capped by the session's
 * horizon and by what `maxSlots` leaves; whole hours in the forward session. 0: nothing is left to bid for.
 */
export function stretchSlots(spec: JobSpec, past: StretchesSoFar, session: Session = spec.session): number {
  const longest = session === "spot" ? rules.spotFirstStretchMax : rules.forwardStretchMax;
  const wanted = past.awardedSlots === 0 ? spec.slots : Math.min(past.awardedSlots, longest);
  const slots = Math.max(0, Math.min(wanted, spec.maxSlots - past.usedBefore));
  return session === "spot" ? slots : slots - (slots % SLOTS_PER_HOUR);
}

/** The most that a first award, or one after a displacement, can cost, in mills; all fees and transfers included. */
export function bidHold(spec: JobSpec, slots: number): bigint {
  const limit = Math.max(...spec.products.map((product) => product.limit));
  return BigInt(limit) * BigInt(spec.cards) * BigInt(slots);
}

/** The most that a continuation can cost, in mills; undefined for a job that stops at the end of its award. */
export function continuationHold(spec: JobSpec, slots: number): bigint | undefined {
  if (spec.extendLimit === undefined) return undefined;
  return BigInt(spec.extendLimit) * BigInt(spec.cards) * BigInt(slots);
}

/** Window `[from, to)` of the next award. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Slots of the next award of a job that none is in force of; what is left of its window can make a service's fewer. */
export function nextAwardSlots(spec: JobSpec, past: StretchesSoFar & { readonly window: Window }): number {
  return spec.kind === "service" ? past.window.to - past.window.from : stretchSlots(spec, past);
}

/** The fewest slots that an award of so many can have. */
export function leastSlots({ kind }: JobSpec, slots: number): number {
  return jobKinds[kind].takesLess ? Math.min(1, slots) : slots;
}

/** The first slot that the session's next gate sells; the gate of `slot` itself is taken to be past in forward. */
export function nextOnSale(session: Session, slot: number): number {
  if (session === "spot") return slot + 1;
  return (Math.floor((slot + rules.forwardLeadSlots) / SLOTS_PER_HOUR) + 1) * SLOTS_PER_HOUR;
}

/** The run that a displacement ended: its first slot and the end of its last award. */
interface EndedRun {
  readonly from: number;
  readonly end: number;
}

/** Slots of a displaced run that count towards `maxSlots`: up to its checkpoint; of a service all that it served. */
export function keptSlots(
  spec: JobSpec,
  { from }: EndedRun,
  { cause, slot, checkpointAt }: Extract<JobEvent, { type: "JobDisplaced" }>["data"],
): number {
  const checkpoint = checkpointAt === undefined ? from : slotAtOrAfter(Date.parse(checkpointAt));
  const lost = cause !== "continuationLost" && jobKinds[spec.kind].losesWork;
  return Math.max(0, Math.min(lost ? checkpoint : slot, slot) - from);
}

/**
 * Window `[from, to)` after a displacement in `slot`: as long as the request's, and never too short for the stretch to
 * start in each of the slots that a session gives it. A service's is what it lost: to the end of its award, and after
 * that its next stretch.
 */
export function reopenedWindow(
  spec: JobSpec,
  past: StretchesSoFar,
  run: EndedRun,
  slot: number,
): { from: number; to: number } {
  const slots = stretchSlots(spec, past);
  if (spec.kind === "service") {
    const lost = Math.max(slot + 1, run.from);
    if (lost < run.end) return { from: lost, to: run.end };
    const from = nextOnSale(spec.session, slot);
    return { from, to: spec.extendLimit === undefined ? from : from + slots };
  }
  const from = slot + 1;
  const starts = (spec.stageSlots ?? 0) + rules.startSlots;
  return { from, to: from + Math.max(spec.to - spec.from, slots + starts - 1) };
}
