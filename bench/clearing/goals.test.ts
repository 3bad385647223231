import { describe, expect, test } from "vitest";
import { instanceNames } from "./generate.ts";
import { goals, type Target, targetText, type Verdict, verdictOf, type Yardstick } from "./goals.ts";

const run = { welfare: 980, bound: 1000, seconds: 1, megabytes: 200 };
const proven: Yardstick = { welfare: 990, priced: 981, optimal: true };

describe("a run is judged by its target", () => {
  const cases: [string, Target, Yardstick | null, Verdict][] = [
    ["the gap it has", { seconds: 1, gap: 0.02 }, null, "met"],
    ["a smaller gap", { seconds: 1, gap: 0.0199 }, null, "missed"],
    ["less time", { seconds: 0.9, gap: 0.5 }, null, "missed"],
    ["less memory", { seconds: 1, gap: 0.5, megabytes: 199 }, null, "missed"],
    ["2 % below a proven optimum", { seconds: 1, belowOptimum: 0.0102 }, proven, "met"],
    ["1 % below a proven optimum", { seconds: 1, belowOptimum: 0.01 }, proven, "missed"],
    [
      "an optimum that is not proven",
      { seconds: 1, belowOptimum: 0.01 },
      { ...proven, optimal: false },
      "unknown",
    ],
    ["an optimum that its own certificate proves", { seconds: 1, belowOptimum: 0.02 }, null, "met"],
    ["HiGHS, which has more", { seconds: 1, asGoodAsHighs: true }, proven, "missed"],
    [
      "HiGHS, which has more only without prices",
      { seconds: 1, asGoodAsHighs: true },
      { ...proven, priced: 970 },
      "missed",
    ],
    [
      "HiGHS, which has nothing",
      { seconds: 1, asGoodAsHighs: true },
      { welfare: null, priced: null, optimal: false },
      "met",
    ],
    ["HiGHS, which did not run", { seconds: 1, asGoodAsHighs: true }, null, "unknown"],
  ];
  test.each(cases)("%s", (_, target, highs, verdict) => {
    expect(verdictOf(target, run, highs)).toBe(verdict);
  });
});

test("every instance has goals that can be read, and the aim is never the easier one", () => {
  for (const name of instanceNames) {
    const { must, aim } = goals[name];
    expect(targetText(must)).toContain(`${must.seconds} s`);
    expect(aim.seconds).toBeLessThanOrEqual(must.seconds);
    expect(aim.gap ?? 0).toBeLessThanOrEqual(must.gap ?? 1);
  }
});
