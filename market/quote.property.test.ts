import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ascend,
  bookAfter,
  gateIn,
  joined,
  offered,
  queued,
  seePage,
  sell,
  xian,
} from "../test/book-histories.ts";
import { supplyLeft } from "./book/supply-left.ts";
import { likelyStart } from "./quote.ts";

// What a quote promises, an auction gives to a job that comes alone.

const offerOf = fc.record({
  cards: fc.integer({ min: 1, max: 6 }),
  reserve: fc.constantFrom(50, 80, 100, 120),
  minRun: fc.constantFrom(1, 1, 2, 4, 6),
  reclaimNotice: fc.constantFrom(undefined, 3),
  homeReserve: fc.constantFrom(undefined, true),
  from: fc.integer({ min: 95, max: 106 }),
  length: fc.integer({ min: 6, max: 30 }),
});
const jobOf = fc.record({
  cards: fc.integer({ min: 1, max: 8 }),
  slots: fc.integer({ min: 1, max: 6 }),
  reclaimable: fc.boolean(),
});
const market = fc.record({
  offers: fc.array(offerOf, { minLength: 1, maxLength: 4 }),
  sold: fc.array(jobOf, { maxLength: 3 }),
  asked: jobOf,
});

const specOf = (
  { cards, slots, reclaimable }: { cards: number; slots: number; reclaimable: boolean },
  gate: number,
) => ({
  cards,
  slots,
  maxSlots: slots,
  from: gate + 1,
  to: gate + 3 + slots,
  products: [{ product: ascend, limit: 9_000 }],
  ...(reclaimable ? { reclaimable } : {}),
});

test("a start that a quote names is there for a job that comes alone", () => {
  const seen = { starts: 0, none: 0 };
  fc.assert(
    fc.property(market, ({ offers, sold, asked }) => {
      const book = bookAfter(
        joined(xian, { energy: new Array<number>(24).fill(0) }),
        ...offers.map(({ length, reclaimNotice, homeReserve, ...offer }, n) =>
          offered(`offer-${n}`, {
            ...offer,
            to: offer.from + length,
            ...(reclaimNotice === undefined ? {} : { reclaimNotice }),
            ...(homeReserve === undefined ? {} : { homeReserve }),
          }),
        ),
        ...sold.flatMap((job, n) => queued(`sold-${n}`, specOf(job, 99))),
      );
      sell(book, gateIn(99));
      const left = supplyLeft(book, 101).find(({ product }) => product === ascend);
      const supply = (left?.steps ?? []).filter(({ 4: marks }) => asked.reclaimable || !marks?.reclaimable);
      const spec = specOf(asked, 100);
      const pool = { kw: 0, puePermille: 1000, energy: [], supply, traded: new Map() };
      const likely = likelyStart(pool, { ...spec, session: "spot", limit: 9_000 });
      // Who lost before comes to no other gate.
      const losers = [...book.jobs.values()].filter(({ lease }) => lease === undefined);
      for (const { job } of losers) book.jobs.delete(job);
      seePage(book, queued("alone", spec), 100);
      seen[likely === undefined ? "none" : "starts"] += 1;
      if (likely === undefined) return;
      // Each of these gates sells some of its starts.
      const awards = [100, 101, 102].flatMap((gate) => sell(book, gateIn(gate)).awards);
      expect(awards.map(({ job }) => job)).toEqual(["alone"]);
    }),
    { numRuns: 150 },
  );
  // Some 36 in the mean: far enough below it that chance does not get there.
  expect(seen.starts).toBeGreaterThan(10);
  expect(seen.none).toBeGreaterThan(5);
});
