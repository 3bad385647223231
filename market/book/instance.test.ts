import { describe, expect, test } from "vitest";
import { CenterId, OfferId, OwnerId, Period } from "../../events/catalog/values.ts";
import {
  a100,
  ascend,
  awardTo,
  bidders,
  bookAfter,
  clearAt,
  drawn,
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
  sensed,
  withdrawn,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { meritOrder } from "../clearing/supply.ts";
import { validateBook } from "../clearing/validate.ts";
import { periodStart, SLOTS_PER_DAY } from "../time.ts";
import { bookFromSnapshot, snapshotOf } from "./snapshot.ts";

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

  test("sells firm cards before reclaimable ones, whatever those ask", () => {
    const lent = offered("lent", { reserve: 60, reclaimNotice: 5, from: 100, to: 120 });
    const later = offered("later", { reserve: 60, reclaimNotice: 5, from: 200, to: 220 });
    const { offers } = instanceOf(bookAfter(...market, lent, later), gateIn(180)).book;
    expect(instanceOf(bookAfter(...market, lent)).book.offers).toMatchObject([
      { reserve: 100, reclaimable: true },
      { id: "offer-1@0", reserve: 100 },
    ]);
    expect(offers).toMatchObject([{ reserve: 60, reclaimable: true }, { id: "offer-1@0" }]);
  });

  test("puts reclaimable cards behind firm ones at the same price, the cheaper first, whatever their names", () => {
    const lent = (name: string, reserve: number) =>
      offered(name, { reserve, reclaimNotice: 5, from: 100, to: 120 });
    const book = bookAfter(joined(xian), offered("m"), lent("a", 60), lent("z", 50), lent("b", 120));
    const { offers } = instanceOf(book).book;
    const inOrder = meritOrder(offers).map(({ offer: { reserve, id } }) => [reserve, id]);
    expect(inOrder.map(([reserve]) => reserve)).toEqual([100, 100, 100, 120]);
    expect(inOrder.map(([, id]) => /[a-z](?=@)/.exec(String(id))?.[0])).toEqual(["m", "z", "a", "b"]);
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

describe("the offers of a problem", () => {
  const onSale = (book: ReturnType<typeof bookAfter>, gate = gateIn(99)) =>
    instanceOf(book, gate).book.offers.map(({ from, to, q, reserve }) => [from, to, q, reserve]);

  test("cost what carbon costs on top of energy, by the hour, and stay below the cap with it", () => {
    const carbon = Array.from({ length: 24 }, (_, hour) => (hour % 2) * 200);
    const dear = offered("dear", { from: 95, to: 125, reserve: 10_000 });
    const book = bookAfter(joined(xian, { carbon }), dear, offered("cheap", { cards: 2 }));
    const { centers, offers } = instanceOf(book, gateIn(94)).book;
    expect(centers[0]?.carbon?.slice(0, 16)).toEqual([
      ...new Array(5).fill(200),
      ...new Array(10).fill(0),
      200,
    ]);
    // Carbon costs nothing in slots 100 to 110 and 120 to 130, and 10 mills a card and slot around them.
    expect(offers.filter(({ q }) => q === 16).map(({ from, to }) => [from, to])).toEqual([
      [5, 15],
      [25, 30],
    ]);
    expect(instanceOf(bookAfter(...market)).book.centers[1]).not.toHaveProperty("carbon");
  });

  test("are the steps of what was offered, of which awards take the cheapest", () => {
    const steps = [
      { cards: 4, reserve: 100 },
      { cards: 12, reserve: 130 },
    ];
    const book = bookAfter(joined(xian), offered("a", { steps }), offered("b", { cards: 2, reserve: 120 }));
    expect(instanceOf(book).book.offers.map(({ id }) => id)).toEqual(["a+0@0", "b@0", "a+1@0"]);
    seePage(book, queued("train"));
    sell(book);
    // Of eight cards over ten slots four are the first step's, two b's and two the second step's.
    expect(onSale(book, gateIn(100))).toEqual([
      [9, 40, 4, 100],
      [9, 40, 2, 120],
      [0, 9, 10, 130],
      [9, 40, 12, 130],
    ]);
    expect(validateBook(instanceOf(book, gateIn(100)).book)).toEqual([]);
  });

  test("of a home reserve are on sale in spot for the next two hours only, and never in forward", () => {
    const book = bookAfter(joined(xian), offered("home", { cards: 8, homeReserve: true }), offered("b"));
    expect(onSale(book)).toEqual([
      [0, 40, 16, 100],
      [0, 20, 8, 100],
    ]);
    expect(onSale(book, gateIn(105))).toContainEqual([0, 20, 8, 100]);
    expect(onSale(book, gateIn(98, "forward"))).toEqual([[0, 10, 16, 1000]]);
  });

  test("of a home reserve are what its center has not drawn, the cheapest first", () => {
    const steps = [
      { cards: 4, reserve: 100 },
      { cards: 4, reserve: 130 },
    ];
    const home = offered("home", { cards: 8, homeReserve: true, steps });
    const book = bookAfter(joined(xian), home, drawn("home", 110, 115, 3), drawn("home", 112, 130, 2, "d2"));
    expect(onSale(book)).toEqual([
      [0, 10, 4, 100],
      [10, 12, 1, 100],
      [15, 20, 2, 100],
      [0, 12, 4, 130],
      [12, 15, 3, 130],
      [15, 20, 4, 130],
    ]);
  });

  test("are no more than work and are not drawn, also when the reserve is withdrawn", () => {
    const home = offered("home", { cards: 8, homeReserve: true, reserve: 300 });
    const book = bookAfter(joined(xian), home, offered("b"), drawn("home", 125, 130, 6), sensed(18));
    expect(onSale(book, gateIn(110))).toEqual([
      [0, 14, 16, 100],
      [14, 19, 12, 100],
      [19, 40, 16, 100],
      [0, 14, 2, 300],
      [19, 20, 2, 300],
    ]);
    seePage(book, [{ type: "OfferWithdrawn", data: { offer: OfferId.parse("home") } }]);
    expect(onSale(book, gateIn(110))).toEqual([
      [0, 14, 16, 100],
      [14, 19, 12, 100],
      [19, 40, 16, 100],
    ]);
  });

  test("are no more than the pool has, whatever its offers and reports come to", () => {
    // Each of these was taken, for each alone is within the pool of 64.
    const book = bookAfter(
      joined(xian),
      offered("a", { cards: 64, to: 120 }),
      offered("b", { cards: 64, reserve: 120, to: 130 }),
      offered("home", { cards: 64, reserve: 140, homeReserve: true }),
      sensed(128),
    );
    expect(onSale(book)).toEqual([
      [0, 20, 64, 100],
      [20, 30, 64, 120],
    ]);
    expect(onSale(book, gateIn(98, "forward"))).toEqual([
      [0, 2, 64, 1000],
      [2, 3, 64, 1200],
    ]);
    expect(onSale(book, gateIn(120))).toEqual([
      [0, 9, 64, 120],
      [9, 20, 64, 140],
    ]);
    // What was sold counts against all of them, also when the offer that sold it is gone.
    seePage(book, queued("train"));
    sell(book);
    seePage(book, [withdrawn("a")]);
    expect(onSale(book, gateIn(100))).toEqual([
      [0, 9, 56, 120],
      [9, 29, 64, 120],
    ]);
  });

  test("cost no more together than a double holds: of more than that the dearest are left out", () => {
    // Six hundred pools of a million cards for a week, and one at half of the price; each of them was taken.
    const pool = [{ product: ascend, cards: 1_000_000, frameworks: [] }];
    const many = Array.from({ length: 600 }, (_, n) => `c-${String(n).padStart(3, "0")}`);
    const offer = (name: string, reserve: number) =>
      offered(`o-${name}`, { center: CenterId.parse(name), cards: 1_000_000, reserve, to: 1780 });
    const book = bookAfter(
      ...[...many, "last"].map((name) => joined(CenterId.parse(name), { pools: pool })),
      ...many.map((name) => offer(name, 10_000)),
      offer("last", 5_000),
      ...queued("train", { session: "forward", home: CenterId.parse("last"), from: 100, to: 130 }),
    );
    const { offers } = instanceOf(book, gateIn(98, "forward")).book;
    const cost = (rows: typeof offers) =>
      rows.reduce((sum, one) => sum + one.q * one.reserve * (one.to - one.from), 0);
    expect(offers.at(-1)).toMatchObject({ reserve: 50_000 });
    expect(offers).toHaveLength(536);
    expect(cost(offers)).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
    expect(cost(offers) + cost(offers.slice(0, 1))).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    expect(validateBook(instanceOf(book, gateIn(98, "forward")).book)).toEqual([]);
  });

  test("that spot sold of a home reserve leave the others to forward, as far as the reserve is the cheaper one", () => {
    const others = (reserve: number) => {
      const home = offered("home", { cards: 8, homeReserve: true, reserve: 50 });
      const book = bookAfter(joined(xian), home, offered("b", { cards: 10, reserve }), ...queued("train"));
      sell(book, gateIn(99));
      return onSale(book, gateIn(98, "forward"));
    };
    expect(others(100)).toEqual([[0, 10, 10, 1000]]);
    expect(others(40)).toEqual([
      [0, 1, 2, 400],
      [1, 10, 10, 400],
    ]);
  });

  test("that a center drew of a lapsed reserve take nothing from the others in forward", () => {
    const home = offered("home", { cards: 8, homeReserve: true, reserve: 50 });
    const book = bookAfter(joined(xian), home, offered("b", { cards: 10 }), drawn("home", 100, 120, 8));
    expect(onSale(book, gateIn(98, "forward"))).toEqual([[0, 10, 10, 1000]]);
    // What spot sells then is of the others.
    seePage(book, queued("train"), 98);
    sell(book, gateIn(99));
    expect(onSale(book, gateIn(98, "forward"))[0]).toEqual([0, 1, 2, 1000]);
  });
});

describe("a minimum run", () => {
  const runIn = (book: ReturnType<typeof bookAfter>, gate = gateIn(99)) =>
    instanceOf(book, gate).book.offers.map(({ of, minRun, sold }) => ({ of, minRun, sold }));
  const run = { cards: 16, minRun: 15 };
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

  test("is an offer's, whatever its steps, in slots in spot and in whole hours in forward", () => {
    const steps = [
      { cards: 4, reserve: 100 },
      { cards: 12, reserve: 130 },
    ];
    const book = bookAfter(joined(xian), offered("a", { ...run, steps }));
    expect(runIn(book)).toEqual(new Array(2).fill({ of: "a", minRun: 15, sold: [] }));
    expect(runIn(book, gateIn(98, "forward"))).toEqual(new Array(2).fill({ of: "a", minRun: 2, sold: [] }));
    const hour = bookAfter(joined(xian), offered("a", { minRun: 10 }));
    expect(runIn(hour, gateIn(98, "forward"))).toEqual([{}]);
  });

  test("knows where the offer is sold, by merit: only what cheaper cards did not cover", () => {
    const cheap = offered("cheap", { cards: 8, reserve: 50, to: 105 });
    const book = bookAfter(joined(xian), cheap, offered("a", run), ...queued("train", { to: 110 }));
    seal(book, gateIn(98), awardTo("train", 1));
    expect(runIn(book, gateIn(99)).at(-1)).toEqual({ of: "a", minRun: 15, sold: range(5, 10) });
    expect(runIn(book, gateIn(98, "forward")).at(-1)).toEqual({ of: "a", minRun: 2, sold: [] });
  });

  test("does not make what reclaimable cards sold count against cards that cost more than the cap", () => {
    // At Beijing's 11 o'clock, in which the first slots on sale lie, energy costs nothing; later it does.
    const from = periodStart(Period.parse("2026-03-02")) + 110;
    const energy = Array.from({ length: 24 }, (_, hour) => (hour === 11 ? 0 : 500));
    const lent = offered("lent", { cards: 4, reserve: 80, reclaimNotice: 5, from, to: from + 40 });
    const dear = offered("dear", { cards: 2, reserve: 10_000, minRun: 5, from, to: from + 40 });
    const [gate, free] = [gateIn(from - 1), { from, slots: 15, to: from + 15, cards: 4, reclaimable: true }];
    const book = bookAfter(joined(xian, { energy }), lent, ...queued("train", free));
    sell(book, gate);
    seePage(book, [dear], from - 1);
    const left = instanceOf(book, gate).book.offers;
    expect(left.map((one) => [one.of ?? "lent", one.from, one.to, one.q])).toEqual([
      ["lent", 0, 10, 2],
      ["lent", 15, 40, 4],
    ]);
  });

  test("is kept by what an auction sells", () => {
    const asked = (slots: number) => queued("train", { slots, to: 140 });
    const awards = (slots: number) =>
      clearAt(bookAfter(joined(xian), offered("a", run), ...asked(slots))).awards.map(
        ({ from, to }) => to - from,
      );
    expect([awards(14), awards(15)]).toEqual([[], [15]]);
  });

  test("knows hours that are sold in all of their slots, also before the gate's and behind them", () => {
    const book = bookAfter(joined(xian), offered("a", { ...run, from: 90, to: 300 }));
    seePage(book, [...queued("x", { from: 90, to: 110 }), ...queued("y", { from: 100, to: 160 })]);
    seal(book, gateIn(89), awardTo("x", 1, [fill({ from: 90, to: 110 })]));
    seal(book, gateIn(90), awardTo("y", 2, [fill({ from: 145, to: 160 })]));
    expect(runIn(book, gateIn(98, "forward"))[0]?.sold).toEqual([-1, 0, 5]);
    // Spot sells slots 100 to 140: sold are 85 and more slots back, and those behind as far as a run reaches.
    expect(runIn(book, gateIn(99))[0]?.sold).toEqual([...range(-10, 10), ...range(45, 55)]);
  });

  test("remembers slots that have passed, though the book forgets their awards", () => {
    const book = bookAfter(
      joined(xian),
      offered("a", { ...run, from: 90, to: 300 }),
      ...queued("x", { to: 300 }),
    );
    const [first, second] = [fill({ from: 90, to: 100 }), fill({ from: 100, to: 103 })];
    seal(book, gateIn(89), awardTo("x", 1, [first]));
    seal(book, gateIn(92), awardTo("x", 2, [second]));
    for (const gate of [95, 100, 101, 102]) seal(book, gateIn(gate));
    expect(book.jobs.size === 0 || [...book.jobs.values()].every(({ awards }) => awards.length <= 1)).toBe(
      true,
    );
    expect(runIn(book, gateIn(102))[0]?.sold).toEqual(range(-13, 0));
    // A gap ends a run.
    seal(book, gateIn(104));
    expect(runIn(book, gateIn(104))[0]?.sold).toEqual(range(-15, -2));
    const again = bookFromSnapshot(snapshotOf(book));
    expect(runIn(again, gateIn(104))).toEqual(runIn(book, gateIn(104)));
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
