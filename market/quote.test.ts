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
});
