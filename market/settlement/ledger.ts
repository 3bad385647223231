import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { MillsText } from "../../events/catalog/values.ts";
import { mills, millsText } from "../money.ts";
import { ledgerAccounts } from "./accounts.ts";

/** Turnover of one account of the ledger, in mills. */
export interface Turnover {
  readonly debit: bigint;
  readonly credit: bigint;
}

/** The double-entry ledger of a range of the feed: each entry debits the account that the money leaves. */
export interface Ledger {
  readonly accounts: ReadonlyMap<string, Turnover>;
  /** Charges posted. */
  readonly charges: number;
}

export const emptyLedger: Ledger = { accounts: new Map(), charges: 0 };

interface Entry {
  readonly from: string;
  readonly to: string;
  readonly mills: bigint;
}

/** Entries of one event; most events move no money. */
export function entriesOf(event: DomainEvent): Entry[] {
  switch (event.type) {
    case "FundsDeposited": {
      const { account, mills: amount } = event.data;
      return [{ from: ledgerAccounts.bank, to: ledgerAccounts.tenant(account), mills: mills(amount) }];
    }
    case "ChargePosted":
      return event.data.lines.map(({ from, to, mills: amount }) => ({ from, to, mills: mills(amount) }));
    default:
      return [];
  }
}

/** The ledger after some more events of the feed. */
export function withEvents(ledger: Ledger, events: Iterable<DomainEvent>): Ledger {
  const accounts = new Map(ledger.accounts);
  let { charges } = ledger;
  const book = (account: string, debit: bigint, credit: bigint) => {
    const before = accounts.get(account) ?? { debit: 0n, credit: 0n };
    accounts.set(account, { debit: before.debit + debit, credit: before.credit + credit });
  };
  for (const event of events) {
    if (event.type === "ChargePosted") charges += 1;
    for (const entry of entriesOf(event)) {
      book(entry.from, entry.mills, 0n);
      book(entry.to, 0n, entry.mills);
    }
  }
  return { accounts, charges };
}

/** Totals as a closed period states them, accounts in the order of their names. */
export interface LedgerTotals {
  readonly charges: number;
  readonly debits: MillsText;
  readonly credits: MillsText;
  readonly totals: { account: string; debit: MillsText; credit: MillsText }[];
}

export function totalsOf({ accounts, charges }: Ledger): LedgerTotals {
  const rows = [...accounts].sort(([a], [b]) => (a < b ? -1 : 1));
  const sum = (side: keyof Turnover) => millsText(rows.reduce((total, [, row]) => total + row[side], 0n));
  return {
    charges,
    debits: sum("debit"),
    credits: sum("credit"),
    totals: rows.map(([account, { debit, credit }]) => ({
      account,
      debit: millsText(debit),
      credit: millsText(credit),
    })),
  };
}
