import { expect, test } from "vitest";
import { openSearch } from "../../market/clearing/search.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { generateInstance } from "./generate.ts";

const book = generateInstance({ tail: "mod", bids: 3100, centers: 3, slots: 24 }, "1");

test("in a book of some thousand bids soft moves and boxes take turns, alike in whatever portions", () => {
  const [whole, parts] = [openSearch(book), openSearch(book)];
  whole.advance(25_000_000);
  expect(checkClearing(book, whole.best())).toEqual([]);
  expect(whole.welfare).toBeGreaterThan(whole.bound * 0.99);
  for (let piece = 0; piece < 2_000 && parts.welfare < whole.welfare; piece++) {
    parts.advance(50_000);
    if (piece % 100 === 0) expect(checkClearing(book, parts.best())).toEqual([]);
  }
  expect(parts.welfare).toBe(whole.welfare);
});
