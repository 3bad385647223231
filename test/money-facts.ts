import fc from "fast-check";
import { type DomainEvent, parseEvent } from "../events/catalog/catalog.ts";

// Facts that move money, made up one by one: together they need not be of any market.

export const deposited = (amount: string, account = "acme", currency?: string) =>
  parseEvent("FundsDeposited", {
    account,
    deposit: "d-1",
    mills: amount,
    ...(currency === undefined ? {} : { currency }),
  });

export interface Line {
  readonly kind?: string;
  readonly from: string;
  readonly to: string;
  readonly mills: string;
}

const chargeOf = (lines: readonly Line[]) => ({
  job: "j-1",
  placement: "j-1.1",
  stretch: 1,
  account: "acme",
  from: 1,
  to: 2,
  lines: lines.map((line) => ({ kind: "compute", row: 3, ...line })),
  tenantPays: "0",
  period: "2026-03-02",
});
export const charged = (...lines: readonly Line[]) =>
  parseEvent("ChargePosted", { charge: "j-1.1:end:1-2", releases: "0", final: true, ...chargeOf(lines) });
export const corrected = (cause: string, ...lines: readonly Line[]) =>
  parseEvent("CorrectionPosted", { correction: "c-1", corrects: "j-1.1:end:1-2", cause, ...chargeOf(lines) });
export const held = (amount: string, account = "acme") =>
  parseEvent("FundsHeld", { account, job: "j-1", stretch: 1, mills: amount });
export const settled = (paid: string, released: string, account = "acme") =>
  parseEvent("HoldSettled", { account, job: "j-1", stretch: 1, charge: "c", paid, released });
export const stated = (data: Readonly<Record<string, unknown>>) =>
  parseEvent("PayoutStated", {
    payout: "xian-2026-03-02",
    center: "xian",
    owner: "future",
    period: "2026-03-02",
    at: "2026-03-02T16:14:00.000Z",
    lines: [],
    earned: "0",
    owed: "0",
    links: [],
    fromGuarantee: "0",
    fromDefaultFund: "0",
    uncollectible: "0",
    payable: "0",
    rounding: "0",
    ...data,
  });

/** Facts about money that move none of it. */
export const still: readonly DomainEvent[] = [
  parseEvent("AccountCarried", {
    account: "acme",
    period: "2026-03-02",
    to: "2026-03-03",
    available: "5",
    holds: [],
  }),
  parseEvent("DepositReceived", {
    deposit: "d-1",
    account: "acme",
    owner: "acme",
    mills: "5",
    period: "2026-03-02",
  }),
  parseEvent("GuaranteePosted", { center: "c-1", mills: "5", change: "0" }),
  settled("0", "0"),
];

const amount = fc.bigInt({ min: 0n, max: 10n ** 27n }).map(String);
const signed = fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }).map(String);
const tenant = fc.constantFrom("a", "B", "b");
const party = fc.oneof(
  fc.constantFrom("rent", "tax", "link:c-1~c-2"),
  fc
    .constantFrom("a", "B", "b", "Z", "c-1", "c-10", "c-2")
    .chain((id) => fc.constantFrom(`tenant:${id}`, `center:${id}`)),
);
const kind = fc.constantFrom("compute", "link", "rent", "tax", "releaseFee", "penalty", "credit");
const lines = fc.array(fc.record({ kind, from: party, to: party, mills: amount }), { maxLength: 5 });
/** Any fact about money. */
export const moneyFact = fc.oneof(
  fc
    .tuple(amount, tenant, fc.constantFrom(undefined, "CNY", "USD", "EUR"))
    .map(([text, account, currency]) => deposited(text, account, currency)),
  fc.tuple(amount, tenant).map(([text, account]) => held(text, account)),
  fc.tuple(signed, signed, tenant).map(([paid, released, account]) => settled(paid, released, account)),
  lines.map((some) => charged(...some)),
  fc
    .tuple(fc.constantFrom("lateUsage", "resolution", "uncollectible"), lines)
    .map(([cause, some]) => corrected(cause, ...some)),
  fc
    .record({ earned: amount, owed: amount, rounding: amount, link: amount })
    .map(({ link, ...data }) => stated({ ...data, links: [{ link: "xian~wuhan", mills: link }] })),
  fc.constantFrom(...still),
);
