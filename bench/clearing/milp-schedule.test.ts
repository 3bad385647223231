import fc from "fast-check";
import { expect, test } from "vitest";
import { compileBook } from "../../market/clearing/compile-book.ts";
import { pricesOf } from "../../market/clearing/guide.ts";
import type { Bid, Book, Result } from "../../market/clearing/instance.ts";
import { resultOf } from "../../market/clearing/result.ts";
import { exactWelfare } from "../../market/clearing/schedule.ts";
import { arbitraryBeyondBook, arbitraryBook, spotShape, tinyShape } from "../../test/clearing-books.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { solveMilp } from "./highs.ts";
import { milpOf } from "./milp.ts";
import { pricedSchedule, scheduleOf } from "./milp-schedule.ts";

/** The optimum without prices; each solution on the way to it as a schedule, and as a result of the market. */
async function solve(book: Book) {
  const milp = milpOf(book);
  const model = compileBook(book);
  const results: Result[] = [];
  const raw: number[] = [];
  const priced = (values: Float64Array) => {
    raw.push(exactWelfare(scheduleOf(model, milp, values)));
    const schedule = pricedSchedule(model, milp, values);
    results.push(resultOf(schedule, { best: pricesOf(model), bound: Infinity }));
    return exactWelfare(schedule);
  };
  return { ...(await solveMilp(milp, 60, { tell: () => undefined, priced })), raw, results };
}

const anyRun = (book: Book): Book => ({
  ...book,
  offers: book.offers.map((offer) => ({ ...offer, minRun: 1 })),
});

test.each([
  ["small books", arbitraryBook(spotShape), 40],
  [
    "tiny books with groups, parents, services, staging and reclaimable cards",
    arbitraryBeyondBook(tinyShape),
    60,
  ],
])(
  "given %s, what HiGHS has with prices keeps all rules and is no more than without",
  async (_, books, numRuns) => {
    await fc.assert(
      fc.asyncProperty(books.map(anyRun), async (book) => {
        const { welfare, priced, raw, results } = await solve(book);
        expect(Math.max(0, ...raw)).toBe(welfare);
        expect(priced ?? Infinity).toBeLessThanOrEqual(welfare ?? 0);
        for (const result of results) expect(checkClearing(book, result)).toEqual([]);
        // Earlier starts and ties may still gain.
        expect(Math.max(0, ...results.map((result) => result.welfare))).toBeGreaterThanOrEqual(
          priced ?? Infinity,
        );
      }),
      { numRuns },
    );
  },
);

/** One center, whose one slot sells 4 cards at 10 and 4 more at 90. */
const steep = (bids: readonly Bid[]): Book => ({
  T: 1,
  products: [{ name: "h20", kw: 0 }],
  centers: [{ region: 0, pue: 1, energy: [0] }],
  links: [],
  pools: [{ c: 0, p: 0 }],
  offers: [10, 90].map((reserve) => ({ pool: 0, from: 0, to: 1, q: 4, reserve })),
  bids,
});
const gang = (g: number, limit: number): Bid => ({
  kind: "block",
  g,
  d: 1,
  from: 0,
  to: 1,
  prods: [{ p: 0, limit }],
  home: 0,
});

test("given a gang that could not pay the last card that is sold beside it, it is dropped", async () => {
  // One card at 90 for whoever bids 100 makes the price 90 for the gang, too.
  const { welfare, priced, optimal } = await solve(steep([gang(4, 40), gang(1, 100)]));
  expect(optimal).toBe(true);
  expect(welfare).toBe(4 * (40 - 10) + (100 - 90));
  // Without the gang the other has a cheap card.
  expect(priced).toBe(100 - 10);
});

test("given that all can pay the last card, nobody is dropped", async () => {
  const { welfare, priced } = await solve(steep([gang(4, 95), gang(1, 100)]));
  expect(priced).toBe(welfare);
  expect(welfare).toBe(4 * (95 - 10) + (100 - 90));
});
