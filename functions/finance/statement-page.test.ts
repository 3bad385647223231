import { describe, expect, test } from "vitest";
import { Invoice, Payout } from "../contract/statements.ts";
import { html } from "./html.ts";
import { invoicePage } from "./invoice-page.ts";
import { payoutPage } from "./payout-page.ts";

const feed = { after: 12, position: 40, hash: "ab".repeat(32) };
const corrected = {
  correction: "late:<bert>",
  corrects: "bert.7:end:100-110",
  cause: "lateUsage",
  job: "bert",
  placement: "bert.7",
  from: 100,
  to: 110,
  mills: "-1600",
};
const shared = { owner: "acme", period: "2026-03-02", at: "2026-03-02T16:03:00.000Z", feed };
const invoice = Invoice.parse({
  ...shared,
  invoice: "acme-2026-03-02",
  account: "acme",
  taxRate: 600,
  lines: [
    { kind: "compute", row: 3, center: "xian", cardSlots: 12345, mills: "1234567" },
    { kind: "tax", row: 3, mills: "74074" },
    { kind: "compute", row: 12, correction: true, center: "xian", mills: "-1600" },
  ],
  net: "1232967",
  tax: "74074",
  gross: "1307041",
  payable: "1307040",
  rounding: "1",
  corrections: [corrected],
});

/** Words that a reader sees, cell by cell. */
const cells = (page: string) => [...page.matchAll(/<t[dh][^>]*>([^<]*)</g)].map(([, text]) => text);

describe("an invoice's page", () => {
  const page = invoicePage(invoice);

  test("has what the invoice has, in CNY and card-hours", () => {
    const text = cells(page).join("|");
    expect(text).toContain("3|Cards, delivered|xian|1,234.5|1,234.567");
    expect(text).toContain("12|Cards, fewer cards than awarded|xian||−1.600");
    expect(text).toContain(
      "Net|1,232.967|Tax, of each job at the rate that it was requested with|74.074|Gross|1,307.041",
    );
    expect(text).toContain("Rounding, credited to the account|−0.001|Payable|CNY 1,307.04");
    expect(text).toContain("bert.7:end:100-110|bert|late usage|−1.600");
    for (const part of ["acme-2026-03-02", "2026-03-03 00:03:00 +08:00", "13 to 40", feed.hash])
      expect(page).toContain(part);
  });

  test("shows text as text, loads nothing and runs nothing", () => {
    expect(page).toContain("late:&lt;bert&gt;");
    expect(page).not.toContain("<bert>");
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/);
  });
});

test("a payout's page says what was paid, and who bore what the center could not", () => {
  const payout = Payout.parse({
    ...shared,
    payout: "xian-2026-03-02",
    center: "xian",
    lines: [{ kind: "penalty", row: 8, mills: "-900" }],
    earned: "100",
    owed: "900",
    links: [{ link: "xian~wuhan", mills: "100" }],
    fromGuarantee: "300",
    fromDefaultFund: "0",
    uncollectible: "300",
    carried: "100",
    payable: "0",
    rounding: "0",
    paid: { reference: "A&B 17", at: "2026-03-03T02:00:00Z" },
    corrections: [],
  });
  const page = payoutPage(payout);
  const text = cells(page).join("|");
  expect(text).toContain("Earned with link xian~wuhan|0.100|Owed: penalties, credits, refunds|−0.900");
  expect(text).toContain("Taken from the guarantee|0.300|Uncollectible: borne by the recipients|0.300");
  expect(text).toContain("Carried to the next payout|0.100");
  expect(text).not.toContain("default fund");
  expect(page).toContain("reference A&amp;B 17");
});

test("html puts in what is HTML as it is, and all else as text", () => {
  const inner = html`<b>${"a < b & \"c\" 'd'"}</b>`;
  expect(html`${inner}${[inner, 7, undefined]}`.html).toBe(
    "<b>a &lt; b &amp; &quot;c&quot; &#39;d&#39;</b><b>a &lt; b &amp; &quot;c&quot; &#39;d&#39;</b>7",
  );
});
