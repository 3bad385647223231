import { streams } from "../../events/catalog/streams.ts";
import { AccountId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { accountDecider } from "../../market/account.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { withClaimedKey } from "../kit/claimed-key.ts";
import { type Call, endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { accountResource } from "./account-resource.ts";
import { readAccount } from "./account-stream.ts";

export const create = endpoint(operations.openAccount, async (call) =>
  withClaimedKey(call.access, call.meta, () => open(call)),
);
export const handler = onLambda(create);

/** ISO 4217, as the runtime knows it. */
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** An account that its owner has already is answered as it is: opening it twice changes nothing. */
async function open({ body, caller, access, meta, now }: Call<typeof operations.openAccount>) {
  const account = body.account ?? AccountId.parse(caller.owner);
  const location = `/accounts/${account}`;
  const period = periodOf(slotOf(now));
  const isKnown = body.currency === undefined || currencies.has(body.currency);
  // Before its name is taken; one that was opened before this was asked for is answered as it is.
  if (!isKnown && (await readAccount(access, account, period)) === undefined)
    throw problem(
      422,
      "currency-unknown",
      `ISO 4217 has no currency ${body.currency}: give one such as CNY or USD, for it is fixed for good.`,
      "/currency",
    );
  // A name that nobody took before needs no search through the days in which it could have been opened.
  const found = (await isNewName(access, account)) ? undefined : await readAccount(access, account, period);
  if (found !== undefined && found.state.owner !== caller.owner)
    throw problem(409, "account-taken", "Another name is needed: this one is taken.", "/account");
  if (found !== undefined && body.currency !== undefined && found.state.currency !== body.currency)
    throw problem(
      409,
      "currency-fixed",
      `The account is in ${found.state.currency}: open another one.`,
      "/currency",
    );
  if (found !== undefined) return { body: accountResource(found.state, found.version), location };
  const currency = body.currency === undefined ? {} : { currency: body.currency };
  const command = { type: "Open", account, owner: caller.owner, period, ...currency } as const;
  const stream = streams.account(account, period);
  const { state, version } = carriedOut(await execute(access.store, accountDecider, stream, command, meta));
  if (state.phase === "unknown") throw problem(500, "internal-error", "The account is gone.");
  return { body: accountResource(state, version), location };
}

async function isNewName({ database, operationsTable }: Access, account: AccountId): Promise<boolean> {
  return database.put(operationsTable, { pk: `account#${account}`, sk: "name", account }, [
    { absent: "account" },
  ]);
}
