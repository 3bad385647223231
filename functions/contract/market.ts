import * as z from "zod";
import { CurvePoint, GateClosed } from "../../events/catalog/auction.ts";
import { CenterJoined, LinkSpec, PoolSpec } from "../../events/catalog/center.ts";
import {
  AuctionNumber,
  CenterId,
  Framework,
  Instant,
  MillsText,
  Price,
  ProductId,
  Session,
  Slot,
} from "../../events/catalog/values.ts";
import { PublishedOffer } from "./offers.ts";
import { defineOperation } from "./operation.ts";
import { AsOf, marketPageOf, pageQuery } from "./paging.ts";

const members = ["center", "tenant", "finance", "operator"] as const;

export const Product = z.object({
  product: ProductId,
  cards: z.int().min(0).describe("Cards of all centers"),
  pools: z.array(z.object({ center: CenterId, cards: z.int().min(1), frameworks: z.array(Framework) })),
});
export type Product = z.infer<typeof Product>;

export const listProducts = defineOperation({
  id: "listProducts",
  method: "GET",
  path: "/market/products",
  tag: "market",
  summary: "Accelerator classes and the pools that hold them",
  roles: members,
  success: { status: 200, says: "Products.", body: z.object({ items: z.array(Product), asOf: AsOf }) },
});

/** A center as everybody on the market sees it. */
export const PublishedCenter = z.object({
  center: CenterId,
  name: CenterJoined.data.shape.name,
  region: CenterJoined.data.shape.region,
  homeRegions: CenterJoined.data.shape.homeRegions,
  pools: z.array(PoolSpec),
  puePermille: CenterJoined.data.shape.puePermille,
  energy: CenterJoined.data.shape.energy,
  carbon: CenterJoined.data.shape.carbon.describe(
    "Mills per kWh on top of energy, by hour of the market's day",
  ),
  gridFactor: CenterJoined.data.shape.gridFactor,
  links: z.array(LinkSpec),
  status: z.enum(["joined", "lost", "suspended"]).describe("lost, suspended: off the market"),
});
export type PublishedCenter = z.infer<typeof PublishedCenter>;

export const listCenters = defineOperation({
  id: "listCenters",
  method: "GET",
  path: "/market/centers",
  tag: "market",
  summary: "Centers of the network with pools, links and energy prices",
  roles: members,
  names: { "query/cursor": "published" },
  query: z.object(pageQuery),
  success: { status: 200, says: "Centers.", body: marketPageOf(PublishedCenter) },
});

export const listPublishedOffers = defineOperation({
  id: "listPublishedOffers",
  method: "GET",
  path: "/market/offers",
  tag: "market",
  summary: "Open offers whose last slot has not passed, by last slot",
  roles: members,
  names: { "query/cursor": "published" },
  query: z.object(pageQuery),
  success: { status: 200, says: "Offers.", body: marketPageOf(PublishedOffer) },
});

export const SlotPrice = z.object({
  slot: Slot,
  price: Price.describe("Fen per card-hour; with nothing sold an indication only"),
  sold: z.int().min(0).describe("Cards sold in the slot by that auction"),
  auction: AuctionNumber,
});
export type SlotPrice = z.infer<typeof SlotPrice>;

export const listPrices = defineOperation({
  id: "listPrices",
  method: "GET",
  path: "/market/prices",
  tag: "market",
  summary: "Last published price of a pool in each slot",
  roles: members,
  names: { "query/center": "published", "query/product": "published" },
  query: z.object({
    center: CenterId,
    product: ProductId,
    from: z.coerce.number().pipe(Slot).describe("First slot"),
    to: z.coerce.number().pipe(Slot).describe("First slot left out; at most 1,680 after `from`"),
  }),
  success: {
    status: 200,
    says: "Slots without any published price are left out.",
    body: z.object({ center: CenterId, product: ProductId, prices: z.array(SlotPrice), asOf: AsOf }),
  },
  problems: [422],
});

export const Auction = z.object({
  auction: AuctionNumber,
  session: Session,
  status: z.enum(["closed", "solved", "cleared", "voided"]),
  at: Instant.describe("When its gate closed"),
  gate: Slot,
  from: GateClosed.data.shape.from,
  to: GateClosed.data.shape.to,
  reruns: AuctionNumber.optional(),
  /** The following once it is cleared. */
  bids: z.int().min(0).optional(),
  awards: z.int().min(0).optional(),
  cardSlots: z.int().min(0).optional(),
  value: MillsText.optional(),
  welfare: MillsText.optional(),
  bound: MillsText.optional().describe("Certified upper bound of the welfare"),
  reason: z.string().optional().describe("Why it was voided"),
});
export type Auction = z.infer<typeof Auction>;

export const listAuctions = defineOperation({
  id: "listAuctions",
  method: "GET",
  path: "/market/auctions",
  tag: "market",
  summary: "Auctions, newest first",
  roles: members,
  names: { "query/cursor": "published" },
  query: z.object(pageQuery),
  success: { status: 200, says: "Auctions.", body: marketPageOf(Auction) },
});

const auctionParams = z.object({ auction: z.coerce.number().pipe(AuctionNumber) });

export const getAuction = defineOperation({
  id: "getAuction",
  method: "GET",
  path: "/market/auctions/{auction}",
  tag: "market",
  summary: "One auction",
  roles: members,
  names: { "path/auction": "published" },
  params: auctionParams,
  success: { status: 200, says: "The auction.", body: Auction },
  problems: [404],
});

export const getCurves = defineOperation({
  id: "getCurves",
  method: "GET",
  path: "/market/auctions/{auction}/curves",
  tag: "market",
  summary: "Anonymous demand and supply of a cleared auction",
  roles: members,
  names: { "path/auction": "published" },
  params: auctionParams,
  success: {
    status: 200,
    says: "Curves over all slots on sale.",
    body: z.object({ auction: AuctionNumber, demand: z.array(CurvePoint), supply: z.array(CurvePoint) }),
  },
  problems: [404],
});
