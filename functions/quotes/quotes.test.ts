import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { slotStart } from "../../market/time.ts";
import {
  type ApiRequest,
  acme,
  alpha,
  beta,
  bolt,
  finance,
  type InMemoryExchange,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  openCenter,
  product,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";

const { postQuote } = operations;
let exchange: InMemoryExchange;
beforeEach(async () => {
  exchange = await startExchange();
  // Where a slot begins, as its gate is about to close.
  exchange.clock.set(slotStart(exchange.slot() + 1));
});

const wanted = (more: Readonly<Record<string, unknown>> = {}) => {
  const from = exchange.slot() + 1;
  return {
    session: "spot",
    products: [{ product, limit: 120 }],
    cards: 4,
    slots: 10,
    from,
    to: from + 30,
    ...more,
  };
};
const quote = (more: Readonly<Record<string, unknown>> = {}, by = acme) =>
  exchange.call(postQuote, by, { body: wanted(more) });

/** Two centers with offers at different prices, one of them with dear energy by day. */
async function openMarket() {
  await openCenter(exchange, alpha, "c-1");
  const energy = new Array<number>(24).fill(800);
  await succeeds(exchange.call(operations.joinNetwork, beta, { body: { ...newCenter("b-1"), energy } }));
  await succeeds(exchange.call(operations.renewLease, beta, { params: { center: "b-1" } }));
  const body = newOffer(exchange, "b-1", { reserve: 90, cards: 8 });
  await succeeds(exchange.call(operations.postOffer, beta, { body }));
  await exchange.pump();
}

describe("POST /quotes", () => {
  test("names the cheapest start of each pool, cheapest pool first, and what a job would hold", async () => {
    await openMarket();
    const { hold, pools } = (await quote()).body;
    expect(hold).toBe(String(120 * 4 * 10));
    const from = exchange.slot() + 1;
    // b-1: 90 fen and 0.6 kW x 1.25 x 0.8 CNY/kWh, which is 60 mills an hour and card, in a tenth of an hour each.
    const ofB = 90 + Math.round(0.6 * 1.25 * 800 * 0.1);
    expect(pools).toEqual([
      {
        center: "c-1",
        product,
        from,
        to: from + 10,
        basis: "offered",
        averagePrice: 100,
        cost: "4000",
        limitSuffices: true,
      },
      expect.objectContaining({
        center: "b-1",
        averagePrice: ofB,
        cost: String(ofB * 40),
        limitSuffices: false,
      }),
    ]);
  });

  test("counts no tax: of an account with a rate the job holds that much more", async () => {
    await openMarket();
    const account = await openAccount(exchange, acme);
    const rate = { params: { account }, body: { taxRate: 600 } };
    await succeeds(exchange.call(operations.setTaxRate, finance, rate));
    const { hold } = (await quote()).body;
    const body = { ...newJob(exchange, "c-1"), ...wanted() };
    const { job } = await succeeds(exchange.call(operations.postJob, acme, { body }));
    const held = await succeeds(exchange.call(operations.getJob, acme, { params: { job } }));
    expect(held.hold).toBe(String((Number(hold) * 106) / 100));
  });

  test("goes by the last trades once there are any", async () => {
    await openMarket();
    await openAccount(exchange, bolt);
    const job = newJob(exchange, "c-1", { cards: 12, slots: 15, maxSlots: 15, to: exchange.slot() + 16 });
    await succeeds(exchange.call(operations.postJob, bolt, { body: job }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
    const sold = (await quote({ to: exchange.slot() + 11 })).body.pools;
    expect(sold.find(({ center }) => center === "c-1")).toMatchObject({ basis: "traded" });
    const beyond = (await quote({ from: exchange.slot() + 16 })).body.pools;
    expect(beyond.find(({ center }) => center === "c-1")).toMatchObject({ basis: "offered" });
  });

  test("sells what auctions left, no more, and knows at once what was offered or withdrawn since", async () => {
    await openMarket();
    await openAccount(exchange, bolt);
    const until = exchange.slot() + 21;
    const job = newJob(exchange, "c-1", { cards: 10, slots: 20, maxSlots: 20, to: until });
    await succeeds(exchange.call(operations.postJob, bolt, { body: job }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
    const centersFor = async (cards: number) =>
      (await quote({ cards, to: until })).body.pools.map(({ center }) => center).sort();
    // c-1 has 6 of its 16 cards left until then, b-1 all of its 24.
    expect([await centersFor(6), await centersFor(7), await centersFor(25)]).toEqual([
      ["b-1", "c-1"],
      ["b-1"],
      [],
    ]);
    const more = newOffer(exchange, "c-1", { cards: 1, reserve: 200 });
    const { offer } = await succeeds(exchange.call(operations.postOffer, alpha, { body: more }));
    await exchange.pump();
    expect([await centersFor(7), await centersFor(8)]).toEqual([["b-1", "c-1"], ["b-1"]]);
    await succeeds(exchange.call(operations.withdrawOffer, alpha, { params: { offer } }));
    await exchange.pump();
    expect(await centersFor(7)).toEqual(["b-1"]);
    // The next auction, in which nobody bids, comes to the same.
    exchange.clock.set(slotStart(exchange.slot() + 1));
    await exchange.runAuctions();
    expect([await centersFor(6), await centersFor(7)]).toEqual([["b-1", "c-1"], ["b-1"]]);
  });

  test("names no start at which the job alone would cut a minimum run short, before an auction and after", async () => {
    await openCenter(exchange, alpha, "c-1");
    await succeeds(exchange.call(operations.joinNetwork, beta, { body: newCenter("b-1") }));
    await succeeds(exchange.call(operations.renewLease, beta, { params: { center: "b-1" } }));
    const body = newOffer(exchange, "b-1", { reserve: 50, minRun: 15 });
    await succeeds(exchange.call(operations.postOffer, beta, { body }));
    await exchange.pump();
    const centersFor = async (slots: number) =>
      (await quote({ slots })).body.pools.map(({ center }) => center);
    expect([await centersFor(14), await centersFor(15)]).toEqual([["c-1"], ["b-1", "c-1"]]);
    await openAccount(exchange, bolt);
    const long = newJob(exchange, "b-1", { cards: 4, slots: 15, maxSlots: 15, to: exchange.slot() + 16 });
    await succeeds(exchange.call(operations.postJob, bolt, { body: long }));
    await exchange.pump();
    expect(await centersFor(1)).toEqual(["c-1"]);
    await exchange.runAuctions();
    await exchange.pump();
    // It made the run.
    expect(await centersFor(1)).toEqual(["b-1", "c-1"]);
  });

  test("takes reclaimable cards at no less than the firm ones beside them, for a job that says so", async () => {
    await openCenter(exchange, alpha, "c-1");
    const lent = newOffer(exchange, "c-1", { reserve: 40, reclaimNotice: 3, cards: 8 });
    await succeeds(exchange.call(operations.postOffer, alpha, { body: lent }));
    await exchange.pump();
    const priceOf = async (more: Readonly<Record<string, unknown>>) =>
      (await quote(more)).body.pools.map((one) => one.averagePrice);
    expect(await priceOf({ cards: 17 })).toEqual([]);
    const any = { reclaimable: true };
    expect([await priceOf({ ...any, cards: 4 }), await priceOf({ ...any, cards: 17 })]).toEqual([
      [100],
      [100],
    ]);
  });

  test("in the forward session begins on an hour that the next gate sells", async () => {
    await openMarket();
    const forward = { session: "forward", slots: 10, products: [{ product, limit: 120 }] };
    const [best] = (await quote({ ...forward, to: exchange.slot() + 60 })).body.pools;
    const hour = Math.ceil((best?.from ?? 0) / 10) * 10;
    expect(best?.from).toBe(hour);
    // Twelve minutes lie between a gate and the first hour that it sells.
    expect(hour).toBeGreaterThan(exchange.slot() + 2);
    expect(hour).toBeLessThanOrEqual(exchange.slot() + 12);
  });

  test("leaves out pools without offers over the window, lost centers, and other regions", async () => {
    await openMarket();
    expect((await quote({ from: exchange.slot() + 1000, to: exchange.slot() + 1100 })).body.pools).toEqual(
      [],
    );
    expect((await quote({ regions: ["CN-SX"] })).body.pools).toHaveLength(2);
    expect((await quote({ products: [{ product: "ascend910", limit: 1 }] })).body.pools).toEqual([]);
    exchange.clock.set(slotStart(exchange.slot() + 3));
    await succeeds(exchange.call(operations.renewLease, alpha, { params: { center: "c-1" } }));
    await exchange.invoke("sweep-leases", {});
    await exchange.pump();
    expect((await quote()).body.pools.map(({ center }) => center)).toEqual(["c-1"]);
  });

  test("looks at what is left of the window only", async () => {
    await openMarket();
    const [now] = [exchange.slot()];
    expect((await quote({ from: 1, to: now + 11 })).body.pools[0]).toMatchObject({ from: now + 1 });
    for (const [window, code] of [
      [{ from: 1, to: now + 10 }, "window-too-short"],
      [{ from: now + 1, to: now + 2000 }, "window-too-long"],
    ] as const)
      expect((await quote(window)).problem).toMatchObject({
        status: 422,
        code,
        errors: [{ pointer: "/to" }],
      });
  });

  test("within a slot, whose gate is past, starts where the next one sells", async () => {
    await openMarket();
    const from = exchange.slot() + 1;
    exchange.clock.set(slotStart(from - 1) + 1000);
    const [best] = (await quote({ from, to: from + 30 })).body.pools;
    expect(best).toMatchObject({ from: from + 1, to: from + 11 });
    const { problem } = await quote({ from, to: from + 10 });
    expect(problem).toMatchObject({ code: "window-too-short" });
  });

  test("of a service is of its floor over all that is left of its window; it holds its ceiling", async () => {
    await openMarket();
    const from = exchange.slot() + 1;
    const service = { floor: 4, cards: 30, slots: 10, from, to: from + 10 };
    const { hold, pools } = (await quote(service)).body;
    expect(hold).toBe(String(120 * 30 * 10));
    expect(pools.map(({ center, from: start, to, cost }) => [center, start, to, cost])).toEqual([
      ["c-1", from, from + 10, "4000"],
      ["b-1", from, from + 10, String(150 * 40)],
    ]);
    exchange.clock.set(slotStart(from + 1));
    const later = (await quote(service)).body.pools.map(({ from: start, to }) => [start, to]);
    expect(later[0]).toEqual([from + 2, from + 10]);
  });

  test("of a job that stages its data starts after that", async () => {
    await openMarket();
    const [best] = (await quote({ stageSlots: 5 })).body.pools;
    expect(best?.from).toBe(exchange.slot() + 6);
    const { problem } = await quote({ stageSlots: 35 });
    expect(problem).toMatchObject({ code: "window-passed", errors: [{ pointer: "/to" }] });
    expect(problem?.detail).toContain("With 35 slots to move its data it starts in slot");
  });

  test("takes each product's own length, and holds the dearest", async () => {
    await openMarket();
    const own = { product, limit: 500, slots: 4 };
    const { pools, hold } = (await quote({ products: [own], slots: 10 })).body;
    expect(pools[0]).toMatchObject({ product });
    expect((pools[0]?.to ?? 0) - (pools[0]?.from ?? 0)).toBe(4);
    const plain = (await quote({ products: [{ product, limit: 500 }], slots: 4 })).body;
    expect(plain).toMatchObject({ pools, hold });
  });

  test("changes nothing", async () => {
    await openMarket();
    const commits = await exchange.countCommits();
    const first = await quote();
    expect(await quote()).toEqual(first);
    expect(await exchange.countCommits()).toBe(commits);
  });
});

describe("an open bid of another owner", () => {
  const seen = async (operation: Operation, request: ApiRequest) =>
    (await exchange.call(operation, acme, request)).json;

  test("never changes a quote, nor anything else that the market publishes", async () => {
    await openMarket();
    await openAccount(exchange, bolt, "1000000000");
    await openAccount(exchange, acme);
    // Trades to quote from.
    for (const by of [bolt, acme])
      await succeeds(exchange.call(operations.postJob, by, { body: newJob(exchange, "c-1", { cards: 2 }) }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
    const start = exchange.slot() + 1;
    const bids = fc.array(
      fc.record({
        kind: fc.constantFrom("block", "div"),
        cards: fc.integer({ min: 1, max: 64 }),
        slots: fc.integer({ min: 1, max: 30 }),
        limit: fc.integer({ min: 0, max: 10_000 }),
        home: fc.constantFrom("c-1", "b-1"),
        cancelled: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    );
    const asked = fc.record({
      session: fc.constantFrom("spot", "forward"),
      limit: fc.integer({ min: 0, max: 10_000 }),
      cards: fc.integer({ min: 1, max: 100 }),
      slots: fc.integer({ min: 1, max: 40 }),
      offset: fc.integer({ min: 0, max: 60 }),
      room: fc.integer({ min: 0, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(bids, asked, async (given, { limit, offset, room, ...shape }) => {
        const from = start + offset;
        const body = { ...shape, products: [{ product, limit }], from, to: from + shape.slots + room };
        const looks = () =>
          Promise.all([
            seen(postQuote, { body }),
            seen(operations.listPublishedOffers, {}),
            seen(operations.listAuctions, {}),
            seen(operations.listProducts, {}),
            seen(operations.listCenters, {}),
            seen(operations.listPrices, { query: { center: "c-1", product, from, to: from + 50 } }),
          ]);
        const before = await looks();
        for (const { cancelled, limit: price, slots, ...bid } of given) {
          const more = { ...bid, slots, maxSlots: slots, products: [{ product, limit: price }] };
          const posted = newJob(exchange, bid.home, more);
          const { job, status } = await succeeds(exchange.call(operations.postJob, bolt, { body: posted }));
          expect(status).toBe("open");
          if (cancelled) await succeeds(exchange.call(operations.cancelJob, bolt, { params: { job } }));
        }
        await exchange.pump();
        expect(await looks()).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  test("does not show while its auction is under way either", async () => {
    await openMarket();
    await openAccount(exchange, bolt, "1000000000");
    const before = await seen(postQuote, { body: wanted() });
    await succeeds(exchange.call(operations.postJob, bolt, { body: newJob(exchange, "c-1") }));
    await exchange.pump();
    await exchange.invoke("close-gate", {});
    await exchange.invoke("solve-auction", { auction: 1 });
    await exchange.pump();
    expect(await seen(postQuote, { body: wanted() })).toEqual(before);
  });
});
