import { streams } from "../../events/catalog/streams.ts";
import { OfferId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { cardsOf } from "../../market/center.ts";
import { offerDecider } from "../../market/offer.ts";
import { ownCenter } from "../centers/center-resource.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { idFrom } from "../kit/request.ts";
import { offerResource } from "./offer-resource.ts";

export const create = endpoint(operations.postOffer, async ({ body, caller, access, meta, now }) => {
  const center = await ownCenter(access, body.center, caller.owner);
  const offer = OfferId.parse(idFrom(meta.commandId));
  const spec = { ...body, offer, owner: caller.owner };
  const command = { type: "Post", offer: spec, poolCards: cardsOf(center, body.product), at: now } as const;
  const { state, version } = carriedOut(
    await execute(access.store, offerDecider, streams.offer(offer), command, meta),
  );
  return { ...offerResource(state, version), location: `/offers/${offer}` };
});
export const handler = onLambda(create);
