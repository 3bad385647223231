import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ascend,
  bookAfter,
  gateIn,
  instanceOf,
  joined,
  offered,
  queued,
  seePage,
  sell,
  xian,
} from "../../test/book-histories.ts";
import type { BookState } from "./book-state.ts";

const first = 99;
const offerOf = fc.record({
  cards: fc.integer({ min: 1, max: 8 }),
  reserve: fc.constantFrom(50, 80, 100, 120),
  minRun: fc.integer({ min: 1, max: 6 }),
  notice: fc.constantFrom(undefined, 3),
  from: fc.integer({ min: 95, max: 104 }),
  length: fc.integer({ min: 6, max: 30 }),
});
const jobOf = fc.record({
  cards: fc.integer({ min: 1, max: 8 }),
  slots: fc.integer({ min: 1, max: 8 }),
  kind: fc.constantFrom("block" as const, "div" as const),
  reclaimable: fc.boolean(),
  limit: fc.constantFrom(90, 130, 200),
});
const market = fc.record({
  offers: fc.array(offerOf, { minLength: 2, maxLength: 5 }),
  /** What is asked for in the slot before each gate. */
  gates: fc.array(fc.array(jobOf, { maxLength: 3 }), { minLength: 2, maxLength: 6 }),
});

/** Runs in which an offer is sold, as the book counts them at a gate, that are too short and end within what it sees. */
function shortRuns(book: BookState, gate: number): string[] {
  return instanceOf(book, gateIn(gate)).book.offers.flatMap(({ of, minRun = 1, sold = [] }) => {
    const slots = new Set(sold);
    return sold.flatMap((slot) => {
      let [from, to] = [slot, slot + 1];
      while (slots.has(from - 1)) from -= 1;
      while (slots.has(to)) to += 1;
      return to - from < minRun && from > -minRun
        ? [`${of} is sold in ${gate + 1 + from} to ${gate + 1 + to}, less than ${minRun}`]
        : [];
    });
  });
}

test("what auctions sell of firm and reclaimable offers of a pool keeps minimum runs, as the book counts them", () => {
  let sales = 0;
  fc.assert(
    fc.property(market, ({ offers, gates }) => {
      const book = bookAfter(
        joined(xian),
        ...offers.map(({ notice, length, ...offer }, n) =>
          offered(`offer-${n}`, {
            ...offer,
            to: offer.from + length,
            ...(notice === undefined ? {} : { reclaimNotice: notice }),
          }),
        ),
      );
      gates.forEach((jobs, n) => {
        const gate = first + n;
        const events = jobs.flatMap(({ reclaimable, limit, ...job }, k) =>
          queued(`job-${n}-${k}`, {
            ...job,
            products: [{ product: ascend, limit }],
            from: gate + 1,
            to: gate + 20,
            maxSlots: job.slots,
            ...(reclaimable ? { reclaimable } : {}),
          }),
        );
        seePage(book, events, gate - 1);
        sales += sell(book, gateIn(gate)).awards.length;
        expect(shortRuns(book, gate + 1)).toEqual([]);
      });
    }),
    { numRuns: 120 },
  );
  expect(sales).toBeGreaterThan(50);
});
