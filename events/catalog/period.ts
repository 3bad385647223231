import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import { Currency, FeedPosition, Instant, MillsText, Period, Slot } from "./values.ts";

// Stream `period-ID`. Names and fields are storage format.

export const PeriodOpened = defineEvent(
  "PeriodOpened",
  1,
  "A settlement day began after a position of the feed.",
  z.object({ period: Period, from: Slot, to: Slot, afterPosition: FeedPosition }),
);
export const PeriodCutOff = defineEvent(
  "PeriodCutOff",
  1,
  "All that the day delivered is charged: the period ends at a position of the feed, whatever is read of it later.",
  z.object({ period: Period, at: Instant, position: FeedPosition, feedHash: z.string() }),
);
/** Turnover of an account of the ledger. */
const TotalsRow = z.object({
  account: z.string(),
  debit: MillsText,
  credit: MillsText,
  /** Absent: CNY. */
  currency: Currency.optional(),
});
export const PeriodTotalsStated = defineEvent(
  "PeriodTotalsStated",
  1,
  "Some totals of a settlement day with more ledger accounts than the event that closes it can hold; stated before it.",
  z.object({
    period: Period,
    /** From 1, in the order of the accounts' names. */
    page: z.int().min(1),
    totals: z.array(TotalsRow),
  }),
);
export const PeriodClosed = defineEvent(
  "PeriodClosed",
  1,
  "A settlement day was closed for ever, with its totals by ledger account.",
  z.object({
    period: Period,
    at: Instant,
    /** Last page of the feed that belongs to the period. */
    position: FeedPosition,
    /** Hash of that page. */
    feedHash: z.string(),
    charges: z.int().min(0),
    debits: MillsText,
    credits: MillsText,
    /** `debits` and `credits` add up those in CNY only. */
    totals: z.array(TotalsRow),
    /** Pages in which the totals of tenants, centers and links were stated; absent: all are in `totals`. */
    pages: z.int().min(1).optional(),
    /** Of the three-way match: items of award, usage and charge by outcome. */
    match: z
      .object({ matched: z.int().min(0), withinTolerance: z.int().min(0), breaks: z.int().min(0) })
      .optional(),
    invoices: z.object({ count: z.int().min(0), payable: MillsText }).optional(),
    payouts: z.object({ count: z.int().min(0), payable: MillsText }).optional(),
    /** Merkle tree of the feed up to `position`. */
    tree: z.object({ size: z.int().min(0), root: z.string() }).optional(),
  }),
);
export const periodEvents = [PeriodOpened, PeriodCutOff, PeriodTotalsStated, PeriodClosed] as const;
export type PeriodEvent = EventsOf<typeof periodEvents>;
