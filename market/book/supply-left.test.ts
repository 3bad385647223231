import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import {
  bookAfter,
  drawn,
  joined,
  lost,
  offered,
  queued,
  reinstated,
  returned,
  sell,
  suspended,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { type SupplyStep, supplyLeft } from "./supply-left.ts";

/** Cards of a reserve in a slot. */
function cardsAt(steps: readonly SupplyStep[], reserve: number, slot: number): number {
  return steps
    .filter(([from, to, , own]) => own === reserve && from <= slot && slot < to)
    .reduce((sum, [, , cards]) => sum + cards, 0);
}

describe("what auctions left of a pool", () => {
  test("is its offers less what was awarded, cheapest first, in slots of the market", () => {
    const offers = [offered("dear", { reserve: 300, cards: 4 }), offered("a", { cards: 8 })];
    const book = bookAfter(joined(xian), joined(wuhan), ...offers, ...queued("train", { to: 110 }));
    sell(book);
    expect(supplyLeft(book, 100)).toEqual([
      {
        center: xian,
        product: "ascend910",
        steps: [
          [110, 200, 8, 100],
          [100, 200, 4, 300],
        ],
      },
      { center: wuhan, product: "ascend910", steps: [] },
    ]);
  });

  test("is nothing while its center is suspended, lost or not; then all of it again", () => {
    const stepsAfter = (...facts: readonly DomainEvent[]) =>
      supplyLeft(bookAfter(joined(xian), offered("a", { cards: 8 }), ...facts), 100)[0]?.steps;
    const all = [[100, 200, 8, 100]];
    expect(stepsAfter()).toEqual(all);
    expect(stepsAfter(suspended(xian))).toEqual([]);
    expect(stepsAfter(suspended(xian), lost(xian), returned(xian))).toEqual([]);
    expect(stepsAfter(suspended(xian), lost(xian), reinstated(xian))).toEqual([]);
    expect(stepsAfter(suspended(xian), reinstated(xian))).toEqual(all);
  });

  test("tells cards that may be taken back from firm ones of the same reserve", () => {
    const offers = [offered("a", { cards: 8 }), offered("b", { cards: 4, reclaimNotice: 9 })];
    const [left] = supplyLeft(bookAfter(joined(xian), ...offers), 100);
    expect(left?.steps).toEqual([
      [100, 200, 8, 100],
      [100, 200, 4, 100, { reclaimable: true }],
    ]);
  });

  test("never depends on an open bid", () => {
    const market = [joined(xian), offered()];
    const before = supplyLeft(bookAfter(...market), 100);
    expect(supplyLeft(bookAfter(...market, ...queued("a"), ...queued("b")), 100)).toEqual(before);
  });

  test("has of a home reserve what has lapsed and is not drawn, for spot only", () => {
    const home = offered("home", { cards: 8, homeReserve: true, reserve: 50, to: 140 });
    const book = bookAfter(joined(xian), home, offered("a"), drawn("home", 115, 140, 3), ...queued("train"));
    sell(book);
    // The gate of slot 99 sold what is delivered up to slot 119; the job took the eight cheapest cards up to 110.
    expect(supplyLeft(book, 100)[0]?.steps).toEqual([
      [110, 115, 8, 50, { only: "spot" }],
      [115, 120, 5, 50, { only: "spot" }],
      [100, 120, 16, 100, { only: "spot" }],
      [100, 120, 16, 100, { only: "forward" }],
      [120, 200, 16, 100],
    ]);
    const later = supplyLeft(bookAfter(joined(xian), home, offered("a")), 70)[0]?.steps;
    expect(later).toEqual([[100, 200, 16, 100]]);
  });

  test("has an offer with a minimum run by itself, with where it is sold", () => {
    const bound = offered("bound", { minRun: 12, cards: 8 });
    const book = bookAfter(
      joined(xian),
      offered("a"),
      bound,
      ...queued("train", { cards: 20, slots: 12, to: 112 }),
    );
    sell(book);
    const run = { of: "bound", least: 12, sold: [[100, 112]] };
    expect(supplyLeft(book, 101)[0]?.steps).toEqual([
      [112, 200, 16, 100],
      [101, 112, 4, 100, { run }],
      [112, 200, 8, 100, { run }],
    ]);
    // Others of its reserve stay on their side of it, as they are sold.
    const around = bookAfter(joined(xian), offered("a"), bound, offered("c"), offered("d"));
    expect(supplyLeft(around, 100)[0]?.steps).toEqual([
      [100, 200, 16, 100],
      [100, 200, 8, 100, { run: { ...run, sold: [] } }],
      [100, 200, 32, 100],
    ]);
  });

  test("has each step of an offer at its own reserve", () => {
    const steps = [
      { cards: 4, reserve: 100 },
      { cards: 12, reserve: 130 },
    ];
    expect(supplyLeft(bookAfter(joined(xian), offered("a", { steps })), 100)[0]?.steps).toEqual([
      [100, 200, 4, 100],
      [100, 200, 12, 130],
    ]);
  });

  test("adds up offers of one reserve, whatever they overlap", () => {
    const offer = fc.record({
      from: fc.integer({ min: 95, max: 110 }),
      length: fc.integer({ min: 1, max: 20 }),
      cards: fc.integer({ min: 1, max: 5 }),
      reserve: fc.constantFrom(50, 60, 70),
    });
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 12 }), (given) => {
        const offers = given.map(({ length, ...one }, n) =>
          offered(`o${n}`, { ...one, to: one.from + length }),
        );
        const [left] = supplyLeft(bookAfter(joined(xian), ...offers), 100);
        const steps = left?.steps ?? [];
        expect(steps.map(([, , , reserve]) => reserve)).toEqual(
          steps.map(([, , , reserve]) => reserve).toSorted((a, b) => a - b),
        );
        for (const reserve of [50, 60, 70])
          for (let slot = 100; slot < 130; slot++) {
            const expected = given
              .filter((one) => one.reserve === reserve && one.from <= slot && slot < one.from + one.length)
              .reduce((sum, { cards }) => sum + cards, 0);
            expect(cardsAt(steps, reserve, slot)).toBe(expected);
          }
      }),
    );
  });
});
