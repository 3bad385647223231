import fc from "fast-check";
import { expect, test } from "vitest";
import { marketDays } from "../../test/market-days.ts";
import { wrongsIn } from "../../test/money-oracle.ts";

test("over any days of a market the money is all there at every event, and is moved once", () => {
  let charges = 0;
  fc.assert(
    fc.property(marketDays, ({ days }) => {
      const feed = days.flatMap(({ events }) => events.map(({ event }) => event));
      expect(wrongsIn(feed)).toEqual([]);
      charges += feed.filter(({ type }) => type === "ChargePosted").length;
    }),
    { numRuns: 60 },
  );
  expect(charges).toBeGreaterThan(100);
});
