import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AuditCheck } from "../../bench/audit/verdict.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { FeedPage } from "../../events/store/feed.ts";
import { writeFocusCsv, writeFocusParquet } from "../../exports/focus-files.ts";
import { journalOf } from "../../exports/journal.ts";
import { writeLogParquet } from "../../exports/log-table.ts";
import { chart } from "../../market/settlement/accounts.ts";
import { balanceOf, emptyLedger, type Ledger, withEvents } from "../../market/settlement/ledger.ts";

// What finance has of a replay: closed days, and files for other programs.

/** The closed days, each with its invoices, its payouts and what the match came to. */
export function closedDayLines(events: readonly DomainEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type !== "PeriodClosed") return [];
    const { period, charges, debits, credits, invoices, payouts, match } = event.data;
    const whole = (count = 0) => count.toLocaleString("en");
    const breaks = match?.breaks ?? 0;
    const sum = (of = { count: 0, payable: "0" }) => `${whole(of.count)} of ${cny(of.payable)} CNY`;
    return [
      `${period} closed: ${whole(charges)} charges, debits ${cny(debits)}, credits ${cny(credits)} CNY`,
      `  invoices: ${sum(invoices)}; payouts: ${sum(payouts)}`,
      `  match: ${whole(match?.matched)} matched, ${whole(match?.withinTolerance)} within tolerance, ${whole(breaks)} ${breaks === 1 ? "break" : "breaks"}`,
    ];
  });
}

function cny(mills: string): string {
  return (Number(BigInt(mills) / 10n) / 100).toLocaleString("en", { minimumFractionDigits: 2 });
}

/** Once nothing is under way, all charges are paid out of the holds. */
export function nothingUncleared(events: Iterable<DomainEvent>): AuditCheck {
  const ledger = withEvents(emptyLedger, events);
  const faults = [...ledger.accounts.keys()].flatMap((currency) => {
    const clearing = balanceOf(ledger, chart.clearing, currency);
    const left = clearing === 0n ? [] : [`${clearing} mills ${currency} in clearing`];
    const odd = oddness(ledger, currency);
    return odd === 0n ? left : [...left, `debits and credits differ by ${odd} mills ${currency}`];
  });
  const currencies = [...ledger.accounts.keys()].join(", ");
  return {
    name: "clearing is 0 and debits = credits in each currency",
    ok: faults.length === 0,
    detail: faults.length === 0 ? `${ledger.charges} charges, ${currencies}` : faults.join("; "),
  };
}

type Currency = Parameters<Ledger["accounts"]["get"]>[0];

function oddness({ accounts }: Ledger, currency: Currency): bigint {
  const rows = [...(accounts.get(currency)?.values() ?? [])];
  return rows.reduce((sum, { debit, credit }) => sum + debit - credit, 0n);
}

/** Writes the feed as files for other programs; gives their names. */
export async function writeExports(pages: readonly FeedPage[], folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const files = {
    journal: join(folder, "journal.hledger"),
    focusCsv: join(folder, "focus.csv"),
    focusParquet: join(folder, "focus.parquet"),
    log: join(folder, "log.parquet"),
  };
  await pipeline(Readable.from(journalOf(pages)), createWriteStream(files.journal));
  await writeFocusCsv(() => pages, files.focusCsv);
  await writeFocusParquet(() => pages, files.focusParquet);
  await writeLogParquet(pages, files.log);
  return Object.values(files);
}
