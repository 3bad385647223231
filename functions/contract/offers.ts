import * as z from "zod";
import { CapacityOffered, ReserveDrawn } from "../../events/catalog/offer.ts";
import { Cards, OfferId, Slot } from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";
import { pageOf, pageQuery } from "./paging.ts";

const params = z.object({ offer: OfferId });

const { shape } = CapacityOffered.data;
const described = z.object({
  ...shape,
  reserve: shape.reserve.describe("Least price, fen per card-hour, energy and carbon not included"),
  steps: shape.steps.describe(
    "The same cards at rising reserves, cheapest first: their cards come to `cards`, the first asks `reserve`",
  ),
  minRun: shape.minRun.describe(
    "Where cards of it are sold, they are in so many slots in a row at least, to whomever; by the hour in the forward session, rounded up",
  ),
  reclaimNotice: shape.reclaimNotice.describe(
    "Slots of notice with which sold cards may be taken back; left out: the offer is firm",
  ),
  homeReserve: shape.homeReserve.describe(
    "Kept for the home region: on sale in spot only, from 2 hours before delivery on; until then it may be drawn from",
  ),
});

export const NewOffer = z.strictObject(described.omit({ offer: true, owner: true }).shape);
export type NewOffer = z.infer<typeof NewOffer>;

export const OfferStatus = z
  .enum(["open", "withdrawn", "expired"])
  .describe("withdrawn: its unsold rest counts no more from the next auction on; its awards stand");

export const Draw = ReserveDrawn.data.omit({ offer: true });
export type Draw = z.infer<typeof Draw>;

export const NewDraw = z.strictObject(Draw.omit({ draw: true }).shape);

const Reclaimed = z.object({
  from: Slot,
  left: z.int().min(0).describe("Cards that the offer has at most from `from` on"),
});
const reclaimed = z
  .array(Reclaimed)
  .optional()
  .describe("What the center took back, oldest first; left out: nothing");

export const Offer = z.object({
  ...described.shape,
  draws: z.array(Draw).optional().describe("What the center drew of a home reserve: never on sale"),
  reclaimed,
  status: OfferStatus,
  version: z.int().min(1).describe("The ETag, as a number"),
});
export type Offer = z.infer<typeof Offer>;

/** An offer as everybody on the market sees it. */
export const PublishedOffer = described.omit({ owner: true }).extend({ reclaimed });
export type PublishedOffer = z.infer<typeof PublishedOffer>;

export const postOffer = defineOperation({
  id: "postOffer",
  method: "POST",
  path: "/offers",
  tag: "offers",
  summary: "Offer cards of a pool over a range of slots",
  description:
    "At one reserve or in steps, with a minimum run, as a home reserve, or to be taken back with notice: rules 11 to 17 of the market.",
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

export const drawReserve = defineOperation({
  id: "drawReserve",
  method: "POST",
  path: "/offers/{offer}/draw",
  tag: "offers",
  summary: "Use cards of a home reserve yourself",
  description:
    "Drawn cards are never on sale. Only slots that the next gate does not sell yet can be drawn: from 2 hours and two slots ahead on.",
  roles: ["center"],
  names: { "path/offer": "own" },
  params,
  body: NewDraw,
  success: { status: 201, says: "Drawn: these cards are on sale at no gate.", body: Offer },
  problems: [404, 409, 412, 422],
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
    "From slot `from` to the offer's end, sold or not, the dearest steps first. What is sold beyond what remains is given back without a penalty by jobs that take reclaimable cards, the last admitted first; the next gate tells them. An offer without `reclaimNotice` is firm: refuse placements, at the penalty of rows 8 to 10 of the market rules.",
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
