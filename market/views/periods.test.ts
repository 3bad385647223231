import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { Period } from "../../events/catalog/values.ts";
import { account, job, midnight, owner, row, rowsOf, time, today, tomorrow } from "../../test/view-rows.ts";
import { periodStart } from "../time.ts";
import { viewKeys } from "./view.ts";

test("an account is known by the last day that it was opened in", () => {
  const opened = (period: Period) =>
    parseEvent("AccountOpened", { account, owner, period, available: "0", holds: [] });
  const held = parseEvent("FundsHeld", { account, job, stretch: 1, mills: "5" });
  const expected = row(viewKeys.account(account), { account, owner, period: tomorrow });
  expect(rowsOf(streams.account(account, today), opened(today), held, opened(tomorrow))).toEqual(expected);
  expect(rowsOf(streams.account(account, today), opened(tomorrow), opened(today))).toEqual(expected);
});

describe("a period", () => {
  const from = periodStart(today);
  const data = { period: today, from, to: midnight, afterPosition: 0 };
  const opened = parseEvent("PeriodOpened", data);
  const end = { period: today, at: time, position: 9, feedHash: "f".repeat(64) };
  const cut = parseEvent("PeriodCutOff", end);
  const sums = { charges: 0, debits: "900", credits: "900" };
  const closed = (...totals: readonly object[]) => parseEvent("PeriodClosed", { ...end, ...sums, totals });

  test("is open, cut off, and closed", () => {
    expect(rowsOf(streams.period(today), opened)).toEqual(row(viewKeys.period(today), data));
    const cutOff = { ...data, cutOff: end };
    expect(rowsOf(streams.period(today), opened, cut)).toEqual(row(viewKeys.period(today), cutOff));
    expect(rowsOf(streams.period(today), opened, cut, closed())).toEqual(
      row(viewKeys.period(today), { ...cutOff, closed: { ...end, ...sums } }),
    );
  });

  test("adds its totals to what the ledger's accounts turned over in the days before", () => {
    const totals = closed(
      { account: "bank", debit: "900", credit: "0" },
      { account: "bank", debit: "5", credit: "1", currency: "USD" },
    );
    const rows = rowsOf(streams.period(today), totals, totals);
    const traded = { account: "bank", currency: "CNY", period: today };
    const foreign = { ...traded, currency: "USD" };
    expect(rows).toEqual({
      ...row(viewKeys.ledger("bank", "CNY"), { ...traded, debit: "1800", credit: "0" }),
      ...row(viewKeys.ledger("bank", "USD"), { ...foreign, debit: "10", credit: "2" }),
      ...row(viewKeys.ledgerOfDay(today, "bank", "CNY"), { ...traded, debit: "900", credit: "0" }),
      ...row(viewKeys.ledgerOfDay(today, "bank", "USD"), { ...foreign, debit: "5", credit: "1" }),
    });
  });

  test("has the same rows where they were stated before it closed", () => {
    const rows = [
      { account: "bank", debit: "900", credit: "0" },
      { account: "tenant:lab:available", debit: "0", credit: "900" },
    ];
    const stated = parseEvent("PeriodTotalsStated", { period: today, page: 1, totals: rows.slice(1) });
    const isRow = ([key]: readonly [string, unknown]) => key.includes("ledger");
    const rowsIn = (...events: readonly DomainEvent[]) =>
      Object.fromEntries(Object.entries(rowsOf(streams.period(today), ...events)).filter(isRow));
    expect(rowsIn(stated, closed(...rows.slice(0, 1)))).toEqual(rowsIn(closed(...rows)));
  });
});
