import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ESTIMATE_JOBS, estimateSeconds, historyOf, lastFinished } from "../estimates.ts";
import { DAY_SECONDS } from "../scenario-job.ts";
import {
  finishOf,
  parseTrace,
  replayed,
  TRACE_COLUMNS,
  type TraceJob,
  traceMidnight,
  traceRows,
} from "../trace.ts";
import { CENTERS, MARKET_DAY, TRACE_DAYS } from "./assumptions.ts";
import { selectRows } from "./tables.ts";
import { linesCsv, readGraphml } from "./topology.ts";

/** Names of the shipped files. */
export const FILES = {
  trace: "philly-jobs.csv",
  topology: "cernet-lines.csv",
  power: "italy-zonal-prices.csv",
  marketplace: "vast-a100.csv",
  onDemand: "aws-a100-on-demand.csv",
  pue: "google-pue-2024q2.csv",
  grid: "china-province-grid-factor.csv",
} as const;

/** What the replay and its estimates need of the trace; rows untouched, in upstream's order. */
export function trimTrace(csv: string): string {
  const rows = traceRows(csv);
  const jobs = parseTrace(rows);
  const start = traceMidnight(MARKET_DAY);
  const end = start + TRACE_DAYS * DAY_SECONDS;
  const history = historyOf(jobs.filter((job) => finishOf(job) <= start));
  const known = [history.all, ...history.byCluster.values()].flatMap((list) => lastFinished(list, start));
  const needed = new Set([...replayed(jobs, start, end), ...known].map((job) => job.key));
  const kept = rows.filter((_, n) => needed.has(jobs[n]?.key ?? ""));
  const trimmed = `${[TRACE_COLUMNS.join(","), ...kept].join("\n")}\n`;
  checkEstimates(jobs, parseTrace(kept), start, end);
  return trimmed;
}

/** Throws unless every estimate from the trimmed trace is the one from the whole trace. */
function checkEstimates(
  whole: readonly TraceJob[],
  trimmed: readonly TraceJob[],
  start: number,
  end: number,
): void {
  const [all, few] = [historyOf(whole), historyOf(trimmed)];
  for (const job of replayed(whole, start, end)) {
    const at = Math.max(start, job.submit);
    if (estimateSeconds(all, job.cluster, at) !== estimateSeconds(few, job.cluster, at)) {
      throw new Error(`the trimmed trace changes the estimate of ${job.key} (last ${ESTIMATE_JOBS} jobs)`);
    }
  }
}

/** Writes the shipped data files from the folder of the raw data sets. */
export function selectData(raw: string, target: string): void {
  const text = (...path: string[]) => readFileSync(join(raw, ...path), "utf8");
  const zones = new Set<string>(CENTERS.map((center) => center.priceZone));
  const sites = new Set(CENTERS.map((center) => center.pueSite));
  const provinces = new Set(CENTERS.map((center) => center.province));
  const power = gunzipSync(readFileSync(join(raw, "power_auction_italy_3days", "published-prices.csv.gz")));
  const files: Record<keyof typeof FILES, string> = {
    trace: trimTrace(text("philly_jobs", "philly_before_2017-11-15.csv")),
    topology: linesCsv(readGraphml(text("topology_cernet", "Cernet.graphml"))),
    power: selectRows(power.toString("utf8"), (row) => zones.has(row.zone ?? "")),
    marketplace: selectRows(
      text("gpu_prices_catalog", "vast_vms_v7.csv"),
      (row) => row.AcceleratorName === "A100",
    ),
    onDemand: selectRows(text("gpu_prices_catalog", "aws_gpu_on_demand_2026-10-10.csv"), (row) =>
      (row.gpu_model ?? "").startsWith("A100"),
    ),
    pue: selectRows(
      text("pue_google_2024", "google_pue_2024H1.csv"),
      (row) => row.quarter === "Q2" && sites.has(row.site ?? ""),
    ),
    grid: selectRows(text("china_grid_factors", "china_province_grid_factor.csv"), (row) =>
      provinces.has(row.province ?? ""),
    ),
  };
  writeFileSync(join(target, FILES.trace), files.trace);
  writeFileSync(join(target, FILES.topology), files.topology);
  writeFileSync(join(target, FILES.power), files.power);
  writeFileSync(join(target, FILES.marketplace), files.marketplace);
  writeFileSync(join(target, FILES.onDemand), files.onDemand);
  writeFileSync(join(target, FILES.pue), files.pue);
  writeFileSync(join(target, FILES.grid), files.grid);
}
