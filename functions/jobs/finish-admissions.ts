import { streams } from "../../events/catalog/streams.ts";
import { JobId } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { jobDecider } from "../../market/job.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import { onLambda } from "../kit/lambda.ts";
import { subscriber } from "../kit/subscriber.ts";
import { admitJob } from "./admit-job.ts";

/** Admits or rejects what a request that was cut off left behind. */
export const create = subscriber(async (access, { id }) => {
  const found = await loadState(access.store, jobDecider, streams.job(JobId.parse(id)));
  await admitJob(access, found, exchangeCommand(access, `admit/${id}`, `job-${id}`));
});
export const handler = onLambda(create);
