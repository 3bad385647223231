import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { rowsOf } from "../../agent/scenario/derivation/tables.ts";
import { DAY_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { parseTrace, type TraceJob, traceMidnight, traceRows } from "../../agent/scenario/trace.ts";

/** The shipped parts of the data sets: data/SOURCE.txt. */
export const FILES = {
  philly: "philly-30-days.csv.gz",
  alibaba: "alibaba-gpu-pods.csv.gz",
  carbon: "carbon-hourly-2022h1.csv.gz",
} as const;

export const TRACES = ["philly", "alibaba"] as const;
export type TraceName = (typeof TRACES)[number];

/** Days that are shipped of each trace. */
export const MOST_DAYS = 30;
/** First day of the month, a Monday; the scenario's day is in it. */
export const PHILLY_START = "2017-10-09";
/** The trace counts seconds from a beginning without a date; its last full 30 days begin here. */
const ALIBABA_START = 118 * DAY_SECONDS;
/** Copies of each pod, a whole number of days apart, so that the hour of the day stays what it was. */
export const ALIBABA_COPIES = 8;
const COPY_SHIFT_DAYS = 4;

/** A month of a trace: jobs by submission, in seconds of the trace, with what came before for the estimates. */
export type Trace = Readonly<{
  name: TraceName;
  /** Second at which the replay opens. */
  start: number;
  /** Settlement day of the opening. */
  marketDay: string;
  /** Every job that the trace shows, replayed or not: tenants estimate from those that have finished. */
  jobs: readonly TraceJob[];
  copies: number;
}>;

function text(file: string): string {
  return gunzipSync(readFileSync(join(import.meta.dirname, "data", file))).toString("utf8");
}

export function loadTrace(name: TraceName): Trace {
  switch (name) {
    case "philly":
      return {
        name,
        start: traceMidnight(PHILLY_START),
        marketDay: PHILLY_START,
        jobs: parseTrace(traceRows(text(FILES.philly))),
        copies: 1,
      };
    case "alibaba":
      return {
        name,
        start: ALIBABA_START,
        marketDay: "2023-06-01",
        jobs: podsOf(text(FILES.alibaba)),
        copies: ALIBABA_COPIES,
      };
    default:
      return name satisfies never;
  }
}

/**
 * A pod ran from `scheduled_time` to `deletion_time`; it is submitted at `creation_time`. The trace names no users:
 * pods of the same shape (CPU, memory, GPU, quality of service) are one application, here a virtual cluster.
 */
function podsOf(csv: string): TraceJob[] {
  const shapes = new Map<string, string>();
  return rowsOf(csv).map((row) => {
    const { name = "", cpu_milli, memory_mib, num_gpu, gpu_milli, qos } = row;
    const shape = [cpu_milli, memory_mib, num_gpu, gpu_milli, qos].join("/");
    const cluster = shapes.get(shape) ?? `app${shapes.size + 1}`;
    shapes.set(shape, cluster);
    // Only a pod of one GPU may take a part of it.
    const gpus = num_gpu === "1" ? Number(gpu_milli) / 1000 : Number(num_gpu);
    return {
      key: name.replace("openb-pod", "alibaba"),
      submit: Number(row.creation_time),
      duration: Number(row.deletion_time) - Number(row.scheduled_time),
      gpus,
      cluster,
    };
  });
}

/** One job of the month: `arrival` in seconds from the opening, at which `seconds` of its work remain. */
export type Arrival = Readonly<{
  key: string;
  job: TraceJob;
  arrival: number;
  opening: boolean;
  seconds: number;
}>;

/**
 * What runs at the opening (arrival 0, with what remains of it) and what is submitted in the days after it. Of a trace
 * with copies, copy c is submitted 4 c days later, what would fall behind the last day at the beginning instead.
 */
export function arrivalsOf({ jobs, start, copies }: Trace, days: number): Arrival[] {
  const length = days * DAY_SECONDS;
  return jobs
    .flatMap((job) =>
      Array.from({ length: copies }, (_, copy): Arrival[] => {
        const key = copies === 1 ? job.key : `${job.key}-${copy + 1}`;
        const after = job.submit - start;
        if (after >= length) return [];
        if (after < 0) {
          const seconds = Math.round(after + job.duration);
          return seconds > 0 ? [{ key, job, arrival: 0, opening: true, seconds }] : [];
        }
        const arrival = (after + copy * COPY_SHIFT_DAYS * DAY_SECONDS) % length;
        return [{ key, job, arrival, opening: false, seconds: Math.max(1, Math.round(job.duration)) }];
      }).flat(),
    )
    .sort((a, b) => a.arrival - b.arrival || a.job.submit - b.job.submit || (a.key < b.key ? -1 : 1));
}

/** Zones whose hourly carbon intensity lends its daily shape; the data set has none of mainland China. */
export const CARBON_ZONES = ["KR", "TW"] as const;
export type CarbonZone = (typeof CARBON_ZONES)[number];

/** Mean day of a zone over the half-year, by hour of the market's day (UTC+8), relative to the zone's mean. */
export function carbonShape(zone: CarbonZone): number[] {
  const sums = new Array<number>(24).fill(0);
  const rows = rowsOf(text(FILES.carbon));
  rows.forEach((row, hour) => {
    const local = (hour + 8) % 24;
    sums[local] = (sums[local] ?? 0) + Number(row[zone]);
  });
  const mean = sums.reduce((a, b) => a + b, 0) / 24;
  return sums.map((sum) => sum / mean);
}
