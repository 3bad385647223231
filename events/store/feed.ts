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
  /** Pages after a position, in order: one or more of those that exist, at most `limit` (default 16). */
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

/** @param cachedPages pages kept for the next reader in this process, once read or written: pages never change. */
export function createFeed(database: Database, table: string, cachedPages = 64): Feed & FeedWriter {
  /** A page that this process wrote is parsed when it is first read. */
  const cache = new Map<number, StoredPage | FeedPage>();
  const remember = <Page extends StoredPage | FeedPage>(page: Page): Page => {
    cache.set(page.position, page);
    const oldest = cache.size > cachedPages ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    return page;
  };
  const cached = (position: number) => {
    const page = cache.get(position);
    return page === undefined || "commits" in page ? page : remember(parsePage(page));
  };
  const parsed = (item: Item) => {
    const stored = storedPage(item);
    return cached(stored.position) ?? remember(parsePage(stored));
  };
  return {
    async head() {
      const range = { pk: partition, descending: true, limit: 1, attributes: ["sk", "hash"] };
      const [item] = await database.query(table, range);
      return item === undefined ? genesis : storedHead(item);
    },
    async read(position) {
      const known = cached(position);
      if (known !== undefined) return known;
      const item = await database.get(table, { pk: partition, sk: position });
      return item === undefined ? undefined : parsed(item);
    },
    async readAfter(position, limit = 16) {
      const pages = cachedRun(cached, position, limit);
      if (pages.length > 0) return pages;
      return (await database.query(table, { pk: partition, after: position, limit })).map(parsed);
    },
    async tail() {
      const [item] = await database.query(table, { pk: partition, descending: true, limit: 1 });
      return item === undefined ? undefined : storedPage(item);
    },
    async putPage(page) {
      const { position, bytes } = page;
      const item = { pk: partition, sk: position, hash: hashBytes(bytes), bytes };
      const put = await database.put(table, item, [{ absent: "pk" }]);
      if (put) remember(page);
      return put;
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

function cachedRun(
  cached: (position: number) => FeedPage | undefined,
  position: number,
  limit: number,
): FeedPage[] {
  const pages: FeedPage[] = [];
  for (let next = cached(position + 1); next !== undefined; next = cached(next.position + 1)) {
    if (pages.length === limit) break;
    pages.push(next);
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
