import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { withClaimedKey } from "../kit/claimed-key.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { centerResource } from "./center-resource.ts";

export const create = endpoint(operations.joinNetwork, async ({ body, caller, access, meta }) =>
  withClaimedKey(access, meta, async () => {
    const spec = { ...body, owner: caller.owner };
    const command = { type: "Join", spec } as const;
    const { state, version } = carriedOut(
      await execute(access.store, centerDecider, streams.center(body.center), command, meta),
    );
    return { ...centerResource(state, version), location: `/centers/${body.center}` };
  }),
);
export const handler = onLambda(create);
