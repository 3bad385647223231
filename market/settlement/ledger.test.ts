import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { PeriodClosed } from "../../events/catalog/period.ts";
import { mills } from "../money.ts";
import { emptyLedger, entriesOf, type Ledger, totalsOf, withEvents } from "./ledger.ts";

const deposited = (amount: string, account = "acme") =>
  parseEvent("FundsDeposited", { account, deposit: "d-1", mills: amount });

interface Line {
  readonly from: string;
  readonly to: string;
  readonly mills: string;
}

const charged = (...lines: readonly Line[]) =>
  parseEvent("ChargePosted", {
    charge: "j-1.1:end:1-2",
    job: "j-1",
    placement: "j-1.1",
    stretch: 1,
    account: "acme",
    from: 1,
    to: 2,
    lines: lines.map((line) => ({ kind: "compute", row: 3, ...line })),
    tenantPays: "0",
    releases: "0",
    final: true,
    period: "2026-03-02",
  });

/** Facts about money that move none of it: it stays the tenant's while it is held, and was counted when it came in. */
const still: readonly DomainEvent[] = [
  parseEvent("FundsHeld", { account: "acme", job: "j-1", stretch: 1, mills: "5" }),
  parseEvent("HoldReleased", { account: "acme", job: "j-1", stretch: 1, mills: "5" }),
  parseEvent("HoldSettled", {
    account: "acme",
    job: "j-1",
    stretch: 1,
    charge: "c",
    paid: "3",
    released: "2",
  }),
  parseEvent("AccountCarried", {
    account: "acme",
    period: "2026-03-02",
    to: "2026-03-03",
    available: "5",
    holds: [],
  }),
  parseEvent("DepositReceived", {
    deposit: "d-1",
    account: "acme",
    owner: "acme",
    mills: "5",
    period: "2026-03-02",
  }),
  parseEvent("GuaranteePosted", { center: "c-1", mills: "5" }),
];

describe("a ledger", () => {
  test("is empty before the first fact", () => {
    expect(totalsOf(emptyLedger)).toEqual({ charges: 0, debits: "0", credits: "0", totals: [] });
  });

  test("debits the bank for a deposit, and each line's account that the money leaves", () => {
    const lines = [
      { from: "tenant:acme", to: "center:c-1", mills: "3200" },
      { from: "tenant:acme", to: "rent", mills: "7" },
      { from: "center:c-1", to: "tenant:acme", mills: "200" },
    ];
    const ledger = withEvents(emptyLedger, [deposited("1000000"), charged(...lines)]);
    expect(totalsOf(ledger)).toEqual({
      charges: 1,
      debits: "1003407",
      credits: "1003407",
      totals: [
        { account: "bank", debit: "1000000", credit: "0" },
        { account: "center:c-1", debit: "200", credit: "3200" },
        { account: "rent", debit: "0", credit: "7" },
        { account: "tenant:acme", debit: "3207", credit: "1000200" },
      ],
    });
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
    expect(totalsOf(before).debits).toBe("5");
    expect(totalsOf(after).debits).toBe("11");
    expect(totalsOf(emptyLedger).debits).toBe("0");
  });
});

describe("for any facts", () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 27n }).map(String);
  const ledgerAccount = fc.oneof(
    fc.constantFrom("bank", "rent", "link:c-1~c-2"),
    fc
      .constantFrom("a", "B", "b", "Z", "c-1", "c-10", "c-2")
      .chain((id) => fc.constantFrom(`tenant:${id}`, `center:${id}`)),
  );
  const fact = fc.oneof(
    fc.tuple(amount, fc.constantFrom("a", "B", "b")).map(([text, account]) => deposited(text, account)),
    fc
      .array(fc.record({ from: ledgerAccount, to: ledgerAccount, mills: amount }), { maxLength: 5 })
      .map((lines) => charged(...lines)),
    fc.constantFrom(...still),
  );
  const facts = fc.array(fact, { maxLength: 20 });
  const ledgerOf = (events: readonly DomainEvent[]) => withEvents(emptyLedger, events);
  const nets = ({ accounts }: Ledger) =>
    [...accounts.values()].reduce((sum, { debit, credit }) => sum + credit - debit, 0n);

  test("debits are credits, over all accounts and in what a period states", () => {
    fc.assert(
      fc.property(facts, (events) => {
        const ledger = ledgerOf(events);
        const { debits, credits, totals, charges } = totalsOf(ledger);
        const moved = events.flatMap(entriesOf).reduce((sum, entry) => sum + entry.mills, 0n);
        expect(nets(ledger)).toBe(0n);
        expect([debits, credits]).toEqual([String(moved), String(moved)]);
        const sum = (side: "debit" | "credit") => totals.reduce((all, row) => all + mills(row[side]), 0n);
        expect([sum("debit"), sum("credit")]).toEqual([moved, moved]);
        expect(charges).toBe(events.filter(({ type }) => type === "ChargePosted").length);
      }),
    );
  });

  test("totals name each account once, in the order of their names, as an event can state them", () => {
    fc.assert(
      fc.property(facts, (events) => {
        const stated = totalsOf(ledgerOf(events));
        const names = stated.totals.map(({ account }) => account);
        expect(names).toEqual(
          [...new Set(events.flatMap(entriesOf).flatMap(({ from, to }) => [from, to]))].sort(),
        );
        const data = {
          period: "2026-03-02",
          at: "2026-03-02T16:00:00.000Z",
          position: 1,
          feedHash: "f",
          ...stated,
        };
        expect(PeriodClosed.data.parse(data)).toEqual(data);
      }),
    );
  });

  test("it does not matter in which order they come, nor in how many parts", () => {
    fc.assert(
      fc.property(facts, fc.nat(20), (events, cut) => {
        const whole = totalsOf(ledgerOf(events));
        expect(totalsOf(ledgerOf(events.toReversed()))).toEqual(whole);
        const first = ledgerOf(events.slice(0, cut));
        expect(totalsOf(withEvents(first, events.slice(cut)))).toEqual(whole);
      }),
    );
  });
});
