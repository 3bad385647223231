import type { JobEvent } from "../../events/catalog/job.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { accept, conflict, type Decision, nothing } from "../decider.ts";
import { jobKinds } from "../job-kinds.ts";
import { rules } from "../rules.ts";
import { instant, slotAtOrAfter, slotOf, slotStart } from "../time.ts";
import { placementFor } from "./called-placement.ts";
import { chargesByTenant } from "./charging.ts";
import type { Accept, Finish, Start } from "./commands.ts";
import { notBegun } from "./metering.ts";
import { isSuperseded, type KnownJob, type Placement } from "./state.ts";

type Decided = Decision<JobEvent>;

const superseded = (run: number) =>
  conflict("run-superseded", `Run ${run} was superseded or its placement has ended: stop it.`, "/run");
const ended = conflict("placement-ended", "The placement is no longer in force.", "/placement");

export function acceptPlacement(command: Accept, job: KnownJob): Decided {
  const { center, at } = command;
  const found = placementFor(job, command.placement, center);
  if (!found.ok) return found;
  const { placement } = found;
  if (placement.ended !== undefined || placement.lost.has(center)) return ended;
  if (placement.accepted.includes(center)) return nothing;
  const data = { job: job.request.job, placement: placement.id, center, at: instant(at) };
  return accept({ type: "JobAccepted", data });
}

/** A gang begins when all of its centers are ready; a part of a divisible job when its own center is. */
function mayBegin(job: KnownJob, placement: Placement, center: CenterId): boolean {
  return jobKinds[job.request.spec.kind].divisible
    ? placement.accepted.includes(center)
    : placement.centers.every((each) => placement.accepted.includes(each));
}

export function startRun(command: Start, job: KnownJob): Decided {
  const { center, run, at } = command;
  const found = placementFor(job, command.placement, center);
  if (!found.ok) return found;
  const { placement } = found;
  if (isSuperseded(job, placement.id, run) || placement.lost.has(center)) return superseded(run);
  if (placement.ended !== undefined) return ended;
  if (run === placement.run && placement.started.includes(center)) return nothing;
  const wrong = whyNotStart(job, placement, command);
  if (wrong !== undefined) return wrong;
  const slot = slotOf(at);
  const data = { job: job.request.job, placement: placement.id, run, at: instant(at), slot, center };
  return accept({ type: "JobStarted", data });
}

function tooEarly({ from }: Placement): Decided {
  return conflict("start-too-early", `The placement begins at ${instant(slotStart(from))}.`);
}

function whyNotStart(job: KnownJob, placement: Placement, command: Start): Decided | undefined {
  const { run, at, center } = command;
  if (!mayBegin(job, placement, center)) {
    return conflict("not-accepted", "Not every center of the gang has accepted the placement yet.");
  }
  if (at < slotStart(placement.from)) {
    return tooEarly(placement);
  }
  if (at >= slotStart(placement.end))
    return conflict("placement-over", "The placement's last slot has passed.");
  const joins = run === placement.run && placement.runActive;
  const follows = run === placement.run + 1 && !placement.runActive;
  if (joins || follows) return undefined;
  if (run === placement.run + 1) {
    return conflict("run-in-progress", `Run ${placement.run} has not ended: report its end first.`, "/run");
  }
  const next = placement.runActive ? placement.run : placement.run + 1;
  return run <= placement.run ? superseded(run) : conflict("run-unknown", `The next run is ${next}.`, "/run");
}

export function finishRun(command: Finish, job: KnownJob): Decided {
  const { center, run } = command;
  const found = placementFor(job, command.placement, center);
  if (!found.ok) return found;
  const { placement } = found;
  if (isSuperseded(job, placement.id, run) || placement.lost.has(center)) return superseded(run);
  if (placement.ended !== undefined) return nothing;
  if (command.outcome === "notStartable") return notStartable(command, job, placement);
  if (run > placement.run) return notBegun(run);
  if (!placement.runActive) return nothing;
  const end = command.outcome === "completed" ? completed : failed;
  return accept(...end(command, job, placement));
}

/** Slots touched by now: at least one once a run has begun. */
function touchedTo(placement: Placement, at: number): number {
  return Math.min(placement.end, Math.max(placement.from + 1, slotAtOrAfter(at)));
}

/** When a run ended, in ms: when it is told, or at the end of its usage where the exchange was away since. */
function endOfRun(placement: Placement, { at, run, center, absence }: Finish): number {
  const usage = placement.meteredTo.get(`${run}/${center}`);
  const meteredTo = usage === undefined ? at : Date.parse(usage);
  return absence === undefined || meteredTo >= absence.to ? at : Math.max(absence.from, meteredTo);
}

function completed(command: Finish, job: KnownJob, placement: Placement): JobEvent[] {
  const { at, run } = command;
  const ended = endOfRun(placement, command);
  const slot = touchedTo(placement, ended);
  const data = { job: job.request.job, placement: placement.id, run, at: instant(ended), slot };
  return [{ type: "JobCompleted", data }, ...chargesByTenant(job, placement, slot, 3, at)];
}

function failed(command: Finish, job: KnownJob, placement: Placement): JobEvent[] {
  const { at, run, detail = "" } = command;
  const ended = endOfRun(placement, command);
  const of = { job: job.request.job, placement: placement.id, at: instant(ended), detail };
  if (run <= job.request.spec.retries && at < slotStart(placement.end)) {
    return [{ type: "JobRunFailed", data: { ...of, run } }];
  }
  const slot = touchedTo(placement, ended);
  return [
    { type: "JobFailed", data: { ...of, slot, cause: "jobFailed" } },
    ...chargesByTenant(job, placement, slot, 7, at),
  ];
}

function notStartable(command: Finish, job: KnownJob, placement: Placement): Decided {
  const { at, detail = "" } = command;
  if (placement.ran)
    return conflict("already-started", "A run has begun: report it failed instead.", "/outcome");
  if (!mayBegin(job, placement, command.center)) {
    return conflict("not-accepted", "Only a center that is ready can say that the job cannot start.");
  }
  if (at < slotStart(placement.from)) return tooEarly(placement);
  // It is told later than that where the exchange was away: its tenant does not pay for that.
  const slot = Math.min(touchedTo(placement, at), placement.from + rules.notStartableSlots);
  const data = { job: job.request.job, placement: placement.id, at: instant(at), slot, detail };
  return accept<JobEvent>(
    { type: "JobFailed", data: { ...data, cause: "notStartable" } },
    ...chargesByTenant(job, placement, slot, 6, at),
  );
}
