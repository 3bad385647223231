import type * as z from "zod";
import type { Award } from "../../events/catalog/award.ts";
import type { BreakFound } from "../../events/catalog/break.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { CorrectionPosted, JobContinued, JobEvent, JobPlaced } from "../../events/catalog/job.ts";
import type {
  AccountId,
  CenterId,
  JobId,
  LinkId,
  MillsText,
  PayoutId,
  Period,
  PlacementId,
} from "../../events/catalog/values.ts";
import { mills, millsText } from "../money.ts";
import { ledgerAccounts } from "./accounts.ts";

// What the three-way match reads of the feed: one event in, its facts out, each under the key of what it is about. Facts
// are plain JSON, so a range of the feed can leave them by a hash of their keys, and another process can put them together.

/** Where an event stands in its stream: the order that facts are put in, whatever order the feed saw streams in. */
export interface EventPlace {
  readonly stream: string;
  readonly version: number;
  /** Market time of its commit, ISO 8601. */
  readonly time: string;
}

/** The echo of an award in its job's stream; the award itself comes from its auction, or from the bridge it is. */
export type Echo = Omit<z.infer<typeof JobPlaced.data> & z.infer<typeof JobContinued.data>, "award"> & {
  readonly award: PlacementId;
  readonly continues: boolean;
  /** The exchange was away: no auction gave it, and nobody could meter it at the time (row 14). */
  readonly bridged?: true;
};

/** What happened to a job, as its own stream has it, awards left out. */
export type JobFactEvent = Exclude<
  JobEvent,
  { type: "JobPlaced" | "JobContinued" | "JobBridged" | "CorrectionPosted" }
>;

type Correction = z.infer<typeof CorrectionPosted.data>;

/** Facts of `job:J`. */
type OfJob =
  | { readonly kind: "awarded"; readonly award: Award }
  | { readonly kind: "echo"; readonly echo: Echo }
  | { readonly kind: "job"; readonly event: JobFactEvent }
  | {
      readonly kind: "corrected";
      readonly correction: Correction;
    }
  | {
      readonly kind: "held" | "released";
      readonly account: AccountId;
      readonly stretch: number;
      readonly mills: MillsText;
    }
  | {
      readonly kind: "settled";
      readonly account: AccountId;
      readonly stretch: number;
      readonly charge: string;
      readonly paid: MillsText;
      readonly released: MillsText;
    }
  /** Carried only: slots of an award at a center whose outcome is known. */
  | {
      readonly kind: "decided";
      readonly award: PlacementId;
      readonly center: CenterId;
      readonly slots: readonly (readonly [from: number, to: number])[];
    };

/** Facts of `account:A`. */
type OfAccount =
  | { readonly kind: "opened" }
  | { readonly kind: "booked"; readonly subject: string; readonly mills: MillsText }
  /** A correction that changes what the account pays, and its entry in the account. */
  | ({ readonly kind: "due" } & Adjustment)
  | ({ readonly kind: "adjusted" } & Adjustment);

interface Adjustment {
  readonly correction: string;
  /** In the account's favour. */
  readonly mills: MillsText;
}

/** Facts of `center:C`. */
type OfCenter =
  | { readonly kind: "joined" }
  /** Lines of one charge or correction that the center receives, pays, or earns with a link. */
  | {
      readonly kind: "moved";
      readonly subject: string;
      readonly receives: MillsText;
      readonly pays: MillsText;
      readonly link?: LinkId;
    }
  /** Carried only: the sums of `moved` of a period, until its payout is stated. */
  | {
      readonly kind: "earnings";
      readonly period: Period;
      readonly receives: MillsText;
      readonly pays: MillsText;
      readonly links: Readonly<Record<string, MillsText>>;
    }
  | {
      readonly kind: "stated";
      readonly payout: PayoutId;
      readonly period: Period;
      readonly earned: MillsText;
      readonly owed: MillsText;
      readonly links: readonly { readonly link: LinkId; readonly mills: MillsText }[];
      readonly payable: MillsText;
    }
  | { readonly kind: "paid"; readonly payout: PayoutId; readonly mills: MillsText };

/** What the match found, without its id and the time at which it is recorded. */
export type FoundBreak = Omit<z.infer<typeof BreakFound.data>, "break" | "at"> & {
  /** What it is about: with the code and the period it makes the break's id. */
  readonly about: string;
};

export type MatchFact = {
  /** `job:J`, `account:A` or `center:C`. */
  readonly key: string;
  readonly place: EventPlace;
  /** Tells the facts of one event under one key apart. */
  readonly part: number;
} & (
  | OfJob
  | OfAccount
  | OfCenter
  /** Carried only: a break that what is missing would heal. */
  | { readonly kind: "open"; readonly found: FoundBreak }
);

export type FactBody = OfJob | OfAccount | OfCenter;

const jobKey = (job: JobId) => `job:${job}`;
const accountKey = (account: AccountId) => `account:${account}`;
const centerKey = (center: string) => `center:${center}`;

type Keyed = readonly [key: string, body: FactBody];

/** The facts of one event of the feed; most events have one or none. */
export function matchFactsOf(event: DomainEvent, place: EventPlace): readonly MatchFact[] {
  return bodiesOf(event).map(([key, body], part) => ({ key, place, part, ...body }));
}

function bodiesOf(event: DomainEvent): Keyed[] {
  switch (event.type) {
    case "AwardsPublished":
      return event.data.awards.map((award) => [jobKey(award.job), { kind: "awarded", award }]);
    case "JobPlaced":
    case "JobContinued": {
      const { award, ...rest } = event.data;
      const echo = { ...rest, award: award.placement, continues: event.type === "JobContinued" };
      return [[jobKey(event.data.job), { kind: "echo", echo }]];
    }
    case "JobBridged": {
      const { award, ...rest } = event.data;
      const echo = { ...rest, award: award.placement, continues: true, bridged: true } as const;
      return [
        [jobKey(award.job), { kind: "awarded", award }],
        [jobKey(award.job), { kind: "echo", echo }],
      ];
    }
    case "JobRequested":
    case "JobAdmitted":
    case "JobRejected":
    case "JobAccepted":
    case "JobStarted":
    case "JobMetered":
    case "JobRunFailed":
    case "JobReduced":
    case "JobReclaimed":
    case "JobCompleted":
    case "JobFailed":
    case "JobDisplaced":
    case "JobCancelled":
    case "JobExpired":
      return [[jobKey(event.data.job), { kind: "job", event }]];
    case "ChargePosted": {
      const { job, account, charge, tenantPays } = event.data;
      return [
        [jobKey(job), { kind: "job", event }],
        [accountKey(account), { kind: "booked", subject: charge, mills: tenantPays }],
        ...movedBy(charge, event.data.lines),
      ];
    }
    case "CorrectionPosted":
      return bodiesOfCorrection(event.data);
    default:
      return bodiesOfMoney(event);
  }
}

function bodiesOfCorrection(data: Correction): Keyed[] {
  const { job, account, correction, tenantPays } = data;
  const favour = millsText(-mills(tenantPays));
  return [
    [jobKey(job), { kind: "corrected", correction: data }],
    [accountKey(account), { kind: "booked", subject: correction, mills: tenantPays }],
    [accountKey(account), { kind: "due", correction, mills: favour }],
    ...movedBy(correction, data.lines),
  ];
}

/** Facts of accounts, centers and their payouts. */
function bodiesOfMoney(event: DomainEvent): Keyed[] {
  switch (event.type) {
    case "AccountOpened":
      return [[accountKey(event.data.account), { kind: "opened" }]];
    case "FundsDeposited": {
      const { account, deposit, mills: amount } = event.data;
      return [[accountKey(account), { kind: "booked", subject: deposit, mills: amount }]];
    }
    case "FundsHeld":
    case "HoldReleased": {
      const { account, job, stretch, mills: amount } = event.data;
      const kind = event.type === "FundsHeld" ? "held" : "released";
      const subject = `${job}/${stretch}`;
      return [
        [jobKey(job), { kind, account, stretch, mills: amount }],
        [accountKey(account), { kind: "booked", subject, mills: amount }],
      ];
    }
    case "HoldSettled": {
      const { account, job, stretch, charge, paid, released } = event.data;
      return [[jobKey(job), { kind: "settled", account, stretch, charge, paid, released }]];
    }
    case "FundsAdjusted": {
      const { account, adjustment, cause, mills: amount } = event.data;
      const booked: Keyed = [accountKey(account), { kind: "booked", subject: adjustment, mills: amount }];
      return cause === "correction"
        ? [booked, [accountKey(account), { kind: "adjusted", correction: adjustment, mills: amount }]]
        : [booked];
    }
    case "CenterJoined":
      return [[centerKey(event.data.center), { kind: "joined" }]];
    case "PayoutStated": {
      const { center, payout, period, earned, owed, links, payable } = event.data;
      return [[centerKey(center), { kind: "stated", payout, period, earned, owed, links, payable }]];
    }
    case "PayoutPaid": {
      const { center, payout, mills: amount } = event.data;
      return [[centerKey(center), { kind: "paid", payout, mills: amount }]];
    }
    default:
      return [];
  }
}

type Line = Correction["lines"][number];

/** What the lines of a charge move to and from centers; a link's earnings are those of the center that declared it. */
function movedBy(subject: string, lines: readonly Line[]): Keyed[] {
  const sums = new Map<string, { receives: bigint; pays: bigint; link?: LinkId }>();
  const add = (center: string, link: LinkId | undefined, receives: bigint, pays: bigint) => {
    const key = `${center}/${link ?? ""}`;
    const before = sums.get(key) ?? { receives: 0n, pays: 0n, ...(link === undefined ? {} : { link }) };
    sums.set(key, { ...before, receives: before.receives + receives, pays: before.pays + pays });
  };
  for (const line of lines) {
    const amount = mills(line.mills);
    const [to, from] = [ownerOf(line.to, line.link), ownerOf(line.from, line.link)];
    if (to !== undefined) add(to.center, to.link, amount, 0n);
    if (from !== undefined) add(from.center, from.link, 0n, amount);
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { receives, pays, link }]) => {
      const moved = { kind: "moved", subject, receives: millsText(receives), pays: millsText(pays) } as const;
      return [centerKey(key.slice(0, key.indexOf("/"))), link === undefined ? moved : { ...moved, link }];
    });
}

const centerPrefix = "center:";

/** The center behind an account of the ledger, if one is. */
function ownerOf(account: string, link: LinkId | undefined): { center: string; link?: LinkId } | undefined {
  if (account.startsWith(centerPrefix)) return { center: account.slice(centerPrefix.length) };
  if (link === undefined || account !== ledgerAccounts.link(link)) return undefined;
  return { center: link.slice(0, link.indexOf("~")), link };
}
