import type { Session } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { withTax } from "../settlement/tax.ts";
import { awardLengths, bidHold, bidsForMore, continuationHold, stretchSlots } from "../stretch.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import type { BookJob } from "./book-state.ts";

/** What a job would bid for next: slots of its stretch, and mills that must be held for it. */
export interface NextStretch {
  readonly slots: number;
  readonly hold: bigint;
}

/** `slots` is the length on the product that takes longest. */
export interface FirstStretch extends NextStretch {
  readonly shortest: number;
}

/** The next award of a job without a lease; undefined: there is nothing left to bid for. */
export function firstStretch(job: BookJob): FirstStretch | undefined {
  const { shortest, longest } = awardLengths(job.spec, job);
  return longest > 0 ? { slots: longest, shortest, hold: taxedHold(job, bidHold(job.spec, job)) } : undefined;
}

/**
 * The continuation that a job with a lease may bid for at the gate of a session; undefined: not at this gate. Spot
 * awards do in the last hour before their end, forward awards at the forward gate two slots before it and after that
 * at what spot gates are left. A divisible job has had what it bought.
 */
export function continuation(job: BookJob, session: Session, gate: number): NextStretch | undefined {
  const { lease, spec } = job;
  if (lease === undefined || !bidsForMore(spec) || !bidsAt(lease.session, lease.end, session, gate))
    return undefined;
  const past = { awardedSlots: job.awardedSlots, usedBefore: job.usedBefore + lease.end - lease.from };
  const choice = spec.products.find(({ product }) => product === lease.product);
  const slots = choice === undefined ? 0 : stretchSlots(spec, choice, past, session);
  const hold = slots > 0 ? continuationHold(spec, slots) : undefined;
  return hold === undefined ? undefined : { slots, hold: taxedHold(job, hold) };
}

function taxedHold({ taxRate = 0 }: BookJob, net: bigint): bigint {
  return withTax(net, taxRate);
}

function bidsAt(awarded: Session, end: number, session: Session, gate: number): boolean {
  const left = end - gate;
  if (session === "forward")
    return awarded === "forward" && left === rules.forwardLeadSlots && end % SLOTS_PER_HOUR === 0;
  const gates = awarded === "spot" ? rules.continuationSlots : rules.forwardLeadSlots;
  return left >= 1 && left <= gates;
}

/** All that the job may bid for at gates of this slot, in either session. */
export function stretchesAt(job: BookJob, gate: number): NextStretch[] {
  if (job.phase !== "open") return [];
  if (job.lease === undefined) return [firstStretch(job)].flatMap((next) => next ?? []);
  return (["forward", "spot"] as const).flatMap((session) => continuation(job, session, gate) ?? []);
}
