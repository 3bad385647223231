import type { JobEvent } from "../../events/catalog/job.ts";
import type { CenterId, Period, PlacementId } from "../../events/catalog/values.ts";
import { jobKinds } from "../job-kinds.ts";
import { rules } from "../rules.ts";
import { type AwardBalance, endOf } from "../settlement/award-balance.ts";
import {
  charge,
  creditLines,
  deliveredLines,
  dueUpTo,
  type Fault,
  faultLines,
  type Posting,
  refundableOf,
  releaseFeeLines,
  releaseFeeMax,
  type SlotRange,
  withinValue,
} from "../settlement/charges.ts";
import { periodOf, periodStart, SLOTS_PER_DAY, slotAtOrAfter, slotOf, slotStart } from "../time.ts";
import type { ChargeRelease } from "./commands.ts";
import { readyPart } from "./readiness.ts";
import {
  balancesOf,
  inForce,
  type JobState,
  type KnownJob,
  lostOfPart,
  lostSlots,
  type Placement,
} from "./state.ts";

// Which charges an ending posts: one per award of the placement that money can still touch.

type Charge = Extract<JobEvent, { type: "ChargePosted" }>;

const post = (balance: AwardBalance, posting: Posting): Charge => ({
  type: "ChargePosted",
  data: charge(balance, { ...posting, lines: withinValue(balance, posting.lines) }),
});

/** Awards whose delivered slots are not all charged. */
function openBalances(job: KnownJob, placement: Placement): AwardBalance[] {
  return balancesOf(job, placement.id).filter((balance) => !balance.final && balance.feesTo === undefined);
}

/** A slot that a daily close has charged stays delivered. */
function deliveredIn(balance: AwardBalance, deliveredTo: number): number {
  return Math.min(balance.award.to, Math.max(balance.chargedTo, deliveredTo));
}

/**
 * The tenant ends the placement (rows 2, 3, 6, 7): delivered slots are charged, the rest is released and its largest
 * fee stays held until the waiver is known.
 */
export function chargesByTenant(
  job: KnownJob,
  placement: Placement,
  deliveredTo: number,
  row: number,
  at: number,
): Charge[] {
  return openBalances(job, placement).map((balance) => {
    const to = deliveredIn(balance, deliveredTo);
    const lines = deliveredLines(readyPart(job, balance), to, row);
    const keeps = releaseFeeMax(balance, to);
    return post(balance, { kind: "end", from: balance.chargedTo, to, lines, keeps, period: periodAt(at) });
  });
}

/** The awards ended in their time (row 5 where a continuation lost): all of their slots are charged. */
export function chargesByTime(job: KnownJob, placement: Placement, row: number, at: number): Charge[] {
  return openBalances(job, placement).map((balance) => endedInTime(job, balance, row, at));
}

function endedInTime(job: KnownJob, balance: AwardBalance, row: number, at: number): Charge {
  const to = endOf(balance);
  const lines = deliveredLines(readyPart(job, balance), to, row);
  return post(balance, { kind: "end", from: balance.chargedTo, to, lines, keeps: 0n, period: periodAt(at) });
}

/**
 * Cards were taken back with notice (row 11): delivered slots are charged, and nobody owes anything for the rest. Data
 * that were moved for cards of which none were delivered are not paid for, as in row 8.
 */
export function chargesOfReclaim(job: KnownJob, placement: Placement, slot: number, at: number): Charge[] {
  return openBalances(job, placement).map((balance) => {
    const end = Math.min(endOf(balance), slot);
    const to = end > balance.award.from ? Math.max(balance.chargedTo, end) : balance.chargedTo;
    const lines = deliveredLines(readyPart(job, balance), to, 11);
    return post(balance, {
      kind: "end",
      from: balance.chargedTo,
      to,
      lines,
      keeps: 0n,
      period: periodAt(at),
    });
  });
}

/** Awards of a continued placement that are over: charged now, so that their holds do not wait for the run's end. */
export function chargesOfEndedAwards(job: KnownJob, placement: Placement, at: number): Charge[] {
  return openBalances(job, placement)
    .filter((balance) => slotStart(endOf(balance)) <= at && endOf(balance) < placement.end)
    .map((balance) => endedInTime(job, balance, 3, at));
}

export interface CenterFaults {
  readonly centers: readonly CenterId[];
  /** First slot that is not delivered. */
  readonly slot: number;
  readonly at: number;
  /** A center had fewer cards than awarded, and said so afterwards (row 12). */
  readonly fewerCards?: true;
}

/** First slot that a placement does not deliver when a center fails now; its end at the latest. */
export function failedSlot(placement: Placement, at: number): number {
  return placement.ran
    ? Math.min(placement.end, Math.max(placement.from, slotOf(at)))
    : Math.min(placement.from, untouchedFrom(placement, at));
}

/** First slot of which a placement that ends now has taken nothing: before its start it may move data. */
export function untouchedFrom(placement: Placement, at: number): number {
  return Math.max(placement.takesFrom, slotAtOrAfter(at));
}

/** Centers end the placement (rows 8, 9, 10 and 13): nothing further will be charged. */
export function chargesByCenters(job: KnownJob, placement: Placement, faults: CenterFaults): Charge[] {
  const open = openBalances(job, placement);
  const current = currentOf(open, faults.slot);
  const lost = lostSlots(job, placement, faults.slot);
  return open.map((balance) => {
    // Row 8: of what never ran, the data that was moved is not paid for either.
    const to = placement.ran ? deliveredIn(balance, faults.slot) : balance.chargedTo;
    const row = faults.fewerCards === true ? 12 : placement.ran ? 9 : 8;
    const delivered = deliveredLines(readyPart(job, balance), to, row);
    const fault = faults.centers.flatMap((center) =>
      linesOfFault(job, placement, balance, { ...faults, center, lost }, balance === current),
    );
    const lines = [...delivered, ...fault];
    const period = periodAt(faults.at);
    return post(balance, { kind: "end", from: balance.chargedTo, to, lines, keeps: 0n, period });
  });
}

/** A divisible job goes on without a center: what that center owes, and is owed for the slot it failed in. */
export function chargesOfReduction(
  job: KnownJob,
  placement: Placement,
  center: CenterId,
  slot: number,
  at: number,
): Charge[] {
  const open = openBalances(job, placement);
  const current = currentOf(open, slot);
  const lost = lostOfPart(job, placement, { center, slot });
  return open.flatMap((balance) => {
    const fault = { centers: [center], center, slot, at, lost };
    const lines = linesOfFault(job, placement, balance, fault, balance === current);
    const from = Math.max(slot, balance.paidFrom);
    return lines.length === 0
      ? []
      : [
          post(balance, {
            kind: "reduce",
            from,
            to: balance.award.to,
            lines,
            keeps: "all",
            period: periodAt(at),
            center,
          }),
        ];
  });
}

/** The award in whose time a slot lies; credits for lost work are posted with it. */
function currentOf(balances: readonly AwardBalance[], slot: number): AwardBalance | undefined {
  return balances.findLast((balance) => balance.award.from <= slot) ?? balances[0];
}

function linesOfFault(
  job: KnownJob,
  placement: Placement,
  balance: AwardBalance,
  faults: CenterFaults & { readonly center: CenterId; readonly lost: SlotRange },
  isCurrent: boolean,
) {
  const { kind } = job.request.spec;
  const { divisible } = jobKinds[kind];
  // Of an award that begins later the first slot, of which nothing is metered yet.
  const slot = Math.max(faults.slot, balance.paidFrom, balance.chargedTo);
  const fault: Fault = {
    center: faults.center,
    slot,
    alone: faults.centers.length === 1,
    cardSeconds: divisible && placement.ran ? meteredIn(placement, faults.center, slot) : 0,
  };
  const now = slotOf(faults.at);
  // Until the report of fewer cards came, the other center of a split gang ran on for nothing.
  const from = faults.fewerCards === true ? Math.min(now, faults.slot) : now;
  const notice = { from, to: now + rules.splitNoticeSlots };
  const lines = faultLines(balance, kind, fault, notice);
  // One center bears the credit for all of a gang: the first of those at fault.
  const bears = isCurrent && (divisible || faults.center === faults.centers[0]);
  return bears ? [...lines, ...creditsOf(job, placement, faults)] : lines;
}

function creditsOf(
  job: KnownJob,
  placement: Placement,
  { center, slot, lost }: { readonly center: CenterId; readonly slot: number; readonly lost: SlotRange },
) {
  const balances = balancesOf(job, placement.id).map((balance) => readyPart(job, balance));
  const most = refundableOf(balances) + dueUpTo(balances, slot);
  return creditLines(balances, lost, center, jobKinds[job.request.spec.kind].divisible, most);
}

/** Card-seconds that a center metered in one slot; a usage across its bounds counts in proportion, rounded down. */
function meteredIn(placement: Placement, center: CenterId, slot: number): number {
  const from = slotStart(slot);
  const to = slotStart(slot + 1);
  return placement.recent
    .filter((usage) => usage.center === center && usage.to > usage.from)
    .map((usage) => {
      const inside = Math.max(0, Math.min(usage.to, to) - Math.max(usage.from, from));
      return Math.floor((usage.cardSeconds * inside) / (usage.to - usage.from));
    })
    .reduce((sum, seconds) => sum + seconds, 0);
}

/**
 * A continuation whose placement ended before its award arrived: given back whole, at the expense of whoever ended the
 * placement.
 */
export function chargesOfLateContinuation(
  job: KnownJob,
  placement: Placement,
  balance: AwardBalance,
  at: number,
): Charge[] {
  const from = balance.chargedTo;
  const period = periodAt(at);
  const whole = { kind: "end", from, to: from, period } as const;
  if (placement.ended === "tenant") {
    return [post(balance, { ...whole, lines: [], keeps: releaseFeeMax(balance, from) })];
  }
  const kind = job.request.spec.kind;
  const centers = placement.ended === "center" ? placement.faults : [];
  const notice = { from, to: from };
  const lines = centers.flatMap((center) =>
    faultLines(balance, kind, { center, slot: from, alone: centers.length === 1, cardSeconds: 0 }, notice),
  );
  return [post(balance, { ...whole, lines, keeps: 0n })];
}

/** The daily close: what the placement in force delivered before the end of the period. */
export function chargesOfDay(job: KnownJob, period: Period): Charge[] {
  const placement = inForce(job);
  if (placement === undefined || !placement.ran) return [];
  const end = periodStart(period) + SLOTS_PER_DAY;
  return openBalances(job, placement).flatMap((balance) => {
    const to = Math.min(end, endOf(balance));
    if (to <= balance.chargedTo) return [];
    const lines = deliveredLines(readyPart(job, balance), to, 3);
    const ended = to === endOf(balance) && endOf(balance) < placement.end;
    return [
      post(balance, {
        kind: ended ? "end" : "day",
        from: balance.chargedTo,
        to,
        lines,
        keeps: ended ? 0n : "all",
        period,
      }),
    ];
  });
}

/** Released slots of an award before `before` that no fee was charged for yet; undefined: there are none. */
export function releasedSlots(
  job: JobState,
  placement: PlacementId,
  before: number,
): { readonly balance: AwardBalance; readonly from: number; readonly to: number } | undefined {
  if (job.phase === "unknown") return undefined;
  const balance = job.balances.find((candidate) => candidate.award.placement === placement);
  if (balance?.feesTo === undefined || balance.final) return undefined;
  const to = Math.min(before, endOf(balance));
  return balance.feesTo < to ? { balance, from: balance.feesTo, to } : undefined;
}

/** Row 2: the fee on released slots, now that it is known what of them was sold again. */
export function chargesOfRelease(job: KnownJob, { placement, before, waiver, at }: ChargeRelease): Charge[] {
  const released = releasedSlots(job, placement, before);
  if (released === undefined) return [];
  const { balance, from, to } = released;
  const lines = releaseFeeLines(balance, from, to, waiver);
  const keeps = to === endOf(balance) ? 0n : releaseFeeMax(balance, to);
  return [post(balance, { kind: "release", from, to, lines, keeps, period: periodAt(at) })];
}

function periodAt(at: number): Period {
  return periodOf(slotOf(at));
}
