import { describe, expect, test } from "vitest";
import { type CheckedInstance, type CheckedResult, checkClearing } from "./clearing-checker.ts";

/** Two centers 10 ms apart in different regions, a third one far off; one split, one block, one div bid. */
const instance = {
  T: 4,
  slotSeconds: 360,
  tick: 5,
  products: [{ kw: 1 }, { kw: 0 }],
  centers: [
    { region: 0, pue: 1, energy: [100, 100, 100, 100] },
    { region: 1, pue: 1, energy: [0, 0, 0, 0] },
    { region: 2, pue: 1, energy: [0, 0, 0, 0] },
  ],
  links: [
    { a: 0, b: 1, gbps: 4, latMs: 10, perGB: 2 },
    { a: 0, b: 2, gbps: 1, latMs: 40, perGB: 1 },
  ],
  pools: [
    { c: 0, p: 0 },
    { c: 1, p: 0 },
    { c: 2, p: 0 },
    { c: 1, p: 1 },
  ],
  offers: [
    { pool: 0, from: 0, to: 4, q: 6, reserve: 20 },
    { pool: 1, from: 0, to: 4, q: 4, reserve: 40 },
    { pool: 1, from: 0, to: 4, q: 4, reserve: 60 },
    { pool: 2, from: 0, to: 4, q: 9, reserve: 0 },
  ],
  bids: [
    {
      kind: "split",
      g: 8,
      d: 2,
      from: 0,
      to: 3,
      prods: [{ p: 0, limit: 100 }],
      home: 0,
      dataGB: 45,
      chunk: 2,
      bw: 2,
      syncLat: 15,
      regions: [0, 1],
    },
    {
      kind: "block",
      g: 2,
      d: 1,
      from: 0,
      to: 4,
      prods: [{ p: 0, limit: 80 }],
      home: 1,
      dataGB: 45,
      pools: [1],
    },
    { kind: "div", g: 2, d: 2, from: 1, to: 4, prods: [{ p: 0, limit: 70 }], home: 0, maxLat: 20 },
    { kind: "block", g: 1, d: 1, from: 0, to: 4, prods: [{ p: 0, limit: 30 }], home: 0, dataGB: 46 },
  ],
} satisfies CheckedInstance;

// Card costs: pool 0 is 20 + 10 energy, pool 1 is 40 then 60. Bid 0: 8*2*100 - 90 transfer - 4*2*30 - 4*2*40 = 950;
// bid 1: 2*80 - 2*60 = 40; div: 2 cards of slot 1 at 30 and 2 of slot 2: 4*70 - 4*30 = 160.
const good = {
  welfare: 1150,
  accepted: [
    {
      b: 0,
      p: 0,
      s: 0,
      parts: [
        { c: 0, q: 4 },
        { c: 1, q: 4 },
      ],
    },
    { b: 1, p: 0, s: 0, parts: [{ c: 1, q: 2 }] },
  ],
  div: [
    {
      b: 2,
      fills: [
        [0, 0, 1, 2],
        [0, 0, 2, 2],
      ],
    },
  ],
  prices: { "0": [30, 35, 30, 30], "1": [60, 40, 40, 40], "2": [0, 0, 0, 0], "3": [0, 0, 0, 0] },
  linkPrices: { "0": [5, 0, 0, 0] },
  bound: 2000,
} satisfies CheckedResult;

type Draft = Omit<CheckedResult, "accepted" | "div" | "welfare" | "prices" | "linkPrices" | "bound"> & {
  welfare: number;
  bound: number;
  accepted: { b: number; p: number; s: number; parts: { c: number; q: number }[] }[];
  div: { b: number; fills: [number, number, number, number][] }[];
  prices: Record<string, number[]>;
  linkPrices: Record<string, number[]>;
};

function rulesBroken(spoil: (result: Draft) => void, other: Partial<CheckedInstance> = {}): string[] {
  const draft: Draft = JSON.parse(JSON.stringify(good));
  spoil(draft);
  return checkClearing({ ...instance, ...other }, draft).map(({ rule }) => rule);
}

function withBid(index: number, more: Partial<CheckedInstance["bids"][number]>): Partial<CheckedInstance> {
  return { bids: instance.bids.map((bid, b) => (b === index ? { ...bid, ...more } : bid)) };
}

test("a result that keeps all rules passes", () => {
  expect(checkClearing(instance, good)).toEqual([]);
});

describe("each broken rule is found", () => {
  const part = (result: Draft, bid: number, i: number) => {
    const found = result.accepted[bid]?.parts[i];
    if (!found) throw new Error("no such part");
    return found;
  };
  const first = (result: Draft, b: number) => {
    const found = result.accepted[b];
    if (!found) throw new Error("no such bid");
    return found;
  };
  const fill = (result: Draft, i: number) => {
    const found = result.div[0]?.fills[i];
    if (!found) throw new Error("no such fill");
    return found;
  };
  const spoilers: [string, (result: Draft) => void, Partial<CheckedInstance>?][] = [
    ["once", (r) => r.accepted.push(first(r, 1))],
    ["once", (r) => r.div[0]?.fills.push([0, 0, 1, 1])],
    ["known", (r) => r.accepted.push({ b: 9, p: 0, s: 0, parts: [] })],
    ["kind", (r) => r.accepted.push({ b: 2, p: 0, s: 1, parts: [{ c: 0, q: 2 }] })],
    ["kind", (r) => r.div.push({ b: 3, fills: [[0, 0, 0, 1]] })],
    ["kind", (r) => r.div.push({ b: 1, fills: [[1, 0, 0, 1]] })],
    ["product", (r) => Object.assign(first(r, 1), { p: 1 })],
    ["window", (r) => Object.assign(first(r, 0), { s: 2 })],
    ["window", (r) => fill(r, 0).splice(2, 1, 0)],
    ["gang", (r) => Object.assign(part(r, 0, 0), { q: 2 })],
    ["gang", (r) => Object.assign(part(r, 1, 0), { q: 1.5 })],
    ["centers", (r) => first(r, 0).parts.splice(0, 2, { c: 0, q: 2 }, { c: 0, q: 6 })],
    ["centers", (r) => first(r, 1).parts.splice(0, 1, { c: 0, q: 1 }, { c: 1, q: 1 })],
    ["centers", () => undefined, withBid(0, { kmax: 1 })],
    ["chunk", (r) => first(r, 0).parts.splice(0, 2, { c: 0, q: 5 }, { c: 1, q: 3 })],
    ["syncLat", () => undefined, withBid(0, { syncLat: 9 })],
    ["syncLink", (r) => first(r, 0).parts.splice(0, 2, { c: 1, q: 4 }, { c: 2, q: 4 })],
    ["pool", (r) => Object.assign(part(r, 1, 0), { c: 0 })],
    ["region", () => undefined, withBid(0, { regions: [0] })],
    ["latency", () => undefined, withBid(0, { maxLat: 9 })],
    ["latency", (r) => fill(r, 0).splice(0, 1, 2)],
    ["staging", (r) => r.accepted.push({ b: 3, p: 0, s: 3, parts: [{ c: 2, q: 1 }] })],
    ["cards", (r) => fill(r, 0).splice(3, 1, 0)],
    ["perSlot", (r) => fill(r, 0).splice(3, 1, 3)],
    ["budget", (r) => r.div[0]?.fills.push([0, 0, 3, 1])],
    ["oversell", () => undefined, { offers: instance.offers.filter(({ reserve }) => reserve !== 60) }],
    ["linkOversell", () => undefined, withBid(0, { bw: 4 })],
    ["linkOversell", () => undefined, withBid(0, { dataGB: 135 })],
    ["welfare", (r) => Object.assign(r, { welfare: 1151 })],
    ["bound", (r) => Object.assign(r, { bound: 1149 })],
    ["price row", (r) => delete r.prices["3"]],
    ["price row", (r) => r.prices["3"]?.pop()],
    ["price sign", (r) => r.prices["3"]?.splice(0, 1, -5)],
    ["price sign", (r) => r.linkPrices["0"]?.splice(0, 1, -5)],
    ["tick", (r) => r.prices["0"]?.splice(0, 1, 31)],
    ["cost", (r) => r.prices["1"]?.splice(0, 1, 55)],
    ["indication", (r) => r.prices["1"]?.splice(3, 1, 45)],
    ["loss", (r) => r.prices["1"]?.splice(0, 1, 85)],
    ["loss", (r) => r.linkPrices["0"]?.splice(1, 1, 1000)],
    ["div limit", (r) => r.prices["0"]?.splice(2, 1, 75)],
  ];
  test.each(spoilers)("%s: %s", (rule, spoil, other) => {
    expect(rulesBroken(spoil, other)).toContain(rule);
  });
});

test("halves of a tick of energy round up, exactly", () => {
  // 0.45 x 1.1 x 50 = 24.75 an hour, 2.475 a slot: to the nearest 5 that is 0; 1 x 1 x 25 = 2.5 rounds up to 5.
  const one = (kw: number, pue: number, energy: number): CheckedInstance => ({
    ...instance,
    T: 1,
    products: [{ kw }],
    centers: [{ region: 0, pue, energy: [energy] }],
    links: [],
    pools: [{ c: 0, p: 0 }],
    offers: [{ pool: 0, from: 0, to: 1, q: 1, reserve: 10 }],
    bids: [],
  });
  const empty = (price: number) => ({
    welfare: 0,
    accepted: [],
    div: [],
    prices: { "0": [price] },
    linkPrices: {},
  });
  expect(checkClearing(one(0.45, 1.1, 50), empty(10))).toEqual([]);
  expect(checkClearing(one(1, 1, 25), empty(15))).toEqual([]);
  expect(checkClearing(one(1, 1, 25), empty(10))).not.toEqual([]);
});
