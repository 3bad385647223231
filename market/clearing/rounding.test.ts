import fc from "fast-check";
import { expect, test } from "vitest";
import { beginBounding, boundCase, type Case } from "./case-bound.ts";
import { compileBook } from "./compile-book.ts";
import { demandAt, emptyDemand, wholeBound } from "./demand.ts";
import { pricesOf, tablesOf } from "./guide.ts";
import { placesOf } from "./places.ts";

const COST = 100_000_000_000;
const MARGIN = 20;

/**
 * Three slots of three cards, and one gang that takes all of them: at any prices near the costs the bound is its gain. The
 * other fits nowhere.
 */
function dearCards() {
  return compileBook({
    T: 3,
    products: [{ name: "h20", kw: 0 }],
    centers: [{ region: 0, pue: 1, energy: [0, 0, 0] }],
    links: [],
    pools: [{ c: 0, p: 0 }],
    offers: [{ pool: 0, from: 0, to: 3, q: 3, reserve: COST }],
    bids: [
      { kind: "block", g: 3, d: 3, from: 0, to: 3, prods: [{ p: 0, limit: COST + MARGIN }], home: 0 },
      { kind: "block", g: 1_000_000, d: 3, from: 0, to: 3, prods: [{ p: 0, limit: 1 }], home: 0 },
    ],
  });
}

const markup = fc.integer({ min: 0, max: MARGIN * 1000 }).map((thousandths) => thousandths / 1000);
const markups = fc.array(markup, { minLength: 3, maxLength: 3 });
const runs = { numRuns: 300, noBias: true };

test("no bound falls below the optimum because prices much larger than what is gained are rounded", () => {
  const model = dearCards();
  const optimum = 9 * MARGIN;
  fc.assert(
    fc.property(markups, (above) => {
      const prices = { ...pricesOf(model), cells: Float64Array.from(above, (more) => COST + more) };
      const ofAll = demandAt(model, tablesOf(model, prices), emptyDemand(model));
      expect(wholeBound(ofAll)).toBe(optimum);
    }),
    runs,
  );
});

test("nor does the bound of a case", () => {
  const model = dearCards();
  const optimum = 9 * MARGIN;
  const places = placesOf(model, 1);
  if (places === undefined) throw new RangeError("there is one place");
  fc.assert(
    fc.property(markups, (above) => {
      const prices = { ...pricesOf(model), cells: Float64Array.from(above, (more) => COST + more) };
      const one: Case = { open: Int32Array.of(0), must: Uint8Array.of(0, 0), bound: Infinity, prices };
      for (const _ of boundCase(beginBounding(model, places, { spent: 0 }, prices), one, 0, 1));
      expect(wholeBound(one.bound)).toBe(optimum);
      expect([...one.open]).toEqual([0]);
    }),
    runs,
  );
});
