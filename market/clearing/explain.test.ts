import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryBook, forwardShape } from "../../test/clearing-books.ts";
import { clear } from "./clear.ts";
import { createExplain, explain } from "./explain.ts";
import type { Bid, Book } from "./instance.ts";

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

/** What the last bid is told. */
function told(bids: Bid[], more: Partial<Book> = {}) {
  const book = { ...base, ...more, bids };
  return explain(book, clear(book), bids.length - 1);
}

describe("a bid is told", () => {
  test("nothing if it won", () => {
    expect(told([bid()])).toBeNull();
  });

  test("price, and the limit that covers transfer and cost, if nobody stood in its way", () => {
    expect(told([bid({ prods: [{ p: 0, limit: 40 }] })])).toEqual({ reason: "price", product: 0, limit: 50 });
    const links = [{ a: 0, b: 1, gbps: 100, latMs: 9, perGB: 3 }];
    const far = bid({ home: 1, dataGB: 20, prods: [{ p: 0, limit: 50 }] });
    expect(told([far], { links })).toEqual({ reason: "price", product: 0, limit: 70 });
  });

  test("price, and a tick above it, if the cards are sold out", () => {
    const low = bid({ prods: [{ p: 0, limit: 60 }] });
    const high = bid({ rank: -1 });
    const book = { ...base, bids: [high, bid({ prods: [{ p: 0, limit: 80 }] }), low] };
    expect(clear(book).prices["0"]?.[0]).toBe(80);
    expect(explain(book, clear(book), 2)).toEqual({ reason: "price", product: 0, limit: 90 });
  });

  test("capacity and slots if a tie or a larger gang took the cards at a price it would have paid", () => {
    expect(told([bid(), bid()])).toEqual({ reason: "capacity", slots: [0], limit: null });
    expect(told([bid({ g: 5, d: 2, to: 2 })])).toEqual({ reason: "capacity", slots: [0, 1], limit: null });
    expect(told([bid({ prods: [{ p: 1, limit: 100 }] })])).toMatchObject({ reason: "capacity" });
  });

  test("region, latency, link or window if no pool is eligible", () => {
    expect(told([bid({ regions: [1] })])).toEqual({ reason: "region", limit: null });
    expect(told([bid({ home: 1, maxLat: 8 })])).toEqual({ reason: "latency", limit: null });
    expect(told([bid({ home: 1, dataGB: 451 })])).toEqual({ reason: "link", limit: null });
    expect(told([bid({ d: 2, to: 1 })])).toEqual({ reason: "window", limit: null });
  });

  test("link if the others' data leave no room", () => {
    const mover = bid({ g: 2, home: 1, dataGB: 300 });
    expect(told([mover, mover])).toEqual({ reason: "link", limit: null });
  });

  test("paradox if no uniform price can serve it", () => {
    const offers = [
      { pool: 0, from: 0, to: 3, q: 5, reserve: 10 },
      { pool: 0, from: 0, to: 3, q: 5, reserve: 200 },
    ];
    const many = bid({ g: 10, prods: [{ p: 0, limit: 150 }] });
    expect(told([many], { offers })).toEqual({ reason: "paradox", limit: null });
  });

  test("for div, price or capacity of its cheapest cells", () => {
    const div = bid({ kind: "div", prods: [{ p: 0, limit: 40 }] });
    expect(told([div])).toEqual({ reason: "price", product: 0, limit: 50 });
    const even = bid({ kind: "div" });
    expect(told([bid(), even])).toEqual({ reason: "capacity", slots: [0], limit: null });
  });
});

test("every bid is told something exactly if it has nothing, and a told limit lies above its own", () => {
  fc.assert(
    fc.property(arbitraryBook(forwardShape), (book) => {
      const result = clear(book);
      const why = createExplain(book, result);
      const served = new Set([...result.accepted, ...result.div].map(({ b }) => b));
      book.bids.forEach((one, b) => {
        const reason = why(b);
        expect(reason === null).toBe(served.has(b));
        if (reason?.reason !== "price") return;
        const own = one.prods.find(({ p }) => p === reason.product)?.limit ?? 0;
        expect(reason.limit).toBeGreaterThan(own);
        expect(reason.limit % 10).toBe(0);
      });
    }),
    { numRuns: 300 },
  );
});
