import * as z from "zod";
import { FeedPosition } from "../../events/catalog/values.ts";

/** Query of every list: opaque cursors, so that lists may be cut differently later. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .describe("Most items of one page; it has fewer if they are large"),
  cursor: z.string().max(1000).optional().describe("`next` of the page before; leave out for the first page"),
} as const;

/** It moves with everybody's requests, open bids too: shown to those only who may read the feed itself. */
export const AsOf = FeedPosition.optional().describe(
  "Feed position that the list has seen: what was appended later may be missing; finance and operator only",
);

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().optional().describe("Cursor of the next page; absent on the last one"),
  });
}

/** A page of what everybody on the market sees. */
export function marketPageOf<Item extends z.ZodType>(item: Item) {
  return pageOf(item).extend({ asOf: AsOf });
}
