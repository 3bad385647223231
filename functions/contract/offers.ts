import * as z from "zod";
import { CapacityOffered } from "../../events/catalog/offer.ts";
import { Cards, OfferId, Slot } from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";
import { pageOf, pageQuery } from "./paging.ts";

const params = z.object({ offer: OfferId });

export const NewOffer = z.strictObject(CapacityOffered.data.omit({ offer: true, owner: true }).shape);
export type NewOffer = z.infer<typeof NewOffer>;

export const OfferStatus = z
  .enum(["open", "withdrawn", "expired"])
  .describe("withdrawn: its unsold rest counts no more from the next auction on; its awards stand");

const Reclaimed = z.object({
  from: Slot,
  left: z.int().min(0).describe("Cards that the offer has at most from `from` on"),
});
const reclaimed = z
  .array(Reclaimed)
  .optional()
  .describe("What the center took back, oldest first; left out: nothing");

export const Offer = z.object({
  ...CapacityOffered.data.shape,
  reclaimed,
  status: OfferStatus,
  version: z.int().min(1).describe("The ETag, as a number"),
});
export type Offer = z.infer<typeof Offer>;

/** An offer as everybody on the market sees it. */
export const PublishedOffer = CapacityOffered.data.omit({ owner: true }).extend({ reclaimed });
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

export const reclaimOffer = defineOperation({
  id: "reclaimOffer",
  method: "POST",
  path: "/offers/{offer}/reclaim",
  tag: "offers",
  summary: "Take cards of an offer back, with the notice that they were sold with",
  description:
    "From slot `from` to the offer's end, sold or not. What is sold beyond what remains is given back without a penalty by jobs that take reclaimable cards, the last admitted first; the next gate tells them. An offer without `reclaimNotice` is firm: refuse placements, at the penalty of rows 8 to 10 of the market rules.",
  roles: ["center"],
  names: { "path/offer": "own" },
  params,
  body: z.strictObject({
    from: Slot.describe("First slot; no earlier than the notice of the offer after the next slot"),
    cards: Cards.optional().describe("Left out: all that the offer has left"),
  }),
  success: { status: 202, says: "Taken back; jobs give way from the next gate on.", body: Offer },
  problems: [404, 409, 412, 422],
  etag: true,
});
