import { fileWriter, parquetWriteRows } from "hyparquet-writer";

type SchemaElement = NonNullable<Parameters<typeof parquetWriteRows>[0]["schema"]>[number];

/**
 * text: UTF-8; time: ms since the Unix epoch, kept as a UTC timestamp; integer: 64 bits; scale: an exact decimal of 38
 * digits, given as its unscaled integer.
 */
export interface ParquetColumn<Row> {
  readonly name: keyof Row & string;
  readonly type: "text" | "time" | "integer" | { readonly scale: number };
  readonly nullable: boolean;
}

/** Rows of a row group: what a writer holds in memory at a time. */
const ROW_GROUP = 20_000;

function element<Row>({ name, type, nullable }: ParquetColumn<Row>): SchemaElement {
  const shared = { name, repetition_type: nullable ? "OPTIONAL" : "REQUIRED" } as const;
  if (type === "text") return { ...shared, type: "BYTE_ARRAY", converted_type: "UTF8" };
  if (type === "time") {
    const logical = { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" } as const;
    return { ...shared, type: "INT64", converted_type: "TIMESTAMP_MILLIS", logical_type: logical };
  }
  if (type === "integer") return { ...shared, type: "INT64" };
  const decimal = { converted_type: "DECIMAL", precision: 38, scale: type.scale } as const;
  return { ...shared, ...decimal, type: "FIXED_LEN_BYTE_ARRAY", type_length: 16 };
}

type Value = string | number | bigint | null;

/** 64 bits go in as bigint, as do decimals; text as it is. */
function stored(type: ParquetColumn<never>["type"], value: Value): string | bigint | null {
  return typeof value === "number" && (type === "time" || type === "integer")
    ? BigInt(value)
    : typeof value === "number"
      ? String(value)
      : value;
}

/**
 * Writes rows to a Parquet file (Snappy) group by group as they come; a file that is there is replaced.
 * @param metadata key-value pairs of the file's footer
 */
export async function writeParquet<Row extends { readonly [Name in keyof Row]: Value }>(
  file: string,
  columns: readonly ParquetColumn<Row>[],
  rows: AsyncIterable<Row>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await parquetWriteRows({
    writer: fileWriter(file),
    // Without page indexes, which would stay in memory up to the file's end.
    columns: columns.map(({ name }) => ({ name, offsetIndex: false })),
    schema: [{ name: "root", num_children: columns.length }, ...columns.map(element)],
    rows: storedRows(columns, rows),
    rowGroupSize: ROW_GROUP,
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: "suanwang",
  });
}

async function* storedRows<Row extends { readonly [Name in keyof Row]: Value }>(
  columns: readonly ParquetColumn<Row>[],
  rows: AsyncIterable<Row>,
): AsyncGenerator<Record<string, string | bigint | null>> {
  for await (const row of rows)
    yield Object.fromEntries(columns.map(({ name, type }) => [name, stored(type, row[name])]));
}
