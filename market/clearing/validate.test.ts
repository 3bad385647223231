import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { clear } from "./clear.ts";
import type { Bid, Book } from "./instance.ts";
import { InvalidBook, validateBook } from "./validate.ts";

const sample: Book = JSON.parse(
  readFileSync(new URL("../../test/clearing/mod-100.json", import.meta.url), "utf8"),
);
const bid: Bid = { kind: "block", g: 1, d: 1, from: 0, to: 1, prods: [{ p: 0, limit: 10 }], home: 0 };

test("an instance of the interchange format is read as it is", () => {
  expect(validateBook(sample)).toEqual([]);
});

describe("what is wrong is named by its field", () => {
  const withBid = (more: object): object => ({ bids: [{ ...bid, ...more }] });
  const cases: [string, object][] = [
    ["T", { T: 0 }],
    ["tick", { tick: 0.5 }],
    ["slotSeconds", { slotSeconds: 0 }],
    ["offers", { offers: null }],
    ["centers[0].energy", { centers: [{ region: 0, pue: 1, energy: [1] }, ...sample.centers.slice(1)] }],
    ["links[0].b", { links: [{ a: 0, b: 7, gbps: 1, latMs: 1, perGB: 1 }] }],
    ["links[3]", { links: [...sample.links, sample.links[0]] }],
    ["pools[5]", { pools: [...sample.pools, sample.pools[0]] }],
    ["offers[0].pool", { offers: [{ pool: 9, from: 0, to: 1, q: 1, reserve: 1 }] }],
    ["offers[0].q", { offers: [{ pool: 0, from: 0, to: 1, q: 1.5, reserve: 1 }] }],
    ["offers[0].reserve", { offers: [{ pool: 0, from: 0, to: 1, q: 1, reserve: -1 }] }],
    ["offers[0].minRun", { offers: [{ pool: 0, from: 0, to: 1, q: 1, reserve: 1, minRun: 0 }] }],
    ["offers[0].sold", { offers: [{ pool: 0, from: 0, to: 1, q: 1, reserve: 1, sold: [0.5] }] }],
    ["bids[0].kind", withBid({ kind: "lease" })],
    ["bids[0].floor", withBid({ kind: "service" })],
    ["bids[0].floor", withBid({ kind: "service", g: 2, floor: 3 })],
    ["bids[0].stage", withBid({ stage: -1 })],
    ["bids[0].parent", withBid({ parent: 7 })],
    ["bids[0].parent", withBid({ parent: 0 })],
    [
      "bids[1].parent",
      {
        bids: [
          { ...bid, kind: "div" },
          { ...bid, parent: 0 },
        ],
      },
    ],
    [
      "bids[1].parent",
      {
        bids: [
          { ...bid, parent: 1 },
          { ...bid, parent: 0 },
        ],
      },
    ],
    ["centers[0].carbon", { centers: [{ ...sample.centers[0], carbon: [1] }, ...sample.centers.slice(1)] }],
    ["bids[0].g", withBid({ g: 0 })],
    ["bids[0].g", withBid({ kind: "div", g: 2 ** 31 })],
    ["bids[0].to", withBid({ to: 25 })],
    ["bids[0].prods[0].d", withBid({ d: undefined })],
    ["bids[0].prods[0].d", withBid({ kind: "div", d: 2 ** 31 })],
    ["bids[0].prods[0].p", withBid({ prods: [{ p: 4, limit: 1 }] })],
    ["bids[0].prods", withBid({ prods: [] })],
    ["bids[0].home", withBid({ home: -1 })],
    ["bids[0].pools", withBid({ pools: [5] })],
    ["bids[0].dataGB", withBid({ dataGB: 0.5 })],
    ["bids", withBid({ g: 2 ** 30, prods: [{ p: 0, limit: 2 ** 30 }] })],
    ["bids[1].id", { bids: [bid, { ...bid, id: 0 }] }],
  ];
  test.each(cases)("%s", (field, change) => {
    const book: Book = Object.assign({}, sample, change);
    expect(validateBook(book).map((line) => line.split(": ")[0])).toContain(field);
    expect(() => clear(book)).toThrow(InvalidBook);
  });

  test("limits must be whole ticks", () => {
    const book = { ...sample, tick: 10, offers: [], bids: [{ ...bid, prods: [{ p: 0, limit: 15 }] }] };
    expect(validateBook(book)).toEqual([
      "bids[0].prods[0].limit: must be a multiple of tick, from 0 to 2^53",
    ]);
  });

  test("pieces of one offer lie in one pool", () => {
    const offer = { from: 0, to: 1, q: 1, reserve: 1, minRun: 1 };
    const offers = [
      { ...offer, id: "a", pool: 0 },
      { ...offer, id: "b", of: "a", pool: 1 },
    ];
    expect(validateBook({ ...sample, bids: [], offers })).toEqual([
      "offers[1].of: must be an offer of the same pool",
    ]);
  });
});
