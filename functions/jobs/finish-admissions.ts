import { JobId } from "../../events/catalog/values.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import { onLambda } from "../kit/lambda.ts";
import { subscriber } from "../kit/subscriber.ts";
import { admitJob } from "./admit-job.ts";

/** Admits or rejects what a request that was cut off left behind. */
export const create = subscriber((access, { id }) =>
  admitJob(access, JobId.parse(id), exchangeCommand(access, `admit/${id}`, `job-${id}`)),
);
export const handler = onLambda(create);
