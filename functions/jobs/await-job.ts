import * as z from "zod";
import { stepFunctions } from "../kit/aws-clients.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { hasReached, loadJob, PlacementKeys, standingOf } from "./standing.ts";
import { removeToken, saveToken } from "./task-tokens.ts";

const Waiting = PlacementKeys.extend({
  awaited: z.enum(["started", "ended"]),
  token: z.string(),
  timeoutSeconds: z.int().min(1),
});

/** Leaves the workflow's token for whoever sees the event; if it happened before the token was there, says so now. */
export const create = step(Waiting, async (access, { job, timeoutSeconds, ...waiting }) => {
  const { placement, awaited, token } = waiting;
  const task = { ...waiting, until: access.clock.now() + timeoutSeconds * 1000 };
  await saveToken(access, { job }, task);
  const standing = standingOf(await loadJob(access, job), { job, placement }, access.clock.now());
  if (!hasReached(standing, awaited)) return;
  await access.workflows.succeed(token, standing);
  await removeToken(access, job, task);
});
export const handler = onLambda(create, stepFunctions);
