import type { AccountEvent } from "../../events/catalog/account.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { AccountId, Period } from "../../events/catalog/values.ts";
import {
  type BatchItem,
  type CommandMeta,
  execute,
  executeMany,
  type ItemResult,
  knownState,
  loadState,
  type Store,
} from "../../events/store/execute.ts";
import { gathering } from "../../events/store/single-flight.ts";
import {
  type AccountCommand,
  type AccountState,
  accountDecider,
  carryOf,
  type KnownAccount,
} from "../../market/account.ts";
import type { Rejection } from "../../market/decider.ts";
import { periodOf, periodPlus, slotOf } from "../../market/time.ts";
import type { Access } from "../kit/host.ts";

export type AccountResult = ItemResult<AccountEvent, Rejection>;

export interface OnAccount {
  /** In the order of the items. */
  readonly results: readonly AccountResult[];
  /** The stream that took the last of them. */
  readonly stream: string;
}

type Meta = Omit<CommandMeta, "commandId" | "requestHash">;
type Items = readonly BatchItem<AccountCommand>[];

/** Days that an account may lie untouched before it is looked for; the daily close carries every account. */
const daysLookedBack = 400;

/**
 * Carries commands out on an account, in the period of `first` (default: that of the meta data's time) or, where that
 * one was carried, in its successors. So a command that a period has done is found there and never done in the next.
 * A period that does not exist yet is opened with what the last one carries.
 * @returns undefined: there is no such account.
 */
export function onAccount(
  { accounts }: Pick<Access, "accounts">,
  account: AccountId,
  items: Items,
  meta: Meta,
  first: Period = periodOf(slotOf(Date.parse(meta.time))),
): Promise<OnAccount | undefined> {
  return accounts.carryOut(account, { items, meta, first });
}

/** What one caller asks of an account. */
export interface AccountRequest {
  readonly items: Items;
  readonly meta: Meta;
  readonly first: Period;
}

/** Callers of one process who ask the same account at the same time share a commit instead of conflicting. */
export interface AccountBatches {
  carryOut(account: AccountId, request: AccountRequest): Promise<OnAccount | undefined>;
}

/** Accounts that are kept apart at once in memory. */
const accountsKept = 10_000;

export function createAccountBatches(store: Store): AccountBatches {
  const byAccount = new Map<AccountId, (requests: Iterable<AccountRequest>) => Promise<Answers>>();
  return {
    async carryOut(account, request) {
      const known = byAccount.get(account);
      const run =
        known ?? gathering((requests: ReadonlySet<AccountRequest>) => carryOutAll(store, account, requests));
      if (known === undefined && byAccount.size >= accountsKept) byAccount.clear();
      byAccount.set(account, run);
      return (await run([request])).get(request);
    },
  };
}

type Answers = ReadonlyMap<AccountRequest, OnAccount | undefined>;

/** All items as one batch, from the earliest of the callers' periods. */
async function carryOutAll(
  store: Store,
  account: AccountId,
  requests: ReadonlySet<AccountRequest>,
): Promise<Answers> {
  const all = [...requests];
  const [one] = all;
  if (one === undefined) return new Map();
  const first = all.map((request) => request.first).sort()[0] ?? one.first;
  const items = all.flatMap((request) => request.items);
  const done = await carryOutFrom({ store }, account, items, one.meta, first);
  let next = 0;
  return new Map(
    all.map((request) => {
      const results = done?.results.slice(next, next + request.items.length) ?? [];
      next += request.items.length;
      return [request, done === undefined ? undefined : { ...done, results }];
    }),
  );
}

async function carryOutFrom(
  access: Pick<Access, "store">,
  account: AccountId,
  items: Items,
  meta: Meta,
  first: Period,
): Promise<OnAccount | undefined> {
  const results = new Map<number, AccountResult>();
  let rest = items.map((item, index) => ({ item, index }));
  let period: Period | undefined = first;
  let stream = streams.account(account, first);
  while (period !== undefined) {
    const opened: KnownAccount | undefined = await openPeriod(access, account, period, meta);
    if (opened === undefined) return undefined;
    stream = streams.account(account, opened.period);
    const commands = rest.map(({ item }) => item);
    const done = await executeMany(access.store, accountDecider, stream, commands, meta);
    const carried: typeof rest = [];
    for (const [place, result] of done.results.entries()) {
      const entry = rest[place];
      if (entry === undefined) continue;
      if (result.kind === "rejected" && result.rejection.code === "account-carried") carried.push(entry);
      else results.set(entry.index, result);
    }
    rest = carried;
    period = rest.length > 0 && done.state.phase !== "unknown" ? done.state.carriedTo : undefined;
  }
  return { results: items.flatMap((_, index) => results.get(index) ?? []), stream };
}

/** The account as it stands in its open period; undefined: there is none. */
export async function readAccount(
  access: Pick<Access, "store">,
  account: AccountId,
  today: Period,
): Promise<{ readonly state: KnownAccount; readonly version: number } | undefined> {
  const found = await lastPeriod(access, account, today);
  if (found === undefined) return undefined;
  const next = found.state.carriedTo;
  if (next === undefined || next <= found.state.period) return found;
  // Carried ahead of today's date, or the successor was not opened: what was carried is what there is.
  const successor = await load(access, account, next);
  return successor.state.phase === "unknown" ? found : { ...successor, state: successor.state };
}

async function load(access: Pick<Access, "store">, account: AccountId, period: Period) {
  return loadState<AccountState, AccountEvent>(
    access.store,
    accountDecider,
    streams.account(account, period),
  );
}

/** The last period up to `period` in which the account exists, as this process last saw it. */
async function knownPeriod(access: Pick<Access, "store">, account: AccountId, period: Period) {
  const state = await knownState<AccountState, AccountEvent>(
    access.store,
    accountDecider,
    streams.account(account, period),
  );
  if (state.phase !== "unknown") return state;
  return (await lastPeriod(access, account, periodPlus(period, -1)))?.state;
}

/** The last period up to `period` in which the account exists. */
async function lastPeriod(access: Pick<Access, "store">, account: AccountId, period: Period) {
  let day = period;
  for (let back = 0; back < daysLookedBack; back++) {
    const { state, version } = await load(access, account, day);
    if (state.phase !== "unknown") return { state, version };
    day = periodPlus(day, -1);
  }
  return undefined;
}

async function openPeriod(
  access: Pick<Access, "store">,
  account: AccountId,
  period: Period,
  meta: Meta,
): Promise<KnownAccount | undefined> {
  const last = await knownPeriod(access, account, period);
  if (last === undefined || last.period === period) return last;
  // Several requests may carry the account at once: it is one command, and no request's own.
  const { requestHash: _, ...own }: Omit<CommandMeta, "commandId"> = meta;
  const commandOf = (what: string) => ({ ...own, commandId: `${what}/${account}/${last.period}` });
  const stream = streams.account(account, last.period);
  const carried = await execute(
    access.store,
    accountDecider,
    stream,
    { type: "Carry", to: period },
    commandOf("carry"),
  );
  // The first ones of those commands did have a request's hash.
  const before = "state" in carried ? carried.state : (await load(access, account, last.period)).state;
  if (before.phase !== "carried" || before.carriedTo === undefined) return undefined;
  const to = before.carriedTo;
  const { owner } = before;
  const command = { type: "Open", account, owner, period: to, carry: carryOf(before) } as const;
  await execute(access.store, accountDecider, streams.account(account, to), command, commandOf("open"));
  // Another caller may have carried it further on than this one asked for.
  const { state } = await load(access, account, to);
  return state.phase === "unknown" ? undefined : state;
}
