import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CurvePoint } from "../../events/catalog/auction.ts";
import { OwnerId } from "../../events/catalog/values.ts";
import {
  ascend,
  bookAfter,
  gateIn,
  instanceOf,
  joined,
  offered,
  queued,
  xian,
} from "../../test/book-histories.ts";
import { demandCurve, supplyCurve } from "./curves.ts";

const limited = (limit: number) => ({ product: ascend, limit });

describe("the demand curve", () => {
  test("adds up what bids would take at their limit or below it, dearest first, and names nobody", () => {
    const book = bookAfter(
      joined(xian),
      ...queued("a", { products: [limited(300)] }),
      ...queued("b"),
      ...queued("c", { cards: 2 }),
      ...queued("d", { kind: "div", products: [limited(90)], slots: 5 }),
    );
    expect(demandCurve(instanceOf(book))).toEqual([
      { price: 300, cardSlots: 80 },
      { price: 250, cardSlots: 180 },
      { price: 90, cardSlots: 220 },
    ]);
  });

  test("counts slots and fen per card-hour in the forward session, too", () => {
    const book = bookAfter(joined(xian), ...queued("a", { session: "forward", slots: 20 }));
    expect(demandCurve(instanceOf(book, gateIn(98, "forward")))).toEqual([{ price: 250, cardSlots: 160 }]);
  });
});

describe("the supply curve", () => {
  test("adds up what is on sale at its cost or above it, cheapest first", () => {
    const book = bookAfter(
      joined(xian),
      offered("a", { to: 110, reserve: 120 }),
      offered("b", { cards: 2, from: 101, to: 103 }),
      offered("c", { cards: 1, from: 90, to: 102, reserve: 120 }),
    );
    expect(supplyCurve(instanceOf(book))).toEqual([
      { price: 100, cardSlots: 4 },
      { price: 120, cardSlots: 4 + 160 + 2 },
    ]);
  });

  test("has carbon in the cost as it has energy", () => {
    const carbon = new Array<number>(24).fill(800);
    const book = bookAfter(joined(xian, { carbon, puePermille: 1250 }), offered("a", { to: 120 }));
    expect(supplyCurve(instanceOf(book))).toEqual([{ price: 150, cardSlots: 320 }]);
  });

  test("has energy in the cost, hour by hour", () => {
    const energy = Array.from({ length: 24 }, (_, hour) => (hour % 2) * 800);
    const book = bookAfter(joined(xian, { energy, puePermille: 1250 }), offered("a", { to: 120 }));
    // 0.5 kW at a PUE of 1.25 for a tenth of an hour: 50 mills where a kWh costs 800.
    expect(supplyCurve(instanceOf(book))).toEqual([
      { price: 100, cardSlots: 160 },
      { price: 150, cardSlots: 320 },
    ]);
    expect(supplyCurve(instanceOf(book, gateIn(98, "forward")))).toEqual([
      { price: 100, cardSlots: 160 },
      { price: 150, cardSlots: 320 },
    ]);
  });
});

test("curves of many prices are thinned to what an event holds, and end at the whole amount", () => {
  const center = joined(xian, { pools: [{ product: ascend, cards: 2001, frameworks: [] }] });
  for (const count of [499, 500, 501, 1000, 1499, 2001]) {
    const offers = Array.from({ length: count }, (_, i) =>
      offered(`o${i}`, { from: 100, to: 101, cards: 1, reserve: i }),
    );
    const points = supplyCurve(instanceOf(bookAfter(center, ...offers)));
    expect(points.length).toBeLessThanOrEqual(500);
    expect(points.length).toBeGreaterThan(count <= 500 ? count - 1 : 250);
    expect(points.at(-1)).toEqual({ price: count - 1, cardSlots: count });
    for (const { price, cardSlots } of points.map((point) => CurvePoint.parse(point)))
      expect(cardSlots).toBe(price + 1);
  }
});

test("nothing on sale and nobody who bids are empty curves", () => {
  const instance = instanceOf(bookAfter(joined(xian)));
  expect([demandCurve(instance), supplyCurve(instance)]).toEqual([[], []]);
});

test("curves are the same whoever bids and offers, and hold prices and amounts only", () => {
  const bid = fc.record({
    owner: fc.constantFrom("university", "hospital", "works"),
    limit: fc.integer({ min: 90, max: 300 }),
    cards: fc.integer({ min: 1, max: 16 }),
  });
  fc.assert(
    fc.property(fc.array(bid, { maxLength: 8 }), fc.nat(7), (bids, turn) => {
      const named = (shift: number, name: string) =>
        instanceOf(
          bookAfter(
            joined(xian),
            offered(name),
            ...bids.flatMap(({ limit, cards }, n) => {
              const owner = bids[(n + shift) % bids.length]?.owner ?? "university";
              return queued(`${name}-${n}`, { cards, products: [limited(limit)] }, OwnerId.parse(owner));
            }),
          ),
        );
      const [one, other] = [named(0, "a"), named(turn, "z")];
      expect(demandCurve(other)).toEqual(demandCurve(one));
      expect(supplyCurve(other)).toEqual(supplyCurve(one));
      for (const point of [...demandCurve(one), ...supplyCurve(one)])
        expect(Object.keys(point).sort()).toEqual(["cardSlots", "price"]);
    }),
  );
});
