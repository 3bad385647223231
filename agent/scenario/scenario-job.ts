import type { Workloads } from "./scenario-file.ts";

export const SLOT_SECONDS = 360;
export const SLOTS_PER_HOUR = 10;
export const SLOTS_PER_DAY = 240;
export const DAY_SECONDS = 86_400;

/** What the exchange is told of a job: the API's job with its window counted from the opening. */
export type Bid = Readonly<{
  name: string;
  session: "spot" | "forward";
  /**
   * block: an all-or-nothing gang; split: one that may span two centers; div: any whole number of cards; service: from
   * `floor` to `cards` of them in every slot of its window.
   */
  kind: "block" | "split" | "div" | "service";
  /** Acceptable products by preference; limits in fen per card-hour. */
  products: readonly Readonly<{ product: string; limit: number }>[];
  cards: number;
  floor?: number;
  /** Length of the first award. */
  slots: number;
  /** Slots from the opening (marketDay 00:00, Asia/Shanghai), `[from, to)`. */
  window: Readonly<{ from: number; to: number }>;
  home: string;
  dataGB: number;
  /** Slots before the start over which its data is moved; absent: in the first one. */
  stageSlots?: number;
  frameworks: readonly string[];
  regions?: readonly string[];
  maxLatencyMs?: number;
  split?: Readonly<{ chunk: number; bandwidthGbps: number; syncLatencyMs: number }>;
  /** Fen per card-hour for continuations; absent: the job ends with its award. */
  extendLimit?: number;
  maxSlots: number;
}>;

export type Workload = "trace" | keyof Workloads;

/** One job of the replay: when it is requested, what it bids, and what only its simulated run knows. */
export type ScenarioJob = Readonly<{
  /** Unique in the scenario; fit for an Idempotency-Key. */
  key: string;
  /** Owner and account. */
  tenant: string;
  workload: Workload;
  /** Seconds from the opening at which the tenant requests it; 0 for what the trace shows already running. */
  arrival: number;
  /** The trace shows it already running at the opening. */
  opening: boolean;
  /** The tenant's estimate, not capped; what a batch system would be told as the time limit. */
  estimateSlots: number;
  /** How long its work really takes, in seconds. The exchange never learns it. */
  durationSeconds: number;
  bid: Bid;
  /** A retraining: which algorithm, and how long one iteration takes on the tenant's own servers. */
  iteration?: Readonly<{ algorithm: number; ownServersSeconds: number }>;
}>;

/** First second, from the opening, at which a job may run: planned (forward) jobs not before their window. */
export function readyAt(job: ScenarioJob): number {
  return job.bid.session === "spot" ? job.arrival : Math.max(job.arrival, job.bid.window.from * SLOT_SECONDS);
}

/** It does what its cards allow until its window or its award is over; any other job until its work is done. */
export function endsWithTime({ bid }: ScenarioJob): boolean {
  switch (bid.kind) {
    case "div":
    case "service":
      return true;
    case "block":
    case "split":
      return false;
    default:
      return bid.kind satisfies never;
  }
}

/** First second, from the opening, after the window of a job that ends with it. */
export function windowEnd(job: ScenarioJob): number {
  return job.bid.window.to * SLOT_SECONDS;
}
