import type { JobEvent } from "../events/catalog/job.ts";
import type { Decider } from "./decider.ts";
import type { JobCommand } from "./job/commands.ts";
import { decideJob } from "./job/decide.ts";
import { evolveJob, initialJob, type JobState } from "./job/state.ts";

/** The life of a job, from its request to its end, with what it is charged: stream `job-ID`. */
export const jobDecider: Decider<JobState, JobCommand, JobEvent> = {
  initial: initialJob,
  decide: decideJob,
  evolve: evolveJob,
};
