import type * as z from "zod";
import { OfferEntry, OfferView } from "../../market/views/offers.ts";
import { offersOf, viewKeys } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listingOf } from "../kit/listing.ts";

export const create = endpoint(operations.listOffers, async ({ query, caller, access }) => {
  const list = { pk: offersOf(caller.owner), descending: true };
  const keyOf = ({ offer }: z.infer<typeof OfferEntry>) => viewKeys.offer(offer);
  return { body: await listingOf(access, list, query, OfferEntry, keyOf, OfferView) };
});
export const handler = onLambda(create);
