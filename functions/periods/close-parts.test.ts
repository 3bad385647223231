import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketOf, partsOf, rangesOf } from "./close-parts.ts";

test("ranges cover the pages of a day, each once and in order, none of them larger than one step can fold", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(400_000), (after, pages) => {
      const ranges = rangesOf(after, after + pages);
      expect(ranges.map(({ range }) => range)).toEqual(ranges.map((_, index) => index));
      expect(ranges).toHaveLength(partsOf(pages));
      let reached = after;
      for (const range of ranges) {
        expect(range.after).toBe(reached);
        expect(range.upTo - range.after).toBeLessThanOrEqual(1024);
        reached = range.upTo;
      }
      expect(reached).toBe(after + pages);
      // Each item of the workflow's maps takes some 100 bytes of 256 KB.
      expect(ranges.length).toBeLessThanOrEqual(512);
    }),
  );
});

test("a small day is one range and one bucket", () => {
  for (const pages of [0, 1, 1024]) expect(partsOf(pages)).toBe(1);
  expect(partsOf(1025)).toBe(2);
});

test("keys spread over buckets, each always in the same", () => {
  const counts = Array.from({ length: 8 }, () => 0);
  for (let n = 0; n < 8000; n++) {
    const bucket = bucketOf(`job:${n}`, 8);
    expect(bucketOf(`job:${n}`, 8)).toBe(bucket);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(700);
});
