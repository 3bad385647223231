import { OfferEntry, OfferView } from "../../market/views/offers.ts";
import { offersOf, viewKeys } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing } from "../kit/listing.ts";

export const create = endpoint(operations.listOffers, async ({ query, caller, access }) => {
  const list = { pk: offersOf(caller.owner), descending: true };
  const { items, ...page } = await listing(access, list, query, OfferEntry);
  const offers = await access.views.getMany(
    items.map(({ data }) => viewKeys.offer(data.offer)),
    OfferView,
  );
  return { body: { items: offers.map(({ data }) => data), ...page } };
});
export const handler = onLambda(create);
