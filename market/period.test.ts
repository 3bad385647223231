import { describe, expect, test } from "vitest";
import type { PeriodEvent } from "../events/catalog/period.ts";
import { MillsText, Period } from "../events/catalog/values.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import { accept, nothing } from "./decider.ts";
import { type PeriodCommand, periodDecider, type Totals } from "./period.ts";
import { periodStart } from "./time.ts";

const period = Period.parse("2026-01-05");
const from = periodStart(period);
const open: PeriodCommand = { type: "Open", period, afterPosition: 7 };
const opened: PeriodEvent = {
  type: "PeriodOpened",
  data: { period, from, to: from + 240, afterPosition: 7 },
};
const sum = MillsText.parse("900");
const totals: Totals = {
  at: "2026-01-05T16:30:00.000Z",
  position: 40,
  feedHash: "abc",
  charges: 2,
  debits: sum,
  credits: sum,
  totals: [
    { account: "center:xian", debit: MillsText.parse("0"), credit: sum },
    { account: "tenant:lab", debit: sum, credit: MillsText.parse("0") },
  ],
};
const close: PeriodCommand = { type: "Close", ...totals };
const closed: PeriodEvent = { type: "PeriodClosed", data: { period, ...totals } };

describe("a settlement day", () => {
  test("has 240 slots from midnight in Shanghai", () => {
    expect(new Date(from * 360_000).toISOString()).toBe("2026-01-04T16:00:00.000Z");
    expect(given(periodDecider).when(open)).toEqual(accept(opened));
  });

  test("opens once: where it begins in the feed stands", () => {
    expect(given(periodDecider, opened).when({ ...open, afterPosition: 9 })).toEqual(nothing);
  });

  test("closes once, for ever", () => {
    expect(given(periodDecider, opened).when(close)).toEqual(accept(closed));
    expect(given(periodDecider, opened, closed).when({ ...close, charges: 3 })).toEqual(nothing);
    expect(refusal(given(periodDecider).when(close))).toBe("period-unknown");
  });

  test("closes only where debits are credits, and not before it began", () => {
    const unbalanced: PeriodCommand = { ...close, credits: MillsText.parse("899") };
    expect(refusal(given(periodDecider, opened).when(unbalanced))).toBe("unbalanced");
    expect(refusal(given(periodDecider, opened).when({ ...close, position: 6 }))).toBe(
      "period-before-itself",
    );
  });

  test("is of the catalog, and repeats add nothing", () => {
    expect(carryOut(periodDecider, [close, open, open, close, close]).events).toEqual([opened, closed]);
  });
});
