import type { JobSpec } from "../events/catalog/job.ts";

export type JobKind = JobSpec["kind"];

interface JobTraits {
  /** Its parts at several centers run by themselves: it goes on without one of them. */
  readonly divisible: boolean;
  /** It bids for whatever is left of its window, down to one slot. */
  readonly takesLess: boolean;
  /** It is done if it still runs when its last award ends; any other has failed then for want of time. */
  readonly doneInTime: boolean;
  /** What it has delivered is lost with its center, back to the last checkpoint. */
  readonly losesWork: boolean;
  /** With fewer cards than awarded it goes on and pays in proportion; any other is displaced. */
  readonly takesFewer: boolean;
}

/** What sets the kinds of job apart once they are awarded. */
export const jobKinds: Readonly<Record<JobKind, JobTraits>> = {
  block: { divisible: false, takesLess: false, doneInTime: false, losesWork: true, takesFewer: false },
  split: { divisible: false, takesLess: false, doneInTime: false, losesWork: true, takesFewer: false },
  div: { divisible: true, takesLess: true, doneInTime: true, losesWork: true, takesFewer: true },
  service: { divisible: false, takesLess: true, doneInTime: true, losesWork: false, takesFewer: true },
};
