import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import { ChargeLine } from "./job.ts";
import {
  AccountId,
  BasisPoints,
  CenterId,
  Currency,
  Instant,
  InvoiceId,
  LinkId,
  MillsText,
  OwnerId,
  PayoutId,
  Period,
} from "./values.ts";

// Streams `invoice-ACCOUNT-PERIOD` and `payout-CENTER-PERIOD`. Names and fields are storage format.

/** Charges of one kind and row added up: mills that the payer pays, negative: receives. */
export const StatementLine = z.object({
  kind: ChargeLine.shape.kind,
  row: ChargeLine.shape.row,
  /** Of corrections of closed periods; absent: of the period's own charges. */
  correction: z.literal(true).optional(),
  center: CenterId.optional(),
  link: LinkId.optional(),
  cardSlots: z.int().min(0).optional(),
  mills: MillsText,
});
export type StatementLine = z.infer<typeof StatementLine>;

export const InvoiceIssued = defineEvent(
  "InvoiceIssued",
  1,
  "What a tenant's account was charged in a settlement day, once the day was cut off.",
  z.object({
    invoice: InvoiceId,
    account: AccountId,
    owner: OwnerId,
    period: Period,
    at: Instant,
    /** Absent: CNY. */
    currency: Currency.optional(),
    /** Of the account as it was opened; each job is taxed at the rate that it was requested with, which `tax` adds up. */
    taxRate: BasisPoints,
    lines: z.array(StatementLine).max(1000),
    /** Without and with tax, in mills: `net` and `tax` add up to `gross`. */
    net: MillsText,
    tax: MillsText,
    gross: MillsText,
    /** Whole fen in mills: `gross` rounded down. */
    payable: MillsText,
    /** `gross - payable`, credited to the account. */
    rounding: MillsText,
  }),
);
export const invoiceEvents = [InvoiceIssued] as const;
export type InvoiceEvent = EventsOf<typeof invoiceEvents>;

export const PayoutStated = defineEvent(
  "PayoutStated",
  1,
  "What a center earned and owes for a settlement day, and what it is paid.",
  z.object({
    payout: PayoutId,
    center: CenterId,
    owner: OwnerId,
    period: Period,
    at: Instant,
    currency: Currency.optional(),
    /** Mills that the center receives, negative: pays. */
    lines: z.array(StatementLine).max(1000),
    /** Earned with cards and fees, in mills. */
    earned: MillsText,
    /** Penalties and credits that it owes. */
    owed: MillsText,
    /** Earned with its links, of each. */
    links: z.array(z.object({ link: LinkId, mills: MillsText })).max(256),
    /** What `owed` exceeds all earnings by, and who bears it (row 15). */
    fromGuarantee: MillsText,
    fromDefaultFund: MillsText,
    /** What its recipients do without: corrections take it back from them. */
    uncollectible: MillsText,
    /**
     * What recipients had given back to the center before that could be: it owes it in its next payout, which has what
     * they gave back among its earnings. Absent: nothing.
     */
    carried: MillsText.optional(),
    /** Whole fen in mills: what is paid out. */
    payable: MillsText,
    /** What rounding down to fen leaves. */
    rounding: MillsText,
  }),
);
export const PayoutPaid = defineEvent(
  "PayoutPaid",
  1,
  "Finance paid a payout; the reference is the bank's.",
  z.object({
    payout: PayoutId,
    center: CenterId,
    mills: MillsText,
    currency: Currency.optional(),
    reference: z.string().min(1).max(200),
    at: Instant,
  }),
);
export const payoutEvents = [PayoutStated, PayoutPaid] as const;
export type PayoutEvent = EventsOf<typeof payoutEvents>;
