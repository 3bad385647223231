/**
 * The functions' own metrics, by name. Emitters, alarms and the dashboard take the names from here, so that they cannot
 * drift apart. Each is kept for one function at a time (dimension `service`, the function's name in the manifest).
 * What AWS counts by itself (requests, errors, throttles, depths of queues) is not counted again: each one costs.
 */
export const metrics = {
  /** From the write of a batch's oldest record in a table's stream until its consumer had done with it. */
  StreamLag: {
    unit: "Milliseconds",
    from: ["relay-commits", "project-views", "publish-events", "settle-accounts"],
  },
  /** Commits that the daily scan of the log found outside the feed: their wake-ups were lost. */
  LostWakeUps: { unit: "Count", from: ["scan-log"] },
  /** Since the gate of an auction closed that is not sealed yet; 0: the last one is sealed. */
  UnsealedAge: { unit: "Seconds", from: ["watch-auctions"] },
  /** Since the last gate closed, of whichever session; 0: none has ever. */
  GateAge: { unit: "Seconds", from: ["watch-auctions"] },
  /** Accounts that refused to pay a batch of charges out of the holds. Cannot be: a break of the books. */
  ChargesNotSettled: { unit: "Count", from: ["settle-accounts"] },
  /** Auctions that were voided because their book cannot be cleared. Cannot be: bids are held for, offers are cut off. */
  AuctionsNotCleared: { unit: "Count", from: ["solve-auction"] },
  /** Awards that the job refused. Cannot be: a break of the books. */
  AwardsNotTaken: { unit: "Count", from: ["publish-awards"] },
} as const satisfies Record<string, Metric>;

export interface Metric {
  readonly unit: "Count" | "Seconds" | "Milliseconds";
  /** The functions that emit it, by their names in the manifest. */
  readonly from: readonly string[];
}

export type MetricName = keyof typeof metrics;

export const metricNamespace = "Suanwang";
/** The dimension that tells the functions apart. */
export const metricDimension = "service";
