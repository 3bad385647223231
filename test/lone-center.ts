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
    shortages: [],
    offers: [{ key: "c-1", center: "c", product, cards, reserve: 100, from: 0, to }],
    jobs,
  };
}

/** A job of a trace that reaches the lone center: arrival and run time in seconds of the day. */
export interface LoneJob {
  readonly arrival: number;
  readonly cards: number;
  readonly seconds: number;
  readonly slots: number;
  readonly product: string;
  readonly limit: number;
  readonly session?: "spot" | "forward";
  readonly kind?: "block" | "div";
  /** Slots after the opening. */
  readonly window: { readonly from: number; readonly to: number };
  readonly extendLimit?: number;
}

export function loneJob(key: string, fields: LoneJob): ScenarioJob {
  const { arrival, cards, seconds, slots, product, limit, session = "spot", kind = "block", window } = fields;
  return {
    key,
    tenant: "t",
    workload: "trace",
    arrival,
    opening: false,
    estimateSlots: slots,
    durationSeconds: seconds,
    bid: {
      name: key,
      session,
      kind,
      products: [{ product, limit }],
      cards,
      slots,
      window,
      home: "c",
      dataGB: 0,
      frameworks: [],
      maxSlots: 1000,
      ...(fields.extendLimit === undefined ? {} : { extendLimit: fields.extendLimit }),
    },
  };
}
