import { markdownTable } from "../marked-section.ts";
import { type Chart, chartsSvg } from "../plot.ts";
import type { EngineRun } from "./engine-run.ts";
import type { InstanceName } from "./generate.ts";
import { type Goal, type Target, targetText, type Verdict, verdictOf, type Yardstick } from "./goals.ts";
import type { HighsRun } from "./highs-run.ts";
import type { SpotRun } from "./spot-run.ts";
import { gapOf } from "./timed-search.ts";

/** One of the instances in the repository: in the time of its goals, and given more. */
export interface InstanceRuns {
  readonly name: InstanceName;
  readonly goal: Goal;
  readonly must: EngineRun;
  readonly aim: EngineRun;
  readonly long: EngineRun;
  readonly highs: HighsRun | null;
}

export interface SeedRun {
  readonly name: InstanceName;
  readonly seed: string;
  readonly goal: Goal;
  readonly must: EngineRun;
  readonly highs: HighsRun | null;
}

/** Auctions that might come after an instance, each from nothing and from the prices of the one before. */
export interface NextAuctions {
  readonly name: InstanceName;
  /** Seconds that each run was given. */
  readonly limit: number;
  readonly runs: readonly { readonly cold: EngineRun; readonly warm: EngineRun }[];
}

export interface Measurements {
  readonly machine: string;
  readonly load: string;
  readonly instances: readonly InstanceRuns[];
  readonly seeds: readonly SeedRun[];
  readonly next: readonly NextAuctions[];
  readonly spot: SpotRun;
}

const percent = (share: number) => (share === 1 ? "-" : `${(share * 100).toFixed(2)} %`);
const whole = (value: number) => (Number.isFinite(value) ? Math.round(value).toLocaleString("en") : "-");
/** Mills as thousands of the currency. */
const thousands = (mills: number | null) =>
  mills === null || !Number.isFinite(mills)
    ? "-"
    : (mills / 1e6).toLocaleString("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const secondsText = (value: number | undefined) => (value === undefined ? "never" : `${value.toFixed(2)} s`);
const verdictText: Readonly<Record<Verdict, string>> = {
  met: "met",
  missed: "MISSED",
  unknown: "not judged",
};

export function yardstickOf(highs: HighsRun | null): Yardstick | null {
  const last = highs?.progress.at(-1);
  return last === undefined ? null : last;
}

export function mustOf({ goal, must, highs }: InstanceRuns | SeedRun): Verdict {
  return must.faults.length > 0 ? "missed" : verdictOf(goal.must, must, yardstickOf(highs));
}

function aimOf({ goal, aim, highs }: InstanceRuns): Verdict {
  return aim.faults.length > 0 ? "missed" : verdictOf(goal.aim, aim, yardstickOf(highs));
}

/** What is wrong with a run, a line each; musts that were missed among them. Empty if all is well. */
export function faultsOf({ instances, seeds, next, spot }: Measurements): string[] {
  const runs = [
    ...instances.flatMap(({ name, must, aim, long }) =>
      [must, aim, long].map((run) => ({ name: `${name} in ${run.limit} s`, run })),
    ),
    ...seeds.map(({ name, seed, must }) => ({ name: `${name} of seed ${seed}`, run: must })),
    ...next.flatMap(({ name, runs: pairs }) =>
      pairs.flatMap(({ cold, warm }) => [
        { name: `${name}, next auction, cold`, run: cold },
        { name: `${name}, next auction, warm`, run: warm },
      ]),
    ),
  ];
  const broken = runs.flatMap(({ name, run }) => run.faults.slice(0, 5).map((fault) => `${name}: ${fault}`));
  broken.push(...spot.faults.slice(0, 5).map((fault) => `spot auctions: ${fault}`));
  const silent = [...instances, ...seeds].flatMap(({ name, highs }) =>
    highs?.failure ? [`${name}: HiGHS: ${highs.failure}`] : [],
  );
  const missed = [
    ...instances
      .filter((one) => mustOf(one) === "missed")
      .map(({ name, goal }) => `${name}: ${targetText(goal.must)}`),
    ...seeds
      .filter((one) => mustOf(one) === "missed")
      .map(({ name, seed, goal }) => `${name} of seed ${seed}: ${targetText(goal.must)}`),
  ];
  return [...broken, ...silent, ...missed.map((line) => `missed: ${line}`)];
}

export function goalTable(instances: readonly InstanceRuns[]): string {
  const line = (name: string, target: Target, run: EngineRun, verdict: Verdict) => [
    name,
    targetText(target),
    thousands(run.welfare),
    thousands(run.bound),
    percent(gapOf(run)),
    secondsText(run.seconds),
    whole(run.megabytes),
    verdictText[verdict],
  ];
  return markdownTable(
    ["instance", "goal", "welfare", "bound", "gap", "took", "MB", "verdict"],
    instances.flatMap((one) => [
      line(`${one.name}, must`, one.goal.must, one.must, mustOf(one)),
      line(`${one.name}, aim`, one.goal.aim, one.aim, aimOf(one)),
    ]),
  );
}

export function seedTable(seeds: readonly SeedRun[]): string {
  return markdownTable(
    ["instance", "must", "welfare", "bound", "gap", "took", "MB", "HiGHS", "HiGHS, priced", "verdict"],
    seeds.map((one) => [
      `${one.name}, seed ${one.seed}`,
      targetText(one.goal.must),
      thousands(one.must.welfare),
      thousands(one.must.bound),
      percent(gapOf(one.must)),
      secondsText(one.must.seconds),
      whole(one.must.megabytes),
      thousands(yardstickOf(one.highs)?.welfare ?? null),
      thousands(yardstickOf(one.highs)?.priced ?? null),
      verdictText[mustOf(one)],
    ]),
  );
}

export function highsTable(instances: readonly InstanceRuns[]): string {
  const rows = instances.flatMap(({ name, must, highs }) => {
    const last = highs?.progress.at(-1);
    if (!highs) return [];
    const [welfare, bound] = [last?.welfare ?? null, last?.bound ?? null];
    const priced = last?.priced ?? null;
    const ahead = (of: number | null) => (of === null ? "-" : percent(must.welfare / of - 1));
    const own = welfare === null || bound === null ? 1 : gapOf({ welfare, bound });
    const state = highs.failure ?? (last?.optimal ? "proven" : "time over");
    return [
      [
        name,
        `${whole(highs.columns)} x ${whole(highs.rows)}`,
        thousands(highs.relaxation),
        secondsText(last?.seconds),
        state,
        thousands(welfare),
        thousands(bound),
        percent(own),
        thousands(priced),
        whole(highs.megabytes ?? Infinity),
        `${thousands(must.welfare)} in ${must.limit} s`,
        ahead(welfare),
        ahead(priced),
        percent(gapOf({ welfare: must.welfare, bound: Math.min(must.bound, bound ?? Infinity) })),
      ],
    ];
  });
  return markdownTable(
    [
      "instance",
      "columns x rows",
      "LP bound",
      "took",
      "end",
      "welfare",
      "bound",
      "gap",
      "priced",
      "MB",
      "engine",
      "engine - HiGHS",
      "engine - priced",
      "engine to the best bound",
    ],
    rows,
  );
}

/** Shares of the time after which the runs of a next auction are looked at. */
const SHARES = [0.1, 0.25, 0.5, 1];

/** Mean gap of the next auctions as their time goes by, from nothing and from the last prices. */
export function nextTable(next: readonly NextAuctions[]): string {
  return markdownTable(
    ["next auctions after", "time each", ...SHARES.map((share) => `after ${share * 100} %: cold, warm`)],
    next.map(({ name, limit, runs }) => [
      `${name}, ${runs.length}`,
      `${limit} s`,
      ...SHARES.map((share) => {
        const mean = (of: "cold" | "warm") =>
          runs.reduce((sum, run) => sum + gapAfter(run[of], limit * share), 0) / runs.length;
        return `${percent(mean("cold"))}, ${percent(mean("warm"))}`;
      }),
    ]),
  );
}

/** 1 before the first result. */
function gapAfter({ moments }: EngineRun, seconds: number): number {
  const moment = moments.findLast((one) => one.seconds <= seconds);
  return moment === undefined ? 1 : gapOf(moment);
}

/** Seconds at which the plot looks. */
const LOOKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];

export function gapTable(instances: readonly InstanceRuns[]): string {
  return markdownTable(
    ["gap after", ...LOOKS.map((seconds) => `${seconds} s`)],
    instances.map(({ name, long }) => [
      name,
      ...gapsOf(long.moments, long.limit).map((gap) => (gap === undefined ? "" : `${gap.toFixed(2)} %`)),
    ]),
  );
}

/** Gap in percent at each look; undefined before the first result and after the end of the limit. */
function gapsOf(
  moments: readonly { seconds: number; welfare: number | null; bound: number | null }[],
  limit: number,
): (number | undefined)[] {
  return LOOKS.map((seconds) => {
    const moment = moments.findLast((one) => one.seconds <= seconds);
    if (!moment || moment.welfare === null || moment.bound === null || seconds > limit) return undefined;
    return Number.isFinite(moment.bound)
      ? gapOf({ welfare: moment.welfare, bound: moment.bound }) * 100
      : undefined;
  });
}

export function gapPlot(instances: readonly InstanceRuns[]): string {
  const charts = instances.map(({ name, goal, long, highs }): Chart => {
    const goalAt = LOOKS.findLastIndex((seconds) => seconds <= goal.must.seconds);
    return {
      title: `${name}: gap after s`,
      logarithmic: true,
      show: (gap) => `${gap} %`,
      values: [
        highs === null ? [] : gapsOf(highs.progress, Infinity),
        LOOKS.map((_, n) => (n === goalAt && goal.must.gap !== undefined ? goal.must.gap * 100 : undefined)),
        gapsOf(long.moments, long.limit),
      ],
    };
  });
  return chartsSvg(
    "Gap over time, in percent of the bound (logarithmic; 0.1 % stands for all that is less)",
    LOOKS.map(String),
    ["HiGHS, without prices", "to be reached", "engine, with prices"],
    charts,
  );
}

export function spotText({ limit, seconds, gap, provenShare }: SpotRun): string {
  const ms = (value: number) => `${(value * 1000).toFixed(1)} ms`;
  return [
    `${whole(seconds.count)} books of one to eight bids, six centers and 30 slots, one after another in one process,`,
    `${ms(limit)} each: the result is as good as in the end after ${ms(seconds.p50)} in the median, ${ms(seconds.p99)} at p99,`,
    `${ms(seconds.max)} at most. Gap ${percent(gap.p50)} in the median, ${percent(gap.p99)} at p99; the optimum is proven in`,
    `${(provenShare * 100).toFixed(0)} % of them.`,
  ].join(" ");
}

export function measuredText({ machine, load, instances, seeds, next, spot }: Measurements): string {
  const highs = highsTable(instances);
  return [
    `Measured on ${machine}, one core; ${load}. Welfare and bounds in millions of mills.`,
    goalTable(instances),
    "### Gap over time",
    "One run of each instance with more time than its goal has.",
    gapTable(instances),
    "![gap over time](clearing-gap.svg)",
    ...(seeds.length > 0 ? ["### Other seeds of the same kind", seedTable(seeds)] : []),
    ...(instances.some((one) => one.highs !== null) ? ["### HiGHS beside it", highs] : []),
    "### Spot auctions",
    spotText(spot),
    ...(next.length > 0 ? ["### From the last auction's prices", nextTable(next)] : []),
  ].join("\n\n");
}
