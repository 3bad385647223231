import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { ScenarioFile } from "./scenario-file.ts";
import {
  DAY_SECONDS,
  readyAt,
  type ScenarioJob,
  SLOT_SECONDS,
  SLOTS_PER_DAY,
  type Workload,
} from "./scenario-job.ts";
import { parseTrace, traceRows } from "./trace.ts";
import { sampled, traceJobs } from "./trace-jobs.ts";
import { workloadJobs } from "./workload-jobs.ts";

/** The scenario that `npm start` replays. */
export const DEFAULT_SCENARIO = resolve(import.meta.dirname, "day.json");

export type Offer = Readonly<{
  /** `CENTER-PRODUCT-STEP`: unique, fit for an Idempotency-Key. */
  key: string;
  center: string;
  product: string;
  cards: number;
  /** Fen per card-hour, energy not included. */
  reserve: number;
  /** Slots from the opening, `[from, to)`: to the end of the horizon, for awards and continuations outlive the day. */
  from: number;
  to: number;
}>;

/** A scenario ready for replay: plain data, the same in every process. */
export type Scenario = Readonly<
  Pick<
    ScenarioFile,
    "name" | "marketDay" | "products" | "centers" | "links" | "deposit" | "failures" | "shortages"
  > & {
    /** Settlement days that are replayed, from marketDay on. */
    days: number;
    tenants: ScenarioFile["tenants"];
    offers: readonly Offer[];
    /** By arrival, then key; within the opening by submission. */
    jobs: readonly ScenarioJob[];
  }
>;

function offersOf(file: ScenarioFile, days: number): Offer[] {
  return file.centers.flatMap((center) =>
    center.offers.map((step, n) => ({
      key: `${center.center}-${step.product}-${n + 1}`,
      center: center.center,
      product: step.product,
      cards: step.cards,
      reserve: step.reserve,
      from: 0,
      to: (days + file.horizonDays) * SLOTS_PER_DAY,
    })),
  );
}

/** Builds a scenario of `days` days from a file's content and its trace's CSV text. */
export function buildScenario(file: ScenarioFile, traceCsv: string, days: number): Scenario {
  const trace = traceJobs(file, parseTrace(traceRows(traceCsv)), days);
  // Array.sort is stable: what runs at the opening keeps the order of its submission.
  const jobs = [...trace, ...workloadJobs(file, days)].sort((a, b) => a.arrival - b.arrival);
  const { name, marketDay, products, centers, links, tenants, deposit, failures, shortages } = file;
  return {
    name,
    marketDay,
    days,
    products,
    centers,
    links,
    tenants,
    deposit,
    failures,
    shortages,
    offers: offersOf(file, days),
    jobs,
  };
}

/**
 * Reads a scenario's file (JSON) and the trace beside it.
 * @throws Error naming the file, and of a scenario's file each field at fault
 */
export function loadScenario(path: string = DEFAULT_SCENARIO, days = 1): Scenario {
  const { file, trace } = readScenario(path);
  return within(path, () => buildScenario(file, trace, days));
}

/**
 * Tells a scenario from every other, wherever its file lies and whatever it is called: SHA-256 of the file and its trace.
 * @throws Error as {@link loadScenario}
 */
export function scenarioDigest(path: string): string {
  const { text, trace } = readScenario(path);
  return createHash("sha256").update(text).update("\0").update(trace).digest("hex");
}

/** What a scenario is made from. */
function readScenario(path: string): { text: string; file: ScenarioFile; trace: string } {
  const text = within(path, () => readFileSync(path, "utf8"));
  const content: unknown = within(path, () => JSON.parse(text));
  const parsed = ScenarioFile.safeParse(content);
  if (!parsed.success) throw new Error(`${path} is no scenario:\n${z.prettifyError(parsed.error)}`);
  const file = parsed.data;
  const trace = resolve(dirname(path), file.trace.file);
  return { text, file, trace: within(`${path}, /trace/file`, () => readFileSync(trace, "utf8")) };
}

/** What is done about a file; an error says which. */
function within<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/**
 * The scenario with about `count` trace jobs, chosen by a hash of their keys; the other workloads keep the same share
 * of their jobs, and at least one each. `count` at or above what there is changes nothing.
 */
export function takeJobs(scenario: Scenario, count: number): Scenario {
  const byWorkload = Map.groupBy(scenario.jobs, (job): Workload => job.workload);
  const traced = byWorkload.get("trace")?.length ?? 0;
  if (count >= traced) return scenario;
  const kept = new Set(
    [...byWorkload].flatMap(([workload, jobs]) => {
      const share = workload === "trace" ? count : Math.max(1, Math.round((jobs.length * count) / traced));
      return sampled(jobs, share).map((job) => job.key);
    }),
  );
  return { ...scenario, jobs: scenario.jobs.filter((job) => kept.has(job.key)) };
}

/** Milliseconds since the Unix epoch at which the scenario opens: its first day's midnight in Asia/Shanghai. */
export function openingMs(scenario: Pick<Scenario, "marketDay">): number {
  return Date.parse(`${scenario.marketDay}T00:00:00+08:00`);
}

/** Card-hours demanded in the scenario's days, if every job ran from when it may, for as long as it really takes. */
export function cardHoursDemanded(scenario: Scenario): number {
  const end = scenario.days * DAY_SECONDS;
  return scenario.jobs.reduce((sum, job) => {
    const ready = readyAt(job);
    return sum + (Math.max(0, Math.min(end, ready + job.durationSeconds) - ready) * job.bid.cards) / 3600;
  }, 0);
}

/** Card-hours offered in the scenario's days. */
export function cardHoursOffered(scenario: Scenario): number {
  const end = (scenario.days * DAY_SECONDS) / SLOT_SECONDS;
  return scenario.offers.reduce(
    (sum, offer) =>
      sum + (offer.cards * Math.max(0, Math.min(end, offer.to) - offer.from) * SLOT_SECONDS) / 3600,
    0,
  );
}
