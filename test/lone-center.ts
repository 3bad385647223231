import type { Scenario } from "../agent/scenario/scenario.ts";
import type { ScenarioJob } from "../agent/scenario/scenario-job.ts";

/** One pool of one center, all of it on offer at 100 fen from the opening on. */
export interface LonePool {
  readonly product: string;
  readonly cards: number;
  /** Mills per kWh, at every hour. */
  readonly energy: number;
  /** First slot after the opening that is not on offer. */
  readonly to: number;
}

/** A day of the center `c` for itself. */
export function loneCenterDay(
  { product, cards, energy, to }: LonePool,
  jobs: readonly ScenarioJob[],
  failures: Scenario["failures"],
): Scenario {
  return {
    name: "t",
    marketDay: "2017-10-25",
    days: 1,
    products: [{ product, tflops: 256, kw: 0.5 }],
    centers: [
      {
        center: "c",
        name: "C",
        owner: "o",
        region: "r",
        homeRegions: [],
        pue: 1.1,
        pools: [{ product, cards, frameworks: [] }],
        energy: Array(24).fill(energy),
        gridFactor: 400,
        offers: [],
      },
    ],
    links: [],
    tenants: [],
    deposit: "0",
    failures,
    offers: [{ key: "c-1", center: "c", product, cards, reserve: 100, from: 0, to }],
    jobs,
  };
}
