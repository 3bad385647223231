import * as z from "zod";
import { FeedPosition } from "../../events/catalog/values.ts";

/** Query of every list: opaque cursors, so that lists may be cut differently later. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("Most items of one page"),
  cursor: z.string().max(1000).optional().describe("`next` of the page before; leave out for the first page"),
} as const;

/** Feed position from which a list was made: what was appended later may be missing. */
export const AsOf = FeedPosition.describe("Feed position that the list has seen");

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().optional().describe("Cursor of the next page; absent on the last one"),
    asOf: AsOf,
  });
}
