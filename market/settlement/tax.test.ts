import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChargeLine } from "../../events/catalog/job.ts";
import { AccountId, Period } from "../../events/catalog/values.ts";
import { awardOf } from "../../test/training-job.ts";
import { atMost, mills } from "../money.ts";
import { type AwardBalance, withCharge, withCorrection } from "./award-balance.ts";
import { charge } from "./charges.ts";
import { correction } from "./correction.ts";
import { taxIn as taxAmount, taxableOf, withTax, withTaxLine } from "./tax.ts";

const account = AccountId.parse("acme");
const period = Period.parse("2026-03-02");
const line = (kind: string, from: string, to: string, amount: number | bigint, row = 3) =>
  ChargeLine.parse({ kind, row, from, to, mills: String(amount) });
const paid = (kind: string, amount: number | bigint, to = "center:xian") =>
  line(kind, "tenant:acme", to, amount);
const taxIn = (lines: readonly ChargeLine[]) =>
  lines
    .filter(({ kind }) => kind === "tax")
    .map(({ from, to, mills: amount }) => `${from} > ${to}: ${amount}`);
const at = (taxRate: number, taxable = 0n) => ({ account, taxRate, taxable });

/** An award before anything is charged. */
function uncharged(taxRate: number): AwardBalance {
  const hold = 10n ** 15n;
  return {
    ...{ award: awardOf(1), account, session: "spot", hold, paidFrom: 100, chargedTo: 100, taxRate },
    ...{ taxable: 0n, taxableCorrected: 0n, taxed: 0n, paid: 0n, released: 0n, final: false },
    ...{ cuts: new Map(), short: new Map(), charges: new Map() },
  };
}

/** The award after a charge of its next slot, in mills, or a correction that gives so much of its first one back. */
function stepped(before: AwardBalance, amount: bigint, says: readonly ChargeLine[] = []) {
  const number = before.charges.size + 100;
  if (amount > 0n) {
    const posting = { kind: "day", from: number, to: number + 1, period, keeps: "all" } as const;
    const charged = charge(before, { ...posting, lines: [paid("compute", amount)] });
    return { lines: charged.lines, balance: withCharge(before, charged) };
  }
  const [corrects = ""] = before.charges.keys();
  const refund = line("compute", "center:xian", "tenant:acme", -amount);
  const named = { correction: "c", corrects, cause: "resolution", from: 100, to: 101, period } as const;
  const corrected = correction(before, { ...named, lines: [refund, ...says] });
  return { lines: corrected.lines, balance: withCorrection(before, corrected) };
}

/** Net of the tax that steps take, in mills; after each: what the tenant paid for by then. */
function taxOf(
  taxRate: number,
  steps: readonly bigint[],
): { readonly taxes: bigint[]; readonly nets: bigint[] } {
  let balance = uncharged(taxRate);
  let [tax, net] = [0n, 0n];
  const [taxes, nets]: [bigint[], bigint[]] = [[], []];
  for (const step of steps) {
    const { lines, balance: next } = stepped(balance, step);
    balance = next;
    tax += taxAmount(lines, account);
    net += step;
    taxes.push(tax);
    nets.push(net);
  }
  return { taxes, nets };
}

describe("tax of charges and corrections that come in turns", () => {
  test("is all given back with the last of what was paid", () => {
    // Charges are taxed 1 mill of 17, corrections come down from 16, on which nothing is due.
    expect(taxOf(600, [1n, -1n, 16n, -16n]).taxes).toEqual([0n, 0n, 1n, 0n]);
  });

  test("is the tax on the whole after each correction, and within a mill of it at any time", () => {
    const step = fc.record({ amount: fc.bigInt({ min: 1n, max: 999n }), back: fc.boolean() });
    const rate = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), rate, (drawn, taxRate) => {
        let left = 0n;
        const steps = drawn.flatMap(({ amount, back }) => {
          const next = back ? -atMost(left, amount) : amount;
          left += next;
          return next === 0n ? [] : [next];
        });
        if (left > 0n) steps.push(-left);
        const { taxes, nets } = taxOf(taxRate, steps);
        for (const [index, tax] of taxes.entries()) {
          const due = ((nets[index] ?? 0n) * BigInt(taxRate)) / 10_000n;
          if ((steps[index] ?? 0n) < 0n) expect(tax).toBe(due);
          else expect(tax - due >= -1n && tax - due <= 1n).toBe(true);
        }
      }),
    );
  });

  test("is not made up for where a correction said its tax itself", () => {
    const exempt = line("tax", "tax", "tenant:acme", 60);
    const { balance } = stepped(uncharged(600), 1_000n);
    const said = stepped(balance, -1n, [exempt]);
    expect(taxIn(stepped(said.balance, -99n).lines)).toEqual(["tax > tenant:acme: 5"]);
  });
});

describe("tax on top", () => {
  test("of cards, links, transfer, rent and fees is one line, rounded down to the mill once", () => {
    const lines = [
      paid("compute", 1_000),
      paid("link", 7, "link:xian~wuhan"),
      paid("rent", 3, "rent"),
      paid("transfer", 20, "link:xian~wuhan"),
      paid("releaseFee", 80),
    ];
    // 1,110 x 6 % are 66.6.
    const taxed = withTaxLine(lines, at(600));
    expect(taxed.slice(0, -1)).toEqual(lines);
    expect(taxIn(taxed)).toEqual(["tenant:acme > tax: 66"]);
  });

  test("is not due on penalties, which are damages, nor on what others pay one another", () => {
    const penalties = [
      line("penalty", "center:xian", "tenant:acme", 500, 8),
      line("penalty", "center:xian", "center:wuhan", 500, 13),
    ];
    expect(withTaxLine(penalties, at(600))).toEqual(penalties);
  });

  test("is refunded with what is credited", () => {
    const credit = line("credit", "center:xian", "tenant:acme", 500, 10);
    expect(taxIn(withTaxLine([credit], at(600, 1_110n)))).toEqual(["tax > tenant:acme: 30"]);
    // Both in one charge: the tax is on what is left.
    expect(taxIn(withTaxLine([paid("compute", 1_500), credit], at(600)))).toEqual(["tenant:acme > tax: 60"]);
  });

  test("at a rate of 0, which every account begins with, changes nothing", () => {
    const lines = [paid("compute", 1_000)];
    expect(withTaxLine(lines, at(0))).toBe(lines);
    expect(withTax(1_000n, 0)).toBe(1_000n);
  });

  test("is held with what it is on, rounded up", () => {
    expect(withTax(1_110n, 600)).toBe(1_177n);
    expect(withTax(1_100n, 600)).toBe(1_166n);
    expect(withTax(0n, 600)).toBe(0n);
  });

  test("of any charges adds up to the tax on the whole, whatever they are cut into, and never exceeds what is held", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const rate = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 8 }), rate, (amounts, taxRate) => {
        let taxable = 0n;
        let tax = 0n;
        for (const part of amounts) {
          const lines = withTaxLine([paid("compute", part)], at(taxRate, taxable));
          for (const { kind, mills: text } of lines) if (kind === "tax") tax += mills(text);
          taxable += taxableOf(lines, account);
        }
        const whole = amounts.reduce((sum, part) => sum + part, 0n);
        expect(taxable).toBe(whole);
        expect(tax).toBe((whole * BigInt(taxRate)) / 10_000n);
        expect(whole + tax <= withTax(whole, taxRate)).toBe(true);
      }),
    );
  });
});
