import * as z from "zod";
import { DepositId, MillsText } from "../../events/catalog/values.ts";
import { Amount } from "./amount.ts";
import { defineOperation } from "./operation.ts";

export const DefaultFund = z.object({
  balance: MillsText.describe("What it has, in mills"),
  version: z.int().min(0),
});
export type DefaultFund = z.infer<typeof DefaultFund>;

export const getDefaultFund = defineOperation({
  id: "getDefaultFund",
  method: "GET",
  path: "/default-fund",
  tag: "finance",
  summary: "Balance of the default fund, as the log has it now",
  description: "It bears what centers owe beyond what they earned and their guarantees (row 15).",
  roles: ["finance", "operator"],
  success: { status: 200, says: "The fund.", body: DefaultFund },
});

export const Contribution = z.object({ contribution: DepositId, mills: MillsText });
export type Contribution = z.infer<typeof Contribution>;

export const contributeToDefaultFund = defineOperation({
  id: "contributeToDefaultFund",
  method: "POST",
  path: "/default-fund/contributions",
  tag: "finance",
  summary: "Record money that came in for the default fund",
  roles: ["finance", "operator"],
  body: z.strictObject({ mills: Amount.describe("Mills (1/1000 CNY), more than 0") }),
  success: { status: 201, says: "The contribution.", body: Contribution },
  problems: [422],
});
