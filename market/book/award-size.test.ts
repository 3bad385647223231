import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maxCommitBytes } from "../../events/store/log.ts";
import {
  bookAfter,
  gateIn,
  instanceOf,
  joined,
  offered,
  queued,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import type { DivFills, Result } from "../clearing/instance.ts";
import { fillsMost, withinAwardSize } from "./award-size.ts";
import { awardPages, awardsOf } from "./awards.ts";

/** A divisible job that may take every hour of a week in two centers, at prices that change by the hour. */
const instance = instanceOf(
  bookAfter(
    joined(xian),
    joined(wuhan),
    offered("x", { from: 90, to: 2000 }),
    offered("w", { center: wuhan, from: 90, to: 2000 }),
    ...queued("fleet", { session: "forward", kind: "div", slots: 1680, maxSlots: 1680, to: 1780 }),
  ),
  gateIn(98, "forward"),
);
const { T } = instance.book;

function resultWith(fills: DivFills["fills"], prices: Result["prices"]): Result {
  return { welfare: 1e12, bound: 1e12, accepted: [], div: [{ b: 0, fills }], prices, linkPrices: {} };
}

describe("an award of a divisible job", () => {
  // Centers are listed by name: wuhan is 0, xian 1. Ten slots an hour, so prices are tens.
  const byHour = (pool: number) => Array.from({ length: T }, (_, t) => 1000 + (t % 2) * 10 + pool * 100);
  const prices = { "0": byHour(0), "1": byHour(1) };
  const everywhere = [0, 1].flatMap((c) =>
    Array.from({ length: T }, (_, t) => [c, 0, t, 1 + ((t + c) % 5)] as const),
  );

  test("may list all that fits, and then nothing is taken from it", () => {
    const result = resultWith(everywhere, prices);
    expect(everywhere.length).toBeLessThanOrEqual(fillsMost);
    expect(withinAwardSize(instance, result)).toBe(result);
  });

  test("lists no more than a commit holds: the largest are kept, the welfare is what they are worth at least", () => {
    // As if there were five times as many hours: the shape is what counts, not who offers it.
    const many = Array.from({ length: 5 * T }, (_, t) => [0, 0, t, t % 7 === 0 ? 1 : 2 + (t % 5)] as const);
    const varied = { "0": Array.from({ length: 5 * T }, (_, t) => 1000 + (t % 3) * 10) };
    const result = resultWith(many, varied);
    const kept = withinAwardSize(instance, result);
    const [own] = kept.div;
    expect(own?.fills).toHaveLength(fillsMost);
    expect(own?.fills.every((fill) => many.some((one) => one === fill))).toBe(true);
    const left = many.filter((fill) => !own?.fills.includes(fill));
    const most = Math.max(...left.map(([, , , cards]) => cards));
    for (const [, , , cards] of own?.fills ?? []) expect(cards).toBeGreaterThanOrEqual(most);
    const limit = instance.book.bids[0]?.prods[0]?.limit ?? 0;
    const lost = left.reduce((sum, [, , , cards]) => sum + cards * limit, 0);
    expect(kept.welfare).toBe(result.welfare - lost);
    const pages = awardPages(awardsOf(instance, kept, 1));
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(maxCommitBytes - 2_000);
    expect(pages.flatMap(({ awards }) => awards)).toHaveLength(1);
  });

  test("keeps whole ranges, so that it is listed in as many fills as are counted", () => {
    const cells = fc.uniqueArray(fc.tuple(fc.nat(1), fc.nat(T - 1), fc.integer({ min: 1, max: 3 })), {
      selector: ([c, t]) => `${c}/${t}`,
      maxLength: 2 * T,
    });
    fc.assert(
      fc.property(cells, (given) => {
        const fills = given.map(([c, t, q]) => [c, 0, t, q] as const);
        if (fills.length === 0) return;
        const kept = withinAwardSize(instance, resultWith(fills, prices));
        const { awards } = awardsOf(instance, kept, 1);
        expect(awards[0]?.fills.length).toBeLessThanOrEqual(fillsMost);
      }),
      { numRuns: 50 },
    );
  });
});
