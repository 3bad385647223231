import type * as z from "zod";
import type { PayoutEvent } from "../../events/catalog/invoice.ts";
import { type InvoiceEvent, InvoiceIssued, PayoutPaid, PayoutStated } from "../../events/catalog/invoice.ts";
import { CorrectionPosted, type JobEvent } from "../../events/catalog/job.ts";
import { MillsText } from "../../events/catalog/values.ts";
import { mills, millsText } from "../money.ts";
import { statementFactsOf } from "../settlement/statements.ts";
import {
  type At,
  change,
  correctionsOf,
  invoicesKeys,
  payoutsKeys,
  put,
  sortable,
  type ViewChange,
  viewKeys,
} from "./view.ts";

/** An invoice without its lines, which are in its stream. */
export const InvoiceView = InvoiceIssued.data.omit({ lines: true });
export type InvoiceView = z.infer<typeof InvoiceView>;

export function projectInvoice({ data }: InvoiceEvent): readonly ViewChange[] {
  const { lines: _, ...view } = data;
  const sk = `${data.period}#${data.account}`;
  return invoicesKeys(data.owner, data.account).map((pk) => put<InvoiceView>({ pk, sk }, view));
}

/** A payout without its lines. */
export const PayoutView = PayoutStated.data.omit({ lines: true, links: true }).extend({
  paid: PayoutPaid.data.pick({ reference: true, at: true }).optional(),
});
export type PayoutView = z.infer<typeof PayoutView>;

/** Entry of a list of payouts: the payout itself is an item of its own. */
export const PayoutEntry = PayoutStated.data.pick({ payout: true });

export function projectPayout(event: PayoutEvent): readonly ViewChange[] {
  const own = viewKeys.payout(event.data.payout);
  if (event.type === "PayoutPaid") {
    const { reference, at } = event.data;
    return [
      change(own, PayoutView, (view) => (view === undefined ? view : { ...view, paid: { reference, at } })),
    ];
  }
  const { lines: _, links: __, ...view } = event.data;
  const { payout, owner, center, period } = event.data;
  const sk = `${period}#${center}`;
  return [
    put<PayoutView>(own, view),
    ...payoutsKeys(owner, center).map((pk) => put<z.infer<typeof PayoutEntry>>({ pk, sk }, { payout })),
  ];
}

/** A correction as one party's statement takes it in. */
export const CorrectionView = CorrectionPosted.data
  .pick({ correction: true, corrects: true, cause: true, job: true, placement: true, from: true, to: true })
  .extend({ mills: MillsText });
export type CorrectionView = z.infer<typeof CorrectionView>;

/** Corrections by whose statement they are on, in the feed's order: a statement takes in a range of it. */
export function projectCorrection(
  event: Extract<JobEvent, { type: "CorrectionPosted" }>,
  { position }: At,
): readonly ViewChange[] {
  const { correction, corrects, cause, job, placement, from, to } = event.data;
  const byParty = new Map<string, bigint>();
  for (const fact of statementFactsOf(event))
    if (fact.kind === "line")
      byParty.set(fact.party, (byParty.get(fact.party) ?? 0n) + mills(fact.line.mills));
  return [...byParty].map(([party, amount]) =>
    put<CorrectionView>(
      { pk: correctionsOf(party), sk: `${sortable(position)}#${correction}` },
      { correction, corrects, cause, job, placement, from, to, mills: millsText(amount) },
    ),
  );
}
