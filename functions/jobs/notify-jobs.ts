import { JobId } from "../../events/catalog/values.ts";
import { stepFunctions } from "../kit/aws-clients.ts";
import { onLambda } from "../kit/lambda.ts";
import { subscriber } from "../kit/subscriber.ts";
import { hasReached, loadJob, standingOf } from "./standing.ts";
import { removeToken, waitingTasks } from "./task-tokens.ts";

/** Tells the workflows of a job what they wait for. */
export const create = subscriber(async (access, { id }) => {
  const job = JobId.parse(id);
  const tasks = await waitingTasks(access, job);
  if (tasks.length === 0) return;
  const state = await loadJob(access, job);
  for (const task of tasks) {
    const standing = standingOf(state, { job, placement: task.placement }, access.clock.now());
    if (!hasReached(standing, task.awaited)) continue;
    await access.workflows.succeed(task.token, standing);
    await removeToken(access, job, task);
  }
});
export const handler = onLambda(create, stepFunctions);
