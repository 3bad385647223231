import * as z from "zod";
import { Award } from "./award.ts";
import { defineEvent, type EventsOf } from "./definition.ts";
import {
  AccountId,
  BasisPoints,
  BreakId,
  Cards,
  CenterId,
  Framework,
  GroupId,
  Instant,
  JobId,
  LinkId,
  MillsText,
  OwnerId,
  Period,
  PlacementId,
  Price,
  ProductId,
  Region,
  Session,
  Slot,
} from "./values.ts";

// Stream `job-ID`. Names and fields are storage format.

/** What a tenant wants run, and its bid. */
export const JobSpec = z.object({
  name: z.string().max(200).default(""),
  session: Session,
  /**
   * block: an all-or-nothing gang; split: a gang that may span two centers; div: any whole number of cards; service:
   * from `floor` to `cards` cards of one pool in every slot of its window.
   */
  kind: z.enum(["block", "split", "div", "service"]),
  products: z
    .array(
      z.object({
        product: ProductId,
        limit: Price,
        /** Length of the first award on this product, where it differs from the job's `slots`. */
        slots: z.int().min(1).max(1680).optional(),
      }),
    )
    .min(1)
    .max(16),
  /** Of a service the ceiling. */
  cards: Cards,
  /** Of a service, and only of one: the fewest cards in any slot. */
  floor: Cards.optional(),
  /** Length of the first award in slots; a multiple of 10 in the forward session; of a service its whole window. */
  slots: z.int().min(1).max(1680),
  /** Window `[from, to)` of the first award. */
  from: Slot,
  to: Slot,
  /** Where the data lies; of a service the center next to its users. */
  home: CenterId,
  dataGB: z.int().min(0).max(10_000_000).default(0),
  /**
   * Slots before the start over which its data is moved in equal parts, a multiple of 10 in the forward session;
   * absent or 0: all of it in the first slot that the session sells of the award.
   */
  stageSlots: z.int().min(0).max(1680).optional(),
  regions: z.array(Region).max(64).optional(),
  frameworks: z.array(Framework).max(8).default([]),
  maxLatencyMs: z.number().min(0).max(10_000).optional(),
  split: z
    .object({
      chunk: Cards,
      bandwidthGbps: z.int().min(0).max(1_000_000),
      syncLatencyMs: z.number().min(0).max(10_000),
    })
    .optional(),
  /** Fen per card-hour up to which the job bids for its continuation; absent: it stops at its end. */
  extendLimit: Price.optional(),
  /** Longest time over all awards, in slots. */
  maxSlots: z.int().min(1).max(100_000),
  /** Restarts after the job's own failure inside its award. */
  retries: z.int().min(0).max(100).default(0),
  /** It takes cards that their center may reclaim with notice, too; absent: firm ones only. */
  reclaimable: z.boolean().optional(),
  /** Of the owner's jobs that name the same group at most one is awarded. */
  group: GroupId.optional(),
  /** Job of the same owner without whose award this one gets none, and at whose end it may start. */
  parent: JobId.optional(),
});
export type JobSpec = z.infer<typeof JobSpec>;

export const JobRequested = defineEvent(
  "JobRequested",
  1,
  "A tenant asked for a job to run and bid for it.",
  z.object({
    job: JobId,
    owner: OwnerId,
    account: AccountId,
    spec: JobSpec,
    /** The most that the first award can cost, in mills: what is held. */
    hold: MillsText,
    /** First slot after the end of a parent that had completed already. */
    parentEnd: Slot.optional(),
    /** Tax on top of what the job is charged, in its hold too; absent: none. */
    taxRate: BasisPoints.optional(),
  }),
);
export const JobAdmitted = defineEvent(
  "JobAdmitted",
  1,
  "Funds are held and the bid is in the book.",
  z.object({ job: JobId }),
);
export const JobRejected = defineEvent(
  "JobRejected",
  1,
  "The job did not enter the book.",
  z.object({ job: JobId, reason: z.string() }),
);
/** What the job's stream adds to an award. */
const awardInForce = {
  /** Funds held for the stretch, in mills; absent: what the request held. */
  hold: MillsText.optional(),
  /**
   * First slot that is paid for, where a late seal made the slots before it free; absent: the award's first, of staged
   * data the first in which some is moved.
   */
  paidFrom: Slot.optional(),
};
export const JobPlaced = defineEvent(
  "JobPlaced",
  1,
  "An auction awarded the job: an echo of the award, never its source.",
  z.object({ job: JobId, award: Award, ...awardInForce }),
);
export const JobAccepted = defineEvent(
  "JobAccepted",
  1,
  "A center accepted its part of the placement.",
  z.object({ job: JobId, placement: PlacementId, center: CenterId, at: Instant }),
);
export const JobStarted = defineEvent(
  "JobStarted",
  1,
  "A run of the placement began at a center; a gang's run has begun when it has at each of its centers.",
  z.object({
    job: JobId,
    placement: PlacementId,
    run: z.int().min(1),
    at: Instant,
    slot: Slot,
    /** Absent: at all centers of the placement. */
    center: CenterId.optional(),
  }),
);
export const Usage = z.object({
  center: CenterId,
  from: Instant,
  to: Instant,
  /** Metered, in whole card-seconds. */
  cardSeconds: z.int().min(0),
});
export type Usage = z.infer<typeof Usage>;
export const JobMetered = defineEvent(
  "JobMetered",
  1,
  "A center metered the run.",
  z.object({
    job: JobId,
    placement: PlacementId,
    run: z.int().min(1),
    usage: Usage,
    /** Fewest cards that the run had in the range, where it had fewer than awarded (row 12). */
    cards: z.int().min(0).max(1_000_000).optional(),
    /** Last instant from which the work can go on elsewhere. */
    checkpointAt: Instant.optional(),
  }),
);
export const JobContinued = defineEvent(
  "JobContinued",
  1,
  "An auction extended the running placement in the same pool.",
  z.object({ job: JobId, award: Award, ...awardInForce }),
);
export const JobBridged = defineEvent(
  "JobBridged",
  1,
  "The exchange was away at the end of a run, which went on in the same pool at its last spot price (row 14).",
  z.object({
    job: JobId,
    /** No auction gave it: `auction` is the last one before, and the slots are past but for the one that has begun. */
    award: Award,
    /** Funds held for the stretch, in mills. */
    hold: MillsText,
  }),
);
export const JobRunFailed = defineEvent(
  "JobRunFailed",
  1,
  "A run failed through the job's own fault; the placement stays in force for another attempt.",
  z.object({
    job: JobId,
    placement: PlacementId,
    run: z.int().min(1),
    at: Instant,
    detail: z.string().max(1000).default(""),
  }),
);
export const JobReduced = defineEvent(
  "JobReduced",
  1,
  "A divisible job lost one of its centers from `slot` on; the others go on.",
  z.object({
    job: JobId,
    placement: PlacementId,
    center: CenterId,
    at: Instant,
    /** First slot that the center no longer delivers. */
    slot: Slot,
    /** notAccepted, notStarted: silence, row 8. */
    cause: z.enum(["refused", "centerLost", "notAccepted", "notStarted"]),
    /** The exchange was away and could not hear it: nobody is at fault. */
    unheard: z.literal(true).optional(),
  }),
);
export const JobReclaimed = defineEvent(
  "JobReclaimed",
  1,
  "A center takes its cards back with notice: a gang ends before `slot`, a divisible job loses the center there.",
  z.object({
    job: JobId,
    placement: PlacementId,
    center: CenterId,
    at: Instant,
    /** First slot that is not delivered any more. */
    slot: Slot,
  }),
);
export const JobCompleted = defineEvent(
  "JobCompleted",
  1,
  "The job did what it was to do.",
  z.object({
    job: JobId,
    placement: PlacementId,
    run: z.int().min(1),
    at: Instant,
    /** First slot that is released: the one after the last that was touched. */
    slot: Slot,
  }),
);
export const JobFailed = defineEvent(
  "JobFailed",
  1,
  "The job ended without success, through its own or its tenant's fault.",
  z.object({
    job: JobId,
    placement: PlacementId,
    at: Instant,
    /** First slot that is released: the one after the last that was touched. */
    slot: Slot,
    /**
     * notStartable: market rules, row 6; jobFailed: row 7, retries used up; timeLimit: its awards ended, and it has
     * no extendLimit or no slots left to bid for; of a divisible job or a service its last run failed before that.
     */
    cause: z.enum(["notStartable", "jobFailed", "timeLimit"]),
    detail: z.string().max(1000).default(""),
  }),
);
export const JobDisplaced = defineEvent(
  "JobDisplaced",
  1,
  "The placement was given back from `slot` on and the remainder returned to the book, its place in ties kept.",
  z.object({
    job: JobId,
    placement: PlacementId,
    at: Instant,
    /** First slot that is no longer delivered. */
    slot: Slot,
    /**
     * refused: row 8; centerLost: rows 9, 10 and 13; continuationLost: row 5; notAccepted, notStarted: silence, row 8;
     * reclaimed: row 11; fewerCards: row 12.
     */
    cause: z.enum([
      "refused",
      "centerLost",
      "continuationLost",
      "notAccepted",
      "notStarted",
      "reclaimed",
      "fewerCards",
    ]),
    /** The center at fault, if one is. */
    center: CenterId.optional(),
    /** Where the work resumes. */
    checkpointAt: Instant.optional(),
  }),
);
export const JobCancelled = defineEvent(
  "JobCancelled",
  1,
  "The tenant withdrew the job; an award in force is released from `slot` on.",
  z.object({ job: JobId, at: Instant, slot: Slot, placement: PlacementId.optional() }),
);
/** Why a job leaves the book for good before its window has passed. */
export const Exclusion = z.object({
  /** groupAwarded: another job of its group was awarded; parentEnded: its parent ended, and did not complete. */
  cause: z.enum(["groupAwarded", "parentEnded"]),
  /** That other job, or the parent. */
  by: JobId,
});
export type Exclusion = z.infer<typeof Exclusion>;
export const JobExpired = defineEvent(
  "JobExpired",
  1,
  "No auction can award the job any more: its window passed, or `excluded` says what else happened.",
  z.object({ job: JobId, slot: Slot, excluded: Exclusion.optional() }),
);

/** One line of a charge: mills move from one account of the ledger to another. */
export const ChargeLine = z.object({
  /** What it is for; `row` names the line of the market rules' table of money. */
  kind: z.enum(["compute", "transfer", "link", "releaseFee", "credit", "penalty", "rent", "tax"]),
  row: z.int().min(1).max(15),
  from: z.string().min(1),
  to: z.string().min(1),
  mills: MillsText,
  center: CenterId.optional(),
  link: LinkId.optional(),
  cardSlots: z.int().min(0).optional(),
});
export type ChargeLine = z.infer<typeof ChargeLine>;
export const ChargePosted = defineEvent(
  "ChargePosted",
  1,
  "What a placement owes for a range of slots.",
  z.object({
    /** `PLACEMENT:KIND:FROM-TO`: a charge is posted once. */
    charge: z.string(),
    job: JobId,
    placement: PlacementId,
    stretch: z.int().min(1),
    account: AccountId,
    from: Slot,
    to: Slot,
    lines: z.array(ChargeLine).max(500),
    /** Sum of the lines that the tenant pays, less those that it receives, in mills. */
    tenantPays: MillsText,
    /** What may be released of the stretch's hold now, in mills. */
    releases: MillsText,
    /** No further charge can touch the stretch. */
    final: z.boolean(),
    period: Period,
  }),
);

export const CorrectionPosted = defineEvent(
  "CorrectionPosted",
  1,
  "An entry that amends a charge of a closed period, in the one that is open: the charge itself stays as it is.",
  z.object({
    correction: z.string().min(1),
    /** The charge that it corrects. */
    corrects: z.string().min(1),
    /**
     * lateUsage: a meter report that came after its period's close; resolution: finance resolved a break;
     * uncollectible: what a center owed the tenant for faults could not be had from it (row 15).
     */
    cause: z.enum(["lateUsage", "resolution", "uncollectible"]),
    job: JobId,
    placement: PlacementId,
    stretch: z.int().min(1),
    account: AccountId,
    from: Slot,
    to: Slot,
    lines: z.array(ChargeLine).max(500),
    /** Sum of the lines that the tenant pays, less those that it receives, in mills. */
    tenantPays: MillsText,
    period: Period,
    break: BreakId.optional(),
  }),
);

export const CorrectionRefused = defineEvent(
  "CorrectionRefused",
  1,
  "A correction that a break was resolved by does not fit what was charged by now: it will never be posted.",
  z.object({
    correction: z.string().min(1),
    corrects: z.string().min(1),
    job: JobId,
    break: BreakId,
    reason: z.string().max(1000),
    at: Instant,
  }),
);

export const jobEvents = [
  JobRequested,
  JobAdmitted,
  JobRejected,
  JobPlaced,
  JobAccepted,
  JobStarted,
  JobMetered,
  JobContinued,
  JobBridged,
  JobRunFailed,
  JobReduced,
  JobReclaimed,
  JobCompleted,
  JobFailed,
  JobDisplaced,
  JobCancelled,
  JobExpired,
  ChargePosted,
  CorrectionPosted,
  CorrectionRefused,
] as const;
export type JobEvent = EventsOf<typeof jobEvents>;
