import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readJson, writeJson } from "./interchange.ts";

const script = fileURLToPath(new URL("clear.ts", import.meta.url));
const instance = fileURLToPath(new URL("instances/mod-100.json.gz", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "suanwang-clear-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function clear(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...words], (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test("given an instance, its result is written as the interchange format has it, and is judged", async () => {
  for (const name of ["result.json", "result.json.gz"]) {
    const file = join(folder, name);
    const { code, out } = await clear(instance, file, "--seconds", "1");
    expect(code).toBe(0);
    const result = Object(readJson(file));
    expect(Object.keys(result).sort()).toEqual([
      "accepted",
      "bound",
      "div",
      "linkPrices",
      "prices",
      "welfare",
    ]);
    expect(result.welfare).toBeGreaterThan(12_000_000);
    expect(result.bound).toBeGreaterThanOrEqual(result.welfare);
    expect(out).toContain(`welfare   ${result.welfare.toLocaleString("en")} mills`);
    for (const line of ["bound", "gap", "seconds", "memory", "rules     all kept"])
      expect(out).toContain(`\n${line}`);
  }
});

test("given an earlier result, its prices are taken", async () => {
  const first = join(folder, "first.json");
  await clear(instance, first, "--seconds", "1");
  const { code } = await clear(instance, join(folder, "second.json"), "--seconds", "1", "--warm", first);
  expect(code).toBe(0);
});

describe("what is wrong is named, with its fix", () => {
  const cases: [string, (book: Record<string, unknown[]>) => unknown, string][] = [
    [
      "a number as text",
      (book) => Object.assign(Object(book.bids?.[7]), { g: "8" }),
      'bids[7].g: must be a number, not "8"',
    ],
    [
      "a field left out",
      (book) => Object.assign(Object(book.bids?.[7]), { home: undefined }),
      "bids[7].home: must be a number, not missing",
    ],
    [
      "a row that is none",
      (book) => book.offers?.splice(2, 1, null),
      "offers[2]: must be an object, not null",
    ],
    ["no list", (book) => Object.assign(book, { pools: {} }), "pools: must be an array, not {}"],
    [
      "a wrong type of what may be left out",
      (book) => Object.assign(Object(book.bids?.[7]), { reclaimable: 1, stage: "2", group: true, floor: [] }),
      `bids[7].floor: must be a number, not []
  bids[7].stage: must be a number, not "2"
  bids[7].group: must be a number or a string, not true
  bids[7].reclaimable: must be a boolean, not 1`,
    ],
    [
      "a wrong type of an offer's",
      (book) =>
        Object.assign(Object(book.offers?.[0]), { minRun: null, of: {}, sold: 3, reclaimable: "yes" }),
      `offers[0].minRun: must be a number, not null
  offers[0].of: must be a number or a string, not {}
  offers[0].sold: must be an array of numbers, not 3
  offers[0].reclaimable: must be a boolean, not "yes"`,
    ],
    [
      "carbon that is no row of prices",
      (book) => Object.assign(Object(book.centers?.[0]), { carbon: 30 }),
      "centers[0].carbon: must be an array of numbers, not 30",
    ],
    [
      "a service without a floor",
      (book) => Object.assign(Object(book.bids?.[7]), { kind: "service" }),
      "bids[7].floor: must be a whole number of cards from 1 to g",
    ],
    [
      "a parent that is no bid",
      (book) => Object.assign(Object(book.bids?.[7]), { kind: "block", parent: "nobody" }),
      "bids[7].parent: must join two block or split bids of the book",
    ],
    [
      "a price below 0",
      (book) => Object.assign(Object(book.offers?.[0]), { reserve: -1 }),
      "offers[0].reserve: must be a multiple of tick, from 0 to ",
    ],
    [
      "a pool that there is not",
      (book) => Object.assign(Object(book.offers?.[0]), { pool: 5 }),
      "offers[0].pool: must be an index of pools, from 0 to 4",
    ],
    [
      "a value that cannot be",
      (book) => Object.assign(Object(book.bids?.[7]), { to: 25 }),
      "bids[7].to: must lie after from and within T",
    ],
  ];
  test.each(cases)("%s", async (_, spoil, message) => {
    const book = Object(readJson(instance));
    spoil(book);
    const file = join(folder, "spoilt.json");
    writeJson(file, book);
    const { code, err } = await clear(file, join(folder, "never.json"));
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  test("prices of another market", async () => {
    const file = join(folder, "other.json");
    writeJson(file, { prices: { "9": [1] }, linkPrices: { "0": "1" } });
    const { code, err } = await clear(instance, join(folder, "never.json"), "--warm", file);
    expect(code).toBe(1);
    expect(err).toContain("linkPrices.0: must be an array of numbers");
  });

  test("files that are cut off, not packed, or no JSON", async () => {
    const cutOff = join(folder, "cut-off.json.gz");
    writeFileSync(cutOff, readFileSync(instance).subarray(0, 1000));
    const notPacked = join(folder, "not-packed.json.gz");
    writeFileSync(notPacked, "{}");
    const noNumber = join(folder, "no-number.json");
    writeFileSync(noNumber, '{ "T": NaN }');
    for (const [file, fix] of [
      [cutOff, "is no whole gzip file"],
      [notPacked, "pack it, or end its name in .json"],
      [noNumber, "JSON has no NaN"],
    ] as const) {
      const { code, err } = await clear(file, join(folder, "never.json"));
      expect(code).toBe(1);
      expect(err).toContain(`${file}: `);
      expect(err).toContain(fix);
    }
  });

  test("a result that cannot be written, before the time is spent", async () => {
    const nowhere = join(folder, "no-such-folder", "result.json");
    const { code, out, err } = await clear(instance, nowhere, "--seconds", "60");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(`${nowhere}: `);
    expect(err).not.toContain("    at ");
  });

  test("a file that is not there, and calls that cannot be understood", async () => {
    expect(await clear("no-such.json", "x.json")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no-such.json"),
    });
    for (const words of [
      [],
      [instance],
      [instance, "x.json", "y.json"],
      [instance, "x.json", "--seconds", "no"],
      ["--what"],
    ])
      expect((await clear(...words)).code).toBe(2);
  });
});
