import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { slotStart } from "../../market/time.ts";
import {
  acme,
  alpha,
  beta,
  type InMemoryExchange,
  newOffer,
  openCenter,
  operator,
  startExchange,
  succeeds,
  walk,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";

const { postOffer, getOffer, listOffers, drawReserve, withdrawOffer, listPublishedOffers } = operations;
const center = "c-1";
let exchange: InMemoryExchange;
let offer: string;
beforeEach(async () => {
  exchange = await startExchange();
  offer = await openCenter(exchange, alpha, center);
});

const post = (more: Readonly<Record<string, unknown>> = {}) =>
  exchange.call(postOffer, alpha, { body: newOffer(exchange, center, more) });

describe("POST /offers", () => {
  test("answers the offer with its place, and its owner reads it at once", async () => {
    const posted = await post({ cards: 3 });
    const { body, headers } = posted;
    expect(posted.status).toBe(201);
    expect(body).toMatchObject({ owner: "alpha", center, cards: 3, status: "open", version: 1 });
    expect(headers).toMatchObject({ etag: '"1"', location: `/offers/${body.offer}` });
    const read = await exchange.call(getOffer, alpha, { params: { offer: body.offer } });
    expect([read.headers.etag, read.body]).toEqual(['"1"', body]);
  });

  test("records who did it, in which role, and when", async () => {
    const [commit] = await exchange.commits(`offer-${offer}`);
    expect(commit).toMatchObject({
      actor: "center:alpha",
      causationId: "request-1",
      time: "2026-03-02T02:00:30.000Z",
      requestHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.each([
    [{ cards: 65 }, "cards-beyond-pool", "/cards", "64"],
    [{ product: "ascend910" }, "pool-unknown", "/product", "no pool"],
    [{ to: 1 }, "window-reversed", "/to", "after"],
    [{ steps: [{ cards: 15, reserve: 100 }] }, "steps-cards", "/cards", "15 cards"],
    [{ minRun: 241 }, "min-run-too-long", "/minRun", "240 slots"],
    [{ from: 1, to: 2 }, "window-passed", "/to", "4923381"],
  ])("%o is refused as %s", async (more, code, pointer, fix) => {
    const before = await exchange.countCommits();
    const { problem } = await post(more);
    expect(problem).toMatchObject({ status: 422, code, errors: [{ pointer }] });
    expect(problem.detail).toContain(fix);
    expect(await exchange.countCommits()).toBe(before);
  });

  test("an offer of another's center is one of a center that is not there", async () => {
    const at = async (id: string) => exchange.call(postOffer, beta, { body: newOffer(exchange, id) });
    const [foreign, absent] = [await at(center), await at("nowhere")];
    expect(foreign.status).toBe(404);
    expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll("nowhere", center));
  });
});

describe("another owner's offer", () => {
  test.each([
    ["GET", getOffer],
    ["DELETE", withdrawOffer],
  ])("%s: is as one that does not exist", async (_, operation) => {
    const before = await exchange.countCommits();
    const foreign = await exchange.call(operation, beta, { params: { offer } });
    const absent = await exchange.call(operation, beta, { params: { offer: "nothing" } });
    expect(foreign.status).toBe(404);
    expect(foreign.headers).toEqual(absent.headers);
    expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll("nothing", offer));
    expect(await exchange.countCommits()).toBe(before);
  });

  test("is seen by an operator, and by nobody without a role for it", async () => {
    expect((await exchange.call(getOffer, operator, { params: { offer } })).status).toBe(200);
    expect((await exchange.call(withdrawOffer, operator, { params: { offer } })).status).toBe(403);
    expect((await exchange.call(getOffer, acme, { params: { offer } })).status).toBe(403);
  });

  test("is in nobody's list but its owner's", async () => {
    await exchange.pump();
    expect((await succeeds(exchange.call(listOffers, beta))).items).toEqual([]);
    expect((await succeeds(exchange.call(listOffers, alpha))).items.map((one) => one.offer)).toEqual([offer]);
  });
});

describe("POST /offers/{offer}/draw", () => {
  const drawing = async (more: Readonly<Record<string, unknown>> = {}, key = "draw-1") => {
    const from = exchange.slot() + 22;
    const body = { from, to: from + 10, cards: 5, ...more };
    return exchange.call(drawReserve, alpha, { params: { offer: reserve }, body, key });
  };
  let reserve: string;
  beforeEach(async () => {
    const steps = [
      { cards: 6, reserve: 100 },
      { cards: 10, reserve: 140 },
    ];
    reserve = (await succeeds(post({ steps, minRun: 5, homeReserve: true }))).offer;
  });

  test("answers the reserve with its draw, once for each key", async () => {
    const first = await drawing();
    expect([first.status, first.headers.etag]).toEqual([201, '"2"']);
    expect(first.body).toMatchObject({ homeReserve: true, minRun: 5, draws: [{ cards: 5 }], version: 2 });
    const commits = await exchange.countCommits();
    expect((await drawing()).body).toEqual(first.body);
    expect(await exchange.countCommits()).toBe(commits);
    expect((await drawing({ cards: 11 }, "draw-2")).body.draws).toHaveLength(2);
    const { problem } = await drawing({ cards: 1 }, "draw-3");
    expect(problem).toMatchObject({
      status: 422,
      code: "draw-beyond-reserve",
      errors: [{ pointer: "/cards" }],
    });
    expect(problem.detail).toContain("0 cards");
    await exchange.pump();
    const listed = (await succeeds(exchange.call(listOffers, alpha))).items;
    expect(listed.find((one) => one.offer === reserve)?.draws).toHaveLength(2);
    const published = await walk(exchange, listPublishedOffers, acme, {});
    expect(published.find((one) => one.offer === reserve)).not.toHaveProperty("draws");
  });

  test("is refused for slots that the next gate sells, and for offers that are no reserve", async () => {
    const { problem } = await drawing({ from: exchange.slot() + 21 });
    expect(problem).toMatchObject({ status: 422, code: "reserve-lapsed", errors: [{ pointer: "/from" }] });
    const body = { from: exchange.slot() + 22, to: exchange.slot() + 23, cards: 1 };
    const other = await exchange.call(drawReserve, alpha, { params: { offer }, body });
    expect(other.problem).toMatchObject({ status: 409, code: "offer-not-reserve" });
    expect((await exchange.call(drawReserve, beta, { params: { offer: reserve }, body })).status).toBe(404);
  });
});

describe("DELETE /offers/{offer}", () => {
  const withdraw = (ifMatch?: string) =>
    exchange.call(withdrawOffer, alpha, { params: { offer }, ...(ifMatch === undefined ? {} : { ifMatch }) });

  test("twice is once", async () => {
    const first = await withdraw();
    expect([first.status, first.body.status, first.headers.etag]).toEqual([202, "withdrawn", '"2"']);
    const commits = await exchange.countCommits();
    for (const again of [await withdraw(), await withdraw('"1"'), await withdraw('"2"')])
      expect(again).toEqual(first);
    expect(await exchange.countCommits()).toBe(commits);
    expect((await exchange.call(getOffer, alpha, { params: { offer } })).body.status).toBe("withdrawn");
  });

  test("of a version that is not the newest is held back, and told which one is", async () => {
    const stale = await withdraw('"9"');
    expect(stale.problem).toMatchObject({
      status: 412,
      code: "version-stale",
      errors: [{ pointer: "header/If-Match" }],
    });
    expect(stale.problem.detail).toContain("version 1");
    expect((await exchange.call(getOffer, alpha, { params: { offer } })).body.status).toBe("open");
    expect((await withdraw('"1"')).status).toBe(202);
  });

  test("with If-Match * means any version", async () => {
    expect((await withdraw("*")).status).toBe(202);
  });

  test("of an offer whose time has passed is refused", async () => {
    const short = newOffer(exchange, center, { to: exchange.slot() + 3 });
    const { offer: ended } = await succeeds(exchange.call(postOffer, alpha, { body: short }));
    await exchange.pump();
    exchange.clock.set(slotStart(short.from + 2));
    await exchange.runAuctions();
    const late = await exchange.call(withdrawOffer, alpha, { params: { offer: ended } });
    expect(late.problem).toMatchObject({ status: 409, code: "offer-expired" });
    await exchange.pump();
    const published = await walk(exchange, listPublishedOffers, acme, {});
    expect(published.map((one) => one.offer)).toEqual([offer]);
  });
});

describe("GET /offers", () => {
  test("comes page by page without loss, newest first, whatever the limit and whatever is added meanwhile", async () => {
    for (let n = 1; n <= 11; n++) {
      await succeeds(post({ cards: n }));
      // Offers of one page of the feed stand in it together.
      if (n % 3 === 0) await exchange.pump();
    }
    await exchange.pump();
    const whole = await succeeds(exchange.call(listOffers, alpha, { query: { limit: 200 } }));
    expect(whole.items).toHaveLength(12);
    expect(whole.next).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 13 }), async (limit) => {
        expect(await walk(exchange, listOffers, alpha, { query: { limit } })).toEqual(whole.items);
      }),
      { numRuns: 13 },
    );
    const seen = await walk(exchange, listOffers, alpha, { query: { limit: 4 } }, async () => {
      exchange.clock.set(exchange.clock.now() + 1);
      await succeeds(post());
      await exchange.pump();
    });
    expect(seen).toEqual(whole.items);
  });

  test("takes only its own cursors", async () => {
    await openCenter(exchange, beta, "b-1");
    for (const by of [alpha, beta]) {
      const id = by === alpha ? center : "b-1";
      await succeeds(exchange.call(postOffer, by, { body: newOffer(exchange, id) }));
    }
    await exchange.pump();
    const { next = "" } = await succeeds(exchange.call(listOffers, alpha, { query: { limit: 1 } }));
    expect(next).not.toBe("");
    const foreign = await exchange.call(listOffers, beta, { query: { limit: 1, cursor: next } });
    const tampered = await exchange.call(listOffers, alpha, {
      query: { cursor: `${next.slice(0, -4)}AAAA` },
    });
    const other = await exchange.call(listPublishedOffers, alpha, { query: { cursor: next } });
    for (const { problem } of [foreign, tampered, other])
      expect(problem).toMatchObject({
        status: 400,
        code: "cursor-invalid",
        errors: [{ pointer: "query/cursor" }],
      });
  });
});
