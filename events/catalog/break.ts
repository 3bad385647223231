import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import { ChargeLine } from "./job.ts";
import {
  AccountId,
  BreakId,
  CenterId,
  Instant,
  JobId,
  MillsText,
  Period,
  PlacementId,
  Slot,
} from "./values.ts";

// Stream `break-ID`. Names and fields are storage format.

/** What does not agree between award, usage, charge and money. */
export const BreakCode = z.enum([
  "usageWithoutAward",
  "awardWithoutUsage",
  "usageAboveAward",
  "missingSlots",
  "duplicateUsage",
  "lateUsage",
  "wrongPrice",
  "chargeWithoutAward",
  "awardWithoutCharge",
  "duplicateCharge",
  "chargeNotSettled",
  "holdNeverReleased",
  "payoutWithoutCharge",
  "orphanedAccount",
]);
export type BreakCode = z.infer<typeof BreakCode>;

export const BreakFound = defineEvent(
  "BreakFound",
  1,
  "The three-way match of a settlement day found a discrepancy.",
  z.object({
    /** Follows from what it is about: the same finding is the same break. */
    break: BreakId,
    code: BreakCode,
    period: Period,
    at: Instant,
    job: JobId.optional(),
    placement: PlacementId.optional(),
    center: CenterId.optional(),
    account: AccountId.optional(),
    /** Charge, hold, payout or whatever else it is about. */
    subject: z.string().optional(),
    from: Slot.optional(),
    to: Slot.optional(),
    /** What was expected and what was found: mills or card-seconds, as the code has it. */
    expected: z.string().optional(),
    found: z.string().optional(),
    /** What is at stake, in mills; 0: nothing that could be told. */
    mills: MillsText,
    detail: z.string().max(1000),
  }),
);
export const BreakAssigned = defineEvent(
  "BreakAssigned",
  1,
  "Somebody looks into a break.",
  z.object({ break: BreakId, assignee: z.string().min(1).max(200), at: Instant }),
);
export const BreakResolved = defineEvent(
  "BreakResolved",
  1,
  "A break was resolved.",
  z.object({
    break: BreakId,
    /**
     * corrected: a correction amends the charge; accepted: it stays as it is; explained: there was nothing wrong;
     * healed: what was missing arrived.
     */
    resolution: z.enum(["corrected", "accepted", "explained", "healed"]),
    note: z.string().max(1000).default(""),
    correction: z.string().optional(),
    /** What the correction is to say; absent: it was posted before this, or by somebody else. */
    amends: z.object({ charge: z.string().min(1), lines: z.array(ChargeLine).min(1).max(500) }).optional(),
    at: Instant,
  }),
);
export const BreakReopened = defineEvent(
  "BreakReopened",
  1,
  "The job refused the correction by which a break was resolved: it is open again.",
  z.object({ break: BreakId, correction: z.string().min(1), reason: z.string().max(1000), at: Instant }),
);
export const breakEvents = [BreakFound, BreakAssigned, BreakResolved, BreakReopened] as const;
export type BreakEvent = EventsOf<typeof breakEvents>;
