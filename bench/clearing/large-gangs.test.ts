import { expect, test } from "vitest";
import { openSearch } from "../../market/clearing/search.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { generateInstance } from "./generate.ts";

const heavy = { tail: "heavy", bids: 300, centers: 3, slots: 24 } as const;

test.each(["1", "2", "3"])("where large gangs are moved all rules are kept, seed %s", (seed) => {
  const book = generateInstance(heavy, seed);
  const search = openSearch(book);
  let before = 0;
  while (search.advance(100 * search.look) && search.welfare > before) before = search.welfare;
  const result = search.best();
  expect(checkClearing(book, result)).toEqual([]);
  expect(result.welfare).toBeGreaterThan(0);
});

test("large gangs move alike whatever the order of bids", () => {
  const book = generateInstance(heavy, "4");
  const welfareOf = (bids: typeof book.bids) => {
    const search = openSearch({ ...book, bids: bids.map((bid) => ({ ...bid, rank: Number(bid.id) })) });
    search.advance(600 * search.look);
    return search.best().welfare;
  };
  expect(welfareOf(book.bids.toReversed())).toBe(welfareOf(book.bids));
});
