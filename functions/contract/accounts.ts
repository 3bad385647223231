import * as z from "zod";
import {
  AccountId,
  BasisPoints,
  Currency,
  DepositId,
  Instant,
  JobId,
  MillsText,
  OwnerId,
  Period,
} from "../../events/catalog/values.ts";
import { Amount } from "./amount.ts";
import { Day } from "./identifiers.ts";
import { defineOperation } from "./operation.ts";
import { pageQuery } from "./paging.ts";

const params = z.object({ account: AccountId });

export const Account = z.object({
  account: AccountId,
  owner: OwnerId,
  period: Period.describe("Settlement day in which the account stands"),
  status: z
    .enum(["open", "overdrawn"])
    .describe(
      "overdrawn: corrections took more than was available; it holds nothing new until it is made up for",
    ),
  currency: Currency,
  taxRate: BasisPoints.describe("Tax on top of what jobs requested from now on are charged, in basis points"),
  available: MillsText.describe("Not held, in mills of the currency; less than 0: overdrawn"),
  held: MillsText.describe("Held for bids and awards, in mills"),
  version: z.int().min(1),
});
export type Account = z.infer<typeof Account>;

export const openAccount = defineOperation({
  id: "openAccount",
  method: "POST",
  path: "/accounts",
  tag: "accounts",
  summary: "Open an account",
  roles: ["tenant", "center"],
  names: { "/account": "new" },
  body: z.strictObject({
    account: AccountId.optional().describe("Left out: the account is named like its owner"),
    currency: Currency.optional().describe(
      "ISO 4217, fixed for good; left out: CNY. The market trades in CNY: an account in another holds deposits only",
    ),
  }),
  success: { status: 201, says: "The account.", body: Account },
  problems: [409, 422],
});

export const getAccount = defineOperation({
  id: "getAccount",
  method: "GET",
  path: "/accounts/{account}",
  tag: "accounts",
  summary: "Balance of an account, as the log has it now",
  roles: ["tenant", "center", "finance", "operator"],
  names: { "path/account": "own" },
  seesAll: ["finance", "operator"],
  params,
  success: { status: 200, says: "The account.", body: Account },
  problems: [404],
});

export const Deposit = z.object({
  deposit: DepositId,
  account: AccountId,
  mills: MillsText,
  currency: Currency,
  period: Period.describe("Settlement day in which it is credited"),
});
export type Deposit = z.infer<typeof Deposit>;

export const depositFunds = defineOperation({
  id: "depositFunds",
  method: "POST",
  path: "/accounts/{account}/deposits",
  tag: "accounts",
  summary: "Record money that came in for an account",
  roles: ["finance", "operator"],
  names: { "path/account": "own" },
  seesAll: ["finance", "operator"],
  params,
  body: z.strictObject({
    mills: Amount.describe("Mills (1/1000 of the account's currency), more than 0"),
    currency: Currency.optional().describe("To be sure: refused unless it is the account's"),
  }),
  success: { status: 201, says: "The deposit was credited.", body: Deposit },
  problems: [404, 422],
});

export const setTaxRate = defineOperation({
  id: "setTaxRate",
  method: "PUT",
  path: "/accounts/{account}/tax-rate",
  tag: "accounts",
  summary: "Set the rate of the tax on top of what an account pays",
  description:
    "It holds for jobs requested from now on: a job keeps the rate that it was requested with. Penalties are not taxed.",
  roles: ["finance", "operator"],
  names: { "path/account": "own" },
  seesAll: ["finance", "operator"],
  params,
  body: z.strictObject({ taxRate: BasisPoints.describe("Basis points: 600 is 6 %") }),
  success: { status: 200, says: "The account with its rate.", body: Account },
  problems: [404, 422],
});

export const AccountEntry = z.object({
  period: Period,
  version: z.int().min(1),
  time: Instant,
  kind: z.enum([
    "opened",
    "deposited",
    "held",
    "holdRefused",
    "settled",
    "released",
    "adjusted",
    "taxRateSet",
    "carried",
  ]),
  available: MillsText.describe("Change of the funds available, in mills"),
  held: MillsText.describe("Change of the funds held, in mills"),
  job: JobId.optional(),
  stretch: z.int().optional(),
  charge: z.string().optional(),
  deposit: DepositId.optional(),
  adjustment: z.string().optional().describe("Invoice or correction that an adjustment comes from"),
  taxRate: BasisPoints.optional(),
});
export type AccountEntry = z.infer<typeof AccountEntry>;

export const listEntries = defineOperation({
  id: "listEntries",
  method: "GET",
  path: "/accounts/{account}/entries",
  tag: "accounts",
  summary: "Entries of an account in one settlement day, oldest first, as the log has them now",
  roles: ["tenant", "center", "finance", "operator"],
  names: { "path/account": "own", "query/cursor": "own" },
  seesAll: ["finance", "operator"],
  params,
  query: z.object({
    period: Day.optional().describe("Left out: the day in which the account stands"),
    ...pageQuery,
  }),
  success: {
    status: 200,
    says: "Entries.",
    body: z.object({ period: Period, items: z.array(AccountEntry), next: z.string().optional() }),
  },
  problems: [404],
});

export const AccountHold = z.object({
  job: JobId,
  stretch: z.int().min(1),
  status: z
    .enum(["pending", "posted", "released", "expired"])
    .describe(
      "pending: something is held of it; posted: charges took of it; expired: no auction can use it any more",
    ),
  held: MillsText.describe("Held on the day, or carried into it, in mills"),
  posted: MillsText.describe("Paid by charges, less what penalties paid in"),
  released: MillsText,
  expired: MillsText,
  pending: MillsText.describe("Still held"),
});
export type AccountHold = z.infer<typeof AccountHold>;

export const listHolds = defineOperation({
  id: "listHolds",
  method: "GET",
  path: "/accounts/{account}/holds",
  tag: "accounts",
  summary: "What was held on an account in one settlement day, and what became of it",
  roles: ["tenant", "center", "finance", "operator"],
  names: { "path/account": "own", "query/cursor": "own" },
  seesAll: ["finance", "operator"],
  params,
  query: z.object({
    period: Day.optional().describe("Left out: the day in which the account stands"),
    ...pageQuery,
  }),
  success: {
    status: 200,
    says: "Holds, oldest first.",
    body: z.object({ period: Period, items: z.array(AccountHold), next: z.string().optional() }),
  },
  problems: [404],
});
