import fc from "fast-check";
import { expect, test } from "vitest";
import { Currency, Period } from "../../events/catalog/values.ts";
import { recordCommit } from "../../events/store/log.ts";
import { millsText } from "../money.ts";
import { ledgerOf, type TotalsRow, totalsOf } from "./ledger.ts";
import { pagedTotals, rowsOfEvent } from "./period-totals.ts";

const period = Period.parse("2026-01-05");
const row = (account: string, debit = 1n, credit = 1n): TotalsRow => ({
  account,
  debit: millsText(debit),
  credit: millsText(credit),
});
const own = ["bank", "clearing", "operator:fees", "operator:rent"];

test("each row is stated once, in the order of names, and one event has no more than it can hold", () => {
  const members = fc.uniqueArray(
    fc.constantFrom("tenant", "center", "link").chain((kind) => fc.nat(60).map((n) => `${kind}:${n}:x`)),
    {
      maxLength: 80,
    },
  );
  fc.assert(
    fc.property(members, fc.integer({ min: own.length, max: 20 }), (names, most) => {
      const totals = totalsOf(ledgerOf({ totals: [...own, ...names].map((name) => row(name)), charges: 3 }));
      const { pages, closing } = pagedTotals(totals, most);
      expect(closing.pages).toBe(pages.length === 0 ? undefined : pages.length);
      for (const rows of [...pages, closing.totals]) {
        expect(rows.length).toBeGreaterThan(0);
        expect(rows.length).toBeLessThanOrEqual(most);
      }
      const paged = pages.flat();
      const all = totalsOf(ledgerOf({ totals: [...paged, ...closing.totals], charges: closing.charges }));
      expect(all).toEqual(totals);
      expect(paged.length + closing.totals.length).toBe(totals.totals.length);
      expect(paged.map(({ account }) => account)).toEqual(paged.map(({ account }) => account).sort());
    }),
  );
});

test("a commit has room for a page of the longest names and largest amounts", () => {
  const most = 10n ** 18n - 1n;
  const longest = Array.from({ length: rowsOfEvent }, (_, n) => ({
    ...row(`tenant:${String(n).padStart(64, "a")}:available`, most, most),
    currency: Currency.parse("SGD"),
  }));
  const commit = {
    ...{
      stream: `period-${period}`,
      version: 3,
      commandId: `totals/${period}/1`,
      time: "2026-01-05T16:30:00.000Z",
    },
    ...{
      actor: "exchange:close-period",
      causationId: `totals/${period}/1`,
      correlationId: `period-${period}`,
    },
  };
  const stated = { type: "PeriodTotalsStated", v: 1, data: { period, page: 1, totals: longest } };
  expect(() => recordCommit({ ...commit, events: [stated] })).not.toThrow();
});
