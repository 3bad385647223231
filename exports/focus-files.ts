import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify/sync";
import { decimalText } from "./decimals.ts";
import { focusRows } from "./focus.ts";
import { type FocusColumn, type FocusRow, focusColumns, focusScales, focusVersion } from "./focus-columns.ts";
import type { Pages } from "./pages.ts";
import { type ParquetColumn, writeParquet } from "./parquet-file.ts";

/** Rows of CSV that are put into words at once. */
const BATCH = 500;

/** `YYYY-MM-DDTHH:mm:ssZ`, as FOCUS has times. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Null is an empty field. */
function fieldText({ type }: FocusColumn, value: string | number | bigint | null): string | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "number") return type === "time" ? timeText(value) : String(value);
  return type === "text" || type === "time" || type === "integer"
    ? String(value)
    : decimalText(value, focusScales[type]);
}

const csv = (lines: readonly (readonly (string | null)[])[]) =>
  stringify([...lines], { record_delimiter: "windows" });

/** verbatim: as FOCUS wants text; spreadsheet: what one would take for a formula begins with an apostrophe. */
export type CsvText = "verbatim" | "spreadsheet";

/** Tenants choose the names of their jobs, and a spreadsheet runs whatever begins like this, full width too. */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

function safeText({ type }: FocusColumn, field: string | null): string | null {
  return type === "text" && field !== null && formula.test(field) ? `'${field}` : field;
}

/** The dataset as CSV (RFC 4180) in UTF-8, in pieces, its head first. */
export async function* focusCsv(pages: Pages, text: CsvText = "verbatim"): AsyncGenerator<string> {
  yield csv([focusColumns.map(({ name }) => name)]);
  let batch: (string | null)[][] = [];
  for await (const row of focusRows(pages)) {
    const fields = focusColumns.map((column) => {
      const field = fieldText(column, row[column.name]);
      return text === "spreadsheet" ? safeText(column, field) : field;
    });
    batch.push(fields);
    if (batch.length < BATCH) continue;
    yield csv(batch);
    batch = [];
  }
  if (batch.length > 0) yield csv(batch);
}

/** Writes the dataset to a file of CSV; one that is there is replaced. */
export async function writeFocusCsv(pages: Pages, file: string, text?: CsvText): Promise<void> {
  await pipeline(Readable.from(focusCsv(pages, text)), createWriteStream(file));
}

const parquetColumns: readonly ParquetColumn<FocusRow>[] = focusColumns.map(({ name, type, nullable }) => ({
  name,
  nullable,
  type: type === "text" || type === "time" || type === "integer" ? type : { scale: focusScales[type] },
}));

/** When its columns were last changed. */
const schemaCreated = "2026-11-30T00:00:00Z";

/** The metadata that FOCUS wants with a dataset: who made it, after which version and with which columns. */
export const focusMetadata = {
  DataGenerator: { DataGenerator: "Suanwang" },
  Schema: {
    SchemaId: `suanwang-focus-${focusVersion}-${schemaCreated.slice(0, 10)}`,
    FocusVersion: focusVersion,
    CreationDate: schemaCreated,
    ColumnDefinition: focusColumns.map(({ name, type }) => ({
      ColumnName: name,
      ...definitionOf(name, type),
    })),
  },
};

function definitionOf(name: string, type: FocusColumn["type"]) {
  switch (type) {
    case "text":
      return { DataType: name === "SkuPriceDetails" ? "JSON" : "STRING", StringEncoding: "UTF-8" };
    case "time":
      return { DataType: "DATETIME" };
    case "integer":
      return { DataType: "INTEGER" };
    case "cost":
    case "quantity":
    case "unitPrice":
      return { DataType: "DECIMAL", NumericPrecision: 38, NumberScale: focusScales[type] };
    default:
      return type satisfies never;
  }
}

/**
 * Writes the dataset to a Parquet file, costs as exact decimals; one that is there is replaced. Its footer holds the
 * metadata that FOCUS wants, as JSON under `FocusMetadata`.
 */
export async function writeFocusParquet(pages: Pages, file: string): Promise<void> {
  const metadata = { FocusVersion: focusVersion, FocusMetadata: JSON.stringify(focusMetadata) };
  await writeParquet(file, parquetColumns, focusRows(pages), metadata);
}
