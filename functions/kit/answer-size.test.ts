import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AccountId,
  BreakId,
  CenterId,
  DrawId,
  JobId,
  MillsText,
  OfferId,
  OwnerId,
  Period,
  PlacementId,
  ProductId,
} from "../../events/catalog/values.ts";
import { createEventLog } from "../../events/store/log.ts";
import { instant } from "../../market/time.ts";
import type { BreakView } from "../../market/views/breaks.ts";
import type { AssignmentView } from "../../market/views/jobs.ts";
import type { OfferView } from "../../market/views/offers.ts";
import { assignmentsOf, sortable, viewKeys } from "../../market/views/view.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  alpha,
  finance,
  type InMemoryExchange,
  newCenter,
  product,
  startExchange,
  succeeds,
  walk,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";
import { answerLimit, fitting, pageBytes } from "./answer-size.ts";
import { createViews } from "./views.ts";

// Every answer of the exchange in memory is held against what Lambda hands on: here there is more to list than that.

test("a page begins its list, and has as many items as were asked for and fit", () => {
  const bytesOf = (items: readonly unknown[]) => Buffer.byteLength(JSON.stringify(items));
  const size = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1_400_000 }));
  const text = fc.tuple(fc.constantFrom('"', "a", "计", "\u0001"), size);
  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), fc.integer({ min: 1, max: 6 }), (texts, limit) => {
      const items = texts.map(([letter, count]) => letter.repeat(count / (letter === "a" ? 1 : 3)));
      const page = fitting(items, limit);
      expect(items.slice(0, page.length)).toEqual(page);
      expect(page.length).toBeLessThanOrEqual(limit);
      if (page.length > 1) expect(bytesOf(page)).toBeLessThanOrEqual(pageBytes + 1);
      const body = JSON.stringify(page);
      if (page.length > 1)
        expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(answerLimit - 100_000);
      if (page.length < Math.min(items.length, limit))
        expect(page.length === 0 || bytesOf(items.slice(0, page.length + 1)) > pageBytes).toBe(true);
      expect(page.length === 0).toBe(items.length === 0);
    }),
    { numRuns: 30 },
  );
});

describe("a list of more than one answer holds", () => {
  const center = CenterId.parse("c-1");
  const viewsOf = ({ database }: InMemoryExchange) => createViews(database, testTables.views);
  const slots = { from: 1, to: 1000 };

  test("gives a center all of its changes, each once", async () => {
    const exchange = await startExchange();
    await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter(center) }));
    const views = viewsOf(exchange);
    const fill = { center, product: ProductId.parse(product), ...slots, cards: 1, price: 100 };
    for (let position = 1; position <= 300; position++) {
      const id = PlacementId.parse(`j-${position}.1`);
      const change: AssignmentView = {
        position,
        change: "placed",
        job: JobId.parse(`j-${position}`),
        placement: id,
        lease: id,
        run: 1,
        auction: 1,
        stretch: 1,
        ...slots,
        fills: new Array(400).fill(fill),
        centers: [center],
      };
      await views.put({ pk: assignmentsOf(center), sk: sortable(position), position, data: change });
    }
    const positions: number[] = [];
    for (let after = 0, more = true; more; ) {
      const request = { params: { center }, query: { after, limit: 1000 } };
      const answer = await succeeds(exchange.call(operations.listAssignments, alpha, request));
      positions.push(...answer.changes.map(({ position }) => position));
      ({ position: after, more } = answer);
    }
    expect(positions).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });

  test("gives finance all pages of the feed, each once", async () => {
    const exchange = await startExchange();
    const log = createEventLog(exchange.database, testTables.log);
    const commits = 44;
    for (let n = 1; n <= commits; n++) {
      const data = {
        break: BreakId.parse(`b-${n}`),
        code: "wrongPrice",
        period: Period.parse("2026-03-02"),
        at: instant(exchange.clock.now()),
        mills: MillsText.parse("0"),
        // What takes the most room where text is in JSON, and that in JSON.
        detail: '"'.repeat(1000),
      } as const;
      await log.append({
        stream: `break-b-${n}`,
        version: 1,
        commandId: `find-${n}`,
        time: data.at,
        actor: "exchange",
        causationId: "c",
        correlationId: "c",
        events: new Array(42).fill({ type: "BreakFound", v: 1, data }),
      });
    }
    await exchange.wake("relay-commits", exchange.waiting.log.splice(0));
    const positions: number[] = [];
    for (let head = 1; positions.length < head; ) {
      const query = { after: positions.length, limit: 16 };
      const answer = await succeeds(exchange.call(operations.readFeed, finance, { query }));
      expect(answer.pages).not.toEqual([]);
      positions.push(...answer.pages.map(({ position }) => position));
      ({ head } = answer);
    }
    expect(positions.length).toBeGreaterThan(16);
    expect(positions).toEqual(positions.map((_, index) => index + 1));
  });

  test("gives an owner all of its offers, each once", async () => {
    const exchange = await startExchange();
    const views = viewsOf(exchange);
    const owner = OwnerId.parse(alpha.owner);
    const draw = { draw: DrawId.parse("d".repeat(64)), ...slots, cards: 1 };
    for (let position = 1; position <= 200; position++) {
      const offer = OfferId.parse(`o-${sortable(position)}`);
      const view: OfferView = {
        offer,
        owner,
        center,
        product: ProductId.parse(product),
        ...slots,
        cards: 400,
        reserve: 1,
        homeReserve: true,
        draws: new Array(400).fill(draw),
        status: "open",
        version: 1,
      };
      await views.put({ ...viewKeys.offer(offer), position, data: view });
      const entry = viewKeys.offerOf(owner, instant(exchange.clock.now()), offer);
      await views.put({ ...entry, position, data: { offer } });
    }
    const query = { limit: 200 };
    const offers = (await walk(exchange, operations.listOffers, alpha, { query })).map(({ offer }) => offer);
    expect(offers).toEqual(Array.from({ length: 200 }, (_, index) => `o-${sortable(200 - index)}`));
  });

  test("looks through a part of a long queue of breaks at once", async () => {
    let reads = 0;
    const exchange = await startExchange((database) => ({
      ...database,
      query: (...what) => {
        reads += 1;
        return database.query(...what);
      },
    }));
    const views = viewsOf(exchange);
    const at = instant(exchange.clock.now());
    for (let position = 1; position <= 4500; position++) {
      const id = BreakId.parse(`b-${sortable(position)}`);
      const view: BreakView = {
        break: id,
        code: position === 4400 ? "lateUsage" : "wrongPrice",
        period: Period.parse("2026-03-02"),
        at,
        account: AccountId.parse("acme"),
        mills: MillsText.parse("0"),
        detail: "",
        status: "open",
        version: 1,
      };
      await views.put({ ...viewKeys.breakOf("open", at, id), position, data: view });
    }
    const query = { code: "lateUsage" };
    reads = 0;
    const first = await succeeds(exchange.call(operations.listBreaks, finance, { query }));
    expect(first).toMatchObject({ items: [], next: expect.any(String) });
    expect(reads).toBeLessThanOrEqual(10);
    const found = await walk(exchange, operations.listBreaks, finance, { query });
    expect(found.map((one) => one.break)).toEqual([`b-${sortable(4400)}`]);
    expect(await walk(exchange, operations.listBreaks, finance, { query: { limit: 200 } })).toHaveLength(
      4500,
    );
  });
});
