import type { StatementLine } from "../../events/catalog/invoice.ts";
import type { Payout } from "../contract/statements.ts";
import {
  correctionsTable,
  linesTable,
  marketTime,
  minus,
  splitLines,
  statementPage,
  sumsTable,
} from "./statement-page.ts";

/** A payout statement to read and to print: what a center earned and owes, and what it is paid. */
export function payoutPage(payout: Payout): string {
  const { center, owner, period, at, earned, owed, links, paid } = payout;
  const lines: StatementLine[] = payout.lines;
  const { own, corrections } = splitLines(lines);
  const drawn: readonly (readonly [string, string])[] = [
    ["Taken from the guarantee", payout.fromGuarantee],
    ["Borne by the default fund", payout.fromDefaultFund],
    ["Uncollectible: borne by the recipients", payout.uncollectible],
    ["Carried to the next payout", payout.carried ?? "0"],
  ];
  return statementPage({
    title: "Payout statement",
    number: payout.payout,
    period,
    facts: [
      ["Statement", payout.payout],
      ["Settlement day", period],
      ["To", owner],
      ["Made up", marketTime(at)],
      ["Center", center],
      ["Paid", paid === undefined ? "not yet" : `${marketTime(paid.at)}, reference ${paid.reference}`],
    ],
    body: [
      linesTable("Earned and owed in the day", own),
      linesTable("Corrections of closed days", corrections),
      sumsTable(
        [
          ["Earned with cards and fees", earned],
          ...links.map(({ link, mills }) => [`Earned with link ${link}`, mills] as const),
          ["Owed: penalties, credits, refunds", minus(owed)],
          ...drawn.filter(([, mills]) => mills !== "0"),
          ["Rounding", minus(payout.rounding)],
        ],
        ["Payable", payout.payable],
      ),
      correctionsTable(payout.corrections),
    ],
    feed: payout.feed,
  });
}
