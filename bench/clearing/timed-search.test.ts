import fc from "fast-check";
import { expect, test } from "vitest";
import type { Book, Result } from "../../market/clearing/instance.ts";
import { firstWithin, gapOf, searchUntil } from "./timed-search.ts";

const book: Book = { T: 1, products: [], centers: [], links: [], pools: [], offers: [], bids: [] };
const empty: Result = { welfare: 0, bound: 0, accepted: [], div: [], prices: {}, linkPrices: {} };

/** A search on a clock that moves only by its own work. */
function slowSearch(unitsPerSecond: number, opening: number, writing: number, ends = Infinity) {
  let time = 0;
  let done = 0;
  return {
    now: () => time,
    done: () => done,
    open: () => {
      time += opening;
      return {
        advance(work: number) {
          time += work / unitsPerSecond;
          done += work;
          return done < ends;
        },
        best() {
          time += writing;
          return { ...empty, welfare: Math.round(done), bound: 2 * Math.round(done) };
        },
        welfare: 0,
        bound: Infinity,
        look: 1,
      };
    },
  };
}

test("given any speed, the deadline is kept and most of the time before it used", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 30, noNaN: true }),
      fc.double({ min: 2e5, max: 1e9, noNaN: true }),
      fc.double({ min: 0, max: 0.1, noNaN: true }),
      (seconds, speed, share) => {
        const { now, open } = slowSearch(speed, seconds * share, (seconds * share) / 2);
        const timed = searchUntil(book, { seconds, now, open });
        expect(timed.seconds).toBeLessThanOrEqual(seconds);
        expect(timed.seconds).toBeGreaterThan(seconds * 0.8);
      },
    ),
  );
});

test("given a search that has nothing left to do, it ends there", () => {
  const { now, open, done } = slowSearch(1e6, 0, 0, 50_000);
  const timed = searchUntil(book, { seconds: 100, now, open });
  expect(done()).toBe(timed.work);
  expect(timed.seconds).toBeLessThan(1);
  expect(timed.moments.at(-1)).toMatchObject({ work: timed.work, welfare: timed.result.welfare });
});

test("a gap is 0 in an empty auction, 1 without a bound, and its first moment is found", () => {
  expect(gapOf({ welfare: 0, bound: 0 })).toBe(0);
  expect(gapOf({ welfare: 5, bound: Infinity })).toBe(1);
  const moments = [99, 98, 97].map((bound, n) => ({ seconds: n, work: n, welfare: 96, bound }));
  expect(firstWithin(moments, 2 / 98)?.seconds).toBe(1);
  expect(firstWithin(moments, 0)).toBeUndefined();
});
