import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstDay, type MarketDays, marketDays } from "../bench/settlement/market-days.ts";
import type { DomainEvent } from "../events/catalog/catalog.ts";
import { chargeJobs, closeToday } from "../test/closed-day.ts";
import { openSql, type Sql, type TextRow } from "../test/duckdb.ts";
import { account, cutOff, day, everyKind, feedOf, issued, payable } from "../test/every-kind-of-charge.ts";
import { exportedFeed } from "../test/exported-feed.ts";
import { brokenRules, faultsTogether, focusColumnNames, focusRules } from "../test/focus-rules.ts";
import { seedExchange } from "../test/seeded-exchange.ts";
import { focusColumns, focusVersion } from "./focus-columns.ts";
import { focusCsv, focusMetadata, writeFocusCsv, writeFocusParquet } from "./focus-files.ts";
import type { ExportedPage, Pages } from "./pages.ts";

const folder = mkdtempSync(join(tmpdir(), "suanwang-focus-"));
const csvFile = join(folder, "focus.csv");
const parquetFile = join(folder, "focus.parquet");
let sql: Sql;
beforeAll(async () => {
  sql = await openSql();
});
afterAll(() => {
  sql[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const textsOf = (file: string) =>
  sql.rows(`SELECT * FROM read_csv('${file}', header = true, all_varchar = true, nullstr = '')`);

async function exported(pages: Pages): Promise<TextRow[]> {
  await writeFocusCsv(pages, csvFile);
  return textsOf(csvFile);
}

let ofEveryKind: Promise<TextRow[]> | undefined;
function everyRow(): Promise<TextRow[]> {
  ofEveryKind ??= exported(() => everyKind);
  return ofEveryKind;
}
const ofCharge = async (id: string) => (await everyRow()).filter((row) => row.x_ChargeId === id);

const invoicesOf = (pages: Iterable<ExportedPage>) =>
  new Map(
    [...pages]
      .flatMap(({ commits }) => commits.flatMap(({ events }): readonly DomainEvent[] => events))
      .flatMap((event) =>
        event.type === "InvoiceIssued" ? [[event.data.invoice, BigInt(event.data.payable)] as const] : [],
      ),
  );
const shape: MarketDays = { jobs: 150, days: 2, accounts: 4, centers: 3, seed: 11 };

describe("Cost and Usage of FOCUS", () => {
  test("keeps every rule of the specification for every kind of charge line", async () => {
    const rows = await everyRow();
    expect(brokenRules(rows)).toEqual([]);
    expect(faultsTogether(rows, payable)).toEqual([]);
    expect(new Set(rows.map((row) => row.x_LineKind))).toEqual(
      new Set(["compute", "link", "rent", "transfer", "penalty", "credit", "tax", "releaseFee", "rounding"]),
    );
  });

  test("keeps them on any days, and each invoice's rows add up to what it asks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          jobs: fc.integer({ min: 0, max: 60 }),
          days: fc.integer({ min: 1, max: 2 }),
          accounts: fc.integer({ min: 1, max: 5 }),
          centers: fc.integer({ min: 2, max: 4 }),
          seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        }),
        async (days) => {
          const pages = [...marketDays(days)];
          const rows = await exported(() => pages);
          expect(brokenRules(rows)).toEqual([]);
          expect(faultsTogether(rows, invoicesOf(pages))).toEqual([]);
        },
      ),
      { numRuns: 8 },
    );
  });

  test("keeps them on an exchange that ran and closed its day", async () => {
    const seeded = await seedExchange();
    await chargeJobs(seeded);
    await closeToday(seeded.exchange);
    const pages = await exportedFeed(seeded.exchange);
    const rows = await exported(() => pages);
    expect(brokenRules(rows)).toEqual([]);
    expect(faultsTogether(rows, invoicesOf(pages))).toEqual([]);
    expect(new Set(rows.map((row) => row.InvoiceId)).size).toBe(2);
  });

  test.each(focusRules.map((rule) => [`${rule.column}: ${rule.says}`, rule] as const))(
    "%s",
    async (_, rule) => {
      const row = (await everyRow()).find(rule.of ?? (() => true));
      expect(row, "no row that the rule is about").toBeDefined();
      if (row === undefined) return;
      expect(rule.holds(row)).toBe(true);
      expect(brokenRules([rule.broken(row)]).map((broken) => broken.rule)).toContain(rule);
    },
  );

  test("is found out when the rows of an invoice do not add up, or a name means two things", async () => {
    const rows = await everyRow();
    const [first, ...rest] = rows;
    expect(faultsTogether(rest, payable)).not.toEqual([]);
    expect(faultsTogether(rows, new Map([...payable, ["acme-main-2026-03-09", 1n]]))).not.toEqual([]);
    for (const column of ["ServiceCategory", "SkuId", "BillingCurrency", "RegionName", "ResourceType"])
      expect(faultsTogether([{ ...first, [column]: "Other" }, ...rest], payable), column).not.toEqual([]);
  });

  test("has the columns of the specification first, then its own with x_, in order of their names", () => {
    const names = focusColumns.map(({ name }) => name);
    const own = names.filter((name) => name.startsWith("x_"));
    expect(names).toEqual([...focusColumnNames, ...own]);
    expect(own).toEqual([...own].sort());
    expect(focusVersion).toBe("1.3");
  });
});

describe("a charge line", () => {
  test("of cards has the clearing price, averaged over its cards and slots", async () => {
    const [xian] = await ofCharge("j-1.7:end:1-2");
    expect(xian).toMatchObject({
      BilledCost: "36",
      ListCost: "36",
      PricingQuantity: "4",
      PricingUnit: "Card-Hours",
      ListUnitPrice: "9",
      PricingCategory: "Dynamic",
      ConsumedQuantity: "4",
      SkuId: "h20",
      SkuPriceId: "h20/forward",
      RegionId: "CN-SN",
      HostProviderName: 'xian, "first"',
      CapacityReservationId: "j-1.7",
      CapacityReservationStatus: "Used",
      ResourceId: "j-1",
      ResourceName: '=HYPERLINK("x"), 夜间训练',
      BillingAccountName: "acme",
      ChargePeriodStart: "2026-03-02T00:00:00Z",
      ChargePeriodEnd: "2026-03-02T01:00:00Z",
      BillingPeriodStart: "2026-03-01T16:00:00Z",
      BillingPeriodEnd: "2026-03-02T16:00:00Z",
    });
  });

  test("of two products of a center is a row for each, and they add up to the mill", async () => {
    const rows = (await ofCharge("j-1.7:end:1-2")).filter(
      (row) => row.x_Center === "wuhan" && row.x_LineKind === "compute",
    );
    expect(rows.map((row) => row.SkuId)).toEqual(["h20", "a100"]);
    // 21,000 to 11,000 at their prices, and 3 cards to 1.
    expect(rows.map((row) => row.BilledCost)).toEqual(["10.501", "5.5"]);
    expect(rows.map((row) => row.PricingQuantity)).toEqual(["1.5", "0.5"]);
  });

  test("of a link has the gigabits that were reserved, of a transfer the GB", async () => {
    const rows = await ofCharge("j-1.7:end:1-2");
    const of = (kind: string) => rows.find((row) => row.x_LineKind === kind);
    expect(of("link")).toMatchObject({ PricingQuantity: "800", PricingUnit: "Gb", RegionId: "CN-SN" });
    expect(of("transfer")).toMatchObject({
      PricingQuantity: "100",
      PricingUnit: "GB",
      ListUnitPrice: "0.05",
      PricingCategory: "Standard",
    });
    expect(of("rent")).toMatchObject({ BilledCost: "0.002", PricingQuantity: "1", PricingUnit: "Units" });
  });

  test("that the tenant receives is negative, and one between centers is no row", async () => {
    const rows = await ofCharge("j-1.7:end:1-2");
    expect(rows.filter((row) => row.ChargeCategory === "Credit").map((row) => row.BilledCost)).toEqual([
      "-3",
      "-0.9",
    ]);
    expect(rows.some((row) => row.BilledCost === "0.077")).toBe(false);
  });

  test("of a release fee is the unused part of a reservation, and nothing was consumed", async () => {
    expect(await ofCharge("j-1.7:release:1-2")).toMatchObject([
      {
        CapacityReservationStatus: "Unused",
        ConsumedQuantity: "0",
        PricingQuantity: "0.5",
        ListUnitPrice: "0.9",
      },
    ]);
  });

  test("of part of a slot is as many card-hours as its price makes of its cost", async () => {
    const [row] = await ofCharge("j-1.7:reduce:1-2");
    expect(row).toMatchObject({ BilledCost: "0.01", PricingUnit: "Card-Hours", ListUnitPrice: "9" });
  });

  test("of a correction is negative where it is a refund, and on the day's bill in which it was posted", async () => {
    const rows = await ofCharge("j-1.7:late");
    expect(rows).toMatchObject([
      { BilledCost: "-0.018", PricingQuantity: "-0.2", ChargeClass: "Correction", ChargeCategory: "Usage" },
      { BilledCost: "0.005", ChargeClass: "Correction", ChargeCategory: "Credit" },
    ]);
    for (const row of rows)
      expect(row).toMatchObject({
        InvoiceId: "acme-main-2026-03-03",
        x_CorrectedChargeId: "j-1.7:end:1-2",
      });
  });
});

describe("the invoice of a row", () => {
  test("follows from the feed's position, not from the charge's own day", async () => {
    expect(await ofCharge("j-1.7:late:1-2")).toMatchObject([
      { InvoiceId: "acme-main-2026-03-03", BillingPeriodStart: "2026-03-02T16:00:00Z" },
    ]);
  });

  test("is none while the day is open", async () => {
    expect(await ofCharge("j-1.7:later")).toMatchObject([
      { InvoiceId: null, BillingPeriodStart: "2026-03-03T16:00:00Z" },
    ]);
    const before = everyKind.filter(({ position }) => position < 10);
    for (const row of await exported(() => before))
      expect(row).toMatchObject({ InvoiceId: null, BillingPeriodStart: "2026-03-01T16:00:00Z" });
  });

  test("has a row for what it is rounded by, unless that is nothing", async () => {
    const rows = (await everyRow()).filter((row) => row.x_LineKind === "rounding");
    expect(rows).toMatchObject([
      { BilledCost: "-0.007", ChargeCategory: "Adjustment", InvoiceId: `acme-main-${firstDay}` },
      { BilledCost: "-0.007", InvoiceId: "acme-main-2026-03-03" },
    ]);
    const even = feedOf(account("USD"), cutOff(day, 1), issued(day, "70", "0"));
    expect(await exported(() => even)).toEqual([]);
  });

  test("is in the currency of its account", async () => {
    const rows = await exported(() => feedOf(account("USD"), cutOff(day, 1), issued(day, "70", "3")));
    expect(rows).toMatchObject([{ BillingCurrency: "USD", BilledCost: "-0.003" }]);
  });
});

describe("the files", () => {
  test("hold the same rows, the Parquet one with exact decimals and UTC times", async () => {
    const pages = () => marketDays(shape);
    const texts = await exported(pages);
    await writeFocusParquet(pages, parquetFile);
    const casts = focusColumns.map(({ name, type }) =>
      type === "time"
        ? `strftime("${name}", '%Y-%m-%dT%H:%M:%SZ') AS "${name}"`
        : type === "text" || type === "integer"
          ? `CAST("${name}" AS VARCHAR) AS "${name}"`
          : `regexp_replace(regexp_replace(CAST("${name}" AS VARCHAR), '(\\.[0-9]*?)0+$', '\\1'), '\\.$', '') AS "${name}"`,
    );
    expect(await sql.rows(`SELECT ${casts} FROM '${parquetFile}'`)).toEqual(texts);
    const types = await sql.rows(`DESCRIBE SELECT * FROM '${parquetFile}'`);
    const typeOf = (name: string) => types.find((row) => row.column_name === name)?.column_type;
    expect(typeOf("BilledCost")).toBe("DECIMAL(38,3)");
    expect(typeOf("ListUnitPrice")).toBe("DECIMAL(38,18)");
    expect(typeOf("ChargePeriodStart")).toBe("TIMESTAMP WITH TIME ZONE");
    const [version] = await sql.rows(
      `SELECT decode(value) AS version FROM parquet_kv_metadata('${parquetFile}') WHERE decode(key) = 'FocusVersion'`,
    );
    expect(version).toEqual({ version: focusVersion });
  });

  test("of a feed without charges hold the columns alone", async () => {
    expect(await exported(() => [])).toEqual([]);
    await writeFocusParquet(() => [], parquetFile);
    expect(await sql.rows(`SELECT count(*) AS rows FROM '${parquetFile}'`)).toEqual([{ rows: "0" }]);
    expect(readFileSync(csvFile, "utf8")).toBe(`${focusColumns.map(({ name }) => name).join(",")}\r\n`);
  });

  test("have text as it is, or nothing in it that a spreadsheet would run", async () => {
    const name = '=HYPERLINK("x"), 夜间训练';
    const csvOf = async (jobName: string, text?: "spreadsheet") => {
      const named = JSON.stringify(everyKind).replaceAll(JSON.stringify(name), JSON.stringify(jobName));
      const pages: ExportedPage[] = JSON.parse(named);
      let csv = "";
      for await (const piece of focusCsv(() => pages, text)) csv += piece;
      return csv;
    };
    for (const jobName of [name, "+1", "-1", "@x", "＝1"]) {
      const [verbatim, sheet] = [await csvOf(jobName), await csvOf(jobName, "spreadsheet")];
      const field = jobName.replaceAll('"', '""');
      expect(verbatim).toContain(field);
      expect(verbatim).not.toContain(`'${field}`);
      // Nothing else differs: numbers below 0 stay numbers.
      expect(sheet).toContain(`'${field}`);
      expect(sheet.replaceAll(`'${field}`, field)).toBe(verbatim);
    }
    expect(await csvOf("night", "spreadsheet")).toBe(await csvOf("night"));
    expect(await csvOf("night")).toMatch(/\r\n-\d/);
  });

  test("are the same bytes each time", async () => {
    const pieces = async () => {
      let all = "";
      for await (const piece of focusCsv(() => marketDays(shape))) all += piece;
      return all;
    };
    expect(await pieces()).toBe(await pieces());
  });

  test("have metadata that names each column with its type, in the footer of the Parquet one", async () => {
    await writeFocusParquet(() => [], parquetFile);
    const [footer] = await sql.rows(
      `SELECT decode(value) AS text FROM parquet_kv_metadata('${parquetFile}') WHERE decode(key) = 'FocusMetadata'`,
    );
    expect(JSON.parse(footer?.text ?? "")).toEqual(focusMetadata);
    const { ColumnDefinition: columns, FocusVersion } = focusMetadata.Schema;
    expect(FocusVersion).toBe(focusVersion);
    expect(columns.map(({ ColumnName }) => ColumnName)).toEqual(focusColumns.map(({ name }) => name));
    expect(columns[0]).toEqual({
      ColumnName: "BilledCost",
      DataType: "DECIMAL",
      NumericPrecision: 38,
      NumberScale: 3,
    });
  });
});
