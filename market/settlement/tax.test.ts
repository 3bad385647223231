import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChargeLine } from "../../events/catalog/job.ts";
import { AccountId } from "../../events/catalog/values.ts";
import { mills } from "../money.ts";
import { taxableOf, withTax, withTaxLine } from "./tax.ts";

const account = AccountId.parse("acme");
const line = (kind: string, from: string, to: string, amount: number | bigint, row = 3) =>
  ChargeLine.parse({ kind, row, from, to, mills: String(amount) });
const paid = (kind: string, amount: number | bigint, to = "center:xian") =>
  line(kind, "tenant:acme", to, amount);
const taxIn = (lines: readonly ChargeLine[]) =>
  lines
    .filter(({ kind }) => kind === "tax")
    .map(({ from, to, mills: amount }) => `${from} > ${to}: ${amount}`);
const at = (taxRate: number, taxable = 0n) => ({ account, taxRate, taxable });

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
