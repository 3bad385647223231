import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { added, contains, emptySet, type GrowingSet } from "./growing-set.ts";

const values = fc.array(fc.integer({ min: 0, max: 300 }).map(String), { maxLength: 400 });

describe("a set that grows", () => {
  test("contains what was added and nothing else, and so does every set before it", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 301 }).map(String), (all, probe) => {
        const versions: GrowingSet[] = [emptySet];
        for (const value of all) versions.push(added(versions.at(-1) ?? emptySet, value));
        for (const [length, set] of versions.entries())
          expect(contains(set, probe)).toBe(all.slice(0, length).includes(probe));
      }),
    );
  });

  test("copies few values: its levels halve in size, so there are few of them", () => {
    fc.assert(
      fc.property(values, (all) => {
        const set = all.reduce(added, emptySet);
        const sizes = set.map(({ size }) => size);
        for (const [n, size] of sizes.entries()) expect(size).toBeGreaterThan(sizes[n + 1] ?? 0);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(new Set(all).size);
        expect(set.length).toBeLessThanOrEqual(Math.log2(all.length + 1) + 1);
      }),
    );
  });
});
