import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateSeconds, historyOf, nearestRank } from "./estimates.ts";
import type { TraceJob } from "./trace.ts";

function job(cluster: string, submit: number, duration: number): TraceJob {
  return { key: `${cluster}-${submit}-${duration}`, submit, duration, gpus: 1, cluster };
}

describe("nearest rank", () => {
  it("takes the smallest value that enough values do not exceed", () => {
    expect(nearestRank([40, 10, 30, 20], 50)).toBe(20);
    expect(nearestRank([40, 10, 30, 20], 75)).toBe(30);
    expect(nearestRank([40, 10, 30, 20], 76)).toBe(40);
    expect(nearestRank([7], 1)).toBe(7);
    expect(() => nearestRank([], 50)).toThrow("no values");
  });

  it("is a value of the list with the share at or below it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        (values, percent) => {
          const rank = nearestRank(values, percent);
          const atMost = values.filter((value) => value <= rank).length;
          const below = values.filter((value) => value < rank).length;
          expect(values).toContain(rank);
          expect(atMost * 100).toBeGreaterThanOrEqual(percent * values.length);
          expect(below * 100).toBeLessThan(percent * values.length);
        },
      ),
    );
  });
});

describe("a tenant's estimate", () => {
  // Ten jobs of cluster a, one every 100 s, lasting 10, 20 … 100 s; four of cluster b, lasting 1000 s.
  const jobs = [
    ...Array.from({ length: 10 }, (_, n) => job("a", n * 100, (n + 1) * 10)),
    ...Array.from({ length: 4 }, (_, n) => job("b", n, 1000)),
  ];
  const history = historyOf(jobs);

  it("is the 90th percentile of what has finished by then", () => {
    // All ten have finished by 1000: the ninth of ten.
    expect(estimateSeconds(history, "a", 1000)).toBe(90);
    // At 995 the last one (900 + 100) has not: the ninth of nine.
    expect(estimateSeconds(history, "a", 995)).toBe(90);
    // At 890 nine are submitted and the ninth (800 + 90) ends right then.
    expect(estimateSeconds(history, "a", 889)).toBe(80);
    expect(estimateSeconds(history, "a", 890)).toBe(90);
  });

  it("looks at all clusters while its own has under five", () => {
    // By 1003 the 10 of a and 4 of b have finished; b alone has too few, and the 13th of 14 lasts 1000 s.
    expect(estimateSeconds(history, "b", 1003)).toBe(1000);
    expect(estimateSeconds(history, "unknown", 889)).toBe(80);
    const five = historyOf([...jobs, job("b", 5, 2000)]);
    expect(estimateSeconds(five, "b", 2004)).toBe(1000);
    expect(estimateSeconds(five, "b", 2005)).toBe(2000);
  });

  it("is none while nothing has finished anywhere", () => {
    expect(estimateSeconds(history, "a", 9)).toBeUndefined();
    expect(estimateSeconds(history, "a", 10)).toBe(10);
  });

  it("forgets all but the last fifty, by their ends", () => {
    const many = Array.from({ length: 60 }, (_, n) => job("c", n * 10, n < 10 ? 5000 : 1));
    // The ten long ones, though submitted first, end last and count as soon as they have ended.
    expect(estimateSeconds(historyOf(many), "c", 600)).toBe(1);
    expect(estimateSeconds(historyOf(many), "c", 5090)).toBe(5000);
    const early = Array.from({ length: 60 }, (_, n) => job("c", n * 10, n < 10 ? 9 : 1));
    expect(estimateSeconds(historyOf(early), "c", 600)).toBe(1);
  });
});
