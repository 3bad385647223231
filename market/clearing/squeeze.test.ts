import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arbitraryBeyondBook,
  arbitraryBook,
  forwardShape,
  onePoolBook,
  spotShape,
} from "../../test/clearing-books.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { compileBook } from "./compile-book.ts";
import { demandAt, emptyDemand } from "./demand.ts";
import { fillDivisible } from "./divisible.ts";
import { cheapestTables, pricesOf } from "./guide.ts";
import { beginImprovement } from "./improve.ts";
import type { Book } from "./instance.ts";
import { largeGangs } from "./large-gangs.ts";
import type { Model } from "./model.ts";
import { refineAbout, refineCycle } from "./refine.ts";
import { resultOf } from "./result.ts";
import { copySchedule, emptySchedule, isServed, type Schedule } from "./schedule.ts";
import { squeezeOnce } from "./squeeze.ts";

function improving(model: Model, schedule: Schedule) {
  const guide = cheapestTables(model);
  const demand = emptyDemand(model);
  const bound = demandAt(model, guide, demand);
  return { improvement: beginImprovement(schedule, guide, demand, bound), bound };
}

/** Its minimum runs are seen to outside of the search. */
const anyRun = (book: Book): Book => ({
  ...book,
  offers: book.offers.map((offer) => ({ ...offer, minRun: 1 })),
});

describe("a gang squeezed in", () => {
  const slots = 24;
  const whole = { d: slots, from: 0, to: slots, home: 0 };
  const book = onePoolBook(
    slots,
    [[8, 10]],
    [
      ...[50, 60, 70, 80].map((limit) => ({
        ...whole,
        kind: "div" as const,
        g: 2,
        prods: [{ p: 0, limit }],
      })),
      { ...whole, kind: "block", g: 1, prods: [{ p: 0, limit: 90 }] },
    ],
  );

  test("has in every slot only the card that it lacks, from the div bid that values it least", () => {
    const model = compileBook(book);
    const full = emptySchedule(model);
    for (let bid = 0; bid < 4; bid++) fillDivisible(full, bid, cheapestTables(model), false, { spent: 0 });
    expect(full.used.every((cards) => cards === 8)).toBe(true);
    const { improvement } = improving(model, full);
    const { welfare } = full;
    for (let move = 0; move < 20 && improvement.schedule.choice[4] === -1; move++)
      squeezeOnce(improvement, 0, { spent: 0 });
    const { schedule } = improvement;
    expect(schedule.welfare).toBe(welfare + slots * (90 - 50));
    expect(schedule.fills[0]?.cards).toEqual(new Array<number>(slots).fill(1));
    expect([1, 2, 3, 4].every((bid) => isServed(schedule, bid))).toBe(true);
  });
});

test.each([
  ["spot", arbitraryBook(spotShape)],
  ["with all that bids and offers may say", arbitraryBeyondBook(forwardShape)],
])("a book that is refined (%s) keeps all rules", (_, books) => {
  fc.assert(
    fc.property(books.map(anyRun), (book) => {
      const model = compileBook(book);
      const { improvement, bound } = improving(model, emptySchedule(model));
      let best = copySchedule(improvement.schedule);
      const large = largeGangs(model, bound);
      const cycleOf = (about: boolean) =>
        about && large.length > 0
          ? refineAbout(improvement, large, bound, { spent: 0 })
          : refineCycle(improvement, bound, { spent: 0 });
      for (const about of [false, true, true, false])
        for (const __ of cycleOf(about))
          if (improvement.schedule.welfare > best.welfare) best = copySchedule(improvement.schedule);
      for (const schedule of [best, improvement.schedule])
        expect(checkClearing(book, resultOf(schedule, { best: pricesOf(model), bound }))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
