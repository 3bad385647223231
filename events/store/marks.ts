import type { Database } from "./dynamo.ts";

/** The version up to which each stream is in the feed, at least up to the page before the last. */
export interface Marks {
  /** Marks of those streams that have one; read consistently. */
  read(streams: readonly string[]): Promise<Map<string, number>>;
  /** Moves a mark forward, never back; repeating it changes nothing. */
  raise(stream: string, version: number): Promise<void>;
}

export function createMarks(database: Database, table: string): Marks {
  return {
    async read(streams) {
      const items = await database.getMany(
        table,
        streams.map((stream) => ({ pk: stream })),
      );
      const marks = new Map<string, number>();
      for (const { pk, version } of items)
        if (typeof pk === "string" && typeof version === "number") marks.set(pk, version);
      return marks;
    },
    async raise(stream, version) {
      await database.put(table, { pk: stream, version }, [
        { absent: "pk" },
        { attribute: "version", is: "<", to: version },
      ]);
    },
  };
}
