import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryBeyondBook, arbitraryBook, onePoolBook, tinyShape } from "../../test/clearing-books.ts";
import { optimalPricedWelfare } from "../../test/clearing-optimum.ts";
import { clear } from "./clear.ts";
import type { Bid, Book } from "./instance.ts";
import { openSearch } from "./search.ts";

function block(g: number, d: number, limit: number, to = d): Bid {
  return { kind: "block", g, d, from: 0, to, prods: [{ p: 0, limit }], home: 0 };
}

/** Gangs only, and no minimum runs: cases see all that these depend on. */
function withGangs(book: Book): Book {
  return {
    ...book,
    offers: book.offers.map((offer) => ({ ...offer, minRun: 1 })),
    bids: book.bids.map((bid) => {
      if (bid.kind === "div") return { ...bid, kind: "block" };
      return bid.kind === "service" ? { ...bid, floor: bid.g } : bid;
    }),
  };
}

describe("a proof by cases", () => {
  test("sees that two gangs do not fit beside each other, which prices alone do not", () => {
    const book = onePoolBook(1, [[8, 0]], [block(5, 1, 100), block(5, 1, 90), block(5, 1, 80)]);
    const search = openSearch(book);
    while (search.welfare === 0) search.advance(1);
    expect(search.bound).toBeGreaterThan(700);
    while (search.advance(10_000));
    expect([search.welfare, search.bound]).toEqual([500, 500]);
  });

  test("sees that they fit one after the other", () => {
    const book = onePoolBook(5, [[8, 0]], [block(5, 2, 100, 5), block(5, 2, 90, 5), block(5, 2, 80, 5)]);
    expect(clear(book)).toMatchObject({ welfare: 1900, bound: 1900 });
  });

  test("counts no two gangs of which one would lose at the price of the last card", () => {
    // Together 3 x 100 + 3 x 35 - 4 x 10 - 2 x 40 = 285, but all of the second would pay 40, not 35.
    const offers: [number, number][] = [
      [4, 10],
      [5, 40],
    ];
    const bids = [block(3, 1, 100), block(3, 1, 35)];
    expect(clear(onePoolBook(1, offers, bids))).toMatchObject({ welfare: 270, bound: 270 });
  });

  test("finds the better of two schedules that are worth nearly the same", () => {
    const bids = [block(6, 1, 100), block(4, 1, 74), block(4, 1, 74), block(2, 1, 1)];
    expect(clear(onePoolBook(1, [[8, 0]], bids))).toMatchObject({ welfare: 602, bound: 602 });
  });

  test.each([
    ["tiny books", arbitraryBook(tinyShape)],
    ["such with groups, parents, services, staging and reclaimable cards", arbitraryBeyondBook(tinyShape)],
  ])("proves the optimum of %s, if all bids are gangs", (_, books) => {
    fc.assert(
      fc.property(books.map(withGangs), (book) => {
        const { welfare, bound } = clear(book);
        expect([welfare, bound]).toEqual([Number(optimalPricedWelfare(book)), welfare]);
      }),
      { numRuns: 300 },
    );
  });
});
