import { createHash } from "node:crypto";
import * as z from "zod";
import { Commit } from "../catalog/envelope.ts";

/** Bytes of a page at most. */
export const maxPageBytes = 256_000;

/** A place in the feed: the position of a page and the hash of its bytes. */
export interface FeedHead {
  readonly position: number;
  /** sha256 of the page's stored bytes, in hex. */
  readonly hash: string;
}

/** Before the first page. */
export const genesis: FeedHead = { position: 0, hash: "0".repeat(64) };

/** A page as stored. */
export interface StoredPage {
  readonly position: number;
  /** Canonical JSON of PageBody. */
  readonly bytes: string;
}

export const PageBody = z.object({
  commits: z.array(Commit),
  position: z.int().min(1),
  /** Hash of the page before. */
  previousHash: z.string().length(64),
});
export type PageBody = z.infer<typeof PageBody>;

export function hashBytes(bytes: string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What a page of commits with so many bytes of canonical JSON each will weigh is the sum of these, plus this. */
export const pageOverhead = Buffer.byteLength(
  pageBytes({ ...genesis, position: Number.MAX_SAFE_INTEGER - 1 }, []),
);

/** The page after `head`, from commits in canonical JSON: members in order, so the page is canonical as well. */
export function pageBytes(head: FeedHead, commits: readonly string[]): string {
  return `{"commits":[${commits.join(",")}],"position":${head.position + 1},"previousHash":"${head.hash}"}`;
}

export type ChainCheck =
  | { readonly ok: true; readonly head: FeedHead }
  | { readonly ok: false; readonly position: number; readonly fault: string };

/**
 * Checks that the pages follow `after` without a gap, each holding the hash of the bytes before it.
 * A long feed is checked part by part, each from the head that the last one came to.
 */
export function verifyChain(pages: Iterable<StoredPage>, after: FeedHead = genesis): ChainCheck {
  let head = after;
  for (const { position, bytes } of pages) {
    const expected = head.position + 1;
    const body = PageBody.safeParse(parseJson(bytes));
    if (position !== expected) return { ok: false, position, fault: `expected page ${expected}` };
    if (!body.success) return { ok: false, position, fault: "the bytes are no page" };
    if (body.data.position !== position)
      return { ok: false, position, fault: "the bytes name another position" };
    if (body.data.previousHash !== head.hash)
      return { ok: false, position, fault: "the hash before differs" };
    head = { position, hash: hashBytes(bytes) };
  }
  return { ok: true, head };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
