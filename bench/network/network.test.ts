import { beforeAll, describe, expect, it } from "vitest";
import type { Scenario } from "../../agent/scenario/scenario.ts";
import { networkOutcomes } from "../../infra/local/network-outcomes.ts";
import { marketCurrency } from "../../market/money.ts";
import { chart } from "../../market/settlement/accounts.ts";
import { mergeLedgers } from "../../market/settlement/ledger.ts";
import { peakUse } from "../alone/metrics.ts";
import { chartsSvg, scaleOf } from "../plot.ts";
import { faultsOf } from "./checks.ts";
import { co2Of, deadlineOf, meanOver, moneyOf, shareByDeadline } from "./measures.ts";
import { monthOf } from "./month.ts";
import { type Row, tableOf } from "./report.ts";
import { type Simulated, simulate } from "./simulate.ts";
import { runSystem, SYSTEMS } from "./systems.ts";

const days = 2;
const end = days * 86_400;
const { scenario: drawn } = monthOf({ trace: "philly", load: 80, days, seed: "1", jobs: 500 });
/** The same with outages for sure. */
const scenario: Scenario = {
  ...drawn,
  failures: [
    { center: "shenzhen", failsAt: 40_000, returnsAt: 50_800 },
    { center: "chengdu", failsAt: 100_000, returnsAt: 110_800 },
  ],
};
const table = (system: (typeof SYSTEMS)[number]) => {
  const run = runSystem(system, scenario);
  const row: Row = { trace: "philly", load: 80, system, measures: run.measures };
  return { ...run, text: tableOf([row]) };
};

describe.each(SYSTEMS)("two days of few jobs: %s", (system) => {
  const run = table(system);

  it("holds every check", () => {
    expect(run.faults).toEqual([]);
  });

  it("accounts for every job once, and lets none run before it is requested", () => {
    expect(run.outcomes.map(({ job }) => job.key).sort()).toEqual(scenario.jobs.map(({ key }) => key).sort());
    for (const { job, startedAt, endedAt = end } of run.outcomes)
      if (startedAt !== undefined) {
        expect(startedAt).toBeGreaterThanOrEqual(job.arrival);
        expect(endedAt - startedAt).toBeGreaterThanOrEqual(Math.min(job.durationSeconds, end - startedAt));
      }
    const { completed, neverStarted } = run.measures;
    expect(completed).toBeGreaterThan(0);
    expect(completed + neverStarted).toBeLessThanOrEqual(scenario.jobs.length);
  });

  it("never uses more cards than there are, and delivers to each completed job its work", () => {
    for (const { center, pools } of scenario.centers)
      for (const { product, cards } of pools) {
        const here = run.outcomes.flatMap(({ segments }) =>
          segments.filter((each) => each.center === center && each.product === product),
        );
        expect(peakUse(here)).toBeLessThanOrEqual(cards);
      }
    for (const { job, state, segments } of run.outcomes)
      if (state === "completed")
        expect(segments.reduce((sum, each) => sum + each.usefulTo - each.from, 0)).toBe(job.durationSeconds);
  });

  it("gives the same table to the byte", () => {
    expect(table(system).text).toBe(run.text);
  });
});

describe("the checks", () => {
  let simulated: Simulated;
  let outcomes: ReturnType<typeof networkOutcomes>["jobs"];
  beforeAll(() => {
    simulated = simulate(scenario);
    outcomes = networkOutcomes(
      simulated.events,
      simulated.works,
      simulated.opening,
      end,
      scenario.failures,
    ).jobs;
  });
  const faults = (over: Partial<Simulated>, of: Scenario = scenario, given = outcomes) =>
    faultsOf(of, { ...simulated, ...over }, given);

  it("find cards sold twice", () => {
    const fewer = (cards: number) => ({
      ...scenario,
      centers: scenario.centers.map((center) => ({
        ...center,
        pools: center.pools.map((pool) => ({ ...pool, cards: Math.ceil(pool.cards * cards) })),
      })),
    });
    expect(faults({}, fewer(1))).toEqual([]);
    expect(faults({}, fewer(0.3)).some((fault) => fault.includes("sold"))).toBe(true);
    // Cards that an ended job gave back and that were sold again look sold twice to whoever misses its end.
    const placed = simulated.events.flatMap((event) => (event.type === "JobPlaced" ? [event] : []));
    expect(faults({ events: [...simulated.events, ...placed, ...placed] }).length).toBeGreaterThan(0);
  });

  it("find money that went astray", () => {
    const [first] = simulated.accounts;
    if (first === undefined) throw new Error("no account");
    const [id, account] = first;
    const richer = new Map([...simulated.accounts, [id, { ...account, available: account.available + 1n }]]);
    expect(faults({ accounts: richer })).toHaveLength(1);
    const odd = new Map([[marketCurrency, new Map([["center:nobody:payable", { debit: 0n, credit: 5n }]])]]);
    const { accounts } = mergeLedgers(simulated.ledger, { accounts: odd, charges: 0 });
    expect(faults({ ledger: { ...simulated.ledger, accounts } })).toEqual([
      "credits exceed debits by 5 mills",
    ]);
  });

  it("find jobs and work that went astray", () => {
    expect(faults({}, scenario, outcomes.slice(1))).toHaveLength(1);
    const more = outcomes.map((each) => ({
      ...each,
      job: { ...each.job, durationSeconds: each.job.durationSeconds + 1 },
    }));
    const completed = outcomes.filter(({ state }) => state === "completed").length;
    expect(faults({}, scenario, more)).toHaveLength(completed);
  });

  it("see what was lost, and that centers earn what tenants pay less links and rent", () => {
    expect(outcomes.some(({ interruptions }) => interruptions > 0)).toBe(true);
    const { tenantsPay, centersGet } = moneyOf(simulated.ledger);
    const others = [...(simulated.ledger.accounts.get(marketCurrency) ?? [])]
      .filter(([account]) => account.startsWith("link:") || account === chart.rent)
      .reduce((sum, [, { debit, credit }]) => sum + Number(credit - debit), 0);
    expect(tenantsPay).toBe(centersGet + others);
    expect(centersGet).toBeGreaterThan(0);
  });
});

describe("the measures", () => {
  const [job] = scenario.jobs;
  if (job === undefined) throw new Error("no job");
  const done = (endedAt: number) => ({
    job: { ...job, arrival: 1000, durationSeconds: 600 },
    state: "completed" as const,
    endedAt,
    interruptions: 0,
    segments: [],
  });

  it("give a job an hour and twice its run time", () => {
    expect(deadlineOf(done(0))).toBe(1000 + 3600 + 1200);
    expect(shareByDeadline([done(5800), done(5801)], 10_000)).toBe(0.5);
    // One that is not due yet says nothing.
    expect(shareByDeadline([done(5801)], 5000)).toBe(1);
  });

  it("take the mean of a shape over any span", () => {
    const shape = Array.from({ length: 24 }, (_, hour) => hour);
    expect(meanOver(shape, 3600, 7200)).toBe(1);
    expect(meanOver(shape, 5400, 9000)).toBe(1.5);
    expect(meanOver(shape, 0, 86_400 * 3)).toBe(11.5);
    expect(meanOver(shape, 23.5 * 3600, 24.5 * 3600)).toBe(11.5);
  });

  it("count CO2 by the province's factor, the PUE and the hour", () => {
    const segment = {
      center: "wuhan",
      product: "ascend910",
      cards: 10,
      from: 0,
      to: 86_400,
      usefulTo: 86_400,
    };
    // 10 cards x 0.5 kW x PUE 1.11 x 24 h x 436 g: over whole days the shape is even.
    expect(co2Of(scenario, [segment])).toBeCloseTo((10 * 0.5 * 1.11 * 24 * 436) / 1000, 6);
    const night = co2Of(scenario, [{ ...segment, to: 3600 }]);
    expect(night).not.toBeCloseTo((10 * 0.5 * 1.11 * 436) / 1000, 3);
  });
});

describe("the plots", () => {
  it("have round ticks around all values", () => {
    const { ticks, share } = scaleOf([0.52, 0.88], false);
    expect(ticks.map((tick) => Number(tick.toFixed(9)))).toEqual([0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(share(0.5)).toBeCloseTo(0, 9);
    expect(share(0.9)).toBeCloseTo(1, 9);
    expect(scaleOf([0.2, 30], true).ticks).toEqual([0.1, 1, 10, 100]);
  });

  it("draw a line for each system, and escape what they are told", () => {
    const chart = {
      title: "a < b",
      values: [
        [1, 2],
        [2, undefined],
        [3, 4],
      ],
      show: String,
    };
    const svg = chartsSvg("t", ["50 %", "90 %"], ["x", "y", "z"], [chart]);
    expect(svg.match(/<circle/g)).toHaveLength(5);
    expect(svg).toContain("a &lt; b");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});
