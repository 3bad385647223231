import { describe, expect, test } from "vitest";
import { CenterId, ProductId } from "../../events/catalog/values.ts";
import type { SupplyStep } from "../book/supply-left.ts";
import { type OfferChange, supplySince } from "./supply.ts";

const change = (more: Partial<OfferChange>): OfferChange => ({
  center: CenterId.parse("xian"),
  product: ProductId.parse("ascend910"),
  from: 100,
  to: 140,
  cards: 8,
  reserve: 100,
  ...more,
});
const steps = [
  { cards: 2, reserve: 100 },
  { cards: 6, reserve: 130 },
];
const left: SupplyStep[] = [
  [100, 120, 8, 100, { only: "spot" }],
  [100, 120, 4, 100, { only: "forward" }],
  [120, 200, 4, 100],
];

describe("supply since an auction", () => {
  test("has each step of an offer that came, until the offer goes", () => {
    expect(supplySince([], [change({ steps })])).toEqual([
      [100, 140, 2, 100],
      [100, 140, 6, 130],
    ]);
    expect(supplySince([], [change({ steps }), change({ steps, cards: -8 })])).toEqual([]);
  });

  test("has nothing of a home reserve that came: no auction has seen yet what of it has lapsed", () => {
    expect(supplySince(left, [change({ homeReserve: true })])).toEqual(left);
  });

  test("loses a home reserve that went where it was on sale, which was in spot", () => {
    expect(supplySince(left, [change({ homeReserve: true, cards: -4 })])).toEqual([
      [100, 120, 4, 100, { only: "spot" }],
      [100, 120, 4, 100, { only: "forward" }],
      [120, 200, 4, 100],
    ]);
  });

  test("loses another offer that went in both sessions", () => {
    expect(supplySince(left, [change({ cards: -4 })])).toEqual([
      [100, 120, 4, 100, { only: "spot" }],
      [140, 200, 4, 100],
    ]);
  });
});
