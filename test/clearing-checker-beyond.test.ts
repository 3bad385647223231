import { describe, expect, test } from "vitest";
import {
  type CheckedBid,
  type CheckedInstance,
  type CheckedOffer,
  checkClearing,
} from "./clearing-checker.ts";

// Two centers, one product, four slots; cards cost 10 at both, and a link of 1 Gbps carries 3,600 gigabits a slot.
const base = {
  T: 4,
  products: [{ kw: 0 }, { kw: 1 }],
  centers: [0, 1].map((region) => ({ region, pue: 1, energy: [0, 0, 0, 0] })),
  links: [{ a: 0, b: 1, gbps: 1, latMs: 5, perGB: 0 }],
  pools: [0, 1].map((c) => ({ c, p: 0 })),
  offers: [0, 1].map((pool) => ({ pool, from: 0, to: 4, q: 8, reserve: 10 })),
} satisfies Omit<CheckedInstance, "bids">;

function bid(more: Partial<CheckedBid> = {}): CheckedBid {
  return { kind: "block", g: 2, d: 1, from: 0, to: 4, prods: [{ p: 0, limit: 50 }], home: 0, ...more };
}

type Gang = { b: number; s: number; c?: number; q?: number };
type Fill = [center: number, product: number, slot: number, cards: number];

/** Rules that a result breaks: what is sold costs 10 and is worth 50, unless a test says other prices. */
function broken(
  bids: CheckedBid[],
  gangs: Gang[],
  div: { b: number; fills: Fill[] }[] = [],
  more: Partial<CheckedInstance> & {
    price?: number;
    welfare?: number;
    linkPrices?: Record<string, number[]>;
  } = {},
): string[] {
  const { price = 10, welfare, linkPrices = {}, ...other } = more;
  const instance = { ...base, ...other, bids };
  const accepted = gangs.map(({ b, s, c = 0, q = 2 }) => ({ b, p: 0, s, parts: [{ c, q }] }));
  const lengthOf = (b: number) => {
    const { kind, from, to, d = 0 } = bids[b] ?? bid();
    return kind === "service" ? to - from : d;
  };
  const cardSlots =
    gangs.reduce((sum, { b, q = 2 }) => sum + q * lengthOf(b), 0) +
    div.flatMap(({ fills }) => fills).reduce((sum, [, , , q]) => sum + q, 0);
  const prices = Object.fromEntries(instance.pools.map((_, k) => [k, new Array<number>(4).fill(price)]));
  const result = { welfare: welfare ?? cardSlots * 40, accepted, div, prices, linkPrices };
  return checkClearing(instance, result).map(({ rule }) => rule);
}

describe("rule 1, carbon", () => {
  const carbon = [7, 7, 7, 8];
  const centers = base.centers.map((center) => ({ ...center, energy: [0.4, 0.4, 0.4, 0.4], carbon }));
  const more = { centers, pools: [{ c: 0, p: 1 }], offers: [{ pool: 0, from: 0, to: 4, q: 8, reserve: 10 }] };

  test("comes on top of energy before the cost is rounded", () => {
    const at = (last: number) => ({
      ...more,
      prices: { "0": [17, 17, 17, last] },
    });
    const check = ({ prices, ...instance }: ReturnType<typeof at>) =>
      checkClearing(
        { ...base, ...instance, bids: [] },
        { welfare: 0, accepted: [], div: [], prices, linkPrices: {} },
      );
    expect(check(at(18))).toEqual([]);
    expect(check(at(17)).map(({ rule }) => rule)).toEqual(["indication"]);
    // 0.4 and 7.1 round to 8 together, though each rounds down.
    const both = centers.map((center) => ({ ...center, carbon: [7, 7, 7, 7.1] }));
    expect(check({ ...at(18), centers: both })).toEqual([]);
  });
});

describe("rule 8, group", () => {
  const bids = [
    bid({ group: "a" }),
    bid({ group: "a" }),
    bid({ group: "b" }),
    bid({ kind: "div", group: "a" }),
  ];

  test("is kept by one bid of each", () => {
    expect(
      broken(
        bids,
        [0, 2].map((b) => ({ b, s: 0 })),
      ),
    ).toEqual([]);
  });

  test("is broken by two, also if one is divisible", () => {
    expect(
      broken(
        bids,
        [0, 1].map((b) => ({ b, s: b })),
      ),
    ).toEqual(["group"]);
    expect(broken(bids, [{ b: 0, s: 0 }], [{ b: 3, fills: [[0, 0, 1, 1]] }])).toEqual(["group"]);
  });

  test("does not mistake the number 1 for the word 1", () => {
    const two = [bid({ group: 1 }), bid({ group: "1" })];
    expect(
      broken(
        two,
        [0, 1].map((b) => ({ b, s: 0 })),
      ),
    ).toEqual([]);
  });
});

describe("rule 9, parent", () => {
  const bids = [bid({ id: "pre", d: 2 }), bid({ parent: "pre" })];

  test("is kept by a child that starts at its parent's end or later, and by a parent alone", () => {
    expect(
      broken(bids, [
        { b: 0, s: 0 },
        { b: 1, s: 2 },
      ]),
    ).toEqual([]);
    expect(
      broken(bids, [
        { b: 1, s: 3 },
        { b: 0, s: 0 },
      ]),
    ).toEqual([]);
    expect(broken(bids, [{ b: 0, s: 0 }])).toEqual([]);
  });

  test("is broken by a child alone, and by one that starts before the end", () => {
    expect(broken(bids, [{ b: 1, s: 3 }])).toEqual(["parent"]);
    expect(
      broken(bids, [
        { b: 0, s: 0 },
        { b: 1, s: 1 },
      ]),
    ).toEqual(["parent"]);
    expect(
      broken(bids, [
        { b: 0, s: 2 },
        { b: 1, s: 0 },
      ]),
    ).toEqual(["parent"]);
  });

  test("takes the parent's length on the product that it got", () => {
    const slow = [bid({ id: "pre", d: 1, prods: [{ p: 0, limit: 50, d: 3 }] }), bid({ parent: "pre" })];
    // The helper counts d = 1 for the parent: four more card-slots.
    const welfare = (2 * 3 + 2) * 40;
    expect(
      broken(
        slow,
        [
          { b: 0, s: 0 },
          { b: 1, s: 3 },
        ],
        [],
        { welfare },
      ),
    ).toEqual([]);
    expect(
      broken(
        slow,
        [
          { b: 0, s: 0 },
          { b: 1, s: 2 },
        ],
        [],
        { welfare },
      ),
    ).toEqual(["parent"]);
  });

  test("names a parent by its index if it has no id", () => {
    const two = [bid(), bid({ parent: 0 })];
    expect(
      broken(two, [
        { b: 0, s: 0 },
        { b: 1, s: 1 },
      ]),
    ).toEqual([]);
    expect(broken(two, [{ b: 1, s: 1 }])).toEqual(["parent"]);
  });
});

describe("rule 10, service", () => {
  const service = bid({ kind: "service", g: 5, floor: 2, from: 1, to: 4 });
  const extra = (...fills: Fill[]) => [{ b: 0, fills }];

  test("is kept by a floor throughout the window, with up to the ceiling in some slots", () => {
    expect(broken([service], [{ b: 0, s: 1 }])).toEqual([]);
    expect(broken([service], [{ b: 0, s: 1 }], extra([0, 0, 1, 3], [0, 0, 3, 1]))).toEqual([]);
  });

  test("is broken by a part of the window, a floor that is not whole, or one in two pools", () => {
    expect(broken([service], [{ b: 0, s: 2 }])).toEqual(["window", "service"]);
    expect(broken([{ ...service, from: 0 }], [{ b: 0, s: 1 }])).toContain("service");
    expect(broken([service], [{ b: 0, s: 1, q: 3 }])).toEqual(["gang"]);
    const parts = [0, 1].map((c) => ({ c, q: 1 }));
    const prices = { "0": [10, 10, 10, 10], "1": [10, 10, 10, 10] };
    const split = { welfare: 240, accepted: [{ b: 0, p: 0, s: 1, parts }], div: [], prices, linkPrices: {} };
    expect(checkClearing({ ...base, bids: [service] }, split).map(({ rule }) => rule)).toEqual(["centers"]);
  });

  test("is broken by cards beyond the ceiling, without a floor, elsewhere or twice in a slot", () => {
    expect(broken([service], [{ b: 0, s: 1 }], extra([0, 0, 1, 4]))).toEqual(["service"]);
    expect(broken([service], [], extra([0, 0, 1, 1]))).toEqual(["service"]);
    expect(broken([service], [{ b: 0, s: 1 }], extra([1, 0, 1, 1]))).toEqual(["service"]);
    expect(broken([service], [{ b: 0, s: 1 }], extra([0, 1, 1, 1]))).toEqual(["service"]);
    expect(broken([service], [{ b: 0, s: 1 }], extra([0, 0, 1, 1], [0, 0, 1, 1]))).toEqual(["once"]);
    expect(broken([service], [{ b: 0, s: 1 }], extra([0, 0, 0, 1]))).toEqual(["window"]);
    expect(broken([service], [{ b: 0, s: 1 }], extra([0, 0, 1, 0.5]))).toEqual(["cards"]);
  });

  test("lets neither the floor lose over its window nor an extra card in its slot", () => {
    expect(broken([service], [{ b: 0, s: 1 }], [], { price: 50 })).not.toContain("loss");
    expect(broken([service], [{ b: 0, s: 1 }], [], { price: 51 })).toContain("loss");
    const some = extra([0, 0, 2, 1]);
    expect(broken([service], [{ b: 0, s: 1 }], some, { price: 51 })).toContain("div limit");
    expect(broken([service], [{ b: 0, s: 1 }], some, { price: 50 })).not.toContain("div limit");
  });

  test("must be near its users, and counts its cards like everybody", () => {
    const near = { ...service, home: 1, maxLat: 4 };
    expect(broken([near], [{ b: 0, s: 1 }])).toEqual(["latency"]);
    expect(broken([near], [{ b: 0, s: 1, c: 1 }])).toEqual([]);
    const large = { ...service, g: 9 };
    expect(broken([large], [{ b: 0, s: 1 }], extra([0, 0, 1, 7]))).toEqual(["oversell", "welfare"]);
  });
});

describe("rule 11, stage", () => {
  // 900 GB are 7,200 gigabits: two slots of the whole link.
  const mover = bid({ home: 1, dataGB: 900, stage: 2 });

  test("is kept by a start that leaves time for it", () => {
    expect(broken([mover], [{ b: 0, s: 2 }])).toEqual([]);
    expect(broken([{ ...mover, home: 0 }], [{ b: 0, s: 0 }])).toEqual([]);
  });

  test("is broken by an earlier start, and by a link that one slot's part does not fit", () => {
    expect(broken([mover], [{ b: 0, s: 1 }])).toEqual(["stage"]);
    expect(broken([{ ...mover, stage: 1 }], [{ b: 0, s: 2 }])).toEqual(["staging"]);
    expect(broken([{ ...mover, dataGB: 901 }], [{ b: 0, s: 2 }])).toEqual(["staging"]);
    expect(broken([{ ...mover, stage: 0 }], [{ b: 0, s: 2 }])).toEqual(["staging"]);
  });

  test("takes the link in the slots before the start only, parts of a gigabit as a whole", () => {
    const other = bid({ home: 1, dataGB: 450 });
    // The other one stages in its start slot: beside the mover in slots 2 and 3, in its way in slots 0 and 1.
    expect(
      broken(
        [mover, other],
        [
          { b: 0, s: 2 },
          { b: 1, s: 2 },
        ],
      ),
    ).toEqual([]);
    expect(
      broken(
        [mover, other],
        [
          { b: 0, s: 2 },
          { b: 1, s: 1 },
        ],
      ),
    ).toEqual(["linkOversell"]);
    // 8 gigabits over three slots are 3 in each, of the whole of 3 that the link has.
    const slow = { slotSeconds: 3, links: base.links };
    const small = bid({ home: 1, dataGB: 1, stage: 3 });
    expect(broken([small], [{ b: 0, s: 3 }], [], slow)).toEqual([]);
    expect(
      broken(
        [small, small],
        [0, 1].map((b) => ({ b, s: 3 })),
        [],
        slow,
      ),
    ).toEqual(["linkOversell", "linkOversell", "linkOversell"]);
  });

  test("pays the link in those slots", () => {
    // It gains 80; 3,600 gigabits are one Gbps and slot.
    const paying = (...row: number[]) => broken([mover], [{ b: 0, s: 2 }], [], { linkPrices: { "0": row } });
    expect(paying(40, 40, 999, 999)).toEqual([]);
    expect(paying(40, 41, 0, 0)).toEqual(["loss"]);
  });
});

describe("rule 12, minimum run", () => {
  const offer = (more: Partial<CheckedOffer> = {}): CheckedOffer => ({
    id: "a",
    pool: 0,
    from: 0,
    to: 4,
    q: 2,
    reserve: 10,
    minRun: 3,
    ...more,
  });
  const other = { id: "b", pool: 1, from: 0, to: 4, q: 8, reserve: 10 };
  const bids = [bid({ d: 3 }), bid({ d: 1 }), bid({ d: 1 }), bid({ d: 2 })];
  const selling = (offers: CheckedOffer[], ...gangs: Gang[]) =>
    broken(bids, gangs, [], { offers: [...offers, other] });

  test("is kept by one long job, and by short ones side by side", () => {
    expect(selling([offer()], { b: 0, s: 1 })).toEqual([]);
    expect(selling([offer()], { b: 1, s: 0 }, { b: 2, s: 3 }, { b: 3, s: 1 })).toEqual([]);
    expect(selling([offer()])).toEqual([]);
  });

  test("is broken by a run that is too short, and by two with a gap", () => {
    expect(selling([offer()], { b: 3, s: 0 })).toEqual(["minRun", "minRun"]);
    expect(selling([offer({ minRun: 2 })], { b: 1, s: 0 }, { b: 2, s: 2 })).toEqual(["minRun", "minRun"]);
  });

  test("counts pieces of one offer, and what it had sold before, beyond the window as well", () => {
    const pieces = [offer({ to: 2, of: "x" }), offer({ id: "c", from: 2, of: "x" })];
    expect(selling(pieces, { b: 0, s: 1 })).toEqual([]);
    expect(selling([offer({ to: 2 }), offer({ id: "c", from: 2 })], { b: 0, s: 1 })).toHaveLength(3);
    expect(selling([offer({ sold: [-2, -1] })], { b: 1, s: 0 })).toEqual([]);
    expect(selling([offer({ sold: [-3, -1] })], { b: 1, s: 0 })).toEqual(["minRun"]);
    expect(selling([offer({ sold: [4] })], { b: 3, s: 2 })).toEqual([]);
    // What is sold before may be short by itself: it is no longer for sale.
    expect(selling([offer({ sold: [0] })], { b: 1, s: 2 })).toEqual(["minRun"]);
    expect(selling([offer({ sold: [9] })])).toEqual([]);
  });

  test("goes by merit order: of equal costs the lower id sells first, numbers before words", () => {
    const free = { pool: 0, from: 0, to: 4, q: 2, reserve: 10 };
    expect(selling([offer({ id: "b2" }), { ...free, id: "b1" }], { b: 1, s: 0 })).toEqual([]);
    expect(selling([offer({ id: "b0" }), { ...free, id: "b1" }], { b: 1, s: 0 })).toEqual(["minRun"]);
    expect(selling([offer({ id: "0" }), { ...free, id: 7 }], { b: 1, s: 0 })).toEqual([]);
    expect(selling([offer(), { ...free, id: "z", reserve: 9 }], { b: 1, s: 0 })).not.toContain("minRun");
  });

  test("asks of each step what is sold of it", () => {
    const steps = [offer({ of: "x", q: 1 }), offer({ id: "c", of: "x", q: 1 })];
    expect(selling(steps, { b: 0, s: 0 })).toEqual([]);
    expect(selling(steps, { b: 3, s: 0 })).toHaveLength(4);
  });
});

describe("rule 13, reclaimable", () => {
  const offers = [
    { id: "firm", pool: 0, from: 0, to: 4, q: 2, reserve: 10 },
    { id: "loan", pool: 0, from: 0, to: 4, q: 3, reserve: 10, reclaimable: true },
    { id: "far", pool: 1, from: 0, to: 4, q: 8, reserve: 10 },
  ];
  const bids = [
    bid(),
    bid({ reclaimable: true }),
    bid({ kind: "div", g: 3 }),
    bid({ reclaimable: false, g: 1 }),
  ];

  test("is kept if firm bids find firm cards, whatever the others hold", () => {
    expect(
      broken(
        bids,
        [0, 1].map((b) => ({ b, s: 0 })),
        [],
        { offers },
      ),
    ).toEqual([]);
    expect(broken(bids, [{ b: 1, s: 0 }], [{ b: 2, fills: [[0, 0, 0, 2]] }], { offers })).toEqual([]);
  });

  test("is broken by firm bids on more than the firm cards, divisible or not", () => {
    expect(
      broken(
        bids,
        [
          { b: 0, s: 0 },
          { b: 3, s: 0, q: 1 },
        ],
        [],
        { offers },
      ),
    ).toEqual(["reclaimable"]);
    expect(broken(bids, [], [{ b: 2, fills: [[0, 0, 0, 3]] }], { offers })).toEqual(["reclaimable"]);
    expect(broken(bids, [{ b: 0, s: 1 }], [{ b: 2, fills: [[0, 0, 1, 1]] }], { offers })).toEqual([
      "reclaimable",
    ]);
  });
});
