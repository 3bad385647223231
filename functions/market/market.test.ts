import { beforeEach, describe, expect, test } from "vitest";
import { slotStart } from "../../market/time.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  beta,
  finance,
  type InMemoryExchange,
  newJob,
  openAccount,
  openCenter,
  operator,
  placeJob,
  product,
  startExchange,
  succeeds,
  walk,
} from "../../test/exchange-in-memory.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";
import { viewsCheckpoint } from "../kit/views.ts";

const { listProducts, listCenters, listPublishedOffers, listPrices, listAuctions, getAuction, getCurves } =
  operations;
const center = "c-1";
let exchange: InMemoryExchange;
beforeEach(async () => {
  exchange = await startExchange();
});

const prices = (from: number, to: number, of = center) =>
  exchange.call(listPrices, acme, { query: { center: of, product, from, to } });

describe("what everybody on the market sees", () => {
  test("is the same for every role, but that readers of the feed are told what it has seen of it", async () => {
    await placeJob(exchange);
    const from = exchange.slot();
    const query = { center, product, from, to: from + 5 };
    const lists: readonly (readonly [Operation, object])[] = [
      [listProducts, {}],
      [listCenters, {}],
      [listPublishedOffers, {}],
      [listPrices, { query }],
      [listAuctions, {}],
    ];
    const single: readonly (readonly [Operation, object])[] = [
      [getAuction, { params: { auction: 1 } }],
      [getCurves, { params: { auction: 1 } }],
    ];
    const [{ sk: head } = {}] = await exchange.database.query(testTables.feed, {
      pk: "feed",
      descending: true,
      limit: 1,
    });
    for (const [operation, request] of [...lists, ...single]) {
      const first = await exchange.call(operation, acme, request);
      expect(first.status).toBe(200);
      expect(first.json).not.toHaveProperty("asOf");
      expect(await exchange.call(operation, alpha, request)).toEqual(first);
      const isList = lists.some(([list]) => list === operation);
      const seen = isList ? { asOf: head } : {};
      for (const by of [finance, operator])
        expect((await exchange.call(operation, by, request)).json).toEqual({
          ...Object(first.json),
          ...seen,
        });
    }
  });

  test("names no owner and no guarantee", async () => {
    await placeJob(exchange);
    const params = { center };
    await succeeds(exchange.call(operations.postGuarantee, finance, { params, body: { mills: "777" } }));
    await exchange.pump();
    for (const operation of [listProducts, listCenters, listPublishedOffers, listAuctions] as const) {
      const asked: Operation = operation;
      const text = JSON.stringify((await exchange.call(asked, acme)).json);
      for (const secret of ["alpha", "acme", "777"]) expect(text, operation.id).not.toContain(secret);
    }
  });

  test("comes page by page without loss", async () => {
    for (const [by, id] of [
      [alpha, "c-1"],
      [alpha, "c-2"],
      [beta, "b-1"],
      [beta, "b-2"],
      [beta, "b-3"],
    ] as const)
      await openCenter(exchange, by, id);
    await exchange.pump();
    const centers = await walk(exchange, listCenters, acme, {});
    expect(centers.map((one) => one.center)).toEqual(["b-1", "b-2", "b-3", "c-1", "c-2"]);
    const offers = await walk(exchange, listPublishedOffers, acme, {});
    expect(offers.map((one) => one.center).sort()).toEqual(["b-1", "b-2", "b-3", "c-1", "c-2"]);
    // An empty book closes and seals in one commit: five auctions in five slots.
    for (let n = 1; n <= 5; n++) {
      await exchange.runAuctions();
      exchange.clock.set(slotStart(exchange.slot() + 1));
    }
    await exchange.pump();
    const auctions = await walk(exchange, listAuctions, acme, {});
    expect(auctions.map(({ auction }) => auction)).toEqual([5, 4, 3, 2, 1]);
    for (let limit = 1; limit <= 6; limit++) {
      expect(await walk(exchange, listCenters, acme, { query: { limit } })).toEqual(centers);
      expect(await walk(exchange, listPublishedOffers, acme, { query: { limit } })).toEqual(offers);
      expect(await walk(exchange, listAuctions, acme, { query: { limit } })).toEqual(auctions);
    }
    const { items } = await succeeds(exchange.call(listProducts, acme));
    expect(items.find((one) => one.product === product)).toMatchObject({ cards: 5 * 64 });
  });

  test("is made again from the feed when it was thrown away", async () => {
    const { from, to } = await placeJob(exchange);
    const asked: readonly (readonly [Operation, object])[] = [
      [listCenters, {}],
      [listProducts, {}],
      [listPublishedOffers, {}],
      [listAuctions, {}],
      [getCurves, { params: { auction: 1 } }],
      [listPrices, { query: { center, product, from, to } }],
      [operations.listJobs, {}],
    ];
    const answers = () =>
      Promise.all(asked.map(([operation, request]) => exchange.call(operation, acme, request)));
    const before = await answers();
    for await (const items of exchange.database.scan(testTables.views, ["pk", "sk"]))
      for (const item of items) await exchange.database.remove(testTables.views, item);
    exchange.restart();
    const [{ sk: last = 0 } = {}] = await exchange.database.query(testTables.feed, {
      pk: "feed",
      descending: true,
      limit: 1,
    });
    await exchange.wake("project-views", [{ pk: "feed", sk: Number(last) }]);
    expect(await answers()).toEqual(before);
    // Pages that come again change nothing.
    exchange.restart();
    await exchange.database.remove(testTables.views, viewsCheckpoint());
    await exchange.wake("project-views", [{ pk: "feed", sk: 1 }]);
    expect(await answers()).toEqual(before);
  });
});

describe("GET /market/prices", () => {
  test("gives the price of each slot: where cards were sold, and else where offers begin", async () => {
    const { from, to } = await placeJob(exchange);
    const { prices: found } = (await prices(from, to + 2)).body;
    expect(found.slice(0, to - from)).toEqual(
      Array.from({ length: to - from }, (_, n) => ({ slot: from + n, price: 100, sold: 8, auction: 1 })),
    );
    expect(found.slice(to - from).map(({ sold }) => sold)).toEqual([0, 0]);
    expect((await prices(from - 1000, from - 900)).body.prices).toEqual([]);
    expect((await prices(from, to, "nowhere")).body.prices).toEqual([]);
  });

  test.each([
    [7, 7, "window-reversed"],
    [7, 6, "window-reversed"],
    [1, 1682, "window-too-long"],
  ])("from %i to %i is refused", async (from, to, code) => {
    expect((await prices(from, to)).problem).toMatchObject({
      status: 422,
      code,
      errors: [{ pointer: "query/to" }],
    });
  });

  test("over the night shows both days", async () => {
    const { from } = await placeJob(exchange);
    // 16:00 UTC is midnight in Shanghai; ten o'clock gates sell four hours.
    exchange.clock.set(Date.parse("2026-03-02T14:00:30Z"));
    await succeeds(exchange.call(operations.renewLease, alpha, { params: { center } }));
    const window = { from: exchange.slot() + 18, to: exchange.slot() + 28, slots: 10 };
    await openAccount(exchange, { owner: "night", roles: ["tenant"] });
    const body = newJob(exchange, center, { ...window, from: exchange.slot() + 1, slots: 25, maxSlots: 25 });
    await succeeds(exchange.call(operations.postJob, { owner: "night", roles: ["tenant"] }, { body }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
    const { prices: found } = (await prices(window.from, window.to)).body;
    expect(found.map(({ slot, sold }) => [slot, sold > 0])).toEqual(
      Array.from({ length: 10 }, (_, n) => [window.from + n, n < 8]),
    );
    expect(from).toBeLessThan(window.from);
  });
});

describe("an auction", () => {
  test("tells nothing of its bids before it is sealed", async () => {
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme);
    await succeeds(exchange.call(operations.postJob, acme, { body: newJob(exchange, center) }));
    await exchange.pump();
    const params = { auction: 1 };
    const seen = async () => {
      await exchange.pump();
      return [
        await exchange.call(getAuction, beta, { params }),
        await exchange.call(getCurves, beta, { params }),
      ] as const;
    };
    const [none, noCurves] = await seen();
    expect([none.status, noCurves.status]).toEqual([404, 404]);
    await exchange.invoke("close-gate", {});
    const [closed] = await seen();
    expect(Object.keys(closed.body).sort()).toEqual(
      ["at", "auction", "from", "gate", "session", "status", "to"].sort(),
    );
    await exchange.invoke("solve-auction", { auction: 1 });
    await exchange.invoke("publish-awards", { auction: 1, page: 0, pages: 1 });
    const [solved, stillNone] = await seen();
    expect(solved.json).toEqual({ ...closed.body, status: "solved" });
    expect(stillNone.status).toBe(404);
    await exchange.invoke("seal-auction", { auction: 1 });
    const [cleared, curves] = await seen();
    expect(cleared.body).toMatchObject({
      status: "cleared",
      bids: 1,
      awards: 1,
      cardSlots: 80,
      value: "8000",
    });
    expect(curves.body).toMatchObject({ auction: 1, demand: [{ price: 500, cardSlots: 80 }] });
  });

  test.each(["0", "-1", "x", "1.5"])("%s is no number of one", async (auction) => {
    const { problem } = await exchange.call(getAuction, acme, { params: { auction } });
    expect(problem).toMatchObject({ status: 400, errors: [{ pointer: "path/auction" }] });
  });
});
