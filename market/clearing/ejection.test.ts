import { expect, test } from "vitest";
import { compileBook } from "./compile-book.ts";
import { placeIn } from "./ejection.ts";
import type { Bid, Book } from "./instance.ts";
import { emptySchedule } from "./schedule.ts";

test("a gang that would lose at the cost of the last card beside others is not left in its place", () => {
  const slots = 4;
  const gang = (limit: number): Bid => ({
    ...{ kind: "block", g: 4, d: slots, from: 0, to: slots, home: 0 },
    prods: [{ p: 0, limit }],
  });
  const cards = { pool: 0, from: 0, to: slots, q: 4 };
  const book: Book = {
    T: slots,
    products: [{ name: "h20", kw: 0 }],
    centers: [{ region: 0, pue: 1, energy: new Array<number>(slots).fill(0) }],
    links: [],
    pools: [{ c: 0, p: 0 }],
    offers: [
      { ...cards, reserve: 10 },
      { ...cards, reserve: 50 },
    ],
    bids: [gang(60), gang(30)],
  };
  const model = compileBook(book);
  const schedule = emptySchedule(model);
  const aimOf = (bid: number) => ({ bid, way: model.wayStart[bid] ?? 0, start: 0 });
  expect(placeIn(schedule, aimOf(0))).toBe(true);
  const { welfare } = schedule;
  expect(placeIn(schedule, aimOf(1))).toBe(false);
  expect([...schedule.choice]).toEqual([schedule.choice[0], -1]);
  expect(schedule.welfare).toBe(welfare);
});
