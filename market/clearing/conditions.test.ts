import { describe, expect, test } from "vitest";
import { clear } from "./clear.ts";
import { compileBook } from "./compile-book.ts";
import { demandAt, emptyDemand } from "./demand.ts";
import { pricesOf, tablesOf } from "./guide.ts";
import type { Bid, Book, Offer } from "./instance.ts";

/** Two centers of one product with 8 cards each at 10 mills, a line of 10 Gbps between them, ten slots of an hour. */
function market(bids: readonly Partial<Bid>[], more: Partial<Book> = {}): Book {
  const plain: Bid = { kind: "block", g: 4, d: 2, from: 0, to: 10, prods: [{ p: 0, limit: 50 }], home: 0 };
  return {
    T: 10,
    products: [{ name: "card", kw: 0 }],
    centers: [0, 1].map((region) => ({ region, pue: 1, energy: new Array<number>(10).fill(0) })),
    links: [{ a: 0, b: 1, gbps: 10, latMs: 5, perGB: 0 }],
    pools: [
      { c: 0, p: 0 },
      { c: 1, p: 0 },
    ],
    offers: [0, 1].map((pool) => ({ pool, from: 0, to: 10, q: 8, reserve: 10 })),
    bids: bids.map((bid) => ({ ...plain, ...bid })),
    ...more,
  };
}

const onlyHere = (offer: Partial<Offer> = {}): Partial<Book> => ({
  offers: [{ pool: 0, from: 0, to: 10, q: 8, reserve: 10, ...offer }],
});
const accepted = (book: Book) => clear(book).accepted.map(({ b }) => b);

describe("exclusive groups", () => {
  test("of a group the bid that is worth most wins, however much room there is", () => {
    const bids = [{ group: "a" }, { group: "a", prods: [{ p: 0, limit: 60 }] }, {}];
    expect(accepted(market(bids))).toEqual([1, 2]);
  });

  test("the bound counts one of them", () => {
    const result = clear(market([{ group: 1 }, { group: 1 }, { group: 1, kind: "div" }]));
    expect(result.welfare).toBe(4 * 2 * 40);
    expect(result.bound).toBe(result.welfare);
  });

  test("the second best wins where the best finds no room", () => {
    const bids = [{ group: "a", g: 9, prods: [{ p: 0, limit: 60 }] }, { group: "a" }];
    expect(accepted(market(bids))).toEqual([1]);
  });
});

describe("linked bids", () => {
  test("a child starts when its parent has ended", () => {
    const [parent, child] = clear(market([{ id: "p" }, { parent: "p" }])).accepted;
    expect(parent?.s).toBe(0);
    expect(child?.s).toBe(2);
  });

  test("a child wins nothing without its parent", () => {
    const poor = { id: "p", prods: [{ p: 0, limit: 5 }] };
    expect(accepted(market([poor, { id: "c", parent: "p" }, { parent: "c" }]))).toEqual([]);
  });

  test("a child whose parent ends too late for it stays out", () => {
    expect(
      accepted(
        market([
          { id: "p", from: 6, to: 10 },
          { parent: "p", to: 9 },
        ]),
      ),
    ).toEqual([0]);
  });
});

describe("services", () => {
  const service: Partial<Bid> = { kind: "service", g: 6, floor: 2, from: 2, to: 8 };

  test("a service has its floor throughout and what is left beyond it, in one pool", () => {
    // The gang of 8 - 3 cards leaves 3 for the service in slots 4 and 5.
    const gang = { g: 5, from: 4, to: 6, prods: [{ p: 0, limit: 500 }], pools: [0] };
    const { accepted: gangs, div } = clear(market([service, gang], onlyHere()));
    expect(gangs).toContainEqual({ b: 0, p: 0, s: 2, parts: [{ c: 0, q: 2 }] });
    const beyond = div[0]?.fills.map(([, , slot, cards]) => [slot, cards]);
    expect(beyond).toEqual([
      [2, 4],
      [3, 4],
      [4, 1],
      [5, 1],
      [6, 4],
      [7, 4],
    ]);
  });

  test("without its floor in every slot it has nothing", () => {
    const book = market([service], { offers: [{ pool: 0, from: 0, to: 7, q: 8, reserve: 10 }] });
    expect(clear(book)).toMatchObject({ accepted: [], div: [] });
  });

  test("a floor that is the ceiling is a block of the whole window", () => {
    const { accepted: gangs, div } = clear(market([{ ...service, floor: 6 }]));
    expect(gangs).toEqual([{ b: 0, p: 0, s: 2, parts: [{ c: 0, q: 6 }] }]);
    expect(div).toEqual([]);
  });
});

describe("staging ahead", () => {
  // Pangu's 40 TB over a line of 10 Gbps: nine hours.
  const pangu: Partial<Bid> = { dataGB: 40_000, d: 1, home: 1, pools: [0] };

  test("what a line cannot move in one slot it moves in nine", () => {
    expect(accepted(market([pangu]))).toEqual([]);
    expect(clear(market([{ ...pangu, stage: 9 }])).accepted[0]).toMatchObject({ s: 9 });
  });

  test("two of them do not share the line, and the price of it says so", () => {
    const bids = [
      { ...pangu, stage: 9 },
      { ...pangu, stage: 9, prods: [{ p: 0, limit: 60 }] },
    ];
    const result = clear(market(bids));
    expect(result.accepted.map(({ b }) => b)).toEqual([1]);
    expect(Math.max(...(result.linkPrices["0"] ?? []))).toBeGreaterThan(0);
  });
});

describe("cards that may be reclaimed", () => {
  const half: Partial<Book> = {
    offers: [
      { pool: 0, from: 0, to: 10, q: 4, reserve: 10, reclaimable: true },
      { pool: 0, from: 0, to: 10, q: 4, reserve: 20 },
    ],
  };

  test("go to bids that allow it only", () => {
    const whole = { d: 10 };
    expect(accepted(market([whole, whole], half))).toEqual([0]);
    expect(accepted(market([whole, { ...whole, reclaimable: true }], half))).toEqual([0, 1]);
  });

  test("a div bid takes as many firm cards as there are", () => {
    const { div } = clear(market([{ kind: "div", g: 8, d: 10 }], half));
    expect(div[0]?.fills.map(([, , , cards]) => cards)).toEqual(new Array(10).fill(4));
  });

  describe("and a bid for more firm cards than there are", () => {
    const offers: Offer[] = [
      { pool: 0, from: 0, to: 10, q: 16, reserve: 336 },
      { pool: 0, from: 0, to: 10, q: 8, reserve: 46, reclaimable: true },
    ];
    const winner: Partial<Bid> = { g: 20, d: 10, to: 10, prods: [{ p: 0, limit: 900 }], reclaimable: true };
    const cleared = (...others: Partial<Bid>[]) => clear(market([winner, ...others], { offers }));
    const alone = cleared();

    test.each([
      ["a block", { g: 20, d: 2, to: 4 }],
      ["a block for more than all cards", { g: 25, d: 2, to: 4 }],
      ["a service", { kind: "service", g: 20, floor: 17, to: 4 }],
      ["a block that gains more", { g: 20, d: 2, to: 4, prods: [{ p: 0, limit: 5000 }] }],
    ] as const)("leaves price, winners and bound as they are: %s", (_, bid) => {
      expect(cleared({ prods: [{ p: 0, limit: 900 }], ...bid })).toEqual(alone);
    });

    test.each([
      ["a block", { g: 17 }, 0],
      ["a split", { kind: "split", g: 21 }, 0],
      ["a split that both pools have cards for", { kind: "split", g: 20 }, 2 * (16 * 500 + 4 * 890)],
      ["a divisible bid", { kind: "div", g: 30 }, 2 * (16 * 500 + 4 * 890)],
    ] as const)("gains nothing by others at any prices: %s", (_, wish, surplus) => {
      const elsewhere = { pool: 1, from: 0, to: 10, q: 4, reserve: 10 };
      const bid: Partial<Bid> = { d: 2, to: 2, prods: [{ p: 0, limit: 900 }], ...wish };
      const model = compileBook(market([bid], { offers: [...offers, elsewhere] }));
      const [demand, prices] = [emptyDemand(model), pricesOf(model)];
      prices.cells.fill(400, 0, 10);
      demandAt(model, tablesOf(model, prices), demand);
      expect(demand.surplus[0]).toBe(surplus);
    });

    test("raises the price of a divisible bid's neighbours only where it lacks cards that they have", () => {
      // All eight cards that may be reclaimed are its neighbour's, all firm ones its own.
      const neighbour: Partial<Bid> = { ...winner, g: 8, prods: [{ p: 0, limit: 500 }] };
      const divisible: Partial<Bid> = { kind: "div", g: 40, d: 10, to: 10, prods: [{ p: 0, limit: 900 }] };
      const { prices, div } = clear(market([neighbour, divisible], { offers }));
      expect(div[0]?.fills.every(([, , , cards]) => cards === 16)).toBe(true);
      expect(prices[0]).toEqual(new Array(10).fill(336));
    });
  });
});

describe("minimum runs", () => {
  test("an offer sells in so many slots in a row or not at all", () => {
    expect(accepted(market([{ d: 2 }], onlyHere({ minRun: 3 })))).toEqual([]);
    expect(accepted(market([{ d: 3 }], onlyHere({ minRun: 3 })))).toEqual([0]);
  });

  test("bids side by side make a run, and so do slots that were sold before", () => {
    const two = [
      { d: 2, from: 4, to: 6 },
      { d: 1, from: 6, to: 7 },
    ];
    expect(accepted(market(two, onlyHere({ minRun: 3 })))).toEqual([0, 1]);
    expect(accepted(market([{ d: 2, to: 2 }], onlyHere({ minRun: 3, sold: [-1] })))).toEqual([0]);
  });

  test("pieces of one offer count together, and a dearer offer waits behind it", () => {
    const offers = [
      { id: "a@0", of: "a", pool: 0, from: 0, to: 2, q: 8, reserve: 10, minRun: 4 },
      { id: "a@2", of: "a", pool: 0, from: 2, to: 10, q: 4, reserve: 10, minRun: 4 },
      { id: "b", pool: 0, from: 0, to: 10, q: 8, reserve: 20 },
    ];
    expect(accepted(market([{ d: 4, to: 4 }], { offers }))).toEqual([0]);
    expect(accepted(market([{ d: 2, to: 4 }], { offers }))).toEqual([]);
  });
});

test("which of two offers at one cost is cut does not depend on their order", () => {
  const offers = [
    { id: "a", pool: 0, from: 0, to: 2, q: 6, reserve: 10 },
    { id: "b", pool: 0, from: 1, to: 7, q: 8, reserve: 10, minRun: 4, reclaimable: true },
  ];
  const bids: Partial<Bid>[] = [
    { id: "x", kind: "div", g: 2, d: 1, from: 1, to: 7, reclaimable: true },
    { id: "y", kind: "div", g: 6, d: 3, from: 1, to: 6 },
  ];
  const other = clear(market(bids, { offers: offers.toReversed() }));
  expect(other).toEqual(clear(market(bids, { offers })));
});
