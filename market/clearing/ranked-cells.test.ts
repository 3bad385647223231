import fc from "fast-check";
import { expect, test } from "vitest";
import { addCell, nextBest, rankCells, rankedCells } from "./ranked-cells.ts";

test("cells come by falling merit, of equal ones the first that came in", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 600 }), (merits) => {
      const ranked = rankedCells();
      merits.forEach((merit, cell) => {
        addCell(ranked, merit, 0, cell, 1);
      });
      rankCells(ranked);
      const order = merits.map(() => nextBest(ranked));
      expect(order).toEqual(merits.map((_, row) => row).sort((x, y) => (merits[y] ?? 0) - (merits[x] ?? 0)));
      expect(nextBest(ranked)).toBe(-1);
    }),
  );
});
