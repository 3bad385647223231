import { describe, expect, it } from "vitest";
import { cardHoursDemanded, cardHoursOffered } from "../../agent/scenario/scenario.ts";
import { DAY_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { aloneAt, everFits, homesOf, monthOf } from "./month.ts";
import { ALIBABA_COPIES, arrivalsOf, carbonShape, loadTrace } from "./traces.ts";

const traces = ["philly", "alibaba"] as const;

describe.each(traces)("a month of %s", (name) => {
  const trace = loadTrace(name);
  const arrivals = arrivalsOf(trace, 30);
  const { scenario, cardsPerGpu } = monthOf({ trace: name, load: 70, days: 30, seed: "1" });

  it("asks for the load that it is made for", () => {
    // The scenario's own count: card-hours of the days if every job ran from its request.
    const offered = cardHoursOffered(scenario);
    expect(cardHoursDemanded(scenario) / offered).toBeCloseTo(0.7, 2);
  });

  it("has every job of the trace that runs or is submitted then, as it was but for the scale of its width", () => {
    const end = trace.start + 30 * DAY_SECONDS;
    const wanted = trace.jobs.filter(
      (job) =>
        job.submit < end &&
        (job.submit >= trace.start || Math.round(job.submit + job.duration) > trace.start),
    );
    expect(arrivals).toHaveLength(wanted.length * trace.copies);
    const rows = new Map(arrivals.map((each) => [each.key, each]));
    for (const job of scenario.jobs) {
      const row = rows.get(job.key);
      if (row === undefined) throw new Error(`${job.key} is not in the trace`);
      expect(job.bid.cards).toBe(Math.max(1, Math.round(row.job.gpus * cardsPerGpu)));
      const from = Math.max(row.job.submit, trace.start);
      const left = row.job.submit + row.job.duration - from;
      expect(job.durationSeconds).toBe(Math.max(1, Math.round(left)));
      // Copies are whole days away: the time of the day is the trace's.
      expect((job.arrival - (from - trace.start)) % DAY_SECONDS).toBeCloseTo(0, 6);
    }
  });

  it("gives homes that are about as full as each other, by whole virtual clusters", () => {
    const shares = scenario.centers.map(({ center }) => {
      const alone = aloneAt(scenario, center);
      return cardHoursDemanded(alone) / cardHoursOffered(alone);
    });
    expect(Math.min(...shares)).toBeGreaterThan(0.5);
    expect(Math.max(...shares)).toBeLessThan(0.8);
    const homes = homesOf(arrivals, 30, scenario.centers);
    for (const { job } of arrivals) expect(homes.has(job.cluster)).toBe(true);
  });

  it("is the same for the same seed, and other private values for another", () => {
    const options = { trace: name, load: 50, days: 2, jobs: 200 };
    const limits = (seed: string) =>
      monthOf({ ...options, seed }).scenario.jobs.map(({ bid }) => bid.products[0]?.limit);
    expect(limits("1")).toEqual(limits("1"));
    expect(limits("1")).not.toEqual(limits("2"));
  });
});

describe("the parts of a month", () => {
  const { scenario } = monthOf({ trace: "philly", load: 90, days: 30, seed: "1" });

  it("has one outage a center, at another time with another seed", () => {
    expect(scenario.failures.map(({ center }) => center)).toEqual(
      scenario.centers.map(({ center }) => center),
    );
    for (const { failsAt, returnsAt } of scenario.failures) {
      expect(returnsAt - failsAt).toBe(3 * 3600);
      expect(returnsAt).toBeLessThanOrEqual(30 * DAY_SECONDS);
    }
    const other = monthOf({ trace: "philly", load: 90, days: 30, seed: "2" }).scenario;
    expect(other.failures).not.toEqual(scenario.failures);
  });

  it("has jobs that are too large for some lone centers and none that is for the network", () => {
    expect(scenario.jobs.every((job) => everFits(scenario, job))).toBe(true);
    const wuhan = { ...aloneAt(scenario, "wuhan"), jobs: scenario.jobs };
    expect(wuhan.jobs.some((job) => !everFits(wuhan, job))).toBe(true);
  });

  it("reserves wide gangs of long jobs in whole hours, and bids in spot for all others", () => {
    const forward = scenario.jobs.filter(({ bid }) => bid.session === "forward");
    expect(forward.length).toBeGreaterThan(0);
    for (const { bid, estimateSlots } of forward) {
      expect(bid.slots % 10).toBe(0);
      expect(estimateSlots).toBeGreaterThan(38);
    }
    for (const { bid } of scenario.jobs)
      if (bid.session === "spot") expect(bid.slots).toBeLessThanOrEqual(38);
  });

  it("copies pods evenly over the month", () => {
    const arrivals = arrivalsOf(loadTrace("alibaba"), 30).filter(({ opening }) => !opening);
    const byJob = Map.groupBy(arrivals, ({ job }) => job.key);
    for (const copies of byJob.values())
      expect(new Set(copies.map(({ arrival }) => arrival)).size).toBe(ALIBABA_COPIES);
  });

  it("has shapes of the day around one", () => {
    for (const zone of ["KR", "TW"] as const) {
      const shape = carbonShape(zone);
      expect(shape).toHaveLength(24);
      expect(shape.reduce((a, b) => a + b, 0) / 24).toBeCloseTo(1, 9);
      expect(Math.min(...shape)).toBeGreaterThan(0.5);
    }
  });
});
