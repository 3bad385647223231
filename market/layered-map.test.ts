import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  entriesIn,
  hasKey,
  layered,
  sizeOf,
  valueAt,
  valuesIn,
  withEntry,
  withoutKey,
} from "./layered-map.ts";

const key = fc.integer({ min: 0, max: 150 });
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ set: key, to: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ remove: key }) },
);

describe("a layered map", () => {
  test("is what a Map would be, order included, and leaves what it was made from alone", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 100 }),
        fc.array(change, { minLength: 60, maxLength: 400 }),
        (keys, changes) => {
          const start = keys.map((one) => [one, -one] as const);
          const first = layered(start);
          const plain = new Map(start);
          let map = first;
          for (const one of changes) {
            if ("set" in one) {
              map = withEntry(map, one.set, one.to);
              plain.set(one.set, one.to);
            } else {
              map = withoutKey(map, one.remove);
              plain.delete(one.remove);
            }
          }
          expect([...entriesIn(map)]).toEqual([...plain]);
          expect(sizeOf(map)).toBe(plain.size);
          expect(valuesIn(map)).toEqual([...plain.values()]);
          for (let k = 0; k <= 150; k++) {
            expect(hasKey(map, k)).toBe(plain.has(k));
            expect(valueAt(map, k)).toBe(plain.get(k));
          }
          expect([...entriesIn(first)]).toEqual(start);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("copies a small part of itself for a change, and seldom its base", () => {
    let map = layered(Array.from({ length: 10_000 }, (_, n) => [n, n] as const));
    const bases = new Set([map.base]);
    for (let n = 0; n < 640; n++) {
      map = withEntry(map, n + 20_000, n);
      bases.add(map.base);
      expect(map.recent.size + map.gone.size).toBeLessThanOrEqual(2 * Math.sqrt(map.base.size));
    }
    expect(bases.size).toBeLessThanOrEqual(1 + 640 / Math.sqrt(10_000));
  });
});
