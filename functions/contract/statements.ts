import * as z from "zod";
import { InvoiceIssued, PayoutPaid, PayoutStated } from "../../events/catalog/invoice.ts";
import { CorrectionPosted } from "../../events/catalog/job.ts";
import { AccountId, CenterId, FeedPosition, MillsText } from "../../events/catalog/values.ts";
import { Day } from "./identifiers.ts";
import { defineOperation } from "./operation.ts";
import { pageOf, pageQuery } from "./paging.ts";

// Invoices of tenants and payouts of centers, by settlement day.

const { correction, corrects, cause, job, placement, from, to } = CorrectionPosted.data.shape;

/** A correction that a statement takes in, and what it corrects. */
export const StatedCorrection = z.object({
  correction,
  corrects: corrects.describe("The charge that it corrects"),
  cause,
  job,
  placement,
  from,
  to,
  mills: MillsText.describe("What it changes on this statement, in mills"),
});
export type StatedCorrection = z.infer<typeof StatedCorrection>;

const sources = {
  corrections: z
    .array(StatedCorrection)
    .describe("Corrections of closed days that the lines marked `correction` add up, the first 1000"),
  feed: z
    .object({
      after: FeedPosition.describe("Last page of the day before"),
      position: FeedPosition.describe("Last page of the day"),
      hash: z.string().describe("Hash of that page"),
    })
    .describe("Pages of the feed that the statement follows from"),
};

const Issued = InvoiceIssued.data.extend({
  taxRate: InvoiceIssued.data.shape.taxRate.describe(
    "Of the account as the day began, in basis points; `tax` adds up what each job owes at the rate that it was requested with",
  ),
});
export const Invoice = Issued.extend(sources);
export type Invoice = z.infer<typeof Invoice>;
export const InvoiceSummary = Issued.omit({ lines: true });
export type InvoiceSummary = z.infer<typeof InvoiceSummary>;

const { reference, at } = PayoutPaid.data.shape;
const payment = {
  paid: z.object({ reference, at }).optional().describe("Finance has paid it; the reference is the bank's"),
};
export const Payout = PayoutStated.data.extend({ ...payment, ...sources });
export type Payout = z.infer<typeof Payout>;
export const PayoutSummary = PayoutStated.data.omit({ lines: true, links: true }).extend(payment);
export type PayoutSummary = z.infer<typeof PayoutSummary>;

/** Accounts are charged for jobs, and jobs are tenants'. */
const tenants = ["tenant", "finance", "operator"] as const;
const seesAll = ["finance", "operator"] as const;
const printed = "Ask with `Accept: text/html` for a page to read and to print.";

export const listInvoices = defineOperation({
  id: "listInvoices",
  method: "GET",
  path: "/invoices",
  tag: "finance",
  summary: "Invoices of the caller's accounts, or of all, newest day first",
  roles: tenants,
  names: { "query/account": "own", "query/cursor": "own" },
  seesAll,
  query: z.object({
    period: Day.optional().describe("Of this settlement day only"),
    account: AccountId.optional().describe("Of this account only"),
    ...pageQuery,
  }),
  success: { status: 200, says: "Invoices without their lines.", body: pageOf(InvoiceSummary) },
  problems: [404],
});

export const getInvoice = defineOperation({
  id: "getInvoice",
  method: "GET",
  path: "/invoices/{account}/{period}",
  tag: "finance",
  summary: "The invoice of an account for a settlement day",
  description: printed,
  roles: tenants,
  names: { "path/account": "own", "path/period": "published" },
  seesAll,
  params: z.object({ account: AccountId, period: Day }),
  success: { status: 200, says: "The invoice.", body: Invoice },
  html: true,
  problems: [404],
});

export const listPayouts = defineOperation({
  id: "listPayouts",
  method: "GET",
  path: "/payouts",
  tag: "finance",
  summary: "Payout statements of the caller's centers, or of all, newest day first",
  roles: ["center", "finance", "operator"],
  names: { "query/center": "own", "query/cursor": "own" },
  seesAll,
  query: z.object({
    period: Day.optional().describe("Of this settlement day only"),
    center: CenterId.optional().describe("Of this center only"),
    ...pageQuery,
  }),
  success: { status: 200, says: "Payouts without their lines.", body: pageOf(PayoutSummary) },
  problems: [404],
});

const ofCenter = z.object({ center: CenterId, period: Day });

export const getPayout = defineOperation({
  id: "getPayout",
  method: "GET",
  path: "/payouts/{center}/{period}",
  tag: "finance",
  summary: "What a center is paid for a settlement day, and why",
  description: printed,
  roles: ["center", "finance", "operator"],
  names: { "path/center": "own", "path/period": "published" },
  seesAll,
  params: ofCenter,
  success: { status: 200, says: "The payout statement.", body: Payout },
  html: true,
  problems: [404],
});

export const payPayout = defineOperation({
  id: "payPayout",
  method: "POST",
  path: "/payouts/{center}/{period}/payment",
  tag: "finance",
  summary: "Record that a payout was paid",
  roles: ["finance"],
  names: { "path/center": "own", "path/period": "published" },
  seesAll: ["finance"],
  params: ofCenter,
  body: z.strictObject({ reference: reference.describe("The bank's reference of the payment") }),
  success: {
    status: 201,
    says: "The payment.",
    body: z.object({ payout: PayoutPaid.data.shape.payout, mills: MillsText, reference, at }),
  },
  problems: [404, 409],
});
