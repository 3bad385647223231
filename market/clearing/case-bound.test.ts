import { expect, test } from "vitest";
import { beginBounding, boundCase, type Case } from "./case-bound.ts";
import { compileBook } from "./compile-book.ts";
import { pricesOf } from "./guide.ts";
import type { Bid } from "./instance.ts";
import { placesOf } from "./places.ts";

/** One slot with eight cards, and gangs of five with these limits; of them those that must have a place. */
function bounded(limits: readonly number[], must: readonly number[], target: number, rounds: number): Case {
  const model = compileBook({
    T: 1,
    products: [{ name: "h20", kw: 0 }],
    centers: [{ region: 0, pue: 1, energy: [0] }],
    links: [],
    pools: [{ c: 0, p: 0 }],
    offers: [{ pool: 0, from: 0, to: 1, q: 8, reserve: 0 }],
    bids: limits.map((limit): Bid => {
      return { kind: "block", g: 5, d: 1, from: 0, to: 1, prods: [{ p: 0, limit }], home: 0 };
    }),
  });
  const places = placesOf(model, 10);
  if (places === undefined) throw new RangeError("each gang has one place");
  const prices = pricesOf(model);
  const open = Int32Array.from(limits, (_, i) => i);
  const one: Case = { open, must: Uint8Array.from(must), bound: Infinity, prices };
  for (const _ of boundCase(beginBounding(model, places, { spent: 0 }, prices), one, target, rounds));
  return one;
}

test("the bound of a case comes down to what prices can prove: 1.6 of two gangs worth 500 each", () => {
  const { bound, open, must } = bounded([100, 100], [0, 0], 500, 100);
  expect(bound).toBeGreaterThanOrEqual(800);
  expect(bound).toBeLessThan(801);
  expect([[...open], [...must]]).toEqual([
    [0, 1],
    [0, 0],
  ]);
});

test("a place that no schedule above the target takes is struck out, and so is to go without another", () => {
  const { open, must } = bounded([100, 60, 10], [0, 0, 0], 650, 100);
  expect([[...open], [...must]]).toEqual([
    [0, 1],
    [1, 0, 0],
  ]);
});

test("a case without any schedule ends below any target, and its prices do not rise for ever", () => {
  expect(bounded([100, 100], [1, 1], -500, 200).bound).toBeLessThanOrEqual(-500);
  expect(Math.max(...bounded([100, 100], [1, 1], -1e12, 200).prices.cells)).toBe(800);
});
