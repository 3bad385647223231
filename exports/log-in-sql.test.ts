import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { marketDays } from "../bench/settlement/market-days.ts";
import type { DomainEvent } from "../events/catalog/catalog.ts";
import type { ChargeLine } from "../events/catalog/job.ts";
import { chargeJobs, closeToday } from "../test/closed-day.ts";
import { openSql, type Sql } from "../test/duckdb.ts";
import { exportedFeed } from "../test/exported-feed.ts";
import { seedExchange } from "../test/seeded-exchange.ts";
import { decimalText } from "./decimals.ts";
import { writeLogParquet } from "./log-table.ts";
import type { ExportedPage } from "./pages.ts";

/** The queries of docs/log-in-sql.md by the names in their first lines. */
const queries = new Map(
  [
    ...readFileSync(new URL("../docs/log-in-sql.md", import.meta.url), "utf8").matchAll(
      /```sql\n-- (\w+)\n([\s\S]*?)```/g,
    ),
  ].map(([, name = "", query = ""]) => [name, query] as const),
);

const folder = mkdtempSync(join(tmpdir(), "suanwang-log-"));
const pages = [...marketDays({ jobs: 1500, days: 2, accounts: 3, centers: 3, seed: 5 })];
const events = eventsOf(pages);
const open: Sql[] = [];
let sql: Sql;
beforeAll(async () => {
  sql = await opened(pages, "drawn.parquet");
});
afterAll(() => {
  for (const one of open) one[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(source: readonly ExportedPage[], name: string): Promise<Sql> {
  const file = join(folder, name);
  await writeLogParquet(source, file);
  const opening = await openSql();
  open.push(opening);
  await opening.rows((queries.get("setup") ?? "").replace("exports/log.parquet", file));
  return opening;
}

function eventsOf(source: readonly ExportedPage[]): DomainEvent[] {
  return source.flatMap(({ commits }) => commits.flatMap((commit) => commit.events));
}

const ask = (name: string, from = sql) => from.rows(queries.get(name) ?? `no query ${name}`);
const money = (mills: bigint) => decimalText(mills, 3);
/** As SQL has a DECIMAL, without zeros at its end. */
const plain = (text: string | null | undefined) => String(text).replace(/\.?0+$/, "") || "0";

const charges = events.flatMap((event) =>
  event.type === "ChargePosted" || event.type === "CorrectionPosted" ? [event.data] : [],
);

function summed<Item>(items: readonly Item[], keyOf: (item: Item) => string, of: (item: Item) => bigint) {
  const sums = new Map<string, bigint>();
  for (const item of items) sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0n) + of(item));
  return sums;
}

describe("docs/log-in-sql.md", () => {
  test("has a query for each of its questions", () => {
    expect([...queries.keys()]).toEqual([
      "setup",
      "revenue",
      "utilisation",
      "life",
      "charges",
      "balance",
      "invoices",
      "breaks",
    ]);
  });

  test("says what each center earned on each day", async () => {
    const sides = charges.flatMap(({ period, lines }) =>
      lines.flatMap((line: ChargeLine) => [
        { key: `${period} ${line.to}`, mills: BigInt(line.mills) },
        { key: `${period} ${line.from}`, mills: -BigInt(line.mills) },
      ]),
    );
    const ofCenters = sides.filter(({ key }) => key.includes(" center:"));
    const expected = summed(
      ofCenters,
      ({ key }) => key.replace("center:", ""),
      ({ mills }) => mills,
    );
    const rows = await ask("revenue");
    expect(new Map(rows.map((row) => [`${row.period} ${row.center}`, plain(row.revenue)]))).toEqual(
      new Map([...expected].map(([key, mills]) => [key, money(mills)])),
    );
    expect(rows.length).toBeGreaterThan(3);
  });

  test("says how much of each pool was sold", async () => {
    const fills = events.flatMap((event) => (event.type === "JobPlaced" ? event.data.award.fills : []));
    const sold = fills.reduce((sum, { cards, from, to }) => sum + cards * (to - from), 0);
    const rows = await ask("utilisation");
    expect(rows.reduce((sum, row) => sum + Number(row.card_slots), 0)).toBe(sold);
    // 3 pools on 2 days.
    expect(rows).toHaveLength(6);
    for (const { percent, card_slots } of rows)
      expect(Number(percent)).toBeCloseTo((100 * Number(card_slots)) / (10_000 * 240), 1);
  });

  test("tells a job's whole life in the order in which it was observed", async () => {
    await sql.rows("SET VARIABLE job = 'j7'");
    const rows = await ask("life");
    const expected = events.filter((event) => "job" in event.data && event.data.job === "j7");
    expect(rows.map((row) => row.type)).toEqual(
      // A placement's job is one level down in the award.
      expected.map((event) => event.type),
    );
    expect(rows.map((row) => row.type)).toContain("FundsHeld");
    const settled = rows.find((row) => row.type === "HoldSettled");
    expect(settled?.amount).toBe(rows.find((row) => row.type === "ChargePosted")?.amount);
  });

  test("finds placements whose charges differ from their awards, and none above", async () => {
    const awarded = summed(
      events.flatMap((event) => (event.type === "JobPlaced" ? [event.data.award] : [])),
      ({ placement }) => placement,
      ({ value }) => BigInt(value),
    );
    const charged = summed(
      charges.flatMap(({ placement, lines }) =>
        lines.flatMap((line: ChargeLine) =>
          line.kind === "compute" ? [{ placement, mills: line.mills }] : [],
        ),
      ),
      ({ placement }) => placement,
      ({ mills }) => BigInt(mills),
    );
    const different = [...awarded].filter(([placement, value]) => value !== (charged.get(placement) ?? 0n));
    const rows = await ask("charges");
    expect(new Map(rows.map((row) => [row.placement, plain(row.over)]))).toEqual(
      new Map(
        different.map(([placement, value]) => [placement, money((charged.get(placement) ?? 0n) - value)]),
      ),
    );
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.every((row) => Number(row.over) < 0)).toBe(true);
  });

  test("gives an account's balance after each change, and it is what the account carries", async () => {
    await sql.rows("SET VARIABLE account = 'acct-2'");
    const rows = await ask("balance");
    const carried = events.flatMap((event) =>
      event.type === "AccountCarried" && event.data.account === "acct-2" ? [event.data.available] : [],
    );
    expect(carried).toHaveLength(2);
    // The last carry is followed by the rounding of the last invoice only.
    const [last, before] = rows.slice().reverse();
    const rest = last?.type === "FundsAdjusted" ? before : last;
    expect(plain(rest?.available)).toBe(money(BigInt(carried.at(-1) ?? 0)));
  });

  test("sets each invoice against the charges in its range of the feed", async () => {
    const rows = await ask("invoices");
    const invoices = events.flatMap((event) => (event.type === "InvoiceIssued" ? [event.data] : []));
    expect(rows.map((row) => [row.invoice, plain(row.billed), plain(row.payable), plain(row.rest)])).toEqual(
      invoices
        .map(({ invoice, gross, payable, rounding }) => [
          String(invoice),
          money(BigInt(gross)),
          money(BigInt(payable)),
          money(BigInt(rounding)),
        ])
        .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
    );
    expect(rows).toHaveLength(6);
  });

  test("lists open breaks, the largest first", async () => {
    const found = events.flatMap((event) => (event.type === "BreakFound" ? [event.data] : []));
    const rows = await ask("breaks");
    expect(found.length).toBeGreaterThan(0);
    expect(rows.map((row) => plain(row.at_stake))).toEqual(
      found
        .map(({ mills }) => BigInt(mills))
        .sort((a, b) => (a < b ? 1 : -1))
        .map(money),
    );
  });
});

describe("the log's table", () => {
  test("has one row per event, in the order of the feed", async () => {
    const rows = await sql.rows("SELECT type, stream, version FROM log ORDER BY position, ordinal");
    const expected = pages.flatMap(({ commits }) =>
      commits.flatMap(({ stream, version, events: of }) =>
        of.map(({ type }, n) => ({ type, stream, version: String(version + n) })),
      ),
    );
    expect(rows).toEqual(expected);
  });

  test("holds each event's data whole, and its time to the millisecond", async () => {
    const rows = await sql.rows(
      "SELECT data, epoch_ms(time) AS ms FROM log ORDER BY position, ordinal LIMIT 200",
    );
    const first = pages.flatMap(({ commits }) =>
      commits.flatMap(({ time, events: of }) =>
        of.map(({ data }) => ({ data: JSON.stringify(data), ms: String(Date.parse(time)) })),
      ),
    );
    expect(rows).toEqual(first.slice(0, 200));
  });

  test("of an exchange that ran answers the same questions", async () => {
    const seeded = await seedExchange();
    await chargeJobs(seeded);
    await closeToday(seeded.exchange);
    const pages = await exportedFeed(seeded.exchange);
    const from = await opened(pages, "real.parquet");
    await from.rows(`SET VARIABLE job = '${seeded.left.placedJob}'`);
    const life = (await ask("life", from)).map((row) => row.type);
    for (const type of [
      "JobRequested",
      "FundsHeld",
      "JobPlaced",
      "JobStarted",
      "JobCompleted",
      "ChargePosted",
    ])
      expect(life).toContain(type);
    expect(life.indexOf("JobPlaced")).toBeLessThan(life.indexOf("HoldSettled"));
    const centers = [seeded.left.center, seeded.right.center];
    const revenue = await ask("revenue", from);
    expect(revenue.map(({ center }) => center).sort()).toEqual(centers.sort());
    const invoices = await ask("invoices", from);
    expect(invoices).toHaveLength(2);
    const sum = (rows: typeof revenue, column: string) =>
      rows.reduce((total, row) => total + Number(row[column]), 0);
    expect(sum(revenue, "revenue")).toBe(sum(invoices, "billed"));
    expect((await ask("utilisation", from)).length).toBeGreaterThan(0);
    await from.rows("SET VARIABLE account = 'acme'");
    for (const name of ["charges", "balance", "breaks"]) await ask(name, from);
  });
});
