import { createPause } from "./backoff.ts";
import {
  type FeedHead,
  genesis,
  hashBytes,
  maxPageBytes,
  PageBody,
  pageBytes,
  pageOverhead,
  type StoredPage,
} from "./chain.ts";
import type { FeedWriter } from "./feed.ts";
import { forEachInFlight } from "./in-flight.ts";
import type { CommitRecord, CommitRecords } from "./log.ts";
import type { Marks } from "./marks.ts";
import { gathering } from "./single-flight.ts";

/** Carries commits from the log into the feed. Any number of relays may run at once. */
export interface Relay {
  /**
   * Brings all commits of these streams that are in the log now into the feed.
   * Calls made while a drain runs share the next one.
   * @returns the number of commits that this drain put into the feed
   * @throws FeedContention if other relays were first too many times in a row: wake it again.
   */
  drain(streams: Iterable<string>): Promise<number>;
  /** Compares the whole log with the marks and drains what lost wake-ups left; gives the number of commits. */
  scan(): Promise<number>;
}

export interface RelayParts {
  readonly log: CommitRecords;
  readonly feed: FeedWriter;
  readonly marks: Marks;
  /** In [0, 1): relays that collided do not come back at the same moment. */
  readonly random: () => number;
  /** Reads and writes under way at once. Default 32. */
  readonly inFlight?: number;
  /** Bytes of a page at most; only a commit that is larger alone makes a larger page. Default: what a page may have. */
  readonly pageSize?: number;
  /** Streams whose place in the feed the relay keeps in mind. Default 100,000. */
  readonly knownStreams?: number;
}

export class FeedContention extends Error {
  override readonly name = "FeedContention";
}

const maxConflicts = 100;
/** Streams of one pass, so that a scan of everything needs little memory. */
const passSize = 2_000;

/** The last page, and what it says of its streams. */
interface Tail extends FeedHead {
  readonly versions: ReadonlyMap<string, number>;
  /** The marks are known to be up to this page. */
  saved: boolean;
}

/*
 * Why no commit is in the feed twice: a page n+1 is only put by a relay that, before, brought the marks up to page n.
 * So whenever page n is the last, the marks hold all pages before it, and marks plus page n hold the whole feed. A
 * relay whose notion of the last page is out of date collides with the page that it does not know, and starts over.
 * Why none is missing or out of order: a stream's commits beyond its mark are read from the log, consistently and
 * without a gap, and pages take them in that order.
 */
export function createRelay(parts: RelayParts): Relay {
  const { log, feed, marks, inFlight = 32, pageSize = maxPageBytes, knownStreams = 100_000 } = parts;
  const pause = createPause(parts.random);
  let tail: Tail | undefined;
  /** stream → version up to which it is in the feed: never ahead of the feed, never behind the page `tail`. */
  const known = new Map<string, number>();

  const learn = (versions: ReadonlyMap<string, number>) => {
    for (const [stream, version] of versions) known.set(stream, Math.max(version, known.get(stream) ?? 0));
  };
  // Once another relay was seen, the last page is read before anything is put: a put that collides costs more.
  let contended = false;
  const readTail = async () => {
    const page = await feed.tail();
    if (tail !== undefined && tail.position === (page?.position ?? 0)) return tail;
    const read = page === undefined ? emptyTail() : tailOf(page);
    // Pages between the two were missed, and with them what they say of the streams known.
    if (tail === undefined || read.position > tail.position + 1) known.clear();
    learn(read.versions);
    tail = read;
    return read;
  };
  const saveMarks = async (page: Tail) => {
    if (page.saved) return;
    await forEachInFlight(inFlight, page.versions, ([stream, version]) => marks.raise(stream, version));
    page.saved = true;
  };
  const findMarks = async (streams: readonly string[]) => {
    const unknown = streams.filter((stream) => !known.has(stream));
    if (unknown.length === 0) return;
    const stored = await marks.read(unknown);
    for (const stream of unknown) known.set(stream, stored.get(stream) ?? 0);
  };
  const readBeyond = async (streams: readonly string[]) => {
    const found: CommitRecord[] = [];
    await forEachInFlight(inFlight, streams, async (stream) => {
      const mark = known.get(stream) ?? 0;
      found.push(...(await log.readRecords(stream, mark)));
    });
    return found;
  };
  /** False: another relay was first. */
  const putPages = async (start: Tail, records: readonly CommitRecord[]) => {
    let last = start;
    for (const page of pack(records, pageSize)) {
      await saveMarks(last);
      const next = nextPage(last, page);
      if (!(await feed.putPage(next))) return false;
      last = {
        position: next.position,
        hash: hashBytes(next.bytes),
        versions: lastVersions(page),
        saved: false,
      };
      tail = last;
      learn(last.versions);
    }
    return true;
  };
  /** The number of commits put, undefined if another relay was first. */
  const attempt = async (streams: readonly string[]) => {
    const page = tail === undefined || contended ? await readTail() : tail;
    const saving = saveMarks(page);
    // An error of the marks surfaces at the await below, not as an unhandled one while the log is read.
    saving.catch(() => undefined);
    await findMarks(streams);
    const records = await readBeyond(streams);
    await saving;
    if (await putPages(page, records)) return records.length;
    contended = true;
    return undefined;
  };
  const pass = async (streams: readonly string[]) => {
    for (let conflicts = 0; conflicts < maxConflicts; conflicts++) {
      if (conflicts > 0) await pause(conflicts + 1);
      const put = await attempt(streams);
      if (put !== undefined) return put;
    }
    throw new FeedContention(`other relays were first ${maxConflicts} times in a row`);
  };
  const drain = gathering<string, number>(async (streams) => {
    // What is known of streams holds only as long as the page that it is up to is known.
    if (known.size > knownStreams) tail = undefined;
    const all = [...streams];
    let put = 0;
    for (let start = 0; start < all.length; start += passSize)
      put += await pass(all.slice(start, start + passSize));
    return put;
  });
  return {
    drain,
    async scan() {
      let put = 0;
      for await (const versions of log.scanVersions()) {
        const stored = await marks.read([...versions.keys()]);
        const behind = [...versions].filter(([stream, version]) => version > (stored.get(stream) ?? 0));
        put += await drain(behind.map(([stream]) => stream));
      }
      return put;
    },
  };
}

function emptyTail(): Tail {
  return { ...genesis, versions: new Map(), saved: true };
}

function tailOf({ position, bytes }: StoredPage): Tail {
  const { commits } = PageBody.parse(JSON.parse(bytes));
  const versions = new Map<string, number>();
  for (const { stream, version, events } of commits) versions.set(stream, version + events.length - 1);
  return { position, hash: hashBytes(bytes), versions, saved: false };
}

function lastVersions(records: readonly CommitRecord[]): ReadonlyMap<string, number> {
  return new Map(records.map(({ stream, last }) => [stream, last]));
}

function nextPage(head: FeedHead, records: readonly CommitRecord[]): StoredPage {
  const commits = records.map(({ bytes }) => bytes);
  return { position: head.position + 1, bytes: pageBytes(head, commits) };
}

/** As few pages as the order allows. */
function pack(records: readonly CommitRecord[], pageSize: number): CommitRecord[][] {
  const pages: CommitRecord[][] = [];
  let room = 0;
  for (const record of records) {
    const size = Buffer.byteLength(record.bytes) + 1;
    if (size > room) {
      pages.push([]);
      room = pageSize - pageOverhead;
    }
    pages.at(-1)?.push(record);
    room -= size;
  }
  return pages;
}
