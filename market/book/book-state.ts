import type * as z from "zod";
import type { PoolPrice } from "../../events/catalog/auction.ts";
import type { Fill, LinkUse } from "../../events/catalog/award.ts";
import type { CenterJoined, LinkSpec } from "../../events/catalog/center.ts";
import type { JobSpec } from "../../events/catalog/job.ts";
import type { CapacityOffered } from "../../events/catalog/offer.ts";
import type {
  AccountId,
  CenterId,
  JobId,
  OfferId,
  OwnerId,
  PlacementId,
  Session,
} from "../../events/catalog/values.ts";
import type { Draw } from "../offer.ts";
import type { Reclaimed } from "../reclaimed.ts";

/** A center as the book needs it. */
export interface BookCenter {
  readonly spec: z.infer<typeof CenterJoined.data>;
  links: readonly LinkSpec[];
  lost: boolean;
  /** Its guarantee is not whole; absent, as in books of old: it is. */
  suspended?: boolean;
}

/** A center sells nothing while its lease has run out or it is suspended; what it has sold stands. */
export function isOnMarket(center: BookCenter | undefined): boolean {
  return center !== undefined && !center.lost && center.suspended !== true;
}

export type BookOffer = z.infer<typeof CapacityOffered.data>;

/** Cards of a home reserve that its center uses itself: they are not on sale, whatever becomes of the offer. */
export interface BookDraw extends Draw {
  readonly offer: OfferId;
  /** `CENTER/PRODUCT`. */
  readonly pool: string;
}

/** What an auction gave a job, as far as it still takes capacity. */
export interface BookAward {
  readonly placement: PlacementId;
  /** First award of the run that it belongs to. */
  readonly lease: PlacementId;
  readonly fills: readonly Fill[];
  readonly links: readonly LinkUse[];
  readonly to: number;
  /** First slot that the whole of it no longer takes. */
  cut?: number;
  /** The tenant ended it: what it gave back costs a fee unless it is sold again. */
  released?: boolean;
  /** The same for one center, which a divisible job went on without, or which took its cards back. */
  readonly cuts: Map<CenterId, number>;
  /** First slot of a gang's award that is not delivered, because a center of it took its cards back with notice. */
  until?: number;
}

/** The awards of a job that follow one another without a gap. */
export interface Lease {
  readonly id: PlacementId;
  readonly session: Session;
  /** First slot that is paid for. */
  from: number;
  /** End of its last award. */
  end: number;
  /** Centers and product of its last award. */
  centers: readonly CenterId[];
  product: string;
  /** End of its awards, if it ends before that because cards were taken back with notice: then it returns to the book. */
  awardedTo?: number;
}

export interface BookJob {
  readonly job: JobId;
  readonly owner: OwnerId;
  readonly account: AccountId;
  readonly spec: JobSpec;
  /** First slot after a parent that had completed before the job was requested. */
  readonly parentEnd?: number;
  /** Tax on top of what it is charged, in basis points; absent: none. */
  readonly taxRate?: number;
  /** open: in the book once funds are held; held back while a lease is in force. */
  phase: "requested" | "open" | "ended";
  /** Place of its admission in the feed: ties. 0: not admitted. */
  rank: number;
  window: { readonly from: number; readonly to: number };
  /** Number of its next award. */
  stretch: number;
  awardedSlots: number;
  /** Slots before the lease in force that count towards `maxSlots`. */
  usedBefore: number;
  lease?: Lease;
  awards: BookAward[];
  /** Mills held for stretches that no award has used yet. */
  readonly holds: Map<number, bigint>;
  /** Period of the account that last held or released them, by stretch: the feed keeps no order between two of them. */
  readonly heldIn: Map<number, string>;
  /** The account has held what the request asked for, or refused to. */
  answered?: boolean;
  /** Slot in which the account last refused a hold. */
  refusedAt?: number;
}

export interface EarlyHolds extends Pick<BookJob, "holds" | "heldIn"> {
  /** Absent: a book of old had them. */
  readonly account?: AccountId;
}

/** How a job ended, for jobs that name it as their parent. */
export interface JobEnd {
  /** First slot after its end; absent: it did not complete. */
  readonly completed?: number;
  /** Slot in which it was decided. */
  readonly decided: number;
}

/** The job of a group that was awarded. */
export interface GroupAward {
  readonly job: JobId;
  /** End of its last award: some time after it the name is free again. */
  readonly to: number;
}

/**
 * What auctions know: a fold of the feed and of the auctions' own streams. It is changed in place, for it is large and
 * every gate moves it on a little; `observePage` and `observeAuction` are the only ones who do.
 */
export interface BookState {
  /** Last page of the feed seen. */
  position: number;
  /** Last sealed auction seen. */
  auctions: number;
  readonly centers: Map<CenterId, BookCenter>;
  /** Offers that still sell. */
  readonly offers: Map<OfferId, BookOffer>;
  /** Draws whose slots have not all passed. */
  draws: readonly BookDraw[];
  /** The last slots `[from, to)` in a row in which an offer with a minimum run was sold, as far as they have passed. */
  readonly soldRuns: Map<OfferId, { readonly from: number; readonly to: number }>;
  /** Offers whose unsold rest left the market: they stand for what they had sold. */
  readonly withdrawn: Map<OfferId, BookOffer>;
  /** What centers took back of offers, open or withdrawn. */
  readonly reclaims: Map<OfferId, readonly Reclaimed[]>;
  /** Cards in working order by pool `CENTER/PRODUCT`, where a center reported them. */
  readonly working: Map<string, number>;
  /** Slot of that report, by pool: the feed keeps no order between the reports of two days. */
  readonly sensedIn: Map<string, number>;
  readonly jobs: Map<JobId, BookJob>;
  /**
   * Holds of jobs that are not in the book: their request has not been seen yet, for the feed keeps no order between an
   * account and a job, or they have left it.
   */
  readonly earlyHolds: Map<JobId, EarlyHolds>;
  /** Jobs that ended lately, or are the parent of one in the book. */
  readonly ends: Map<JobId, JobEnd>;
  /** Groups of which a job was awarded, by `OWNER/GROUP`. */
  readonly groups: Map<string, GroupAward>;
  /** Jobs admitted so far. */
  admitted: number;
  /** Slot of each session's last gate. */
  readonly gates: Map<Session, number>;
  /** Slot in which its auction was sealed or voided. */
  readonly sealedIn: Map<Session, number>;
  /** The session's auction that was voided and waits to be run again. */
  readonly voided: Map<Session, number>;
  /** What each session's last auction published: the next one begins its search for prices there. */
  readonly prices: Map<Session, readonly PoolPrice[]>;
}

export function initialBook(): BookState {
  return {
    position: 0,
    auctions: 0,
    centers: new Map(),
    offers: new Map(),
    draws: [],
    soldRuns: new Map(),
    withdrawn: new Map(),
    reclaims: new Map(),
    working: new Map(),
    sensedIn: new Map(),
    jobs: new Map(),
    earlyHolds: new Map(),
    ends: new Map(),
    groups: new Map(),
    admitted: 0,
    gates: new Map(),
    sealedIn: new Map(),
    voided: new Map(),
    prices: new Map(),
  };
}

export function poolId(center: string, product: string): string {
  return `${center}/${product}`;
}
