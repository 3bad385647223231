import { streams } from "../../events/catalog/streams.ts";
import { DrawId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { offerDecider } from "../../market/offer.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { idFrom } from "../kit/request.ts";
import { offerResource, visibleOffer } from "./offer-resource.ts";

export const create = endpoint(
  operations.drawReserve,
  async ({ params: { offer }, body, caller, access, meta, now, ...call }) => {
    await visibleOffer(access, offer, caller, false);
    const expected = call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion };
    const draw = { ...body, draw: DrawId.parse(idFrom(meta.commandId)) };
    const command = { type: "Draw", draw, at: now } as const;
    const { state, version } = carriedOut(
      await execute(access.store, offerDecider, streams.offer(offer), command, meta, expected),
    );
    return { ...offerResource(state, version), location: `/offers/${offer}` };
  },
);
export const handler = onLambda(create);
