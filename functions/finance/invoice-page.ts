import type { Invoice } from "../contract/statements.ts";
import {
  correctionsTable,
  linesTable,
  marketTime,
  minus,
  splitLines,
  statementPage,
  sumsTable,
} from "./statement-page.ts";

/** An invoice to read and to print: what the tenant paid out of its prefunded account, and why. */
export function invoicePage(invoice: Invoice): string {
  const { account, owner, period, at, lines, net, tax, taxRate, gross, rounding, payable } = invoice;
  const { own, corrections } = splitLines(lines);
  return statementPage({
    title: "Invoice",
    number: invoice.invoice,
    period,
    facts: [
      ["Invoice", invoice.invoice],
      ["Settlement day", period],
      ["To", owner],
      ["Made up", marketTime(at)],
      ["Account", account],
      ["Tax rate of the account as the day began", `${(taxRate / 100).toFixed(2)} %`],
      ["Payment", "paid from the account's holds"],
    ],
    body: [
      linesTable("Charges of the day", own),
      linesTable("Corrections of closed days", corrections),
      sumsTable(
        [
          ["Net", net],
          ["Tax, of each job at the rate that it was requested with", tax],
          ["Gross", gross],
          ["Rounding, credited to the account", minus(rounding)],
        ],
        ["Payable", payable],
      ),
      correctionsTable(invoice.corrections),
    ],
    feed: invoice.feed,
  });
}
