import { DuckDBInstance } from "@duckdb/node-api";

/** A row as text, null where there is none. */
export type TextRow = Readonly<Record<string, string | null>>;

export interface Sql {
  /** Rows of a query, every value as text: decimals exact, times as SQL has them, in UTC. */
  rows(query: string): Promise<TextRow[]>;
  [Symbol.dispose](): void;
}

/** An SQL engine that knows nothing of ours, in memory: the judge of what we write as CSV and Parquet. */
export async function openSql(): Promise<Sql> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    async rows(query) {
      const reader = await connection.runAndReadAll(query);
      return reader
        .getRowObjectsJson()
        .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)])));
    },
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
