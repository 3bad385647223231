import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryBeyondBook, arbitraryBook, forwardShape, spotShape } from "../../test/clearing-books.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { compileBook } from "./compile-book.ts";
import { demandAt, emptyDemand } from "./demand.ts";
import { cheapestTables, pricesOf } from "./guide.ts";
import type { Bid, Book } from "./instance.ts";
import type { Model } from "./model.ts";
import { nearPlaces } from "./near-places.ts";
import { drawing } from "./pseudo-random.ts";
import { resultOf } from "./result.ts";
import { emptySchedule, place, type Schedule } from "./schedule.ts";
import { soften } from "./soften.ts";

/** At the guide of the cheapest costs; all places are near. */
function softened(model: Model, from: Schedule, moves: number, seed = 7): { made: Schedule; bound: number } {
  const guide = cheapestTables(model);
  const demand = emptyDemand(model);
  const bound = demandAt(model, guide, demand);
  const places = nearPlaces(model, guide, demand.surplus, Infinity);
  const softening = { guide, cheapest: guide, places, bound };
  const course = soften(from, softening, moves, drawing(seed), { spent: 0 });
  for (;;) {
    const { done, value } = course.next();
    if (done) return { made: value, bound };
  }
}

test("two gangs, each of which fills the pool that is worth more to the other, change places", () => {
  const gang = (limits: readonly [number, number]): Bid => ({
    kind: "block",
    g: 4,
    d: 2,
    from: 0,
    to: 2,
    prods: limits.map((limit, p) => ({ p, limit })),
    home: 0,
  });
  const book: Book = {
    T: 2,
    products: [
      { name: "h20", kw: 0 },
      { name: "ascend910b", kw: 0 },
    ],
    centers: [{ region: 0, pue: 1, energy: [0, 0] }],
    links: [],
    pools: [
      { c: 0, p: 0 },
      { c: 0, p: 1 },
    ],
    offers: [0, 1].map((pool) => ({ pool, from: 0, to: 2, q: 4, reserve: 10 })),
    bids: [gang([100, 90]), gang([90, 100])],
  };
  const model = compileBook(book);
  const poolOf = ({ choice }: Schedule, bid: number) => model.wayPool[choice[bid] ?? -1];
  const from = emptySchedule(model);
  for (const [bid, pool] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const first = model.wayStart[bid] ?? 0;
    const ways = [...model.wayPool.slice(first, model.wayStart[bid + 1])];
    place(from, bid, first + ways.indexOf(pool), 0, 4);
  }
  expect([poolOf(from, 0), poolOf(from, 1)]).toEqual([1, 0]);
  const { made } = softened(model, from, 20_000);
  expect([poolOf(made, 0), poolOf(made, 1)]).toEqual([0, 1]);
  expect(made.welfare).toBe(from.welfare + 2 * (4 * 2 * (100 - 90)));
});

/** Its minimum runs are seen to outside of the search. */
const anyRun = (book: Book): Book => ({
  ...book,
  offers: book.offers.map((offer) => ({ ...offer, minRun: 1 })),
});

test.each([
  ["spot", arbitraryBook(spotShape)],
  ["with all that bids and offers may say", arbitraryBeyondBook(forwardShape)],
])("what soft moves make (%s) keeps all rules, from nothing and from what they made before", (_, books) => {
  fc.assert(
    fc.property(books.map(anyRun), fc.integer({ min: 1 }), (book, seed) => {
      const model = compileBook(book);
      const first = softened(model, emptySchedule(model), 3000, seed);
      const second = softened(model, first.made, 3000, seed);
      for (const { made, bound } of [first, second])
        expect(checkClearing(book, resultOf(made, { best: pricesOf(model), bound }))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
