import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { breakDecider } from "../../market/break.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { breakResource, loadBreak } from "./break-resource.ts";

export const create = endpoint(
  operations.assignBreak,
  async ({ params, body, access, meta, now, ...call }) => {
    await loadBreak(access, params.break);
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const command = { type: "Assign", ...body, at: now } as const;
    const { state, version } = carriedOut(
      await execute(access.store, breakDecider, streams.break(params.break), command, meta, expected),
    );
    return breakResource(state, version);
  },
);
export const handler = onLambda(create);
