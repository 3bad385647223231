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
import { acceptBy, awaitedStarts, endsBy } from "./deadlines.ts";
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

function unheard(job: KnownJob, placement: Placement, { cause, at }: Displace): Decided {
  return placement.ran || at < endsBy(placement)
    ? nothing
    : accept(...backUnheard(job, placement, at, cause));
}

/** Nobody was at fault: the job returns to the book, and nothing is paid by anybody. */
export function backUnheard(
  job: KnownJob,
  placement: Placement,
  at: number,
  cause: Cause = "notStarted",
): JobEvent[] {
  return displaceWhole(job, placement, { centers: [], slot: failedSlot(placement, at), at }, cause);
}

function silentOrLost(command: Displace, job: KnownJob, placement: Placement): CenterId[] {
  const { at, center, cause } = command;
  switch (cause) {
    case "notAccepted":
      return at < acceptBy(placement) ? [] : silentCenters(placement, cause);
    case "notStarted":
      return awaitedStarts(job, placement)
        .filter(({ by }) => by <= at)
        .map(({ center: late }) => late);
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

/**
 * A divisible job goes on while another center delivers; any other placement ends. A part that never began leaves it
 * first where others ran: what these delivered is paid, and nothing of that part is.
 */
function atFault(
  job: KnownJob,
  placement: Placement,
  centers: readonly CenterId[],
  cause: Cause,
  at: number,
): JobEvent[] {
  const faults = { centers, slot: failedSlot(placement, at), at };
  if (!jobKinds[job.request.spec.kind].divisible) return displaceWhole(job, placement, faults, cause);
  const remain = placement.centers.filter((center) => !centers.includes(center));
  if (remain.some((center) => stillDelivers(job, placement, center, slotOf(at))))
    return reduceBy(job, centers, cause, at);
  if (!placement.ran) return displaceWhole(job, placement, faults, cause);
  const began = centers.filter((center) => placement.begun.includes(center));
  const idle = centers.filter((center) => !placement.begun.includes(center));
  const left = reduceBy(job, idle, cause, at);
  const next = foldKnown(job, left);
  const rest = inForce(next);
  return rest === undefined
    ? left
    : [...left, ...displaceWhole(next, rest, { ...faults, centers: began }, cause)];
}

function reduceBy(job: KnownJob, centers: readonly CenterId[], cause: Cause, at: number): JobEvent[] {
  const events: JobEvent[] = [];
  let state = job;
  for (const center of centers) {
    const placement = inForce(state);
    if (placement === undefined) break;
    const began = placement.begun.includes(center);
    const slot = began ? failedSlot(placement, at) : unbegunFrom(state, placement, center);
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

/** First slot that is not charged yet of a part that never began: of one that was not ready nothing is charged. */
function unbegunFrom(job: KnownJob, { id, from, accepted }: Placement, center: CenterId): number {
  if (!accepted.includes(center)) return from;
  const charged = balancesOf(job, id).filter(({ chargedTo, paidFrom }) => chargedTo > paidFrom);
  return Math.max(from, ...charged.map(({ chargedTo }) => chargedTo));
}

/**
 * At its end a run leaves out the parts that were ready and never began, of which an exchange that was away could not
 * hear. Those that were not ready cost nothing as it is.
 */
export function withoutUnheard(job: KnownJob, placement: Placement, at: number): JobEvent[] {
  const ready = awaitedStarts(job, placement).filter(({ center }) => placement.accepted.includes(center));
  return ready.map(({ center }) => {
    const slot = unbegunFrom(job, placement, center);
    const of = { job: job.request.job, placement: placement.id, center, at: instant(at), slot };
    return { type: "JobReduced", data: { ...of, cause: "notStarted", unheard: true } };
  });
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
