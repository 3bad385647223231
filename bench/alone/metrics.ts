import { nearestRank } from "../../agent/scenario/estimates.ts";
import type { Offer, Scenario } from "../../agent/scenario/scenario.ts";
import type { Center, Product } from "../../agent/scenario/scenario-file.ts";
import { endsWithTime, readyAt, type ScenarioJob, SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";

/**
 * What a replay came to, computed by the same functions for the network and for lone centers. All times are seconds
 * from the scenario's opening.
 */

/** Cards in use at one center over `[from, to)`. */
export type Segment = Readonly<{
  center: string;
  product: string;
  cards: number;
  from: number;
  to: number;
  /** End of the work that was kept: `to`, or the last checkpoint before an interruption. */
  usefulTo: number;
}>;

export type JobState =
  /** It ended with its work done (a divisible one: with its window). */
  | "completed"
  /** It was in use at the end of the replay. */
  | "running"
  /** It could have run but was not running at the end: not yet started, or on its way back. */
  | "waiting"
  /** No center that it may use is large enough. */
  | "neverFits"
  /** It ended without its work done. */
  | "failed";

export type JobOutcome = Readonly<{
  job: ScenarioJob;
  state: JobState;
  /** First start; absent if it never ran. */
  startedAt?: number;
  /** When it completed. */
  endedAt?: number;
  /** Times that it lost its place while running. */
  interruptions: number;
  segments: readonly Segment[];
}>;

/** Of a list of figures; all undefined if there are none. */
export type Spread = Readonly<{ p50?: number; mean?: number; p95?: number }>;

export type CenterFigures = Readonly<{
  center: string;
  cardHours: number;
  offered: number;
  utilisation: number;
}>;

export type Figures = Readonly<{
  jobs: number;
  /** Started at least once. */
  placed: number;
  completed: number;
  running: number;
  waiting: number;
  neverFits: number;
  failed: number;
  /** Lost their place while running. */
  displaced: number;
  /** Of these, running again or completed. */
  recovered: number;
  cardHours: number;
  /** Card-hours of work that an interruption lost. */
  lostCardHours: number;
  utilisation: number;
  centers: readonly CenterFigures[];
  /** Seconds from when a job may run to its first start; for one that never started, to the end: a lower bound. */
  wait: Spread;
  /** Bounded slowdown; for jobs that had not ended, a lower bound. */
  slowdown: Spread;
  energyKwh: number;
  co2Kg: number;
  energyMills: number;
  /** What the centers ask for the cards used, cheapest steps first. */
  reserveMills: number;
  /** Peak FP16 EFLOPS times hours of kept work. */
  eflopHours: number;
  kwhPerEflopHour?: number;
  /** Energy and reserve, CNY. */
  cnyPerEflopHour?: number;
}>;

/** Jobs shorter than this count as so long, lest a minute's wait look like a catastrophe (seconds). */
export const SLOWDOWN_BOUND = 600;

/** max(1, (wait + run) / max(run, 10 min)), in seconds. */
export function boundedSlowdown(waitSeconds: number, runSeconds: number): number {
  return Math.max(1, (waitSeconds + runSeconds) / Math.max(runSeconds, SLOWDOWN_BOUND));
}

/** Median, mean and 95th percentile (nearest rank). */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return {};
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { p50: nearestRank(values, 50), mean, p95: nearestRank(values, 95) };
}

/** Wait of a job at the end of a replay of `end` seconds; undefined if it has none to speak of. */
export function waitOf(outcome: JobOutcome, end: number): number | undefined {
  const ready = readyAt(outcome.job);
  if (endsWithTime(outcome.job) || outcome.state === "neverFits" || ready >= end) return undefined;
  return Math.max(0, (outcome.startedAt ?? end) - ready);
}

/** Bounded slowdown of a job, waits after interruptions and repeated work included. */
export function slowdownOf(outcome: JobOutcome, end: number): number | undefined {
  const wait = waitOf(outcome, end);
  if (wait === undefined || outcome.state === "failed") return undefined;
  const run = outcome.job.durationSeconds;
  const ready = readyAt(outcome.job);
  const turnaround =
    outcome.endedAt === undefined ? Math.max(wait + run, end - ready) : outcome.endedAt - ready;
  return boundedSlowdown(Math.max(0, turnaround - run), run);
}

type Energy = Readonly<{ kwh: number; mills: number; co2Kg: number }>;

/** PUE x kW x card-hours of a segment, its cost by the hour of the day and its emissions. */
export function energyOf(segment: Segment, center: Center, product: Product): Energy {
  const kw = segment.cards * product.kw * center.pue;
  let mills = 0;
  for (let at = segment.from; at < segment.to; ) {
    const next = Math.min(segment.to, (Math.floor(at / 3600) + 1) * 3600);
    mills += ((kw * (next - at)) / 3600) * (center.energy[Math.floor(at / 3600) % 24] ?? 0);
    at = next;
  }
  const kwh = (kw * (segment.to - segment.from)) / 3600;
  return { kwh, mills, co2Kg: (kwh * center.gridFactor) / 1000 };
}

/** Mills asked per hour for so many cards of a pool, cheapest steps first; cards beyond the offers cost nothing. */
function reservePerHour(steps: readonly Offer[], cards: number): number {
  let left = cards;
  let fen = 0;
  for (const step of steps) {
    const taken = Math.min(left, step.cards);
    fen += taken * step.reserve;
    left -= taken;
  }
  return fen * 10;
}

/** What the center of a pool asks for its use, in mills: the use at each instant stacked on the steps of its offers. */
export function reserveMillsOf(segments: readonly Segment[], offers: readonly Offer[]): number {
  const steps = [...offers].sort((a, b) => a.reserve - b.reserve);
  const changes = segments
    .flatMap((each) => [
      { at: each.from, cards: each.cards },
      { at: each.to, cards: -each.cards },
    ])
    .sort((a, b) => a.at - b.at);
  let mills = 0;
  let used = 0;
  let before = 0;
  for (const change of changes) {
    mills += (reservePerHour(steps, used) * (change.at - before)) / 3600;
    used += change.cards;
    before = change.at;
  }
  return mills;
}

/** Largest number of cards in use at once. */
export function peakUse(segments: readonly Segment[]): number {
  const changes = segments
    .flatMap((each) => [
      { at: each.from, cards: each.cards },
      { at: each.to, cards: -each.cards },
    ])
    // What ends frees its cards for what begins at the same instant.
    .sort((a, b) => a.at - b.at || a.cards - b.cards);
  let used = 0;
  return changes.reduce((peak, change) => {
    used += change.cards;
    return Math.max(peak, used);
  }, 0);
}

function hours(segment: Segment): number {
  return ((segment.to - segment.from) * segment.cards) / 3600;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

/** Segments as far as they lie before `end`. */
function clipped(segments: readonly Segment[], end: number): Segment[] {
  return segments
    .filter((each) => each.from < end)
    .map((each) => ({ ...each, to: Math.min(each.to, end), usefulTo: Math.min(each.usefulTo, end) }));
}

function centerFigures(scenario: Scenario, segments: readonly Segment[], end: number): CenterFigures[] {
  return scenario.centers.map(({ center }) => {
    const offers = scenario.offers.filter((each) => each.center === center);
    const span = (each: Offer) => Math.min(end, each.to * SLOT_SECONDS) - each.from * SLOT_SECONDS;
    const offered = sum(offers, (each) => (each.cards * Math.max(0, span(each))) / 3600);
    const cardHours = sum(
      segments.filter((each) => each.center === center),
      hours,
    );
    return { center, cardHours, offered, utilisation: offered === 0 ? 0 : cardHours / offered };
  });
}

function energyFigures(scenario: Scenario, segments: readonly Segment[]) {
  const centers = new Map(scenario.centers.map((each) => [each.center, each]));
  const products = new Map(scenario.products.map((each) => [each.product, each]));
  const energies = segments.map((segment) => {
    const [center, product] = [centers.get(segment.center), products.get(segment.product)];
    if (center === undefined || product === undefined) {
      throw new Error(`a segment at ${segment.center}/${segment.product}, which the scenario does not have`);
    }
    return {
      ...energyOf(segment, center, product),
      eflopHours:
        (Math.max(0, segment.usefulTo - segment.from) * segment.cards * product.tflops) / 3600 / 1e6,
    };
  });
  return {
    energyKwh: sum(energies, (each) => each.kwh),
    co2Kg: sum(energies, (each) => each.co2Kg),
    energyMills: sum(energies, (each) => each.mills),
    eflopHours: sum(energies, (each) => each.eflopHours),
  };
}

function reserveFigure(scenario: Scenario, segments: readonly Segment[]): number {
  const pools = scenario.centers.flatMap(({ center, pools }) =>
    pools.map(({ product }) => ({ center, product })),
  );
  return sum(pools, ({ center, product }) => {
    const here = (each: { center: string; product: string }) =>
      each.center === center && each.product === product;
    return reserveMillsOf(segments.filter(here), scenario.offers.filter(here));
  });
}

/** All figures of a replay's first `end` seconds (the scenario's days). */
export function figuresOf(scenario: Scenario, outcomes: readonly JobOutcome[], end: number): Figures {
  const segments = clipped(
    outcomes.flatMap((each) => each.segments),
    end,
  );
  const count = (state: JobState) => outcomes.filter((each) => each.state === state).length;
  const displaced = outcomes.filter((each) => each.interruptions > 0);
  const centers = centerFigures(scenario, segments, end);
  const energy = energyFigures(scenario, segments);
  const reserveMills = reserveFigure(scenario, segments);
  const cardHours = sum(segments, hours);
  const useful = sum(segments, (each) => (Math.max(0, each.usefulTo - each.from) * each.cards) / 3600);
  const offered = sum(centers, (each) => each.offered);
  const perEflop = (value: number) => (energy.eflopHours === 0 ? undefined : value / energy.eflopHours);
  return {
    jobs: outcomes.length,
    placed: outcomes.filter((each) => each.startedAt !== undefined).length,
    completed: count("completed"),
    running: count("running"),
    waiting: count("waiting"),
    neverFits: count("neverFits"),
    failed: count("failed"),
    displaced: displaced.length,
    recovered: displaced.filter((each) => each.state === "completed" || each.state === "running").length,
    cardHours,
    lostCardHours: cardHours - useful,
    utilisation: offered === 0 ? 0 : cardHours / offered,
    centers,
    wait: spreadOf(outcomes.map((each) => waitOf(each, end)).filter((each) => each !== undefined)),
    slowdown: spreadOf(outcomes.map((each) => slowdownOf(each, end)).filter((each) => each !== undefined)),
    ...energy,
    reserveMills,
    kwhPerEflopHour: perEflop(energy.energyKwh),
    cnyPerEflopHour: perEflop((energy.energyMills + reserveMills) / 1000),
  };
}
