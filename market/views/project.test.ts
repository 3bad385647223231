import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DomainEvent, definitionOf, parseEvent } from "../../events/catalog/catalog.ts";
import type { Commit } from "../../events/catalog/envelope.ts";
import { streams } from "../../events/catalog/streams.ts";
import { JobId, OfferId } from "../../events/catalog/values.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { pageBytes } from "../../events/store/chain.ts";
import type { Database } from "../../events/store/dynamo.ts";
import { createFeed } from "../../events/store/feed.ts";
import { viewsCheckpoint } from "../../functions/kit/views.ts";
import { testTables } from "../../test/dynalite.ts";
import { startExchange } from "../../test/exchange-in-memory.ts";
import { Crashed, unsafeDatabase } from "../../test/unsafe-database.ts";
import {
  account,
  admitted,
  award,
  center,
  type Facts,
  gate,
  job,
  midnight,
  offer,
  owner,
  price,
  product,
  published,
  requested,
  rowsAfter,
  rowsOf,
  time,
  today,
  tomorrow,
} from "../../test/view-rows.ts";

test("what was never begun has no row, whatever else is said of it", () => {
  const cleared = { session: "spot", gate: 1, at: time, bids: 0, awards: 0, cardSlots: 0, value: "0" };
  const lost = [
    parseEvent("OfferWithdrawn", { offer }),
    parseEvent("CenterLost", { center, at: time, slot: 1 }),
    admitted(),
    parseEvent("JobPlaced", { job, award: award(1, ["c-1"], 101, 111) }),
    parseEvent("JobCompleted", { job, placement: "j-1.1", run: 1, at: time, slot: 105 }),
    parseEvent("AuctionVoided", { auction: 3, ...cleared, reason: "priceCap" }),
  ];
  for (const event of lost) expect(rowsOf("center-c-1", event)).toEqual({});
});

// Any lives of some streams: what projections may assume is the order of each stream and nothing else.

const jobs = [JobId.parse("j-1"), JobId.parse("j-2")] as const;
const offers = [OfferId.parse("o-1"), OfferId.parse("o-2")] as const;

function jobLife(id: JobId): fc.Arbitrary<DomainEvent[]> {
  const slots = fc.integer({ min: 101, max: 120 });
  const ran = { job: id, placement: `${id}.1`, run: 1, at: time };
  const centers = fc.subarray(["c-1", "c-2"], { minLength: 1 });
  const awarded = (type: string) =>
    fc
      .tuple(fc.integer({ min: 1, max: 5 }), centers, slots)
      .map(([auction, at, from]) =>
        parseEvent(type, { job: id, award: award(auction, at, from, from + 5, id) }),
      );
  const ending = (type: string, more: Record<string, unknown> = {}) =>
    slots.map((slot) => parseEvent(type, { ...ran, ...more, slot }));
  return fc
    .array(
      fc.oneof(
        fc.constant(admitted(id)),
        awarded("JobPlaced"),
        awarded("JobContinued"),
        ending("JobStarted"),
        ending("JobReduced", { center: "c-1", cause: "centerLost" }),
        ending("JobDisplaced", { cause: "centerLost" }),
        ending("JobCompleted"),
        ending("JobCancelled"),
        ending("JobExpired"),
      ),
      { maxLength: 8 },
    )
    .map((events) => [requested(id), ...onceAnAuction(events)]);
}

/** A job wins at most once in an auction. */
function onceAnAuction(events: readonly DomainEvent[]): DomainEvent[] {
  const seen = new Set<number>();
  return events.filter((event) => {
    if (event.type !== "JobPlaced" && event.type !== "JobContinued") return true;
    const { auction } = event.data.award;
    return !seen.has(auction) && seen.add(auction);
  });
}

function offerLife(id: OfferId): fc.Arbitrary<DomainEvent[]> {
  const data = { offer: id, center, owner, product, from: 100, to: 340, cards: 16, reserve: 100 };
  const ending = fc
    .constantFrom("OfferWithdrawn", "OfferExpired")
    .map((type) => parseEvent(type, { offer: id }));
  return fc.array(ending, { maxLength: 2 }).map((events) => [parseEvent("CapacityOffered", data), ...events]);
}

function auctionLife(auction: number): fc.Arbitrary<DomainEvent[]> {
  const prices = fc
    .tuple(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(1),
    )
    .map(([from, slots, fen, sold]) => price(midnight + from, midnight + from + slots, fen, sold));
  const pages = fc.array(fc.array(prices, { maxLength: 3 }), { maxLength: 2 });
  return pages.map((all) => [
    parseEvent("GateClosed", gate(auction)),
    ...all.map((page) => published(auction, ...page)),
  ]);
}

type Life = readonly [stream: string, events: readonly DomainEvent[]];

const lives: fc.Arbitrary<readonly Life[]> = fc.tuple<Life[]>(
  ...jobs.map((id) => fc.tuple(fc.constant(streams.job(id)), jobLife(id))),
  ...offers.map((id) => fc.tuple(fc.constant(streams.offer(id)), offerLife(id))),
  ...[1, 2, 3].map((auction) => fc.tuple(fc.constant(streams.auction(auction)), auctionLife(auction))),
  ...[today, tomorrow].map((period) =>
    fc.tuple(
      fc.constant<string>(streams.account(account, period)),
      fc.constant([parseEvent("AccountOpened", { account, owner, period, available: "0", holds: [] })]),
    ),
  ),
);

/** The lives' commits in some order that keeps each stream's. `turns` says which stream is next. */
function interleaved(all: readonly Life[], turns: readonly number[]): Facts[] {
  const left = all.map(([stream, events]) =>
    events.map((event, index) => ({ stream, version: index + 1, events: [event] })),
  );
  const commits: Facts[] = [];
  for (let turn = 0; left.some((stream) => stream.length > 0); turn++) {
    const open = left.filter((stream) => stream.length > 0);
    const next = open[(turns[turn % turns.length] ?? 0) % open.length]?.shift();
    if (next !== undefined) commits.push(next);
  }
  return commits;
}

const turns = fc.array(fc.nat(20), { minLength: 1, maxLength: 30 });

/** Rows in which what numbered lists hold has no number: that follows from the order of the feed. */
function unnumbered(rows: Record<string, unknown>): unknown[] {
  const free = Object.entries(rows).map(([name, data]) => {
    const list = /^(assignments#\S+) \d+$/.exec(name)?.[1];
    return list === undefined ? [name, data] : [list, { ...Object(data), position: 0 }];
  });
  return free.map((one) => canonicalJson(one)).sort();
}

test("in whatever order a page brings its streams, the rows are the same, but for their numbers", () => {
  fc.assert(
    fc.property(lives, turns, turns, (all, some, others) => {
      expect(unnumbered(rowsAfter(interleaved(all, some)))).toEqual(
        unnumbered(rowsAfter(interleaved(all, others))),
      );
    }),
    { numRuns: 300 },
  );
});

test("a commit of several events comes to the same rows as one for each of them", () => {
  fc.assert(
    fc.property(lives, (all) => {
      const whole = all.map(([stream, events]) => ({ stream, version: 1, events }));
      expect(rowsAfter(whole)).toEqual(rowsAfter(interleaved(all, [0])));
    }),
  );
});

describe("the projection of pages", () => {
  const stored = ({ stream, version, events }: Facts): Commit => ({
    stream,
    version,
    commandId: `${stream}@${version}`,
    time,
    actor: "test",
    causationId: "c",
    correlationId: "c",
    events: events.map(({ type, data }) => ({ type, v: definitionOf(type)?.version ?? 1, data })),
  });

  async function putPages(database: Database, pages: readonly (readonly Facts[])[]) {
    const feed = createFeed(database, testTables.feed);
    for (const commits of pages) {
      const head = await feed.head();
      const bytes = pageBytes(
        head,
        commits.map((commit) => canonicalJson(stored(commit))),
      );
      await feed.putPage({ position: head.position + 1, bytes });
    }
  }

  async function rowsIn(database: Database): Promise<Record<string, unknown>> {
    const rows: Record<string, unknown> = {};
    for await (const items of database.scan(testTables.views, ["pk", "sk", "data"]))
      for (const { pk, sk, data } of items)
        if (pk !== viewsCheckpoint().pk && sk !== "count" && !String(pk).startsWith("tree#"))
          rows[`${String(pk).replace(/^v\d+#/, "")} ${sk}`] = JSON.parse(String(data));
    return rows;
  }

  /** The database that a function is given now. */
  const through = (now: () => Database): Database => ({
    get: (...given) => now().get(...given),
    getMany: (...given) => now().getMany(...given),
    put: (...given) => now().put(...given),
    update: (...given) => now().update(...given),
    remove: (...given) => now().remove(...given),
    query: (...given) => now().query(...given),
    scan: (...given) => now().scan(...given),
    createTable: (...given) => now().createTable(...given),
    close: () => undefined,
  });
  const cut = fc.record({
    call: fc.integer({ min: 1, max: 120 }),
    effective: fc.boolean(),
    upTo: fc.integer({ min: 1, max: 20 }),
    /** The process that dies half-way, and whether another one takes its place. */
    first: fc.boolean(),
    replaced: fc.boolean(),
  });
  const onlyCrashed = (error: unknown) => {
    if (!(error instanceof Crashed)) throw error;
  };
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });

  test("numbers on where another process has numbered meanwhile", async () => {
    const other = JobId.parse("other");
    const commit = (of: JobId, version: number, event: DomainEvent): Facts => ({
      stream: streams.job(of),
      version,
      events: [event],
    });
    const awarded = (of: JobId, auction: number) =>
      parseEvent("JobContinued", { job: of, award: award(auction, ["c-1"], 101, 111, of) });
    const pages = [
      [commit(job, 1, requested(job)), commit(job, 2, awarded(job, 1))],
      [commit(other, 1, requested(other)), commit(other, 2, awarded(other, 1))],
      [commit(job, 3, awarded(job, 2))],
    ];
    const exchange = await startExchange();
    const second = await startExchange(() => exchange.database);
    for (const [index, process] of [exchange, second, exchange].entries()) {
      await putPages(exchange.database, pages.slice(index, index + 1));
      await process.wake("project-views", [{ pk: "feed", sk: index + 1 }]);
    }
    expect(await rowsIn(exchange.database)).toEqual(rowsAfter(...pages));
  });

  test("comes to the same rows however often it is cut off and begins again", async () => {
    await fc.assert(
      fc.asyncProperty(
        lives,
        turns,
        sizes,
        fc.array(cut, { maxLength: 3 }),
        async (all, order, lengths, cuts) => {
          const commits = interleaved(all, order);
          const pages: Facts[][] = [];
          for (let n = 0; commits.length > 0; n++)
            pages.push(commits.splice(0, lengths[n % lengths.length] ?? 1));
          let given: Database | undefined;
          const exchange = await startExchange((database) => through(() => given ?? database));
          const second = await startExchange(() => through(() => given ?? exchange.database));
          await putPages(exchange.database, pages);
          const wake = (position: number, process = exchange) =>
            process.wake("project-views", [{ pk: "feed", sk: position }]);
          for (const { upTo, first, replaced, ...crash } of cuts) {
            const process = first ? exchange : second;
            given = unsafeDatabase(exchange.database, async () => undefined, crash);
            await wake(Math.min(upTo, pages.length), process).catch(onlyCrashed);
            if (replaced) process.restart();
          }
          given = undefined;
          expect(await wake(pages.length)).toEqual({ batchItemFailures: [] });
          expect(await rowsIn(exchange.database)).toEqual(rowsAfter(...pages));
          // All pages again, over rows that have seen them.
          exchange.restart();
          await exchange.database.remove(testTables.views, viewsCheckpoint());
          expect(await wake(pages.length)).toEqual({ batchItemFailures: [] });
          expect(await rowsIn(exchange.database)).toEqual(rowsAfter(...pages));
        },
      ),
      { numRuns: 300 },
    );
  });
});
