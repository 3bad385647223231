import * as z from "zod";
import { Award } from "./award.ts";
import { defineEvent, type EventsOf } from "./definition.ts";
import {
  AuctionNumber,
  CenterId,
  FeedPosition,
  Instant,
  LinkId,
  MillsText,
  Price,
  ProductId,
  Session,
  Slot,
} from "./values.ts";

// Stream `auction-N`. Names and fields are storage format.

export const GateClosed = defineEvent(
  "GateClosed",
  1,
  "The book of auction n closed at feed position P; everything else about it follows from n and P.",
  z.object({
    auction: AuctionNumber,
    session: Session,
    /** Last page of the feed that the book has seen. */
    position: FeedPosition,
    at: Instant,
    /** The slot in which the gate closed. */
    gate: Slot,
    /** Slots on sale. */
    from: Slot,
    to: Slot,
    /** The auction that was voided and is run again here. */
    reruns: AuctionNumber.optional(),
  }),
);
export const AuctionSolved = defineEvent(
  "AuctionSolved",
  1,
  "The result that wins: every attempt publishes this one only.",
  z.object({
    auction: AuctionNumber,
    bookHash: z.string(),
    resultHash: z.string(),
    pages: z.int().min(0),
    bids: z.int().min(0),
    offers: z.int().min(0),
    welfare: MillsText,
    /** Certified upper bound of the welfare. */
    bound: MillsText,
  }),
);
/** A price of one pool over a range of slots. */
export const PoolPrice = z.object({
  center: CenterId,
  product: ProductId,
  from: Slot,
  to: Slot,
  price: Price,
  /** Cards sold by this auction in each of these slots; 0 makes the price an indication only. */
  sold: z.int().min(0),
});
export type PoolPrice = z.infer<typeof PoolPrice>;
export const LinkPrice = z.object({ link: LinkId, from: Slot, to: Slot, price: z.int().min(0) });
/** A point of an anonymous curve: so many cards at this price or better, over all slots on sale. */
export const CurvePoint = z.object({ price: z.int().min(0), cardSlots: z.int().min(0) });
export const AwardsPublished = defineEvent(
  "AwardsPublished",
  1,
  "One page of an auction's awards and prices.",
  z.object({
    auction: AuctionNumber,
    page: z.int().min(0),
    awards: z.array(Award),
    prices: z.array(PoolPrice),
    linkPrices: z.array(LinkPrice),
  }),
);
export const AuctionCleared = defineEvent(
  "AuctionCleared",
  1,
  "The auction is sealed: all its awards are published.",
  z.object({
    auction: AuctionNumber,
    session: Session,
    gate: Slot,
    at: Instant,
    bids: z.int().min(0),
    awards: z.int().min(0),
    cardSlots: z.int().min(0),
    value: MillsText,
    welfare: MillsText,
    bound: MillsText,
    demand: z.array(CurvePoint).max(500),
    supply: z.array(CurvePoint).max(500),
  }),
);
export const AuctionVoided = defineEvent(
  "AuctionVoided",
  1,
  "The auction came to nothing; the session's next gate runs it again.",
  z.object({
    auction: AuctionNumber,
    session: Session,
    gate: Slot,
    at: Instant,
    reason: z.enum(["priceCap", "checkFailed"]),
  }),
);

export const auctionEvents = [
  GateClosed,
  AuctionSolved,
  AwardsPublished,
  AuctionCleared,
  AuctionVoided,
] as const;
export type AuctionEvent = EventsOf<typeof auctionEvents>;

const auctionTypes: ReadonlySet<string> = new Set(auctionEvents.map(({ type }) => type));

export function isAuctionEvent(event: { readonly type: string }): event is AuctionEvent {
  return auctionTypes.has(event.type);
}
