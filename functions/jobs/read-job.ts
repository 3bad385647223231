import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { loadJob, PlacementKeys, standingOf } from "./standing.ts";

/** Where the placement stands: the workflow goes on from there, whenever it was started. */
export const create = step(PlacementKeys, async (access, keys) =>
  standingOf(await loadJob(access, keys.job), keys, access.clock.now()),
);
export const handler = onLambda(create);
