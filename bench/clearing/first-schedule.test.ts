import { expect, test } from "vitest";
import { openSearch } from "../../market/clearing/search.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { generateInstance, nextAuction, shapes } from "./generate.ts";

const shape = shapes["mod-1k"];
const book = generateInstance(shape, "1");

test("within six looks at a book there is a schedule that is worth most of the bound, and keeps all rules", () => {
  const search = openSearch(book);
  search.advance(6 * search.look);
  const { welfare, bound } = search;
  expect(welfare).toBeGreaterThan(bound * 0.6);
  expect(checkClearing(book, search.best())).toEqual([]);
});

test("the prices of the auction before save rounds of the price search", () => {
  const last = openSearch(book);
  last.advance(200 * last.look);
  const next = nextAuction(book, shape, "next", 0.1);
  const [cold, warm] = [openSearch(next), openSearch(next, { warm: last.best() })];
  for (const search of [cold, warm]) search.advance(6 * search.look);
  expect(warm.bound).toBeLessThan(cold.bound);
});
