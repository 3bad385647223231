import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { offerDecider } from "../../market/offer.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { offerResource, visibleOffer } from "./offer-resource.ts";

export const create = endpoint(
  operations.withdrawOffer,
  async ({ params, caller, access, meta, ...call }) => {
    await visibleOffer(access, params.offer, caller, false);
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const { state, version } = carriedOut(
      await execute(
        access.store,
        offerDecider,
        streams.offer(params.offer),
        { type: "Withdraw" },
        meta,
        expected,
      ),
    );
    return offerResource(state, version);
  },
);
export const handler = onLambda(create);
