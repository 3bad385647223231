import { markdownTable } from "../marked-section.ts";
import type { Measures } from "./measures.ts";
import { SYSTEMS, type System } from "./systems.ts";
import type { TraceName } from "./traces.ts";

/** One month under one system. */
export interface Row {
  readonly trace: TraceName;
  readonly load: number;
  readonly system: System;
  readonly measures: Measures;
}

export const systemNames: Readonly<Record<System, string>> = {
  batch: "each alone, batch",
  markets: "each alone, market",
  network: "network",
};

type Line = readonly [name: string, of: (measures: Measures) => string];

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const whole = (value: number) => Math.round(value).toLocaleString("en");
const minutes = (seconds: number | undefined) => (seconds === undefined ? "-" : whole(seconds / 60));
const fixed = (value: number | undefined, digits: number) =>
  value === undefined ? "-" : value.toFixed(digits);
const cnyPerCardHour = (mills: number, { cardHours }: Measures) =>
  fixed(cardHours === 0 ? undefined : mills / 1000 / cardHours, 2);
const millions = (mills: number) => fixed(mills / 1e9, 2);

const lines: readonly Line[] = [
  ["utilisation", ({ utilisation }) => percent(utilisation)],
  ["wait p50, min", ({ wait }) => minutes(wait.p50)],
  ["wait mean, min", ({ wait }) => minutes(wait.mean)],
  ["wait p95, min", ({ wait }) => minutes(wait.p95)],
  ["bounded slowdown p50", ({ slowdown }) => fixed(slowdown.p50, 2)],
  ["bounded slowdown mean", ({ slowdown }) => fixed(slowdown.mean, 2)],
  ["bounded slowdown p95", ({ slowdown }) => fixed(slowdown.p95, 2)],
  ["done by deadline", ({ byDeadline }) => percent(byDeadline)],
  ["jobs completed", ({ completed }) => whole(completed)],
  ["jobs never started", ({ neverStarted }) => whole(neverStarted)],
  ["card-hours used", ({ cardHours }) => whole(cardHours)],
  ["card-hours lost", ({ lostCardHours }) => whole(lostCardHours)],
  ["kWh per card-hour", ({ kwhPerCardHour }) => fixed(kwhPerCardHour, 4)],
  ["kg CO2 per card-hour", ({ co2PerCardHour }) => fixed(co2PerCardHour, 4)],
  ["tenants pay, CNY per card-hour", (of) => cnyPerCardHour(of.tenantsPay, of)],
  ["centers' revenue, million CNY", ({ centersGet }) => millions(centersGet)],
  ["centers' revenue less energy, million CNY", (of) => millions(of.centersGet - of.energyMills)],
];

/** One table a trace: a column for each load and system. */
export function tableOf(rows: readonly Row[]): string {
  const loads = [...new Set(rows.map(({ load }) => load))].sort((a, b) => a - b);
  const columns = loads.flatMap((load) =>
    SYSTEMS.flatMap((system) => rows.filter((row) => row.load === load && row.system === system)),
  );
  return markdownTable(
    ["", ...columns.map(({ load, system }) => `${load} % ${systemNames[system]}`)],
    lines.map(([name, of]) => [name, ...columns.map(({ measures }) => of(measures))]),
  );
}

/** How full each center is: where work moves to. */
export function centersTable(rows: readonly Row[]): string {
  const [first] = rows;
  const names = first?.measures.centers.map(({ center }) => center) ?? [];
  return markdownTable(
    ["load and system", ...names],
    rows.map(({ load, system, measures }) => [
      `${load} % ${systemNames[system]}`,
      ...measures.centers.map(({ utilisation }) => percent(utilisation)),
    ]),
  );
}
