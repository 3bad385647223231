import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryBeyondBook, arbitraryBook, forwardShape, spotShape } from "../../test/clearing-books.ts";
import { keepsRuns, leftAfter, placesOf, sellable } from "../../test/published-places.ts";
import { clear } from "./clear.ts";
import { createExplain, explain } from "./explain.ts";
import type { Bid, Book, Result } from "./instance.ts";

const base: Book = {
  T: 3,
  tick: 10,
  products: [
    { name: "h20", kw: 0 },
    { name: "a100", kw: 0 },
  ],
  centers: [0, 1].map((region) => ({ region, pue: 1, energy: [0, 0, 0] })),
  links: [{ a: 0, b: 1, gbps: 1, latMs: 9, perGB: 0 }],
  pools: [{ c: 0, p: 0 }],
  offers: [{ pool: 0, from: 0, to: 3, q: 4, reserve: 50 }],
  bids: [],
};

function bid(more: Partial<Bid> = {}): Bid {
  return { kind: "block", g: 4, d: 1, from: 0, to: 1, prods: [{ p: 0, limit: 100 }], home: 0, ...more };
}

const limited = (limit: number) => ({ prods: [{ p: 0, limit }] });
const won = (b: number, s = 0, q = 4) => ({ b, p: 0, s, parts: [{ c: 0, q }] });

/** What the last bid is told, the others having won what `accepted` says at one price throughout. */
function told(bids: Bid[], accepted: Result["accepted"], more: Partial<Book> = {}, price = 50) {
  const book = { ...base, ...more, bids };
  const prices = Object.fromEntries(book.pools.map((_, pool) => [pool, [price, price, price]]));
  const result = { welfare: 0, bound: 0, accepted, div: [], prices, linkPrices: {} };
  return explain(book, result, bids.length - 1);
}

describe("a bid is told", () => {
  test("nothing if it won", () => {
    expect(told([bid()], [won(0)])).toBeNull();
  });

  test("price, and the limit that meets it with its transfer", () => {
    expect(told([bid(limited(40))], [])).toEqual({
      reason: "price",
      slots: [],
      winning: { product: 0, limit: 50 },
    });
    const links = [{ a: 0, b: 1, gbps: 100, latMs: 9, perGB: 3 }];
    const far = bid({ home: 1, dataGB: 20, ...limited(50) });
    expect(told([far], [], { links })).toMatchObject({ reason: "price", winning: { limit: 70 } });
  });

  test("the link's price as part of it, a part of a mill counting as a whole tick", () => {
    const book = { ...base, bids: [bid({ g: 1, home: 1, dataGB: 5, ...limited(50) })] };
    // 40 gigabits of 3600 a slot at 100 mills a Gbps and slot: 1.1 mills.
    const result = { welfare: 0, bound: 0, accepted: [], div: [], prices: { "0": [50, 50, 50] } };
    const answer = explain(book, { ...result, linkPrices: { "0": [100, 0, 0] } }, 0);
    expect(answer).toMatchObject({ reason: "price", winning: { product: 0, limit: 60 } });
  });

  test("of several products the one whose limit is lowest", () => {
    const pools = [
      { c: 0, p: 0 },
      { c: 1, p: 1 },
    ];
    const offers = [...base.offers, { pool: 1, from: 0, to: 3, q: 4, reserve: 50 }];
    const two = bid({
      prods: [
        { p: 0, limit: 10 },
        { p: 1, limit: 20, d: 1 },
      ],
    });
    expect(told([two], [], { pools, offers })).toMatchObject({ winning: { product: 1, limit: 50 } });
  });

  test("capacity and the slots in which too few cards were left, and the limit that would have bought others", () => {
    expect(told([bid(), bid()], [won(0)])).toEqual({ reason: "capacity", slots: [0], winning: null });
    // One of its two slots is taken; the third is free.
    const two = bid({ d: 2, to: 2 });
    expect(told([bid(), two], [won(0, 1)])).toEqual({ reason: "capacity", slots: [1], winning: null });
    const pools = [
      { c: 0, p: 0 },
      { c: 1, p: 0 },
    ];
    const offers = [...base.offers, { pool: 1, from: 0, to: 3, q: 4, reserve: 0 }];
    const links = [{ a: 0, b: 1, gbps: 100, latMs: 9, perGB: 10 }];
    const mover = bid({ dataGB: 30, ...limited(60) });
    // At home it pays 50, away 50 and 300 mills of transfer for 4 cards.
    expect(told([bid(), mover], [won(0)], { pools, offers, links })).toEqual({
      reason: "capacity",
      slots: [0],
      winning: { product: 0, limit: 130 },
    });
  });

  test("capacity if so many cards were never on offer", () => {
    expect(told([bid({ g: 5, d: 2, to: 2 })], [])).toEqual({
      reason: "capacity",
      slots: [0, 1],
      winning: null,
    });
    expect(told([bid({ prods: [{ p: 1, limit: 100 }] })], [])).toMatchObject({ reason: "capacity" });
  });

  test("region, latency, link or window if that leaves it no pool", () => {
    const nowhere = { slots: [], winning: null };
    expect(told([bid({ regions: [1] })], [])).toEqual({ reason: "region", ...nowhere });
    expect(told([bid({ home: 1, maxLat: 8 })], [])).toEqual({ reason: "latency", ...nowhere });
    expect(told([bid({ home: 1, dataGB: 451 })], [])).toEqual({ reason: "link", ...nowhere });
    expect(told([bid({ d: 2, to: 1 })], [])).toEqual({ reason: "window", ...nowhere });
  });

  test("link and the slot if what the winners move leaves no room", () => {
    const mover = bid({ g: 2, home: 1, dataGB: 300 });
    expect(told([mover, mover], [won(0, 0, 2)])).toEqual({ reason: "link", slots: [0], winning: null });
  });

  test("link and all slots if a split gang's sync would not fit beside the winners", () => {
    const pools = [
      { c: 0, p: 0 },
      { c: 1, p: 0 },
    ];
    const offers = [0, 1].map((pool) => ({ pool, from: 0, to: 3, q: 5, reserve: 50 }));
    const split = bid({ kind: "split", d: 2, to: 2, bw: 1 });
    const parts = [
      { c: 0, q: 2 },
      { c: 1, q: 2 },
    ];
    const both = [{ b: 0, p: 0, s: 0, parts }];
    // Three cards are left in each center, and nothing of the link between them.
    const answer = told([split, { ...split, g: 6 }], both, { pools, offers });
    expect(answer).toEqual({ reason: "link", slots: [0, 1], winning: null });
    // With as many cards in one center it needs no link.
    expect(told([split, { ...split, g: 3 }], both, { pools, offers })).toMatchObject({ reason: "paradox" });
    expect(told([split, { ...split, g: 7 }], both, { pools, offers })).toMatchObject({ reason: "capacity" });
  });

  test("paradox if cards are left, but not at the published price", () => {
    const offers = [
      { pool: 0, from: 0, to: 3, q: 5, reserve: 10 },
      { pool: 0, from: 0, to: 3, q: 5, reserve: 200 },
    ];
    const many = bid({ g: 10, ...limited(150) });
    expect(told([many], [], { offers }, 10)).toEqual({ reason: "paradox", slots: [], winning: null });
    // And the engine comes to that, for no price serves it.
    const book = { ...base, offers, bids: [many] };
    expect(explain(book, clear(book), 0)).toMatchObject({ reason: "paradox" });
  });

  test("for div, price, capacity or paradox of its cells", () => {
    const div = (limit: number) => bid({ kind: "div", to: 2, ...limited(limit) });
    expect(told([div(40)], [])).toMatchObject({ reason: "price", winning: { product: 0, limit: 50 } });
    expect(told([bid(), bid(), div(50)], [won(0, 0), won(1, 1)])).toMatchObject({
      reason: "capacity",
      slots: [0, 1],
    });
    expect(told([div(50)], [])).toMatchObject({ reason: "paradox", winning: null });
  });
});

describe("a bid of a group, a child, a service, one with staged data and one that takes firm cards only is told", () => {
  const nothing = { slots: [], winning: null };

  test("group if another of its group won, whatever it would have paid", () => {
    const two = [bid({ group: "a" }), bid({ group: "a", from: 1, to: 2 })];
    expect(told(two, [won(0)])).toEqual({ reason: "group", ...nothing });
    expect(told(two, [])).toMatchObject({ reason: "paradox" });
    expect(told([bid({ group: 1 }), bid({ group: "1", ...limited(40) })], [won(0)])).toMatchObject({
      reason: "price",
    });
  });

  test("parent if that lost, or ends too late for it", () => {
    const child = bid({ parent: "pre", to: 3, ...limited(40) });
    const family = (d: number) => [bid({ id: "pre", d, to: 3 }), child];
    expect(told(family(1), [])).toEqual({ reason: "parent", ...nothing });
    expect(told(family(3), [won(0)])).toEqual({ reason: "parent", ...nothing });
    expect(told(family(2), [won(0)])).toMatchObject({ reason: "price", winning: { limit: 50 } });
  });

  test("of its window only what its parent leaves", () => {
    // Slots 0 and 1 are free, but it may start in the last one only, which others have.
    const bids = [bid({ id: "pre", g: 1, d: 2, to: 3 }), bid({ to: 3 }), bid({ parent: "pre", to: 3 })];
    const answer = told(bids, [won(0, 0, 1), won(1, 2)]);
    expect(answer).toEqual({ reason: "capacity", slots: [2], winning: null });
  });

  test("capacity of its floor over the whole window", () => {
    const service = bid({ kind: "service", g: 9, floor: 2, to: 3 });
    expect(told([bid({ g: 3 }), service], [won(0, 1, 3)])).toEqual({
      reason: "capacity",
      slots: [1],
      winning: null,
    });
    expect(told([bid({ g: 2 }), service], [won(0, 1, 2)])).toMatchObject({ reason: "paradox" });
    expect(told([{ ...service, floor: 5 }], [])).toMatchObject({ reason: "capacity", slots: [0, 1, 2] });
    expect(told([{ ...service, ...limited(40) }], [])).toMatchObject({ winning: { product: 0, limit: 50 } });
  });

  test("window if no start leaves the time to move its data, link if a part of it does not fit", () => {
    const mover = bid({ home: 1, dataGB: 900, stage: 2, to: 3 });
    expect(told([{ ...mover, to: 2 }], [])).toEqual({ reason: "window", ...nothing });
    expect(told([{ ...mover, stage: 1 }], [])).toEqual({ reason: "link", ...nothing });
    expect(told([mover], [])).toMatchObject({ reason: "paradox" });
  });

  test("link in the slots before its start that others use, and their price", () => {
    const mover = bid({ g: 2, home: 1, dataGB: 900, stage: 2, to: 3 });
    expect(told([mover, mover], [won(0, 2, 2)])).toEqual({ reason: "link", slots: [0, 1], winning: null });
    const early = bid({ g: 2, home: 1, dataGB: 450 });
    expect(told([early, mover], [won(0, 1, 2)])).toEqual({ reason: "link", slots: [1], winning: null });
    const book = { ...base, bids: [{ ...mover, ...limited(60) }] };
    const result = { welfare: 0, bound: 0, accepted: [], div: [], prices: { "0": [50, 50, 50] } };
    // 2 cards at 50 in slot 2, and a Gbps at 10 and at 20 in the slots before it.
    const answer = explain(book, { ...result, linkPrices: { "0": [10, 20, 900] } }, 0);
    expect(answer).toEqual({ reason: "price", slots: [], winning: { product: 0, limit: 70 } });
  });

  test("capacity where only reclaimable cards are left, unless it takes them", () => {
    const offers = [...base.offers, { pool: 0, from: 0, to: 3, q: 4, reserve: 50, reclaimable: true }];
    expect(told([bid(), bid()], [won(0)], { offers })).toEqual({
      reason: "capacity",
      slots: [0],
      winning: null,
    });
    expect(told([bid(), bid({ reclaimable: true })], [won(0)], { offers })).toMatchObject({
      reason: "paradox",
    });
    // What bids hold that take any cards leaves the firm ones to others.
    const loan = [bid({ reclaimable: true }), bid()];
    expect(told(loan, [won(0)], { offers })).toMatchObject({ reason: "paradox" });
    expect(told([bid({ g: 6 })], [], { offers })).toMatchObject({ reason: "capacity" });
    const div = bid({ kind: "div", g: 4 });
    expect(told([bid(), div], [won(0)], { offers })).toMatchObject({ reason: "capacity" });
    expect(told([bid(), { ...div, reclaimable: true }], [won(0)], { offers })).toMatchObject({
      reason: "paradox",
    });
  });
});

describe("a bid where centers sell in longer runs only is told", () => {
  const offers = [{ ...base.offers[0], pool: 0, from: 0, to: 3, q: 4, reserve: 50, minRun: 2 }];
  const short = (slots: number[], winning: object | null = null) => ({ reason: "minRun", slots, winning });

  test("minRun and the slots of the run that would be too short, as the engine comes to it", () => {
    expect(told([bid()], [], { offers })).toEqual(short([0]));
    const book = { ...base, offers, bids: [bid()] };
    expect(explain(book, clear(book), 0)).toMatchObject(short([0]));
  });

  test("nothing of it where its slots, or what is sold beside them, make the run long enough", () => {
    expect(told([bid({ d: 2, to: 2 })], [], { offers })).toMatchObject({ reason: "paradox" });
    expect(
      told([bid({ g: 1, d: 2, from: 1, to: 3 }), bid({ g: 1 })], [won(0, 1, 1)], { offers }),
    ).toMatchObject({
      reason: "paradox",
    });
    const sold = offers.map((offer) => ({ ...offer, sold: [-1] }));
    expect(told([bid()], [], { offers: sold })).toMatchObject({ reason: "paradox" });
    expect(told([bid({ from: 1, to: 2 })], [], { offers: sold })).toEqual(short([1]));
    // What a buyer gave back left this one short: no more is sold of it.
    const left = offers.map((offer) => ({ ...offer, sold: [0] }));
    expect(told([bid()], [], { offers: left })).toEqual(short([0]));
  });

  test("minRun of the offer whose cards it would get, pieces and steps together", () => {
    const steps = [
      { id: "a+0", of: "a", pool: 0, from: 0, to: 3, q: 2, reserve: 50, minRun: 3 },
      { id: "a+1", of: "a", pool: 0, from: 0, to: 3, q: 2, reserve: 50, minRun: 3 },
      { id: "b", pool: 0, from: 0, to: 3, q: 2, reserve: 50 },
    ];
    const one = bid({ g: 2 });
    expect(told([one], [], { offers: steps })).toEqual(short([0]));
    const throughout = bid({ g: 2, d: 3, to: 3 });
    expect(told([throughout, one], [won(0, 0, 2)], { offers: steps })).toMatchObject({ reason: "paradox" });
    const all = bid({ g: 4, d: 3, to: 3 });
    expect(told([all, one], [won(0)], { offers: steps })).toMatchObject({ reason: "paradox" });
  });

  test("capacity or price all the same, if that bound before", () => {
    expect(told([bid({ d: 2, to: 2 }), bid()], [won(0)], { offers })).toMatchObject({ reason: "capacity" });
    expect(told([bid(limited(40))], [], { offers })).toMatchObject({
      reason: "price",
      winning: { limit: 50 },
    });
  });

  test("the lowest limit elsewhere, not one at which the run would still be too short", () => {
    const pools = [
      { c: 0, p: 0 },
      { c: 0, p: 1 },
    ];
    const two = [...offers, { pool: 1, from: 0, to: 3, q: 4, reserve: 50 }];
    const either = bid({
      prods: [
        { p: 0, limit: 100 },
        { p: 1, limit: 40 },
      ],
    });
    expect(told([either], [], { pools, offers: two })).toEqual(short([0], { product: 1, limit: 50 }));
  });

  test("of a split gang that no share of two centers keeps both runs", () => {
    const pools = [
      { c: 0, p: 0 },
      { c: 1, p: 0 },
    ];
    const firmAt = (pool: number, q: number, more: object) => ({
      pool,
      from: 0,
      to: 3,
      q,
      reserve: 50,
      ...more,
    });
    const split = bid({ kind: "split", g: 4 });
    // Two cards of each pool are in no run; three of the first would be.
    const both = [0, 1].flatMap((pool) => [
      firmAt(pool, 2, { id: `a${pool}` }),
      firmAt(pool, 2, { id: `b${pool}`, minRun: 2 }),
    ]);
    expect(told([split], [], { pools, offers: both })).toMatchObject({ reason: "paradox" });
    expect(told([{ ...split, g: 5 }], [], { pools, offers: both })).toEqual(short([0]));
  });

  test("of a service with what its ceiling may add", () => {
    // Its floor gets cards of the run in the middle slot only, where fewer others are.
    const thin = [
      { id: "a", pool: 0, from: 0, to: 1, q: 2, reserve: 50 },
      { id: "b", pool: 0, from: 0, to: 3, q: 4, reserve: 50, minRun: 3 },
    ];
    const service = (g: number) => bid({ kind: "service", g, floor: 2, to: 3 });
    expect(told([service(2)], [], { offers: thin })).toEqual(short([1, 2]));
    expect(told([service(3)], [], { offers: thin })).toMatchObject({ reason: "paradox" });
  });

  test("of a div bid that no cards in its window are enough", () => {
    const div = bid({ kind: "div", to: 1 });
    expect(told([div], [], { offers })).toEqual(short([0]));
    expect(told([{ ...div, to: 2 }], [], { offers })).toMatchObject({ reason: "paradox" });
  });
});

describe("on any book", () => {
  const either = fc.constantFrom(forwardShape, spotShape);
  const shapes = fc.oneof(either.chain(arbitraryBook), either.chain(arbitraryBeyondBook));

  test("every bid is told something exactly if it has nothing", () => {
    fc.assert(
      fc.property(shapes, (book) => {
        const result = clear(book);
        const why = createExplain(book, result);
        const served = new Set([...result.accepted, ...result.div].map(({ b }) => b));
        for (const b of book.bids.keys()) expect(why(b) === null).toBe(served.has(b));
      }),
      { numRuns: 200 },
    );
  });

  test("a told limit has a surplus at the published prices, a tick less has none", () => {
    fc.assert(
      fc.property(shapes, (book) => {
        const result = clear(book);
        const why = createExplain(book, result);
        const tick = book.tick ?? 1;
        for (const [b, asked] of book.bids.entries()) {
          const answer = why(b);
          if (answer?.winning == null) continue;
          const one = behindItsParent(book, result, asked);
          const { product, limit } = answer.winning;
          // After a shortage only what the awards left at the prices counts.
          const room = answer.reason === "price" ? sellable(book) : leftAfter(book, result, "atPrice");
          // Nor what it could have in too short a run only; of the kinds that may add cards, that is not tried out here.
          const inRuns = answer.reason !== "price" && runsBind(book);
          if (inRuns && (one.kind === "div" || one.kind === "service")) continue;
          const surplus = (at: number) => mostSurplus(book, result, one, room, product, at, inRuns);
          expect(limit % tick).toBe(0);
          expect(surplus(limit)).toBeGreaterThanOrEqual(0);
          expect(surplus(limit - tick)).toBeLessThan(0);
          for (const { p, limit: own } of one.prods) expect(surplusAt(p, own)).toBeLessThan(0);
          function surplusAt(p: number, own: number) {
            return mostSurplus(book, result, one, room, p, own, inRuns);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test("price means that its own limit meets the prices nowhere; any other shortage, that it does somewhere", () => {
    fc.assert(
      fc.property(shapes, (book) => {
        const result = clear(book);
        const why = createExplain(book, result);
        for (const [b, asked] of book.bids.entries()) {
          const answer = why(b);
          if (answer === null) continue;
          const one = behindItsParent(book, result, asked);
          const most = Math.max(
            ...one.prods.map(({ p, limit }) => mostSurplus(book, result, one, sellable(book), p, limit)),
          );
          if (answer.reason === "price") expect(most).toBeLessThan(0);
          if (answer.reason === "paradox") expect(most).toBeGreaterThanOrEqual(0);
          // No place at all was left to it, whatever it paid there.
          const left = leftAfter(book, result, "any");
          if (answer.reason === "capacity" || (answer.reason === "link" && answer.slots.length > 0))
            for (const { p, limit } of one.prods)
              expect(mostSurplus(book, result, one, left, p, limit)).toBeLessThan(0);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("minRun means that every place that was left to it breaks a run, paradox that one keeps them all", () => {
    const inRuns = either.chain(arbitraryBeyondBook).map((book) => {
      const wholes = [...new Set(book.offers.map(({ of, id }) => of ?? id))];
      const minRun = (offer: Book["offers"][number]) => (wholes.indexOf(offer.of ?? offer.id) % 3) + 1;
      return { ...book, offers: book.offers.map((offer) => ({ ...offer, minRun: minRun(offer) })) };
    });
    const seen = { minRun: 0, paradox: 0 };
    fc.assert(
      fc.property(inRuns, (book) => {
        const result = clear(book);
        const why = createExplain(book, result);
        const left = leftAfter(book, result, "any");
        for (const [b, asked] of book.bids.entries()) {
          const answer = why(b);
          if (answer?.reason !== "minRun" && answer?.reason !== "paradox") continue;
          const one = behindItsParent(book, result, asked);
          if (one.kind === "div" || one.kind === "service") continue;
          seen[answer.reason] += 1;
          const gaining = one.prods.flatMap(({ p, limit }) =>
            placesOf(
              book,
              result,
              { ...one, prods: [{ ...one.prods.find((o) => o.p === p), p, limit }] },
              left,
            ).filter(({ cardSlots, due }) => limit * cardSlots >= due),
          );
          expect(gaining.length).toBeGreaterThan(0);
          expect(gaining.some((place) => keepsRuns(book, result, place))).toBe(answer.reason === "paradox");
          expect(answer.slots.length > 0).toBe(answer.reason === "minRun");
        }
      }),
      { numRuns: 250 },
    );
    expect(seen.minRun).toBeGreaterThan(0);
  });

  test("group means that another of its group won, parent that its parent lost or leaves it no time", () => {
    const linked = either.chain(arbitraryBeyondBook);
    let [groups, parents] = [0, 0];
    fc.assert(
      fc.property(linked, (book) => {
        const result = clear(book);
        const why = createExplain(book, result);
        const served = new Set([...result.accepted, ...result.div].map(({ b }) => b));
        for (const [b, one] of book.bids.entries()) {
          const reason = why(b)?.reason;
          if (served.has(b)) continue;
          const beaten = book.bids.some(
            (other, i) => served.has(i) && one.group !== undefined && other.group === one.group,
          );
          expect(reason === "group").toBe(beaten);
          if (beaten) groups += 1;
          const parent = book.bids.findIndex(({ id }) => id === one.parent);
          const orphan = one.parent !== undefined && !served.has(parent);
          if (reason !== "parent") expect(orphan && !beaten).toBe(false);
          else if (!orphan) {
            const { from } = behindItsParent(book, result, one);
            expect(one.prods.every(({ d }) => from + (d ?? one.d ?? 0) > one.to)).toBe(true);
          }
          if (reason === "parent") parents += 1;
        }
      }),
      { numRuns: 200 },
    );
    expect(groups).toBeGreaterThan(0);
    expect(parents).toBeGreaterThan(0);
  });

  test("the told slots really lack the cards, or are the whole window, in which it fits nowhere", () => {
    fc.assert(
      fc.property(shapes, (book) => {
        const result = clear(book);
        const why = createExplain(book, result);
        const left = leftAfter(book, result, "any");
        for (const [b, asked] of book.bids.entries()) {
          const answer = why(b);
          if (answer?.reason !== "capacity") continue;
          const one = behindItsParent(book, result, asked);
          expect(answer.slots.length).toBeGreaterThan(0);
          // Each slot may have the cards, in one pool or another, and no pool enough slots in a row.
          const everySlot = answer.slots.length === one.to - one.from;
          const nowhere = everySlot && placesOf(book, result, one, sellable(book)).length === 0;
          const its = book.pools.flatMap(({ p }, k) =>
            one.prods.some((choice) => choice.p === p) && (one.pools?.includes(k) ?? true) ? [k] : [],
          );
          for (const slot of answer.slots) {
            expect(slot >= asked.from && slot < asked.to).toBe(true);
            const cards = one.reclaimable ? left.cards : left.firm;
            const least = one.kind === "service" ? (one.floor ?? one.g) : one.g;
            const short = its.some((k) => (cards[k]?.[slot] ?? 0) < least);
            expect(short || its.length === 0 || nowhere).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** What a child could still have, its parent having won. */
function behindItsParent(book: Book, result: Result, one: Bid): Bid {
  const parent = book.bids.findIndex(({ id }) => one.parent !== undefined && id === one.parent);
  const run = result.accepted.find(({ b }) => b === parent);
  const bid = book.bids[parent];
  const end = run && bid ? run.s + (bid.prods.find(({ p }) => p === run.p)?.d ?? bid.d ?? 0) : 0;
  return { ...one, from: Math.max(one.from, end) };
}

function mostSurplus(
  book: Book,
  result: Result,
  one: Bid,
  room: ReturnType<typeof sellable>,
  product: number,
  limit: number,
  inRuns = false,
): number {
  return placesOf(book, result, { ...one, prods: one.prods.filter(({ p }) => p === product) }, room)
    .filter((place) => !inRuns || keepsRuns(book, result, place))
    .reduce((most, place) => Math.max(most, limit * place.cardSlots - place.due), Number.NEGATIVE_INFINITY);
}

const runsBind = ({ offers }: Book) => offers.some(({ minRun = 1 }) => minRun > 1);
