import { type ParsedCommit, parseCommit } from "../upcasts.ts";
import { type FeedHead, genesis, hashBytes, PageBody, type StoredPage } from "./chain.ts";
import type { Database, Item } from "./dynamo.ts";

/** A page of the feed: commits in the order of observation, each stream in version order. */
export interface FeedPage extends StoredPage {
  readonly previousHash: string;
  readonly hash: string;
  /** Events of the current catalog, whatever version they were stored in. */
  readonly commits: readonly ParsedCommit[];
}

/** The order of observation that views, finance and audit read. Positions count from 1 without a gap. */
export interface Feed {
  /** The last page's place; position 0: the feed is empty. Read consistently. */
  head(): Promise<FeedHead>;
  read(position: number): Promise<FeedPage | undefined>;
  /** Pages after a position, in order, at most `limit` (default 16). */
  readAfter(position: number, limit?: number): Promise<readonly FeedPage[]>;
}

/** What a relay does with the feed. */
export interface FeedWriter {
  /** The last page, undefined for an empty feed. */
  tail(): Promise<StoredPage | undefined>;
  /** Puts a page if its position is free; false: another relay was first. */
  putPage(page: StoredPage): Promise<boolean>;
}

const partition = "feed";

/** @param cachedPages parsed pages kept for the next reader in this process: pages never change. */
export function createFeed(database: Database, table: string, cachedPages = 64): Feed & FeedWriter {
  const cache = new Map<number, FeedPage>();
  const remember = (page: FeedPage): FeedPage => {
    cache.set(page.position, page);
    const oldest = cache.size > cachedPages ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    return page;
  };
  const parsed = (item: Item) => {
    const stored = storedPage(item);
    return cache.get(stored.position) ?? remember(parsePage(stored));
  };
  return {
    async head() {
      const range = { pk: partition, descending: true, limit: 1, attributes: ["sk", "hash"] };
      const [item] = await database.query(table, range);
      return item === undefined ? genesis : storedHead(item);
    },
    async read(position) {
      const cached = cache.get(position);
      if (cached !== undefined) return cached;
      const item = await database.get(table, { pk: partition, sk: position });
      return item === undefined ? undefined : parsed(item);
    },
    async readAfter(position, limit = 16) {
      const pages = cachedRun(cache, position, limit);
      if (pages.length === limit) return pages;
      const range = { pk: partition, after: position + pages.length, limit: limit - pages.length };
      return [...pages, ...(await database.query(table, range)).map(parsed)];
    },
    async tail() {
      const [item] = await database.query(table, { pk: partition, descending: true, limit: 1 });
      return item === undefined ? undefined : storedPage(item);
    },
    putPage({ position, bytes }) {
      const item = { pk: partition, sk: position, hash: hashBytes(bytes), bytes };
      return database.put(table, item, [{ absent: "pk" }]);
    },
  };
}

/** @throws ZodError or UnreadableEvent for bytes that are no page of this catalog. */
export function parsePage(stored: StoredPage): FeedPage {
  const body = PageBody.parse(JSON.parse(stored.bytes));
  return {
    ...stored,
    previousHash: body.previousHash,
    hash: hashBytes(stored.bytes),
    commits: body.commits.map(parseCommit),
  };
}

function cachedRun(cache: ReadonlyMap<number, FeedPage>, position: number, limit: number): FeedPage[] {
  const pages: FeedPage[] = [];
  for (let next = cache.get(position + 1); next !== undefined && pages.length < limit; ) {
    pages.push(next);
    next = cache.get(next.position + 1);
  }
  return pages;
}

function storedPage({ sk, bytes }: Item): StoredPage {
  if (typeof sk !== "number" || typeof bytes !== "string")
    throw new TypeError(`item ${sk} of the feed is no page`);
  return { position: sk, bytes };
}

function storedHead({ sk, hash }: Item): FeedHead {
  if (typeof sk !== "number" || typeof hash !== "string")
    throw new TypeError(`item ${sk} of the feed is no page`);
  return { position: sk, hash };
}
