import * as z from "zod";
import { Currency, FeedPosition, Instant, MillsText, Period } from "../../events/catalog/values.ts";
import { Day } from "./identifiers.ts";
import { defineOperation } from "./operation.ts";
import { pageOf, pageQuery } from "./paging.ts";

export const LedgerBalance = z.object({
  account: z.string().describe("Of the chart of accounts, as `center:xian:payable`"),
  currency: Currency,
  debit: MillsText.describe("Turnover: what left the account, in mills"),
  credit: MillsText.describe("Turnover: what reached it"),
  balance: MillsText.describe("Credit less debit: above 0, the exchange owes it"),
});
export type LedgerBalance = z.infer<typeof LedgerBalance>;

export const getLedger = defineOperation({
  id: "getLedger",
  method: "GET",
  path: "/ledger",
  tag: "finance",
  summary: "The double-entry ledger: turnover and balance of each account",
  description:
    "Of all closed settlement days together, or of one. What was posted since the last close is in the feed, and in `GET /accounts/{account}`. While a day is being closed, rows of it may be there before the day is.",
  roles: ["finance", "operator"],
  names: { "query/cursor": "published" },
  query: z.object({ period: Day.optional().describe("Turnover of this closed day only"), ...pageQuery }),
  success: {
    status: 200,
    says: "Accounts in the order of their names.",
    body: pageOf(LedgerBalance).extend({
      period: Period.optional().describe("The last day that is in it; absent: none is closed yet"),
      position: FeedPosition.describe("Last page of the feed that is in it"),
      feedHash: z.string().optional(),
    }),
  },
  problems: [404],
});

export const LedgerEntry = z.object({
  position: FeedPosition.describe("Page of the feed"),
  time: Instant,
  event: z.string(),
  of: z.string().optional().describe("Charge, correction, deposit, payout or job that it comes from"),
  side: z.enum(["debit", "credit"]),
  mills: MillsText,
  currency: Currency,
  against: z.string().describe("The account on the other side"),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const listLedgerEntries = defineOperation({
  id: "listLedgerEntries",
  method: "GET",
  path: "/ledger/{account}/entries",
  tag: "finance",
  summary: "Entries of one account of the ledger, oldest first, up to the feed's newest page",
  description:
    "Read from the feed as it is asked for: an answer may have fewer entries than asked for, or none, and go on with `next`.",
  roles: ["finance", "operator"],
  names: { "path/account": "published", "query/cursor": "own" },
  params: z.object({
    account: z
      .string()
      .regex(/^[a-z][A-Za-z0-9:~*_-]{0,199}$/, "an account of the ledger, as center:xian:payable"),
  }),
  query: z.object({
    period: Day.optional().describe("Of this settlement day only"),
    ...pageQuery,
  }),
  success: {
    status: 200,
    says: "Entries.",
    body: z.object({ items: z.array(LedgerEntry), next: z.string().optional() }),
  },
  problems: [404],
});
