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
  /** How long the next wait may last, in market seconds: to the deadline, at least 1. */
  readonly timeoutSeconds: number;
}

/**
 * Nothing is waited for any more, but the function that begins a wait says so: it may take as long as any function.
 * Were it shorter, a slow machine would ask, wait and ask again for ever.
 */
const doneSeconds = 900;

export async function loadJob({ store }: Pick<Access, "store">, job: JobId): Promise<JobState> {
  return (await loadState(store, jobDecider, streams.job(job))).state;
}

export function standingOf(state: JobState, { job, placement }: PlacementKeys, now: number): Standing {
  const deadline = deadlineOf(state, placement);
  if (deadline === undefined) return { job, placement, phase: "done", timeoutSeconds: doneSeconds };
  const timeoutSeconds = Math.max(1, Math.ceil((deadline.at - now) / 1000));
  return { job, placement, phase: deadline.awaited, timeoutSeconds };
}

/** The placement is past what was awaited. */
export function hasReached({ phase }: Standing, awaited: Deadline["awaited"]): boolean {
  return phases.indexOf(phase) > phases.indexOf(awaited);
}
