import type * as z from "zod";
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
  readonly asOf: number;
}

/** One page of a list, in the order of its keys. The position is read first: the page has seen at least that. */
export async function listing<Data>(
  { views }: Pick<Access, "views">,
  list: { readonly pk: string; readonly descending?: boolean },
  { limit, cursor }: PageQuery,
  schema: z.ZodType<Data>,
): Promise<Listed<ViewItem<Data>>> {
  const after = decodeCursor(list.pk, cursor);
  const asOf = await views.asOf();
  const found = await views.list({ ...list, after, limit: limit + 1 }, schema);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, asOf, ...(more ? { next: encodeCursor(list.pk, last.sk) } : {}) };
}
