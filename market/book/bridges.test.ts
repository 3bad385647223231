import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type * as z from "zod";
import type { PoolPrice } from "../../events/catalog/auction.ts";
import type { Award } from "../../events/catalog/award.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobSpec } from "../../events/catalog/job.ts";
import { LinkId } from "../../events/catalog/values.ts";
import {
  ascend,
  awardTo,
  bidders,
  bookAfter,
  cardsIn,
  completed,
  fill,
  gateIn,
  held,
  instanceOf,
  joined,
  lost,
  offered,
  queued,
  seal,
  sealWith,
  seePage,
  suspended,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { millsText } from "../money.ts";
import { type BookState, poolId } from "./book-state.ts";
import { bridges } from "./bridges.ts";
import { cardsTaken } from "./capacity-left.ts";
import { bookFromSnapshot, snapshotOf } from "./snapshot.ts";

type Price = z.infer<typeof PoolPrice>;

const price = (slots: { from: number; to: number }, fen: number): Price => ({
  center: xian,
  product: ascend,
  ...slots,
  price: fen,
  sold: 8,
});
const published = [price({ from: 106, to: 110 }, 100), price({ from: 110, to: 140 }, 130)];
const spec: Partial<JobSpec> = { extendLimit: 240 };

interface Given {
  readonly spec?: Partial<JobSpec>;
  readonly market?: readonly DomainEvent[];
  readonly prices?: readonly Price[];
  /** What the account holds for its second stretch; 0: nothing. */
  readonly held?: number;
  readonly award?: Award;
  /** Slot in which the last auction was sealed. */
  readonly sealedIn?: number;
}

/**
 * "train" runs with 8 cards from slot 100 to 110; the gates of slots 99 and 105 were the last before the exchange went
 * away. At the second its continuation lost, for which 19,200 mills are held: 240 x 8 x 10.
 */
function awayAfter(last: number, given: Given = {}): BookState {
  const market = given.market ?? [joined(xian), offered("a", { cards: 12 })];
  const book = bookAfter(...market, ...queued("train", { ...spec, ...given.spec }));
  seal(book, gateIn(99), given.award ?? awardTo("train", 1));
  if (given.held !== 0) seePage(book, [held("train", given.held ?? 19_200, 2)]);
  sealWith(book, gateIn(last), [], given.prices ?? published, given.sealedIn);
  return book;
}

const shortly = (book: BookState, gate: number) =>
  bridges(book, gate).map(({ award, hold }) => [award.placement, award.from, award.to, award.value, hold]);

describe("a run whose end fell into the exchange's absence", () => {
  test("goes on to the gate that has come, at the last spot price of its pool, within the hold", () => {
    // Back in slot 113: four slots of 8 x 130.
    const [bridge, ...others] = bridges(awayAfter(105), 113);
    expect(others).toEqual([]);
    expect(bridge).toEqual({
      job: "train",
      award: awardTo("train", 2, [fill({ from: 110, to: 114, price: 130 })], { stretch: 2, continues: true }),
      hold: "19200",
    });
  });

  test("is told at the first gate at its end or later, and at no other", () => {
    expect(shortly(awayAfter(105), 109)).toEqual([]);
    expect(shortly(awayAfter(105), 110)).toEqual([["train.2", 110, 111, "1040", "19200"]]);
    const back = awayAfter(105);
    sealWith(back, gateIn(110), [], published);
    expect(shortly(back, 111)).toEqual([]);
  });

  test("has a name of its own where the last auction, or a bridge after it, gave the job its award", () => {
    // Seven slots of the last auction before the exchange went away, at whose next gate it took the hold and no more.
    const award = awardTo("train", 1, [fill({ to: 107 })]);
    const book = bookAfter(joined(xian), offered(), ...queued("train", { ...spec, slots: 7 }));
    sealWith(book, gateIn(99), [award], published);
    seePage(book, [held("train", 240 * 8 * 7, 2)], 100);
    const [first] = bridges(book, 108);
    expect(first?.award).toMatchObject({ placement: "train.01", auction: 1, from: 107, to: 109 });
    // It is told, the next hold is taken, and the exchange is away once more before that gate has closed.
    if (first === undefined) throw new Error("no bridge");
    seePage(book, [{ type: "JobBridged", data: { ...first, job: first.job } }], 108);
    seePage(book, [held("train", 240 * 8 * 9, 3)], 108);
    expect(shortly(book, 111)).toEqual([["train.001", 109, 112, "2400", "17280"]]);
  });

  test("is not bridged where its last gate was held in time, whatever it bid there", () => {
    expect(shortly(awayAfter(109), 110)).toEqual([]);
    expect(shortly(awayAfter(109), 113)).toEqual([]);
  });

  test("is where that gate closed in time and was sealed after its end", () => {
    expect(shortly(awayAfter(109, { sealedIn: 112 }), 113)).toEqual([["train.2", 110, 114, "4160", "19200"]]);
    expect(shortly(awayAfter(109, { sealedIn: 109 }), 113)).toEqual([]);
  });

  test("stops at its end without a hold, without a limit, or beyond its limit", () => {
    expect(shortly(awayAfter(105, { held: 0 }), 113)).toEqual([]);
    expect(shortly(awayAfter(105, { held: 19_199 }), 113)).toEqual([]);
    expect(shortly(awayAfter(105, { spec: { extendLimit: undefined } }), 113)).toEqual([]);
    expect(shortly(awayAfter(105, { spec: { extendLimit: 129 } }), 113)).toEqual([]);
    expect(shortly(awayAfter(105, { spec: { kind: "div" } }), 113)).toEqual([]);
  });

  test("goes on for 4 hours at most, for its next stretch at most, and to its longest time at most", () => {
    const long = awardTo("train", 1, [fill({ to: 138 })]);
    const slow = { award: long, prices: [], spec: { slots: 38, to: 160, maxSlots: 200 }, held: 240 * 8 * 38 };
    const longOffer = [joined(xian), offered("a", { to: 400 })];
    expect(shortly(awayAfter(135, { ...slow, market: longOffer }), 300)).toEqual([
      ["train.2", 138, 138 + 38, String(38 * 800), "72960"],
    ]);
    expect(shortly(awayAfter(105), 300)).toEqual([["train.2", 110, 120, "10400", "19200"]]);
    // A spot stretch has at most 38 slots: 4 hours bind where forward stretches are longer.
    const forward = { session: "forward", slots: 60, to: 200, maxSlots: 120 } as const;
    const week = awardTo("train", 1, [fill({ to: 160 })], { session: "forward" });
    const days = { award: week, prices: [], spec: forward, held: 240 * 8 * 60, market: longOffer };
    expect(shortly(awayAfter(157, days), 300)).toEqual([["train.2", 160, 200, "32000", "115200"]]);
    expect(shortly(awayAfter(105, { spec: { ...spec, maxSlots: 13 }, held: 240 * 8 * 3 }), 300)).toEqual([
      ["train.2", 110, 113, "3120", "5760"],
    ]);
  });

  test("where no auction had a price of its pool, pays what it paid before", () => {
    expect(shortly(awayAfter(105, { prices: [] }), 111)).toEqual([["train.2", 110, 112, "1600", "19200"]]);
  });

  test("ends where its cards were sold to somebody else, and is not begun where they are", () => {
    const book = awayAfter(105);
    const later = awayAfter(105);
    for (const [one, from] of [
      [book, 112],
      [later, 110],
    ] as const) {
      seePage(one, queued("other", { from: 100, to: 130 }));
      // Sold before the exchange went away; 12 cards are offered.
      sealWith(one, gateIn(106), [awardTo("other", 3, [fill({ from, to: 120 })])], published);
    }
    expect(shortly(book, 114)).toEqual([["train.3", 110, 112, "2080", "19200"]]);
    expect(shortly(later, 114)).toEqual([]);
  });

  test("ends where the center has nothing on offer any more; a lost or a suspended one has nothing at all", () => {
    const short = [joined(xian), offered("a", { to: 111 })];
    expect(shortly(awayAfter(105, { market: short }), 113)).toEqual([["train.2", 110, 111, "1040", "19200"]]);
    for (const fact of [lost(xian), suspended(xian)]) {
      const book = awayAfter(105);
      seePage(book, [fact]);
      expect(shortly(book, 113)).toEqual([]);
    }
  });

  test("of two whose cards do not suffice, who was admitted first goes on", () => {
    const book = bookAfter(
      ...[joined(xian), offered("a", { cards: 16 })],
      ...queued("second", { cards: 4, ...spec }).slice(0, 1),
      ...queued("train", spec),
      ...queued("second", { cards: 4, ...spec }).slice(1),
    );
    seal(book, gateIn(99), awardTo("train", 1), awardTo("second", 1, [fill({ cards: 4 })]));
    seePage(book, [held("train", 19_200, 2), held("second", 9600, 2)]);
    sealWith(book, gateIn(105), [], published);
    expect(shortly(book, 112).map(([placement]) => placement)).toEqual(["train.2", "second.2"]);
    seePage(book, queued("other"));
    sealWith(book, gateIn(106), [awardTo("other", 3, [fill({ from: 110, to: 120, cards: 5 })])], published);
    expect(shortly(book, 112).map(([placement]) => placement)).toEqual(["train.3"]);
  });

  test("split over two centers goes on at both, and over the line between them at what that cost", () => {
    const award = awardTo("train", 1, [fill({ cards: 4 }), fill({ center: wuhan, cards: 4 })], {
      links: [
        {
          ...{ link: LinkId.parse("xian~wuhan"), from: 100, to: 110, gigabits: 3600 },
          ...{ charge: millsText(500n), transfer: millsText(0n) },
        },
      ],
    });
    const market = [joined(xian), joined(wuhan), offered("a"), offered("b", { center: wuhan })];
    const [bridge] = bridges(awayAfter(105, { award, market, spec: { kind: "split" } }), 112);
    expect(bridge?.award).toMatchObject({
      fills: [
        { center: "xian", price: 130 },
        { center: "wuhan", price: 100 },
      ],
      links: [{ from: 110, to: 113, charge: "150", transfer: "0" }],
      value: String(3 * 4 * 230),
    });
  });
});

describe("the book after it was told", () => {
  function bridged(gate: number): BookState {
    const book = awayAfter(105);
    const facts = bridges(book, gate).map(
      ({ job, award, hold }): DomainEvent => ({
        type: "JobBridged",
        data: { job, award, hold },
      }),
    );
    seePage(book, facts, gate);
    return book;
  }

  test("has the run bid at this gate for what comes next, with a hold of its own", () => {
    const book = bridged(113);
    expect(bridges(book, 113)).toEqual([]);
    expect(book.jobs.get(awardTo("train", 1).job)).toMatchObject({ stretch: 3, awardedSlots: 14 });
    expect(bidders(book, gateIn(113))).toEqual([]);
    seePage(book, [held("train", 240 * 8 * 14, 3)]);
    expect(bidders(book, gateIn(113))).toEqual(["train"]);
    expect(instanceOf(book, gateIn(113)).book.bids).toMatchObject([{ from: 0 }]);
  });

  test("sells none of its cards twice, up to the slot that has begun", () => {
    const book = bridged(113);
    expect([112, 113].map((slot) => cardsIn(book, slot))).toEqual([12 - 8, 12 - 8]);
    expect(cardsIn(book, 114)).toBe(12);
  });

  test("is the same from a snapshot, and gives the cards back with the run", () => {
    const book = bookFromSnapshot(snapshotOf(bridged(113)));
    expect(book).toEqual(bridged(113));
    seePage(book, [completed("train", 112)], 112);
    expect(cardsIn(book, 112)).toBe(12);
  });
});

describe("whatever ended while the exchange was away", () => {
  const one = fc.record({
    cards: fc.integer({ min: 1, max: 9 }),
    end: fc.integer({ min: 104, max: 113 }),
    goesOn: fc.boolean(),
    held: fc.boolean(),
    reclaimable: fc.boolean(),
  });
  const market = fc.record({
    jobs: fc.array(one, { minLength: 1, maxLength: 8 }),
    /** Sold ahead: begins in a slot of the absence. */
    ahead: fc.array(
      fc.record({ cards: fc.integer({ min: 1, max: 9 }), from: fc.integer({ min: 106, max: 112 }) }),
      {
        maxLength: 3,
      },
    ),
    firm: fc.integer({ min: 0, max: 24 }),
    lent: fc.integer({ min: 0, max: 12 }),
    pool: fc.integer({ min: 6, max: 24 }),
    last: fc.integer({ min: 100, max: 108 }),
    gate: fc.integer({ min: 109, max: 116 }),
  });

  test("no card of theirs is anybody else's, none goes on beyond its hold, and none is told twice", () => {
    let told = 0;
    fc.assert(
      fc.property(market, ({ jobs, ahead, firm, lent, pool, last, gate }) => {
        const offers = [
          ...(firm === 0 ? [] : [offered("firm", { cards: firm })]),
          ...(lent === 0 ? [] : [offered("lent", { cards: lent, reclaimNotice: 9 })]),
        ];
        const pools = [{ product: ascend, cards: pool, frameworks: [] }];
        const book = bookAfter(joined(xian, { pools }), ...offers);
        jobs.forEach(({ cards, reclaimable, goesOn }, n) => {
          const limit = goesOn ? { extendLimit: 240 } : {};
          seePage(book, queued(`j${n}`, { cards, reclaimable, ...limit }));
        });
        ahead.forEach((_, n) => {
          seePage(book, queued(`a${n}`, { reclaimable: true }));
        });
        const awards = [
          ...jobs.map(({ cards, end }, n) => awardTo(`j${n}`, 1, [fill({ from: 98, to: end, cards })])),
          ...ahead.map(({ cards, from }, n) => awardTo(`a${n}`, 1, [fill({ from, to: 130, cards })])),
        ];
        seal(book, gateIn(97), ...awards);
        jobs.forEach(({ cards, end, held: isHeld }, n) => {
          if (isHeld) seePage(book, [held(`j${n}`, 240 * cards * (end - 98), 2)]);
        });
        sealWith(book, gateIn(last), [], published);
        const before = takenIn(book, gate);
        const bridged = bridges(book, gate);
        for (const { job, award, hold } of bridged) {
          told += 1;
          const { fills, from, to } = award;
          expect(to <= gate + 1 && to - from <= 40 && from > last).toBe(true);
          expect(BigInt(award.value) <= BigInt(hold)).toBe(true);
          expect(jobs[Number(job.slice(1))]).toMatchObject({ goesOn: true, held: true, end: from });
          expect(fills.every((each) => each.from === from && each.to === to)).toBe(true);
        }
        seePage(
          book,
          bridged.map(
            ({ job, award, hold }): DomainEvent => ({ type: "JobBridged", data: { job, award, hold } }),
          ),
          gate,
        );
        expect(bridges(book, gate)).toEqual([]);
        // Where awards of before took more than is offered or than the pool has, nothing was added to that.
        for (const [slot, taken] of takenIn(book, gate).entries())
          expect(taken <= Math.max(before[slot] ?? 0, Math.min(pool, firm + lent))).toBe(true);
      }),
      { numRuns: 400 },
    );
    expect(told).toBeGreaterThan(20);
  });

  /** Cards of Xi'an's pool that jobs have in each slot from 100 up to the gate's. */
  function takenIn(book: BookState, gate: number): number[] {
    return [...(cardsTaken(book, { from: 100, to: gate + 1 }, () => true).get(poolId(xian, ascend)) ?? [])];
  }
});
