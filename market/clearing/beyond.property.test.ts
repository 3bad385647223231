import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arbitraryBeyondBook,
  arbitraryOrders,
  byId,
  forwardShape,
  spotShape,
  tinyShape,
  withSmallDivisible,
} from "../../test/clearing-books.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { optimalPricedWelfare } from "../../test/clearing-optimum.ts";
import { surplusesOf } from "../../test/clearing-surplus.ts";
import { clear } from "./clear.ts";
import type { Bid, Book } from "./instance.ts";
import { openSearch } from "./search.ts";

const runs = { numRuns: 300 };

describe("with groups, parents, services, staging, minimum runs and reclaimable cards", () => {
  const sessions = [
    ["spot", spotShape],
    ["forward", forwardShape],
  ] as const;

  test.each(sessions)("a %s session keeps all rules, and its money is shared without a rest", (_, shape) => {
    fc.assert(
      fc.property(arbitraryBeyondBook(shape), (book) => {
        const result = clear(book);
        expect(checkClearing(book, result)).toEqual([]);
        const { buyers, sellers, rent } = surplusesOf(book, result);
        for (const share of [buyers, sellers, rent]) expect(share).toBeGreaterThanOrEqual(0n);
        expect(buyers + sellers + rent).toBe(BigInt(result.welfare) * BigInt(book.slotSeconds ?? 3600));
      }),
      runs,
    );
  });

  test("a book clears the same in whatever order bids and offers stand", () => {
    fc.assert(
      fc.property(arbitraryOrders(arbitraryBeyondBook(spotShape)), ({ book, other }) => {
        expect(byId(other, clear(other))).toEqual(byId(book, clear(book)));
      }),
      runs,
    );
  });

  test("welfare never beats the optimum of a tiny book, and the bound never falls below it", () => {
    fc.assert(
      fc.property(arbitraryBeyondBook(tinyShape).map(withSmallDivisible), (book) => {
        const optimum = optimalPricedWelfare(book);
        const result = clear(book);
        expect(checkClearing(book, result)).toEqual([]);
        expect(BigInt(result.welfare)).toBeLessThanOrEqual(optimum);
        expect(BigInt(result.bound)).toBeGreaterThanOrEqual(optimum);
      }),
      runs,
    );
  });

  test("a bid for more firm cards than a pool has is as one for more cards than there are at all", () => {
    const kinds = fc.constantFrom<Bid["kind"]>("block", "split", "service");
    fc.assert(
      fc.property(arbitraryBeyondBook(spotShape), kinds, fc.integer({ min: 1, max: 3 }), (book, kind, d) => {
        const wanting = (g: number): Book => {
          const prods = book.products.map((_, p) => ({ p, limit: 5000 }));
          const bid: Bid = { id: "more", kind, g, floor: g, d, from: 0, to: book.T, prods, home: 0, kmax: 1 };
          return { ...book, bids: [...book.bids, bid] };
        };
        expect(clear(wanting(mostFirm(book) + 1))).toEqual(clear(wanting(1_000_000)));
      }),
      { numRuns: 100 },
    );
  });

  test("the result of a search keeps all rules at any moment, and never gets worse", () => {
    const portions = fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 6 });
    fc.assert(
      fc.property(arbitraryBeyondBook(spotShape), portions, (book, works) => {
        const search = openSearch(book);
        let [welfare, bound] = [0, Infinity];
        for (const work of [0, ...works]) {
          search.advance(work);
          const result = search.best();
          expect(checkClearing(book, result)).toEqual([]);
          expect(search.welfare).toBeGreaterThanOrEqual(welfare);
          expect(search.bound).toBeLessThanOrEqual(bound);
          [welfare, bound] = [search.welfare, search.bound];
        }
      }),
      runs,
    );
  });
});

/** Firm cards of the pool and slot that has most of them. */
function mostFirm({ offers, pools, T }: Book): number {
  const firm = offers.filter(({ reclaimable }) => !reclaimable);
  const inCell = (pool: number, t: number) =>
    firm
      .filter((offer) => offer.pool === pool && offer.from <= t && t < offer.to)
      .reduce((sum, { q }) => sum + q, 0);
  return Math.max(...pools.flatMap((_, pool) => Array.from({ length: T }, (_, t) => inCell(pool, t))));
}
