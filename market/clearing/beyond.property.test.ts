import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryBeyondBook, forwardShape, spotShape, tinyShape } from "../../test/clearing-books.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { optimalWelfare } from "../../test/clearing-optimum.ts";
import { surplusesOf } from "../../test/clearing-surplus.ts";
import { clear } from "./clear.ts";
import type { Book, Result } from "./instance.ts";
import { openSearch } from "./search.ts";

const runs = { numRuns: 300 };

/** A result by ids instead of indexes. */
function byId(book: Book, { accepted, div, ...rest }: Result) {
  const id = (b: number) => String(book.bids[b]?.id);
  const sorted = <A extends { b: number }>(rows: readonly A[]) =>
    rows.map((one) => ({ ...one, b: id(one.b) })).sort((x, y) => (x.b < y.b ? -1 : 1));
  return { ...rest, accepted: sorted(accepted), div: sorted(div) };
}

/** Divisible bids of one card a slot: their ways are many. */
function tiny(book: Book): Book {
  return { ...book, bids: book.bids.map((bid) => ({ ...bid, g: bid.kind === "div" ? 1 : bid.g })) };
}

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
    const shuffled = arbitraryBeyondBook(spotShape).chain((book) =>
      fc.record({
        book: fc.constant(book),
        bids: fc.shuffledSubarray([...book.bids], { minLength: book.bids.length }),
        offers: fc.shuffledSubarray([...book.offers], { minLength: book.offers.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ book, bids, offers }) => {
        const other = { ...book, bids, offers };
        expect(byId(other, clear(other))).toEqual(byId(book, clear(book)));
      }),
      runs,
    );
  });

  test("welfare never beats the optimum of a tiny book, and the bound never falls below it", () => {
    fc.assert(
      fc.property(arbitraryBeyondBook(tinyShape).map(tiny), (book) => {
        const optimum = optimalWelfare(book);
        const result = clear(book);
        expect(checkClearing(book, result)).toEqual([]);
        expect(BigInt(result.welfare)).toBeLessThanOrEqual(optimum);
        expect(BigInt(result.bound)).toBeGreaterThanOrEqual(optimum);
      }),
      runs,
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
