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
    totals: z.array(
      z.object({
        account: z.string(),
        debit: MillsText,
        credit: MillsText,
        /** Absent: CNY. `debits` and `credits` add up those in CNY only. */
        currency: Currency.optional(),
      }),
    ),
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
export const periodEvents = [PeriodOpened, PeriodCutOff, PeriodClosed] as const;
export type PeriodEvent = EventsOf<typeof periodEvents>;
