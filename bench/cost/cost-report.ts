import { nearestRank } from "../../agent/scenario/estimates.ts";
import { markdownTable } from "../marked-section.ts";
import { type Account, accountOf, callsOf } from "./account.ts";
import { assumptions } from "./assumptions.ts";
import type { CountedRun } from "./counted-run.ts";
import { costs, type PriceList, priceOf, totalCost } from "./price-list.ts";
import { lessTally, type Tally } from "./tally.ts";
import { type Usage, type UsageItem, usageItems } from "./usage.ts";

export interface CountedRuns {
  readonly run: CountedRun;
  readonly empty: CountedRun;
  readonly jobs: number;
  /** Mean length of the jobs, hours. */
  readonly meanHours: number;
  /** Of the trace. */
  readonly traceHours: number;
  readonly machine: string;
}

/** USD for 1,000 jobs that the exchange shall stay under. */
export const goalUsd = 0.4;
/** State transitions that a job shall take at most. */
export const goalTransitions = 12;

const names: Readonly<Record<UsageItem, string>> = {
  writeUnits: "DynamoDB write units",
  readUnits: "DynamoDB read units",
  invocations: "Lambda invocations",
  gbSeconds: "Lambda GB-seconds",
  transitions: "state transitions",
  busEvents: "EventBridge events",
  queueRequests: "SQS requests",
  apiRequests: "API requests",
  ticks: "Scheduler invocations",
};

/** The section of docs/cost.md that a run writes. */
export function costReport(runs: CountedRuns, prices: PriceList): string {
  const account = accountOf(runs.run, runs.empty, runs.jobs);
  const extra = lessTally(runs.run.tally, runs.empty.tally, runs.run.days / runs.empty.days);
  return [
    headline(runs, account, prices),
    "Per 1,000 jobs, by item:",
    itemTable(account.perThousandJobs, prices),
    transitionLine(extra, runs.jobs),
    "Apart, for a day of 264 auctions (240 spot, 24 forward), whatever the number of jobs:",
    dayTable(account, prices),
    "What one job writes and reads, by kind (all that its jobs add to the run, auctions included):",
    callTable(extra, runs.jobs),
    "Invocations that one job adds:",
    functionTable(extra, runs.jobs),
    "Not in the sum, per 1,000 jobs:",
    apartTable(account, runs, prices),
    "Assumed, for one machine cannot measure it:",
    assumptionTable(),
    `Prices of ${prices.region}, seen ${prices.seen}. ${prices.note}`,
    priceTable(prices),
  ].join("\n\n");
}

function headline(
  { run, jobs, meanHours, traceHours, machine }: CountedRuns,
  account: Account,
  prices: PriceList,
) {
  const usd = totalCost(account.perThousandJobs, prices);
  const transitions = account.perThousandJobs.transitions / 1000;
  return [
    `**${usd.toFixed(3)} USD per 1,000 jobs** (goal: under ${goalUsd.toFixed(2)}), ${transitions.toFixed(1)} state transitions a job (goal: at most ${goalTransitions}).`,
    `Counted over ${jobs} jobs of ${meanHours.toFixed(2)} hours in the mean (the trace's: ${traceHours.toFixed(2)}) on ${run.days} days; ${run.ended} of them ended. Prices: ${prices.region}, seen ${prices.seen}. Counted on ${machine}; the counts do not depend on the machine.`,
  ].join("\n\n");
}

function itemTable(usage: Usage, prices: PriceList): string {
  const priced = costs(usage, prices);
  const rows = usageItems
    .toSorted((a, b) => priced[b] - priced[a])
    .map((item) => [names[item], count(usage[item]), unitPrice(item, prices), priced[item].toFixed(4)]);
  const total = ["sum", "", "", totalCost(usage, prices).toFixed(4)];
  return markdownTable(["item", "amount", "price", "USD"], [...rows, total]);
}

function unitPrice(item: UsageItem, { items }: PriceList): string {
  const { usd, per } = items[item];
  return per === 1 ? `${usd}` : `${usd} per ${per.toLocaleString("en")}`;
}

function transitionLine({ jobSteps }: Tally, jobs: number): string {
  const steps = Object.values(jobSteps).filter((count) => count > 0);
  if (steps.length === 0) return "";
  const within = steps.filter((count) => count <= goalTransitions).length;
  return `Transitions of a job: median ${nearestRank(steps, 50)}, p90 ${nearestRank(steps, 90)}, most ${nearestRank(steps, 100)}; ${within} of ${jobs} jobs take ${goalTransitions} or fewer.`;
}

function dayTable(account: Account, prices: PriceList): string {
  const columns = [account.emptyAuctionsOfDay, account.auctionsOfDay, account.restOfDay];
  const rows = usageItems.map((item) => [names[item], ...columns.map((usage) => count(usage[item]))]);
  const total = ["USD a day", ...columns.map((usage) => totalCost(usage, prices).toFixed(4))];
  return markdownTable(
    ["a day", "auctions without a bid", "more for the bids of this run", "leases, polls, sweeps, close"],
    [...rows, total],
  );
}

const rowsShown = 14;

function callTable(extra: Tally, jobs: number): string {
  const byKind = Map.groupBy(callsOf({ tally: extra }), ({ table, what }) => `${tableName(table)}: ${what}`);
  const rows = [...byKind].map(([kind, lines]) => {
    const add = (of: (line: (typeof lines)[number]) => number) =>
      lines.reduce((sum, line) => sum + of(line), 0) / jobs;
    return {
      kind,
      writes: add(({ requests, writeUnits }) => (writeUnits > 0 ? requests : 0)),
      refused: add(({ refused }) => refused),
      writeUnits: add(({ writeUnits }) => writeUnits),
      readUnits: add(({ readUnits }) => readUnits),
    };
  });
  const shown = rows.toSorted((a, b) => 5 * (b.writeUnits - a.writeUnits) + b.readUnits - a.readUnits);
  return markdownTable(
    ["kind", "writes", "of them refused", "write units", "read units"],
    shown
      .slice(0, rowsShown)
      .map(({ kind, ...numbers }) => [kind, ...Object.values(numbers).map((value) => value.toFixed(1))]),
  );
}

/** `logtable3F8A` → `log`. */
function tableName(table: string): string {
  return table.replace(/table.*$/i, "");
}

function functionTable({ functions }: Tally, jobs: number): string {
  const rows = Object.entries(functions)
    .toSorted(([, a], [, b]) => b.invocations - a.invocations)
    .slice(0, rowsShown)
    .map(([name, { invocations, coldStarts, serviceCalls }]) => [
      name,
      ...[invocations, coldStarts, serviceCalls].map((value) => (value / jobs).toFixed(2)),
    ]);
  return markdownTable(["function", "invocations", "cold starts", "calls to services"], rows);
}

function apartTable(
  { perThousandJobs }: Account,
  { run, empty, jobs }: CountedRuns,
  prices: PriceList,
): string {
  const { logGigabytes, traces, storedGigabyteMonths } = prices.apart;
  const { invocations } = perThousandJobs;
  const logged = (invocations * assumptions.logBytes) / 1e9;
  const perJob = (stored: CountedRun) =>
    Object.values(stored.storedBytes).reduce((sum, bytes) => sum + bytes, 0);
  const bytes = (perJob(run) - perJob(empty) * run.days) / jobs;
  const stored = (bytes * 1000) / 1e9;
  return markdownTable(
    ["item", "amount", "USD"],
    [
      [
        `logs, GB (${assumptions.logBytes} bytes an invocation)`,
        logged.toFixed(3),
        priceOf(logged, logGigabytes).toFixed(4),
      ],
      [
        "X-Ray, traces at most (one an invocation)",
        count(invocations),
        priceOf(invocations, traces).toFixed(4),
      ],
      [
        "tables, GB-months each month from then on",
        stored.toFixed(3),
        priceOf(stored, storedGigabyteMonths).toFixed(4),
      ],
    ],
  );
}

function assumptionTable(): string {
  const { handlerMs, callMs, coldStartMs, idleMinutes, streamPollMs, emptyReceives, logBytes } = assumptions;
  return markdownTable(
    ["what", "value"],
    [
      ["billed ms of an invocation beside its calls", String(handlerMs)],
      [
        "billed ms of each call to DynamoDB, EventBridge or Step Functions, as if one after the other",
        String(callMs),
      ],
      ["billed ms of a cold start", String(coldStartMs)],
      ["market minutes that an idle instance is kept", String(idleMinutes)],
      ["ms between two polls of a stream, in which commits come to share a page", String(streamPollMs)],
      ["empty receives a day of a queue's five pollers", String(emptyReceives)],
      ["bytes of log of an invocation", String(logBytes)],
    ],
  );
}

function priceTable({ items, apart }: PriceList): string {
  const rows = [...Object.values(items), ...Object.values(apart)];
  return markdownTable(
    ["unit", "USD", "source"],
    rows.map(({ unit, usd, per, source }) => [
      unit,
      per === 1 ? `${usd}` : `${usd} per ${per.toLocaleString("en")}`,
      source,
    ]),
  );
}

function count(value: number): string {
  const rounded = Math.abs(value) < 1000 ? Math.round(value * 10) / 10 : Math.round(value);
  return (rounded === 0 ? 0 : rounded).toLocaleString("en");
}
