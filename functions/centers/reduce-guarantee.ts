import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { centerResource, ownCenter } from "./center-resource.ts";

export const create = endpoint(
  operations.reduceGuarantee,
  async ({ params, body, caller, access, meta, now, ...call }) => {
    await ownCenter(access, params.center, caller.owner);
    const command = { type: "RequestGuaranteeReduction", mills: body.mills, at: now } as const;
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const { state, version } = carriedOut(
      await execute(access.store, centerDecider, streams.center(params.center), command, meta, expected),
    );
    return centerResource(state, version);
  },
);
export const handler = onLambda(create);
