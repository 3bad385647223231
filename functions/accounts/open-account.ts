import { streams } from "../../events/catalog/streams.ts";
import { AccountId, type OwnerId, type Period } from "../../events/catalog/values.ts";
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
  const isNew = await takeName(access, account, caller.owner);
  const found = isNew ? undefined : await ownAccount(access, account, caller.owner, period);
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

/**
 * A stream of an account is a day's: around midnight two owners would each find theirs empty. The name's item is of no day,
 * and is the first owner's for good. Gives whether nobody took the name before.
 */
async function takeName(
  { database, operationsTable }: Access,
  account: AccountId,
  owner: OwnerId,
): Promise<boolean> {
  return database.put(operationsTable, { ...nameOf(account), account, owner }, [{ absent: "account" }]);
}

const nameOf = (account: AccountId) => ({ pk: `account#${account}`, sk: "name" });

/**
 * The account of a name that was taken before; undefined: it is the owner's own, and not opened yet.
 * @throws ProblemError 409 if it is another's.
 */
async function ownAccount(access: Access, account: AccountId, owner: OwnerId, period: Period) {
  const { database, operationsTable } = access;
  const found = await readAccount(access, account, period);
  const holder = async () => (await database.get(operationsTable, nameOf(account)))?.owner;
  // The first items of names said no owner: whose the account is, or who asks first, is whose the name is.
  if ((await holder()) === undefined) {
    const item = { ...nameOf(account), account, owner: found?.state.owner ?? owner };
    await database.put(operationsTable, item, [{ absent: "owner" }]);
  }
  if ((found?.state.owner ?? owner) !== owner || (await holder()) !== owner)
    throw problem(409, "account-taken", "Another name is needed: this one is taken.", "/account");
  return found;
}
