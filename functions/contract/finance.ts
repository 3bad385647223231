import * as z from "zod";
import { FeedPosition } from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";

/** A page of the feed with the very bytes that were hashed. */
export const FeedPage = z.object({
  position: FeedPosition,
  hash: z.string().describe("SHA-256 of the UTF-8 bytes of `text`, hex"),
  previousHash: z.string().describe("Hash of the page before, as this page holds it"),
  text: z
    .string()
    .describe("The page exactly as stored: canonical JSON of position, previousHash and commits"),
});
export type FeedPage = z.infer<typeof FeedPage>;

export const readFeed = defineOperation({
  id: "readFeed",
  method: "GET",
  path: "/feed",
  tag: "finance",
  summary: "The log in its order of observation, page by page with its hash chain",
  roles: ["finance", "operator"],
  query: z.object({
    after: z.coerce.number().int().min(0).default(0).describe("Position up to which pages are known"),
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(16)
      .default(8)
      .describe("Most pages; a page has up to 256 KB, and an answer fewer of them if they are large"),
  }),
  success: {
    status: 200,
    says: "Pages.",
    body: z.object({ pages: z.array(FeedPage), head: FeedPosition.describe("Newest position") }),
  },
});
