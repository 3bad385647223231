import type * as z from "zod";
import type { DepositEvent, DepositReceived } from "../events/catalog/account.ts";
import { accept, type Decider, nothing, reject } from "./decider.ts";
import { mills } from "./money.ts";

export type Deposit = z.infer<typeof DepositReceived.data>;
export type DepositCommand = { readonly type: "Receive" } & Deposit;
export type DepositState =
  | { readonly phase: "unknown" }
  | { readonly phase: "received"; readonly deposit: Deposit };

/** Money that came in; its period is fixed here, so that a late repeat finds it: stream `deposit-ID`. */
export const depositDecider: Decider<DepositState, DepositCommand, DepositEvent> = {
  initial: { phase: "unknown" },
  decide({ type: _, ...deposit }, state) {
    if (state.phase === "received") return nothing;
    return mills(deposit.mills) > 0n
      ? accept({ type: "DepositReceived", data: deposit })
      : reject("deposit-not-positive", "A deposit is more than 0 mills.", "/mills");
  },
  evolve: (_, { data }) => ({ phase: "received", deposit: data }),
};
