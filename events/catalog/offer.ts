import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import { Cards, CenterId, OfferId, OwnerId, Price, ProductId, Slot } from "./values.ts";

// Stream `offer-ID`. Names and fields are storage format.

export const CapacityOffered = defineEvent(
  "CapacityOffered",
  1,
  "A center offered cards of a pool over a range of slots at a reserve price.",
  z.object({
    offer: OfferId,
    center: CenterId,
    owner: OwnerId,
    product: ProductId,
    from: Slot,
    to: Slot,
    cards: Cards,
    /** Fen per card-hour, energy not included. */
    reserve: Price,
    /** Slots of notice with which the center may take cards back that are sold; absent: the offer is firm. */
    reclaimNotice: z.int().min(1).max(1680).optional(),
  }),
);
export const CapacityReclaimed = defineEvent(
  "CapacityReclaimed",
  1,
  "A center takes cards of an offer back, with the notice that they were sold with.",
  z.object({
    offer: OfferId,
    center: CenterId,
    product: ProductId,
    from: Slot,
    to: Slot,
    cards: Cards,
    /** Cards that the offer has at most from `from` on. */
    left: z.int().min(0),
  }),
);
export const OfferWithdrawn = defineEvent(
  "OfferWithdrawn",
  1,
  "The unsold rest of an offer was withdrawn; its awards stand.",
  z.object({ offer: OfferId }),
);
export const OfferExpired = defineEvent(
  "OfferExpired",
  1,
  "The last slot of an offer has passed.",
  z.object({ offer: OfferId }),
);

export const offerEvents = [CapacityOffered, CapacityReclaimed, OfferWithdrawn, OfferExpired] as const;
export type OfferEvent = EventsOf<typeof offerEvents>;
