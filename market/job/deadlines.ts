import type { PlacementId } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { bidsForMore } from "../stretch.ts";
import { slotStart } from "../time.ts";
import type { Displace, StretchEnded } from "./commands.ts";
import { inForce, type JobState, type KnownJob, type Placement } from "./state.ts";

/** Instant (ms) by which each center of a placement must have accepted: a slot after its start. */
export function acceptBy(placement: Placement): number {
  return slotStart(Math.min(placement.from + rules.acceptSlots, placement.end));
}

/** Instant (ms) by which a run must have begun at each center of a gang. */
export function startBy(placement: Placement): number {
  return slotStart(Math.min(placement.from + rules.startSlots, placement.end));
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
  const placement = state.phase === "unknown" ? undefined : inForce(state);
  if (placement === undefined || placement.id !== id) return undefined;
  const silent = placement.centers.some((center) => !placement.accepted.includes(center));
  if (silent) return { awaited: "accepted", at: acceptBy(placement) };
  if (!placement.ran) return { awaited: "started", at: startBy(placement) };
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
