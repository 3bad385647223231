import * as z from "zod";
import { CapacityOffered } from "../../events/catalog/offer.ts";
import { OfferId } from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";
import { pageOf, pageQuery } from "./paging.ts";

const params = z.object({ offer: OfferId });

export const NewOffer = z.strictObject(CapacityOffered.data.omit({ offer: true, owner: true }).shape);
export type NewOffer = z.infer<typeof NewOffer>;

export const OfferStatus = z
  .enum(["open", "withdrawn", "expired"])
  .describe("withdrawn: its unsold rest counts no more from the next auction on; its awards stand");

export const Offer = z.object({
  ...CapacityOffered.data.shape,
  status: OfferStatus,
  version: z.int().min(1).describe("The ETag, as a number"),
});
export type Offer = z.infer<typeof Offer>;

/** An offer as everybody on the market sees it. */
export const PublishedOffer = CapacityOffered.data.omit({ owner: true });
export type PublishedOffer = z.infer<typeof PublishedOffer>;

export const postOffer = defineOperation({
  id: "postOffer",
  method: "POST",
  path: "/offers",
  tag: "offers",
  summary: "Offer cards of a pool over a range of slots",
  roles: ["center"],
  names: { "/center": "own", "/product": "published" },
  body: NewOffer,
  success: { status: 201, says: "The offer is in the book of the next auction.", body: Offer },
  problems: [404, 422],
  etag: true,
});

export const listOffers = defineOperation({
  id: "listOffers",
  method: "GET",
  path: "/offers",
  tag: "offers",
  summary: "The caller's own offers, newest first",
  roles: ["center"],
  names: { "query/cursor": "own" },
  query: z.object(pageQuery),
  success: { status: 200, says: "Offers.", body: pageOf(Offer) },
});

export const getOffer = defineOperation({
  id: "getOffer",
  method: "GET",
  path: "/offers/{offer}",
  tag: "offers",
  summary: "One of the caller's offers, as the log has it now",
  roles: ["center", "operator"],
  names: { "path/offer": "own" },
  seesAll: ["operator"],
  params,
  success: { status: 200, says: "The offer.", body: Offer },
  problems: [404],
  etag: true,
});

export const withdrawOffer = defineOperation({
  id: "withdrawOffer",
  method: "DELETE",
  path: "/offers/{offer}",
  tag: "offers",
  summary: "Withdraw what is unsold of an offer",
  description: "Counts from the next gate on: an auction whose book has closed may still sell from it.",
  roles: ["center"],
  names: { "path/offer": "own" },
  params,
  success: { status: 202, says: "Withdrawn from the next gate on.", body: Offer },
  problems: [404, 409, 412],
  etag: true,
});
