import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arbitraryBook,
  forwardShape,
  looseShape,
  spotShape,
  tinyShape,
  withSmallDivisible,
} from "../../test/clearing-books.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { optimalPricedWelfare } from "../../test/clearing-optimum.ts";
import { gainersOf, surplusesOf } from "../../test/clearing-surplus.ts";
import { clear } from "./clear.ts";
import { openSearch } from "./search.ts";

const RUNS = 150;

describe("a search", () => {
  test("has a result at any moment that keeps all rules, and neither welfare nor bound ever gets worse", () => {
    fc.assert(
      fc.property(
        arbitraryBook(spotShape),
        fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 6 }),
        (book, portions) => {
          const search = openSearch(book);
          let [welfare, bound] = [0, Infinity];
          for (const portion of [0, ...portions]) {
            search.advance(portion);
            expect(checkClearing(book, search.best())).toEqual([]);
            expect(search.welfare).toBeGreaterThanOrEqual(welfare);
            expect(search.bound).toBeLessThanOrEqual(bound);
            [welfare, bound] = [search.welfare, search.bound];
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("goes the same way in whatever portions, and looking at it changes nothing", () => {
    fc.assert(
      fc.property(arbitraryBook(spotShape), fc.integer({ min: 1, max: 5_000 }), (book, portion) => {
        const [whole, parts] = [openSearch(book), openSearch(book)];
        whole.advance(100_000);
        // A portion ends with the piece of work that exceeds it: only what was asked for in all is compared.
        let left = 100_000;
        while (left > 0 && parts.advance(Math.min(portion, left))) {
          parts.best();
          left -= portion;
        }
        while (parts.advance(10_000));
        while (whole.advance(10_000));
        expect(parts.best()).toEqual(whole.best());
      }),
      { numRuns: 40 },
    );
  });

  test("from the prices of an earlier auction keeps all rules, however wrong those are", () => {
    const warm = fc.array(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 10 }), { maxLength: 7 });
    fc.assert(
      fc.property(arbitraryBook(forwardShape), warm, warm, (book, prices, links) => {
        const rows = (all: number[][]) => Object.fromEntries(all.map((row, i) => [String(i), row]));
        const result = clear(book, { warm: { prices: rows(prices), linkPrices: rows(links) } });
        expect(checkClearing(book, result)).toEqual([]);
        expect(result.bound).toBeGreaterThanOrEqual(result.welfare);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("the money of every result", () => {
  test.each([
    ["spot", spotShape],
    ["forward", forwardShape],
  ])(
    "of a %s session is shared without a rest: welfare = buyers' + sellers' surplus + links' rent",
    (_, shape) => {
      fc.assert(
        fc.property(arbitraryBook(shape), (book) => {
          const result = clear(book);
          const { buyers, sellers, rent } = surplusesOf(book, result);
          expect(buyers).toBeGreaterThanOrEqual(0n);
          expect(sellers).toBeGreaterThanOrEqual(0n);
          expect(rent).toBeGreaterThanOrEqual(0n);
          const seconds = BigInt(book.slotSeconds ?? 3600);
          expect(buyers + sellers + rent).toBe(BigInt(result.welfare) * seconds);
        }),
        { numRuns: RUNS },
      );
    },
  );
});

describe("small books", () => {
  test("come within the stated gap of the true optimum", () => {
    fc.assert(
      fc.property(arbitraryBook(tinyShape).map(withSmallDivisible), (small) => {
        const { welfare, bound } = clear(small);
        const optimum = Number(optimalPricedWelfare(small));
        expect(optimum - welfare).toBeLessThanOrEqual(bound - welfare);
      }),
      { numRuns: RUNS },
    );
  });

  test("without gangs, where clearing prices exist, are cleared by them: nobody left out would gain", () => {
    fc.assert(
      fc.property(arbitraryBook(looseShape), (book) => {
        const result = clear(book);
        expect(gainersOf(book, result)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
