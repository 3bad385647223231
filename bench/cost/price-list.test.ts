import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costs, readPrices, totalCost } from "./price-list.ts";
import { addUsage, lessUsage, noUsage, timesUsage, type Usage, usageItems } from "./usage.ts";

const prices = readPrices();
const amounts = fc.nat({ max: 1_000_000 });
const usages: fc.Arbitrary<Usage> = fc.record({
  writeUnits: amounts,
  readUnits: amounts,
  invocations: amounts,
  gbSeconds: amounts,
  transitions: amounts,
  busEvents: amounts,
  queueRequests: amounts,
  apiRequests: amounts,
  ticks: amounts,
});

describe("the price of what was used", () => {
  test("is amount by amount at the list's prices", () => {
    const usage = { ...noUsage, transitions: 8_000, writeUnits: 40_000, gbSeconds: 1_500 };
    expect(costs(usage, prices)).toMatchObject({ transitions: 0.2, writeUnits: 0.025, readUnits: 0 });
    expect(totalCost(usage, prices)).toBeCloseTo(0.2 + 0.025 + 1_500 * 0.0000133334, 9);
  });

  test("adds up: of parts, of multiples, and of what is taken away", () => {
    fc.assert(
      fc.property(usages, usages, fc.integer({ min: 1, max: 50 }), (a, b, times) => {
        const usd = (usage: Usage) => totalCost(usage, prices);
        expect(usd(addUsage(a, b))).toBeCloseTo(usd(a) + usd(b), 6);
        expect(usd(timesUsage(a, times))).toBeCloseTo(times * usd(a), 6);
        expect(usd(lessUsage(addUsage(a, timesUsage(b, times)), b, times))).toBeCloseTo(usd(a), 6);
      }),
    );
  });

  test("every item that is counted has a price with its source", () => {
    for (const item of usageItems)
      expect(prices.items[item].source, item).toMatch(/^https:\/\/aws\.amazon\.com\//);
  });
});
