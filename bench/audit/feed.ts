import { createHash } from "node:crypto";

// The raw feed, read by code of its own: the audit shares nothing with the exchange that it judges.

/** A page as the exchange hands it out: the very text that was hashed. */
export interface RawPage {
  readonly position: number;
  readonly text: string;
}

export interface RawEvent {
  readonly stream: string;
  readonly position: number;
  readonly type: string;
  /** As stored; the fields that the audit reads are checked where it reads them. */
  // biome-ignore lint/suspicious/noExplicitAny: raw JSON, judged by what it adds up to
  readonly data: any;
}

interface Body {
  readonly position: number;
  readonly previousHash: string;
  readonly commits: readonly {
    readonly stream: string;
    readonly version: number;
    readonly events: readonly { readonly type: string; readonly data: unknown }[];
  }[];
}

export interface ReadFeed {
  readonly events: readonly RawEvent[];
  /** What is wrong with the chain of hashes. */
  readonly chainFaults: readonly string[];
  /** Commits that are missing, repeated or out of order in their stream. */
  readonly orderFaults: readonly string[];
}

/** All pages from the first, in order. */
export function readFeed(pages: readonly RawPage[]): ReadFeed {
  const events: RawEvent[] = [];
  const chainFaults: string[] = [];
  const orderFaults: string[] = [];
  const versions = new Map<string, number>();
  let hash = "0".repeat(64);
  pages.forEach(({ position, text }, index) => {
    const body: Body = JSON.parse(text);
    if (position !== index + 1 || body.position !== position)
      chainFaults.push(`page ${position} stands at ${index + 1}`);
    if (body.previousHash !== hash)
      chainFaults.push(`page ${position} holds another hash of the page before`);
    hash = createHash("sha256").update(text).digest("hex");
    for (const { stream, version, events: own } of body.commits) {
      const expected = (versions.get(stream) ?? 0) + 1;
      if (version !== expected)
        orderFaults.push(`${stream} has version ${version} where ${expected} comes next`);
      versions.set(stream, version + own.length - 1);
      for (const { type, data } of own) events.push({ stream, position, type, data });
    }
  });
  return { events, chainFaults, orderFaults };
}
