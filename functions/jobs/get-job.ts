import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { jobResource, visibleJob } from "./job-resource.ts";

export const create = endpoint(operations.getJob, async ({ params, caller, seesAll, access }) => {
  const { state, version } = await visibleJob(access, params.job, caller, seesAll);
  return jobResource(state, version);
});
export const handler = onLambda(create);
