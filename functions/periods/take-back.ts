import type { ChargeLine } from "../../events/catalog/job.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { JobId, PayoutId } from "../../events/catalog/values.ts";
import { execute, loadState } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { leftOfCharge } from "../../market/job/correcting.ts";
import type { KnownJob } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { partsOf, takenBack, takenIn } from "../../market/settlement/center-debts.ts";
import type { Statement } from "../../market/settlement/statements.ts";
import type { Access } from "../kit/host.ts";
import { type ClosingDay, closeCommand } from "./close-command.ts";

/**
 * What nobody pays is taken back from those who were to have it, each in its job's stream, as far as they still have it:
 * corrections behind the cut-off may have given it back to the center.
 * @param lost in mills
 * @returns mills that were taken back, by this attempt and by those before it
 */
export async function takeBack(
  access: Access,
  day: ClosingDay,
  statement: Statement,
  payout: PayoutId,
  lost: bigint,
): Promise<bigint> {
  if (lost === 0n) return 0n;
  const jobOf = new Map([...partsOf(statement.debts).values()].map(({ posting, job }) => [posting, job]));
  const jobs = new Map<JobId, KnownJob>();
  await forEachInFlight(8, new Set(jobOf.values()), async (job) => {
    const { state } = await loadState(access.store, jobDecider, streams.job(job));
    if (state.phase !== "unknown") jobs.set(job, state);
  });
  const left = (job: JobId, charge: string, line: ChargeLine) => leftOfCharge(jobs.get(job), charge, line);
  const posted = (job: JobId, id: string) => jobs.get(job)?.corrections.get(id);
  const all = takenBack(statement, lost, payout, { left, posted });
  await forEachInFlight(8, all, async ({ job, ...correction }) => {
    const meta = closeCommand(access, day, `correct/${correction.id}`);
    const at = Date.parse(day.cutOff.at);
    const command = { type: "Correct", cause: "uncollectible", ...correction, at } as const;
    // The job has the last word on what is left: it may take back less, or nothing.
    const done = await execute(access.store, jobDecider, streams.job(job), command, meta);
    if ("state" in done && done.state.phase !== "unknown") jobs.set(job, done.state);
  });
  return takenIn([...jobOf].flatMap(([posting, job]) => posted(job, `${payout}:${posting}`) ?? []));
}
