import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import { FeedPosition, Instant, MillsText, Period, Slot } from "./values.ts";

// Stream `period-ID`. Names and fields are storage format.

export const PeriodOpened = defineEvent(
  "PeriodOpened",
  1,
  "A settlement day began after a position of the feed.",
  z.object({ period: Period, from: Slot, to: Slot, afterPosition: FeedPosition }),
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
    totals: z.array(z.object({ account: z.string(), debit: MillsText, credit: MillsText })),
  }),
);
export const periodEvents = [PeriodOpened, PeriodClosed] as const;
export type PeriodEvent = EventsOf<typeof periodEvents>;
