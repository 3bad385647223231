import type { Scenario } from "../../agent/scenario/scenario.ts";
import { DAY_SECONDS, readyAt } from "../../agent/scenario/scenario-job.ts";
import { marketCurrency } from "../../market/money.ts";
import { chart } from "../../market/settlement/accounts.ts";
import { type Ledger, turnoverOf } from "../../market/settlement/ledger.ts";
import { energyOf, figuresOf, type JobOutcome, type Segment, type Spread } from "../alone/metrics.ts";
import { type CarbonZone, carbonShape } from "./traces.ts";

/** Money of a month, in mills. */
export type Money = Readonly<{
  /** Net of what tenants paid, links and transfers included. */
  tenantsPay: number;
  /** Net of what centers earned with their cards. */
  centersGet: number;
}>;

/** What one system made of a month; computed by the same functions for all of them. */
export type Measures = Readonly<{
  jobs: number;
  completed: number;
  /** Too large for their home, or still without a start at the end. */
  neverStarted: number;
  utilisation: number;
  /** Seconds; jobs that never started count up to the end, those that can never fit are left out. */
  wait: Spread;
  slowdown: Spread;
  /** Share of the jobs whose deadline falls into the month that had completed by it. */
  byDeadline: number;
  cardHours: number;
  lostCardHours: number;
  kwhPerCardHour: number;
  /** Kilograms. */
  co2PerCardHour: number;
  energyMills: number;
  tenantsPay: number;
  centersGet: number;
  centers: readonly Readonly<{ center: string; utilisation: number }>[];
}>;

/** A job is late when it takes longer than an hour and twice its run time from when it may run (seconds). */
export function deadlineOf({ job }: JobOutcome): number {
  return readyAt(job) + 3600 + 2 * job.durationSeconds;
}

/** Share of the jobs due by `end` that were done when they were due. */
export function shareByDeadline(outcomes: readonly JobOutcome[], end: number): number {
  const due = outcomes.filter((outcome) => deadlineOf(outcome) <= end);
  const met = due.filter((outcome) => (outcome.endedAt ?? Number.POSITIVE_INFINITY) <= deadlineOf(outcome));
  return due.length === 0 ? 1 : met.length / due.length;
}

/** Whose daily shape a center's grid takes: Korea's in the north, Taiwan's in the south; its level is its province's. */
const zones: Readonly<Record<string, CarbonZone>> = { xian: "KR", beijing: "KR" };

/** Kilograms of CO2: each hour's energy at the province's factor times the shape of that hour. */
export function co2Of(scenario: Scenario, segments: readonly Segment[]): number {
  const shapes = { KR: carbonShape("KR"), TW: carbonShape("TW") };
  const products = new Map(scenario.products.map((each) => [each.product, each]));
  const totals = scenario.centers.map((center) => {
    const shape = shapes[zones[center.center] ?? "TW"];
    let sum = 0;
    for (const segment of segments) {
      const product = products.get(segment.product);
      if (segment.center !== center.center || product === undefined) continue;
      const { kwh } = energyOf(segment, center, product);
      sum += kwh * center.gridFactor * meanOver(shape, segment.from, segment.to);
    }
    return sum / 1000;
  });
  return totals.reduce((a, b) => a + b, 0);
}

/** Mean of an hourly shape of the day over `[from, to)`, in seconds from a midnight. */
export function meanOver(shape: readonly number[], from: number, to: number): number {
  const day = shape.reduce((a, b) => a + b, 0) * 3600;
  const upTo = (at: number) => {
    let sum = Math.floor(at / DAY_SECONDS) * day;
    const rest = at % DAY_SECONDS;
    for (let hour = 0; hour * 3600 < rest; hour++)
      sum += (shape[hour] ?? 0) * Math.min(3600, rest - hour * 3600);
    return sum;
  };
  return to > from ? (upTo(to) - upTo(from)) / (to - from) : 0;
}

/** Net of what the ledger says tenants paid and centers earned. */
export function moneyOf(ledger: Ledger): Money {
  let tenantsPay = turnoverOf(ledger, chart.bank).debit;
  let centersGet = 0n;
  for (const [account, { debit, credit }] of ledger.accounts.get(marketCurrency) ?? []) {
    if (account.startsWith("tenant:")) tenantsPay += debit - credit;
    if (account.startsWith("center:")) centersGet += credit - debit;
  }
  return { tenantsPay: Number(tenantsPay), centersGet: Number(centersGet) };
}

/** `money` absent: there is no market, and tenants pay what the centers ask, cheapest cards first, and the energy. */
export function measuresOf(
  scenario: Scenario,
  outcomes: readonly JobOutcome[],
  money: Money | undefined,
): Measures {
  const end = scenario.days * DAY_SECONDS;
  const figures = figuresOf(scenario, outcomes, end);
  const segments = outcomes
    .flatMap((each) => each.segments)
    .filter(({ from }) => from < end)
    .map((segment) => ({ ...segment, to: Math.min(segment.to, end) }));
  const asked = figures.reserveMills + figures.energyMills;
  const per = (value: number) => (figures.cardHours === 0 ? 0 : value / figures.cardHours);
  return {
    jobs: figures.jobs,
    completed: figures.completed,
    neverStarted: figures.jobs - figures.placed,
    utilisation: figures.utilisation,
    wait: figures.wait,
    slowdown: figures.slowdown,
    byDeadline: shareByDeadline(outcomes, end),
    cardHours: figures.cardHours,
    lostCardHours: figures.lostCardHours,
    kwhPerCardHour: per(figures.energyKwh),
    co2PerCardHour: per(co2Of(scenario, segments)),
    energyMills: figures.energyMills,
    ...(money ?? { tenantsPay: asked, centersGet: asked }),
    centers: figures.centers.map(({ center, utilisation }) => ({ center, utilisation })),
  };
}
