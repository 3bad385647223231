import type { PayoutEvent } from "../events/catalog/invoice.ts";
import { accept, conflict, type Decider, type Decision, nothing } from "./decider.ts";
import type { PayoutData } from "./settlement/statements.ts";

export type PayoutCommand =
  | { readonly type: "State"; readonly payout: PayoutData }
  /** Finance paid it; `reference`: the bank's. */
  | { readonly type: "Pay"; readonly reference: string; readonly at: string };

export type PaymentData = Extract<PayoutEvent, { type: "PayoutPaid" }>["data"];

export type PayoutState =
  | { readonly phase: "unknown" }
  | { readonly phase: "stated"; readonly payout: PayoutData }
  | { readonly phase: "paid"; readonly payout: PayoutData; readonly payment: PaymentData };

/** What a center is paid for a settlement day, stated once and paid once: stream `payout-CENTER-PERIOD`. */
export const payoutDecider: Decider<PayoutState, PayoutCommand, PayoutEvent> = {
  initial: { phase: "unknown" },
  decide: decidePayout,
  evolve(state, event) {
    if (event.type === "PayoutStated") return { phase: "stated", payout: event.data };
    return state.phase === "unknown" ? state : { phase: "paid", payout: state.payout, payment: event.data };
  },
};

function decidePayout(command: PayoutCommand, state: PayoutState): Decision<PayoutEvent> {
  if (command.type === "State")
    return state.phase === "unknown" ? accept({ type: "PayoutStated", data: command.payout }) : nothing;
  if (state.phase === "unknown") return conflict("payout-unknown", "There is no such payout.");
  const { reference, at } = command;
  if (state.phase === "paid") {
    if (state.payment.reference === reference) return nothing;
    const paid = state.payment.reference;
    return conflict("payout-paid", `It was paid already, with reference ${paid}.`, "/reference");
  }
  const { payout, center, payable, currency } = state.payout;
  if (payable === "0") return conflict("nothing-to-pay", "The center earned no more than it owes.");
  const data = { payout, center, mills: payable, reference, at };
  return accept({ type: "PayoutPaid", data: currency === undefined ? data : { ...data, currency } });
}
