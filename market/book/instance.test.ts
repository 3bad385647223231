import { describe, expect, test } from "vitest";
import { OwnerId, Period } from "../../events/catalog/values.ts";
import {
  a100,
  ascend,
  awardTo,
  bidders,
  bookAfter,
  clearAt,
  fill,
  gateIn,
  held,
  instanceOf,
  joined,
  link,
  linked,
  offered,
  queued,
  seal,
  seePage,
  sell,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { validateBook } from "../clearing/validate.ts";
import { periodStart, SLOTS_PER_DAY } from "../time.ts";

const both = { pools: [ascend, a100].map((product) => ({ product, cards: 64, frameworks: [] })) };
const market = [joined(wuhan), joined(xian, both), offered()];

describe("the problem of a gate", () => {
  test("counts slots from the gate's first, and money per slot", () => {
    const book = bookAfter(...market, ...queued("train", { from: 101 }));
    const { book: problem, ...rest } = instanceOf(book);
    expect(problem).toMatchObject({ T: 40, slotSeconds: 360, tick: 1 });
    expect(problem.pools).toEqual([
      { c: 0, p: 0 },
      { c: 1, p: 0 },
      { c: 1, p: 1 },
    ]);
    expect(problem.offers).toEqual([{ id: "offer-1@0", pool: 1, from: 0, to: 40, q: 16, reserve: 100 }]);
    expect(problem.bids).toMatchObject([
      { id: "train", kind: "block", g: 8, d: 10, from: 1, to: 12, prods: [{ p: 0, limit: 250 }], home: 1 },
    ]);
    expect(rest.centers.map(({ spec }) => spec.center)).toEqual([wuhan, xian]);
    expect(validateBook(problem)).toEqual([]);
  });

  test("has hours as units in the forward session, and ten times the money", () => {
    const forward = { session: "forward", slots: 20, from: 105, to: 200 } as const;
    const book = bookAfter(...market, offered("b", { from: 115, to: 139 }), ...queued("train", forward));
    const { book: problem, grain } = instanceOf(book, gateIn(98, "forward"));
    expect([grain, problem.T, problem.slotSeconds, problem.tick]).toEqual([10, 168, 3600, 10]);
    expect(problem.offers).toMatchObject([
      { id: "b@2", from: 2, to: 3, q: 16, reserve: 1000 },
      { id: "offer-1@0", from: 0, to: 10, q: 16, reserve: 1000 },
    ]);
    expect(problem.bids).toMatchObject([{ d: 2, from: 1, to: 10, prods: [{ limit: 2500 }] }]);
    expect(validateBook(problem)).toEqual([]);
  });

  test("begins where the session's last auction ended, as far as its prices reach and cards were sold at them", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book, gateIn(99));
    const { warm } = instanceOf(book, gateIn(101));
    expect(warm.prices).toEqual({ "1": [...new Array(8).fill(100), ...new Array(32).fill(0)] });
    expect(instanceOf(book, gateIn(101, "forward")).warm.prices).toEqual({});
  });

  test("knows what energy costs in each hour of the market's day", () => {
    const energy = Array.from({ length: 24 }, (_, hour) => hour * 100);
    const midnight = periodStart(Period.parse("2026-01-06"));
    const book = bookAfter(joined(xian, { energy, puePermille: 1250 }));
    const [spot] = instanceOf(book, gateIn(midnight - 11)).book.centers;
    expect(spot?.pue).toBe(1.25);
    expect(spot?.energy.slice(0, 21)).toEqual([...new Array(10).fill(2300), ...new Array(10).fill(0), 100]);
    const [forward] = instanceOf(book, gateIn(midnight - 22, "forward")).book.centers;
    expect(forward?.energy.slice(0, 4)).toEqual([2200, 2300, 0, 100]);
    expect(forward?.energy).toHaveLength((7 * SLOTS_PER_DAY) / 10);
  });

  test("sells no card in an hour in which energy lifts its cost above the cap, whatever a gang would bear", () => {
    const energy = Array.from({ length: 24 }, (_, hour) => (hour % 2) * 200);
    const dear = offered("dear", { cards: 8, from: 95, to: 125, reserve: 10_000 });
    const book = bookAfter(joined(xian, { energy }), dear, offered("cheap", { cards: 2 }));
    const steps = (gate = gateIn(94)) =>
      instanceOf(book, gate).book.offers.map(({ from, to, q }) => [from, to, q]);
    // Energy is free in slots 100 to 110 and 120 to 130, and costs 10 mills a card and slot around them.
    expect(steps()).toEqual([
      [5, 40, 2],
      [5, 15, 8],
      [25, 30, 8],
    ]);
    expect(steps(gateIn(98, "forward"))).toEqual([
      [0, 10, 2],
      [0, 1, 8],
    ]);
    const gang = { cards: 10, slots: 12, from: 100, to: 112, products: [{ product: ascend, limit: 10_000 }] };
    seePage(book, [offered("low", { cards: 10, to: 110 }), ...queued("train", gang)]);
    expect(validateBook(instanceOf(book).book)).toEqual([]);
    expect(clearAt(book).awards).toEqual([]);
  });

  test("does not depend on the order in which centers, offers and requests came", () => {
    const facts = [...market, offered("b"), ...queued("x"), ...queued("y", { cards: 3 })];
    const admissions = facts.filter(({ type }) => type === "JobAdmitted");
    const others = facts.filter(({ type }) => type !== "JobAdmitted");
    const forwards = bookAfter(...others, ...admissions);
    const backwards = bookAfter(...others.reverse(), ...admissions);
    expect(bidders(forwards)).toEqual(["x", "y"]);
    expect(instanceOf(backwards).book).toEqual(instanceOf(forwards).book);
  });
});

describe("the first bid of a spot job", () => {
  test("starts in one of the first three slots on sale", () => {
    const book = bookAfter(...market, ...queued("train", { to: 140 }));
    expect(instanceOf(book).book.bids).toMatchObject([{ d: 10, from: 0, to: 12 }]);
    expect(bidders(book, gateIn(96))).toEqual([]);
    expect(instanceOf(book, gateIn(97)).book.bids).toMatchObject([{ d: 10, from: 2, to: 12 }]);
    expect(instanceOf(book, gateIn(128)).book.bids).toMatchObject([{ d: 10, from: 0, to: 11 }]);
    expect(bidders(book, gateIn(130))).toEqual([]);
  });

  test("of the whole horizon starts in the first", () => {
    const book = bookAfter(...market, ...queued("train", { slots: 40, to: 180 }));
    expect(instanceOf(book).book.bids).toMatchObject([{ d: 40, from: 0, to: 40 }]);
  });

  test("has the job's wishes", () => {
    const spec = {
      kind: "split",
      split: { chunk: 4, bandwidthGbps: 10, syncLatencyMs: 8 },
      products: [
        { product: ascend, limit: 250 },
        { product: a100, limit: 400 },
      ],
      dataGB: 30,
      maxLatencyMs: 12,
    } as const;
    const book = bookAfter(...market, ...queued("train", { ...spec, products: [...spec.products] }));
    expect(instanceOf(book).book.bids).toMatchObject([
      {
        kind: "split",
        kmax: 2,
        chunk: 4,
        bw: 10,
        syncLat: 8,
        dataGB: 30,
        maxLat: 12,
        pools: [0, 1, 2],
        prods: [
          { p: 0, limit: 250 },
          { p: 1, limit: 400 },
        ],
      },
    ]);
  });
});

describe("the pools of a bid", () => {
  const poolsOf = (changed: Parameters<typeof queued>[1], owner?: OwnerId) => {
    const mindspore = [{ product: ascend, cards: 64, frameworks: ["mindspore", "pytorch"] }];
    const book = bookAfter(
      joined(wuhan, { region: "Hubei", pools: mindspore }),
      joined(xian, { ...both, region: "Shaanxi", homeRegions: ["Ningxia"] }),
      ...queued("train", changed, owner),
    );
    return instanceOf(book).book.bids.map(({ pools }) => pools);
  };

  test("have one of its products", () => {
    expect(poolsOf({})).toEqual([[0, 1]]);
    expect(poolsOf({ products: [{ product: a100, limit: 10 }] })).toEqual([[2]]);
  });

  test("lie in one of its regions, or serve one", () => {
    expect(poolsOf({ regions: ["Hubei", "Tibet"] })).toEqual([[0]]);
    expect(poolsOf({ regions: ["Ningxia"] })).toEqual([[1]]);
    expect(poolsOf({ regions: ["Tibet"] })).toEqual([]);
  });

  test("have all its frameworks", () => {
    expect(poolsOf({ frameworks: ["pytorch", "mindspore"] })).toEqual([[0]]);
    expect(poolsOf({ frameworks: ["pytorch", "jax"] })).toEqual([]);
  });

  test("are not its owner's own", () => {
    expect(poolsOf({}, OwnerId.parse("xian-owner"))).toEqual([[0]]);
  });
});

describe("a continuation", () => {
  const running = { slots: 20, from: 100, to: 130, extendLimit: 180, dataGB: 30 };

  function runningBook(changed: Parameters<typeof queued>[1] = {}, funds = 180 * 8 * 38) {
    const links = linked(xian, link(wuhan));
    const book = bookAfter(
      ...market,
      links,
      offered("w", { center: wuhan, reserve: 50 }),
      ...queued("train", { ...running, ...changed }),
      ...queued("other"),
    );
    seal(book, gateIn(99), awardTo("train", 1, [fill({ to: 120 })]));
    seePage(book, [held("train", funds, 2)]);
    return book;
  }

  test("starts at the end of the award, where the job runs, up to its own limit, before all first bids in ties", () => {
    const { book: problem, bidders: who } = instanceOf(runningBook(), gateIn(115));
    expect(who.map(({ job, continues }) => [job.job, continues])).toEqual([
      ["train", true],
      ["other", false],
    ]);
    const [bid, other] = problem.bids;
    expect(bid).toEqual({
      id: "train",
      kind: "block",
      g: 8,
      d: 20,
      from: 4,
      to: 24,
      prods: [{ p: 0, limit: 180 }],
      home: 1,
      pools: [1],
      rank: 1,
    });
    expect(other?.rank).toBeGreaterThan(1_000_000_000);
  });

  test("beats equal first bids", () => {
    const book = runningBook({ extendLimit: 250 }, 250 * 8 * 38);
    const equal = { slots: 20, from: 120, to: 140, regions: ["xian"] };
    seePage(book, [...queued("a", equal), ...queued("b", equal), ...queued("c", equal)]);
    const won = clearAt(book, gateIn(119)).awards.map(({ job, continues }) => [job, continues]);
    expect(won).toEqual([
      ["train", true],
      ["other", false],
      ["a", false],
    ]);
  });

  test("is as long as all awards before, within the gate and the longest time", () => {
    const long = runningBook({ slots: 38, maxSlots: 100 });
    seal(long, gateIn(100), awardTo("train", 2, [fill({ from: 120, to: 138 })], extension));
    seePage(long, [held("train", 180 * 8 * 38, 3)]);
    expect(instanceOf(long, gateIn(137)).book.bids).toMatchObject([{ d: 38, from: 0, to: 38 }]);
    // Of 38 slots only 31 are on sale nine slots earlier.
    expect(instanceOf(long, gateIn(128)).book.bids).toMatchObject([{ d: 31, from: 9, to: 40 }]);
    const short = runningBook({ maxSlots: 33 });
    expect(instanceOf(short, gateIn(119)).book.bids).toMatchObject([{ d: 13 }, {}]);
    expect(bidders(runningBook({ maxSlots: 20 }), gateIn(119))).toEqual(["other"]);
  });

  const extension = { continues: true, stretch: 2 };

  test("is not in the book without its hold", () => {
    expect(bidders(runningBook({}, 180 * 8 * 20 - 1), gateIn(119))).toEqual(["other"]);
    expect(bidders(runningBook({}, 180 * 8 * 20), gateIn(119))).toEqual(["train", "other"]);
  });

  test("of a split job bids for its two pools again", () => {
    const split = { chunk: 4, bandwidthGbps: 10, syncLatencyMs: 8 };
    const spec = { kind: "split", split, extendLimit: 180, slots: 10 } as const;
    const book = bookAfter(...market, linked(xian, link(wuhan)), ...queued("train", spec));
    const fills = [fill({ cards: 4 }), fill({ center: wuhan, cards: 4 })];
    seal(book, gateIn(99), awardTo("train", 1, fills));
    seePage(book, [held("train", 180 * 8 * 10, 2)]);
    expect(instanceOf(book, gateIn(109)).book.bids).toMatchObject([
      { kind: "split", kmax: 2, chunk: 4, bw: 10, syncLat: 8, home: 0, pools: [0, 1] },
    ]);
  });

  test("of a forward award is cleared at the forward gate before its end, then at the spot gates that are left", () => {
    const forward = { session: "forward", slots: 20, extendLimit: 180, from: 100, to: 200 } as const;
    const book = bookAfter(...market, ...queued("train", forward));
    sell(book, gateIn(98, "forward"));
    seePage(book, [held("train", 180 * 8 * 20, 2)]);
    const session = (gate: number, of: "spot" | "forward") =>
      instanceOf(book, gateIn(gate, of)).book.bids.map(({ d, from }) => [d, from]);
    expect(session(108, "forward")).toEqual([]);
    expect(session(118, "forward")).toEqual([[2, 0]]);
    expect([117, 118, 119, 120].map((gate) => session(gate, "spot"))).toEqual([[], [[20, 1]], [[20, 0]], []]);
  });
});

describe("a service", () => {
  const web = { kind: "service", floor: 3, from: 102, to: 112 } as const;
  const bidAt = (gate: number, changed: Parameters<typeof queued>[1] = {}) =>
    instanceOf(bookAfter(...market, ...queued("web", { ...web, ...changed })), gateIn(gate)).book.bids.map(
      ({ from, to }) => [gate + 1 + from, gate + 1 + to],
    );

  test("bids for its whole window from its floor to its ceiling, once a gate sells its start", () => {
    const book = bookAfter(...market, ...queued("web", web));
    expect(instanceOf(book).book.bids).toMatchObject([
      { kind: "service", floor: 3, g: 8, from: 2, to: 12, home: 1 },
    ]);
    expect([98, 99, 100, 101].map((gate) => bidAt(gate))).toEqual([
      [],
      [[102, 112]],
      [[102, 112]],
      [[102, 112]],
    ]);
  });

  test("bids for what is left of its window when that has begun", () => {
    expect([102, 110, 111].map((gate) => bidAt(gate))).toEqual([[[103, 112]], [[111, 112]], []]);
  });

  test("in forward bids for the whole hours that are left", () => {
    const book = bookAfter(
      ...market,
      ...queued("web", { ...web, session: "forward", from: 100, to: 130, slots: 30 }),
    );
    const units = (gate: number) =>
      instanceOf(book, gateIn(gate, "forward")).book.bids.map(({ from, to }) => [from, to]);
    expect([98, 108, 118, 128].map(units)).toEqual([[[0, 3]], [[0, 2]], [[0, 1]], []]);
  });

  test("goes on with the same floor and ceiling", () => {
    const book = bookAfter(...market, ...queued("web", { ...web, extendLimit: 180 }));
    seal(book, gateIn(99), awardTo("web", 1, [fill({ from: 102, to: 112, cards: 5 })]));
    seePage(book, [held("web", 180 * 8 * 10, 2)]);
    expect(instanceOf(book, gateIn(110)).book.bids).toMatchObject([
      { kind: "service", floor: 3, g: 8, from: 1, to: 11, prods: [{ limit: 180 }] },
    ]);
  });
});

describe("a job that stages its data", () => {
  const staged = { dataGB: 100, stageSlots: 4, to: 180 };

  test("begins to move it in one of the first three slots of spot", () => {
    const book = bookAfter(...market, ...queued("train", staged));
    expect(instanceOf(book).book.bids).toMatchObject([{ d: 10, stage: 4, from: 4, to: 16 }]);
  });

  test("counts hours in forward, and starts after them", () => {
    const forward = { ...staged, session: "forward", stageSlots: 90, to: 400 } as const;
    const book = bookAfter(...market, ...queued("train", forward));
    expect(instanceOf(book, gateIn(98, "forward")).book.bids).toMatchObject([
      { d: 1, stage: 9, from: 9, to: 30 },
    ]);
  });
});
