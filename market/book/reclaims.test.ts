import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fill } from "../../events/catalog/award.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import {
  awardTo,
  bookAfter,
  cancelled,
  cardsIn,
  fill,
  gateIn,
  instanceOf,
  jobId,
  joined,
  offered,
  placementId,
  queued,
  reclaimed,
  seal,
  seePage,
  withdrawn,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import type { BookState } from "./book-state.ts";
import { type ReclaimNotice, reclaimedRuns, reclaimNotices } from "./reclaims.ts";

const lent = (offer: string, changed = {}) => offered(offer, { reclaimNotice: 5, ...changed });
const taker = (job: string, changed = {}) => queued(job, { reclaimable: true, ...changed });

function told({ job, placement, center, slot }: ReclaimNotice): DomainEvent {
  return { type: "JobReclaimed", data: { job, placement, center, at: "2026-01-05T01:00:00.000Z", slot } };
}

/** A market with these jobs awarded 8 cards each over slots 100 to 110. */
function marketOf(offers: readonly DomainEvent[], ...jobs: readonly string[]): BookState {
  const book = bookAfter(
    joined(xian),
    joined(wuhan),
    ...offers,
    ...jobs.flatMap((job) => (job.startsWith("firm") ? queued(job) : taker(job))),
  );
  seal(book, gateIn(95), ...jobs.map((job) => awardTo(job, 1)));
  return book;
}

describe("what is on sale where some cards are reclaimable", () => {
  test("says so of each offer and each bid", () => {
    const offers = [offered("a", { cards: 4 }), lent("b", { cards: 6 })];
    const book = bookAfter(joined(xian), ...offers, ...taker("any"), ...queued("firm"));
    const { book: problem } = instanceOf(book);
    expect(problem.offers.map(({ q, reclaimable = false }) => [q, reclaimable])).toEqual([
      [4, false],
      [6, true],
    ]);
    expect(problem.bids.map(({ id, reclaimable = false }) => [id, reclaimable])).toEqual([
      ["any", true],
      ["firm", false],
    ]);
  });

  test("leaves firm cards to nobody who already has them, whatever is cheaper", () => {
    const book = marketOf([offered("a", { cards: 8, reserve: 100 }), lent("b", { reserve: 50 })], "firm");
    const { book: problem } = instanceOf(book);
    expect(problem.offers.filter(({ from }) => from === 0).map((one) => [one.q, one.reclaimable])).toEqual([
      [16, true],
    ]);
    expect(cardsIn(book, 105)).toBe(16);
  });

  test("sells what was taken back no more, from its slot on", () => {
    const book = bookAfter(joined(xian), lent("b"), reclaimed("b", 105, 4));
    expect([104, 105, 199].map((slot) => cardsIn(book, slot))).toEqual([16, 4, 4]);
  });
});

describe("who gives way", () => {
  test("is nobody while what remains covers what is sold", () => {
    const book = marketOf([lent("a"), offered("b", { cards: 8 })], "first", "second");
    seePage(book, [reclaimed("a", 103, 8)]);
    expect(reclaimNotices(book, 97)).toEqual([]);
  });

  test("is the last admitted, in the slots that matter, and once", () => {
    const book = marketOf([lent("a")], "first", "second");
    seePage(book, [reclaimed("a", 103, 8)]);
    const notices = reclaimNotices(book, 97);
    expect(notices).toEqual([{ job: "second", placement: "second.1", center: xian, slot: 103 }]);
    seePage(book, notices.map(told));
    expect(reclaimNotices(book, 97)).toEqual([]);
    expect([102, 103].map((slot) => cardsIn(book, slot))).toEqual([0, 0]);
    expect(reclaimedRuns(book, 103)).toEqual([]);
    expect(reclaimedRuns(book, 104)).toEqual([{ job: "second", placement: "second.1" }]);
  });

  test("is never a job that takes firm cards only", () => {
    const book = marketOf([offered("a", { cards: 8 }), lent("b", { cards: 8 })], "taker", "firm");
    seePage(book, [reclaimed("b", 100, 0)]);
    expect(reclaimNotices(book, 97).map(({ job }) => job)).toEqual(["taker"]);
  });

  test("is found where an auction that did not know of it awarded the cards later", () => {
    const book = bookAfter(joined(xian), lent("a"), ...taker("late"));
    seePage(book, [reclaimed("a", 103, 4)]);
    expect(reclaimNotices(book, 96)).toEqual([]);
    // Its gate closed before.
    seal(book, gateIn(96), awardTo("late", 1));
    expect(reclaimNotices(book, 97)).toEqual([{ job: "late", placement: "late.1", center: xian, slot: 103 }]);
  });

  test("is not who need not once another has to", () => {
    const wide = taker("wide", { cards: 15 });
    const book = bookAfter(joined(xian), lent("a"), ...wide, ...taker("small", { cards: 1 }));
    seal(
      book,
      gateIn(95),
      awardTo("wide", 1, [fill({ cards: 15 })]),
      awardTo("small", 1, [fill({ cards: 1 })]),
    );
    seePage(book, [reclaimed("a", 103, 8)]);
    expect(reclaimNotices(book, 97).map(({ job }) => job)).toEqual(["wide"]);
  });

  test("is spared by a withdrawn offer, which stands for what it sold", () => {
    const book = marketOf([lent("a", { cards: 8 }), offered("b", { cards: 8 })], "first", "second");
    seePage(book, [withdrawn("b"), reclaimed("a", 103, 0)]);
    expect(reclaimNotices(book, 97).map(({ job }) => job)).toEqual(["second"]);
  });

  test("is everybody who has cards in a slot, though another who has them in other slots was admitted later", () => {
    const market = [
      joined(xian),
      lent("a", { cards: 4 }),
      ...taker("gang"),
      ...taker("parts", { kind: "div" }),
    ];
    const book = bookAfter(...market, reclaimed("a", 108, 0));
    const parts = [fill({ from: 103, to: 104, cards: 4 }), fill({ from: 110, to: 112, cards: 4 })];
    seal(
      book,
      gateIn(99),
      awardTo("gang", 1, [fill({ from: 104, to: 110, cards: 4 })]),
      awardTo("parts", 1, parts),
    );
    expect(reclaimNotices(book, 101).map(({ job, slot }) => [job, slot])).toEqual([
      ["parts", 110],
      ["gang", 108],
    ]);
  });

  test("is a divisible job at that center only, and no gang twice", () => {
    const offers = [lent("a", { cards: 8 }), lent("b", { cards: 8, center: wuhan })];
    const fleet = taker("fleet", { kind: "div", cards: 16 });
    const book = bookAfter(joined(xian), joined(wuhan), ...offers, ...fleet);
    seal(book, gateIn(95), awardTo("fleet", 1, [fill(), fill({ center: wuhan })]));
    seePage(book, [reclaimed("a", 104, 0)]);
    const notices = reclaimNotices(book, 97);
    expect(notices).toEqual([{ job: "fleet", placement: "fleet.1", center: xian, slot: 104 }]);
    seePage(book, notices.map(told));
    expect(book.jobs.get(jobId("fleet"))?.lease).toMatchObject({ end: 110 });
  });
});

// A market as random as it gets, sold card by card as the engine must: firm jobs from firm offers, all from all.

interface Drawn {
  readonly offers: readonly { from: number; length: number; cards: number; firm: boolean; center: boolean }[];
  readonly jobs: readonly {
    from: number;
    length: number;
    cards: number;
    firm: boolean;
    kind: "block" | "split" | "div";
    center: boolean;
  }[];
  readonly happens: readonly {
    what: "reclaim" | "withdraw" | "cancel";
    pick: number;
    from: number;
    left: number;
  }[];
}

const range = { from: fc.integer({ min: 98, max: 112 }), length: fc.integer({ min: 1, max: 15 }) };
const drawn: fc.Arbitrary<Drawn> = fc.record({
  offers: fc.array(
    fc.record({
      from: fc.integer({ min: 97, max: 105 }),
      length: fc.integer({ min: 10, max: 30 }),
      cards: fc.integer({ min: 2, max: 9 }),
      firm: fc.constantFrom(false, false, true),
      center: fc.boolean(),
    }),
    { minLength: 2, maxLength: 7 },
  ),
  jobs: fc.array(
    fc.record({
      ...range,
      cards: fc.integer({ min: 1, max: 5 }),
      firm: fc.constantFrom(false, false, true),
      kind: fc.constantFrom("block" as const, "split" as const, "div" as const),
      center: fc.boolean(),
    }),
    { minLength: 4, maxLength: 16 },
  ),
  happens: fc.array(
    fc.record({
      what: fc.constantFrom("reclaim" as const, "reclaim" as const, "withdraw" as const, "cancel" as const),
      pick: fc.nat(13),
      from: fc.integer({ min: 97, max: 115 }),
      left: fc.nat(3),
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

const centerOf = (second: boolean) => (second ? wuhan : xian);
const slots = Array.from({ length: 60 }, (_, index) => 95 + index);

/** Cards by `CENTER@SLOT`: the plainest count there is. */
function counted(parts: readonly { center: string; from: number; to: number; cards: number }[]) {
  const cells = new Map<string, number>();
  for (const { center, from, to, cards } of parts)
    for (let slot = from; slot < to; slot++)
      cells.set(`${center}@${slot}`, (cells.get(`${center}@${slot}`) ?? 0) + cards);
  return (center: string, slot: number) => cells.get(`${center}@${slot}`) ?? 0;
}

function fillsOf({ kind, center, from, length, cards }: Drawn["jobs"][number]): Fill[] {
  const to = from + length;
  const own = fill({ center: centerOf(center), from, to, cards });
  return kind === "block" ? [own] : [own, fill({ center: centerOf(!center), from, to, cards })];
}

interface Lived {
  readonly book: BookState;
  readonly sold: Map<
    string,
    { readonly fills: readonly Fill[]; readonly firm: boolean; cut: Map<string, number> }
  >;
  readonly offers: { center: string; from: number; to: number; cards: number; firm: boolean }[];
}

/** Two auctions, and what happens before the first, between them and after. */
function lived({ offers: some, jobs, happens }: Drawn): Lived {
  const offers = some.map(({ from, length, cards, firm, center }, n) => {
    const reclaim = firm ? {} : { reclaimNotice: 1 };
    const data = { from, to: from + length, cards, center: centerOf(center) };
    return { event: offered(`o${n}`, { ...data, ...reclaim }), firm, ...data };
  });
  const requests = jobs.map((job, n) => ({
    name: `j${n}`,
    fills: fillsOf(job),
    firm: job.firm,
    kind: job.kind,
  }));
  const queue = requests.flatMap(({ name, firm, kind }) =>
    firm ? queued(name, { kind }) : taker(name, { kind }),
  );
  const book = bookAfter(joined(xian), joined(wuhan), ...offers.map(({ event }) => event), ...queue);
  const sold: Lived["sold"] = new Map();
  const sellTo = (part: typeof requests, gate: number) => {
    const awards = part.flatMap(({ name, fills, firm, kind }) => {
      const all = [...sold.values()].map((one) => ({ ...one }));
      const taken = counted(all.flatMap((one) => one.fills));
      const bound = counted(all.filter((one) => one.firm).flatMap((one) => one.fills));
      const offer = counted(offers);
      const firmly = counted(offers.filter((one) => one.firm));
      const fits = fills.every(({ center, from, to, cards }) =>
        slots
          .filter((slot) => from <= slot && slot < to)
          .every(
            (slot) =>
              taken(center, slot) + cards <= offer(center, slot) &&
              (!firm || bound(center, slot) + cards <= firmly(center, slot)),
          ),
      );
      if (!fits || kind === undefined) return [];
      sold.set(name, { fills, firm, cut: new Map() });
      return [awardTo(name, book.auctions + 1, fills)];
    });
    seal(book, gateIn(gate), ...awards);
  };
  const happen = ({ what, pick, from, left }: Drawn["happens"][number]) => {
    const index = pick % offers.length;
    const offer = offers[index];
    if (what === "withdraw") seePage(book, [withdrawn(`o${index}`)]);
    if (what === "reclaim" && offer !== undefined && !offer.firm && offer.to > from)
      seePage(book, [reclaimed(`o${index}`, from, left)]);
    const [name, own] = [...sold][pick % Math.max(1, sold.size)] ?? [];
    if (what === "cancel" && name !== undefined && own !== undefined && own.cut.size === 0) {
      seePage(book, [cancelled(name, 98, Number(book.jobs.get(jobId(name))?.lease?.id.split(".")[1] ?? 1))]);
      for (const { center } of own.fills) own.cut.set(center, 98);
    }
  };
  const half = Math.ceil(requests.length / 2);
  sellTo(requests.slice(0, half), 95);
  // The second auction's book was closed before all of this: what it sells is sold.
  for (const one of happens.slice(0, 2).filter(({ what }) => what !== "cancel")) happen(one);
  sellTo(requests.slice(half), 96);
  for (const one of happens.slice(2)) happen(one);
  return { book, sold, offers };
}

/** Cards that remain offered, sold or not: reclaims read off the book's own events. */
function remaining({ book, offers }: Lived) {
  const parts = offers.flatMap(({ center, from, to, cards }, n) =>
    slots
      .filter((slot) => from <= slot && slot < to)
      .map((slot) => {
        const left = [...book.reclaims].find(([offer]) => offer === `o${n}`)?.[1] ?? [];
        const most = left.filter((one) => one.from <= slot).map((one) => one.left);
        return { center, from: slot, to: slot + 1, cards: Math.min(cards, ...most) };
      }),
  );
  return counted(parts);
}

function inForceOf({ sold }: Lived) {
  return [...sold.values()].flatMap(({ fills, cut }) =>
    fills.map((one) => ({ ...one, to: Math.max(one.from, Math.min(one.to, cut.get(one.center) ?? one.to)) })),
  );
}

function follow(life: Lived, drawnJobs: Drawn["jobs"], notices: readonly ReclaimNotice[]): void {
  for (const { job, center, slot } of notices) {
    const own = life.sold.get(job);
    const kind = drawnJobs[Number(job.slice(1))]?.kind;
    const centers = kind === "div" ? [center] : (own?.fills.map((one) => one.center) ?? []);
    for (const each of centers) own?.cut.set(each, Math.min(slot, own.cut.get(each) ?? slot));
  }
}

describe("after any reclaim and its notices", () => {
  const now = 97;

  test("no slot of a pool is sold beyond what remains, no firm job gave way, and nobody for nothing", () => {
    let gaveWay = 0;
    fc.assert(
      fc.property(drawn, (plan) => {
        const life = lived(plan);
        const before = inForceOf(life);
        const notices = reclaimNotices(life.book, now);
        gaveWay += notices.length;
        for (const { job } of notices) expect(life.sold.get(job)?.firm, job).toBe(false);
        follow(life, plan.jobs, notices);
        const [sold, most, was] = [counted(inForceOf(life)), remaining(life), counted(before)];
        for (const center of [xian, wuhan])
          for (const slot of slots.filter((one) => one > now))
            expect(sold(center, slot), `${center}@${slot}`).toBeLessThanOrEqual(most(center, slot));
        // Each gives way at a slot that was sold beyond what remained.
        for (const { center, slot } of notices) expect(was(center, slot)).toBeGreaterThan(most(center, slot));
        seePage(life.book, notices.map(told));
        expect(reclaimNotices(life.book, now)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(gaveWay).toBeGreaterThan(100);
  });

  test("an earlier look asks for nothing that a later one does not accept", () => {
    fc.assert(
      fc.property(drawn, (plan) => {
        const life = lived(plan);
        for (let slot = now; slot < 105; slot += 4) {
          const notices = reclaimNotices(life.book, slot);
          for (const { slot: from } of notices) expect(from).toBeGreaterThan(slot);
          seePage(life.book, notices.map(told));
        }
        expect(reclaimNotices(life.book, 105)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

test("a lease knows its end", () => {
  const book = marketOf([lent("a")], "only");
  seePage(book, [told({ job: jobId("only"), placement: placementId("only", 1), center: xian, slot: 104 })]);
  expect(book.jobs.get(jobId("only"))?.lease).toMatchObject({ end: 104, awardedTo: 110 });
});
