import fc from "fast-check";
import { expect, test } from "vitest";
import { cny, count, hourly, price, span, time } from "./figures.ts";

test("mills are shown in CNY, exactly, however large or negative", () => {
  expect(["0", "7", "-4000", "1234567"].map(cny)).toEqual(["0.000", "0.007", "-4.000", "1,234.567"]);
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 31n), max: 10n ** 31n }), (mills) => {
      const shown = cny(String(mills));
      expect(BigInt(shown.replaceAll(/[,.]/g, ""))).toBe(mills);
      expect(shown).toMatch(/^-?\d{1,3}(,\d{3})*\.\d{3}$/);
    }),
  );
});

test("prices, counts and times are written for people", () => {
  expect([price(249), price(10_000), price(5)]).toEqual(["2.49", "100.00", "0.05"]);
  expect(count(12_345_678)).toBe("12,345,678");
  expect(time("2026-03-02T16:05:56.138Z")).toBe("2026-03-03 00:05:56");
  const slot = Date.parse("2026-03-02T15:54:00Z") / 360_000;
  expect(span(slot, slot + 1)).toBe("2026-03-02 23:54 – 2026-03-03 00:00");
  expect(span(slot - 10, slot)).toBe("2026-03-02 22:54 – 23:54");
});

test("prices of the hours are one, or the least and the most", () => {
  expect(hourly(new Array<number>(24).fill(600))).toBe("600");
  expect(hourly([900, 1200, 300])).toBe("300 – 1,200");
});
