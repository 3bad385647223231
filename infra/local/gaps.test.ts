import { describe, expect, test } from "vitest";
import { gapLines, gapOf } from "./gaps.ts";

describe("the gap of an auction", () => {
  test("is the share of the bound that it did not reach", () => {
    expect(gapOf({ welfare: "990", bound: "1000" })).toBe(0.01);
    expect(gapOf({ welfare: "1000", bound: "1000" })).toBe(0);
  });

  test("is none where nothing could be gained", () => {
    expect(gapOf({ welfare: "0", bound: "0" })).toBe(0);
  });

  test("is exact beyond what a double holds", () => {
    expect(gapOf({ welfare: "9007199254740993000", bound: "9007199254740993001" })).toBeCloseTo(1.11e-19, 20);
  });
});

describe("the gaps of a day", () => {
  const auction = (session: "spot" | "forward", welfare: string, bound: string, bids = 1) => ({
    session,
    welfare,
    bound,
    bids,
  });

  test("weigh by the bound, and name the worst, session by session; empty auctions do not count", () => {
    expect(
      gapLines([
        auction("spot", "900", "1000"),
        auction("spot", "9000", "9000"),
        auction("spot", "0", "0", 0),
        auction("forward", "50", "100"),
      ]),
    ).toEqual([
      "gap to the bound, spot: 1.00 % by value, worst 10.00 %, 2 auctions with bids",
      "gap to the bound, forward: 50.00 % by value, worst 50.00 %, 1 auctions with bids",
    ]);
  });

  test("are no line for a session without bids", () => {
    expect(gapLines([auction("forward", "0", "0", 0)])).toEqual([]);
  });
});
