import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { validateBook } from "../../market/clearing/validate.ts";
import { generateInstance, type InstanceName, instanceNames, nextAuction, shapes } from "./generate.ts";
import { statisticsOf } from "./instance-statistics.ts";
import { readInstance } from "./interchange.ts";

const original = (name: InstanceName) =>
  readInstance(fileURLToPath(new URL(`instances/${name}.json.gz`, import.meta.url)));

test.each(instanceNames)("%s is in the repository, of the shape that its name says", (name) => {
  const book = original(name);
  const { bids, centers, slots } = shapes[name];
  expect([book.bids.length, book.centers.length, book.T]).toEqual([bids, centers, slots]);
});

describe("another instance of the same kind", () => {
  test.each(instanceNames.filter((name) => name !== "mod-100k"))("%s of any seed is valid", (name) => {
    for (const seed of ["1", "2", "3"])
      expect(validateBook(generateInstance(shapes[name], seed))).toEqual([]);
  });

  test("follows from its seed alone", () => {
    expect(generateInstance(shapes["mod-1k"], "7")).toEqual(generateInstance(shapes["mod-1k"], "7"));
    expect(generateInstance(shapes["mod-1k"], "7")).not.toEqual(generateInstance(shapes["mod-1k"], "8"));
  });

  /** How far off a statistic may be; where its name is not here, four standard errors of a share among so many bids. */
  const leeway: Readonly<Record<string, number>> = {
    slots: 0,
    "pools a center": 0.75,
    "links a pair of centers": 0,
    "asked over offered": 0.1,
    "split of large ones": 0.12,
    "mean slots": 0.9,
    "mean window": 1.8,
    "mean log of limit of the first product": 0.08,
  };
  test.each(["mod-1k", "heavy-1k", "mod-10k"] as const)("%s has the statistics of the original", (name) => {
    const expected = statisticsOf(original(name));
    for (const seed of ["1", "2"]) {
      const actual = statisticsOf(generateInstance(shapes[name], seed));
      for (const [what, value] of Object.entries(expected)) {
        const error = 4 * Math.sqrt((2 * Math.max(0.01, value * (1 - value))) / shapes[name].bids);
        const most = leeway[what] ?? error;
        expect(Math.abs((actual[what] ?? Infinity) - value), `${what}, seed ${seed}`).toBeLessThanOrEqual(
          most,
        );
      }
    }
  });

  // With a handful of small pools, whole racks of eight cards are coarse.
  test.each([
    ["mod-100", 1.15, 1.6],
    ["mod-1k", 1.35, 1.5],
    ["heavy-1k", 1.35, 1.5],
  ] as const)("%s has %d to %d times as much asked for as offered", (name, least, most) => {
    for (let seed = 1; seed <= 8; seed++) {
      const ratio = statisticsOf(generateInstance(shapes[name], String(seed)))["asked over offered"];
      expect(ratio, `seed ${seed}`).toBeGreaterThan(least);
      expect(ratio, `seed ${seed}`).toBeLessThan(most);
    }
  });
});

test("the auction after one has so many of its bids replaced, and is valid", () => {
  const last = original("mod-1k");
  const next = nextAuction(last, shapes["mod-1k"], "next", 0.1);
  const kept = next.bids.filter((bid, i) => bid === last.bids[i]).length;
  expect(validateBook(next)).toEqual([]);
  expect(kept).toBeGreaterThan(850);
  expect(kept).toBeLessThan(950);
});
