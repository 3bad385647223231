import type { ChargeLine, JobEvent } from "../../events/catalog/job.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { jobKinds } from "../job-kinds.ts";
import type { AwardBalance, Charged } from "../settlement/award-balance.ts";
import { refundableOf, withinValue } from "../settlement/charges.ts";
import { correction } from "../settlement/correction.ts";
import { gangLines, proportionLines } from "../settlement/fewer-cards.ts";
import { periodOf, slotOf } from "../time.ts";
import { displaceWhole } from "./displacement.ts";
import {
  balancesOf,
  foldKnown,
  inForce,
  type KnownJob,
  type Placement,
  placementOf,
  slotsReported,
} from "./state.ts";

type Report = Extract<JobEvent, { type: "JobMetered" }>;

/**
 * Row 12: what follows from a report of fewer cards than awarded. A gang is displaced from the first such slot on; a
 * divisible job and a service go on, and their charges to come say how much was delivered. What was charged already is
 * amended by corrections in the period that is open.
 */
export function ofFewerCards(job: KnownJob, report: Report, at: number): JobEvent[] {
  const { usage, cards, placement: id } = report.data;
  if (cards === undefined) return [];
  const next = foldKnown(job, [report]);
  const placement = placementOf(next, id);
  if (placement === undefined) return [];
  const slots = newlyShort(job, next, placement, report);
  const [slot] = slots;
  if (slot === undefined) return [];
  const late: LateReport = { report, at, center: usage.center };
  if (jobKinds[job.request.spec.kind].takesFewer)
    return corrected(next, placement, late, (balance, charged, refundable) => {
      const before = balanceIn(job, balance);
      return before === undefined
        ? []
        : proportionLines(before, balance, charged, { center: usage.center, refundable });
    });
  const faults = { centers: [usage.center], slot, at, fewerCards: true } as const;
  const isRunning = inForce(next)?.id === id;
  const ends = isRunning ? displaceWhole(next, placement, faults, "fewerCards") : [];
  // A run that is over did go on: only the slots that were told are lost. Of one that is displaced all that follow are.
  const isLost = (other: number) => (isRunning ? other >= slot : slots.includes(other));
  const amends = corrected(foldKnown(next, ends), placement, late, (balance, charged, refundable) => {
    const lost = range(Math.max(charged.from, balance.award.from), charged.to).filter(isLost);
    return gangLines(balance, charged, lost, { center: usage.center, refundable });
  });
  return [...ends, ...amends];
}

/** Slots of a report of which nobody knew that a center had too few cards; of a gang those of which none was known. */
function newlyShort(job: KnownJob, next: KnownJob, placement: Placement, { data }: Report): number[] {
  const { center } = data.usage;
  const { takesFewer } = jobKinds[job.request.spec.kind];
  const before = balancesOf(job, placement.id);
  const { from, to } = slotsReported(placement, data);
  return range(from, to).filter((slot) =>
    balancesOf(next, placement.id).some((balance, index) => {
      const known = before[index]?.short;
      if (balance.short.get(center)?.get(slot) === known?.get(center)?.get(slot)) return false;
      return takesFewer || ![...(known?.values() ?? [])].some((short) => short.has(slot));
    }),
  );
}

interface LateReport {
  readonly report: Report;
  readonly center: CenterId;
  readonly at: number;
}

type LinesFor = (balance: AwardBalance, charged: Charged, refundable: bigint) => readonly ChargeLine[];

/** A correction for each charge of delivered slots that has lines to amend it, one after another. */
function corrected(
  job: KnownJob,
  { id }: Placement,
  { report, center, at }: LateReport,
  linesFor: LinesFor,
): JobEvent[] {
  const { run, usage } = report.data;
  const period = periodOf(slotOf(at));
  let state = job;
  const events: JobEvent[] = [];
  for (const { award } of balancesOf(job, id))
    for (const [charge, charged] of chargesOfSlots(state, award.placement)) {
      const own = balancesOf(state, id);
      const balance = own.find((one) => one.award.placement === award.placement);
      if (balance === undefined) continue;
      const lines = withinValue(balance, linesFor(balance, charged, refundableOf(own)));
      if (lines.length === 0) continue;
      const { from, to } = charged;
      const correcting = {
        correction: `${charge}:late.${center}.${run}:${usage.to}`,
        corrects: charge,
        cause: "lateUsage",
        ...{ from, to, lines, period },
      } as const;
      const posted: JobEvent = { type: "CorrectionPosted", data: correction(balance, correcting) };
      events.push(posted);
      state = foldKnown(state, [posted]);
    }
  return events;
}

/** Charges of an award that are for delivered slots, oldest first. */
function chargesOfSlots(job: KnownJob, award: AwardBalance["award"]["placement"]): [string, Charged][] {
  const balance = job.balances.find((one) => one.award.placement === award);
  return [...(balance?.charges ?? [])].filter(([, { kind }]) => kind === "day" || kind === "end");
}

function balanceIn(job: KnownJob, { award }: AwardBalance): AwardBalance | undefined {
  return job.balances.find((one) => one.award.placement === award.placement);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
