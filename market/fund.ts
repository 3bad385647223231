import type { FundEvent } from "../events/catalog/fund.ts";
import type { CenterId, DepositId, MillsText, PayoutId } from "../events/catalog/values.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { mills, millsText } from "./money.ts";

export type FundCommand =
  | { readonly type: "Contribute"; readonly contribution: DepositId; readonly mills: MillsText }
  /** Once for each payout, no more than is left; in mills. */
  | {
      readonly type: "Draw";
      readonly payout: PayoutId;
      readonly center: CenterId;
      readonly mills: MillsText;
    };

export interface FundState {
  readonly left: bigint;
  readonly contributions: ReadonlySet<DepositId>;
  /** By payout, in mills. */
  readonly drawn: ReadonlyMap<PayoutId, bigint>;
}

/** The default fund, which bears what centers owe beyond their guarantees: stream `fund-default`. */
export const fundDecider: Decider<FundState, FundCommand, FundEvent> = {
  initial: { left: 0n, contributions: new Set(), drawn: new Map() },
  decide: decideFund,
  evolve(state, event) {
    if (event.type === "DefaultFundContributed") {
      const { contribution, mills: amount } = event.data;
      const contributions = new Set([...state.contributions, contribution]);
      return { ...state, left: state.left + mills(amount), contributions };
    }
    const { payout, mills: amount, left } = event.data;
    return { ...state, left: mills(left), drawn: new Map([...state.drawn, [payout, mills(amount)]]) };
  },
};

function decideFund(command: FundCommand, state: FundState): Decision<FundEvent> {
  const amount = mills(command.mills);
  if (amount <= 0n) return reject("amount-not-positive", "Give more than 0 mills.", "/mills");
  if (command.type === "Contribute") {
    const { contribution } = command;
    if (state.contributions.has(contribution)) return nothing;
    return accept({ type: "DefaultFundContributed", data: { contribution, mills: command.mills } });
  }
  const { payout, center } = command;
  if (state.drawn.has(payout)) return nothing;
  if (amount > state.left)
    return conflict("fund-too-low", `The fund has ${state.left} mills left.`, "/mills");
  const left = millsText(state.left - amount);
  return accept({ type: "DefaultFundDrawn", data: { payout, center, mills: command.mills, left } });
}
