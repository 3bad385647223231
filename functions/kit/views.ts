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

/** The table of views: what the feed comes to, made to be listed. It may be thrown away and made anew. */
export interface Views {
  get<Data>(key: ViewKey, schema: z.ZodType<Data>): Promise<ViewItem<Data> | undefined>;
  /** Items that exist, in the order of the keys. */
  getMany<Data>(keys: readonly ViewKey[], schema: z.ZodType<Data>): Promise<ViewItem<Data>[]>;
  list<Data>(range: ViewRange, schema: z.ZodType<Data>): Promise<ViewItem<Data>[]>;
  /** Puts the item unless one of its position or a later one is there. */
  put(item: ViewItem): Promise<boolean>;
  /** Removes the item unless one of a later position is there. */
  remove(key: ViewKey, position: number): Promise<boolean>;
  /** Position of the last page of the feed that all items have seen. */
  asOf(): Promise<number>;
  /** Moves `asOf` forward; false: it was there already. */
  advance(position: number): Promise<boolean>;
}

const checkpoint = { pk: "checkpoint", sk: "views" } as const;

export function createViews(database: Database, table: string): Views {
  return {
    async get(key, schema) {
      const item = await database.get(table, { pk: key.pk, sk: key.sk });
      return item === undefined ? undefined : viewItem(item, schema);
    },
    async getMany(keys, schema) {
      const wanted = new Map(keys.map(({ pk, sk }) => [`${pk}\n${sk}`, { pk, sk }]));
      const found = await database.getMany(table, [...wanted.values()]);
      const byKey = new Map(found.map((item) => [`${item.pk}\n${item.sk}`, viewItem(item, schema)]));
      return [...wanted.keys()].flatMap((key) => byKey.get(key) ?? []);
    },
    async list({ pk, after, descending = false, limit }, schema) {
      const bound = after === undefined ? {} : descending ? { before: after } : { after };
      const items = await database.query(table, {
        pk,
        ...bound,
        descending,
        ...(limit === undefined ? {} : { limit }),
      });
      return items.map((item) => viewItem(item, schema));
    },
    put: ({ pk, sk, position, data }) =>
      database.put(table, { pk, sk, position, data: JSON.stringify(data) }, [
        { absent: "pk" },
        { attribute: "position", is: "<", to: position },
      ]),
    remove: ({ pk, sk }, position) =>
      database.remove(table, { pk, sk }, [{ attribute: "position", is: "<=", to: position }]),
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

/** @throws TypeError or ZodError for an item that this version did not write: make the views anew. */
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
