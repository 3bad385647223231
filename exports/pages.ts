import type { DomainEvent } from "../events/catalog/catalog.ts";
import type { Commit } from "../events/catalog/envelope.ts";

export type ExportedCommit = Omit<Commit, "events"> & { readonly events: readonly DomainEvent[] };

/** A page of the feed as exports read it; what a feed reads (FeedPage) is one. */
export interface ExportedPage {
  readonly position: number;
  /** SHA-256 of the page's text, hex. */
  readonly hash: string;
  readonly commits: readonly ExportedCommit[];
}

export type PageSource = AsyncIterable<ExportedPage> | Iterable<ExportedPage>;
/** The feed from its first page, in order; each call reads it anew. */
export type Pages = () => PageSource;
