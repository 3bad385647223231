import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import { rules } from "../../market/rules.ts";
import { instant } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { ownCenterNow } from "./center-resource.ts";
import { renew } from "./lease.ts";

/** The lease first: a center that returns must not be found without one. */
export const create = endpoint(operations.renewLease, async ({ params, caller, access, meta, now }) => {
  const { center } = params;
  const { phase } = await ownCenterNow(access, center, caller.owner);
  const until = await renew(access, center);
  if (phase === "lost") {
    const command = { type: "Return", at: now } as const;
    carriedOut(await execute(access.store, centerDecider, streams.center(center), command, meta));
  }
  return { body: { center, until: instant(until), seconds: rules.leaseMinutes * 60 } };
});
export const handler = onLambda(create);
