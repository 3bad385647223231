import { slotOf } from "../../market/time.ts";
import { OfferView } from "../../market/views/offers.ts";
import { openOffersKey } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing, seenPosition } from "../kit/listing.ts";

export const create = endpoint(operations.listPublishedOffers, async ({ query, access, role, now }) => {
  const seen = await seenPosition({ access, role });
  const { items, ...page } = await listing(access, { pk: openOffersKey }, query, OfferView);
  const offers = items
    .filter(({ data }) => data.to > slotOf(now))
    .map(({ data: { owner: _, draws: __, status: ___, version: ____, ...published } }) => published);
  return { body: { items: offers, ...page, ...seen } };
});
export const handler = onLambda(create);
