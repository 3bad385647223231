import type { Award } from "../../events/catalog/award.ts";
import type { ChargeLine, Exclusion, JobSpec, Usage } from "../../events/catalog/job.ts";
import type {
  AccountId,
  BreakId,
  CenterId,
  JobId,
  MillsText,
  OwnerId,
  Period,
  PlacementId,
} from "../../events/catalog/values.ts";
import type { Waiver } from "../settlement/charges.ts";
import type { KnownJob } from "./state.ts";

/** All commands carry the market's time, ms since the Unix epoch. Slots are read off it. */
interface Timed {
  readonly at: number;
}

/** What a center says about a run. `placement` is the id of the run's first award, continued or not. */
interface OfRun extends Timed {
  readonly placement: PlacementId;
  readonly center: CenterId;
  readonly run: number;
}

export interface Request extends Timed {
  readonly type: "Request";
  readonly job: JobId;
  readonly owner: OwnerId;
  readonly account: AccountId;
  readonly spec: JobSpec;
  /** Of its account, in basis points; absent: 0. */
  readonly taxRate?: number;
  /** What `spec.parent` names, as its own stream has it; absent: there is no such job. */
  readonly parent?: KnownJob;
}

/** The account holds what the request asked for. */
export interface Admit extends Timed {
  readonly type: "Admit";
  /** What is held, in mills: must be the request's. */
  readonly hold: MillsText;
}

/** The account refused the hold. */
export interface Reject extends Timed {
  readonly type: "Reject";
  readonly reason: string;
}

/**
 * Echoes an award into the job's stream. A job whose withdrawal was under way is placed and cancelled in one commit,
 * at the release fee.
 */
export interface Place extends Timed {
  readonly type: "Place";
  readonly award: Award;
  /** Held for this stretch, in mills. */
  readonly hold: MillsText;
}

/**
 * Echoes the award of a continuation. If the placement has ended meanwhile the award is recorded and given back: at
 * the release fee where the tenant ended it, at the center's penalty where a center did, else free.
 */
export interface Continue extends Timed {
  readonly type: "Continue";
  readonly award: Award;
  /** Held for this stretch, in mills. */
  readonly hold: MillsText;
}

/**
 * The exchange was away at the end of a run that could have gone on: it did, at the last spot price, within a hold that
 * was in force (row 14). Told before the first gate after that closes, by who follows the book.
 */
export interface Bridge extends Timed {
  readonly type: "Bridge";
  readonly award: Award;
  /** Held for this stretch, in mills. */
  readonly hold: MillsText;
}

/** A center says that its cards will be ready. */
export interface Accept extends Timed {
  readonly type: "Accept";
  readonly placement: PlacementId;
  readonly center: CenterId;
}

/** A center will not deliver, or not go on delivering: row 8, once started rows 9, 10 and 13 as well. */
export interface Refuse extends Timed {
  readonly type: "Refuse";
  readonly placement: PlacementId;
  readonly center: CenterId;
}

/** A run has begun at this center: `run` is the one in progress at another center, or the next number. */
export interface Start extends OfRun {
  readonly type: "Start";
}

/**
 * Usage of a run. A run that was superseded is recorded all the same and costs nobody anything; the caller asks
 * `isSuperseded` to answer 409.
 */
export interface Meter extends OfRun {
  readonly type: "Meter";
  readonly usage: Usage;
  /** Fewest cards that the run had in the range, where it had fewer than awarded (row 12). */
  readonly cards?: number;
  /** Last instant from which the work can go on elsewhere, ISO 8601. */
  readonly checkpointAt?: string;
}

/** How a run ended. The first center that says so speaks for all of the gang. */
export interface Finish extends OfRun {
  readonly type: "Finish";
  /**
   * completed: row 3; failed: row 7, another run may follow while `retries` last; notStartable: row 6, no run began
   * though the center was ready.
   */
  readonly outcome: "completed" | "failed" | "notStartable";
  readonly detail?: string;
  /** Instants (ms) between which the exchange was away until just now: a run whose usage ends in there ended with it. */
  readonly absence?: { readonly from: number; readonly to: number };
}

/** The tenant withdraws: row 1 before an award, row 2 after it. */
export interface Cancel extends Timed {
  readonly type: "Cancel";
}

/**
 * notAccepted, notStarted: the workflow asks at its deadline whether the silence goes on; before the deadline, or when
 * the center has spoken, nothing happens. centerLost: the center's lease ran out.
 */
export interface Displace extends Timed {
  readonly type: "Displace";
  readonly placement: PlacementId;
  readonly cause: "notAccepted" | "notStarted" | "centerLost";
  /** The center that was lost; silence finds the silent ones itself. */
  readonly center?: CenterId;
  /** The exchange was away while the silent ones could have spoken, and the placement is over: nobody is at fault. */
  readonly unheard?: true;
}

/**
 * A center takes its cards back with notice (row 11): the placement delivers what comes before `slot`, and a slot that
 * has begun. Told at a gate, by who follows the book.
 */
export interface Reclaim extends Timed {
  readonly type: "Reclaim";
  readonly placement: PlacementId;
  readonly center: CenterId;
  readonly slot: number;
}

/**
 * The workflow asks at the end of an award, when every auction that could continue it is sealed. Continued: the awards
 * that ended are charged. Else the placement ends: a gang with `extendLimit` and slots left is displaced and bids again
 * (row 5), one without has reached its time limit, a divisible job has had what it bought and is completed if it runs.
 */
export interface StretchEnded extends Timed {
  readonly type: "StretchEnded";
  readonly placement: PlacementId;
}

/**
 * No auction will look at the job's window any more, or at the job at all. `slot`: the gate's; the first slot it could
 * win is the next.
 */
export interface Expire extends Timed {
  readonly type: "Expire";
  readonly slot: number;
  /** Why the book shuts it out, whatever is left of its window. */
  readonly excluded?: Exclusion;
}

/** The daily close: charges what running awards delivered before the end of the period. */
export interface CloseDay extends Timed {
  readonly type: "CloseDay";
  readonly period: Period;
}

/**
 * Posts the fee on released slots before `before`, all of whose last gates have passed. What the waiver leaves out owes
 * it: who knows of no buyer must not make it free.
 */
export interface ChargeRelease extends Timed {
  readonly type: "ChargeRelease";
  /** The award's own id, a continuation's too. */
  readonly placement: PlacementId;
  readonly before: number;
  readonly waiver: Waiver;
}

/**
 * Finance amends a charge: what its lines move is added to what the charge and its corrections moved before. Nothing is
 * given back that was not paid, and no award costs its centers more penalties than it is worth. Posted once by its id.
 */
export interface Correct extends Timed {
  readonly type: "Correct";
  /** Id of the correction. */
  readonly id: string;
  readonly charge: string;
  readonly cause: "resolution" | "uncollectible";
  /** The break that it resolves, if it does one. */
  readonly break?: BreakId;
  readonly lines: readonly ChargeLine[];
}

/** Finance's correction was refused: it is refused for good, unless somebody posted it meanwhile. */
export interface RefuseCorrection extends Timed {
  readonly type: "RefuseCorrection";
  /** Id of the correction. */
  readonly id: string;
  readonly charge: string;
  readonly break: BreakId;
  readonly reason: string;
}

export type JobCommand =
  | Request
  | Admit
  | Reject
  | Place
  | Continue
  | Bridge
  | Accept
  | Refuse
  | Start
  | Meter
  | Finish
  | Cancel
  | Displace
  | Reclaim
  | StretchEnded
  | Expire
  | CloseDay
  | ChargeRelease
  | Correct
  | RefuseCorrection;
