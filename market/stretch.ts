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

const nothingSoFar: StretchesSoFar = { awardedSlots: 0, usedBefore: 0 };

/** One of a job's products. */
export type ProductChoice = JobSpec["products"][number];

/** Slots of a first award on one of the job's products. */
export function firstSlots(spec: Pick<JobSpec, "slots">, choice: ProductChoice): number {
  return choice.slots ?? spec.slots;
}

/**
 * Slots of the next stretch on one of the job's products: the request's for the first, then as many as all awards so
 * far, on a slower product no fewer than it needs there at first. Capped by the session's horizon and by what
 * `maxSlots` leaves; whole hours in the forward session. 0: nothing is left to bid for, on any product.
 */
export function stretchSlots(
  spec: JobSpec,
  choice: ProductChoice,
  past: StretchesSoFar,
  session: Session = spec.session,
): number {
  const longest = session === "spot" ? rules.spotFirstStretchMax : rules.forwardStretchMax;
  const first = firstSlots(spec, choice);
  // What a divisible job was awarded may be shorter than what it asked for; it has one length on all products.
  const again = spec.kind === "div" ? past.awardedSlots : Math.max(past.awardedSlots, first);
  const wanted = past.awardedSlots === 0 ? first : Math.min(again, longest);
  const slots = Math.max(0, Math.min(wanted, spec.maxSlots - past.usedBefore));
  return session === "spot" ? slots : slots - (slots % SLOTS_PER_HOUR);
}

/** The least and the most slots of the next stretch over the job's products; 0 and 0: nothing is left to bid for. */
export function stretchLengths(
  spec: JobSpec,
  past: StretchesSoFar,
): { readonly shortest: number; readonly longest: number } {
  const slots = spec.products.map((choice) => stretchSlots(spec, choice, past));
  return { shortest: Math.min(...slots), longest: Math.max(...slots) };
}

/** The most that a first award, or one after a displacement, can cost, in mills; all fees and transfers included. */
export function bidHold(spec: JobSpec, past: StretchesSoFar = nothingSoFar): bigint {
  const most = Math.max(...spec.products.map((choice) => choice.limit * stretchSlots(spec, choice, past)));
  return BigInt(most) * BigInt(spec.cards);
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
