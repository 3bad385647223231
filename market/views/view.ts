import * as z from "zod";
import type {
  AccountId,
  BreakId,
  CenterId,
  JobId,
  OfferId,
  OwnerId,
  PayoutId,
  ProductId,
} from "../../events/catalog/values.ts";

/** Key of an item of the table of views. */
export interface ViewKey {
  readonly pk: string;
  readonly sk: string;
}

/**
 * A change of one item. `patch` takes the item's data (undefined: there is none) and gives what it becomes (undefined:
 * it goes). It is applied once for each commit, in the feed's order, and only if the item has not seen the commit's page.
 */
export interface ViewChange extends ViewKey {
  patch(data: unknown): unknown;
  /** Whether `patch` looks at what it takes. */
  readonly reads: boolean;
}

/** A new item of a list whose items are numbered from 1, in the feed's order and without a gap. */
export interface ViewAppend {
  /** Partition of the list; the number is the sort key. */
  readonly list: string;
  item(number: number): unknown;
}

export type ViewEffect = ViewChange | ViewAppend;

/** How far a numbered list has come; `before`: how far it had come before the last page that added to it. */
export const ListCount = z.object({ before: z.int().min(0), count: z.int().min(0) });

/** Where an event stands. */
export interface At {
  readonly version: number;
  readonly position: number;
  /** Market time of the decision. */
  readonly time: string;
}

/** A change whose patch works on parsed data. */
export function change<Data>(
  key: ViewKey,
  schema: z.ZodType<Data>,
  patch: (data: Data | undefined) => Data | undefined,
): ViewChange {
  return {
    ...key,
    reads: true,
    patch: (data) => patch(data === undefined ? undefined : schema.parse(data)),
  };
}

/** Puts an item whatever was there. */
export function put<Data>(key: ViewKey, data: Data): ViewChange {
  return { ...key, reads: false, patch: () => data };
}

export function remove(key: ViewKey): ViewChange {
  return { ...key, reads: false, patch: () => undefined };
}

/** A number as text that sorts like it; up to 12 digits. */
export function sortable(number: number): string {
  return number.toString().padStart(12, "0");
}

/** Where each kind of item lies. */
export const viewKeys = {
  /** An offer; own item of its stream. */
  offer: (offer: OfferId): ViewKey => ({ pk: `offer#${offer}`, sk: "offer" }),
  /** Open offers of all, by last slot. */
  openOffer: (to: number, offer: OfferId): ViewKey => ({ pk: openOffersKey, sk: `${sortable(to)}#${offer}` }),
  /** An owner's offers, by when they were posted (UTC): a position would tell how much others did in between. */
  offerOf: (owner: OwnerId, time: string, offer: OfferId): ViewKey => ({
    pk: offersOf(owner),
    sk: `${time}#${offer}`,
  }),
  /** A job; own item of its stream. */
  job: (job: JobId): ViewKey => ({ pk: `job#${job}`, sk: "job" }),
  /** An owner's jobs, by when they were requested (UTC). */
  jobOf: (owner: OwnerId, time: string, job: JobId): ViewKey => ({
    pk: jobsOf(owner),
    sk: `${time}#${job}`,
  }),
  /** A placement that has not ended, by its lease. */
  placement: (lease: string): ViewKey => ({ pk: openPlacementsKey, sk: lease }),
  /** An award whose release is not charged to its end, by its own id. */
  release: (award: string): ViewKey => ({ pk: openReleasesKey, sk: award }),
  /** An item of a numbered list, from 1. */
  numbered: (list: string, number: number): ViewKey => ({ pk: list, sk: sortable(number) }),
  count: (list: string): ViewKey => ({ pk: `${list}#count`, sk: "count" }),
  center: (center: CenterId): ViewKey => ({ pk: centersKey, sk: center }),
  auction: (n: number): ViewKey => ({ pk: auctionsKey, sk: sortable(n) }),
  curves: (n: number): ViewKey => ({ pk: "curves", sk: sortable(n) }),
  prices: (center: CenterId, product: ProductId, period: string): ViewKey => ({
    pk: `prices#${center}/${product}`,
    sk: period,
  }),
  /** What the last sealed auction left of a pool; written by the auction itself. */
  supply: (center: CenterId, product: ProductId): ViewKey => ({
    pk: `supply#${center}/${product}`,
    sk: "left",
  }),
  /** How much of the feed the last sealed auction had seen; written by the auction itself, after all pools. */
  supplySeen: { pk: "supply", sk: "seen" },
  /** An offer that came or went at a place of the feed; auctions that have seen it remove it. */
  offerChange: (position: number, offer: OfferId, version: number): ViewKey => ({
    pk: offerChangesKey,
    sk: `${sortable(position)}#${offer}#${version}`,
  }),
  /** Where in the feed a charge was posted. */
  charge: (charge: string): ViewKey => ({ pk: `charge#${charge}`, sk: "charge" }),
  account: (account: string): ViewKey => ({ pk: accountsKey, sk: account }),
  ledger: (account: string, currency: string): ViewKey => ({ pk: ledgerKey, sk: `${account} ${currency}` }),
  ledgerOfDay: (period: string, account: string, currency: string): ViewKey => ({
    pk: ledgerOfDay(period),
    sk: `${account} ${currency}`,
  }),
  period: (period: string): ViewKey => ({ pk: periodsKey, sk: period }),
  /** A break of the match; own item of its stream. */
  break: (id: BreakId): ViewKey => ({ pk: `break#${id}`, sk: "break" }),
  /** The queue of breaks, and those that were resolved, by when they were found (UTC). */
  breakOf: (status: BreakStatus, at: string, id: BreakId): ViewKey => ({
    pk: breaksKey(status),
    sk: `${at}#${id}`,
  }),
  payout: (payout: PayoutId): ViewKey => ({ pk: `payout#${payout}`, sk: "payout" }),
  /**
   * What one auction answered to the bids of all jobs whose ids begin with the same letter, by job; written by the
   * auction itself.
   */
  answers: (job: JobId, auction: number): ViewKey => ({ pk: answersOf(job), sk: sortable(auction) }),
  /** The same for an auction of many bids: of jobs whose ids begin with the same three letters. */
  manyAnswers: (job: JobId, auction: number): ViewKey => ({ pk: sharedAnswers(job), sk: sortable(auction) }),
} as const;

export const openOffersKey = "offers";
export const offerChangesKey = "offerChanges";
/** Sorts behind all changes of a page, and before those of the next. */
export const afterChangesOf = (position: number) => `${sortable(position)}#~`;
export const offersOf = (owner: OwnerId) => `offers#${owner}`;
export const jobsOf = (owner: OwnerId) => `jobs#${owner}`;
export const openPlacementsKey = "placements";
export const openReleasesKey = "releases";
/** Numbered: changes of placements that a center has to act on. */
export const assignmentsOf = (center: CenterId) => `assignments#${center}`;
export const centersKey = "centers";
export const auctionsKey = "auctions";
export const accountsKey = "accounts";
export const ledgerKey = "ledger";
/** Turnover of one day only. */
export const ledgerOfDay = (period: string) => `ledger#${period}`;
export const periodsKey = "periods";
export type BreakStatus = "open" | "resolved";
export const breaksKey = (status: BreakStatus) => `breaks#${status}`;
/** Lists that an invoice is in, by day: of all, of its owner, of its account. */
export const invoicesKeys = (owner: OwnerId, account: AccountId) => [
  invoicesKey,
  invoicesOfOwner(owner),
  invoicesOfAccount(account),
];
export const invoicesKey = "invoices";
export const invoicesOfOwner = (owner: OwnerId) => `invoices#owner#${owner}`;
export const invoicesOfAccount = (account: AccountId) => `invoices#account#${account}`;
/** Lists that a payout is in, by day: of all, of its owner, of its center. */
export const payoutsKeys = (owner: OwnerId, center: CenterId) => [
  payoutsKey,
  payoutsOfOwner(owner),
  payoutsOfCenter(center),
];
export const payoutsKey = "payouts";
export const payoutsOfOwner = (owner: OwnerId) => `payouts#owner#${owner}`;
export const payoutsOfCenter = (center: CenterId) => `payouts#center#${center}`;
/** Corrections on the statements of `account:A` or `center:C`, by feed position. */
export const correctionsOf = (party: string) => `corrections#${party}`;
export const answersOf = (job: JobId) => `answers#${job.charAt(0).toLowerCase()}`;
export const sharedAnswers = (job: JobId) => `answers#${job.slice(0, 3).toLowerCase()}`;
