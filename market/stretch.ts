import type { JobSpec } from "../events/catalog/job.ts";
import type { Session } from "../events/catalog/values.ts";
import { rules } from "./rules.ts";
import { SLOTS_PER_HOUR } from "./time.ts";

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

/**
 * Window `[from, to)` after a displacement in `slot`: as long as the request's, and never too short for the stretch to
 * start in each of the slots that a session gives it.
 */
export function reopenedWindow(spec: JobSpec, slot: number, slots: number): { from: number; to: number } {
  const from = slot + 1;
  return { from, to: from + Math.max(spec.to - spec.from, slots + rules.startSlots - 1) };
}
