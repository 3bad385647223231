import * as z from "zod";

/**
 * The values that events are made of: branded ids, slots, prices and money.
 * WARNING: everything in events/catalog is storage format, kept for ever.
 */
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, "1 to 64 letters, digits, - or _");

export const CenterId = id.brand<"CenterId">();
export const OfferId = id.brand<"OfferId">();
/** One draw of a home reserve. */
export const DrawId = id.brand<"DrawId">();
export const JobId = id.brand<"JobId">();
export const AccountId = id.brand<"AccountId">();
export const DepositId = id.brand<"DepositId">();
/** The organisation behind accounts and centers. */
export const OwnerId = id.brand<"OwnerId">();
export const ProductId = id.brand<"ProductId">();
export type CenterId = z.infer<typeof CenterId>;
export type OfferId = z.infer<typeof OfferId>;
export type DrawId = z.infer<typeof DrawId>;
export type JobId = z.infer<typeof JobId>;
export type AccountId = z.infer<typeof AccountId>;
export type DepositId = z.infer<typeof DepositId>;
export type OwnerId = z.infer<typeof OwnerId>;
export type ProductId = z.infer<typeof ProductId>;

/** `JOB.AUCTION`: one award of a job; a job wins at most once in an auction. */
export const PlacementId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.\d+$/, "JOB.AUCTION")
  .brand<"PlacementId">();
export type PlacementId = z.infer<typeof PlacementId>;

/** `FROM~TO`: a link, declared and owned by the center FROM. */
export const LinkId = z
  .string()
  .regex(/^[A-Za-z0-9_-]+~[A-Za-z0-9_-]+$/, "FROM~TO")
  .brand<"LinkId">();
export type LinkId = z.infer<typeof LinkId>;

/** Jobs of one owner of which at most one is awarded: a name that means nothing to other owners. */
export const GroupId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "1 to 64 letters, digits, dots, - or _")
  .brand<"GroupId">();
export type GroupId = z.infer<typeof GroupId>;

/** Settlement day in the market's time zone (Asia/Shanghai), YYYY-MM-DD. */
export const Period = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "YYYY-MM-DD")
  .brand<"Period">();
export type Period = z.infer<typeof Period>;

/** A tenth of an hour: Unix seconds / 360. */
export const Slot = z.int().min(0).max(100_000_000);
export type Slot = z.infer<typeof Slot>;

/** Auction number, from 1, without a gap. */
export const AuctionNumber = z.int().min(1);
/** A page of the feed, from 1, without a gap. */
export const FeedPosition = z.int().min(0);

export const Session = z.enum(["spot", "forward"]);
export type Session = z.infer<typeof Session>;

/** Whole cards. */
export const Cards = z.int().min(1).max(1_000_000);

/** Whole fen (1/100 CNY) per card-hour, the same number as mills per card and spot slot. Cap: 100 CNY. */
export const Price = z.int().min(0).max(10_000);

/** Exact money: mills (1/1000 of the currency) as a decimal string, for JSON has no integers of that size. */
export const MillsText = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,30})$/, "an integer number of mills as a decimal string")
  .brand<"MillsText">();
export type MillsText = z.infer<typeof MillsText>;

/** ISO 4217. The market trades in CNY; accounts may be in others, and amounts of two are never added up. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, "three capital letters, as in CNY")
  .brand<"Currency">();
export type Currency = z.infer<typeof Currency>;
/** Hundredths of a percent, as a tax rate: 600 is 6 %. */
export const BasisPoints = z.int().min(0).max(10_000);

/** Invoice of an account for a settlement day. */
export const InvoiceId = z.string().min(1).max(80).brand<"InvoiceId">();
export type InvoiceId = z.infer<typeof InvoiceId>;
/** What a center is paid for a settlement day. */
export const PayoutId = z.string().min(1).max(80).brand<"PayoutId">();
export type PayoutId = z.infer<typeof PayoutId>;
export const BreakId = id.brand<"BreakId">();
export type BreakId = z.infer<typeof BreakId>;

/** UTC instant, ISO 8601. */
export const Instant = z.iso.datetime();

export const Region = z.string().min(1).max(64);
export const Framework = z.string().min(1).max(64);

/** What an auction answered to a bid: that it won, or what bound. No event holds it: views keep it for a while. */
export const BidReason = z.enum([
  "won",
  "price",
  "capacity",
  "link",
  "minRun",
  "paradox",
  "group",
  "parent",
  "window",
  "product",
  "owner",
  "region",
  "framework",
  "latency",
  "funds",
]);
export type BidReason = z.infer<typeof BidReason>;
