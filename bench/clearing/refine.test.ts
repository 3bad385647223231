import { expect, test } from "vitest";
import { openSearch } from "../../market/clearing/search.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { generateInstance } from "./generate.ts";

const book = generateInstance({ tail: "mod", bids: 220, centers: 2, slots: 24 }, "1");

test("a book of some hundred bids is refined to within 1 % of the bound, alike in whatever portions", () => {
  const [whole, parts] = [openSearch(book), openSearch(book)];
  whole.advance(6_000_000);
  expect(checkClearing(book, whole.best())).toEqual([]);
  expect(whole.welfare).toBeGreaterThan(whole.bound * 0.99);
  // Piece by piece: what gains comes in the same order, so it passes through the same welfare.
  for (let piece = 0; piece < 20_000 && parts.welfare < whole.welfare; piece++) {
    parts.advance(1);
    if (piece % 500 === 0) expect(checkClearing(book, parts.best())).toEqual([]);
  }
  expect(parts.welfare).toBe(whole.welfare);
});
