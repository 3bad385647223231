import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { askAtDeadline, deadlineOf } from "../../market/job/deadlines.ts";
import { jobDecider } from "../../market/job.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { loadJob, PlacementKeys, standingOf } from "./standing.ts";

/** A timeout states no fact: it asks the decider, which sees the newest state. */
export const create = step(PlacementKeys, async (access, keys) => {
  const { job, placement } = keys;
  const deadline = deadlineOf(await loadJob(access, job), placement);
  if (deadline !== undefined) {
    const { awaited, at } = deadline;
    const command = askAtDeadline(awaited, placement, access.clock.now());
    const meta = exchangeCommand(access, `${awaited}/${placement}/${at}/${command.at}`, placement);
    await execute(access.store, jobDecider, streams.job(job), command, meta);
  }
  return standingOf(await loadJob(access, job), keys, access.clock.now());
});
export const handler = onLambda(create);
