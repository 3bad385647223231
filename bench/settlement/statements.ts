import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { StatementLine } from "../../events/catalog/invoice.ts";
import { streams } from "../../events/catalog/streams.ts";
import { InvoiceId, type LinkId, PayoutId, type Period } from "../../events/catalog/values.ts";
import { mills, millsText } from "../../market/money.ts";
import { ledgerAccounts } from "../../market/settlement/accounts.ts";
import type { ChargePostedData } from "../../market/settlement/award-balance.ts";
import { instant } from "../../market/time.ts";
import type { Seller, Tenant } from "./traders.ts";
import type { WrittenFeed } from "./written-feed.ts";

// Invoices and payouts of a generated day, added up apart from the exchange's own code: a test compares them.

type Line = Omit<StatementLine, "mills"> & { mills: bigint };

/** Charge lines of a settlement day by whom they concern. */
export interface Statements {
  readonly tenants: Map<string, Map<string, Line>>;
  readonly centers: Map<string, Map<string, Line>>;
  readonly links: Map<LinkId, bigint>;
}

export function emptyStatements(): Statements {
  return { tenants: new Map(), centers: new Map(), links: new Map() };
}

function add(of: Map<string, Map<string, Line>>, whom: string, line: Line): void {
  const lines = of.get(whom) ?? new Map<string, Line>();
  of.set(whom, lines);
  const key = `${line.kind} ${line.row} ${line.center ?? ""} ${line.link ?? ""}`;
  const known = lines.get(key);
  if (known === undefined) lines.set(key, line);
  else lines.set(key, { ...known, mills: known.mills + line.mills });
}

export function state(statements: Statements, { account, lines }: ChargePostedData): void {
  const tenant = ledgerAccounts.tenant(account);
  for (const { from, to, mills: amount, cardSlots: _, ...what } of lines) {
    const sum = mills(amount);
    if (from === tenant) add(statements.tenants, account, { ...what, mills: sum });
    if (to === tenant) add(statements.tenants, account, { ...what, mills: -sum });
    const { center, link } = what;
    if (center !== undefined && to === ledgerAccounts.center(center))
      add(statements.centers, center, { ...what, mills: sum });
    if (center !== undefined && from === ledgerAccounts.center(center))
      add(statements.centers, center, { ...what, mills: -sum });
    if (link !== undefined && to === ledgerAccounts.link(link))
      statements.links.set(link, (statements.links.get(link) ?? 0n) + sum);
  }
}

const textLines = (lines: Iterable<Line>) =>
  [...lines].map((line) => ({ ...line, mills: millsText(line.mills) }));
const sumOf = (lines: Iterable<Line>) => [...lines].reduce((sum, line) => sum + line.mills, 0n);
/** Down to whole fen, below 0 as well. */
const wholeFen = (amount: bigint) => amount - (((amount % 10n) + 10n) % 10n);

export function invoice(
  feed: WrittenFeed,
  statements: Statements,
  tenant: Tenant,
  period: Period,
  next: Period,
  ms: number,
) {
  const { account, owner, taxRate } = tenant;
  const lines = [...(statements.tenants.get(account)?.values() ?? [])];
  if (lines.length === 0) return;
  const gross = sumOf(lines);
  const tax = sumOf(lines.filter(({ kind }) => kind === "tax"));
  const id = InvoiceId.parse(`${account}-${period}`);
  const rounding = gross - wholeFen(gross);
  const about = { invoice: id, account, owner, period, at: instant(ms), taxRate, lines: textLines(lines) };
  const money = {
    net: millsText(gross - tax),
    tax: millsText(tax),
    gross: millsText(gross),
    payable: millsText(gross - rounding),
    rounding: millsText(rounding),
  };
  const issued: DomainEvent = { type: "InvoiceIssued", data: { ...about, ...money } };
  feed.commit(streams.invoice(account, period), ms, "period", `close-${period}`, issued);
  if (rounding === 0n) return;
  tenant.available += rounding;
  feed.commit(streams.account(account, next), ms, "settle-accounts", id, {
    type: "FundsAdjusted",
    data: { account, adjustment: id, cause: "rounding", mills: millsText(rounding) },
  });
}

export function payout(
  feed: WrittenFeed,
  statements: Statements,
  seller: Seller,
  period: Period,
  ms: number,
): void {
  const { center, owner, link } = seller;
  const lines = [...(statements.centers.get(center)?.values() ?? [])];
  const byLink = statements.links.get(link) ?? 0n;
  if (lines.length === 0 && byLink === 0n) return;
  const earned = sumOf(lines.filter((line) => line.mills > 0n));
  const owed = -sumOf(lines.filter((line) => line.mills < 0n));
  const due = earned + byLink - owed;
  const id = PayoutId.parse(`${center}-${period}`);
  const drawn = due < 0n ? -due : 0n;
  const rest = due < 0n ? 0n : due;
  const payable = wholeFen(rest);
  const stated: DomainEvent = {
    type: "PayoutStated",
    data: {
      payout: id,
      center,
      owner,
      period,
      at: instant(ms),
      lines: textLines(lines),
      earned: millsText(earned),
      owed: millsText(owed),
      links: byLink === 0n ? [] : [{ link, mills: millsText(byLink) }],
      fromGuarantee: millsText(drawn),
      fromDefaultFund: millsText(0n),
      uncollectible: millsText(0n),
      payable: millsText(payable),
      rounding: millsText(rest - payable),
    },
  };
  feed.commit(streams.payout(center, period), ms, "period", `close-${period}`, stated);
  if (drawn > 0n) {
    seller.guarantee -= drawn;
    feed.commit(streams.center(center), ms, "period", id, {
      type: "GuaranteeDrawn",
      data: { center, payout: id, mills: millsText(drawn), left: millsText(seller.guarantee) },
    });
  }
  if (payable === 0n) return;
  feed.commit(streams.payout(center, period), ms, "finance", `pay-${id}`, {
    type: "PayoutPaid",
    data: { payout: id, center, mills: millsText(payable), reference: `bank-${id}`, at: instant(ms) },
  });
}
