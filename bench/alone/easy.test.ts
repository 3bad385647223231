import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { earliestFit, plan, type Running, reserve, type Waiting } from "./easy.ts";

const job = (key: string, cards: number, expectedSeconds: number, more: Partial<Waiting> = {}): Waiting => ({
  key,
  cards,
  products: ["p"],
  expectedSeconds,
  divisible: false,
  ...more,
});
const busy = (cards: number, expectedEnd: number): Running => ({ product: "p", cards, expectedEnd });
const free = (cards: number) => new Map([["p", cards]]);

describe("the earliest fit", () => {
  it("counts all that end by then", () => {
    expect(earliestFit(0, 2, [busy(3, 10), busy(3, 20)], 2)).toEqual({ at: 0, spare: 0 });
    expect(earliestFit(0, 2, [busy(3, 20), busy(3, 10)], 4)).toEqual({ at: 10, spare: 1 });
    expect(earliestFit(0, 2, [busy(3, 10), busy(3, 10)], 4)).toEqual({ at: 10, spare: 4 });
    expect(earliestFit(0, 2, [busy(3, 10), busy(3, 20)], 8)).toEqual({ at: 20, spare: 0 });
    expect(earliestFit(0, 2, [busy(3, 10)], 6)).toBeUndefined();
  });
});

describe("a plan", () => {
  it("starts the first come first while they fit", () => {
    expect(
      plan(0, free(10), [], [job("a", 6, 5), job("b", 4, 5), job("c", 1, 5)]).starts.map((s) => s.key),
    ).toEqual(["a", "b"]);
  });

  it("fills the gap with what ends before the reservation or fits beside it", () => {
    const running = [busy(8, 100)];
    const queue = [job("head", 9, 50), job("late", 2, 101), job("short", 1, 100), job("beside", 1, 999)];
    const { starts, reservation } = plan(0, free(2), running, queue);
    expect(reservation).toEqual({ key: "head", product: "p", at: 100, spare: 0 });
    expect(starts.map((s) => s.key)).toEqual(["short", "beside"]);
  });

  it("does not give the cards beside a reservation away twice", () => {
    const queue = [job("head", 8, 50), job("x", 2, 999), job("y", 1, 999)];
    const { starts } = plan(0, free(3), [busy(7, 100)], queue);
    expect(starts.map((s) => s.key)).toEqual(["x"]);
  });

  it("lets a divisible job take what is free without holding up the queue", () => {
    const queue = [job("fleet", 20, 60, { divisible: true }), job("b", 1, 5)];
    expect(plan(0, free(7), [], queue).starts).toEqual([{ key: "fleet", product: "p", cards: 7 }]);
    expect(plan(0, free(21), [], queue).starts.map((s) => s.key)).toEqual(["fleet", "b"]);
    expect(plan(0, free(0), [busy(5, 10)], queue).reservation?.key).toBe("b");
  });

  it("starts a job in any of its pools", () => {
    const both = { products: ["p", "q"] };
    const pools = new Map([
      ["p", 1],
      ["q", 4],
    ]);
    expect(plan(0, pools, [], [job("a", 4, 5, both)]).starts).toEqual([{ key: "a", product: "q", cards: 4 }]);
  });
});

const pools = ["p", "q"];
const situation = fc
  .record({
    running: fc.array(
      fc.record({
        product: fc.constantFrom(...pools),
        cards: fc.integer({ min: 1, max: 8 }),
        expectedEnd: fc.integer({ min: 1, max: 60 }),
      }),
      { maxLength: 12 },
    ),
    free: fc.record({ p: fc.nat(12), q: fc.nat(12) }),
    queue: fc.array(
      fc.record({
        cards: fc.integer({ min: 1, max: 16 }),
        products: fc.subarray(pools, { minLength: 1 }),
        expectedSeconds: fc.integer({ min: 1, max: 60 }),
        divisible: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      }),
      { maxLength: 15 },
    ),
  })
  .map(({ running, free, queue }) => ({
    running,
    free: new Map(Object.entries(free)),
    queue: queue.map((each, n): Waiting => ({ ...each, key: `j${n}` })),
  }));

describe("any plan", () => {
  it("never uses more cards than are free, and no pool that the job may not use", () => {
    fc.assert(
      fc.property(situation, ({ running, free, queue }) => {
        const { starts } = plan(0, free, running, queue);
        for (const pool of pools) {
          const used = starts.filter((s) => s.product === pool).reduce((sum, s) => sum + s.cards, 0);
          expect(used).toBeLessThanOrEqual(free.get(pool) ?? 0);
        }
        for (const start of starts) {
          const asked = queue.find((each) => each.key === start.key);
          expect(asked?.products).toContain(start.product);
          if (asked?.divisible) expect(start.cards).toBeLessThanOrEqual(asked.cards);
          else expect(start.cards).toBe(asked?.cards);
        }
        expect(new Set(starts.map((s) => s.key)).size).toBe(starts.length);
      }),
      { numRuns: 500 },
    );
  });

  it("never delays the first that has to wait, if the estimates are exact", () => {
    fc.assert(
      fc.property(situation, ({ running, free, queue }) => {
        const { starts, reservation } = plan(0, free, running, queue);
        const headAt = queue.findIndex((each) => each.key === reservation?.key);
        const head = queue[headAt];
        if (reservation === undefined || head === undefined) return;
        const left = new Map(free);
        const after = [...running];
        for (const start of starts) {
          const asked = queue.find((each) => each.key === start.key);
          left.set(start.product, (left.get(start.product) ?? 0) - start.cards);
          after.push({
            product: start.product,
            cards: start.cards,
            expectedEnd: asked?.expectedSeconds ?? 0,
          });
        }
        // What started before it in the queue came first; all that started is in use when it is looked at again.
        expect(reserve(0, left, after, head)?.at).toBeLessThanOrEqual(reservation.at);
      }),
      { numRuns: 1000 },
    );
  });
});
