import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import { AccountId, BasisPoints, Currency, DepositId, JobId, MillsText, OwnerId, Period } from "./values.ts";

// Streams `account-ID-PERIOD` and `deposit-ID`. Names and fields are storage format.

export const Hold = z.object({ job: JobId, stretch: z.int().min(1), mills: MillsText });
export type Hold = z.infer<typeof Hold>;

/** Absent: CNY. */
const currency = Currency.optional();

export const AccountOpened = defineEvent(
  "AccountOpened",
  1,
  "An account began a period with what the one before carried.",
  z.object({
    account: AccountId,
    owner: OwnerId,
    period: Period,
    /** Funds not held, in mills. */
    available: MillsText,
    holds: z.array(Hold),
    /** The period that carried into this one. */
    carriedFrom: Period.optional(),
    currency,
    /** Tax on top of what the account pays; absent: none. */
    taxRate: BasisPoints.optional(),
  }),
);
export const FundsDeposited = defineEvent(
  "FundsDeposited",
  1,
  "A deposit was credited.",
  z.object({ account: AccountId, deposit: DepositId, mills: MillsText, currency }),
);
export const FundsHeld = defineEvent(
  "FundsHeld",
  1,
  "Funds are held for one stretch of a job: the most that it can cost.",
  z.object({ account: AccountId, job: JobId, stretch: z.int().min(1), mills: MillsText }),
);
export const HoldRefused = defineEvent(
  "HoldRefused",
  1,
  "The account has not enough for the hold, or too many holds open.",
  z.object({
    account: AccountId,
    job: JobId,
    stretch: z.int().min(1),
    mills: MillsText,
    available: MillsText,
    /**
     * openHolds: it has as many holds open as an account may; overdrawn: it owes more than it has. Absent: funds are
     * missing.
     */
    reason: z.enum(["openHolds", "overdrawn"]).optional(),
  }),
);
export const HoldSettled = defineEvent(
  "HoldSettled",
  1,
  "A charge was paid out of a hold; what the charge lets go of returns to the funds available.",
  z.object({
    account: AccountId,
    job: JobId,
    stretch: z.int().min(1),
    charge: z.string(),
    /** Paid, in mills; negative: received. */
    paid: MillsText,
    released: MillsText,
  }),
);
export const HoldReleased = defineEvent(
  "HoldReleased",
  1,
  "A hold that nothing can be charged to any more was released whole.",
  z.object({
    account: AccountId,
    job: JobId,
    stretch: z.int().min(1),
    mills: MillsText,
    /** expired: no auction can use it any more; absent: it was let go of for another reason. */
    cause: z.enum(["expired"]).optional(),
  }),
);
export const FundsAdjusted = defineEvent(
  "FundsAdjusted",
  1,
  "An entry that no hold was taken for changed the funds available; they may fall below 0: overdrawn.",
  z.object({
    account: AccountId,
    /** Id of what it comes from, once each: an invoice or a correction. */
    adjustment: z.string().min(1),
    /** rounding: of an invoice to whole fen; correction: of an earlier charge. */
    cause: z.enum(["rounding", "correction"]),
    /** Positive: in the account's favour. */
    mills: MillsText,
    currency,
  }),
);
export const TaxRateSet = defineEvent(
  "TaxRateSet",
  1,
  "Jobs that the account requests from now on are taxed at another rate.",
  z.object({ account: AccountId, taxRate: BasisPoints }),
);
export const AccountCarried = defineEvent(
  "AccountCarried",
  1,
  "The account's period ended; its stream refuses everything from now on.",
  z.object({ account: AccountId, period: Period, to: Period, available: MillsText, holds: z.array(Hold) }),
);
export const accountEvents = [
  AccountOpened,
  FundsDeposited,
  FundsHeld,
  HoldRefused,
  HoldSettled,
  HoldReleased,
  FundsAdjusted,
  TaxRateSet,
  AccountCarried,
] as const;
export type AccountEvent = EventsOf<typeof accountEvents>;

export const DepositReceived = defineEvent(
  "DepositReceived",
  1,
  "Money came in for an account; the period in which it is credited is fixed here.",
  z.object({
    deposit: DepositId,
    account: AccountId,
    owner: OwnerId,
    mills: MillsText,
    period: Period,
    currency,
  }),
);
export const depositEvents = [DepositReceived] as const;
export type DepositEvent = EventsOf<typeof depositEvents>;
