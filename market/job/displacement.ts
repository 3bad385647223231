import type { JobEvent } from "../../events/catalog/job.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { accept, conflict, type Decision, nothing } from "../decider.ts";
import { jobKinds } from "../job-kinds.ts";
import { fillsInForce } from "../settlement/award-balance.ts";
import { instant, slotAtOrAfter, slotOf } from "../time.ts";
import { placementFor } from "./called-placement.ts";
import {
  type CenterFaults,
  chargesByCenters,
  chargesOfReclaim,
  chargesOfReduction,
  failedSlot,
} from "./charging.ts";
import type { Displace, Reclaim, Refuse } from "./commands.ts";
import { acceptBy, endsBy, startBy } from "./deadlines.ts";
import { balancesOf, foldKnown, inForce, type KnownJob, type Placement, silentCenters } from "./state.ts";

type Decided = Decision<JobEvent>;
type Cause = "refused" | "centerLost" | "notAccepted" | "notStarted";

/** A center says that it will not deliver. */
export function refuse(command: Refuse, job: KnownJob): Decided {
  const { center, at } = command;
  const found = placementFor(job, command.placement, center);
  if (!found.ok) return found;
  const { placement } = found;
  if (placement.lost.has(center) || placement.faults.includes(center)) return nothing;
  if (placement.ended !== undefined) {
    return conflict("placement-ended", "The placement is no longer in force.", "/placement");
  }
  if (isOver(job, placement, center, slotOf(at)))
    return conflict("placement-ended", "The center has its cards back.", "/placement");
  return accept(...atFault(job, placement, [center], "refused", at));
}

/** Asked by a deadline or a lost lease; states a fact only if it still holds. */
export function displace(command: Displace, job: KnownJob): Decided {
  const placement = inForce(job);
  if (placement === undefined || placement.id !== command.placement) return nothing;
  const centers = silentOrLost(command, job, placement);
  if (centers.length === 0) return nothing;
  return command.unheard === true
    ? unheard(job, placement, command)
    : accept(...atFault(job, placement, centers, command.cause, command.at));
}

/** Nobody was at fault: the job returns to the book, and nothing is paid by anybody. */
function unheard(job: KnownJob, placement: Placement, { cause, at }: Displace): Decided {
  if (placement.ran || at < endsBy(placement)) return nothing;
  const slot = failedSlot(placement, at);
  return accept(...displaceWhole(job, placement, { centers: [], slot, at }, cause));
}

function silentOrLost(command: Displace, job: KnownJob, placement: Placement): CenterId[] {
  const { at, center, cause } = command;
  switch (cause) {
    case "notAccepted":
      return at < acceptBy(placement) ? [] : silentCenters(placement, cause);
    case "notStarted":
      return placement.ran || at < startBy(placement) ? [] : silentCenters(placement, cause);
    case "centerLost":
      return center !== undefined && stillDelivers(job, placement, center, slotOf(at)) ? [center] : [];
    default:
      return cause satisfies never;
  }
}

/** The center took its cards back, and the slot from which on it did has come. */
function isOver(job: KnownJob, placement: Placement, center: CenterId, slot: number): boolean {
  const taken = balancesOf(job, placement.id).some(({ cuts }) => cuts.has(center));
  return taken && !stillDelivers(job, placement, center, slot);
}

function stillDelivers(job: KnownJob, placement: Placement, center: CenterId, slot: number): boolean {
  if (!placement.centers.includes(center)) return false;
  return balancesOf(job, placement.id).some((balance) =>
    fillsInForce(balance).some((fill) => fill.center === center && fill.to > slot),
  );
}

/** A divisible job goes on while another center delivers; any other placement ends. */
function atFault(
  job: KnownJob,
  placement: Placement,
  centers: readonly CenterId[],
  cause: Cause,
  at: number,
): JobEvent[] {
  const remain = placement.centers.filter((center) => !centers.includes(center));
  const goesOn = remain.some((center) => stillDelivers(job, placement, center, slotOf(at)));
  if (jobKinds[job.request.spec.kind].divisible && cause !== "notStarted" && goesOn) {
    return reduceBy(job, centers, cause, at);
  }
  return displaceWhole(job, placement, { centers, slot: failedSlot(placement, at), at }, cause);
}

function reduceBy(
  job: KnownJob,
  centers: readonly CenterId[],
  cause: Exclude<Cause, "notStarted">,
  at: number,
): JobEvent[] {
  const events: JobEvent[] = [];
  let state = job;
  for (const center of centers) {
    const placement = inForce(state);
    if (placement === undefined) break;
    const began = placement.started.includes(center);
    const slot = began ? failedSlot(placement, at) : placement.from;
    const data = { job: job.request.job, placement: placement.id, center, at: instant(at), slot, cause };
    // Charges come first: they look at what the center still had to deliver.
    const decided: JobEvent[] = [
      ...chargesOfReduction(state, placement, center, slot, at),
      { type: "JobReduced", data },
    ];
    events.push(...decided);
    state = foldKnown(state, decided);
  }
  return events;
}

/** @param faults `slot`: the first that is not delivered */
export function displaceWhole(
  job: KnownJob,
  placement: Placement,
  faults: CenterFaults,
  cause: Cause | "fewerCards",
): JobEvent[] {
  const { centers, slot, at } = faults;
  const checkpoint = job.checkpointAt === undefined ? {} : { checkpointAt: job.checkpointAt };
  const center = centers[0] === undefined ? {} : { center: centers[0] };
  const data = { job: job.request.job, placement: placement.id, at: instant(at), slot, cause };
  return [
    { type: "JobDisplaced", data: { ...data, ...center, ...checkpoint } },
    ...chargesByCenters(job, placement, faults),
  ];
}

/** A center takes its cards back with notice: the placement ends early, or goes on without that center. */
export function reclaim(command: Reclaim, job: KnownJob): Decided {
  const placement = inForce(job);
  if (placement === undefined || placement.id !== command.placement) return nothing;
  const { center, at } = command;
  const { spec, job: id } = job.request;
  if (spec.reclaimable !== true)
    return conflict("not-reclaimable", "The job takes firm cards only: its center may refuse the placement.");
  const slot = Math.max(command.slot, slotAtOrAfter(at));
  if (!stillDelivers(job, placement, center, slot)) return nothing;
  const data = { job: id, placement: placement.id, center, at: instant(at), slot };
  const told: JobEvent = { type: "JobReclaimed", data };
  const next = foldKnown(job, [told]);
  const left = inForce(next);
  const delivers = left !== undefined && left.end > left.from;
  return accept(told, ...(delivers ? [] : backToBook(next, at)));
}

/** What was left of a placement whose cards were taken back is over: the remainder returns to the book. */
export function backToBook(job: KnownJob, at: number): JobEvent[] {
  const placement = inForce(job);
  if (placement === undefined) return [];
  // Before its start it ends at once: no data are moved any more.
  const slot = placement.end > placement.from ? placement.end : failedSlot(placement, at);
  const checkpoint = job.checkpointAt === undefined ? {} : { checkpointAt: job.checkpointAt };
  const data = { job: job.request.job, placement: placement.id, at: instant(at), slot, ...checkpoint };
  return [
    { type: "JobDisplaced", data: { ...data, cause: "reclaimed" } },
    ...chargesOfReclaim(job, placement, slot, at),
  ];
}
