import { nearestRank } from "../agent/scenario/estimates.ts";

/** Middle and tail of some measurements. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** @throws Error for no values. */
export function spreadOf(values: readonly number[]): Spread {
  return {
    count: values.length,
    p50: nearestRank(values, 50),
    p99: nearestRank(values, 99),
    max: nearestRank(values, 100),
  };
}

export function median(values: readonly number[]): number {
  return nearestRank(values, 50);
}
