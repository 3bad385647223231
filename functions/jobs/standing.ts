import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { JobId, PlacementId } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { type Deadline, deadlineOf } from "../../market/job/deadlines.ts";
import type { JobState } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import type { Access } from "../kit/host.ts";

export const PlacementKeys = z.object({ job: JobId, placement: PlacementId });
export type PlacementKeys = z.infer<typeof PlacementKeys>;

/** What the workflow of a placement waits for, in this order; done: nothing any more. */
const phases = ["accepted", "started", "ended", "done"] as const;
type Phase = (typeof phases)[number];

/** Where a placement stands, as the steps of its workflow hand it on. */
export interface Standing extends PlacementKeys {
  readonly phase: Phase;
  /** Market seconds to the deadline, at least 1. */
  readonly timeoutSeconds: number;
}

export async function loadJob({ store }: Pick<Access, "store">, job: JobId): Promise<JobState> {
  return (await loadState(store, jobDecider, streams.job(job))).state;
}

export function standingOf(state: JobState, { job, placement }: PlacementKeys, now: number): Standing {
  const deadline = deadlineOf(state, placement);
  const seconds = deadline === undefined ? 1 : Math.max(1, Math.ceil((deadline.at - now) / 1000));
  return { job, placement, phase: deadline?.awaited ?? "done", timeoutSeconds: seconds };
}

/** The placement is past what was awaited. */
export function hasReached({ phase }: Standing, awaited: Deadline["awaited"]): boolean {
  return phases.indexOf(phase) > phases.indexOf(awaited);
}
