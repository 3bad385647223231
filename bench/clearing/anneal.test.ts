import { expect, test } from "vitest";
import { openSearch } from "../../market/clearing/search.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { generateInstance, shapes } from "./generate.ts";

/** Optima that HiGHS proves, mills. */
const proven = [
  { seed: "1", optimum: 10_407_973 },
  { seed: "2", optimum: 11_596_677 },
  { seed: "3", optimum: 36_342_448 },
];

test.each(proven)("a book of 100 bids comes within 0.5 % of the optimum, seed $seed", ({ seed, optimum }) => {
  const book = generateInstance(shapes["mod-100"], seed);
  const search = openSearch(book);
  search.advance(3_000_000);
  const result = search.best();
  expect(checkClearing(book, result)).toEqual([]);
  expect(result.welfare).toBeGreaterThanOrEqual(optimum * 0.995);
  expect(result.welfare).toBeLessThanOrEqual(optimum);
});
