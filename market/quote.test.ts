import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OfferId } from "../events/catalog/values.ts";
import type { SupplyStep } from "./book/supply-left.ts";
import { likelyStart, type QuotedJob, type QuotedPool } from "./quote.ts";

/** No energy cost, so that an untraded slot's price is the reserve. */
const pool: QuotedPool = {
  kw: 0.5,
  puePermille: 1200,
  energy: Array.from({ length: 24 }, () => 0),
  supply: [[100, 140, 64, 80]],
  traded: new Map(),
};
/** It meets no price, so that the cheapest start counts. */
const job: QuotedJob = { session: "spot", cards: 8, slots: 2, from: 100, to: 110, limit: 0 };
const byReserve = (steps: readonly SupplyStep[]) => steps.toSorted((a, b) => a[3] - b[3]);

describe("a quote", () => {
  test("is the reserve with its energy where nothing was traded", () => {
    expect(likelyStart(pool, job)).toEqual({ from: 100, basis: "offered", perCard: 160 });
    // A card draws 0.5 kW x 1.2 for a tenth of an hour: 0.06 kWh at 500 mills are 30 mills.
    const metered = { ...pool, energy: pool.energy.map(() => 500) };
    expect(likelyStart(metered, job)).toMatchObject({ perCard: 2 * (80 + 30) });
  });

  test("has carbon in its price, on top of energy", () => {
    const carbon = pool.energy.map(() => 500);
    expect(likelyStart({ ...pool, carbon }, job)).toMatchObject({ perCard: 2 * (80 + 30) });
  });

  test("counts what only one session sells in that session alone", () => {
    const supply: SupplyStep[] = [
      [100, 120, 8, 40, { only: "spot" }],
      [100, 120, 8, 60, { only: "forward" }],
      [120, 140, 8, 60],
    ];
    const left = { ...pool, supply };
    expect(likelyStart(left, job)).toMatchObject({ from: 100, perCard: 80 });
    expect(likelyStart(left, { ...job, session: "forward", slots: 10 })).toMatchObject({ perCard: 600 });
    expect(likelyStart(left, { ...job, cards: 9 })).toBeUndefined();
  });

  test("takes firm cards first: reclaimable ones ask no less than the dearest firm ones beside them", () => {
    const supply: SupplyStep[] = [
      [100, 140, 8, 30, { reclaimable: true }],
      [100, 105, 4, 60],
      [100, 140, 4, 90],
    ];
    const left = { ...pool, supply };
    const asked = (cards: number) => likelyStart(left, { ...job, cards, to: 105 })?.perCard;
    expect([4, 8, 16].map(asked)).toEqual([120, 180, 180]);
    // Where no firm ones are left, they ask what they ask.
    expect(likelyStart({ ...pool, supply: supply.slice(0, 1) }, job)?.perCard).toBe(60);
  });

  describe("where centers sell in longer runs only", () => {
    const a = OfferId.parse("a");
    const run = (least: number, ...sold: [number, number][]) => ({ run: { of: a, least, sold } });
    const from = (supply: readonly SupplyStep[], more: Partial<QuotedJob> = {}) =>
      likelyStart({ ...pool, supply }, { ...job, to: 120, ...more })?.from;

    test("promises no start at which it alone would sell an offer for too short a time", () => {
      expect(from([[100, 140, 8, 80, run(3)]])).toBeUndefined();
      expect(from([[100, 140, 8, 80, run(3)]], { slots: 3 })).toBe(100);
      expect(
        from([
          [110, 140, 8, 70],
          [100, 140, 8, 80, run(3)],
        ]),
      ).toBe(110);
      // Dearer cards are not sold before the cheaper ones.
      expect(
        from([
          [100, 140, 8, 80, run(3)],
          [100, 140, 8, 90],
        ]),
      ).toBeUndefined();
      expect(
        from([
          [100, 140, 8, 80],
          [100, 140, 8, 90, run(3)],
        ]),
      ).toBe(100);
    });

    test("counts what is sold beside it, within its window or not", () => {
      expect(from([[100, 140, 8, 80, run(3, [105, 106])]])).toBe(103);
      expect(from([[100, 140, 8, 80, run(4, [98, 100])]])).toBe(100);
      expect(from([[100, 140, 8, 80, run(4, [120, 122])]])).toBe(118);
      expect(from([[100, 140, 8, 80, run(4, [97, 99])]])).toBeUndefined();
      // What a buyer gave back left this one short: no more is sold of it.
      expect(from([[100, 140, 8, 80, run(4, [100, 102])]], { to: 102 })).toBeUndefined();
    });

    test("counts all steps of an offer together", () => {
      const steps: SupplyStep[] = [
        [100, 101, 8, 80, run(3)],
        [101, 140, 8, 90, run(3)],
      ];
      expect(from(steps, { slots: 3 })).toBe(100);
    });

    test("counts whole hours in the forward session", () => {
      const forward = { session: "forward", slots: 10, to: 140 } as const;
      expect(from([[100, 140, 8, 80, run(10)]], forward)).toBe(100);
      expect(from([[100, 140, 8, 80, run(11)]], forward)).toBeUndefined();
      expect(from([[100, 140, 8, 80, run(11, [120, 130])]], forward)).toBe(110);
      expect(from([[100, 140, 8, 80, run(11, [120, 129])]], forward)).toBeUndefined();
    });
  });

  test("is the traded price where there is one, and starts where it is cheapest", () => {
    const left: QuotedPool = { ...pool, supply: [[104, 140, 64, 30]] };
    const traded = new Map([
      [104, 50],
      [105, 40],
      [106, 70],
    ]);
    expect(likelyStart({ ...left, traded }, { ...job, to: 107 })).toEqual({
      from: 104,
      basis: "traded",
      perCard: 90,
    });
    expect(likelyStart({ ...left, traded: new Map([[105, 40]]) }, { ...job, to: 107 })).toMatchObject({
      basis: "offered",
      perCard: 70,
    });
  });

  test("is never below what the cards that are left cost", () => {
    const traded = new Map([
      [100, 50],
      [101, 50],
    ]);
    expect(likelyStart({ ...pool, traded }, { ...job, to: 102 })).toMatchObject({
      basis: "traded",
      perCard: 160,
    });
  });

  test("needs enough cards left in every slot, and pays the dearest that it needs", () => {
    const supply: SupplyStep[] = [
      [100, 140, 4, 60],
      [105, 140, 4, 90],
    ];
    const left = { ...pool, supply };
    expect(likelyStart(left, { ...job, cards: 4 })).toMatchObject({ from: 100, perCard: 120 });
    expect(likelyStart(left, job)).toMatchObject({ from: 105, perCard: 180 });
    expect(likelyStart(left, { ...job, cards: 9 })).toBeUndefined();
    expect(likelyStart(left, { ...job, from: 90, to: 101 })).toBeUndefined();
  });

  test("in spot is what the first gate that its limit meets would give it", () => {
    // Cheaper from slot 106 on; each gate sells three starts.
    const supply: SupplyStep[] = [
      [106, 140, 64, 40],
      [100, 106, 64, 80],
    ];
    const left = { ...pool, supply };
    expect(likelyStart(left, { ...job, limit: 39 })).toMatchObject({ from: 106, perCard: 80 });
    expect(likelyStart(left, { ...job, limit: 59 })).toMatchObject({ from: 106, perCard: 80 });
    expect(likelyStart(left, { ...job, limit: 80 })).toMatchObject({ from: 100, perCard: 160 });
    // The gate of slot 102 sells starts 103 to 105: the last of them has one dear slot only.
    expect(likelyStart(left, { ...job, from: 103, limit: 60 })).toMatchObject({ from: 105, perCard: 120 });
  });

  test("in forward is the cheapest hour of the window", () => {
    const supply: SupplyStep[] = [
      [114, 140, 64, 40],
      [100, 114, 64, 80],
    ];
    const forward: QuotedJob = { ...job, session: "forward", slots: 10, to: 140, limit: 1000 };
    expect(likelyStart({ ...pool, supply }, forward)).toMatchObject({ from: 120, perCard: 400 });
    expect(likelyStart({ ...pool, supply }, { ...forward, to: 129 })).toMatchObject({
      from: 110,
      perCard: 4 * 80 + 6 * 40,
    });
  });

  test("is no dearer for fewer cards or a wider window", () => {
    const steps = fc.array(arbitraryStep(104, 112), { maxLength: 5 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 9 }), (given, cards) => {
        const left = { ...pool, supply: byReserve(given) };
        const best = likelyStart(left, { ...job, cards });
        if (best === undefined) return;
        const fewer = likelyStart(left, { ...job, cards: cards - 1 });
        const wider = likelyStart(left, { ...job, cards, from: 98, to: 114 });
        expect(fewer?.perCard).toBeLessThanOrEqual(best.perCard);
        expect(wider?.perCard).toBeLessThanOrEqual(best.perCard);
      }),
    );
  });

  test("knows the price of energy of each hour, and takes the first of equal starts", () => {
    // 08:00 to 09:00 in Shanghai, and the hour after it.
    const energy = pool.energy.map((_, hour) => (hour === 8 ? 1000 : 500));
    const later: QuotedPool = { ...pool, supply: [[0, 20, 8, 80]], energy };
    const asked = { ...job, from: 0 };
    expect(likelyStart(later, { ...asked, to: 20 })).toMatchObject({ from: 10, perCard: 2 * (80 + 30) });
    expect(likelyStart(later, { ...asked, to: 11 })).toMatchObject({ from: 9, perCard: 2 * 80 + 60 + 30 });
    expect(likelyStart(later, { ...asked, to: 10 })).toMatchObject({ from: 0, perCard: 2 * (80 + 60) });
  });

  test("is the start that its session's gates would come to, priced card by card", () => {
    const trades = fc.array(fc.tuple(fc.integer({ min: 100, max: 112 }), fc.integer({ min: 0, max: 20 })), {
      maxLength: 6,
    });
    const asked = fc.record({
      session: fc.constantFrom("spot" as const, "forward" as const),
      cards: fc.integer({ min: 1, max: 8 }),
      slots: fc.integer({ min: 1, max: 4 }),
      from: fc.integer({ min: 98, max: 104 }),
      to: fc.integer({ min: 104, max: 113 }),
      limit: fc.integer({ min: 0, max: 25 }),
    });
    fc.assert(
      fc.property(
        fc.array(arbitraryStep(106, 112), { maxLength: 4 }),
        trades,
        asked,
        (given, sold, wanted) => {
          const traded = new Map(sold);
          // Every single card, cheapest first: the last one that the job takes sets its price.
          const cardPrice = (slot: number) => {
            const single = given
              .filter(([from, to]) => from <= slot && slot < to)
              .flatMap(([, , cards, reserve]) => Array.from({ length: cards }, () => reserve))
              .sort((a, b) => a - b);
            const reserve = single[wanted.cards - 1];
            return reserve === undefined
              ? Number.POSITIVE_INFINITY
              : Math.max(traded.get(slot) ?? 0, reserve);
          };
          const starts = Array.from({ length: 20 }, (_, n) => wanted.from + n)
            .filter((from) => from + wanted.slots <= wanted.to)
            .filter((from) => wanted.session === "spot" || from % 10 === 0)
            .map((from) => {
              const slots = Array.from({ length: wanted.slots }, (_, n) => from + n);
              return { from, slots, cost: slots.reduce((sum, slot) => sum + cardPrice(slot), 0) };
            })
            .filter(({ cost }) => cost < Number.POSITIVE_INFINITY);
          const least = (of: typeof starts) => Math.min(...of.map(({ cost }) => cost));
          const gates = starts.map(({ from }) =>
            starts.filter((one) => one.from >= from && one.from < from + 3),
          );
          const met = gates.find((sold) => least(sold) <= wanted.limit * wanted.slots);
          const choice = wanted.session === "spot" ? (met ?? starts) : starts;
          const first = choice.find(({ cost }) => cost === least(choice));
          const basis = first?.slots.every((slot) => traded.has(slot)) ? "traded" : "offered";
          const expected = first && { from: first.from, perCard: first.cost, basis };
          expect(likelyStart({ ...pool, supply: byReserve(given), traded }, wanted)).toEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function arbitraryStep(latestFrom: number, latestTo: number): fc.Arbitrary<SupplyStep> {
  return fc
    .record({
      from: fc.integer({ min: 100, max: latestFrom }),
      to: fc.integer({ min: latestFrom - 2, max: latestTo }),
      cards: fc.integer({ min: 1, max: 6 }),
      reserve: fc.integer({ min: 0, max: 20 }),
    })
    .filter(({ from, to }) => from < to)
    .map(({ from, to, cards, reserve }) => [from, to, cards, reserve]);
}
