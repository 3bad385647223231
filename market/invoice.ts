import type { InvoiceEvent } from "../events/catalog/invoice.ts";
import { accept, type Decider, nothing } from "./decider.ts";
import type { InvoiceData } from "./settlement/statements.ts";

export interface InvoiceCommand {
  readonly type: "Issue";
  readonly invoice: InvoiceData;
}

export type InvoiceState =
  | { readonly phase: "unknown" }
  | { readonly phase: "issued"; readonly invoice: InvoiceData };

/** An account's invoice for a settlement day, issued once: stream `invoice-ACCOUNT-PERIOD`. */
export const invoiceDecider: Decider<InvoiceState, InvoiceCommand, InvoiceEvent> = {
  initial: { phase: "unknown" },
  decide: ({ invoice }, state) =>
    state.phase === "issued" ? nothing : accept({ type: "InvoiceIssued", data: invoice }),
  evolve: (_, event) => ({ phase: "issued", invoice: event.data }),
};
