import { Commit } from "../catalog/envelope.ts";
import { type ParsedCommit, parseCommit } from "../upcasts.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Database, Item } from "./dynamo.ts";

/** Bytes of a commit's canonical JSON at most; larger results are paged into several commits. */
export const maxCommitBytes = 100_000;

export class CommitTooLarge extends Error {
  override readonly name = "CommitTooLarge";
  constructor(stream: string, bytes: number) {
    super(`a commit to ${stream} has ${bytes} bytes, more than ${maxCommitBytes}: page it`);
  }
}

/** The facts of the exchange: streams of commits, appended and never changed. */
export interface EventLog {
  /**
   * Commits after `afterVersion` (the end of a commit; default 0: all), in version order; read consistently.
   * @throws Error if the stream has a gap there.
   */
  load(stream: string, afterVersion?: number): Promise<ParsedCommit[]>;
  /**
   * Appends if the stream ends just before the commit's version.
   * "conflict": it does not, or this very append got through before and its answer was lost.
   * @throws CommitTooLarge; ZodError or UnreadableEvent for events that the catalog does not know.
   */
  append(commit: Commit): Promise<"appended" | "conflict">;
}

/** A commit as stored: the bytes that go into the feed, and the version of its last event. */
export interface CommitRecord {
  readonly stream: string;
  readonly version: number;
  readonly last: number;
  readonly bytes: string;
}

/** What a relay reads of the log: bytes, for it has no use for their meaning. */
export interface CommitRecords {
  /** Commits after `afterVersion`, the end of a commit; as EventLog.load. */
  readRecords(stream: string, afterVersion: number): Promise<CommitRecord[]>;
  /** The last version of every stream; a page at a time, in no order, a stream perhaps more than once. */
  scanVersions(): AsyncGenerator<ReadonlyMap<string, number>>;
}

/**
 * The log on DynamoDB: one item per commit, put if absent.
 * A stream has no gap, so an absent item at the next version means that nothing came in between.
 */
export function createEventLog(database: Database, table: string): EventLog & CommitRecords {
  const readRecords = async (stream: string, afterVersion: number) => {
    const items = await database.query(table, { pk: stream, after: afterVersion });
    const records = items.map(recordOf);
    assertWhole(stream, afterVersion, records);
    return records;
  };
  return {
    readRecords,
    async load(stream, afterVersion = 0) {
      const records = await readRecords(stream, afterVersion);
      return records.map(({ bytes }) => parseCommit(Commit.parse(JSON.parse(bytes))));
    },
    async append(commit) {
      const record = recordCommit(commit);
      const { commandId } = commit;
      const item = {
        pk: record.stream,
        sk: record.version,
        last: record.last,
        commandId,
        bytes: record.bytes,
      };
      return (await database.put(table, item, [{ absent: "pk" }])) ? "appended" : "conflict";
    },
    async *scanVersions() {
      for await (const items of database.scan(table, ["pk", "last"])) yield lastVersions(items);
    },
  };
}

/** Checks a commit against the catalog and gives what is stored of it. */
export function recordCommit(commit: Commit): CommitRecord {
  const bytes = canonicalJson(parseCommit(Commit.parse(commit)));
  const size = Buffer.byteLength(bytes);
  if (size > maxCommitBytes) throw new CommitTooLarge(commit.stream, size);
  const last = commit.version + commit.events.length - 1;
  return { stream: commit.stream, version: commit.version, last, bytes };
}

function assertWhole(stream: string, afterVersion: number, records: readonly CommitRecord[]): void {
  let end = afterVersion;
  for (const { version, last } of records) {
    if (version !== end + 1) throw new Error(`stream ${stream} has a gap between ${end} and ${version}`);
    end = last;
  }
}

function recordOf({ pk, sk, last, bytes }: Item): CommitRecord {
  if (
    typeof pk !== "string" ||
    typeof sk !== "number" ||
    typeof last !== "number" ||
    typeof bytes !== "string"
  )
    throw new TypeError(`item ${pk} ${sk} of the log is no commit`);
  return { stream: pk, version: sk, last, bytes };
}

function lastVersions(items: readonly Item[]): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  for (const { pk, last } of items) {
    if (typeof pk !== "string" || typeof last !== "number")
      throw new TypeError("an item of the log is no commit");
    versions.set(pk, Math.max(last, versions.get(pk) ?? 0));
  }
  return versions;
}
