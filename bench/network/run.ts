import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { machineLine } from "../machine.ts";
import { writeSection } from "../marked-section.ts";
import { type Chart, chartsSvg } from "../plot.ts";
import { monthOf } from "./month.ts";
import { centersTable, type Row, systemNames, tableOf } from "./report.ts";
import { runSystem, SYSTEMS } from "./systems.ts";
import { MOST_DAYS, TRACES, type TraceName } from "./traces.ts";

/**
 * `npm run bench:network [-- --trace philly --load 70 --days 3 --seed 1 --jobs 500 --write]`: months of real traces on
 * the network, on lone centers with a market each, and on lone centers as batch systems. `--write` puts tables and
 * plots into docs/.
 */
const { values } = parseArgs({
  options: {
    trace: { type: "string" },
    load: { type: "string" },
    days: { type: "string", default: String(MOST_DAYS) },
    seed: { type: "string", default: "1" },
    jobs: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

const days = wholeNumber("days", values.days, 1, MOST_DAYS);
const jobs = values.jobs === undefined ? {} : { jobs: wholeNumber("jobs", values.jobs, 1, 1_000_000) };
const loads = values.load === undefined ? [50, 70, 90] : [wholeNumber("load", values.load, 1, 200)];
const traces = TRACES.filter((name) => values.trace === undefined || name === values.trace);
if (traces.length === 0) throw new Error(`--trace is one of ${TRACES.join(", ")}`);

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}`);
}

const began = performance.now();
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const machine = `${machineLine()}, one thread`;
console.log(`${days} days, seed ${values.seed}, ${machine}`);

const rows: Row[] = [];
let broken = 0;
for (const trace of traces)
  for (const load of loads) {
    const { scenario, cardsPerGpu } = monthOf({ trace, load, days, seed: values.seed, ...jobs });
    console.log(`\n${scenario.name}: ${scenario.jobs.length} jobs, ${cardsPerGpu} cards a GPU of the trace`);
    for (const system of SYSTEMS) {
      const since = performance.now();
      const cpuBefore = cpuSeconds();
      const { measures, counts, continued, faults } = runSystem(system, scenario);
      rows.push({ trace, load, system, measures });
      broken += faults.length;
      const auctions =
        counts === undefined
          ? ""
          : `, ${counts.spot} spot and ${counts.forward} forward auctions (${counts.withBids} with bids, ${counts.voided} voided), ${counts.awards} awards, ${continued} continuations`;
      console.log(
        `  ${systemNames[system]}: ${seconds(since)}, ${(cpuSeconds() - cpuBefore).toFixed(1)} s of CPU${auctions}`,
      );
      for (const fault of faults.slice(0, 10)) console.log(`    ✗ ${fault}`);
    }
  }

for (const trace of traces) {
  const own = rows.filter((row) => row.trace === trace);
  console.log(`\n${trace}\n\n${tableOf(own)}\n\n${centersTable(own)}`);
}
console.log(
  broken === 0
    ? "\n✓ no card sold twice, money conserved, every job accounted for, work delivered = work done"
    : `\n✗ ${broken} checks failed`,
);
const took = `${seconds(began)}, ${cpuSeconds().toFixed(1)} s of CPU`;
console.log(`${took} in all on ${machine}`);
console.log(
  "Not covered: HTTP, database and workflows (npm start), failures of single cards, split and divisible jobs, queueing delays of data transfers, restart costs of moved jobs, prices of power other than the scenario's day.",
);
if (values.write) writeDocs();
if (broken > 0) process.exitCode = 1;

/** Replaces the sections of docs/network.md that were measured, and the plots beside it. */
function writeDocs(): void {
  const page = new URL("../../docs/network.md", import.meta.url);
  for (const trace of traces) {
    const own = rows.filter((row) => row.trace === trace);
    writeFileSync(new URL(`network-${trace}.svg`, page), plotOf(trace, own));
    writeSection(page, trace, `${tableOf(own)}\n\n![${trace}](network-${trace}.svg)`);
    writeSection(page, `${trace}-centers`, centersTable(own));
    writeSection(
      page,
      `${trace}-run`,
      `Last run: ${days} days, seed ${values.seed}, ${took}, on ${machine}.`,
    );
  }
}

function plotOf(trace: TraceName, own: readonly Row[]): string {
  const plotted = [...new Set(own.map(({ load }) => load))].sort((a, b) => a - b);
  const lines = (of: (row: Row) => number | undefined) =>
    SYSTEMS.map((system) =>
      plotted.map((load) => {
        const row = own.find((each) => each.load === load && each.system === system);
        return row === undefined ? undefined : of(row);
      }),
    );
  const percent = (value: number) => `${(value * 100).toFixed(0)} %`;
  const hours = (value: number) => (value < 1 ? `${(value * 60).toFixed(0)} min` : `${value.toFixed(0)} h`);
  const inHours = (value: number | undefined) => (value === undefined ? undefined : value / 3600);
  const charts: Chart[] = [
    { title: "Utilisation", values: lines(({ measures }) => measures.utilisation), show: percent },
    {
      title: "Mean wait",
      values: lines(({ measures }) => inHours(measures.wait.mean)),
      show: hours,
      logarithmic: true,
    },
    {
      title: "Wait, 95th percentile",
      values: lines(({ measures }) => inHours(measures.wait.p95)),
      show: hours,
      logarithmic: true,
    },
    {
      title: "Mean bounded slowdown",
      values: lines(({ measures }) => measures.slowdown.mean),
      show: String,
      logarithmic: true,
    },
    { title: "Done by deadline", values: lines(({ measures }) => measures.byDeadline), show: percent },
    {
      title: "CNY per card-hour",
      values: lines(({ measures }) => measures.tenantsPay / 1000 / measures.cardHours),
      show: (value) => value.toFixed(2),
    },
  ];
  const names = SYSTEMS.map((system) => systemNames[system]);
  return chartsSvg(
    `${trace}: what load does`,
    plotted.map((load) => `${load} %`),
    names,
    charts,
  );
}
