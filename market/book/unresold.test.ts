import { describe, expect, test } from "vitest";
import { OfferId, PlacementId } from "../../events/catalog/values.ts";
import {
  awardTo,
  bookAfter,
  cancelled,
  completed,
  displaced,
  fill,
  gateIn,
  joined,
  offered,
  queued,
  reduced,
  seal,
  seePage,
  sensed,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import type { BookState } from "./book-state.ts";
import { unresoldIn, waivers } from "./unresold.ts";

const market = [joined(xian), joined(wuhan), offered()];
const offerId = OfferId.parse("offer-1");

/** Jobs that were awarded cards of Xi'an from slot 100 on, in auction 1. */
function awardedTo(jobs: Record<string, number>, to = 110): BookState {
  const names = Object.keys(jobs);
  const book = bookAfter(...market, ...names.flatMap((job) => queued(job, { cards: jobs[job] ?? 1 })));
  const awards = Object.entries(jobs).map(([job, cards]) => awardTo(job, 1, [fill({ cards, to })]));
  seal(book, gateIn(99), ...awards);
  return book;
}

const told = (book: BookState, slot: number) =>
  unresoldIn(book, slot).map(({ job, released, unresold }) => [job, released, unresold]);

describe("released cards", () => {
  test("are those of slots that a tenant gave back, and all of them unsold if nobody bought", () => {
    const book = awardedTo({ a: 8 });
    expect(told(book, 105)).toEqual([]);
    seePage(book, [completed("a", 104)]);
    expect(told(book, 103)).toEqual([]);
    expect(unresoldIn(book, 104)).toEqual([
      {
        job: "a",
        placement: "a.1",
        center: "xian",
        product: "ascend910",
        slot: 104,
        released: 8,
        unresold: 8,
      },
    ]);
    expect(told(book, 109)).toEqual([["a", 8, 8]]);
    expect(told(book, 110)).toEqual([]);
  });

  test("are none of an award that a center or the clock ended", () => {
    const book = awardedTo({ a: 8 });
    seePage(book, [displaced("a", 104)]);
    expect(told(book, 105)).toEqual([]);
  });

  test("count as sold again as far as fewer cards are left than were released", () => {
    const book = awardedTo({ a: 8 });
    seePage(book, [...queued("b"), completed("a", 104)]);
    // 16 cards less 13 of the second award: 3 are left of the 8.
    seal(book, gateIn(104), awardTo("b", 2, [fill({ cards: 13, from: 105 })]));
    expect(told(book, 105)).toEqual([["a", 8, 3]]);
    expect(told(book, 109)).toEqual([["a", 8, 3]]);
  });

  test("share what was sold again by cards, by largest remainder", () => {
    const book = awardedTo({ a: 5, b: 4, c: 3 });
    seePage(book, [...queued("d"), completed("a", 104), completed("b", 104), cancelled("c", 104, 1)]);
    seal(book, gateIn(104), awardTo("d", 2, [fill({ cards: 11, from: 105 })]));
    // 16 - 11 = 5 are left of 12 released, so 7 are sold again: 2 11/12, 2 4/12, 1 9/12.
    expect(told(book, 105)).toEqual([
      ["a", 5, 2],
      ["b", 4, 2],
      ["c", 3, 1],
    ]);
  });

  test("count as sold again where their offer or their cards are gone", () => {
    const book = awardedTo({ a: 8 });
    seePage(book, [completed("a", 104), { type: "OfferWithdrawn", data: { offer: offerId } }]);
    expect(told(book, 105)).toEqual([["a", 8, 0]]);
    const derated = awardedTo({ a: 8 });
    seePage(derated, [completed("a", 104), sensed(6)]);
    expect(told(derated, 105)).toEqual([["a", 8, 6]]);
  });

  test("count as sold again where only cards are left that energy lifts above the price cap", () => {
    const center = joined(xian, { energy: new Array<number>(24).fill(500) });
    const book = bookAfter(center, offered(), offered("dear", { reserve: 10_000 }), ...queued("a"));
    seal(book, gateIn(99), awardTo("a", 1));
    seePage(book, [...queued("b"), completed("a", 104)]);
    seal(book, gateIn(104), awardTo("b", 2, [fill({ cards: 13, from: 105 })]));
    expect(told(book, 105)).toEqual([["a", 8, 3]]);
  });

  test("are followed to the end of the award, however many gates pass", () => {
    const book = awardedTo({ a: 8 }, 130);
    seePage(book, [completed("a", 104)]);
    for (let gate = 100; gate < 129; gate++) seal(book, gateIn(gate));
    expect(told(book, 129)).toEqual([["a", 8, 8]]);
  });

  test("of a pool do not touch another's", () => {
    const book = bookAfter(...market, offered("w", { center: wuhan, cards: 2 }), ...queued("a"));
    const fills = [fill({ cards: 8 }), fill({ cards: 2, center: wuhan })];
    seal(book, gateIn(99), awardTo("a", 1, fills));
    seePage(book, [...queued("b"), completed("a", 104)]);
    seal(book, gateIn(104), awardTo("b", 2, [fill({ cards: 2, from: 105, center: wuhan })]));
    expect(told(book, 105)).toEqual([
      ["a", 8, 8],
      ["a", 2, 0],
    ]);
  });

  test("are none of a center that a divisible job had lost before", () => {
    const book = bookAfter(
      ...market,
      offered("w", { center: wuhan, cards: 2 }),
      ...queued("a", { kind: "div" }),
    );
    const fills = [fill({ cards: 8 }), fill({ cards: 2, center: wuhan })];
    seal(book, gateIn(99), awardTo("a", 1, fills));
    seePage(book, [reduced("a", xian, 106), completed("a", 104)]);
    expect(unresoldIn(book, 105).map(({ center }) => center)).toEqual([xian, wuhan]);
    expect(unresoldIn(book, 106).map(({ center }) => center)).toEqual([wuhan]);
  });
});

test("a waiver is of what was sold again, and of slots whose last gate never closed; of nothing else", () => {
  const book = awardedTo({ a: 8, c: 4 });
  seePage(book, [...queued("b"), completed("a", 104), completed("c", 109)]);
  // 16 cards less 9 and the 4 that run on: 3 are left of the 8.
  seal(book, gateIn(104), awardTo("b", 2, [fill({ cards: 9, from: 105 })]));
  const waiverOf = waivers(new Map([105, 107].map((slot) => [slot, unresoldIn(book, slot)])));
  const [a, c] = [PlacementId.parse("a.1"), PlacementId.parse("c.1")];
  const pool = { center: "xian", product: "ascend910" };
  expect(waiverOf(a, 104, 108)).toEqual({
    resold: [
      { ...pool, slot: 105, cards: 5 },
      { ...pool, slot: 107, cards: 5 },
    ],
    notOnSale: [104, 106],
  });
  expect(waiverOf(c, 107, 108)).toEqual({ resold: [], notOnSale: [] });
});
