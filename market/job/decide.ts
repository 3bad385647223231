import type { JobEvent } from "../../events/catalog/job.ts";
import { accept, conflict, type Decision, nothing } from "../decider.ts";
import { jobKinds } from "../job-kinds.ts";
import { takesFrom } from "../settlement/award-balance.ts";
import { bidsForMore, isOnSaleFrom } from "../stretch.ts";
import { instant, slotAtOrAfter, slotOf } from "../time.ts";
import {
  chargesByTenant,
  chargesByTime,
  chargesOfDay,
  chargesOfEndedAwards,
  chargesOfLateContinuation,
  chargesOfRelease,
  untouchedFrom,
} from "./charging.ts";
import type {
  Admit,
  Bridge,
  Cancel,
  Continue,
  Expire,
  JobCommand,
  Place,
  Reject,
  StretchEnded,
} from "./commands.ts";
import { correct, refuseCorrection } from "./correcting.ts";
import { endsBy, mayGoOn } from "./deadlines.ts";
import { backToBook, backUnheard, displace, reclaim, refuse, withoutUnheard } from "./displacement.ts";
import { meterRun } from "./metering.ts";
import { isAnythingReady } from "./readiness.ts";
import { request } from "./request.ts";
import { acceptPlacement, finishRun, startRun } from "./runs.ts";
import { evolveJob, foldKnown, inForce, type JobState, type KnownJob, usedSlots } from "./state.ts";

type Decided = Decision<JobEvent>;

/** Decides one command of a job: pure, the same for the same state. */
export function decideJob(command: JobCommand, state: JobState): Decided {
  if (command.type === "Request") return state.phase === "unknown" ? request(command) : nothing;
  if (state.phase === "unknown") return conflict("job-unknown", "There is no such job.");
  return decideKnown(command, state);
}

function decideKnown(command: Exclude<JobCommand, { type: "Request" }>, job: KnownJob): Decided {
  switch (command.type) {
    case "Admit":
      return admit(command, job);
    case "Reject":
      return rejectJob(command, job);
    case "Place":
      return place(command, job);
    case "Continue":
      return continueRun(command, job);
    case "Bridge":
      return bridge(command, job);
    case "Accept":
      return acceptPlacement(command, job);
    case "Refuse":
      return refuse(command, job);
    case "Start":
      return startRun(command, job);
    case "Meter":
      return meterRun(command, job);
    case "Finish":
      return finishRun(command, job);
    case "Cancel":
      return cancel(command, job);
    case "Displace":
      return displace(command, job);
    case "Reclaim":
      return reclaim(command, job);
    case "StretchEnded":
      return stretchEnded(command, job);
    case "Expire":
      return expire(command, job);
    case "CloseDay":
      return accept(...chargesOfDay(job, command.period));
    case "ChargeRelease":
      return accept(...chargesOfRelease(job, command));
    case "Correct":
      return correct(command, job);
    case "RefuseCorrection":
      return refuseCorrection(command, job);
    default:
      return command satisfies never;
  }
}

function admit(command: Admit, job: KnownJob): Decided {
  if (job.phase !== "requested") return nothing;
  if (command.hold !== job.request.hold) {
    return conflict("hold-mismatch", `The job needs ${job.request.hold} mills held, not ${command.hold}.`);
  }
  return accept({ type: "JobAdmitted", data: { job: job.request.job } });
}

function rejectJob(command: Reject, job: KnownJob): Decided {
  if (job.phase !== "requested") return nothing;
  return accept({ type: "JobRejected", data: { job: job.request.job, reason: command.reason } });
}

/** Slots that passed before a late seal are free. */
function paidFrom({ award, at }: Place | Continue): { paidFrom?: number } {
  const from = takesFrom(award);
  const first = Math.min(award.to, Math.max(from, slotAtOrAfter(at)));
  return first > from ? { paidFrom: first } : {};
}

function place(command: Place, job: KnownJob): Decided {
  const { award, hold } = command;
  if (job.placementOf.has(award.placement)) return nothing;
  const placed: JobEvent = {
    type: "JobPlaced",
    data: { job: job.request.job, award, hold, ...paidFrom(command) },
  };
  switch (job.phase) {
    case "queued":
    case "expired":
      return accept(placed);
    case "cancelled":
      return accept(placed, ...cancelledWhilePlaced(job, placed, command.at));
    case "requested":
    case "rejected":
      return conflict("job-not-admitted", "The job never entered the book.");
    case "reserved":
    case "accepted":
    case "running":
      return conflict("award-in-force", "The job has an award in force already.");
    case "completed":
    case "failed":
      return conflict("job-ended", `The job has ${job.phase}.`);
    default:
      return job.phase satisfies never;
  }
}

/** The withdrawal was under way when the auction awarded the job: it is paid for like any release. */
function cancelledWhilePlaced(job: KnownJob, placed: JobEvent, at: number): JobEvent[] {
  const next = evolveJob(job, placed);
  const placement = next.phase === "unknown" ? undefined : inForce(next);
  if (next.phase === "unknown" || placement === undefined) return [];
  return cancelPlacement(next, at);
}

function continueRun(command: Continue, job: KnownJob): Decided {
  const { award, hold } = command;
  if (job.placementOf.has(award.placement)) return nothing;
  const last = job.placements.at(-1);
  if (last === undefined) return conflict("placement-unknown", "The job has no placement to continue.");
  const event: JobEvent = {
    type: "JobContinued",
    data: { job: job.request.job, award, hold, ...paidFrom(command) },
  };
  if (last.ended === undefined && award.from === last.end) return accept(event);
  // The notice came while the auction was under way: what it awarded can follow on nothing.
  if (last.ended === undefined && !(last.awardedTo !== undefined && award.from > last.end))
    return conflict("not-adjacent", `A continuation of this placement begins at slot ${last.end}.`);
  const next = evolveJob(job, event);
  const balance = next.phase === "unknown" ? undefined : next.balances.at(-1);
  if (next.phase === "unknown" || balance === undefined) return nothing;
  return accept<JobEvent>(event, ...chargesOfLateContinuation(next, last, balance, command.at));
}

/** The book may not have seen that the run is over: then there is nothing to bridge. */
function bridge({ award, hold }: Bridge, job: KnownJob): Decided {
  const placement = inForce(job);
  if (placement === undefined || job.placementOf.has(award.placement)) return nothing;
  if (!mayGoOn(job, placement) || award.from !== placement.end) return nothing;
  return accept({ type: "JobBridged", data: { job: job.request.job, award, hold } });
}

function cancel(command: Cancel, job: KnownJob): Decided {
  const { at } = command;
  switch (job.phase) {
    case "requested":
    case "queued": {
      const { job: id } = job.request;
      return accept({ type: "JobCancelled", data: { job: id, at: instant(at), slot: slotOf(at) } });
    }
    case "reserved":
    case "accepted":
    case "running":
      return accept(...cancelPlacement(job, at));
    case "cancelled":
      return nothing;
    case "rejected":
    case "completed":
    case "failed":
    case "expired":
      return conflict("job-ended", `The job is ${job.phase}: there is nothing left to cancel.`);
    default:
      return job.phase satisfies never;
  }
}

/** First slot that a placement's tenant does not pay for when it ends it now: it pays the slots touched. */
function cancelPlacement(job: KnownJob, at: number): JobEvent[] {
  const placement = inForce(job);
  if (placement === undefined) return [];
  const touched = untouchedFrom(placement, at);
  const slot = Math.min(placement.end, placement.ran ? Math.max(touched, placement.from + 1) : touched);
  // Where nothing was ready no cards were delivered; links were.
  const deliveredTo = isAnythingReady(job, placement) ? slot : Math.min(slot, placement.from);
  const charges = chargesByTenant(job, placement, deliveredTo, 2, at);
  const { job: id } = job.request;
  const data = { job: id, at: instant(at), slot, placement: placement.id };
  return [{ type: "JobCancelled", data }, ...charges];
}

function stretchEnded(command: StretchEnded, job: KnownJob): Decided {
  const placement = inForce(job);
  if (placement === undefined || placement.id !== command.placement) return nothing;
  if (command.at < endsBy(placement)) return accept(...chargesOfEndedAwards(job, placement, command.at));
  if (!placement.ran) {
    const { at } = command;
    return displace({ type: "Displace", placement: placement.id, cause: "notStarted", at }, job);
  }
  const unheard = withoutUnheard(job, placement, command.at);
  const next = foldKnown(job, unheard);
  const left = inForce(next);
  return unheard.length > 0 && left?.centers.length === 0
    ? accept(...unheard, ...backUnheard(next, left, command.at))
    : accept(...unheard, ...endOfTime(next, command.at));
}

function endOfTime(job: KnownJob, at: number): JobEvent[] {
  const placement = inForce(job);
  if (placement === undefined) return [];
  if (placement.awardedTo !== undefined) return backToBook(job, at);
  const { job: id, spec } = job.request;
  const slot = placement.end;
  const ended = { job: id, placement: placement.id, at: instant(at), slot };
  if (bidsForMore(spec) && usedSlots(job) < spec.maxSlots) {
    const checkpoint = job.checkpointAt === undefined ? {} : { checkpointAt: job.checkpointAt };
    return [
      { type: "JobDisplaced", data: { ...ended, cause: "continuationLost", ...checkpoint } },
      ...chargesByTime(job, placement, 5, at),
    ];
  }
  if (jobKinds[spec.kind].doneInTime && placement.runActive) {
    return [
      { type: "JobCompleted", data: { ...ended, run: placement.run } },
      ...chargesByTime(job, placement, 3, at),
    ];
  }
  const detail = placement.runActive
    ? `Its awards ended at slot ${slot} and it may not go on.`
    : `Run ${placement.run} failed, and no other began before its awards ended at slot ${slot}.`;
  return [
    { type: "JobFailed", data: { ...ended, cause: "timeLimit", detail } },
    ...chargesByTime(job, placement, placement.runActive ? 3 : 7, at),
  ];
}

function expire(command: Expire, job: KnownJob): Decided {
  if (job.phase !== "queued") return nothing;
  const { spec, job: id } = job.request;
  const { slot, excluded } = command;
  if (excluded !== undefined) return accept({ type: "JobExpired", data: { job: id, slot, excluded } });
  if (isOnSaleFrom(slot, spec, job)) return nothing;
  return accept({ type: "JobExpired", data: { job: id, slot } });
}
