import { z } from "zod";

// The facts that the audit reads, stated anew: it shares nothing with the exchange that it judges.

const Mills = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const Holds = z.array(z.object({ job: z.string(), stretch: z.int(), mills: Mills }));
const fact = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), data: z.object(shape) });

/** An award as the auctions' streams state it. */
const RawAward = z.object({
  placement: z.string(),
  job: z.string(),
  auction: z.int(),
  session: z.enum(["spot", "forward"]).default("spot"),
  from: z.int(),
  to: z.int(),
  fills: z.array(
    z.object({
      center: z.string(),
      product: z.string(),
      from: z.int(),
      to: z.int(),
      cards: z.int(),
      price: z.int(),
    }),
  ),
  links: z.array(z.object({ from: z.int(), charge: Mills, transfer: Mills })).default([]),
});
export type RawAward = z.infer<typeof RawAward>;

const echo = { job: z.string(), award: RawAward, paidFrom: z.int().optional() };
const ending = { placement: z.string(), slot: z.int() };
const ofStretch = { account: z.string(), job: z.string(), stretch: z.int() };
const currency = z.string().optional();
const lines = z.array(z.object({ kind: z.string(), from: z.string(), to: z.string(), mills: Mills }));
const Totals = z.array(z.object({ account: z.string(), debit: Mills, credit: Mills, currency }));

const RawFact = z.discriminatedUnion("type", [
  fact("CenterJoined", {
    center: z.string(),
    pools: z.array(z.object({ product: z.string(), cards: z.int() })),
  }),
  fact("CapacityOffered", {
    offer: z.string(),
    center: z.string(),
    product: z.string(),
    from: z.int(),
    to: z.int(),
    cards: z.int(),
    homeReserve: z.boolean().default(false),
  }),
  fact("ReserveDrawn", { offer: z.string(), from: z.int(), to: z.int(), cards: z.int() }),
  fact("CapacityReclaimed", {
    offer: z.string(),
    center: z.string(),
    product: z.string(),
    from: z.int(),
    left: z.int(),
  }),
  fact("GateClosed", {
    auction: z.int(),
    session: z.enum(["spot", "forward"]),
    gate: z.int(),
    position: z.int(),
  }),
  fact("AwardsPublished", { awards: z.array(RawAward) }),
  fact("AuctionCleared", { auction: z.int() }),
  fact("JobRequested", {
    job: z.string(),
    account: z.string(),
    taxRate: z.int().default(0),
    spec: z.object({
      kind: z.enum(["block", "split", "div", "service"]),
      cards: z.int().default(0),
      floor: z.int().optional(),
      reclaimable: z.boolean().default(false),
    }),
  }),
  fact("JobPlaced", echo),
  fact("JobContinued", echo),
  fact("JobBridged", echo),
  fact("JobStarted", { placement: z.string(), run: z.int(), slot: z.int() }),
  fact("JobMetered", {
    placement: z.string(),
    run: z.int(),
    usage: z.object({ center: z.string(), from: z.string(), to: z.string() }),
    cards: z.int().optional(),
  }),
  fact("JobAccepted", { placement: z.string(), center: z.string() }),
  fact("JobReduced", { ...ending, center: z.string() }),
  fact("JobReclaimed", { ...ending, job: z.string(), center: z.string() }),
  fact("JobCompleted", ending),
  fact("JobFailed", ending),
  fact("JobDisplaced", { ...ending, job: z.string(), cause: z.string() }),
  fact("JobCancelled", { placement: z.string().optional(), slot: z.int() }),
  fact("ChargePosted", {
    charge: z.string(),
    job: z.string(),
    placement: z.string(),
    account: z.string(),
    from: z.int(),
    to: z.int(),
    lines,
    tenantPays: Mills,
    final: z.boolean(),
    period: z.string(),
  }),
  fact("CorrectionPosted", {
    correction: z.string(),
    corrects: z.string(),
    cause: z.string(),
    job: z.string(),
    placement: z.string(),
    account: z.string(),
    lines,
    tenantPays: Mills,
  }),
  fact("DepositReceived", { deposit: z.string(), account: z.string(), mills: Mills }),
  fact("AccountOpened", {
    account: z.string(),
    period: z.string(),
    available: Mills,
    holds: Holds,
    taxRate: z.int().default(0),
  }),
  fact("TaxRateSet", { account: z.string(), taxRate: z.int() }),
  fact("FundsDeposited", { account: z.string(), deposit: z.string(), mills: Mills, currency }),
  fact("FundsHeld", { ...ofStretch, mills: Mills }),
  fact("HoldSettled", { ...ofStretch, charge: z.string(), paid: Mills, released: Mills }),
  fact("HoldReleased", { ...ofStretch, mills: Mills }),
  fact("FundsAdjusted", {
    account: z.string(),
    adjustment: z.string(),
    cause: z.enum(["rounding", "correction"]),
    mills: Mills,
    currency,
  }),
  fact("AccountCarried", { account: z.string(), to: z.string(), available: Mills, holds: Holds }),
  fact("GuaranteePosted", { center: z.string(), mills: Mills, change: Mills.optional() }),
  fact("GuaranteeDrawn", { center: z.string(), mills: Mills }),
  fact("DefaultFundContributed", { mills: Mills }),
  fact("DefaultFundDrawn", { center: z.string(), mills: Mills }),
  fact("InvoiceIssued", { invoice: z.string(), account: z.string(), rounding: Mills }),
  fact("PayoutStated", {
    center: z.string(),
    earned: Mills,
    owed: Mills,
    links: z.array(z.object({ link: z.string(), mills: Mills })),
    rounding: Mills,
    currency,
  }),
  fact("PayoutPaid", { center: z.string(), mills: Mills, currency }),
  fact("PeriodTotalsStated", { period: z.string(), totals: Totals }),
  fact("PeriodClosed", {
    period: z.string(),
    position: z.int(),
    feedHash: z.string(),
    charges: z.int(),
    debits: Mills,
    credits: Mills,
    totals: Totals,
    pages: z.int().default(0),
  }),
]);
type RawFact = z.infer<typeof RawFact>;

/** Where a fact stands: its stream, and its page of the feed. */
interface Place {
  readonly stream: string;
  readonly position: number;
}

/** A fact of the feed; other: one that the audit has nothing to say about. */
export type RawEvent = Place & (RawFact | { readonly type: "other"; readonly data: undefined });

const audited = new Set<string>(RawFact.options.map(({ shape }) => shape.type.value));

/** @throws ZodError for a fact that lacks what the audit reads of it. */
export function readEvent(place: Place, event: { readonly type: string; readonly data: unknown }): RawEvent {
  if (!audited.has(event.type)) return { ...place, type: "other", data: undefined };
  return { ...place, ...RawFact.parse(event) };
}

type Facts = { [Fact in RawFact as Fact["type"]]: Fact["data"] };
export type FactOf<Type extends keyof Facts> = Facts[Type];

/** The data of all facts of one kind, in the order of the feed. */
export function factsOf<Type extends keyof Facts>(events: readonly RawEvent[], type: Type): Facts[Type][] {
  const isOne = (event: RawEvent): event is RawEvent & { type: Type; data: Facts[Type] } =>
    event.type === type;
  return events.filter(isOne).map(({ data }) => data);
}
