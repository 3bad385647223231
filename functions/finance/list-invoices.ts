import { InvoiceView } from "../../market/views/statements.ts";
import { invoicesKey, invoicesOfAccount, invoicesOfOwner } from "../../market/views/view.ts";
import { visibleAccount } from "../accounts/account-resource.ts";
import { operations } from "../contract/operations.ts";
import { type Call, endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { statementList } from "./statement-list.ts";

export const create = endpoint(operations.listInvoices, async (call) => ({
  body: await statementList(call.access, await listOf(call), call.query, InvoiceView),
}));
export const handler = onLambda(create);

async function listOf({ query: { account }, caller, seesAll, access }: Call<typeof operations.listInvoices>) {
  if (account === undefined) return seesAll ? invoicesKey : invoicesOfOwner(caller.owner);
  await visibleAccount(access, account, caller, seesAll);
  return invoicesOfAccount(account);
}
