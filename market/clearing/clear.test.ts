import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arbitraryBook,
  arbitraryOrders,
  byId,
  forwardShape,
  spotShape,
  tinyShape,
  withSmallDivisible,
} from "../../test/clearing-books.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { optimalPricedWelfare } from "../../test/clearing-optimum.ts";
import { clear } from "./clear.ts";
import type { Bid, Book } from "./instance.ts";

const RUNS = 300;
const sample: Book = JSON.parse(
  readFileSync(new URL("../../test/clearing/mod-100.json", import.meta.url), "utf8"),
);

describe("every book", () => {
  test.each([
    ["spot", spotShape],
    ["forward", forwardShape],
  ])("keeps all rules in a %s session", (_, shape) => {
    fc.assert(
      fc.property(arbitraryBook(shape), (book) => {
        expect(checkClearing(book, clear(book))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("clears the same in whatever order bids and offers stand", () => {
    fc.assert(
      fc.property(arbitraryOrders(arbitraryBook(spotShape)), ({ book, other }) => {
        expect(byId(other, clear(other))).toEqual(byId(book, clear(book)));
      }),
      { numRuns: RUNS },
    );
  });

  test("never beats the optimum, and its bound never falls below it", () => {
    fc.assert(
      fc.property(arbitraryBook(tinyShape).map(withSmallDivisible), (small) => {
        const optimum = optimalPricedWelfare(small);
        const result = clear(small);
        expect(BigInt(result.welfare)).toBeLessThanOrEqual(optimum);
        expect(BigInt(result.bound)).toBeGreaterThanOrEqual(optimum);
      }),
      { numRuns: RUNS },
    );
  });
});

/** One pool for each [cards, reserve], no energy, all centers joined by the given links. */
function bookOf(T: number, pools: [number, number][], bids: Bid[], links: Book["links"] = []): Book {
  return {
    T,
    products: [{ name: "h20", kw: 0 }],
    centers: pools.map(() => ({ region: 0, pue: 1, energy: new Array<number>(T).fill(0) })),
    links,
    pools: pools.map((_, c) => ({ c, p: 0 })),
    offers: pools.map(([q, reserve], pool) => ({ pool, from: 0, to: T, q, reserve })),
    bids,
  };
}

function block(g: number, d: number, limit: number, more: Partial<Bid> = {}): Bid {
  return { kind: "block", g, d, from: 0, to: d, prods: [{ p: 0, limit }], home: 0, ...more };
}

describe("a gang that could not pay the last of its own cards", () => {
  const offers = [
    { pool: 0, from: 0, to: 3, q: 5, reserve: 1 },
    { pool: 0, from: 0, to: 2, q: 5, reserve: 10 },
    { pool: 0, from: 2, to: 3, q: 5, reserve: 4 },
  ];
  const marketFor = (bid: Bid): Book => ({ ...bookOf(3, [[0, 0]], [bid]), offers });

  test("is in no result, and the bound does not count it, though it would add to welfare", () => {
    expect(clear(marketFor(block(8, 1, 5, { to: 2 })))).toMatchObject({ welfare: 0, bound: 0, accepted: [] });
  });

  test("takes the start at which it can", () => {
    const { welfare, bound, accepted } = clear(marketFor(block(8, 1, 5, { to: 3 })));
    expect({ welfare, bound }).toEqual({ welfare: 40 - 5 - 12, bound: 40 - 5 - 12 });
    expect(accepted).toMatchObject([{ b: 0, s: 2 }]);
  });
});

describe("ties", () => {
  test("a continuation wins against equal gangs, however many there are and wherever else they could go", () => {
    const rivals = fc.array(fc.nat(3), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(rivals, fc.integer({ min: 1, max: 3 }), (others, d) => {
        const continuation = block(4, d, 500, { id: "z", rank: -1, to: d, pools: [0] });
        const bids = others.map((extra, i) =>
          block(4, d, 500, { id: `a${i}`, rank: i, to: Math.min(6, d + extra) }),
        );
        const book = bookOf(6, [[4, 100]], [...bids, continuation]);
        expect(clear(book).accepted.map(({ b }) => b)).toContain(bids.length);
      }),
      { numRuns: RUNS },
    );
  });

  test("of equal bids the lower rank wins, then the lower id", () => {
    const equal = [
      block(2, 1, 50, { id: "c", rank: 1 }),
      block(2, 1, 50, { id: "b", rank: 1 }),
      block(2, 1, 50, { id: "a", rank: 2 }),
    ];
    const result = clear(bookOf(1, [[2, 10]], equal));
    expect(result.accepted.map(({ b }) => b)).toEqual([1]);
  });

  test("a bid at its limit's cost trades", () => {
    expect(clear(bookOf(1, [[2, 10]], [block(2, 1, 10)])).accepted).toHaveLength(1);
  });
});

describe("prices", () => {
  test("a sold-out pool costs what the best excluded bid would have paid", () => {
    const bids = [block(2, 1, 90), block(2, 1, 70), block(2, 1, 40), block(2, 1, 20)];
    expect(clear(bookOf(1, [[4, 10]], bids)).prices).toEqual({ "0": [40] });
  });

  test("a pool that is not sold out costs its last accepted step", () => {
    const book = bookOf(1, [[4, 10]], [block(2, 1, 90)]);
    const dearer = { ...book, offers: [...book.offers, { pool: 0, from: 0, to: 1, q: 4, reserve: 30 }] };
    expect(clear(dearer).prices).toEqual({ "0": [10] });
    const both = { ...dearer, bids: [...book.bids, block(3, 1, 60)] };
    expect(clear(both).prices).toEqual({ "0": [30] });
  });

  test("untraded cells carry their cheapest cost, and nothing where nothing is offered", () => {
    const book = bookOf(2, [[4, 10]], []);
    const late = { ...book, offers: [{ pool: 0, from: 1, to: 2, q: 4, reserve: 10 }] };
    expect(clear(late).prices).toEqual({ "0": [0, 10] });
  });

  test("a bid that no uniform price can serve is left out, and its cards go to another", () => {
    // Five cards cost 10, five 20: at 20 the ten would pay 200 for 160.
    const book = bookOf(1, [[5, 10]], [block(10, 1, 16), block(5, 1, 12)]);
    const steps = { ...book, offers: [...book.offers, { pool: 0, from: 0, to: 1, q: 5, reserve: 20 }] };
    expect(clear(steps).accepted.map(({ b }) => b)).toEqual([1]);
  });

  test("an exhausted link has the price at which moving no longer pays", () => {
    // Each bid stages 1 Gbps; 500 of the 1,000 bids of the dear center move to the cheap one.
    const data = { dataGB: 450 };
    const bids = [
      ...Array.from({ length: 1000 }, () => block(1, 1, 3000, { ...data, home: 0 })),
      ...Array.from({ length: 200 }, () => block(1, 1, 3000, { ...data, home: 1 })),
    ];
    const link = { a: 0, b: 1, gbps: 500, latMs: 1, perGB: 0 };
    const pools: [number, number][] = [
      [1000, 100],
      [1000, 50],
    ];
    const result = clear(bookOf(1, pools, bids, [link]));
    expect(result.prices).toEqual({ "0": [100], "1": [50] });
    expect(result.linkPrices).toEqual({ "0": [50] });
    expect(result.welfare).toBe(1200 * 3000 - 700 * 50 - 500 * 100);
    expect(result.bound).toBe(result.welfare);
    const moved = result.accepted.filter(({ b, parts }) => b < 1000 && parts[0]?.c === 1);
    expect(moved).toHaveLength(500);
  });
});

describe("shapes", () => {
  test("a gang too large for one center is split over two, in whole chunks, with its bandwidth", () => {
    const split: Bid = { ...block(12, 2, 100), kind: "split", chunk: 4, bw: 10, syncLat: 5 };
    const near = { a: 0, b: 1, gbps: 10, latMs: 5, perGB: 0 };
    const pools: [number, number][] = [
      [9, 10],
      [7, 10],
    ];
    const result = clear(bookOf(2, pools, [split], [near]));
    expect(result.accepted[0]?.parts).toEqual([
      { c: 0, q: 8 },
      { c: 1, q: 4 },
    ]);
    expect(clear(bookOf(2, pools, [split], [{ ...near, gbps: 9 }])).accepted).toEqual([]);
    expect(clear(bookOf(2, pools, [split], [{ ...near, latMs: 6 }])).accepted).toEqual([]);
  });

  test("a div bid takes the cheapest cells up to its card-slots, and none above its limit", () => {
    const div: Bid = { ...block(3, 2, 25), kind: "div", to: 3 };
    const pools: [number, number][] = [
      [2, 20],
      [1, 10],
    ];
    const link = { a: 0, b: 1, gbps: 0, latMs: 1, perGB: 9 };
    const { div: filled } = clear(bookOf(3, pools, [div], [link]));
    const cards = filled[0]?.fills.map(([c, , , q]) => [c, q] as const) ?? [];
    expect(cards.filter(([c]) => c === 1)).toHaveLength(3);
    expect(cards.reduce((sum, [, q]) => sum + q, 0)).toBe(6);
    expect(clear(bookOf(3, [[2, 26]], [div])).div).toEqual([]);
  });
});

test("the sample instance keeps all rules and comes near its bound", () => {
  const result = clear(sample);
  expect(checkClearing(sample, result)).toEqual([]);
  expect(result.welfare / result.bound).toBeGreaterThan(0.9);
  expect(clear({ ...sample, bids: sample.bids, offers: [...sample.offers].reverse() })).toEqual(result);
});
