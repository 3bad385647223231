import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { LinkId } from "../../events/catalog/values.ts";
import {
  ascend,
  awardTo,
  bookAfter,
  cancelled,
  clearAt,
  fill,
  gateIn,
  held,
  instanceOf,
  joined,
  link,
  linked,
  offered,
  placementId,
  queued,
  seePage,
  sell,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { clear } from "../clearing/clear.ts";
import { awardPages, awardsOf, holdOf } from "./awards.ts";
import type { BookState } from "./book-state.ts";
import type { Gate } from "./gates.ts";

const market = [joined(xian), joined(wuhan), offered()];

/** All that the next auction would publish. */
function publishedAt(book: BookState, gate: Gate = gateIn(99)) {
  const instance = instanceOf(book, gate);
  return awardsOf(instance, clear(instance.book), 1);
}

describe("an award of a gang", () => {
  test("says where, when, how many and at what price", () => {
    const book = bookAfter(...market, ...queued("train", { from: 102 }));
    expect(clearAt(book).awards).toEqual([
      {
        ...awardTo("train", 1),
        placement: placementId("train", 1),
        from: 102,
        to: 112,
        fills: [{ center: xian, product: ascend, from: 102, to: 112, cards: 8, price: 100 }],
        value: String(8 * 10 * 100),
      },
    ]);
  });

  test("has one fill for each range of the same price", () => {
    const dear = offered("dear", { from: 104, cards: 8, reserve: 140 });
    const cheap = offered("cheap", { to: 104, cards: 8 });
    const book = bookAfter(joined(xian), cheap, dear, ...queued("train", { to: 110 }));
    expect(clearAt(book).awards).toMatchObject([
      {
        from: 100,
        to: 110,
        fills: [
          { from: 100, to: 104, price: 100 },
          { from: 104, to: 110, price: 140 },
        ],
        value: String(8 * (4 * 100 + 6 * 140)),
      },
    ]);
  });

  test("of the forward session counts slots, and prices by the card-hour", () => {
    const forward = { session: "forward", slots: 20, from: 110, to: 130 } as const;
    const book = bookAfter(...market, ...queued("train", forward));
    expect(clearAt(book, gateIn(98, "forward")).awards).toMatchObject([
      { session: "forward", from: 110, to: 130, fills: [fill({ from: 110, to: 130 })], value: "16000" },
    ]);
  });

  test("tells a continuation by its stretch, and the session that awarded it", () => {
    const forward = { session: "forward", extendLimit: 200, from: 100, to: 110 } as const;
    const book = bookAfter(...market, ...queued("train", forward));
    sell(book, gateIn(98, "forward"));
    seePage(book, [held("train", 200 * 8 * 10, 2)]);
    expect(clearAt(book, gateIn(109)).awards).toMatchObject([
      { placement: "train.2", session: "spot", stretch: 2, continues: true, from: 110, to: 120 },
    ]);
  });
});

describe("links of an award", () => {
  const lines = [joined(xian), joined(wuhan), linked(xian, link(wuhan, { gbps: 10, perGB: 3 }))];
  const away = offered("w", { center: wuhan });

  test("stage the data in the first unit, at the line's price by the GB", () => {
    const book = bookAfter(...lines, away, ...queued("train", { dataGB: 45 }));
    const line = LinkId.parse("xian~wuhan");
    expect(clearAt(book).awards.map(({ links }) => links)).toEqual([
      [{ link: line, from: 100, to: 101, gigabits: 360, charge: "0", transfer: "135" }],
    ]);
    const spec = { session: "forward", dataGB: 46, from: 100, to: 110 } as const;
    const forward = bookAfter(...lines, away, ...queued("train", spec));
    expect(clearAt(forward, gateIn(98, "forward")).awards.map(({ links }) => links)).toEqual([
      [{ link: line, from: 100, to: 110, gigabits: 37, charge: "0", transfer: "138" }],
    ]);
  });

  test("are none at home, or without data", () => {
    const none = (...events: DomainEvent[]) =>
      clearAt(bookAfter(...lines, ...events)).awards.map(({ links }) => links);
    expect(none(offered(), ...queued("train", { dataGB: 45 }))).toEqual([[]]);
    expect(none(away, ...queued("train"))).toEqual([[]]);
  });

  test("keep bandwidth between the two centers of a split gang, whichever way the line was declared", () => {
    const split = { chunk: 4, bandwidthGbps: 5, syncLatencyMs: 9 };
    const offers = [offered("x", { cards: 4 }), offered("w", { center: wuhan, cards: 4 })];
    const book = bookAfter(...lines, ...offers, ...queued("train", { kind: "split", split, dataGB: 9 }));
    const [award] = clearAt(book).awards;
    expect(award?.fills.map(({ center, cards }) => [center, cards])).toEqual([
      [wuhan, 4],
      [xian, 4],
    ]);
    expect(award?.links).toMatchObject([
      { from: 100, to: 101, gigabits: 72, transfer: "27" },
      { from: 100, to: 110, gigabits: 5 * 360, transfer: "0" },
    ]);
  });

  test("are charged where a line is exhausted", () => {
    const links = linked(xian, link(wuhan, { gbps: 1 }));
    const away = offered("w", { center: wuhan, cards: 16, reserve: 50 });
    const wide = { cards: 8, dataGB: 45, slots: 1, to: 101 };
    const events = [...queued("one", wide), ...queued("two", wide)];
    const book = bookAfter(joined(xian), joined(wuhan), links, offered(), away, ...events);
    const { awards, linkPrices } = publishedAt(book);
    expect(awards.map(({ fills }) => fills[0]?.center)).toEqual([wuhan, xian]);
    // To be where a card costs 50 less is worth 8 x 50 mills to both, and only one can move.
    expect(awards[0]?.links).toMatchObject([{ gigabits: 360, charge: "400" }]);
    expect(linkPrices).toEqual([{ link: "xian~wuhan", from: 100, to: 101, price: 400 }]);
  });
});

describe("links of an award that stages its data ahead", () => {
  const line = LinkId.parse("xian~wuhan");
  const lines = [joined(xian), joined(wuhan), linked(xian, link(wuhan, { gbps: 10, perGB: 1 }))];
  const away = offered("w", { center: wuhan, to: 400, cards: 64 });

  test("take equal parts of it in the slots before the start, and all of it", () => {
    const book = bookAfter(...lines, away, ...queued("train", { dataGB: 1001, stageSlots: 3 }));
    expect(clearAt(book).awards).toMatchObject([
      {
        from: 103,
        to: 113,
        links: [{ link: line, from: 100, to: 103, gigabits: 2670, charge: "0", transfer: "1001" }],
      },
    ]);
  });

  test("carry what no single slot could: Pangu's 40 TB in nine hours of a 10 Gbps line, not in eight", () => {
    const pangu = { session: "forward", dataGB: 40_000, cards: 64, from: 100, to: 400 } as const;
    const awarded = (stageSlots: number) =>
      clearAt(bookAfter(...lines, away, ...queued("pangu", { ...pangu, stageSlots })), gateIn(98, "forward"))
        .awards;
    expect(awarded(90)).toMatchObject([
      {
        from: 190,
        to: 200,
        // 320,000 gigabits in 9 hours are 35,556 an hour, of 36,000.
        links: [{ from: 100, to: 190, gigabits: 3556, transfer: "40000" }],
      },
    ]);
    expect([awarded(80), awarded(0)]).toEqual([[], []]);
  });

  test("are charged the prices of all their slots, rounded down once", () => {
    const book = bookAfter(...lines, away, ...queued("train", { dataGB: 1001, stageSlots: 3 }));
    const instance = instanceOf(book);
    const result = { ...clear(instance.book), linkPrices: { "0": [7, 0, 5, 9000] } };
    // 2,670 gigabits in each slot of 360 s are 7.41 Gbps: 12 x 7.41.
    expect(awardsOf(instance, result, 1).awards[0]?.links).toMatchObject([{ charge: "89" }]);
  });

  test("are taken from later auctions, until the job gives up", () => {
    const book = bookAfter(...lines, away, ...queued("train", { dataGB: 1350, stageSlots: 3 }));
    sell(book);
    const free = (gate: number) => instanceOf(book, gateIn(gate)).book.links.map(({ gbps }) => gbps);
    expect([free(99), free(101), free(102)]).toEqual([[0], [0], [10]]);
    seePage(book, [cancelled("train", 101, 1)]);
    expect([free(99), free(100)]).toEqual([[0], [10]]);
  });
});

describe("an award of a service", () => {
  test("is one: its floor and what it has beyond it, slot by slot", () => {
    const offers = [
      offered("a", { cards: 4 }),
      offered("b", { from: 103, to: 106, cards: 2, reserve: 150 }),
      offered("c", { from: 105, cards: 9, reserve: 260 }),
    ];
    const web = { kind: "service", floor: 4, to: 110 } as const;
    const book = bookAfter(joined(xian), joined(wuhan), ...offers, ...queued("web", web));
    const { awards } = clearAt(book);
    expect(awards).toMatchObject([{ job: "web", from: 100, to: 110, links: [] }]);
    const cards = awards[0]?.fills.map(({ center, from, to, cards: own }) => [center, from, to, own]);
    // The dear ones are beyond the limit.
    expect(merged(cards ?? [])).toEqual([
      [xian, 100, 103, 4],
      [xian, 103, 106, 6],
      [xian, 106, 110, 4],
    ]);
  });

  test("is none below the floor", () => {
    const short = [
      offered("a", { cards: 4, to: 109 }),
      offered("b", { cards: 3, from: 109 }),
      offered("w", { center: wuhan, cards: 3, reserve: 10 }),
    ];
    const web = { kind: "service", floor: 4, to: 110 } as const;
    expect(clearAt(bookAfter(joined(xian), joined(wuhan), ...short, ...queued("web", web))).awards).toEqual(
      [],
    );
  });

  test("of a week by the hour lists no more fills than an award can", () => {
    const hours = Array.from({ length: 168 }, (_, hour) =>
      offered(`o${hour}`, {
        from: 100 + hour * 10,
        to: 110 + hour * 10,
        cards: 4 + (hour % 5),
        reserve: 100 + hour,
      }),
    );
    const web = {
      kind: "service",
      session: "forward",
      floor: 4,
      slots: 1680,
      to: 1780,
      maxSlots: 1680,
    } as const;
    const { awards } = clearAt(
      bookAfter(
        joined(xian),
        ...hours,
        ...queued("web", { ...web, products: [{ product: ascend, limit: 400 }] }),
      ),
      gateIn(98, "forward"),
    );
    expect(awards[0]?.fills.length).toBeGreaterThan(160);
    expect(awards[0]?.fills.length).toBeLessThanOrEqual(168);
  });

  /** Neighbouring fills of the same cards as one, whatever their prices. */
  function merged(
    fills: readonly (readonly [string, number, number, number])[] | readonly (string | number)[][],
  ) {
    const found: (string | number)[][] = [];
    for (const one of fills) {
      const last = found.at(-1);
      if (last !== undefined && last[2] === one[1] && last[3] === one[3] && last[0] === one[0])
        found[found.length - 1] = [last[0] ?? "", last[1] ?? 0, one[2] ?? 0, one[3] ?? 0];
      else found.push([...one]);
    }
    return found;
  }
});

describe("an award of a divisible job", () => {
  test("joins neighbouring slots of the same cards, and spans from its first to its last", () => {
    const offers = [
      offered("a", { to: 103, cards: 2 }),
      offered("b", { from: 105, to: 107, cards: 3, reserve: 90 }),
      offered("w", { center: wuhan, from: 106, to: 108, cards: 1 }),
    ];
    const fleet = queued("fleet", { kind: "div", cards: 4, slots: 20, to: 140, maxSlots: 60 });
    const book = bookAfter(joined(xian), joined(wuhan), ...offers, ...fleet);
    // All is sold out to one bid, which would have taken more at its limit.
    expect(clearAt(book).awards).toMatchObject([
      {
        from: 100,
        to: 108,
        fills: [
          { center: xian, from: 100, to: 103, cards: 2, price: 250 },
          { center: xian, from: 105, to: 107, cards: 3, price: 250 },
          { center: wuhan, from: 106, to: 108, cards: 1, price: 250 },
        ],
        links: [],
        value: String((6 + 6 + 2) * 250),
      },
    ]);
  });
});

describe("prices", () => {
  test("say what was sold; where nothing was they are indications", () => {
    const book = bookAfter(...market, ...queued("train", { slots: 2, to: 102 }), ...queued("late"));
    const { prices } = publishedAt(bookAfter(joined(xian), offered("a", { to: 104 })));
    expect(prices).toEqual([{ center: xian, product: ascend, from: 100, to: 104, price: 100, sold: 0 }]);
    expect(publishedAt(book).prices).toMatchObject([
      { from: 100, to: 102, sold: 16 },
      { from: 102, to: 110, sold: 8 },
      { from: 110, to: 140, price: 100, sold: 0 },
    ]);
  });

  test("of the forward session are by the card-hour, too", () => {
    const book = bookAfter(...market, ...queued("train", { session: "forward", to: 110 }));
    expect(publishedAt(book, gateIn(98, "forward")).prices).toMatchObject([
      { from: 100, to: 110, price: 100, sold: 8 },
      { from: 110, to: 200, price: 100, sold: 0 },
    ]);
  });

  test("never exceed the cap, even where reserve and energy together do", () => {
    const energy = new Array<number>(24).fill(10_000);
    const book = bookAfter(joined(wuhan, { energy }), offered("a", { center: wuhan, reserve: 10_000 }));
    seePage(book, [joined(xian), offered()]);
    const page = publishedAt(book);
    expect(page.prices).toMatchObject([{ center: xian, price: 100 }]);
    const data = { auction: 1, page: 0, ...page };
    expect(parseEvent("AwardsPublished", data)).toEqual({ type: "AwardsPublished", data });
  });
});

test("the hold of an award is what the book holds for its stretch", () => {
  const book = bookAfter(...market, ...queued("train"));
  const { awards } = clearAt(book);
  expect(awards.map((award) => holdOf(book, award))).toEqual(["20000"]);
  expect(holdOf(book, awardTo("stranger", 1))).toBe("0");
});

describe("pages of awards", () => {
  const award = awardTo("train", 1);
  const price = { center: xian, product: ascend, from: 100, to: 110, price: 100, sold: 8 };
  const linkPrice = { link: LinkId.parse("xian~wuhan"), from: 100, to: 110, price: 7 };

  test("there is one, even if nobody won", () => {
    const nothing = { awards: [], prices: [], linkPrices: [] };
    expect(awardPages(nothing)).toEqual([nothing]);
    const few = { awards: [award], prices: [price], linkPrices: [linkPrice] };
    expect(awardPages(few)).toEqual([few]);
  });

  test("hold everything once, in order, each within a commit's size", () => {
    const awards = Array.from({ length: 600 }, (_, i) => awardTo(`job-${i}`, 1));
    const prices = Array.from({ length: 1500 }, (_, i) => ({ ...price, from: 100 + i, to: 101 + i }));
    const linkPrices = Array.from({ length: 700 }, (_, i) => ({ ...linkPrice, from: 100 + i, to: 101 + i }));
    const pages = awardPages({ awards, prices, linkPrices });
    expect(pages.flatMap((page) => page.awards)).toEqual(awards);
    expect(pages.flatMap((page) => page.prices)).toEqual(prices);
    expect(pages.flatMap((page) => page.linkPrices)).toEqual(linkPrices);
    for (const page of pages) {
      expect(page.awards.length).toBeLessThanOrEqual(250);
      expect(JSON.stringify(page).length).toBeLessThan(80_100);
    }
  });

  test("a single award of any size has its place", () => {
    const wide = awardTo(
      "fleet",
      1,
      Array.from({ length: 1500 }, (_, i) => fill({ from: 100 + i, to: 101 + i })),
    );
    const pages = awardPages({ awards: [award, wide, award], prices: [], linkPrices: [] });
    expect(pages.map((page) => page.awards.length)).toEqual([1, 1, 1]);
  });
});
