import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { createFeed } from "../../events/store/feed.ts";
import { createEventLog } from "../../events/store/log.ts";
import { type BookState, initialBook } from "../../market/book/book-state.ts";
import { bookFromSnapshot, snapshotOf } from "../../market/book/snapshot.ts";
import { slotStart } from "../../market/time.ts";
import { sortable } from "../../market/views/view.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  type InMemoryExchange,
  newJob,
  openAccount,
  openCenter,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";
import { type BookMemory, createBookMemory } from "./book-memory.ts";
import { loadSnapshot, saveSnapshot } from "./book-snapshots.ts";

const gates = 12;
const day = 86_400_000;

let exchange: InMemoryExchange;
let position: number;
let wanted: string;

beforeAll(async () => {
  exchange = await startExchange();
  await openCenter(exchange, alpha, "c-1");
  await openAccount(exchange, acme);
  for (let gate = 0; gate < gates; gate++) {
    const body = newJob(exchange, "c-1");
    await succeeds(exchange.call(operations.postJob, acme, { body }));
    await exchange.pump();
    exchange.clock.set(slotStart(exchange.slot() + 1));
    await exchange.runAuctions();
    await exchange.pump();
  }
  position = (await createFeed(exchange.database, testTables.feed).head()).position;
  wanted = snapshotOf(await memory().books.at(gates, position));
});

/** A process with a memory of its own; it is cut off once it has read so many pages. */
function memory({ pages = Number.POSITIVE_INFINITY, saves = 5 } = {}): {
  readonly books: BookMemory;
  readonly read: number[];
} {
  const { database, clock } = exchange;
  const feed = createFeed(database, testTables.feed);
  const read: number[] = [];
  const cutOff: typeof feed = {
    ...feed,
    async readAfter(after) {
      if (read.length >= pages) throw new Error("cut off");
      read.push(after + 1);
      return feed.readAfter(after, 1);
    },
  };
  const log = createEventLog(database, testTables.log);
  const parts = { log, feed: cutOff, database, operationsTable: testTables.operations, clock };
  return { books: createBookMemory(parts, saves), read };
}

const snapshots = () => exchange.database.query(testTables.operations, { pk: "book" });

/** Takes away what has expired, or all of it. */
async function expire(at: number): Promise<void> {
  const { database } = exchange;
  for await (const items of database.scan(testTables.operations, ["pk", "sk", "expiresAt"]))
    for (const { pk = "", sk = "", expiresAt = Number.POSITIVE_INFINITY } of items)
      if (/^book(#|$)/.test(String(pk)) && Number(expiresAt) * 1000 <= at)
        await database.remove(testTables.operations, { pk, sk });
}

async function forgetAll(): Promise<void> {
  for (const { sk = "", position: at } of await snapshots()) {
    const auctions = Number(String(sk).split("#")[0]);
    await exchange.database.remove(testTables.operations, { pk: `book#${auctions}#${at}`, sk: sortable(0) });
    await exchange.database.remove(testTables.operations, { pk: "book", sk });
  }
}

describe("a book without a snapshot", () => {
  test("is folded by processes that are cut off, each going on where the one before came to", async () => {
    await forgetAll();
    const reached: number[] = [];
    let book: BookState | undefined;
    while (book === undefined) {
      // Eight pages are more than the five between two saves, and far fewer than the feed has.
      const process = memory({ pages: 8 });
      book = await process.books.at(gates, position).catch((error: Error) => {
        expect(error.message).toBe("cut off");
        return undefined;
      });
      reached.push(process.read[0] ?? 0);
      expect(reached.length).toBeLessThan(position);
    }
    expect(snapshotOf(book)).toBe(wanted);
    expect(reached.length).toBeGreaterThan(3);
    expect(reached).toEqual([...new Set(reached)].sort((a, b) => a - b));
  });

  test("is not saved on the way while a process follows a few pages at a time", async () => {
    await forgetAll();
    const { books } = memory({ saves: position + 1 });
    await books.at(gates, position);
    expect(await snapshots()).toEqual([]);
  });
});

describe("snapshots", () => {
  const begun = async () => {
    await forgetAll();
    const { books } = memory({ saves: position + 1 });
    const half = (await books.at(gates / 2, 0)).position;
    await books.save(gates / 2, half);
    const last = (await books.at(gates, 0)).position;
    await books.save(gates, last);
    return { half, last };
  };

  test("stay however long nobody comes, the newest of them", async () => {
    const { last } = await begun();
    expect(await snapshots()).toHaveLength(2);
    await expire(exchange.clock.now() + 1000 * day);
    expect(await snapshots()).toEqual([expect.objectContaining({ position: last })]);
    const { books, read } = memory();
    expect(snapshotOf(await books.at(gates, position))).toBe(wanted);
    expect(read[0] ?? position + 1).toBe(last + 1);
  });

  test("expire two weeks after a newer one, whole", async () => {
    const { half } = await begun();
    await expire(exchange.clock.now() + 13 * day);
    expect(await snapshots()).toHaveLength(2);
    await expire(exchange.clock.now() + 15 * day);
    const text = { pk: `book#${gates / 2}#${half}` };
    expect(await exchange.database.query(testTables.operations, text)).toEqual([]);
  });

  test("that are older than the newest expire from the beginning, and leave it alone", async () => {
    const { last } = await begun();
    const { books } = memory({ saves: position + 1 });
    await books.save(2, (await books.at(2, 0)).position);
    await expire(exchange.clock.now() + 15 * day);
    expect(await snapshots()).toEqual([expect.objectContaining({ position: last })]);
  });

  test("are kept once, and made in full again where a save was cut off", async () => {
    await begun();
    const before = await snapshots();
    const { books } = memory({ saves: position + 1 });
    const { position: at } = await books.at(gates, 0);
    await books.save(gates, at);
    expect(await snapshots()).toEqual(before);
    const [newest] = before.slice(-1);
    await exchange.database.remove(testTables.operations, { pk: "book", sk: newest?.sk ?? "" });
    await books.save(gates, at);
    expect(await snapshots()).toEqual(before);
  });

  test("that have lost a part are passed over", async () => {
    const { last } = await begun();
    await exchange.database.remove(testTables.operations, { pk: `book#${gates}#${last}`, sk: sortable(0) });
    const { books, read } = memory();
    expect(snapshotOf(await books.at(gates, position))).toBe(wanted);
    expect(read[0]).toBeLessThanOrEqual(last);
  });

  test("of older versions are read, and expire once a newer one is there", async () => {
    const { database, clock } = exchange;
    const place = { database, operationsTable: testTables.operations, clock };
    const { half } = await begun();
    const old = bookFromSnapshot(snapshotOf(await loadSnapshot(place, gates / 2, half)));
    await forgetAll();
    const body = gzipSync(snapshotOf(old)).toString("base64");
    const [expiresAt, number] = [Math.floor(clock.now() / 1000) + 14 * 86_400, old.auctions];
    await database.put(testTables.operations, {
      pk: `book#${number}#${half}`,
      sk: sortable(0),
      body,
      expiresAt,
    });
    await database.put(testTables.operations, {
      pk: "book",
      sk: sortable(number),
      position: half,
      chunks: 1,
      expiresAt,
    });
    expect(await loadSnapshot(place, gates, position)).toEqual(old);
    await saveSnapshot(place, { ...initialBook(), auctions: gates, position });
    expect(await snapshots()).toMatchObject([{ expiresAt }, { position }]);
    await forgetAll();
  });
});
