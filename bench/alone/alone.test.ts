import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadScenario, type Scenario, takeJobs } from "../../agent/scenario/scenario.ts";
import type { ScenarioJob } from "../../agent/scenario/scenario-job.ts";
import { type LoneJob, loneCenterDay, loneJob } from "../../test/lone-center.ts";
import { runAlone } from "./alone.ts";
import { type JobOutcome, peakUse } from "./metrics.ts";

type JobFields = Readonly<{
  arrival: number;
  cards: number;
  seconds: number;
  estimateSlots?: number;
  div?: boolean;
}>;

function job(key: string, { arrival, cards, seconds, estimateSlots, div = false }: JobFields): ScenarioJob {
  const slots = div ? 10 : (estimateSlots ?? Math.ceil(seconds / 360));
  const from = Math.ceil(arrival / 360);
  const bought: Pick<LoneJob, "session" | "kind" | "window"> = div
    ? { session: "forward", kind: "div", window: { from, to: from + slots } }
    : { window: { from: from + 1, to: from + 500 } };
  return loneJob(key, { arrival, cards, seconds, slots, product: "p", limit: 100, ...bought });
}

function scenario(
  cards: number,
  jobs: readonly ScenarioJob[],
  failures: Scenario["failures"] = [],
): Scenario {
  return loneCenterDay({ product: "p", cards, energy: 500, to: 480 }, jobs, failures);
}

const times = (jobs: readonly JobOutcome[], key: string) => {
  const found = jobs.find((each) => each.job.key === key);
  return [found?.state, found?.startedAt, found?.endedAt];
};

describe("a lone center", () => {
  it("starts at once, to the second, and backfills behind a gang that waits", () => {
    const { jobs } = runAlone(
      scenario(10, [
        job("a", { arrival: 7, cards: 6, seconds: 3600 }),
        job("gang", { arrival: 10, cards: 10, seconds: 720 }),
        job("long", { arrival: 11, cards: 4, seconds: 7200 }),
        job("short", { arrival: 12, cards: 4, seconds: 360 }),
      ]),
    );
    expect(times(jobs, "a")).toEqual(["completed", 7, 3607]);
    expect(times(jobs, "short")).toEqual(["completed", 12, 372]);
    expect(times(jobs, "gang")).toEqual(["completed", 3607, 4327]);
    expect(times(jobs, "long")).toEqual(["completed", 4327, 11_527]);
  });

  it("lets a job run over its estimate", () => {
    const { jobs } = runAlone(
      scenario(10, [
        job("over", { arrival: 0, cards: 8, seconds: 4000, estimateSlots: 1 }),
        job("gang", { arrival: 1, cards: 10, seconds: 360 }),
        job("filler", { arrival: 400, cards: 2, seconds: 300 }),
      ]),
    );
    expect(times(jobs, "over")).toEqual(["completed", 0, 4000]);
    expect(times(jobs, "gang")).toEqual(["completed", 4000, 4360]);
    // At 400 the end is expected at 720, before the filler's; from 720 on at 1,440, and the filler fits before.
    expect(times(jobs, "filler")).toEqual(["completed", 720, 1020]);
  });

  it("reports what is too large for it as never fitting", () => {
    const { jobs, figures } = runAlone(scenario(10, [job("huge", { arrival: 0, cards: 11, seconds: 1 })]));
    expect(times(jobs, "huge")).toEqual(["neverFits", undefined, undefined]);
    expect(figures).toMatchObject({ neverFits: 1, placed: 0, cardHours: 0 });
  });

  it("goes on from the last hourly checkpoint after a failure", () => {
    const { jobs, figures } = runAlone(
      scenario(
        10,
        [
          job("a", { arrival: 0, cards: 5, seconds: 10_000 }),
          job("b", { arrival: 9000, cards: 10, seconds: 360 }),
        ],
        [{ center: "c", failsAt: 8000, returnsAt: 9500 }],
      ),
    );
    // 7,200 of 8,000 s are kept; 2,800 s remain, and it keeps its place before b.
    expect(times(jobs, "a")).toEqual(["completed", 0, 12_300]);
    expect(times(jobs, "b")).toEqual(["completed", 12_300, 12_660]);
    expect(jobs.find((each) => each.job.key === "a")?.segments).toEqual([
      { center: "c", product: "p", cards: 5, from: 0, to: 8000, usefulTo: 7200 },
      { center: "c", product: "p", cards: 5, from: 9500, to: 12_300, usefulTo: 12_300 },
    ]);
    expect(figures).toMatchObject({ displaced: 1, recovered: 1 });
    expect(figures.lostCardHours).toBeCloseTo((800 * 5) / 3600, 9);
  });

  it("gives a divisible fleet what is free, until its window ends", () => {
    const { jobs } = runAlone(
      scenario(10, [
        job("block", { arrival: 0, cards: 6, seconds: 1800 }),
        job("fleet", { arrival: 0, cards: 8, seconds: 3600, div: true }),
      ]),
    );
    expect(jobs.find((each) => each.job.key === "fleet")?.segments).toEqual([
      { center: "c", product: "p", cards: 4, from: 0, to: 3600, usefulTo: 3600 },
      { center: "c", product: "p", cards: 4, from: 1800, to: 3600, usefulTo: 3600 },
    ]);
  });

  it("reports what the day leaves running or waiting", () => {
    const { jobs } = runAlone(
      scenario(10, [
        job("a", { arrival: 80_000, cards: 10, seconds: 10_000 }),
        job("b", { arrival: 81_000, cards: 1, seconds: 10 }),
      ]),
    );
    expect(times(jobs, "a")).toEqual(["running", 80_000, undefined]);
    expect(times(jobs, "b")).toEqual(["waiting", undefined, undefined]);
  });
});

const anyJob = fc.record({
  arrival: fc.integer({ min: 0, max: 40_000 }),
  cards: fc.integer({ min: 1, max: 20 }),
  seconds: fc.integer({ min: 1, max: 20_000 }),
  estimateSlots: fc.integer({ min: 1, max: 60 }),
  div: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});

describe("any day on a lone center", () => {
  it("never uses more cards than there are, none while it is away, and does each job's work exactly once", () => {
    const failure = { center: "c", failsAt: 15_000, returnsAt: 20_000 };
    fc.assert(
      fc.property(fc.array(anyJob, { maxLength: 40 }), (list) => {
        const given = list.map((each, n) => job(`j${n}`, each)).sort((a, b) => a.arrival - b.arrival);
        const { jobs } = runAlone(scenario(16, given, [failure]));
        const segments = jobs.flatMap((each) => each.segments);
        expect(peakUse(segments)).toBeLessThanOrEqual(16);
        expect(segments.filter((s) => s.from < failure.returnsAt && s.to > failure.failsAt)).toEqual([]);
        for (const each of jobs) {
          const useful = each.segments.reduce((sum, s) => sum + (s.usefulTo - s.from) * s.cards, 0);
          const { bid, durationSeconds } = each.job;
          if (bid.kind === "div") expect(useful).toBeLessThanOrEqual(bid.cards * bid.slots * 360);
          else if (each.state === "completed") expect(useful).toBe(bid.cards * durationSeconds);
          expect(each.state === "neverFits").toBe(bid.kind === "block" && bid.cards > 16);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("starts every job by when it could have, had nothing come after it once it was first, if estimates are exact", () => {
    const exact = fc.record({
      arrival: fc.integer({ min: 0, max: 9000 }),
      cards: fc.integer({ min: 1, max: 16 }),
      seconds: fc.integer({ min: 1, max: 5 }).map((slots) => slots * 360),
    });
    fc.assert(
      fc.property(fc.array(exact, { minLength: 1, maxLength: 25 }), (list) => {
        const given = list.map((each, n) => job(`j${n}`, each)).sort((a, b) => a.arrival - b.arrival);
        const { jobs } = runAlone(scenario(16, given));
        jobs.forEach((each, n) => {
          // From here on it is the first in the queue: all before it have started.
          const turn = Math.max(each.job.arrival, ...jobs.slice(0, n).map((before) => before.startedAt ?? 0));
          const inUse = jobs.filter((other, m) => {
            const [from = 0, to = 0] = [other.startedAt, other.endedAt];
            return m !== n && to > turn && (from < turn || (from === turn && m < n));
          });
          const used = (at: number) =>
            inUse
              .filter((other) => (other.endedAt ?? 0) > at)
              .reduce((sum, other) => sum + other.job.bid.cards, 0);
          const instants = [turn, ...inUse.map((other) => other.endedAt ?? 0)].sort((a, b) => a - b);
          const could = instants.find((at) => 16 - used(at) >= each.job.bid.cards);
          expect(each.startedAt).toBeLessThanOrEqual(could ?? -1);
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe("the default scenario alone", () => {
  const day = loadScenario();
  const alone = runAlone(day);

  it("gives the same outcome every time, and every job once", () => {
    const few = takeJobs(day, 100);
    expect(runAlone(few)).toEqual(runAlone(few));
    expect(new Set(alone.jobs.map((each) => each.job.key))).toEqual(
      new Set(day.jobs.map((each) => each.key)),
    );
  });

  it("keeps every center within its cards", () => {
    for (const { center, pools } of day.centers) {
      for (const { product, cards } of pools) {
        const here = alone.jobs.flatMap((each) =>
          each.segments.filter((s) => s.center === center && s.product === product),
        );
        expect(peakUse(here)).toBeLessThanOrEqual(cards);
      }
    }
  });

  it("shows why a network is wanted: Wuhan is full, Taichu fits nowhere, Shenzhen idles", () => {
    const utilisation = new Map(alone.figures.centers.map((each) => [each.center, each.utilisation]));
    expect(utilisation.get("wuhan")).toBeGreaterThan(0.95);
    expect(utilisation.get("shenzhen")).toBeLessThan(0.6);
    expect(alone.jobs.find((each) => each.job.workload === "taichu")?.state).toBe("neverFits");
    expect(alone.jobs.find((each) => each.job.workload === "pangu")?.state).toBe("completed");
  });
});
