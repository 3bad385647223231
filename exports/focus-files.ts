import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
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

/** The dataset as CSV (RFC 4180) in UTF-8, in pieces, its head first. */
export async function* focusCsv(pages: Pages): AsyncGenerator<string> {
  yield csv([focusColumns.map(({ name }) => name)]);
  let batch: (string | null)[][] = [];
  for await (const row of focusRows(pages)) {
    batch.push(focusColumns.map((column) => fieldText(column, row[column.name])));
    if (batch.length < BATCH) continue;
    yield csv(batch);
    batch = [];
  }
  if (batch.length > 0) yield csv(batch);
}

/** Writes the dataset to a file of CSV; one that is there is replaced. */
export async function writeFocusCsv(pages: Pages, file: string): Promise<void> {
  await pipeline(Readable.from(focusCsv(pages)), createWriteStream(file));
}

const parquetColumns: readonly ParquetColumn<FocusRow>[] = focusColumns.map(({ name, type, nullable }) => ({
  name,
  nullable,
  type: type === "text" || type === "time" || type === "integer" ? type : { scale: focusScales[type] },
}));

/** Writes the dataset to a Parquet file, costs as exact decimals; one that is there is replaced. */
export async function writeFocusParquet(pages: Pages, file: string): Promise<void> {
  await writeParquet(file, parquetColumns, focusRows(pages), { FocusVersion: focusVersion });
}

/** The metadata that FOCUS wants beside a dataset: who made it, by which version and with which columns. */
export function focusMetadata(createdAt: string) {
  return {
    DataGenerator: { DataGenerator: "Suanwang" },
    Schema: {
      SchemaId: `suanwang-focus-${focusVersion}-v1`,
      FocusVersion: focusVersion,
      CreationDate: createdAt,
      ColumnDefinition: focusColumns.map(({ name, type }) => ({
        ColumnName: name,
        ...(type === "text"
          ? { DataType: name === "SkuPriceDetails" ? "JSON" : "STRING", StringEncoding: "UTF-8" }
          : type === "time"
            ? { DataType: "DATETIME" }
            : type === "integer"
              ? { DataType: "INTEGER" }
              : { DataType: "DECIMAL", NumericPrecision: 38, NumberScale: focusScales[type] }),
      })),
    },
  };
}

/** @param createdAt market time, ISO 8601 */
export async function writeFocusMetadata(createdAt: string, file: string): Promise<void> {
  await writeFile(file, `${JSON.stringify(focusMetadata(createdAt), null, 2)}\n`);
}
