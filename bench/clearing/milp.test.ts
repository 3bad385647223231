import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Book } from "../../market/clearing/instance.ts";
import { arbitraryBook, tinyShape } from "../../test/clearing-books.ts";
import { optimalWelfare } from "../../test/clearing-optimum.ts";
import { solveMilp } from "./highs.ts";
import { runHighs } from "./highs-run.ts";
import { milpOf } from "./milp.ts";

const solve = (book: Book) => solveMilp(milpOf(book), 60, () => undefined);

test("given tiny books, HiGHS finds the optimum that trying everything finds", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryBook(tinyShape), async (book) => {
      const { welfare, bound, optimal } = await solve(book);
      expect(optimal).toBe(true);
      expect(BigInt(welfare ?? -1)).toBe(optimalWelfare(book));
      expect(bound).toBe(welfare);
    }),
    { numRuns: 60 },
  );
});

test("given a gang that fits only when split, it is split over a link that has room", async () => {
  const book: Book = {
    T: 2,
    products: [{ name: "h20", kw: 0 }],
    centers: [0, 1].map((region) => ({ region, pue: 1, energy: [0, 0] })),
    links: [{ a: 0, b: 1, gbps: 10, latMs: 5, perGB: 3 }],
    pools: [0, 1].map((c) => ({ c, p: 0 })),
    offers: [0, 1].map((pool) => ({ pool, from: 0, to: 2, q: 5, reserve: 10 })),
    bids: [
      {
        kind: "split",
        g: 8,
        d: 2,
        from: 0,
        to: 2,
        prods: [{ p: 0, limit: 100 }],
        home: 0,
        dataGB: 7,
        chunk: 4,
        bw: 6,
        syncLat: 9,
      },
    ],
  };
  expect(await solve(book)).toMatchObject({ welfare: 16 * 90 - 21, optimal: true });
  const narrow = { ...book, links: book.links.map((link) => ({ ...link, gbps: 5 })) };
  expect(await solve(narrow)).toMatchObject({ welfare: 0, optimal: true });
});

describe("HiGHS in a process of its own", () => {
  const file = fileURLToPath(new URL("instances/mod-1k.json.gz", import.meta.url));

  test("that has no time to prove the optimum says what it has: a bound above what is known to be feasible", async () => {
    const { progress, columns, failure } = await runHighs(file, 3);
    const last = progress.at(-1);
    expect(failure).toBe(null);
    expect(columns).toBeGreaterThan(10_000);
    expect(last?.optimal).toBe(false);
    // What HiGHS has after a minute.
    if (last?.bound) expect(last.bound).toBeGreaterThanOrEqual(278_095_044);
    expect(last?.welfare ?? 0).toBeLessThanOrEqual(282_338_183);
  });

  test("that dies is reported, and nothing is thrown", async () => {
    const { failure, progress } = await runHighs("no-such-file.json", 1);
    expect(failure).toContain("exit code 1");
    expect(progress).toEqual([]);
  });
});
