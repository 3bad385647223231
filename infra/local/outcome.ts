import type { World } from "../../agent/replay/world.ts";
import { DAY_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { runAlone } from "../../bench/alone/alone.ts";
import { type Figures, figuresOf, type Spread } from "../../bench/alone/metrics.ts";
import { audit } from "../../bench/audit/audit.ts";
import type { RawPage } from "../../bench/audit/feed.ts";
import { headIsOfLog } from "../../bench/audit/tree.ts";
import type { AuditCheck } from "../../bench/audit/verdict.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { parsePage } from "../../events/store/feed.ts";
import { operations } from "../../functions/contract/operations.ts";
import type { Exchange } from "./exchange.ts";
import { closedDayLines, nothingUncleared, writeExports } from "./finance-outcome.ts";
import { gapLines } from "./gaps.ts";
import { type NetworkOutcomes, networkOutcomes } from "./network-outcomes.ts";

/** What a replay came to, and whether its books hold. */
export interface Outcome {
  readonly seconds: number;
  readonly lines: readonly string[];
  readonly checks: readonly AuditCheck[];
}

/** Reads the feed as finance does, by the API, and works everything out of it. */
export async function outcomeOf(
  exchange: Exchange,
  world: World,
  seconds: number,
  exportsFolder: string,
): Promise<Outcome> {
  const pages = await allPages(world);
  const head = await publishedHead(world);
  const parsed = pages.map(({ position, text }) => parsePage({ position, bytes: text }));
  const events = parsed.flatMap(({ commits }) => commits.flatMap((commit) => commit.events));
  const { scenario, opening } = world;
  const end = scenario.days * DAY_SECONDS;
  const network = networkOutcomes(events, world.works, opening, end, scenario.failures);
  const figures = figuresOf(scenario, network.jobs, end);
  const alone = runAlone(scenario).figures;
  const checks = [
    ...audit(pages),
    nothingUncleared(events),
    headIsOfLog(pages, head),
    noneLost(exchange, world),
  ];
  const files = await writeExports(parsed, exportsFolder);
  const lines = [
    ...countLines(events, network, figures, opening / 1000 / 360, end / 360),
    "",
    ...sideBySide(figures, alone),
    "",
    ...centerLines(figures, alone),
    "",
    ...worseWhere(figures, alone),
    ...checks.map(({ name, ok, detail }) => `${ok ? "✓" : "✗"} ${name}: ${detail}`),
    `exported: ${files.join(", ")}`,
    `${seconds.toFixed(0)} s, ${exchange.counts().invocations} invocations, ${exchange.counts().transitions} state transitions`,
  ];
  return { seconds, lines, checks };
}

export function printOutcome({ lines }: Outcome): void {
  console.log(`\n${lines.join("\n")}\n`);
}

async function allPages(world: World): Promise<RawPage[]> {
  const finance = await world.client("clearing-house", "finance");
  const pages: RawPage[] = [];
  for (;;) {
    const answer = await finance.call(operations.readFeed, { query: { after: pages.length, limit: 16 } });
    pages.push(...answer.pages.map(({ position, text }) => ({ position, text })));
    if (answer.pages.length === 0 || pages.length >= answer.head) return pages;
  }
}

async function publishedHead(world: World) {
  const finance = await world.client("clearing-house", "finance");
  return (await finance.call(operations.getFeedHead)).head;
}

function noneLost(exchange: Exchange, world: World): AuditCheck {
  const dead = exchange.deadLetters();
  const refused = [...world.refusals].map(([code, times]) => `${times} ${code}`).join(", ");
  const detail = refused === "" ? "no call refused" : `calls refused: ${refused}`;
  return {
    name: "no message left undone",
    ok: dead === 0,
    detail: dead === 0 ? detail : `${dead} dead letters`,
  };
}

function countLines(
  events: readonly DomainEvent[],
  { continued, expired }: NetworkOutcomes,
  figures: Figures,
  firstSlot: number,
  slots: number,
): string[] {
  const count = (type: DomainEvent["type"]) => events.filter((event) => event.type === type).length;
  const gates = events.flatMap((event) =>
    event.type === "GateClosed" && event.data.gate < firstSlot + slots ? [event.data.session] : [],
  );
  const sessions = `${gates.filter((session) => session === "spot").length} spot and ${gates.filter((session) => session === "forward").length} forward`;
  return [
    `${count("CapacityOffered")} offers, ${figures.jobs} jobs, ${sessions} auctions (${count("AuctionVoided")} voided)`,
    `${figures.placed} placed, ${figures.completed} completed, ${figures.running} running, ${figures.waiting - expired} waiting, ${expired} expired, ${figures.failed} failed`,
    `${figures.displaced} displaced while running, ${figures.recovered} of them recovered, ${continued} continuations`,
    priceLine(events),
    ...gapLines(events.flatMap((event) => (event.type === "AuctionCleared" ? [event.data] : []))),
    ...closedDayLines(events),
  ];
}

/** What cards were sold at, each card and slot counted. */
function priceLine(events: readonly DomainEvent[]): string {
  const sold = new Map<number, number>();
  for (const event of events)
    if (event.type === "AwardsPublished")
      for (const { fills } of event.data.awards)
        for (const { price, cards, from, to } of fills)
          sold.set(price, (sold.get(price) ?? 0) + cards * (to - from));
  const rows = [...sold].sort(([a], [b]) => a - b);
  const total = rows.reduce((sum, [, cards]) => sum + cards, 0);
  const at = (share: number) => {
    let sum = 0;
    for (const [price, cards] of rows) {
      sum += cards;
      if (sum >= total * share) return price;
    }
    return 0;
  };
  const cny = (fen: number) => (fen / 100).toFixed(2);
  return `${Math.round(total / 10).toLocaleString("en")} card-hours sold, price per card-hour p5 ${cny(at(0.05))}, p50 ${cny(at(0.5))}, p95 ${cny(at(0.95))} CNY`;
}

type Row = readonly [
  string,
  (figures: Figures) => number | undefined,
  (value: number) => string,
  "more" | "less",
];

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const whole = (value: number) => Math.round(value).toLocaleString("en");
const duration = (seconds: number) =>
  seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
const decimal = (value: number) => value.toFixed(1);
const spread = (name: string, of: (figures: Figures) => Spread, show: (value: number) => string): Row[] => [
  [`${name} p50`, (figures) => of(figures).p50, show, "less"],
  [`${name} mean`, (figures) => of(figures).mean, show, "less"],
  [`${name} p95`, (figures) => of(figures).p95, show, "less"],
];

const rows: readonly Row[] = [
  ["utilisation", ({ utilisation }) => utilisation, percent, "more"],
  ["card-hours used", ({ cardHours }) => cardHours, whole, "more"],
  ["jobs completed", ({ completed }) => completed, whole, "more"],
  ["jobs never started", ({ jobs, placed }) => jobs - placed, whole, "less"],
  ...spread("wait", ({ wait }) => wait, duration),
  ...spread("bounded slowdown", ({ slowdown }) => slowdown, decimal),
  ["card-hours lost", ({ lostCardHours }) => lostCardHours, whole, "less"],
  ["energy, kWh", ({ energyKwh }) => energyKwh, whole, "less"],
  ["kWh per EFLOP-hour", ({ kwhPerEflopHour }) => kwhPerEflopHour, whole, "less"],
  ["CNY per EFLOP-hour", ({ cnyPerEflopHour }) => cnyPerEflopHour, whole, "less"],
];

function sideBySide(network: Figures, alone: Figures): string[] {
  const cell = (value: number | undefined, show: (value: number) => string) =>
    (value === undefined ? "-" : show(value)).padStart(12);
  return [
    `${"".padEnd(24)}${"network".padStart(12)}${"each alone".padStart(12)}`,
    ...rows.map(([name, of, show]) => `${name.padEnd(24)}${cell(of(network), show)}${cell(of(alone), show)}`),
  ];
}

function centerLines(network: Figures, alone: Figures): string[] {
  const before = new Map(alone.centers.map((each) => [each.center, each]));
  return network.centers.map(
    ({ center, cardHours, utilisation }) =>
      `${center.padEnd(12)}${whole(cardHours).padStart(10)} card-hours ${percent(utilisation).padStart(8)}, alone ${percent(before.get(center)?.utilisation ?? 0)}`,
  );
}

/** The figures in which the network does worse than its centers alone: said, not hidden. */
function worseWhere(network: Figures, alone: Figures): string[] {
  const worse = rows.filter(([name, of, , better]) => {
    // More work done takes more energy: what counts is the energy for it.
    if (name === "energy, kWh") return false;
    const [ours, theirs] = [of(network), of(alone)];
    if (ours === undefined || theirs === undefined) return false;
    return better === "more" ? ours < theirs : ours > theirs;
  });
  return worse.length === 0
    ? []
    : [`The network is worse in: ${worse.map(([name]) => name).join(", ")}.`, ""];
}
