import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { fieldsOf, rowsOf } from "../../agent/scenario/derivation/tables.ts";
import { historyOf, lastFinished } from "../../agent/scenario/estimates.ts";
import { DAY_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { finishOf, parseTrace, replayed, traceMidnight, traceRows } from "../../agent/scenario/trace.ts";
import { CARBON_ZONES, FILES, MOST_DAYS, PHILLY_START } from "./traces.ts";

/**
 * Makes the shipped parts of the raw data sets: `node bench/network/select-data.ts RAW`. Rows and columns are left out,
 * no value is changed. Prints what SOURCE.txt says of each file.
 */
const raw = process.argv[2];
if (raw === undefined) throw new Error("name the folder of the raw data sets");
const folder = raw;

/** Rows of the month, of what runs at its beginning, and of the jobs from which tenants estimate at its beginning. */
function philly(): string {
  const rows = traceRows(readFileSync(join(folder, "philly_jobs", "philly_before_2017-11-15.csv"), "utf8"));
  const jobs = parseTrace(rows);
  const start = traceMidnight(PHILLY_START);
  const history = historyOf(jobs.filter((job) => finishOf(job) <= start));
  const known = [history.all, ...history.byCluster.values()].flatMap((list) => lastFinished(list, start));
  const month = replayed(jobs, start, start + MOST_DAYS * DAY_SECONDS);
  const needed = new Set([...month, ...known].map(({ key }) => key));
  const kept = rows.filter((_, n) => needed.has(jobs[n]?.key ?? ""));
  return lines("timestamp,duration,num_gpus,gpu_time,cluster", kept);
}

/** Pods that asked for a GPU and were scheduled. */
function alibaba(): string {
  const csv = readFileSync(join(folder, "alibaba_gpu_v2023", "openb_pod_list_default.csv"), "utf8");
  const columns = [
    "name",
    "cpu_milli",
    "memory_mib",
    "num_gpu",
    "gpu_milli",
    "qos",
    "creation_time",
    "deletion_time",
    "scheduled_time",
  ];
  const kept = rowsOf(csv).filter((row) => row.num_gpu !== "0" && row.scheduled_time !== "");
  return lines(
    columns.join(","),
    kept.map((row) => columns.map((column) => row[column] ?? "").join(",")),
  );
}

function carbon(): string {
  const csv = gunzipSync(
    readFileSync(join(folder, "carbon_hourly_2022H1", "carbon_2022H1_all_zones.csv.gz")),
  ).toString("utf8");
  const [header = "", ...rows] = csv.trimEnd().split(/\r?\n/);
  const names = ["hour_utc", ...CARBON_ZONES];
  const columns = names.map((name) => fieldsOf(header).indexOf(name));
  const kept = rows.map((row) => {
    const fields = fieldsOf(row);
    return columns.map((column) => fields[column] ?? "").join(",");
  });
  return lines(names.join(","), kept);
}

function lines(header: string, rows: readonly string[]): string {
  return `${[header, ...rows].join("\n")}\n`;
}

const data = join(import.meta.dirname, "data");
for (const [file, text] of [
  [FILES.philly, philly()],
  [FILES.alibaba, alibaba()],
  [FILES.carbon, carbon()],
] as const) {
  writeFileSync(join(data, file), gzipSync(text, { level: 9 }));
  const hash = createHash("sha256").update(text).digest("hex");
  console.log(`${file}, unpacked: ${hash}  ${text.length} bytes, ${text.split("\n").length - 2} data rows`);
}
