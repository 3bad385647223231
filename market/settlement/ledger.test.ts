import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { PeriodClosed } from "../../events/catalog/period.ts";
import { AccountId, CenterId, Currency } from "../../events/catalog/values.ts";
import {
  charged,
  corrected,
  deposited,
  held,
  moneyFact,
  settled,
  stated,
  still,
} from "../../test/money-facts.ts";
import { marketCurrency, mills } from "../money.ts";
import { chart } from "./accounts.ts";
import {
  balanceOf,
  emptyLedger,
  entriesOf,
  type Ledger,
  ledgerOf,
  mergeLedgers,
  totalsOf,
  withEvents,
} from "./ledger.ts";

const acme = AccountId.parse("acme");
const xian = CenterId.parse("xian");
const usd = Currency.parse("USD");

/** `DEBIT > CREDIT: MILLS` of each entry. */
const booked = (...events: readonly DomainEvent[]) =>
  events.flatMap(entriesOf).map(({ debit, credit, mills: amount }) => `${debit} > ${credit}: ${amount}`);

describe("the entries", () => {
  test("of a tenant's money: deposited, held, paid out of the hold, the rest let go of", () => {
    expect(booked(deposited("900"), held("500"), settled("320", "100"))).toEqual([
      "bank > tenant:acme:available: 900",
      "tenant:acme:available > tenant:acme:held: 500",
      "tenant:acme:held > clearing: 320",
      "tenant:acme:held > tenant:acme:available: 100",
    ]);
    const released = parseEvent("HoldReleased", {
      account: "acme",
      job: "j-1",
      stretch: 1,
      mills: "80",
      cause: "expired",
    });
    expect(booked(released)).toEqual(["tenant:acme:held > tenant:acme:available: 80"]);
    // A penalty that the tenant is paid comes to its hold first.
    expect(booked(settled("-20", "20"))).toEqual([
      "clearing > tenant:acme:held: 20",
      "tenant:acme:held > tenant:acme:available: 20",
    ]);
  });

  test("of what no hold was taken for", () => {
    const adjusted = (cause: string, amount: string) =>
      parseEvent("FundsAdjusted", { account: "acme", adjustment: "a", cause, mills: amount });
    expect(
      booked(adjusted("rounding", "7"), adjusted("correction", "1600"), adjusted("correction", "-40")),
    ).toEqual([
      "operator:rounding > tenant:acme:available: 7",
      "clearing > tenant:acme:available: 1600",
      "tenant:acme:available > clearing: 40",
    ]);
  });

  test("of a charge: fees and penalties pass through accounts whose turnover tells what they came to", () => {
    const lines = charged(
      { kind: "compute", from: "tenant:acme", to: "center:xian", mills: "3200" },
      { kind: "link", from: "tenant:acme", to: "link:xian~wuhan", mills: "40" },
      { kind: "rent", from: "tenant:acme", to: "rent", mills: "7" },
      { kind: "tax", from: "tenant:acme", to: "tax", mills: "194" },
      { kind: "releaseFee", from: "tenant:acme", to: "center:xian", mills: "80" },
      { kind: "penalty", from: "center:xian", to: "tenant:acme", mills: "200" },
      { kind: "penalty", from: "center:xian", to: "center:wuhan", mills: "30" },
      { kind: "credit", from: "center:xian", to: "tenant:acme", mills: "60" },
      { kind: "tax", from: "tax", to: "tenant:acme", mills: "3" },
    );
    expect(booked(lines)).toEqual([
      "clearing > center:xian:payable: 3200",
      "clearing > link:xian~wuhan: 40",
      "clearing > operator:rent: 7",
      "clearing > operator:tax: 194",
      "clearing > operator:fees: 80",
      "operator:fees > center:xian:payable: 80",
      "center:xian:receivable > operator:penalties: 200",
      "operator:penalties > clearing: 200",
      "center:xian:receivable > operator:penalties: 30",
      "operator:penalties > center:wuhan:payable: 30",
      "center:xian:receivable > operator:penalties: 60",
      "operator:penalties > clearing: 60",
      "operator:tax > clearing: 3",
    ]);
  });

  test("of a correction: a center owes what it refunds, and owes less of what cannot be had from it", () => {
    const refund = corrected("lateUsage", { from: "center:xian", to: "tenant:acme", mills: "1600" });
    expect(booked(refund)).toEqual(["center:xian:receivable > clearing: 1600"]);
    const line = { kind: "penalty", from: "tenant:acme", to: "center:xian", mills: "90" };
    expect(booked(corrected("uncollectible", line))).toEqual([
      "clearing > operator:penalties: 90",
      "operator:penalties > center:xian:receivable: 90",
    ]);
  });

  test("of guarantees and the default fund", () => {
    const posted = (more: Readonly<Record<string, string>>) =>
      parseEvent("GuaranteePosted", { center: "xian", mills: "900", ...more });
    const payout = { payout: "xian-2026-03-02", center: "xian", left: "0" };
    expect(
      booked(
        posted({}),
        posted({ change: "-100" }),
        parseEvent("GuaranteeDrawn", { ...payout, mills: "900" }),
        parseEvent("DefaultFundContributed", { contribution: "c", mills: "70" }),
        parseEvent("DefaultFundDrawn", { ...payout, mills: "60" }),
      ),
    ).toEqual([
      "bank > center:xian:guarantee: 900",
      "center:xian:guarantee > bank: 100",
      "center:xian:guarantee > center:xian:receivable: 900",
      "bank > operator:default-fund: 70",
      "operator:default-fund > center:xian:receivable: 60",
    ]);
  });

  test("of a payout: what is owed is set off against what was earned, links included", () => {
    const links = [{ link: "xian~wuhan", mills: "400" }];
    const less = stated({ earned: "1607", owed: "1000", links, payable: "1000", rounding: "7" });
    const paid = parseEvent("PayoutPaid", {
      payout: "xian-2026-03-02",
      center: "xian",
      mills: "1000",
      reference: "r",
      at: "2026-03-03T02:00:00.000Z",
    });
    expect(booked(less, paid)).toEqual([
      "link:xian~wuhan > center:xian:payable: 400",
      "center:xian:payable > center:xian:receivable: 1000",
      "center:xian:payable > operator:rounding: 7",
      "center:xian:payable > bank: 1000",
    ]);
    expect(booked(stated({ earned: "1607", owed: "3000", links }))).toEqual([
      "link:xian~wuhan > center:xian:payable: 400",
      "center:xian:payable > center:xian:receivable: 2007",
    ]);
  });
});

describe("a ledger", () => {
  test("is empty before the first fact", () => {
    expect(totalsOf(emptyLedger)).toEqual({ charges: 0, debits: "0", credits: "0", totals: [] });
  });

  test("adds up the turnover of each account", () => {
    const charge = charged(
      { from: "tenant:acme", to: "center:xian", mills: "3200" },
      { kind: "rent", from: "tenant:acme", to: "rent", mills: "7" },
    );
    const ledger = withEvents(emptyLedger, [deposited("900000"), held("4000"), charge, settled("3207", "0")]);
    expect(totalsOf(ledger)).toEqual({
      charges: 1,
      debits: "910414",
      credits: "910414",
      totals: [
        { account: "bank", debit: "900000", credit: "0" },
        { account: "center:xian:payable", debit: "0", credit: "3200" },
        { account: "clearing", debit: "3207", credit: "3207" },
        { account: "operator:rent", debit: "0", credit: "7" },
        { account: "tenant:acme:available", debit: "4000", credit: "900000" },
        { account: "tenant:acme:held", debit: "3207", credit: "4000" },
      ],
    });
    expect(balanceOf(ledger, chart.available(acme))).toBe(896_000n);
    expect(balanceOf(ledger, chart.held(acme))).toBe(793n);
    expect(balanceOf(ledger, chart.payable(xian))).toBe(3200n);
    expect(balanceOf(ledger, chart.clearing)).toBe(0n);
  });

  test("never adds two currencies up: debits and credits are those in CNY", () => {
    const ledger = withEvents(emptyLedger, [deposited("5"), deposited("70", "acme", "USD")]);
    expect(totalsOf(ledger)).toEqual({
      charges: 0,
      debits: "5",
      credits: "5",
      totals: [
        { account: "bank", debit: "5", credit: "0" },
        { account: "bank", debit: "70", credit: "0", currency: "USD" },
        { account: "tenant:acme:available", debit: "0", credit: "5" },
        { account: "tenant:acme:available", debit: "0", credit: "70", currency: "USD" },
      ],
    });
    expect(balanceOf(ledger, chart.available(acme))).toBe(5n);
    expect(balanceOf(ledger, chart.available(acme), usd)).toBe(70n);
  });

  test("counts a charge without lines, and nothing of facts that move no money", () => {
    expect(totalsOf(withEvents(emptyLedger, [charged()]))).toEqual({
      charges: 1,
      debits: "0",
      credits: "0",
      totals: [],
    });
    expect(still.flatMap(entriesOf)).toEqual([]);
    expect(withEvents(emptyLedger, still)).toEqual(emptyLedger);
  });

  test("is exact where numbers would not be", () => {
    const large = "900719925474099300000000001";
    const { debits, credits } = totalsOf(withEvents(emptyLedger, [deposited(large), deposited("1")]));
    expect([debits, credits]).toEqual(["900719925474099300000000002", "900719925474099300000000002"]);
  });

  test("leaves what it was made from as it was", () => {
    const before = withEvents(emptyLedger, [deposited("5")]);
    const after = withEvents(before, [deposited("6")]);
    const both = mergeLedgers(before, after);
    expect(totalsOf(before).debits).toBe("5");
    expect(totalsOf(after).debits).toBe("11");
    expect(totalsOf(both).debits).toBe("16");
    expect(totalsOf(emptyLedger).debits).toBe("0");
  });
});

describe("for any facts", () => {
  const facts = fc.array(moneyFact, { maxLength: 20 });
  const ledgerAfter = (events: readonly DomainEvent[]) => withEvents(emptyLedger, events);
  const nets = ({ accounts }: Ledger) =>
    [...accounts.values()].map((turnovers) =>
      [...turnovers.values()].reduce((sum, { debit, credit }) => sum + credit - debit, 0n),
    );

  test("debits are credits in each currency, at every prefix and in what a period states", () => {
    fc.assert(
      fc.property(facts, (events) => {
        for (let length = 0; length <= events.length; length++)
          expect(nets(ledgerAfter(events.slice(0, length))).every((net) => net === 0n)).toBe(true);
        const { debits, credits, totals, charges } = totalsOf(ledgerAfter(events));
        const moved = events
          .flatMap(entriesOf)
          .filter(({ currency }) => currency === marketCurrency)
          .reduce((sum, entry) => sum + entry.mills, 0n);
        expect([debits, credits]).toEqual([String(moved), String(moved)]);
        const sum = (side: "debit" | "credit") =>
          totals
            .filter(({ currency }) => currency === undefined)
            .reduce((all, row) => all + mills(row[side]), 0n);
        expect([sum("debit"), sum("credit")]).toEqual([moved, moved]);
        expect(charges).toBe(events.filter(({ type }) => type === "ChargePosted").length);
      }),
    );
  });

  test("every entry moves something", () => {
    fc.assert(
      fc.property(moneyFact, (event) => {
        expect(entriesOf(event).every((entry) => entry.mills > 0n)).toBe(true);
      }),
    );
  });

  test("totals name each account once in a currency, in the order of their names, as an event can state them", () => {
    fc.assert(
      fc.property(facts, (events) => {
        const { totals, ...sums } = totalsOf(ledgerAfter(events));
        const names = totals.map(({ account, currency = "CNY" }) => `${account} ${currency}`);
        const moved = events
          .flatMap(entriesOf)
          .flatMap(({ debit, credit, currency }) => [`${debit} ${currency}`, `${credit} ${currency}`]);
        expect(new Set(names)).toEqual(new Set(moved));
        expect(names.length).toBe(new Set(names).size);
        const accounts = totals.map(({ account }) => account);
        expect(accounts).toEqual(accounts.toSorted());
        const data = {
          period: "2026-03-02",
          at: "2026-03-02T16:00:00.000Z",
          position: 1,
          feedHash: "f",
          totals,
          ...sums,
        };
        expect(PeriodClosed.data.parse(data)).toEqual(data);
        expect(totalsOf(ledgerOf({ totals, ...sums }))).toEqual({ totals, ...sums });
      }),
    );
  });

  test("it does not matter in which order they come, nor into which ranges they are cut", () => {
    fc.assert(
      fc.property(facts, fc.nat(20), (events, cut) => {
        const whole = totalsOf(ledgerAfter(events));
        expect(totalsOf(ledgerAfter(events.toReversed()))).toEqual(whole);
        const first = ledgerAfter(events.slice(0, cut));
        const rest = ledgerAfter(events.slice(cut));
        expect(totalsOf(withEvents(first, events.slice(cut)))).toEqual(whole);
        expect(totalsOf(mergeLedgers(first, rest))).toEqual(whole);
        expect(totalsOf(mergeLedgers(rest, first))).toEqual(whole);
      }),
    );
  });
});
