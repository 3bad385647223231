import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { PayoutStated } from "../../events/catalog/invoice.ts";
import type { ChargeLine, CorrectionPosted } from "../../events/catalog/job.ts";
import type { Currency, MillsText } from "../../events/catalog/values.ts";
import { lesser, marketCurrency, mills, millsText } from "../money.ts";
import { chart, ledgerAccounts } from "./accounts.ts";

/** Money that leaves the account debited and reaches the one credited: more than 0 mills of one currency. */
export interface Entry {
  readonly debit: string;
  readonly credit: string;
  readonly mills: bigint;
  readonly currency: Currency;
}

/** An entry from one account to another; a negative amount goes the other way, and nothing is no entry. */
function moved(from: string, to: string, amount: bigint, currency = marketCurrency): Entry[] {
  if (amount === 0n) return [];
  const [debit, credit] = amount > 0n ? [from, to] : [to, from];
  return [{ debit, credit, mills: amount > 0n ? amount : -amount, currency }];
}

/**
 * Entries of one event, free of context: they follow from the event alone, so that any part of the feed can be folded
 * apart from the rest. Most events move no money.
 */
export function entriesOf(event: DomainEvent): readonly Entry[] {
  switch (event.type) {
    case "FundsDeposited": {
      const { account, mills: amount, currency } = event.data;
      return moved(chart.bank, chart.available(account), mills(amount), currency);
    }
    case "FundsHeld": {
      const { account, mills: amount } = event.data;
      return moved(chart.available(account), chart.held(account), mills(amount));
    }
    case "HoldReleased": {
      const { account, mills: amount } = event.data;
      return moved(chart.held(account), chart.available(account), mills(amount));
    }
    case "HoldSettled": {
      const { account, paid, released } = event.data;
      const held = chart.held(account);
      return [
        ...moved(held, chart.clearing, mills(paid)),
        ...moved(held, chart.available(account), mills(released)),
      ];
    }
    case "FundsAdjusted": {
      const { account, cause, mills: amount, currency } = event.data;
      const from = cause === "rounding" ? chart.rounding : chart.clearing;
      return moved(from, chart.available(account), mills(amount), currency);
    }
    case "ChargePosted":
      return event.data.lines.flatMap((line) => entriesOfLine(line));
    case "CorrectionPosted":
      return event.data.lines.flatMap((line) => entriesOfLine(line, event.data.cause));
    case "GuaranteePosted": {
      const { center, mills: posted, change } = event.data;
      return moved(chart.bank, chart.guarantee(center), mills(change ?? posted));
    }
    case "GuaranteeDrawn": {
      const { center, mills: amount } = event.data;
      return moved(chart.guarantee(center), chart.receivable(center), mills(amount));
    }
    case "DefaultFundContributed":
      return moved(chart.bank, chart.defaultFund, mills(event.data.mills));
    case "DefaultFundDrawn": {
      const { center, mills: amount } = event.data;
      return moved(chart.defaultFund, chart.receivable(center), mills(amount));
    }
    case "PayoutStated":
      return entriesOfPayout(event.data);
    case "PayoutPaid": {
      const { center, mills: amount, currency } = event.data;
      return moved(chart.payable(center), chart.bank, mills(amount), currency);
    }
    default:
      return [];
  }
}

type Cause = (typeof CorrectionPosted.data.shape.cause)["options"][number];

/** Charges and corrections are in the market's currency. */
function entriesOfLine({ kind, from, to, mills: text }: ChargeLine, cause?: Cause): Entry[] {
  // What could not be had from a center is not earned by it: it owes that much less.
  const reached = cause === "uncollectible" ? payerAccount(to) : recipientAccount(to);
  const path = [payerAccount(from), ...passedThrough[kind], reached];
  return path.slice(1).flatMap((account, index) => {
    const before = path[index];
    return before === undefined ? [] : moved(before, account, mills(text));
  });
}

/** Accounts between payer and recipient, whose turnover tells what a kind of line came to. */
const passedThrough: Readonly<Record<ChargeLine["kind"], readonly string[]>> = {
  compute: [],
  transfer: [],
  link: [],
  rent: [],
  tax: [],
  releaseFee: [chart.fees],
  penalty: [chart.penalties],
  credit: [chart.penalties],
};

function payerAccount(name: string): string {
  return isCenter(name) ? `${name}:receivable` : commonAccount(name);
}

function recipientAccount(name: string): string {
  return isCenter(name) ? `${name}:payable` : commonAccount(name);
}

const isCenter = (name: string) => name.startsWith("center:");

function commonAccount(name: string): string {
  if (name.startsWith("tenant:")) return chart.clearing;
  if (name === ledgerAccounts.rent) return chart.rent;
  // Links have the name that lines give them.
  return name === ledgerAccounts.tax ? chart.tax : name;
}

/** What was earned pays what is owed as far as it goes; the rest is to be paid in whole fen. */
function entriesOfPayout({ center, earned, owed, links, rounding, currency }: StatedPayout): Entry[] {
  const payable = chart.payable(center);
  const all = links.reduce((sum, link) => sum + mills(link.mills), mills(earned));
  const offset = lesser(mills(owed), all);
  return [
    ...links.flatMap((each) => moved(chart.link(each.link), payable, mills(each.mills), currency)),
    ...moved(payable, chart.receivable(center), offset, currency),
    ...moved(payable, chart.rounding, mills(rounding), currency),
  ];
}

type StatedPayout = Extract<DomainEvent, { type: (typeof PayoutStated)["type"] }>["data"];

/** Turnover of one account of the ledger, in mills. */
export interface Turnover {
  readonly debit: bigint;
  readonly credit: bigint;
}

/** The double-entry ledger of a range of the feed. Amounts of two currencies are never added up. */
export interface Ledger {
  readonly accounts: ReadonlyMap<Currency, ReadonlyMap<string, Turnover>>;
  /** Charges posted. */
  readonly charges: number;
}

export const emptyLedger: Ledger = { accounts: new Map(), charges: 0 };

const noTurnover: Turnover = { debit: 0n, credit: 0n };

export function turnoverOf({ accounts }: Ledger, account: string, currency = marketCurrency): Turnover {
  return accounts.get(currency)?.get(account) ?? noTurnover;
}

/** Credits less debits, in mills. */
export function balanceOf(ledger: Ledger, account: string, currency = marketCurrency): bigint {
  const { debit, credit } = turnoverOf(ledger, account, currency);
  return credit - debit;
}

/** The ledger after some more events. In which order they come, and which ranges they are cut into, changes nothing. */
export function withEvents(ledger: Ledger, events: Iterable<DomainEvent>): Ledger {
  const accounts = copied(ledger);
  let { charges } = ledger;
  for (const event of events) {
    if (event.type === "ChargePosted") charges += 1;
    for (const { debit, credit, mills: amount, currency } of entriesOf(event)) {
      book(accounts, currency, debit, { debit: amount, credit: 0n });
      book(accounts, currency, credit, { debit: 0n, credit: amount });
    }
  }
  return { accounts, charges };
}

/** The ledger of two ranges of the feed that do not overlap. */
export function mergeLedgers(a: Ledger, b: Ledger): Ledger {
  const accounts = copied(a);
  for (const [currency, turnovers] of b.accounts)
    for (const [account, turnover] of turnovers) book(accounts, currency, account, turnover);
  return { accounts, charges: a.charges + b.charges };
}

type Accounts = Map<Currency, Map<string, Turnover>>;

function copied({ accounts }: Ledger): Accounts {
  return new Map([...accounts].map(([currency, turnovers]) => [currency, new Map(turnovers)]));
}

function book(accounts: Accounts, currency: Currency, account: string, more: Turnover): void {
  const turnovers = accounts.get(currency) ?? new Map<string, Turnover>();
  const before = turnovers.get(account) ?? noTurnover;
  turnovers.set(account, { debit: before.debit + more.debit, credit: before.credit + more.credit });
  accounts.set(currency, turnovers);
}

/** Turnover of one account, as JSON holds it. */
export interface TotalsRow {
  readonly account: string;
  readonly debit: MillsText;
  readonly credit: MillsText;
  /** Absent: CNY. */
  readonly currency?: Currency | undefined;
}

/** Totals as a closed period states them, accounts in the order of their names; debits and credits are CNY. */
export interface LedgerTotals {
  readonly charges: number;
  readonly debits: MillsText;
  readonly credits: MillsText;
  readonly totals: TotalsRow[];
}

export function totalsOf({ accounts, charges }: Ledger): LedgerTotals {
  const totals = [...accounts].flatMap(([currency, turnovers]) =>
    [...turnovers].map(
      ([account, { debit, credit }]): TotalsRow => ({
        account,
        debit: millsText(debit),
        credit: millsText(credit),
        ...(currency === marketCurrency ? {} : { currency }),
      }),
    ),
  );
  const traded = [...(accounts.get(marketCurrency)?.values() ?? [])];
  const sum = (side: keyof Turnover) => millsText(traded.reduce((total, row) => total + row[side], 0n));
  return { charges, debits: sum("debit"), credits: sum("credit"), totals: totals.sort(byName) };
}

function byName(a: TotalsRow, b: TotalsRow): number {
  if (a.account !== b.account) return a.account < b.account ? -1 : 1;
  return (a.currency ?? marketCurrency) < (b.currency ?? marketCurrency) ? -1 : 1;
}

/** The ledger that totals were made from: so that one can be kept as JSON and added to. */
export function ledgerOf({ totals, charges }: Pick<LedgerTotals, "totals" | "charges">): Ledger {
  const accounts: Accounts = new Map();
  for (const { account, debit, credit, currency = marketCurrency } of totals)
    book(accounts, currency, account, { debit: mills(debit), credit: mills(credit) });
  return { accounts, charges };
}
