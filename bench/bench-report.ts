import type { Memory } from "./api/memory.ts";
import { meetsQuoteGoal, type QuoteTimes, quoteGoalMs } from "./api/quotes.ts";
import type { RoundTrips } from "./api/round-trips.ts";
import { markdownTable } from "./marked-section.ts";
import type { Spread } from "./spread.ts";
import type { AppendRates } from "./store/append.ts";
import type { FoldRates } from "./store/fold.ts";
import type { RelayLag } from "./store/relay-lag.ts";

export interface Measured {
  readonly machine: string;
  readonly load: string;
  readonly appends: readonly AppendRates[];
  readonly fold: FoldRates;
  readonly lags: readonly RelayLag[];
  readonly roundTrips: readonly RoundTrips[];
  readonly quotes: QuoteTimes;
  readonly memory: readonly Memory[];
}

/** Appends per second that the store shall reach of what bare puts reach. */
export const goalRatio = 0.8;

/** The section of docs/benchmarks.md that a run writes. */
export function benchReport({
  machine,
  load,
  appends,
  fold,
  lags,
  roundTrips,
  quotes,
  memory,
}: Measured): string {
  return [
    `${machine}; ${load}.`,
    "### Appends per second",
    appendTable(appends),
    `Goal: \`execute\` at least ${goalRatio} × the bare puts. One commit has ${appends[0]?.commitBytes ?? 0} bytes, one event. Not covered: DynamoDB itself, whose latency of some ms makes our own work a smaller share; conflicts.`,
    "### Folding a long stream",
    foldTable(fold),
    "Not covered: DynamoDB's pages of 1 MB, each a round trip.",
    "### From an append's acknowledgement to the feed, ms",
    lagTable(lags),
    "Not covered: the poll of DynamoDB Streams by Lambda (up to 250 ms) and cold starts. A lag of 0 is a page that was there before its writer heard of its own put.",
    "### API round trips, ms",
    roundTripTable(roundTrips),
    "The clients share the exchange's process, so their own work is in these times. Not covered: TLS, API Gateway, Lambda's cold starts.",
    `### Quote with ${whole(quotes.offers)} offers, ms`,
    quoteTable(quotes),
    `Goal: below ${quoteGoalMs} ms at the median: ${meetsQuoteGoal(quotes) ? "met" : "MISSED"}. One client; no two offers of a pool are alike. A gate has passed since the offers were made: until it does, a quote also reads each offer that came since the last one. Not covered: TLS, API Gateway, Lambda's cold starts.`,
    "### Memory, resident MB",
    memoryTable(memory),
    "Not covered: a Lambda's own, which is at most what its memory size says.",
  ].join("\n\n");
}

function appendTable(appends: readonly AppendRates[]): string {
  return markdownTable(
    [
      "in flight",
      "bare puts",
      "append",
      "execute",
      "append ÷ puts",
      "execute ÷ puts",
      "execute, stream read first",
    ],
    appends.map((rates) => [
      String(rates.inFlight),
      ...[rates.puts, rates.appends, rates.executes].map(whole),
      rates.appendsToPuts.toFixed(2),
      rates.executesToPuts.toFixed(2),
      whole(rates.coldExecutes),
    ]),
  );
}

function foldTable({ events, commits, loadAndEvolve, evolve }: FoldRates): string {
  return markdownTable(
    [`an account of ${whole(events)} events in ${commits} commits`, "events per second"],
    [
      ["read, parse and evolve", whole(loadAndEvolve)],
      ["evolve alone", whole(evolve)],
    ],
  );
}

function lagTable(lags: readonly RelayLag[]): string {
  const both = ({ p50, p99 }: Spread) => [p50.toFixed(1), p99.toFixed(1)];
  return markdownTable(
    ["appends/s", "reached", "commits a page", "readable p50", "p99", "handled p50", "p99"],
    lags.map(({ rate, reached, readable, handled, pages }) => [
      String(rate),
      whole(reached),
      (readable.count / pages).toFixed(1),
      ...both(readable),
      ...both(handled),
    ]),
  );
}

function roundTripTable(roundTrips: readonly RoundTrips[]): string {
  return markdownTable(
    ["call", "clients", "p50", "p99", "calls/s"],
    roundTrips.map(({ what, clients, time, perSecond }) => [
      what,
      String(clients),
      time.p50.toFixed(1),
      time.p99.toFixed(1),
      whole(perSecond),
    ]),
  );
}

function quoteTable({ spot, week }: QuoteTimes): string {
  const row = (what: string, { p50, p99, max }: Spread) => [
    what,
    p50.toFixed(1),
    p99.toFixed(1),
    max.toFixed(1),
  ];
  return markdownTable(
    ["window", "p50", "p99", "max"],
    [row("spot, 40 slots", spot), row("forward, a week", week)],
  );
}

function memoryTable(memory: readonly Memory[]): string {
  return markdownTable(
    ["when", "exchange", "database"],
    memory.map(({ when, exchangeMB, databaseMB }) => [when, String(exchangeMB), String(databaseMB)]),
  );
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
