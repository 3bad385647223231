import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { offerDecider } from "../../market/offer.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { offerResource, visibleOffer } from "./offer-resource.ts";

export const create = endpoint(
  operations.reclaimOffer,
  async ({ params, body, caller, access, meta, now, ...call }) => {
    await visibleOffer(access, params.offer, caller, false);
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const command = { type: "Reclaim", ...body, at: now } as const;
    const { state, version } = carriedOut(
      await execute(access.store, offerDecider, streams.offer(params.offer), command, meta, expected),
    );
    return offerResource(state, version);
  },
);
export const handler = onLambda(create);
