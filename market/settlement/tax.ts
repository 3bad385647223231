import type { ChargeLine } from "../../events/catalog/job.ts";
import type { AccountId } from "../../events/catalog/values.ts";
import { mills, millsText, share } from "../money.ts";
import { ledgerAccounts } from "./accounts.ts";

// Tax comes on top of what a tenant pays for, at the rate that its job was requested with: docs/decisions/0091.

/** Basis points of a whole. */
const WHOLE = 10_000n;

/** What must be held for an amount and the tax on it, in mills: rounded up, so that no charge is beyond its hold. */
export function withTax(net: bigint, rate: number): bigint {
  return (net * (WHOLE + BigInt(rate)) + WHOLE - 1n) / WHOLE;
}

/** What is paid for; penalties are damages, and not taxed. */
const taxed: ReadonlySet<ChargeLine["kind"]> = new Set([
  "compute",
  "transfer",
  "link",
  "rent",
  "releaseFee",
  "credit",
]);

/** What a tenant pays (negative: gets back) that is taxed, in mills. */
export function taxableOf(lines: readonly ChargeLine[], account: AccountId): bigint {
  const tenant = ledgerAccounts.tenant(account);
  return lines
    .filter(({ kind }) => taxed.has(kind))
    .reduce((sum, { from, to, mills: text }) => {
      const amount = mills(text);
      return sum + (from === tenant ? amount : 0n) - (to === tenant ? amount : 0n);
    }, 0n);
}

/** Tax that a tenant pays in lines (negative: gets back), in mills. */
export function taxIn(lines: readonly ChargeLine[], account: AccountId): bigint {
  const tenant = ledgerAccounts.tenant(account);
  return lines.reduce((sum, { kind, from, mills: text }) => {
    if (kind !== "tax") return sum;
    return from === tenant ? sum + mills(text) : sum - mills(text);
  }, 0n);
}

/** What lines belong to, as far as tax is concerned. */
export interface Taxed {
  readonly account: AccountId;
  /** In basis points. */
  readonly taxRate: number;
  /** What lines before these came to, in mills: the taxes on all of them add up to the tax on the whole. */
  readonly taxable: bigint;
  /** Tax that was taken on that, in mills; absent: what is due on it. */
  readonly taxed?: bigint;
}

/**
 * The lines and one of tax on them: the tax on all so far, rounded towards 0 to the mill, less the tax on what came
 * before. What is given back has its tax refunded.
 */
export function withTaxLine(lines: readonly ChargeLine[], of: Taxed): readonly ChargeLine[] {
  const { account, taxRate, taxable: before } = of;
  const rate = BigInt(taxRate);
  const taxable = before + taxableOf(lines, account);
  const tax = share(taxable, rate, WHOLE) - (of.taxed ?? share(before, rate, WHOLE));
  const row = lines.find(({ kind }) => taxed.has(kind))?.row;
  if (tax === 0n || row === undefined) return lines;
  const tenant = ledgerAccounts.tenant(account);
  const [from, to] = tax > 0n ? [tenant, ledgerAccounts.tax] : [ledgerAccounts.tax, tenant];
  return [...lines, { kind: "tax", row, from, to, mills: millsText(tax > 0n ? tax : -tax) }];
}
