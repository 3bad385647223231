import { describe, expect, it } from "vitest";
import type { Offer, Scenario } from "../../agent/scenario/scenario.ts";
import type { ScenarioJob } from "../../agent/scenario/scenario-job.ts";
import {
  boundedSlowdown,
  energyOf,
  figuresOf,
  type JobOutcome,
  peakUse,
  reserveMillsOf,
  type Segment,
  slowdownOf,
  spreadOf,
  waitOf,
} from "./metrics.ts";

const center = {
  center: "c",
  name: "C",
  owner: "o",
  region: "r",
  homeRegions: [],
  pue: 1.2,
  pools: [{ product: "p", cards: 100, frameworks: [] }],
  energy: Array.from({ length: 24 }, (_, hour) => (hour === 1 ? 1000 : 500)),
  gridFactor: 400,
  offers: [],
};
const product = { product: "p", tflops: 250, kw: 0.5 };
const step = (cards: number, reserve: number): Offer => ({
  key: `c-p-${reserve}`,
  center: "c",
  product: "p",
  cards,
  reserve,
  from: 0,
  to: 480,
});
const segment = (cards: number, from: number, to: number, usefulTo = to): Segment => ({
  center: "c",
  product: "p",
  cards,
  from,
  to,
  usefulTo,
});
const job = (arrival: number, durationSeconds: number): ScenarioJob => ({
  key: `j${arrival}`,
  tenant: "t",
  workload: "trace",
  arrival,
  opening: false,
  estimateSlots: 10,
  durationSeconds,
  bid: {
    name: "j",
    session: "spot",
    kind: "block",
    products: [{ product: "p", limit: 100 }],
    cards: 10,
    slots: 10,
    window: { from: 1, to: 100 },
    home: "c",
    dataGB: 0,
    frameworks: [],
    maxSlots: 100,
  },
});
const outcome = (over: Partial<JobOutcome>): JobOutcome => ({
  job: job(0, 1000),
  state: "completed",
  interruptions: 0,
  segments: [],
  ...over,
});

describe("waits and slowdowns", () => {
  it("bound the run by ten minutes", () => {
    expect(boundedSlowdown(600, 60)).toBe(1.1);
    expect(boundedSlowdown(0, 60)).toBe(1);
    expect(boundedSlowdown(1200, 1200)).toBe(2);
  });

  it("count what never started up to the end, and leave out what cannot", () => {
    expect(waitOf(outcome({ startedAt: 300 }), 5000)).toBe(300);
    expect(waitOf(outcome({ state: "waiting" }), 5000)).toBe(5000);
    expect(waitOf(outcome({ state: "neverFits" }), 5000)).toBeUndefined();
    expect(slowdownOf(outcome({ startedAt: 500, endedAt: 3000 }), 5000)).toBe(3);
    expect(slowdownOf(outcome({ state: "waiting" }), 5000)).toBe(6);
    expect(slowdownOf(outcome({ state: "running", startedAt: 1000 }), 1500)).toBe(2);
  });

  it("are spread by nearest rank", () => {
    const values = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(spreadOf(values)).toEqual({ p50: 50, mean: 50.5, p95: 95 });
    expect(spreadOf([])).toEqual({});
  });
});

describe("energy", () => {
  it("is PUE x kW x card-hours at the hour's price", () => {
    // 10 cards from 00:30 to 01:15: 6 kW; 3 kWh at 500, 1.5 kWh at 1000.
    const { kwh, mills, co2Kg } = energyOf(segment(10, 1800, 4500), center, product);
    expect(kwh).toBeCloseTo(4.5, 9);
    expect(mills).toBeCloseTo(3000, 9);
    expect(co2Kg).toBeCloseTo(1.8, 9);
  });
});

describe("the reserve", () => {
  it("stacks what is in use at once on the cheapest steps", () => {
    const offers = [step(50, 300), step(10, 200)];
    // 10 cards for two hours, and 10 more in the second of them.
    expect(reserveMillsOf([segment(10, 0, 7200), segment(10, 3600, 7200)], offers)).toBeCloseTo(
      10 * 2000 + (10 * 2000 + 10 * 3000),
      6,
    );
  });

  it("does not see two in use where one ends as the other begins", () => {
    expect(peakUse([segment(10, 0, 3600), segment(10, 3600, 7200)])).toBe(10);
    expect(peakUse([segment(10, 0, 3601), segment(10, 3600, 7200)])).toBe(20);
  });
});

describe("figures", () => {
  it("put a replay in one table, as far as its end", () => {
    const scenario: Scenario = {
      name: "t",
      marketDay: "2017-10-25",
      days: 1,
      products: [product],
      centers: [center],
      links: [],
      tenants: [],
      deposit: "0",
      failures: [],
      shortages: [],
      offers: [step(100, 100)],
      jobs: [],
    };
    const figures = figuresOf(
      scenario,
      [
        outcome({ startedAt: 0, endedAt: 7200, interruptions: 1, segments: [segment(10, 0, 3600, 1800)] }),
        outcome({
          state: "running",
          startedAt: 82_800,
          job: job(82_800, 9000),
          segments: [segment(10, 82_800, 99_999)],
        }),
        outcome({ state: "neverFits" }),
      ],
      86_400,
    );
    expect(figures).toMatchObject({
      jobs: 3,
      placed: 2,
      completed: 1,
      running: 1,
      neverFits: 1,
      displaced: 1,
      recovered: 1,
    });
    expect(figures.cardHours).toBe(20);
    expect(figures.lostCardHours).toBe(5);
    expect(figures.centers).toEqual([{ center: "c", cardHours: 20, offered: 2400, utilisation: 20 / 2400 }]);
    expect(figures.energyKwh).toBeCloseTo(12, 9);
    expect(figures.eflopHours).toBeCloseTo((15 * 250) / 1e6, 12);
    expect(figures.reserveMills).toBeCloseTo(20_000, 6);
    expect(figures.cnyPerEflopHour).toBeCloseTo((20 + 6) / ((15 * 250) / 1e6), 6);
  });
});
