import type { AccountEvent, Hold } from "../events/catalog/account.ts";
import type {
  AccountId,
  Currency,
  DepositId,
  JobId,
  MillsText,
  OwnerId,
  Period,
} from "../events/catalog/values.ts";
import { accept, conflict, type Decider, type Decision, nothing } from "./decider.ts";
import {
  hasKey,
  type LayeredMap,
  layered,
  sizeOf,
  valueAt,
  valuesIn,
  withEntry,
  withoutKey,
} from "./layered-map.ts";
import { marketCurrency, mills, millsText } from "./money.ts";
import { rules } from "./rules.ts";

/** What the period before handed over. */
export interface Carry {
  readonly available: MillsText;
  readonly holds: readonly Hold[];
  readonly carriedFrom?: Period;
  readonly currency?: Currency;
  readonly taxRate?: number;
}

/** All amounts in mills. */
export type AccountCommand =
  | {
      readonly type: "Open";
      readonly account: AccountId;
      readonly owner: OwnerId;
      readonly period: Period;
      /** Absent: CNY. */
      readonly currency?: Currency;
      readonly carry?: Carry;
    }
  | { readonly type: "Deposit"; readonly deposit: DepositId; readonly mills: MillsText }
  | { readonly type: "Hold"; readonly job: JobId; readonly stretch: number; readonly mills: MillsText }
  /** `paid` leaves the hold (negative: comes to it), `released` becomes available. */
  | {
      readonly type: "Settle";
      readonly job: JobId;
      readonly stretch: number;
      readonly charge: string;
      readonly paid: MillsText;
      readonly released: MillsText;
    }
  /** Lets go of a whole hold that nothing can be charged to. */
  | {
      readonly type: "Release";
      readonly job: JobId;
      readonly stretch: number;
      readonly cause?: "expired";
    }
  /** An entry that no hold was taken for; positive: in the account's favour. It may overdraw the account. */
  | {
      readonly type: "Adjust";
      /** Id of the invoice or the correction that it comes from: each is once. */
      readonly adjustment: string;
      readonly cause: "rounding" | "correction";
      readonly mills: MillsText;
    }
  /** Tax on top of what jobs requested from now on are charged, in basis points. */
  | { readonly type: "SetTaxRate"; readonly taxRate: number }
  | { readonly type: "Carry"; readonly to: Period };

export interface KnownAccount {
  /**
   * overdrawn: a correction took more than was available. It holds nothing new until a deposit or another correction
   * makes up for it; what it holds goes on to be settled and released.
   */
  readonly phase: "open" | "overdrawn" | "carried";
  readonly account: AccountId;
  readonly owner: OwnerId;
  readonly period: Period;
  readonly currency: Currency;
  /** Tax on top of what its jobs are charged, in basis points. */
  readonly taxRate: number;
  /** Not held. */
  readonly available: bigint;
  /** By `JOB/STRETCH`. */
  readonly holds: LayeredMap<string, Hold>;
  /** What could not be held, by `JOB/STRETCH`: asked for again, it is a new fact only once it is held. */
  readonly refused: LayeredMap<string, Refused>;
  /** Deposits credited, charges settled, adjustments made and first holds taken in this period: each is once. */
  readonly done: LayeredMap<string, true>;
  readonly carriedTo?: Period;
}

interface Refused {
  readonly mills: MillsText;
  readonly why: WhyNotHeld;
}

export type AccountState = { readonly phase: "unknown" } | KnownAccount;

type Decided = Decision<AccountEvent>;

export const holdKey = (job: JobId, stretch: number) => `${job}/${stretch}`;

const adjustmentKey = (adjustment: string) => `adjust/${adjustment}`;

const firstHoldKey = (job: JobId) => `hold/${job}`;

/** The hold that a request asks for; those of later stretches may be asked for again at every gate. */
const isFirst = ({ stretch }: Pick<Hold, "stretch">) => stretch === 1;

export function isOverdrawn({ available }: Pick<KnownAccount, "available">): boolean {
  return available < 0n;
}

/** Sum of all holds, in mills. */
export function heldOf({ holds }: KnownAccount): bigint {
  return valuesIn(holds).reduce((sum, hold) => sum + mills(hold.mills), 0n);
}

/** An account during one settlement day: stream `account-ID-PERIOD`. */
export const accountDecider: Decider<AccountState, AccountCommand, AccountEvent> = {
  initial: { phase: "unknown" },
  decide: decideAccount,
  evolve: evolveAccount,
};

function decideAccount(command: AccountCommand, state: AccountState): Decided {
  if (command.type === "Open") return open(command, state);
  if (state.phase === "unknown") return conflict("account-unknown", "There is no such account.", "/account");
  // A repeat of what this period has done finds it here, even after the carry: it must not be done in the next one.
  if (command.type === "Deposit" && hasKey(state.done, command.deposit)) return nothing;
  if (command.type === "Settle" && hasKey(state.done, command.charge)) return nothing;
  if (command.type === "Adjust" && hasKey(state.done, adjustmentKey(command.adjustment))) return nothing;
  const answered = command.type === "Hold" && isFirst(command) ? firstAnswer(command, state) : undefined;
  if (answered !== undefined) return answered;
  if (command.type === "Carry" && state.phase === "carried") return nothing;
  if (state.phase === "carried")
    return conflict("account-carried", `Its period was carried to ${state.carriedTo}.`);
  return decideOpen(command, state);
}

function decideOpen(command: Exclude<AccountCommand, { type: "Open" }>, state: KnownAccount): Decided {
  const { account, period } = state;
  switch (command.type) {
    case "Deposit": {
      const { deposit, mills } = command;
      return accept({ type: "FundsDeposited", data: { account, deposit, mills, ...currencyOf(state) } });
    }
    case "Hold":
      return hold(command, state);
    case "Settle":
      return settle(command, state);
    case "Release": {
      const held = valueAt(state.holds, holdKey(command.job, command.stretch));
      if (held === undefined) return nothing;
      const cause = command.cause === undefined ? {} : { cause: command.cause };
      return accept({ type: "HoldReleased", data: { account, ...held, ...cause } });
    }
    case "Adjust": {
      const { type: _, ...adjusted } = command;
      return accept({ type: "FundsAdjusted", data: { account, ...adjusted, ...currencyOf(state) } });
    }
    case "SetTaxRate": {
      const { taxRate } = command;
      if (taxRate === state.taxRate) return nothing;
      return accept({ type: "TaxRateSet", data: { account, taxRate } });
    }
    case "Carry":
      if (command.to <= period)
        return conflict("carried-back", `A period after ${period} comes next.`, "/to");
      return accept({
        type: "AccountCarried",
        data: { account, period, to: command.to, ...balanceOf(state) },
      });
    default:
      return command satisfies never;
  }
}

/** Events say it where it is not the market's own. */
function currencyOf({ currency }: Pick<KnownAccount, "currency">): { currency?: Currency } {
  return currency === marketCurrency ? {} : { currency };
}

function balanceOf(state: KnownAccount): { available: MillsText; holds: Hold[] } {
  return { available: millsText(state.available), holds: valuesIn(state.holds) };
}

/** What an account that was carried hands over to the period after it. */
export function carryOf(state: KnownAccount): Carry {
  const { period, taxRate } = state;
  const tax = taxRate === 0 ? {} : { taxRate };
  return { ...balanceOf(state), carriedFrom: period, ...currencyOf(state), ...tax };
}

function open(command: Extract<AccountCommand, { type: "Open" }>, state: AccountState): Decided {
  const { account, owner, period, carry } = command;
  const currency = carry?.currency ?? command.currency ?? marketCurrency;
  if (state.phase !== "unknown") {
    if (state.owner !== owner)
      return conflict("account-exists", "Another owner has an account of this name.", "/account");
    return state.currency === currency
      ? nothing
      : conflict("currency-fixed", `The account is in ${state.currency}: open another one.`, "/currency");
  }
  const { available = millsText(0n), holds = [], ...carried } = carry ?? {};
  return accept({
    type: "AccountOpened",
    data: {
      account,
      owner,
      period,
      available,
      holds: [...holds],
      ...carried,
      ...currencyOf({ currency }),
    },
  });
}

function hold(command: HoldCommand, state: KnownAccount): Decided {
  const { job, stretch } = command;
  const key = holdKey(job, stretch);
  if (hasKey(state.holds, key)) return nothing;
  const data = { account: state.account, job, stretch, mills: command.mills };
  const why = whyNotHeld(state, mills(command.mills));
  if (why === undefined) return accept({ type: "FundsHeld", data });
  if (valueAt(state.refused, key)?.mills === command.mills) return refusedBefore(why, state, command.mills);
  const reason = why === "funds" ? {} : { reason: why };
  return accept({ type: "HoldRefused", data: { ...data, available: millsText(state.available), ...reason } });
}

/**
 * The answer that a request's hold got before. It stands even when that hold has ended, or funds have come since: who
 * asks so late knows an old state of the job, and nobody would ever release what it held.
 */
function firstAnswer({ job, stretch }: HoldCommand, state: KnownAccount): Decided | undefined {
  if (hasKey(state.done, firstHoldKey(job))) return nothing;
  const refused = valueAt(state.refused, holdKey(job, stretch));
  return refused === undefined ? undefined : refusedBefore(refused.why, state, refused.mills);
}

type HoldCommand = Extract<AccountCommand, { type: "Hold" }>;

type WhyNotHeld = "overdrawn" | "openHolds" | "funds";

function whyNotHeld(state: KnownAccount, wanted: bigint): WhyNotHeld | undefined {
  if (isOverdrawn(state)) return "overdrawn";
  if (sizeOf(state.holds) >= rules.openHoldsMax) return "openHolds";
  return wanted > state.available ? "funds" : undefined;
}

function refusedBefore(why: WhyNotHeld, { available }: KnownAccount, wanted: MillsText): Decided {
  switch (why) {
    case "overdrawn":
      return conflict("account-overdrawn", `The account is ${-available} mills overdrawn: deposit first.`);
    case "openHolds":
      return conflict(
        "holds-full",
        `The account has ${rules.openHoldsMax} open holds already: use another account.`,
      );
    case "funds":
      return conflict("funds-missing", `${wanted} mills were refused before: deposit first.`);
    default:
      return why satisfies never;
  }
}

function settle(command: Extract<AccountCommand, { type: "Settle" }>, state: KnownAccount): Decided {
  const { job, stretch, charge, paid, released } = command;
  // A credit may come when charges have used all of the hold.
  const left = heldFor(state, job, stretch) - mills(paid) - mills(released);
  if (left < 0n)
    return conflict("beyond-hold", `The charge takes ${-left} mills more than is held.`, "/paid");
  const data = { account: state.account, job, stretch, charge, paid, released };
  return accept({ type: "HoldSettled", data });
}

function heldFor({ holds }: KnownAccount, job: JobId, stretch: number): bigint {
  return mills(valueAt(holds, holdKey(job, stretch))?.mills ?? millsText(0n));
}

/** The account with these funds available; below 0 it is overdrawn. */
function withAvailable(state: KnownAccount, available: bigint): KnownAccount {
  return { ...state, available, phase: isOverdrawn({ available }) ? "overdrawn" : "open" };
}

function evolveAccount(state: AccountState, event: AccountEvent): AccountState {
  if (event.type === "AccountOpened") {
    const { account, owner, period, holds, currency = marketCurrency, taxRate = 0 } = event.data;
    const available = mills(event.data.available);
    const byKey = holds.map((held) => [holdKey(held.job, held.stretch), held] as const);
    return {
      phase: isOverdrawn({ available }) ? "overdrawn" : "open",
      account,
      owner,
      period,
      currency,
      taxRate,
      available,
      holds: layered(byKey),
      refused: layered(),
      done: layered(holds.filter(isFirst).map((held) => [firstHoldKey(held.job), true] as const)),
    };
  }
  if (state.phase === "unknown") return state;
  switch (event.type) {
    case "FundsDeposited": {
      const { deposit } = event.data;
      const next = withAvailable(state, state.available + mills(event.data.mills));
      return { ...next, done: withEntry(state.done, deposit, true) };
    }
    case "FundsHeld": {
      const { account: _, ...held } = event.data;
      const holds = withEntry(state.holds, holdKey(held.job, held.stretch), held);
      const done = isFirst(held) ? withEntry(state.done, firstHoldKey(held.job), true) : state.done;
      return { ...withAvailable(state, state.available - mills(held.mills)), holds, done };
    }
    case "HoldRefused": {
      const { job, stretch, mills, reason: why = "funds" } = event.data;
      return { ...state, refused: withEntry(state.refused, holdKey(job, stretch), { mills, why }) };
    }
    case "HoldSettled":
      return settled(state, event.data);
    case "HoldReleased": {
      const { job, stretch } = event.data;
      const next = withAvailable(state, state.available + mills(event.data.mills));
      return { ...next, holds: withLeft(state, job, stretch, 0n) };
    }
    case "FundsAdjusted": {
      const next = withAvailable(state, state.available + mills(event.data.mills));
      return { ...next, done: withEntry(state.done, adjustmentKey(event.data.adjustment), true) };
    }
    case "TaxRateSet":
      return { ...state, taxRate: event.data.taxRate };
    case "AccountCarried":
      return { ...state, phase: "carried", carriedTo: event.data.to };
    default:
      return event satisfies never;
  }
}

function settled(
  state: KnownAccount,
  data: Extract<AccountEvent, { type: "HoldSettled" }>["data"],
): KnownAccount {
  const { job, stretch, charge } = data;
  const left = heldFor(state, job, stretch) - mills(data.paid) - mills(data.released);
  const next = withAvailable(state, state.available + mills(data.released));
  return { ...next, holds: withLeft(state, job, stretch, left), done: withEntry(state.done, charge, true) };
}

/** What is left of a hold; of one that is used up, nothing. */
function withLeft(
  { holds }: KnownAccount,
  job: JobId,
  stretch: number,
  left: bigint,
): LayeredMap<string, Hold> {
  const key = holdKey(job, stretch);
  return left === 0n
    ? withoutKey(holds, key)
    : withEntry(holds, key, { job, stretch, mills: millsText(left) });
}
