import { readFileSync } from "node:fs";
import { draw, drawLogUniform, drawWhole } from "../../agent/scenario/draw.ts";
import { estimateSeconds, type History, historyOf } from "../../agent/scenario/estimates.ts";
import { DEFAULT_SCENARIO, type Offer, type Scenario } from "../../agent/scenario/scenario.ts";
import { type Failure, ScenarioFile, type Tenant } from "../../agent/scenario/scenario-file.ts";
import {
  DAY_SECONDS,
  type ScenarioJob,
  SLOT_SECONDS,
  SLOTS_PER_DAY,
} from "../../agent/scenario/scenario-job.ts";
import { limitsByProduct } from "../../agent/scenario/trace-jobs.ts";
import { type Arrival, arrivalsOf, loadTrace, MOST_DAYS, type Trace, type TraceName } from "./traces.ts";

/**
 * A month of a trace on the centers, links, offers and prices of the default scenario (docs/scenario.md). What is added
 * to the trace is here and in docs/network.md.
 */
export type MonthOptions = Readonly<{
  trace: TraceName;
  /** Card-hours asked for, in percent of those offered. */
  load: number;
  /** 1 to 30. */
  days: number;
  /** Word that all draws depend on. */
  seed: string;
  /** Keeps so many jobs of the trace at most, by a hash of their keys. */
  jobs?: number;
}>;

export type Month = Readonly<{
  scenario: Scenario;
  /** Cards that one GPU of the trace stands for. */
  cardsPerGpu: number;
}>;

/** Mills: more than anybody spends in a month. Funds are not what this is about. */
const DEPOSIT = "2000000000000";
/** A job waits as long as the replay lasts, as it would in a batch system. */
const PATIENCE_SLOTS = MOST_DAYS * SLOTS_PER_DAY;
/** Every center is away once in 30 days for so long (the default scenario's outage takes 2 h 58 min). */
const OUTAGE_SECONDS = 3 * 3600;
/** Wide gangs of long jobs reserve in the forward session, as the page for tenants advises; all others bid in spot. */
const FORWARD_GPUS = 16;
const FORWARD_HOURS_MAX = 168;

/** Real time that an arrival takes within the month if it runs at once, seconds. */
function within({ arrival, seconds }: Arrival, days: number): number {
  return Math.min(seconds, days * DAY_SECONDS - arrival);
}

function cardsOf(gpus: number, cardsPerGpu: number): number {
  return Math.max(1, Math.round(gpus * cardsPerGpu));
}

/** The least scale, in thousandths, at which the arrivals ask for so many card-seconds. */
function scaleFor(arrivals: readonly Arrival[], days: number, cardSeconds: number): number {
  // Jobs of the same width stand together: their sum is all that counts.
  const byWidth = new Map<number, number>();
  for (const each of arrivals)
    byWidth.set(each.job.gpus, (byWidth.get(each.job.gpus) ?? 0) + within(each, days));
  const asked = (thousandths: number) =>
    [...byWidth].reduce((sum, [gpus, seconds]) => sum + cardsOf(gpus, thousandths / 1000) * seconds, 0);
  let low = 1;
  let high = 10_000_000;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (asked(middle) >= cardSeconds) high = middle;
    else low = middle + 1;
  }
  return low / 1000;
}

/**
 * A home for each virtual cluster: the one that asks for most first, each to the center that it leaves least loaded. So
 * homes are as even over the month as whole virtual clusters allow, with hindsight: the best that lone centers can hope for.
 */
export function homesOf(
  arrivals: readonly Arrival[],
  days: number,
  centers: Scenario["centers"],
): ReadonlyMap<string, string> {
  const demand = new Map<string, number>();
  for (const each of arrivals)
    demand.set(each.job.cluster, (demand.get(each.job.cluster) ?? 0) + each.job.gpus * within(each, days));
  const loads = centers.map(({ center, pools }) => ({
    center,
    cards: pools.reduce((sum, pool) => sum + pool.cards, 0),
    asked: 0,
  }));
  const homes = new Map<string, string>();
  for (const [cluster, asked] of [...demand].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))) {
    const after = (load: (typeof loads)[number]) => (load.asked + asked) / load.cards;
    const home = loads.reduce((best, load) => (after(load) < after(best) ? load : best));
    home.asked += asked;
    homes.set(cluster, home.center);
  }
  return homes;
}

/** Where PyTorch and the A100 are at home, tenants use it on either product; all others use MindSpore on Ascend. */
function tenantOf(cluster: string, home: string): Tenant {
  const either = home === "shanghai";
  return {
    tenant: `vc-${cluster}`,
    name: `Virtual cluster ${cluster}`,
    home,
    cluster,
    frameworks: [either ? "pytorch" : "mindspore"],
    products: either ? ["ascend910", "a100-80g"] : ["ascend910"],
  };
}

/** Every center's outage of the month, as far as it begins in these days. */
function failuresOf(centers: Scenario["centers"], days: number, seed: string): Failure[] {
  return centers
    .map(({ center }) => {
      const failsAt = drawWhole(0, MOST_DAYS * DAY_SECONDS - OUTAGE_SECONDS, seed, center, "outage");
      return { center, failsAt, returnsAt: failsAt + OUTAGE_SECONDS };
    })
    .filter(({ failsAt }) => failsAt < days * DAY_SECONDS);
}

type Scene = Readonly<{
  file: ScenarioFile;
  trace: Trace;
  history: History;
  tenants: ReadonlyMap<string, Tenant>;
  cardsPerGpu: number;
  seed: string;
}>;

/** As the default scenario does it (agent/scenario/trace-jobs.ts), with sessions chosen by the rule above. */
function jobOf(scene: Scene, { key, job, arrival, opening, seconds }: Arrival): ScenarioJob {
  const { file, trace, cardsPerGpu, seed } = scene;
  const tenant = scene.tenants.get(job.cluster);
  if (tenant === undefined) throw new Error(`virtual cluster ${job.cluster} has no tenant`);
  const estimate = estimateSeconds(scene.history, job.cluster, Math.max(trace.start, job.submit));
  if (estimate === undefined) throw new Error(`no job of the trace has finished before ${key}`);
  const estimateSlots = Math.max(1, Math.ceil(estimate / SLOT_SECONDS));
  const forward = job.gpus >= FORWARD_GPUS && estimateSlots > file.trace.firstStretchMax;
  const hours = Math.min(FORWARD_HOURS_MAX, Math.ceil(estimateSlots / 10));
  const slots = forward ? hours * 10 : Math.min(estimateSlots, file.trace.firstStretchMax);
  const from = Math.floor(arrival / SLOT_SECONDS) + 1;
  const limit = drawLogUniform(file.trace.limit.low, file.trace.limit.high, seed, key, "limit");
  return {
    key,
    tenant: tenant.tenant,
    workload: "trace",
    arrival,
    opening,
    estimateSlots,
    durationSeconds: seconds,
    bid: {
      name: key,
      session: forward ? "forward" : "spot",
      kind: "block",
      products: limitsByProduct(tenant, file.products, limit),
      cards: cardsOf(job.gpus, cardsPerGpu),
      slots,
      window: { from, to: from + slots + PATIENCE_SLOTS },
      home: tenant.home,
      dataGB: drawLogUniform(file.trace.dataGB.low, file.trace.dataGB.high, seed, key, "data"),
      frameworks: tenant.frameworks,
      extendLimit: Math.min(10_000, Math.round((limit * file.trace.extendPercent) / 100)),
      maxSlots: file.trace.maxSlots,
    },
  };
}

function offersOf(file: ScenarioFile, days: number): Offer[] {
  return file.centers.flatMap(({ center, offers }) =>
    offers.map((step, n) => ({
      key: `${center}-${step.product}-${n + 1}`,
      center,
      ...step,
      from: 0,
      to: (days + file.horizonDays + 1) * SLOTS_PER_DAY,
    })),
  );
}

function fewest(arrivals: readonly Arrival[], count: number | undefined, seed: string): readonly Arrival[] {
  if (count === undefined || count >= arrivals.length) return arrivals;
  const ranked = arrivals
    .map(({ key }) => ({ key, rank: draw(seed, key, "sample") }))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  const kept = new Set(ranked.slice(0, count).map(({ key }) => key));
  return arrivals.filter(({ key }) => kept.has(key));
}

export function monthOf({ trace: name, load, days, seed, jobs }: MonthOptions): Month {
  const file = ScenarioFile.parse(JSON.parse(readFileSync(DEFAULT_SCENARIO, "utf8")));
  const trace = loadTrace(name);
  const arrivals = fewest(arrivalsOf(trace, days), jobs, seed);
  const { centers } = file;
  const cards = centers.flatMap(({ pools }) => pools).reduce((sum, pool) => sum + pool.cards, 0);
  const cardsPerGpu = scaleFor(arrivals, days, (cards * days * DAY_SECONDS * load) / 100);
  const homes = homesOf(arrivals, days, centers);
  const tenants = [...homes].map(([cluster, home]) => tenantOf(cluster, home));
  const scene: Scene = {
    file,
    trace,
    history: historyOf(trace.jobs),
    tenants: new Map(tenants.map((tenant) => [tenant.cluster ?? "", tenant])),
    cardsPerGpu,
    seed,
  };
  const scenario: Scenario = {
    name: `${days} days of ${name} at ${load} %`,
    marketDay: trace.marketDay,
    days,
    products: file.products,
    centers,
    links: file.links,
    tenants,
    deposit: DEPOSIT,
    failures: failuresOf(centers, days, seed),
    shortages: [],
    offers: offersOf(file, days),
    jobs: arrivals.map((arrival) => jobOf(scene, arrival)),
  };
  return { scenario, cardsPerGpu };
}

/** One center of a scenario for itself: its offers, its outages, and the jobs at home there. */
export function aloneAt(scenario: Scenario, center: string): Scenario {
  const jobs = scenario.jobs.filter(({ bid }) => bid.home === center);
  const tenants = new Set(jobs.map(({ tenant }) => tenant));
  return {
    ...scenario,
    centers: scenario.centers.filter((each) => each.center === center),
    links: [],
    tenants: scenario.tenants.filter(({ tenant }) => tenants.has(tenant)),
    failures: scenario.failures.filter((failure) => failure.center === center),
    offers: scenario.offers.filter((offer) => offer.center === center),
    jobs,
  };
}

/** Some pool of the scenario is large enough for the job and has what it needs. */
export function everFits({ centers }: Scenario, { bid }: ScenarioJob): boolean {
  return centers.some(({ pools }) =>
    pools.some(
      (pool) =>
        pool.cards >= bid.cards &&
        bid.products.some(({ product }) => product === pool.product) &&
        bid.frameworks.every((framework) => pool.frameworks.includes(framework)),
    ),
  );
}
