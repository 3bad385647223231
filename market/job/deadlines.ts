import type { CenterId, PlacementId } from "../../events/catalog/values.ts";
import { jobKinds } from "../job-kinds.ts";
import { rules } from "../rules.ts";
import { fillsInForce } from "../settlement/award-balance.ts";
import { bidsForMore } from "../stretch.ts";
import { slotStart } from "../time.ts";
import type { Displace, StretchEnded } from "./commands.ts";
import { balancesOf, inForce, type JobState, type KnownJob, type Placement, silentCenters } from "./state.ts";

/** Instant (ms) by which each center of a placement must have accepted: a slot after its start. */
export function acceptBy(placement: Placement): number {
  return slotStart(Math.min(placement.from + rules.acceptSlots, placement.end));
}

/** Instant (ms) by which a run must have begun at each center of a gang. */
export function startBy(placement: Placement): number {
  return slotStart(Math.min(placement.from + rules.startSlots, placement.end));
}

/** A center at which a run has yet to begin, and the instant (ms) by which it must. */
export interface AwaitedStart {
  readonly center: CenterId;
  readonly by: number;
}

/**
 * Centers at which a run has yet to begin, the first due first. A gang's begin together. Of a divisible job each has its
 * time from the first slot of its own cards on, or from a later run's beginning; while there is no run to join for the
 * last one failed by itself none is awaited.
 */
export function awaitedStarts(job: KnownJob, placement: Placement): AwaitedStart[] {
  if (!jobKinds[job.request.spec.kind].divisible) {
    const by = startBy(placement);
    return placement.ran ? [] : silentCenters(placement, "notStarted").map((center) => ({ center, by }));
  }
  if (placement.ran && !placement.runActive) return [];
  const fills = balancesOf(job, placement.id).flatMap((balance) => fillsInForce(balance));
  const since = placement.run > 1 ? placement.runFrom : placement.from;
  return placement.centers
    .filter((center) => !placement.begun.includes(center))
    .flatMap((center) => {
      const own = fills.filter((fill) => fill.center === center);
      if (own.length === 0) return [];
      const from = Math.max(since, Math.min(...own.map((fill) => fill.from)));
      const to = Math.max(...own.map((fill) => fill.to));
      return [{ center, by: slotStart(Math.min(from + rules.startSlots, to)) }];
    })
    .sort((a, b) => a.by - b.by);
}

/** Instant (ms) at which a placement without a continuation is over, time to report included. */
export function endsBy(placement: Placement): number {
  return slotStart(placement.end) + rules.reportGraceSeconds * 1000;
}

/** A run that bids for its continuation: whether it goes on is known when a spot gate at its end or later has closed. */
export function mayGoOn({ request: { spec } }: KnownJob, placement: Placement): boolean {
  return bidsForMore(spec) && placement.runActive && placement.ran && placement.awardedTo === undefined;
}

export interface Deadline {
  readonly awaited: "accepted" | "started" | "ended";
  /** ms since the Unix epoch. */
  readonly at: number;
}

/** What the workflow of a placement waits for, and until when; undefined when there is nothing left to wait for. */
export function deadlineOf(state: JobState, id: PlacementId): Deadline | undefined {
  if (state.phase === "unknown") return undefined;
  const placement = inForce(state);
  if (placement === undefined || placement.id !== id) return undefined;
  const silent = placement.centers.some((center) => !placement.accepted.includes(center));
  if (silent) return { awaited: "accepted", at: acceptBy(placement) };
  const [start] = awaitedStarts(state, placement);
  if (start !== undefined) return { awaited: "started", at: start.by };
  return { awaited: "ended", at: endsBy(placement) };
}

/**
 * Whether an exchange that asks now (ms) could hear what was to be told up to a deadline: it was there for two slots
 * before that or, after an absence, has been since.
 * @param thereSince first slot since which it has been there all the time, up to now
 */
export function isHeard(deadline: number, now: number, thereSince: number): boolean {
  return slotStart(thereSince + rules.silenceSlots) <= Math.max(deadline, now);
}

/**
 * What it means that a center said nothing up to a deadline to accept or to start. counts: the exchange was there to hear
 * it, for two slots before the deadline or, after an absence, since; excused: the placement was over before that; wait:
 * neither can be said yet.
 * @param thereSince first slot since which the exchange has been there all the time, up to `now` (ms)
 */
export function silenceAt(
  deadline: number,
  placement: Placement,
  now: number,
  thereSince: number,
): "counts" | "excused" | "wait" {
  const heard = slotStart(thereSince + rules.silenceSlots);
  if (heard <= deadline) return "counts";
  if (heard >= slotStart(placement.end)) return now >= endsBy(placement) ? "excused" : "wait";
  return isHeard(deadline, now, thereSince) ? "counts" : "wait";
}

/** The question when nobody could hear the centers that were silent: a run at the others ends in its time. */
export function askExcused(
  awaited: "accepted" | "started",
  { id: placement, ran }: Placement,
  at: number,
): Displace | StretchEnded {
  if (ran) return { type: "StretchEnded", placement, at };
  const cause = awaited === "accepted" ? "notAccepted" : "notStarted";
  return { type: "Displace", placement, cause, unheard: true, at };
}

/** The question that the workflow asks the decider when a deadline has passed. */
export function askAtDeadline(
  awaited: Deadline["awaited"],
  placement: PlacementId,
  at: number,
): Displace | StretchEnded {
  switch (awaited) {
    case "accepted":
      return { type: "Displace", placement, cause: "notAccepted", at };
    case "started":
      return { type: "Displace", placement, cause: "notStarted", at };
    case "ended":
      return { type: "StretchEnded", placement, at };
    default:
      return awaited satisfies never;
  }
}
