import { createHash } from "node:crypto";
import { z } from "zod";
import { factsOf, type RawEvent, readEvent } from "./raw-events.ts";

/** A page as the exchange hands it out: the very text that was hashed. */
export interface RawPage {
  readonly position: number;
  readonly text: string;
}

const Body = z.object({
  position: z.int(),
  previousHash: z.string(),
  commits: z.array(
    z.object({
      stream: z.string(),
      version: z.int(),
      events: z.array(z.object({ type: z.string(), data: z.unknown() })),
    }),
  ),
});

export interface ReadFeed {
  readonly events: readonly RawEvent[];
  /** What is wrong with the chain of hashes. */
  readonly chainFaults: readonly string[];
  /** Commits that are missing, repeated or out of order in their stream. */
  readonly orderFaults: readonly string[];
}

/**
 * All pages from the first, in order.
 * @throws ZodError for a page or a fact that lacks what the audit reads of it.
 */
export function readFeed(pages: readonly RawPage[]): ReadFeed {
  const events: RawEvent[] = [];
  const chainFaults: string[] = [];
  const orderFaults: string[] = [];
  const versions = new Map<string, number>();
  const hashes: string[] = [];
  let hash = "0".repeat(64);
  for (const [index, { position, text }] of pages.entries()) {
    const body = Body.parse(JSON.parse(text));
    if (position !== index + 1 || body.position !== position)
      chainFaults.push(`page ${position} stands at ${index + 1}`);
    if (body.previousHash !== hash)
      chainFaults.push(`page ${position} holds another hash of the page before`);
    hash = createHash("sha256").update(text).digest("hex");
    hashes.push(hash);
    for (const { stream, version, events: own } of body.commits) {
      const expected = (versions.get(stream) ?? 0) + 1;
      if (version !== expected)
        orderFaults.push(`${stream} has version ${version} where ${expected} comes next`);
      versions.set(stream, version + own.length - 1);
      for (const event of own) events.push(readEvent({ stream, position }, event));
    }
  }
  for (const { period, position, feedHash } of factsOf(events, "PeriodClosed"))
    if (hashes[position - 1] !== feedHash)
      chainFaults.push(`period ${period} closed with another page than the feed's`);
  return { events, chainFaults, orderFaults };
}
