import { expect, test } from "vitest";
import type { EngineRun } from "./engine-run.ts";
import { goals } from "./goals.ts";
import type { HighsRun } from "./highs-run.ts";
import { faultsOf, gapPlot, type Measurements, measuredText } from "./report.ts";

const engine = (more: Partial<EngineRun> = {}): EngineRun => ({
  limit: 1,
  welfare: 990_000_000,
  bound: 1_000_000_000,
  seconds: 0.9,
  megabytes: 120,
  moments: [
    { seconds: 0.15, work: 10, welfare: 0, bound: Infinity },
    { seconds: 0.3, work: 20, welfare: 950_000_000, bound: 1_000_000_000 },
    { seconds: 0.9, work: 50, welfare: 990_000_000, bound: 1_000_000_000 },
  ],
  faults: [],
  ...more,
});
const highs: HighsRun = {
  columns: 12_345,
  rows: 678,
  relaxation: 999_000_000,
  progress: [{ seconds: 20, welfare: 985_000_000, priced: 980_000_000, bound: 995_000_000, optimal: false }],
  megabytes: 400,
  failure: null,
};
const measurements = (must: EngineRun): Measurements => ({
  machine: "a machine",
  load: "idle",
  instances: [{ name: "mod-1k", goal: goals["mod-1k"], must, aim: must, long: must, highs }],
  seeds: [{ name: "mod-1k", seed: "5", goal: goals["mod-1k"], must, highs: null }],
  spot: {
    limit: 0.1,
    seconds: { count: 9, p50: 0.002, p99: 0.004, max: 0.0051 },
    gap: { count: 9, p50: 0, p99: 0.03, max: 0.04 },
    provenShare: 0.75,
    faults: [],
  },
  next: [
    {
      name: "mod-1k",
      limit: 1,
      runs: [
        { cold: engine(), warm: engine({ moments: engine().moments.slice(1) }) },
        { cold: engine({ moments: engine().moments.slice(0, 2) }), warm: engine() },
      ],
    },
  ],
});

test("given runs that reach their goals, the report says so and nothing is at fault", () => {
  const text = measuredText(measurements(engine()));
  expect(faultsOf(measurements(engine()))).toEqual([]);
  expect(text).toMatch(
    /\| mod-1k, must \| +≤ 1.5 %, 1 s \| 990.000 \| 1,000.000 \| 1.00 % \| +0.90 s \| 120 \| +met \|/,
  );
  // Against the better of the two bounds, 995.
  expect(text).toMatch(
    /12,345 x 678 .* 999.000 .* time over .* 985.000 \| 995.000 \| 1.01 % \| 980.000 .* 990.000 in 1 s .* 0.51 % .* 1.02 % .* 0.50 % \|/,
  );
  // Nothing yet after 0.25 s; after 1 s the means of 1 and 5, and of 1 and 1.
  expect(text).toMatch(/\| mod-1k, 2 +\| +1 s \| +-, - \| +-, - \| +5.00 %, 5.00 % \| +3.00 %, 1.00 % \|/);
  expect(text).toContain(
    "after 2.0 ms in the median, 4.0 ms at p99, 5.1 ms at most. Gap 0.00 % in the median",
  );
  expect(text).toMatch(/gap after .*\n.*\n\| mod-1k +\| +\| +\| 5.00 % \| 1.00 % \| +\| /);
});

test("given a run that misses its must, breaks a rule or dies, each is said", () => {
  const slow = faultsOf(measurements(engine({ seconds: 1.01 })));
  expect(slow).toEqual(["missed: mod-1k: ≤ 1.5 %, 1 s", "missed: mod-1k of seed 5: ≤ 1.5 %, 1 s"]);
  const broken = faultsOf(measurements(engine({ faults: ["oversell: pool 0 sells 9 of 8 in slot 3"] })));
  expect(broken).toContain("mod-1k in 1 s: oversell: pool 0 sells 9 of 8 in slot 3");
  expect(broken).toContain("missed: mod-1k: ≤ 1.5 %, 1 s");
});

test("given a spot auction that breaks a rule, that is said", () => {
  const { spot, ...rest } = measurements(engine());
  expect(faultsOf({ ...rest, spot: { ...spot, faults: ["loss: bid 1"] } })).toEqual([
    "spot auctions: loss: bid 1",
  ]);
});

test("given a yardstick that died, that is said too", () => {
  const { instances, ...rest } = measurements(engine());
  const dead = instances.map((one) => ({ ...one, highs: { ...highs, failure: "out of memory" } }));
  expect(faultsOf({ ...rest, instances: dead })).toEqual(["mod-1k: HiGHS: out of memory"]);
});

test("the plot has a chart for each instance, with the engine, HiGHS and the goal", () => {
  const svg = gapPlot(measurements(engine({ limit: 2 })).instances);
  expect(svg).toContain(">mod-1k: gap after s</text>");
  expect(svg.match(/<circle/g)?.length).toBeGreaterThan(4);
  expect(svg).not.toContain("NaN");
});
