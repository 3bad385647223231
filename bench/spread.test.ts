import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { percentile, spreadOf } from "./spread.ts";

const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
  minLength: 1,
  maxLength: 200,
});

describe("a percentile", () => {
  test("is one of the values, and the smallest that enough of them do not exceed", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percent) => {
        const found = percentile(all, percent);
        expect(all).toContain(found);
        const share = (limit: (value: number) => boolean) => all.filter(limit).length / all.length;
        expect(share((value) => value <= found)).toBeGreaterThanOrEqual(percent / 100 - 1e-9);
        expect(share((value) => value < found)).toBeLessThan(percent / 100);
      }),
    );
  });

  test("of none is an error, not a number", () => {
    expect(() => percentile([], 50)).toThrow("no values");
  });

  test("of a spread: the middle, the tail and the end", () => {
    const all = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect(spreadOf(all)).toEqual({ count: 200, p50: 100, p99: 198, max: 200 });
  });
});
