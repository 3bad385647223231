import { expect, test } from "vitest";
import { onePoolBook } from "../../test/clearing-books.ts";
import { compileBook } from "./compile-book.ts";
import { placeIn } from "./ejection.ts";
import type { Bid } from "./instance.ts";
import { emptySchedule } from "./schedule.ts";

test("a gang that would lose at the cost of the last card beside others is not left in its place", () => {
  const slots = 4;
  const gang = (limit: number): Bid => ({
    ...{ kind: "block", g: 4, d: slots, from: 0, to: slots, home: 0 },
    prods: [{ p: 0, limit }],
  });
  const offers = [
    [4, 10],
    [4, 50],
  ] as const;
  const model = compileBook(onePoolBook(slots, offers, [gang(60), gang(30)]));
  const schedule = emptySchedule(model);
  const aimOf = (bid: number) => ({ bid, way: model.wayStart[bid] ?? 0, start: 0 });
  expect(placeIn(schedule, aimOf(0))).toBe(true);
  const { welfare } = schedule;
  expect(placeIn(schedule, aimOf(1))).toBe(false);
  expect(schedule.choice[0]).not.toBe(-1);
  expect(schedule.choice[1]).toBe(-1);
  expect(schedule.welfare).toBe(welfare);
});
