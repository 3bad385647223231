import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { jobDecider } from "../../market/job.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { jobResource, visibleJob } from "./job-resource.ts";

export const create = endpoint(
  operations.cancelJob,
  async ({ params, caller, access, meta, now, ...call }) => {
    await visibleJob(access, params.job, caller, false);
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const command = { type: "Cancel", at: now } as const;
    const { state, version } = carriedOut(
      await execute(access.store, jobDecider, streams.job(params.job), command, meta, expected),
    );
    return jobResource(state, version);
  },
);
export const handler = onLambda(create);
