import type { Database, Item } from "../../events/store/dynamo.ts";
import { itemBytes, readUnits, writeUnits } from "./request-units.ts";

/** One request to the database, as it is charged. */
export interface DatabaseCall {
  readonly table: string;
  /** Partition key; of several: of the first. */
  readonly pk: string;
  readonly kind: "get" | "getMany" | "query" | "scan" | "put" | "update" | "remove";
  readonly writeUnits: number;
  readonly readUnits: number;
  /** A conditional write that was refused: it is charged all the same. */
  readonly refused: boolean;
}

/** Bytes of every item that was written, for DynamoDB charges an item's whole size whatever is read of it. */
export interface ItemSizes {
  of(table: string, key: Item): number;
  set(table: string, key: Item, bytes: number): void;
  /** Of all items of a table. */
  total(table: string): number;
  totals(): ReadonlyMap<string, number>;
}

export function createItemSizes(): ItemSizes {
  const sizes = new Map<string, number>();
  const totals = new Map<string, number>();
  const name = (table: string, { pk, sk }: Item) => `${table}\n${pk}\n${sk}`;
  return {
    of: (table, key) => sizes.get(name(table, key)) ?? 0,
    set(table, key, bytes) {
      const known = sizes.get(name(table, key)) ?? 0;
      totals.set(table, (totals.get(table) ?? 0) + bytes - known);
      sizes.set(name(table, key), bytes);
    },
    total: (table) => totals.get(table) ?? 0,
    totals: () => totals,
  };
}

/**
 * The same database, each of whose requests is told with the units that DynamoDB would charge. Sizes must be shared by
 * all that write, from the empty table on.
 */
export function countingDatabase(
  inner: Database,
  sizes: ItemSizes,
  tell: (call: DatabaseCall) => void,
): Database {
  const read = (kind: DatabaseCall["kind"], table: string, pk: string, units: number) =>
    tell({ table, pk, kind, readUnits: units, writeUnits: 0, refused: false });
  const wrote = (
    kind: DatabaseCall["kind"],
    table: string,
    key: Item,
    done: boolean,
    before: number,
    after: number,
  ) => {
    // The larger of the item before and after, also where the write is refused.
    const units = writeUnits(Math.max(before, after));
    tell({ table, pk: String(key.pk), kind, readUnits: 0, writeUnits: units, refused: !done });
    if (done) sizes.set(table, key, after);
    return done;
  };
  return {
    ...inner,
    async get(table, key) {
      const item = await inner.get(table, key);
      read("get", table, String(key.pk), readUnits(sizes.of(table, key)));
      return item;
    },
    async getMany(table, keys) {
      const items = await inner.getMany(table, keys);
      // A batch is charged key by key, also for those without an item.
      const units = keys.reduce((sum, key) => sum + readUnits(sizes.of(table, key)), 0);
      if (keys.length > 0) read("getMany", table, String(keys[0]?.pk), units);
      return items;
    },
    async put(table, item, anyOf) {
      const before = sizes.of(table, item);
      const done = await inner.put(table, item, anyOf);
      return wrote("put", table, item, done, before, itemBytes(item));
    },
    async update(table, key, set, anyOf) {
      const before = sizes.of(table, key);
      const done = await inner.update(table, key, set, anyOf);
      return wrote("update", table, key, done, before, Math.max(before, itemBytes({ ...key, ...set })));
    },
    async remove(table, key, anyOf) {
      const before = sizes.of(table, key);
      const done = await inner.remove(table, key, anyOf);
      return wrote("remove", table, key, done, before, 0);
    },
    async query(table, range) {
      const items = await inner.query(table, withKeys(range));
      // A query adds its items up before it rounds.
      const bytes = items.reduce((sum, item) => sum + sizes.of(table, { pk: range.pk, ...item }), 0);
      read("query", table, range.pk, readUnits(bytes));
      return items;
    },
    async *scan(table, attributes) {
      read("scan", table, "", readUnits(sizes.total(table)));
      yield* inner.scan(table, attributes);
    },
  };
}

/** A range that names its attributes must name the sort key, by which the size of an item is known. */
function withKeys<Range extends { readonly attributes?: readonly string[] }>(range: Range): Range {
  if (range.attributes !== undefined && !range.attributes.includes("sk"))
    throw new Error(
      `a query of ${range.attributes.join(", ")} cannot be counted: it leaves out the sort key`,
    );
  return range;
}
