import type * as z from "zod";
import type { ViewKey } from "../../market/views/view.ts";
import { readFeed } from "../contract/finance.ts";
import type { Role } from "../contract/operation.ts";
import { fitting } from "./answer-size.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Access } from "./host.ts";
import type { ViewItem } from "./views.ts";

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Listed<Item> {
  readonly items: Item[];
  readonly next?: string;
}

/**
 * The feed position that a list has seen at least, if it is asked for before the list is read. Those who may not read
 * the feed are not told: it moves with others' open bids.
 */
export async function seenPosition({
  access: { views },
  role,
}: {
  readonly access: Pick<Access, "views">;
  readonly role: Role;
}): Promise<{ readonly asOf?: number }> {
  return feedReaders.includes(role) ? { asOf: await views.asOf() } : {};
}

const feedReaders: readonly Role[] = readFeed.roles;

/** One page of a list, in the order of its keys. */
export async function listing<Data>(
  { views }: Pick<Access, "views">,
  list: { readonly pk: string; readonly descending?: boolean },
  { limit, cursor }: PageQuery,
  schema: z.ZodType<Data>,
): Promise<Listed<ViewItem<Data>>> {
  const after = decodeCursor(list.pk, cursor);
  const found = await views.list({ ...list, after, limit: limit + 1 }, schema);
  return cutPage(list.pk, found, limit);
}

/** One page of a list whose entries name the items of another one. */
export async function listingOf<Entry, Data>(
  { views }: Pick<Access, "views">,
  list: { readonly pk: string; readonly descending?: boolean },
  query: PageQuery,
  entries: z.ZodType<Entry>,
  keyOf: (entry: Entry) => ViewKey,
  schema: z.ZodType<Data>,
): Promise<Listed<Data>> {
  const { items, ...more } = await listing({ views }, list, query, entries);
  const keys = items.map(({ data }) => keyOf(data));
  const named = new Map(
    (await views.getMany(keys, schema)).map(({ pk, sk, data }) => [`${pk}\n${sk}`, data]),
  );
  const found = items.flatMap(({ sk, data: entry }) => {
    const { pk, sk: own } = keyOf(entry);
    const data = named.get(`${pk}\n${own}`);
    return data === undefined ? [] : [{ sk, data }];
  });
  const shown = fitting(found, query.limit);
  const last = shown.at(-1);
  const isCut = shown.length < found.length && last !== undefined;
  return {
    items: shown.map(({ data }) => data),
    ...(isCut ? { next: encodeCursor(list.pk, last.sk) } : more),
  };
}

/**
 * The page that begins what was found of a list: as much as was asked for and fits an answer.
 * @param list what the cursor vouches for
 */
export function cutPage<Item extends { readonly sk: string }>(
  list: string,
  found: readonly Item[],
  limit: number,
): Listed<Item> {
  const items = fitting(found, limit);
  const last = items.at(-1);
  const more = found.length > items.length && last !== undefined;
  return { items, ...(more ? { next: encodeCursor(list, last.sk) } : {}) };
}
