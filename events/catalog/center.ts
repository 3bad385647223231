import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import {
  Cards,
  CenterId,
  DepositId,
  Framework,
  Instant,
  MillsText,
  OwnerId,
  PayoutId,
  ProductId,
  Region,
  Slot,
} from "./values.ts";

// Streams `center-ID` and `capacity-CENTER-PERIOD`. Names and fields are storage format.

export const PoolSpec = z.object({
  product: ProductId,
  cards: Cards,
  frameworks: z.array(Framework).max(32).default([]),
});
export type PoolSpec = z.infer<typeof PoolSpec>;

export const CenterJoined = defineEvent(
  "CenterJoined",
  1,
  "A center joined the network with its pools, its home regions and what energy costs it.",
  z.object({
    center: CenterId,
    owner: OwnerId,
    name: z.string().min(1).max(200),
    region: Region,
    /** Regions that the center serves beside its own. */
    homeRegions: z.array(Region).max(64).default([]),
    pools: z.array(PoolSpec).min(1).max(16),
    /** Power usage effectiveness in thousandths: 1250 is a PUE of 1.25. */
    puePermille: z.int().min(1000).max(5000),
    /** Mills per kWh for each hour of the market's day. */
    energy: z.array(z.int().min(0).max(100_000)).length(24),
    /** What its carbon costs on top, mills per kWh for each hour of the market's day. Absent: nothing. */
    carbon: z.array(z.int().min(0).max(100_000)).length(24).optional(),
    /** Emission factor of its grid, gCO2 per kWh. */
    gridFactor: z.int().min(0).max(5000).default(0),
  }),
);

export const LinkSpec = z.object({
  to: CenterId,
  gbps: z.int().min(1).max(1_000_000),
  latencyMs: z.number().min(0).max(10_000),
  /** Mills per GB moved, to the link's owner. */
  perGB: z.int().min(0).max(1_000_000),
});
export type LinkSpec = z.infer<typeof LinkSpec>;

export const LinksDeclared = defineEvent(
  "LinksDeclared",
  1,
  "A center declared its dedicated lines; the list replaces the one before.",
  z.object({ center: CenterId, links: z.array(LinkSpec).max(64) }),
);

export const GuaranteePosted = defineEvent(
  "GuaranteePosted",
  1,
  "A guarantee for a center's penalties was posted, or a part of it given back.",
  z.object({
    center: CenterId,
    mills: MillsText,
    /** What came in (negative: went back), in mills; absent: all of it came in. */
    change: MillsText.optional(),
    /** Under which finance booked what came in; absent: nothing did, or the log is from when centers posted it themselves. */
    deposit: DepositId.optional(),
  }),
);

export const GuaranteeReductionRequested = defineEvent(
  "GuaranteeReductionRequested",
  1,
  "A center asked for a part of its guarantee back: it stands for the debts of the day until that is closed.",
  z.object({
    center: CenterId,
    /** What is to be left of it. */
    mills: MillsText,
    at: Instant,
  }),
);

export const GuaranteeDrawn = defineEvent(
  "GuaranteeDrawn",
  1,
  "What a center owed beyond what it earned was taken from its guarantee.",
  z.object({ center: CenterId, payout: PayoutId, mills: MillsText, left: MillsText }),
);

export const CenterSuspended = defineEvent(
  "CenterSuspended",
  1,
  "A payout left a center's guarantee below what it posted: it is off the market until it posts one again. One that is suspended already is so for this payout too.",
  z.object({ center: CenterId, at: Instant, slot: Slot, payout: PayoutId }),
);

export const CenterReinstated = defineEvent(
  "CenterReinstated",
  1,
  "The guarantee of a suspended center is as much as before: it is on the market again.",
  z.object({ center: CenterId, at: Instant, slot: Slot }),
);

export const CenterLost = defineEvent(
  "CenterLost",
  1,
  "A center's lease ran out: it is off the market and its placements are displaced.",
  z.object({ center: CenterId, at: Instant, slot: Slot }),
);

export const CenterReturned = defineEvent(
  "CenterReturned",
  1,
  "A lost center took a new lease and is on the market again.",
  z.object({ center: CenterId, at: Instant, slot: Slot }),
);

export const centerEvents = [
  CenterJoined,
  LinksDeclared,
  GuaranteePosted,
  GuaranteeReductionRequested,
  GuaranteeDrawn,
  CenterSuspended,
  CenterReinstated,
  CenterLost,
  CenterReturned,
] as const;
export type CenterEvent = EventsOf<typeof centerEvents>;

export const CapacitySensed = defineEvent(
  "CapacitySensed",
  1,
  "A center reported how many cards of a pool work and how many are idle.",
  z.object({
    center: CenterId,
    product: ProductId,
    /** Cards in working order; below what is offered it derates the offers. */
    working: z.int().min(0).max(1_000_000),
    idle: z.int().min(0).max(1_000_000),
    slot: Slot,
  }),
);
export const capacityEvents = [CapacitySensed] as const;
export type CapacityEvent = EventsOf<typeof capacityEvents>;
