import { describe, expect, test } from "vitest";
import type { PeriodEvent } from "../events/catalog/period.ts";
import { MillsText, Period } from "../events/catalog/values.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import { accept, nothing } from "./decider.ts";
import { type CutOff, type PeriodCommand, periodDecider, type Totals } from "./period.ts";
import { periodStart } from "./time.ts";

const period = Period.parse("2026-01-05");
const from = periodStart(period);
const open: PeriodCommand = { type: "Open", period, afterPosition: 7 };
const opened: PeriodEvent = {
  type: "PeriodOpened",
  data: { period, from, to: from + 240, afterPosition: 7 },
};
const end: CutOff = { at: "2026-01-05T16:30:00.000Z", position: 40, feedHash: "abc" };
const cutOff: PeriodCommand = { type: "CutOff", ...end };
const cut: PeriodEvent = { type: "PeriodCutOff", data: { period, ...end } };
const sum = MillsText.parse("900");
const payable = { account: "center:xian:payable", debit: MillsText.parse("0"), credit: sum };
const clearing = { account: "clearing", debit: sum, credit: MillsText.parse("0") };
const totals: Totals = { charges: 2, debits: sum, credits: sum, totals: [payable, clearing] };
const close: PeriodCommand = { type: "Close", ...totals };
const closed: PeriodEvent = { type: "PeriodClosed", data: { period, ...end, ...totals } };

describe("a settlement day", () => {
  test("has 240 slots from midnight in Shanghai", () => {
    expect(new Date(from * 360_000).toISOString()).toBe("2026-01-04T16:00:00.000Z");
    expect(given(periodDecider).when(open)).toEqual(accept(opened));
  });

  test("opens once: where it begins in the feed stands", () => {
    expect(given(periodDecider, opened).when({ ...open, afterPosition: 9 })).toEqual(nothing);
  });

  test("is cut off once: where it ends in the feed stands, whoever asks again", () => {
    expect(given(periodDecider, opened).when(cutOff)).toEqual(accept(cut));
    expect(given(periodDecider, opened, cut).when({ ...cutOff, position: 41 })).toEqual(nothing);
    expect(given(periodDecider, opened, cut, closed).when({ ...cutOff, position: 41 })).toEqual(nothing);
    expect(refusal(given(periodDecider, opened).when({ ...cutOff, position: 6 }))).toBe(
      "period-before-itself",
    );
    expect(refusal(given(periodDecider).when(cutOff))).toBe("period-unknown");
  });

  test("closes once, for ever, where it was cut off", () => {
    expect(given(periodDecider, opened, cut).when(close)).toEqual(accept(closed));
    expect(given(periodDecider, opened, cut, closed).when({ ...close, charges: 3 })).toEqual(nothing);
    expect(refusal(given(periodDecider).when(close))).toBe("period-unknown");
    expect(refusal(given(periodDecider, opened).when(close))).toBe("not-cut-off");
  });

  test("closes only where debits are credits", () => {
    const unbalanced: PeriodCommand = { ...close, credits: MillsText.parse("899") };
    expect(refusal(given(periodDecider, opened, cut).when(unbalanced))).toBe("unbalanced");
  });

  describe("with more accounts than one event holds", () => {
    const page = (n: number): PeriodCommand => ({ type: "StateTotals", page: n, totals: [payable] });
    const rest = { ...totals, totals: [clearing], pages: 1 };
    const stated: PeriodEvent = {
      type: "PeriodTotalsStated",
      data: { period, page: 1, totals: [payable] },
    };

    test("states them page by page, in order and each once, before it closes with the rest", () => {
      expect(given(periodDecider, opened, cut).when(page(1))).toEqual(accept(stated));
      expect(given(periodDecider, opened, cut, stated).when(page(1))).toEqual(nothing);
      expect(refusal(given(periodDecider, opened, cut).when(page(2)))).toBe("totals-missing");
      expect(refusal(given(periodDecider, opened).when(page(1)))).toBe("not-cut-off");
      expect(given(periodDecider, opened, cut, stated).when({ type: "Close", ...rest })).toEqual(
        accept({ type: "PeriodClosed", data: { period, ...end, ...rest } }),
      );
      expect(given(periodDecider, opened, cut, stated, closed).when(page(2))).toEqual(nothing);
    });

    test("does not close without one of them, nor with rows that do not add up", () => {
      const cutAnd = (...events: PeriodEvent[]) => given(periodDecider, opened, cut, ...events);
      expect(refusal(cutAnd().when({ type: "Close", ...rest }))).toBe("totals-missing");
      expect(refusal(cutAnd(stated).when(close))).toBe("totals-missing");
      expect(refusal(cutAnd(stated).when({ type: "Close", ...totals, pages: 1 }))).toBe("unbalanced");
      expect(refusal(cutAnd().when({ type: "Close", ...totals, totals: rest.totals }))).toBe("unbalanced");
    });
  });

  test("is of the catalog, and repeats add nothing", () => {
    const commands = [close, cutOff, open, open, close, cutOff, cutOff, close, close];
    expect(carryOut(periodDecider, commands).events).toEqual([opened, cut, closed]);
  });
});
