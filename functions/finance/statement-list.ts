import type * as z from "zod";
import type { Period } from "../../events/catalog/values.ts";
import { decodeCursor } from "../kit/cursor.ts";
import type { Access } from "../kit/host.ts";
import { cutPage, type PageQuery } from "../kit/listing.ts";

/** Sorts after all that begins with a day. */
const endOfDay = (period: Period) => `${period}#~`;

/** One page of a list whose keys begin with the settlement day, newest first; of one day only, if it is given. */
export async function statementList<Data>(
  { views }: Pick<Access, "views">,
  pk: string,
  { period, limit, cursor }: PageQuery & { readonly period?: Period | undefined },
  schema: z.ZodType<Data>,
): Promise<{ readonly items: Data[]; readonly next?: string }> {
  const list = `${pk}/${period ?? ""}`;
  const after = decodeCursor(list, cursor) ?? (period === undefined ? undefined : endOfDay(period));
  const found = await views.list({ pk, after, descending: true, limit: limit + 1 }, schema);
  const inDay = found.filter(({ sk }) => period === undefined || sk.startsWith(`${period}#`));
  const { items, ...more } = cutPage(list, inDay, limit);
  return { items: items.map(({ data }) => data), ...more };
}
