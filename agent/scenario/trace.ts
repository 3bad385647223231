import { z } from "zod";

/** The columns of the Philly trace, upstream's order. */
export const TRACE_COLUMNS = ["timestamp", "duration", "num_gpus", "gpu_time", "cluster"] as const;

const form = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;
const Row = z.tuple([
  z
    .string()
    .refine(
      (text) => form.test(text) && !Number.isNaN(Date.parse(`${text.replace(" ", "T")}Z`)),
      "YYYY-MM-DD hh:mm:ss",
    ),
  z.coerce.number().min(0),
  z.coerce.number().int().min(1),
  z.coerce.number(),
  z.string().min(1),
]);

/** A job of the trace; times in seconds of trace-local time, which is taken for the market's. */
export type TraceJob = Readonly<{
  /** Unique within the trace: `philly-YYYYMMDD-HHMMSS-CLUSTER-k`, k counting equal submissions. */
  key: string;
  /** Seconds since 1970-01-01 00:00 of trace-local time. */
  submit: number;
  duration: number;
  gpus: number;
  /** Virtual cluster. */
  cluster: string;
}>;

/** Trace-local midnight of a day `YYYY-MM-DD`, in the seconds of {@link TraceJob.submit}. */
export function traceMidnight(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}

/** The data rows of a CSV text with the trace's header. @throws Error on any other header */
export function traceRows(csv: string): string[] {
  const [header, ...rows] = csv.trimEnd().split(/\r?\n/);
  if (header !== TRACE_COLUMNS.join(","))
    throw new Error(`the trace's first line is ${TRACE_COLUMNS.join(",")}, not ${header}`);
  return rows;
}

/** Parses rows in their order; equal submissions are told apart by their order. @throws Error naming a row's line */
export function parseTrace(rows: readonly string[]): TraceJob[] {
  const seen = new Map<string, number>();
  return rows.map((row, n) => {
    const parsed = Row.safeParse(row.split(","));
    if (!parsed.success) throw new Error(`line ${n + 2} of the trace, ${row}: ${faultOf(parsed.error)}`);
    const [timestamp, duration, gpus, , cluster] = parsed.data;
    const stem = `philly-${timestamp.replaceAll(/[-:]/g, "").replace(" ", "-")}-${cluster}`;
    const count = (seen.get(stem) ?? 0) + 1;
    seen.set(stem, count);
    const submit = Date.parse(`${timestamp.replace(" ", "T")}Z`) / 1000;
    return { key: `${stem}-${count}`, submit, duration, gpus, cluster };
  });
}

function faultOf({ issues: [issue] }: z.ZodError): string {
  const column = TRACE_COLUMNS.find((_, n) => n === issue?.path[0]);
  return `${column ?? `${TRACE_COLUMNS.length} columns`}: ${issue?.message}`;
}

/** The trace has no queueing: a job runs from its submission on. */
export function finishOf(job: TraceJob): number {
  return job.submit + job.duration;
}

/** Of a day's replay: the jobs running at `start` and the ones submitted in `[start, end)`, by submission. */
export function replayed(trace: readonly TraceJob[], start: number, end: number): TraceJob[] {
  return trace
    .filter((job) => job.submit < end && (job.submit >= start || finishOf(job) > start))
    .sort((a, b) => a.submit - b.submit);
}
