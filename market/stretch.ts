import type { JobEvent, JobSpec } from "../events/catalog/job.ts";
import type { Session } from "../events/catalog/values.ts";
import { jobKinds } from "./job-kinds.ts";
import { rules } from "./rules.ts";
import { SLOTS_PER_HOUR, slotAtOrAfter, slotStart } from "./time.ts";

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
 * far, on a slower product no fewer than it needs there at first. Capped by the session's horizon, but not below a first
 * award in it, and by what `maxSlots` leaves; whole hours in the forward session. 0: nothing is left to bid for, on any product.
 */
export function stretchSlots(
  spec: JobSpec,
  choice: ProductChoice,
  past: StretchesSoFar,
  session: Session = spec.session,
): number {
  const first = firstSlots(spec, choice);
  const most = session === "spot" ? rules.spotNextStretchMax : rules.forwardStretchMax;
  const longest = session === spec.session ? Math.max(first, most) : most;
  // What a divisible job was awarded may be shorter than what it asked for; it has one length on all products.
  const again = spec.kind === "div" ? past.awardedSlots : Math.max(past.awardedSlots, first);
  const wanted = past.awardedSlots === 0 ? first : Math.min(again, longest);
  const slots = Math.max(0, Math.min(wanted, spec.maxSlots - past.usedBefore));
  return session === "spot" ? slots : slots - (slots % SLOTS_PER_HOUR);
}

/** Window `[from, to)` of the next award. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** A job that no award is in force of. */
export type Waiting = StretchesSoFar & { readonly window: Window };

/** Slots of its next award on one of its products; what is left of its window can make a service's fewer. */
function awardSlots(spec: JobSpec, choice: ProductChoice, waiting: Waiting): number {
  const { from, to } = waiting.window;
  return spec.kind === "service" ? to - from : stretchSlots(spec, choice, waiting);
}

/** The least and the most slots of its next award over its products; 0 and 0: nothing is left to bid for. */
export function awardLengths(
  spec: JobSpec,
  waiting: Waiting,
): { readonly shortest: number; readonly longest: number } {
  const slots = spec.products.map((choice) => awardSlots(spec, choice, waiting));
  return { shortest: Math.min(...slots), longest: Math.max(...slots) };
}

/** The most that a first award, or one after a displacement, can cost, in mills without tax; all fees and transfers included. */
export function bidHold(spec: JobSpec, waiting: Waiting = { ...nothingSoFar, window: spec }): bigint {
  const most = Math.max(...spec.products.map((choice) => choice.limit * awardSlots(spec, choice, waiting)));
  return BigInt(most) * BigInt(spec.cards);
}

/** Whether a job bids for a continuation at the end of its award; a divisible one has had what it bought. */
export function bidsForMore({ extendLimit, kind }: JobSpec): boolean {
  return extendLimit !== undefined && kind !== "div";
}

/** The most that a continuation can cost, in mills without tax; undefined for a job that stops at the end of its award. */
export function continuationHold(spec: JobSpec, slots: number): bigint | undefined {
  if (spec.extendLimit === undefined) return undefined;
  return BigInt(spec.extendLimit) * BigInt(spec.cards) * BigInt(slots);
}

/** The fewest slots that an award of so many can have. */
export function leastSlots({ kind }: JobSpec, slots: number): number {
  return jobKinds[kind].takesLess ? Math.min(1, slots) : slots;
}

/**
 * The first slot that the session's next gate sells at an instant (ms since the Unix epoch). A gate closes as its slot
 * begins: within a slot the next one is that of a later slot.
 */
export function firstOnSale(session: Session, at: number): number {
  const lead = session === "spot" ? 1 : rules.forwardLeadSlots;
  return wholeSlots(session, slotAtOrAfter(at) + lead);
}

/** The first slot of its window in which the session's next gate could start a job, at an instant (ms since the Unix epoch). */
export function firstStart(
  { session, from, stageSlots = 0 }: Pick<JobSpec, "session" | "from" | "stageSlots">,
  at: number,
): number {
  return wholeSlots(session, Math.max(from, firstOnSale(session, at) + stageSlots));
}

/** Whether the gate of a slot, or one after it, can still sell a start in the window of a job's next award. */
export function isOnSaleFrom(gate: number, spec: JobSpec, waiting: Waiting): boolean {
  const { shortest } = awardLengths(spec, waiting);
  const { from, to } = waiting.window;
  const needed = wholeSlots(spec.session, leastSlots(spec, shortest));
  return shortest > 0 && firstStart({ ...spec, from }, slotStart(gate)) + needed <= to;
}

/** So many slots, or up to a whole hour of them where the session sells no less. */
export function wholeSlots(session: Session, slots: number): number {
  return session === "spot" ? slots : Math.ceil(slots / SLOTS_PER_HOUR) * SLOTS_PER_HOUR;
}

/** The run that a displacement ended: its first slot and its end. */
interface EndedRun {
  readonly from: number;
  readonly end: number;
  /** End of its awards, if cards of them were taken back before that. */
  readonly awardedTo?: number;
}

/**
 * Slots of a displaced run that count towards `maxSlots`: up to its checkpoint; of a service, and of a run whose end was
 * known before, all that were delivered.
 */
export function keptSlots(
  spec: JobSpec,
  { from }: EndedRun,
  { cause, slot, checkpointAt }: Extract<JobEvent, { type: "JobDisplaced" }>["data"],
): number {
  const checkpoint = checkpointAt === undefined ? from : slotAtOrAfter(Date.parse(checkpointAt));
  const inTime = cause === "continuationLost" || cause === "reclaimed";
  const lost = !inTime && jobKinds[spec.kind].losesWork;
  return Math.max(0, Math.min(lost ? checkpoint : slot, slot) - from);
}

/**
 * Window `[from, to)` after a displacement in `slot`, whose gate is past: as long as the request's, no earlier than that,
 * and never too short for the stretch to begin at any of the first starts, in slots or hours, that the next gate sells. A
 * service's is what it lost: to the end of its award, and where none of that can be sold any more its next stretch.
 */
export function reopenedWindow(spec: JobSpec, past: StretchesSoFar, run: EndedRun, slot: number): Window {
  const slots = Math.max(...spec.products.map((choice) => stretchSlots(spec, choice, past)));
  const service = spec.kind === "service";
  const from = Math.max(slot + 1, service ? run.from : spec.from);
  const first = firstStart({ ...spec, from }, slotStart(slot) + 1);
  const grain = wholeSlots(spec.session, 1);
  if (service) {
    const awardedTo = run.awardedTo ?? run.end;
    if (first + grain <= awardedTo) return { from, to: awardedTo };
    return { from: first, to: spec.extendLimit === undefined ? first : first + slots };
  }
  const lastStart = first + (rules.startSlots - 1) * grain;
  return { from, to: Math.max(from + spec.to - spec.from, lastStart + slots) };
}
