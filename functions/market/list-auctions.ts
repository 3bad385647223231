import { AuctionView } from "../../market/views/auctions.ts";
import { auctionsKey } from "../../market/views/view.ts";
import type { Auction } from "../contract/market.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing, seenPosition } from "../kit/listing.ts";

export const create = endpoint(operations.listAuctions, async ({ query, access, role }) => {
  const seen = await seenPosition({ access, role });
  const { items, ...page } = await listing(access, { pk: auctionsKey, descending: true }, query, AuctionView);
  return { body: { items: items.map(({ data }) => published(data)), ...page, ...seen } };
});
export const handler = onLambda(create);

/** Until an auction is sealed nobody learns how many bid in it. */
export function published({ position: _, ...view }: AuctionView): Auction {
  if (view.status === "cleared" || view.status === "voided") return view;
  const { auction, session, status, at, gate, from, to, reruns } = view;
  return { auction, session, status, at, gate, from, to, reruns };
}
