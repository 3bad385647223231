import type { StatementLine } from "../../events/catalog/invoice.ts";
import type { Invoice, StatedCorrection } from "../contract/statements.ts";
import { type Html, html } from "./html.ts";

// What invoices and payouts look like: one page that needs nothing else, for screens and A4.

const style = `
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #555; } }
* { box-sizing: border-box; }
body { font: 10pt/1.45 "Helvetica Neue", Arial, sans-serif; color: #1a1a1a; background: #fff; max-width: 178mm; margin: 12mm auto; padding: 0 4mm; }
header { display: flex; justify-content: space-between; align-items: flex-start; border-bottom: 1.5pt solid #1a1a1a; padding-bottom: 4mm; }
h1 { font-size: 20pt; font-weight: 600; margin: 0; }
h2 { font-size: 11pt; margin: 8mm 0 2mm; break-after: avoid; }
.issuer { text-align: right; color: #555; }
dl { display: grid; grid-template-columns: max-content 1fr max-content 1fr; gap: 1mm 5mm; margin: 5mm 0 0; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
thead { display: table-header-group; }
th { text-align: left; font-weight: 600; font-size: 8.5pt; color: #555; border-bottom: 0.75pt solid #888; padding: 1mm 2mm 1mm 0; }
td { padding: 1.2mm 2mm 1.2mm 0; border-bottom: 0.5pt solid #ddd; vertical-align: top; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 0; padding-left: 3mm; }
.sums { width: auto; margin: 4mm 0 0 auto; min-width: 78mm; break-inside: avoid; }
.sums td { border: 0; padding: 0.8mm 0; }
.sums .due td { border-top: 1pt solid #1a1a1a; font-weight: 600; font-size: 12pt; padding-top: 1.5mm; }
.small { font-size: 8.5pt; }
footer { margin-top: 10mm; border-top: 0.5pt solid #bbb; padding-top: 2mm; font-size: 8pt; color: #555; overflow-wrap: anywhere; break-inside: avoid; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
`;

export interface StatementPage {
  readonly title: string;
  readonly number: string;
  /** Names and what they are, two to a row. */
  readonly facts: readonly (readonly [string, string])[];
  readonly body: readonly (Html | undefined)[];
  readonly feed: Invoice["feed"];
  readonly period: string;
}

export function statementPage({ title, number, facts, body, feed, period }: StatementPage): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} ${number}</title>
<style>${{ html: style }}</style>
</head>
<body>
<header><h1>${title}</h1><div class="issuer">Suanwang<br>power exchange for AI compute</div></header>
<dl>${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
${body}
<footer>Settlement day ${period}: pages ${feed.after + 1} to ${feed.position} of the exchange's feed. SHA-256 of page ${feed.position}: ${feed.hash}. Amounts in CNY; a card-hour is ten card-slots of 6 minutes. Rows are those of the settlement rules.</footer>
</body>
</html>
`;
  return page.html;
}

const kinds: Readonly<Record<StatementLine["kind"], string>> = {
  compute: "Cards",
  transfer: "Data transfer",
  link: "Link",
  releaseFee: "Release fee",
  credit: "Credit for lost work",
  penalty: "Penalty",
  rent: "Congestion rent",
  tax: "Tax",
};

/** Rows of the market rules' table of money. */
const rows: Readonly<Record<number, string>> = {
  1: "cancelled before the gate",
  2: "cancelled after the award",
  3: "delivered",
  4: "continuation",
  5: "continuation lost",
  6: "could not be started",
  7: "the job's own failure",
  8: "refused or not ready",
  9: "center failed in mid-slot",
  10: "work lost",
  11: "reclaimed with notice",
  12: "fewer cards than awarded",
  13: "one center of a split job failed",
  14: "exchange away",
  15: "beyond what the center could pay",
};

export function linesTable(title: string, lines: readonly StatementLine[]): Html | undefined {
  if (lines.length === 0) return undefined;
  return html`<h2>${title}</h2>
<table>
<thead><tr><th>Row</th><th>What for</th><th>Center or link</th><th class="n">Card-hours</th><th class="n">CNY</th></tr></thead>
<tbody>${lines.map(lineRow)}</tbody>
</table>`;
}

function lineRow({ kind, row, center, link, cardSlots, mills }: StatementLine): Html {
  const hours = cardSlots === undefined ? "" : thousands((cardSlots / 10).toFixed(1));
  return html`
<tr><td>${row}</td><td>${kind === "tax" ? kinds.tax : `${kinds[kind]}, ${rows[row]}`}</td><td>${link ?? center}</td><td class="n">${hours}</td><td class="n">${cny(mills)}</td></tr>`;
}

export function sumsTable(
  sums: readonly (readonly [string, string])[],
  due: readonly [string, string],
): Html {
  return html`<table class="sums"><tbody>${sums.map(
    ([name, mills]) => html`<tr><td>${name}</td><td class="n">${cny(mills)}</td></tr>`,
  )}<tr class="due"><td>${due[0]}</td><td class="n">CNY ${fen(due[1])}</td></tr></tbody></table>`;
}

const causes: Readonly<Record<StatedCorrection["cause"], string>> = {
  lateUsage: "late usage",
  resolution: "finance resolved a break",
  uncollectible: "uncollectible from the center",
};

export function correctionsTable(corrections: readonly StatedCorrection[]): Html | undefined {
  if (corrections.length === 0) return undefined;
  return html`<h2>What the corrections correct</h2>
<table class="small">
<thead><tr><th>Correction</th><th>Charge that it corrects</th><th>Job</th><th>Cause</th><th class="n">CNY</th></tr></thead>
<tbody>${corrections.map(
    ({ correction, corrects, job, cause, mills }) => html`
<tr><td>${correction}</td><td>${corrects}</td><td>${job}</td><td>${causes[cause]}</td><td class="n">${cny(mills)}</td></tr>`,
  )}</tbody>
</table>`;
}

/** `-1234567` mills: `−1,234.567`. */
export function cny(mills: string): string {
  const negative = mills.startsWith("-");
  const digits = (negative ? mills.slice(1) : mills).padStart(4, "0");
  return `${negative ? "−" : ""}${thousands(digits.slice(0, -3))}.${digits.slice(-3)}`;
}

/** Of whole fen: two decimals. */
function fen(mills: string): string {
  return cny(mills).slice(0, -1);
}

function thousands(number: string): string {
  return number.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** What is taken off a sum. @param mills none below 0 */
export function minus(mills: string): string {
  return mills === "0" ? mills : `-${mills}`;
}

/** Market time: Asia/Shanghai is UTC+8 all year. */
export function marketTime(instant: string): string {
  const local = new Date(Date.parse(instant) + 8 * 3_600_000);
  return `${local.toISOString().slice(0, 19).replace("T", " ")} +08:00`;
}

export function splitLines(lines: readonly StatementLine[]) {
  const isCorrection = ({ correction }: StatementLine) => correction === true;
  return { own: lines.filter((line) => !isCorrection(line)), corrections: lines.filter(isCorrection) };
}
