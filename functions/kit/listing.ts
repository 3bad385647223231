import type * as z from "zod";
import { readFeed } from "../contract/finance.ts";
import type { Role } from "../contract/operation.ts";
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
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, ...(more ? { next: encodeCursor(list.pk, last.sk) } : {}) };
}
