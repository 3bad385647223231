import type { AccountEvent, Hold } from "../events/catalog/account.ts";
import type { AccountId, DepositId, JobId, MillsText, OwnerId, Period } from "../events/catalog/values.ts";
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
import { mills, millsText } from "./money.ts";
import { rules } from "./rules.ts";

/** What the period before handed over. */
export interface Carry {
  readonly available: MillsText;
  readonly holds: readonly Hold[];
  readonly carriedFrom?: Period;
}

/** All amounts in mills. */
export type AccountCommand =
  | {
      readonly type: "Open";
      readonly account: AccountId;
      readonly owner: OwnerId;
      readonly period: Period;
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
  | { readonly type: "Release"; readonly job: JobId; readonly stretch: number }
  | { readonly type: "Carry"; readonly to: Period };

export interface KnownAccount {
  readonly phase: "open" | "carried";
  readonly account: AccountId;
  readonly owner: OwnerId;
  readonly period: Period;
  /** Not held. */
  readonly available: bigint;
  /** By `JOB/STRETCH`. */
  readonly holds: LayeredMap<string, Hold>;
  /** Mills that could not be held, by `JOB/STRETCH`: asked for again, they are a new fact only once they are held. */
  readonly refused: LayeredMap<string, MillsText>;
  /** Deposits credited and charges settled in this period: each is once. */
  readonly done: LayeredMap<string, true>;
  readonly carriedTo?: Period;
}

export type AccountState = { readonly phase: "unknown" } | KnownAccount;

type Decided = Decision<AccountEvent>;

export const holdKey = (job: JobId, stretch: number) => `${job}/${stretch}`;

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
      return accept({ type: "FundsDeposited", data: { account, deposit, mills } });
    }
    case "Hold":
      return hold(command, state);
    case "Settle":
      return settle(command, state);
    case "Release": {
      const held = valueAt(state.holds, holdKey(command.job, command.stretch));
      if (held === undefined) return nothing;
      return accept({ type: "HoldReleased", data: { account, ...held } });
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

function balanceOf(state: KnownAccount): { available: MillsText; holds: Hold[] } {
  return { available: millsText(state.available), holds: valuesIn(state.holds) };
}

/** What an account that was carried hands over to the period after it. */
export function carryOf(state: KnownAccount): Carry {
  return { ...balanceOf(state), carriedFrom: state.period };
}

function open(command: Extract<AccountCommand, { type: "Open" }>, state: AccountState): Decided {
  const { account, owner, period, carry } = command;
  if (state.phase !== "unknown") {
    return state.owner === owner
      ? nothing
      : conflict("account-exists", "Another owner has an account of this name.", "/account");
  }
  const { available = millsText(0n), holds = [], carriedFrom } = carry ?? {};
  const from = carriedFrom === undefined ? {} : { carriedFrom };
  return accept({
    type: "AccountOpened",
    data: { account, owner, period, available, holds: [...holds], ...from },
  });
}

function hold(command: Extract<AccountCommand, { type: "Hold" }>, state: KnownAccount): Decided {
  const { job, stretch } = command;
  const key = holdKey(job, stretch);
  if (hasKey(state.holds, key)) return nothing;
  const data = { account: state.account, job, stretch, mills: command.mills };
  const crowded = sizeOf(state.holds) >= rules.openHoldsMax;
  if (!crowded && mills(command.mills) <= state.available) return accept({ type: "FundsHeld", data });
  if (valueAt(state.refused, key) === command.mills)
    return crowded
      ? conflict(
          "holds-full",
          `The account has ${rules.openHoldsMax} open holds already: use another account.`,
        )
      : conflict("funds-missing", `${command.mills} mills were refused before: deposit first.`);
  const refused = { ...data, available: millsText(state.available) };
  return accept({ type: "HoldRefused", data: crowded ? { ...refused, reason: "openHolds" } : refused });
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

function evolveAccount(state: AccountState, event: AccountEvent): AccountState {
  if (event.type === "AccountOpened") {
    const { account, owner, period, available, holds } = event.data;
    const byKey = holds.map((held) => [holdKey(held.job, held.stretch), held] as const);
    return {
      phase: "open",
      account,
      owner,
      period,
      available: mills(available),
      holds: layered(byKey),
      refused: layered(),
      done: layered(),
    };
  }
  if (state.phase === "unknown") return state;
  switch (event.type) {
    case "FundsDeposited": {
      const { deposit } = event.data;
      const available = state.available + mills(event.data.mills);
      return { ...state, available, done: withEntry(state.done, deposit, true) };
    }
    case "FundsHeld": {
      const { account: _, ...held } = event.data;
      const holds = withEntry(state.holds, holdKey(held.job, held.stretch), held);
      return { ...state, available: state.available - mills(held.mills), holds };
    }
    case "HoldRefused": {
      const { job, stretch, mills } = event.data;
      return { ...state, refused: withEntry(state.refused, holdKey(job, stretch), mills) };
    }
    case "HoldSettled":
      return settled(state, event.data);
    case "HoldReleased": {
      const { job, stretch } = event.data;
      const available = state.available + mills(event.data.mills);
      return { ...state, available, holds: withLeft(state, job, stretch, 0n) };
    }
    case "FundsAdjusted": {
      const available = state.available + mills(event.data.mills);
      return { ...state, available, done: withEntry(state.done, event.data.adjustment, true) };
    }
    case "TaxRateSet":
      return state;
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
  const available = state.available + mills(data.released);
  const holds = withLeft(state, job, stretch, left);
  return { ...state, available, holds, done: withEntry(state.done, charge, true) };
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
