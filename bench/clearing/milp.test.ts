import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Book } from "../../market/clearing/instance.ts";
import { arbitraryBeyondBook, arbitraryBook, tinyShape } from "../../test/clearing-books.ts";
import { optimalWelfare } from "../../test/clearing-optimum.ts";
import { solveMilp, solveRelaxation } from "./highs.ts";
import { runHighs } from "./highs-run.ts";
import { milpOf } from "./milp.ts";
import { pricedBy } from "./milp-schedule.ts";

const solve = (book: Book) => {
  const milp = milpOf(book);
  return solveMilp(milp, 60, { tell: () => undefined, priced: pricedBy(book, milp) });
};

test("given tiny books, HiGHS finds the optimum that trying everything finds", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryBook(tinyShape), async (book) => {
      const { welfare, bound, optimal } = await solve(book);
      expect(optimal).toBe(true);
      expect(BigInt(welfare ?? -1)).toBe(optimalWelfare(book));
      expect(bound).toBe(welfare);
      expect(await solveRelaxation(milpOf(book), 60)).toBeGreaterThanOrEqual(welfare ?? Infinity);
    }),
    { numRuns: 40 },
  );
});

test("given groups, parents, services, staging ahead and reclaimable cards, it does so, too", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryBeyondBook(tinyShape), async (book) => {
      const anyRun = { ...book, offers: book.offers.map((offer) => ({ ...offer, minRun: 1 })) };
      const { welfare, bound, optimal } = await solve(anyRun);
      expect(optimal).toBe(true);
      expect(BigInt(welfare ?? -1)).toBe(optimalWelfare(anyRun));
      expect(bound).toBe(welfare);
      // It leaves minimum runs out: these can only cost welfare.
      expect(await solve(book)).toMatchObject({ welfare });
      expect(optimalWelfare(book)).toBeLessThanOrEqual(BigInt(welfare ?? -1));
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
  const withLink = (gbps: number) => ({ ...book, links: book.links.map((link) => ({ ...link, gbps })) });
  expect(await solve(withLink(5))).toMatchObject({ welfare: 0, optimal: true });
  // Room for what both parts say to each other, and none for the data that is staged over the same link.
  expect(await solve(withLink(6))).toMatchObject({ welfare: 0, optimal: true });
  expect(await solve(withLink(7))).toMatchObject({ welfare: 16 * 90 - 21, optimal: true });
});

describe("HiGHS in a process of its own", () => {
  const file = fileURLToPath(new URL("instances/mod-100.json.gz", import.meta.url));
  const optimum = 12_576_825;

  test("that may lack the time for a proof says what it has: a solution and a bound around the optimum", async () => {
    const { progress, failure, columns, relaxation } = await runHighs(file, 5);
    expect(failure).toBe(null);
    expect(columns).toBeGreaterThan(1_000);
    expect(relaxation).toBe(12_601_113);
    expect(progress.length).toBeGreaterThan(1);
    for (const { welfare, priced, bound } of progress) {
      expect(welfare ?? 0).toBeLessThanOrEqual(optimum);
      // A solution that is not the best may gain when a bid is dropped.
      expect(priced ?? 0).toBeLessThanOrEqual(optimum);
      expect(bound ?? Infinity).toBeGreaterThanOrEqual(optimum);
    }
    expect(progress.at(-1)?.welfare).toBeGreaterThan(optimum * 0.5);
    expect(progress.at(-1)?.priced).toBeGreaterThan(optimum * 0.4);
    expect(progress.at(-1)?.bound).toBeLessThan(optimum * 1.1);
  });

  test("that dies is reported, and nothing is thrown", async () => {
    const { failure, progress } = await runHighs("no-such-file.json", 1);
    expect(failure).toContain("no-such-file.json");
    expect(progress).toEqual([]);
  });
});
