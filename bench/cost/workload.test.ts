import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { levelled, meanHours, traceMeanHours, typicalJobs } from "./workload.ts";

describe("the jobs that are counted", () => {
  test("have the trace's mean length, each its own key, and arrive on one day", () => {
    const jobs = typicalJobs(240);
    expect(jobs).toHaveLength(240);
    expect(traceMeanHours()).toBeCloseTo(4.47, 2);
    expect(meanHours(jobs)).toBeCloseTo(traceMeanHours(), 2);
    expect(new Set(jobs.map(({ key }) => key)).size).toBe(240);
    for (const { arrival } of jobs) expect(arrival).toBeLessThan(DAY_SECONDS);
    expect(jobs).toEqual(typicalJobs(240));
  });

  test("are as long in sum as they were, none longer than the cut, and in the same order", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 1_200 }), (all, most) => {
        const sorted = all.toSorted((a, b) => a - b);
        const total = sorted.reduce((sum, length) => sum + length, 0);
        const level = levelled(sorted, total, most);
        expect(level).toEqual(level.toSorted((a, b) => a - b));
        expect(Math.max(...level)).toBeLessThanOrEqual(most);
        expect(level.reduce((sum, length) => sum + length, 0)).toBe(Math.min(total, most * all.length));
      }),
    );
  });
});
