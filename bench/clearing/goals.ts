import type { InstanceName } from "./generate.ts";
import { gapOf } from "./timed-search.ts";

/** What a result of one run must reach. */
export interface Target {
  readonly seconds: number;
  /** (bound - welfare) / bound at most. */
  readonly gap?: number;
  /** Below the optimum that HiGHS proves by such a share at most. */
  readonly belowOptimum?: number;
  /** At least the welfare of HiGHS after its limit, though its program knows no prices. */
  readonly asGoodAsHighs?: true;
  readonly megabytes?: number;
}

export interface Goal {
  readonly must: Target;
  readonly aim: Target;
}

export const goals: Readonly<Record<InstanceName, Goal>> = {
  "mod-100": { must: { seconds: 0.2, belowOptimum: 0.005 }, aim: { seconds: 0.2, belowOptimum: 0 } },
  "mod-1k": { must: { seconds: 1, gap: 0.015 }, aim: { seconds: 1, gap: 0.01 } },
  "heavy-1k": { must: { seconds: 2, asGoodAsHighs: true }, aim: { seconds: 0.5, asGoodAsHighs: true } },
  "mod-10k": { must: { seconds: 5, gap: 0.03, megabytes: 300 }, aim: { seconds: 4, gap: 0.02 } },
  "mod-100k": { must: { seconds: 25, gap: 0.05, megabytes: 1769 }, aim: { seconds: 15, gap: 0.03 } },
};

/** What the yardstick ended with. */
export interface Yardstick {
  /** Of its program, which knows no prices. */
  readonly welfare: number | null;
  /** What is left of it with prices that hold; no goal speaks of that. */
  readonly priced: number | null;
  readonly optimal: boolean;
}

interface Measured {
  readonly welfare: number;
  readonly bound: number;
  readonly seconds: number;
  readonly megabytes: number;
}

/** `unknown`: the yardstick that the target speaks of was not run, or did not get there. */
export type Verdict = "met" | "missed" | "unknown";

export function verdictOf(target: Target, run: Measured, highs: Yardstick | null): Verdict {
  if (run.seconds > target.seconds) return "missed";
  if (target.megabytes !== undefined && run.megabytes > target.megabytes) return "missed";
  if (target.gap !== undefined && gapOf(run) > target.gap) return "missed";
  if (target.belowOptimum !== undefined) {
    // The certificate alone may do.
    if (gapOf(run) <= target.belowOptimum) return "met";
    if (highs === null || !highs.optimal || highs.welfare === null) return "unknown";
    if (run.welfare < highs.welfare * (1 - target.belowOptimum)) return "missed";
  }
  if (target.asGoodAsHighs) {
    if (highs === null) return "unknown";
    if (run.welfare < (highs.welfare ?? 0)) return "missed";
  }
  return "met";
}

export function targetText({ seconds, gap, belowOptimum, asGoodAsHighs, megabytes }: Target): string {
  const parts = [
    gap === undefined ? [] : [`≤ ${(gap * 100).toFixed(1)} %`],
    belowOptimum === undefined
      ? []
      : [belowOptimum === 0 ? "the optimum" : `optimum - ${(belowOptimum * 100).toFixed(1)} %`],
    asGoodAsHighs ? ["HiGHS after 60 s"] : [],
    [`${seconds} s`],
    megabytes === undefined ? [] : [`${megabytes.toLocaleString("en")} MB`],
  ];
  return parts.flat().join(", ");
}
