import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bestStart, type QuotedPool } from "./quote.ts";

/** No energy cost, so that an untraded slot's price is the reserve. */
const pool: QuotedPool = {
  kw: 0.5,
  puePermille: 1200,
  energy: Array.from({ length: 24 }, () => 0),
  offers: [{ from: 100, to: 140, cards: 64, reserve: 80 }],
  traded: new Map(),
};
const job = { cards: 8, slots: 2, from: 100, to: 110 };

describe("a quote", () => {
  test("is the reserve with its energy where nothing was traded", () => {
    expect(bestStart(pool, job)).toEqual({ from: 100, basis: "offered", perCard: 160 });
    // A card draws 0.5 kW x 1.2 for a tenth of an hour: 0.06 kWh at 500 mills are 30 mills.
    const metered = { ...pool, energy: pool.energy.map(() => 500) };
    expect(bestStart(metered, job)).toMatchObject({ perCard: 2 * (80 + 30) });
  });

  test("is the traded price where there is one, and starts where it is cheapest", () => {
    const traded = new Map([
      [104, 50],
      [105, 40],
      [106, 70],
    ]);
    expect(bestStart({ ...pool, traded }, job)).toEqual({ from: 104, basis: "traded", perCard: 90 });
    expect(bestStart({ ...pool, traded: new Map([[105, 40]]) }, job)).toMatchObject({
      basis: "offered",
      perCard: 120,
    });
  });

  test("needs enough cards on offer in every slot, and pays the dearest that it needs", () => {
    const offers = [
      { from: 100, to: 140, cards: 4, reserve: 60 },
      { from: 105, to: 140, cards: 4, reserve: 90 },
    ];
    expect(bestStart({ ...pool, offers }, { ...job, cards: 4 })).toMatchObject({ from: 100, perCard: 120 });
    expect(bestStart({ ...pool, offers }, job)).toMatchObject({ from: 105, perCard: 180 });
    expect(bestStart({ ...pool, offers }, { ...job, cards: 9 })).toBeUndefined();
    expect(bestStart({ ...pool, offers }, { ...job, from: 90, to: 101 })).toBeUndefined();
  });

  test("is no dearer for fewer cards or a wider window", () => {
    const offer = fc.record({
      from: fc.integer({ min: 100, max: 104 }),
      to: fc.integer({ min: 105, max: 112 }),
      cards: fc.integer({ min: 1, max: 6 }),
      reserve: fc.integer({ min: 0, max: 99 }),
    });
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 5 }), fc.integer({ min: 2, max: 9 }), (offers, cards) => {
        const best = bestStart({ ...pool, offers }, { ...job, cards });
        if (best === undefined) return;
        const fewer = bestStart({ ...pool, offers }, { ...job, cards: cards - 1 });
        const wider = bestStart({ ...pool, offers }, { ...job, cards, from: 98, to: 114 });
        expect(fewer?.perCard).toBeLessThanOrEqual(best.perCard);
        expect(wider?.perCard).toBeLessThanOrEqual(best.perCard);
      }),
    );
  });

  test("knows the price of energy of each hour, and takes the first of equal starts", () => {
    // 08:00 to 09:00 in Shanghai, and the hour after it.
    const hours = { ...pool, offers: [{ from: 0, to: 20, cards: 8, reserve: 80 }] };
    const energy = hours.energy.map((_, hour) => (hour === 8 ? 1000 : 500));
    const later = { ...hours, energy };
    expect(bestStart(later, { cards: 8, slots: 2, from: 0, to: 20 })).toMatchObject({
      from: 10,
      perCard: 2 * (80 + 30),
    });
    expect(bestStart(later, { cards: 8, slots: 2, from: 0, to: 11 })).toMatchObject({
      from: 9,
      perCard: 2 * 80 + 60 + 30,
    });
    expect(bestStart(later, { cards: 8, slots: 2, from: 0, to: 10 })).toMatchObject({
      from: 0,
      perCard: 2 * (80 + 60),
    });
  });

  test("is the cheapest of all starts that have the cards, priced card by card", () => {
    const offer = fc.record({
      from: fc.integer({ min: 100, max: 106 }),
      to: fc.integer({ min: 104, max: 112 }),
      cards: fc.integer({ min: 1, max: 6 }),
      reserve: fc.integer({ min: 0, max: 20 }),
    });
    const trades = fc.array(fc.tuple(fc.integer({ min: 100, max: 112 }), fc.integer({ min: 0, max: 20 })), {
      maxLength: 6,
    });
    const asked = fc.record({
      cards: fc.integer({ min: 1, max: 8 }),
      slots: fc.integer({ min: 1, max: 4 }),
      from: fc.integer({ min: 98, max: 104 }),
      to: fc.integer({ min: 104, max: 113 }),
    });
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 4 }), trades, asked, (offers, sold, wanted) => {
        const traded = new Map(sold);
        // Every single card on offer, cheapest first: the last one that the job takes sets its price.
        const cardPrice = (slot: number) => {
          const single = offers
            .filter(({ from, to }) => from <= slot && slot < to)
            .flatMap(({ cards, reserve }) => Array.from({ length: cards }, () => reserve))
            .sort((a, b) => a - b);
          const reserve = single[wanted.cards - 1];
          return reserve === undefined ? Number.POSITIVE_INFINITY : (traded.get(slot) ?? reserve);
        };
        const starts = Array.from({ length: 20 }, (_, n) => wanted.from + n)
          .filter((start) => start + wanted.slots <= wanted.to)
          .map((start) => {
            const slots = Array.from({ length: wanted.slots }, (_, n) => start + n);
            return { start, slots, cost: slots.reduce((sum, slot) => sum + cardPrice(slot), 0) };
          });
        const least = Math.min(...starts.map(({ cost }) => cost));
        const first = starts.find(({ cost }) => cost === least && cost < Number.POSITIVE_INFINITY);
        const basis = first?.slots.every((slot) => traded.has(slot)) ? "traded" : "offered";
        const expected = first && { from: first.start, perCard: least, basis };
        expect(bestStart({ ...pool, offers, traded }, wanted)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
