import type { JobEvent } from "../events/catalog/job.ts";
import type { CenterId } from "../events/catalog/values.ts";
import type { JobCommand } from "../market/job/commands.ts";
import type { JobState, KnownJob } from "../market/job/state.ts";
import { jobDecider } from "../market/job.ts";
import { acceptAt, admitted, awardOf, inSlot, jobAfter, place, placementId, start } from "./training-job.ts";

/** Givens of the tests of a job: commands that lead to a state, and what the job then decides. */

const types = (events: readonly JobEvent[]) => events.map(({ type }) => type);
export const when = (state: JobState, command: JobCommand) => jobDecider.decide(command, state);

/** Types of the events of one more command. */
export function eventsOf(history: readonly JobCommand[], command: JobCommand): string[] {
  const decision = when(jobAfter(...history).state, command);
  if (!decision.ok) throw new Error(decision.rejection.code);
  return types(decision.events);
}

export function known(...history: readonly JobCommand[]): KnownJob {
  const { state } = jobAfter(...history);
  if (state.phase === "unknown") throw new Error("never requested");
  return state;
}

export const placed = [...admitted(), place(awardOf(1), 20_000)];
export const ready = [...placed, acceptAt(1)];
export const running = [...ready, start(1)];

/** From 4 to 8 cards in slots 100 to 109. */
export const service = { kind: "service", floor: 4, to: 110, maxSlots: 10 } as const;
export const cancel: JobCommand = { type: "Cancel", at: inSlot(98) };

export const refuse = (center: CenterId, at: number): JobCommand => ({
  type: "Refuse",
  placement: placementId(1),
  center,
  at,
});

export const centerLost = (center: CenterId, at: number): JobCommand => ({
  type: "Displace",
  placement: placementId(1),
  cause: "centerLost",
  center,
  at,
});
