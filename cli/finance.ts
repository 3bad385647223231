import { writeFileSync } from "node:fs";
import { Command } from "@commander-js/extra-typings";
import {
  getLedger,
  type LedgerBalance,
  type LedgerEntry,
  listLedgerEntries,
} from "../functions/contract/ledger.ts";
import type { AnswerOf } from "../functions/contract/operation.ts";
import { closePeriod } from "../functions/contract/periods.ts";
import {
  getInvoice,
  getPayout,
  type Invoice,
  type InvoiceSummary,
  listInvoices,
  listPayouts,
  type Payout,
  type PayoutSummary,
  payPayout,
} from "../functions/contract/statements.ts";
import { breakCommands } from "./break.ts";
import { usage } from "./failure.ts";
import { cny, count, time } from "./figures.ts";
import { exportCommand } from "./finance-export.ts";
import { allOption, cursorOption, defined, limitOption, showList } from "./listing.ts";
import { proveCommand } from "./proof.ts";
import { keyOption } from "./request-body.ts";
import type { Session } from "./session.ts";
import { type Column, record, table } from "./table.ts";

const day = "settlement day, YYYY-MM-DD";

export function financeCommands(session: Session): Command {
  const group = new Command("finance").description("The ledger, invoices, payouts and the daily close");
  ledgerCommands(group, session);
  group
    .command("close")
    .description(closePeriod.summary)
    .argument("<day>", day)
    .addOption(keyOption())
    .action((period, { key }) =>
      session.run(closePeriod, { params: { period }, key }, (answer) =>
        record([
          ["day", answer.period],
          ["status", answer.status],
        ]),
      ),
    );
  invoiceCommands(group, session);
  payoutCommands(group, session);
  group.addCommand(breakCommands(session).name("breaks"));
  group.addCommand(exportCommand(session));
  group.addCommand(proveCommand(session));
  return group;
}

function ledgerCommands(group: Command, session: Session): void {
  group
    .command("balance")
    .description(getLedger.summary)
    .option("--period <day>", `turnover of this closed ${day}, only`)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action(({ period, ...paging }) => {
      const query = defined({ period });
      return showList(session, getLedger, { query }, paging, ({ items }) => items, balanceColumns, upTo);
    });
  group
    .command("entries")
    .description(listLedgerEntries.summary)
    .argument("<account>", "account of the ledger, such as center:xian:payable")
    .option("--period <day>", day)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((account, { period, ...paging }) => {
      const request = { params: { account }, query: defined({ period }) };
      return showList(session, listLedgerEntries, request, paging, ({ items }) => items, entryColumns);
    });
}

function upTo({ period, position }: AnswerOf<typeof getLedger>): string {
  return period === undefined ? "no day is closed yet\n" : `up to ${period}, page ${count(position)}\n`;
}

const balanceColumns: readonly Column<LedgerBalance>[] = [
  { head: "account", of: ({ account }) => account },
  { head: "", of: ({ currency }) => currency },
  { head: "debit", right: true, of: ({ debit }) => cny(debit) },
  { head: "credit", right: true, of: ({ credit }) => cny(credit) },
  { head: "balance", right: true, of: ({ balance }) => cny(balance) },
];

const entryColumns: readonly Column<LedgerEntry>[] = [
  { head: "market time", of: (entry) => time(entry.time) },
  { head: "page", right: true, of: ({ position }) => position },
  { head: "debit", right: true, of: ({ side, mills }) => (side === "debit" ? cny(mills) : "") },
  { head: "credit", right: true, of: ({ side, mills }) => (side === "credit" ? cny(mills) : "") },
  { head: "", of: ({ currency }) => currency },
  { head: "against", of: ({ against }) => against },
  { head: "event", of: ({ event }) => event },
  { head: "of", of: (entry) => entry.of },
];

function invoiceCommands(group: Command, session: Session): void {
  group
    .command("invoices")
    .description(listInvoices.summary)
    .option("--period <day>", day)
    .option("--account <account>", "of this account")
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action(({ period, account, ...paging }) => {
      const query = defined({ period, account });
      return showList(session, listInvoices, { query }, paging, ({ items }) => items, invoiceColumns);
    });
  group
    .command("invoice")
    .description(getInvoice.summary)
    .argument("<account>")
    .argument("<day>", day)
    .option("--html <file>", "write it as a page to read and to print; - for standard output")
    .action(async (account, period, { html }) => {
      const request = { params: { account, period } };
      if (html === undefined) return session.run(getInvoice, request, invoiceRecord);
      return writePage(session, html, await session.page(getInvoice, request));
    });
}

function payoutCommands(group: Command, session: Session): void {
  group
    .command("statements")
    .description(listPayouts.summary)
    .option("--period <day>", day)
    .option("--center <center>", "of this center")
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action(({ period, center, ...paging }) => {
      const query = defined({ period, center });
      return showList(session, listPayouts, { query }, paging, ({ items }) => items, payoutColumns);
    });
  group
    .command("statement")
    .description(getPayout.summary)
    .argument("<center>")
    .argument("<day>", day)
    .option("--html <file>", "write it as a page to read and to print; - for standard output")
    .action(async (center, period, { html }) => {
      const request = { params: { center, period } };
      if (html === undefined) return session.run(getPayout, request, payoutRecord);
      return writePage(session, html, await session.page(getPayout, request));
    });
  group
    .command("pay")
    .description(payPayout.summary)
    .argument("<center>")
    .argument("<day>", day)
    .requiredOption("--reference <text>", "the bank's reference of the payment")
    .addOption(keyOption())
    .action((center, period, { reference, key }) =>
      session.run(payPayout, { params: { center, period }, body: { reference }, key }, (paid) =>
        record([
          ["payout", paid.payout],
          ["amount", `${cny(paid.mills)} CNY`],
          ["reference", paid.reference],
          ["paid", time(paid.at)],
        ]),
      ),
    );
}

async function writePage(session: Session, file: string, page: string): Promise<void> {
  if (file === "-") return session.io.out(page);
  try {
    writeFileSync(file, page);
  } catch {
    throw usage(`cannot write ${file}`, "--html");
  }
  await session.show({ file }, () => record([["file", file]]));
}

const invoiceColumns: readonly Column<InvoiceSummary>[] = [
  { head: "day", of: ({ period }) => period },
  { head: "account", of: ({ account }) => account },
  { head: "net CNY", right: true, of: ({ net }) => cny(net) },
  { head: "tax CNY", right: true, of: ({ tax }) => cny(tax) },
  { head: "gross CNY", right: true, of: ({ gross }) => cny(gross) },
  { head: "payable CNY", right: true, of: ({ payable }) => cny(payable) },
];

const payoutColumns: readonly Column<PayoutSummary>[] = [
  { head: "day", of: ({ period }) => period },
  { head: "center", of: ({ center }) => center },
  { head: "earned CNY", right: true, of: ({ earned }) => cny(earned) },
  { head: "owed CNY", right: true, of: ({ owed }) => cny(owed) },
  { head: "payable CNY", right: true, of: ({ payable }) => cny(payable) },
  { head: "paid", of: ({ paid }) => paid?.reference },
];

const lineColumns: readonly Column<Invoice["lines"][number]>[] = [
  { head: "row", right: true, of: ({ row }) => row },
  { head: "what for", of: ({ kind, correction }) => (correction === true ? `${kind}, corrected` : kind) },
  { head: "center or link", of: ({ center, link }) => link ?? center },
  { head: "card-hours", right: true, of: ({ cardSlots }) => cardSlots && cardSlots / 10 },
  { head: "CNY", right: true, of: ({ mills }) => cny(mills) },
];

function invoiceRecord(invoice: Invoice): string {
  const { account, owner, period, lines, net, tax, gross, rounding, payable, feed } = invoice;
  return `${table(lines, lineColumns)}\n${record([
    ["invoice", invoice.invoice],
    ["account", `${account} of ${owner}`],
    ["day", period],
    ["net", `${cny(net)} CNY`],
    ["tax", `${cny(tax)} CNY`],
    ["gross", `${cny(gross)} CNY`],
    ["rounding", `${cny(rounding)} CNY`],
    ["payable", `${cny(payable)} CNY`],
    ["corrections", count(invoice.corrections.length)],
    ["feed", `pages ${feed.after + 1} to ${feed.position}, ${feed.hash}`],
  ])}`;
}

function payoutRecord(payout: Payout): string {
  const { center, owner, period, lines, earned, owed, links, rounding, payable, paid, feed } = payout;
  const drawn = (name: string, mills: string) =>
    [name, mills === "0" ? undefined : `${cny(mills)} CNY`] as const;
  return `${table(lines, lineColumns)}\n${record([
    ["payout", payout.payout],
    ["center", `${center} of ${owner}`],
    ["day", period],
    ["earned", `${cny(earned)} CNY`],
    ...links.map(({ link, mills }) => [`link ${link}`, `${cny(mills)} CNY`] as const),
    ["owed", `${cny(owed)} CNY`],
    drawn("from guarantee", payout.fromGuarantee),
    drawn("from default fund", payout.fromDefaultFund),
    drawn("uncollectible", payout.uncollectible),
    drawn("carried to the next", payout.carried ?? "0"),
    ["rounding", `${cny(rounding)} CNY`],
    ["payable", `${cny(payable)} CNY`],
    ["paid", paid === undefined ? "not yet" : `${time(paid.at)}, ${paid.reference}`],
    ["feed", `pages ${feed.after + 1} to ${feed.position}, ${feed.hash}`],
  ])}`;
}
