import type * as z from "zod";
import type { Database, Item } from "../../events/store/dynamo.ts";
import type { ViewKey } from "../../market/views/view.ts";

/** An item of the table of views, with the feed position that it was made from. */
export interface ViewItem<Data = unknown> extends ViewKey {
  readonly position: number;
  readonly data: Data;
}

export interface ViewRange {
  readonly pk: string;
  /** Sort keys after this one, in the order of the list. */
  readonly after?: string | undefined;
  readonly descending?: boolean;
  readonly limit?: number;
}

/** Items of the table of views. */
export interface ViewItems {
  get<Data>(key: ViewKey, schema: z.ZodType<Data>): Promise<ViewItem<Data> | undefined>;
  /** Items that exist, in the order of the keys. */
  getMany<Data>(keys: readonly ViewKey[], schema: z.ZodType<Data>): Promise<ViewItem<Data>[]>;
  list<Data>(range: ViewRange, schema: z.ZodType<Data>): Promise<ViewItem<Data>[]>;
  /** Puts the item unless one of its position or a later one is there. */
  put(item: ViewItem): Promise<boolean>;
  /** Removes the item unless one of a later position is there. */
  remove(key: ViewKey, position: number): Promise<boolean>;
}

/** The views: what the feed comes to, made to be listed. They may be thrown away and made anew. */
export interface Views extends ViewItems {
  /** Position of the last page of the feed that all items have seen. */
  asOf(): Promise<number>;
  /** Moves `asOf` forward; false: it was there already. */
  advance(position: number): Promise<boolean>;
}

/**
 * To be raised by whoever changes what a projection makes of an event: the views of each generation lie apart, so that
 * an exchange that goes on with the new code makes them anew, from the first page of the feed (decision 0124).
 */
export const viewsGeneration = 1;

/** Where a generation keeps how far it has come. */
export const viewsCheckpoint = (generation = viewsGeneration) => ({
  pk: `${prefixOf(generation)}checkpoint`,
  sk: "views",
});

export function createViews(database: Database, table: string, generation = viewsGeneration): Views {
  const checkpoint = viewsCheckpoint(generation);
  return {
    ...itemsUnder(database, table, prefixOf(generation)),
    async asOf() {
      const item = await database.get(table, checkpoint);
      return typeof item?.position === "number" ? item.position : 0;
    },
    advance: (position) =>
      database.put(table, { ...checkpoint, position }, [
        { absent: "pk" },
        { attribute: "position", is: "<", to: position },
      ]),
  };
}

/** What auctions themselves write for readers of the views, positions being auctions: the feed does not have it. */
export function createAuctionItems(database: Database, table: string): ViewItems {
  return itemsUnder(database, table, "");
}

const prefixOf = (generation: number) => `v${generation}#`;

function itemsUnder(database: Database, table: string, prefix: string): ViewItems {
  const stored = ({ pk, sk }: ViewKey) => ({ pk: prefix + pk, sk });
  const shown = <Data>(item: Item, schema: z.ZodType<Data>): ViewItem<Data> => {
    const { pk, ...rest } = viewItem(item, schema);
    return { ...rest, pk: pk.slice(prefix.length) };
  };
  return {
    async get(key, schema) {
      const item = await database.get(table, stored(key));
      return item === undefined ? undefined : shown(item, schema);
    },
    async getMany(keys, schema) {
      const wanted = new Map(keys.map((key) => [`${key.pk}\n${key.sk}`, stored(key)]));
      const found = await database.getMany(table, [...wanted.values()]);
      const items = found.map((item) => shown(item, schema));
      const byKey = new Map(items.map((item) => [`${item.pk}\n${item.sk}`, item]));
      return [...wanted.keys()].flatMap((key) => byKey.get(key) ?? []);
    },
    async list({ pk, after, descending = false, limit }, schema) {
      const bound = after === undefined ? {} : descending ? { before: after } : { after };
      const items = await database.query(table, {
        pk: prefix + pk,
        ...bound,
        descending,
        ...(limit === undefined ? {} : { limit }),
      });
      return items.map((item) => shown(item, schema));
    },
    put: ({ position, data, ...key }) =>
      database.put(table, { ...stored(key), position, data: JSON.stringify(data) }, [
        { absent: "pk" },
        { attribute: "position", is: "<", to: position },
      ]),
    remove: (key, position) =>
      database.remove(table, stored(key), [{ attribute: "position", is: "<=", to: position }]),
  };
}

/** @throws TypeError or ZodError for an item that this version did not write: `viewsGeneration` was not raised. */
function viewItem<Data>(item: Item, schema: z.ZodType<Data>): ViewItem<Data> {
  const { pk, sk, position, data } = item;
  if (
    typeof pk !== "string" ||
    typeof sk !== "string" ||
    typeof position !== "number" ||
    typeof data !== "string"
  )
    throw new TypeError(`item ${pk} ${sk} of the views is no view`);
  return { pk, sk, position, data: schema.parse(JSON.parse(data)) };
}
