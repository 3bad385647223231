import type { DomainEvent } from "../events/catalog/catalog.ts";
import type { ChargeLine } from "../events/catalog/job.ts";
import type { Period, Session } from "../events/catalog/values.ts";
import { mills } from "../market/money.ts";
import { ledgerAccounts } from "../market/settlement/accounts.ts";
import { periodPlus, periodStart, slotStart } from "../market/time.ts";
import { decimalText, roundedQuotient } from "./decimals.ts";
import { type FocusRow, focusScales } from "./focus-columns.ts";
import { billingPeriod, type Invoicing, invoiceOfPeriod, readInvoicing } from "./focus-invoices.ts";
import { asOneUnit, type PricedPart, pricedParts } from "./focus-pricing.ts";
import { emptyReferences, noteReferences, type References } from "./focus-references.ts";
import { type FocusService, focusServices } from "./focus-services.ts";
import type { ExportedCommit, Pages } from "./pages.ts";

// What tenants are charged, in the Cost and Usage dataset of FOCUS: one row per charge line that a tenant pays or
// receives, and one for the rounding of each invoice. docs/decisions/0100 says what each column means here.

/** Who sells, invoices and publishes: the exchange. */
const EXCHANGE = "Suanwang";
const NOT_APPLICABLE = "Not Applicable";

type DataOf<Type extends DomainEvent["type"]> = Extract<DomainEvent, { type: Type }>["data"];
type Charge = DataOf<"ChargePosted" | "CorrectionPosted">;

/** What the rows of a page share. */
interface Place {
  readonly position: number;
  readonly invoicing: Invoicing;
  readonly references: References;
}

/** Reads the feed twice, for which invoice a charge is on is known only after it; a page's facts in memory at a time. */
export async function* focusRows(pages: Pages): AsyncGenerator<FocusRow> {
  const invoicing = await readInvoicing(pages());
  const references = emptyReferences();
  for await (const page of pages())
    for (const commit of page.commits)
      yield* rowsOfCommit(commit, { position: page.position, invoicing, references });
}

function* rowsOfCommit(commit: ExportedCommit, place: Place): Generator<FocusRow> {
  for (const event of commit.events) {
    if (event.type === "ChargePosted" || event.type === "CorrectionPosted") {
      const corrects = event.type === "CorrectionPosted" ? event.data.corrects : null;
      for (const line of event.data.lines) yield* rowsOfLine(event.data, line, corrects, place);
    }
    if (event.type === "InvoiceIssued") yield* roundingRow(event.data, place);
    noteReferences(place.references, event);
  }
}

/** Columns that say which bill a row is on. */
function billed(place: Place, account: Charge["account"], period: Period, currency?: string) {
  const known = place.references.owners.get(account);
  return {
    BillingAccountId: account,
    BillingAccountName: known?.owner ?? null,
    BillingCurrency: currency ?? known?.currency ?? "CNY",
    BillingPeriodStart: slotStart(periodStart(period)),
    BillingPeriodEnd: slotStart(periodStart(periodPlus(period, 1))),
    InvoiceId: invoiceOfPeriod(place.invoicing, account, period),
    InvoiceIssuerName: EXCHANGE,
    ProviderName: EXCHANGE,
    ServiceProviderName: EXCHANGE,
    x_FeedPosition: place.position,
  };
}

/** No discounts, nothing bought ahead: every kind of cost is what is billed. */
function costs(amount: bigint) {
  return { BilledCost: amount, ContractedCost: amount, EffectiveCost: amount, ListCost: amount };
}

function served({ category, ...service }: FocusService) {
  return {
    ChargeCategory: category,
    ChargeFrequency: category === "Usage" ? "Usage-Based" : "One-Time",
    ServiceCategory: service.serviceCategory,
    ServiceSubcategory: service.serviceSubcategory,
    ServiceName: service.serviceName,
  };
}

const unpriced = {
  ConsumedQuantity: null,
  ConsumedUnit: null,
  ListUnitPrice: null,
  PricingCategory: null,
  PricingQuantity: null,
  PricingUnit: null,
  SkuId: null,
  SkuMeter: null,
  SkuPriceDetails: null,
  SkuPriceId: null,
} as const;

const unreserved = { CapacityReservationId: null, CapacityReservationStatus: null } as const;

/** 1: the tenant pays the line; -1: it receives it; 0: it has no part in it. */
function signFor(charge: Charge, { from, to }: ChargeLine): bigint {
  const tenant = ledgerAccounts.tenant(charge.account);
  return (from === tenant ? 1n : 0n) - (to === tenant ? 1n : 0n);
}

function* rowsOfLine(
  charge: Charge,
  line: ChargeLine,
  corrects: string | null,
  place: Place,
): Generator<FocusRow> {
  const signed = mills(line.mills) * signFor(charge, line);
  if (signed === 0n) return;
  const { references } = place;
  const period = billingPeriod(place.invoicing, place.position, charge.period);
  const job = references.jobs.get(charge.job);
  const award = references.awards.get(charge.placement);
  const service = focusServices[line.kind];
  const amount = signed < 0n ? -signed : signed;
  const sign = signed < 0n ? -1n : 1n;
  const session = award?.session ?? job?.session;
  const name = job?.name.trim() ?? "";
  const shared = {
    ...billed(place, charge.account, period),
    ...served(service),
    ...unreserved,
    ...whereOf(line, references),
    ChargeClass: corrects === null ? null : "Correction",
    ChargePeriodStart: slotStart(charge.from),
    ChargePeriodEnd: slotStart(Math.max(charge.to, charge.from + 1)),
    ResourceId: charge.job,
    ResourceName: name === "" || name === charge.job ? null : name,
    ResourceType: "Job",
    x_Center: line.center ?? null,
    x_ChargeId: "charge" in charge ? charge.charge : charge.correction,
    x_CorrectedChargeId: corrects,
    x_LineKind: line.kind,
    x_Link: line.link ?? null,
    x_Placement: charge.placement,
    x_RuleRow: line.row,
  };
  for (const part of pricedParts(line, amount, award, job, charge.from, charge.to)) {
    const usage = service.category === "Usage" ? usageColumns(line, part, sign, session) : unpriced;
    yield {
      ...shared,
      ...costs(sign * part.mills),
      ...usage,
      ...reservation(line, charge),
      ChargeDescription: described(service, line, part),
    };
  }
}

/** Region and host of the cards, or of the owner of the link: the center that it starts from. */
function whereOf({ kind, center, link }: ChargeLine, { centers }: References) {
  const known = centers.get(center ?? link?.slice(0, link.indexOf("~")) ?? "");
  const host = known?.name ?? (kind === "tax" ? NOT_APPLICABLE : EXCHANGE);
  return {
    HostProviderName: host,
    PublisherName: known?.name ?? EXCHANGE,
    RegionId: known?.region ?? null,
    RegionName: known?.region ?? null,
  };
}

/** How much of what at which price; a receipt (of a correction) has negative quantities. */
function usageColumns(line: ChargeLine, part: PricedPart, sign: bigint, session: Session | undefined) {
  const service = focusServices[line.kind];
  const { quantity, unit, unitPrice } = part.pricing ?? asOneUnit(part.mills);
  const sku = service.sku ?? part.product ?? "cards";
  const ofSession = service.sku === null && session !== undefined;
  return {
    // Released cards were paid for and never used.
    ConsumedQuantity: line.kind === "releaseFee" ? 0n : sign * quantity,
    ConsumedUnit: unit,
    ListUnitPrice: unitPrice,
    PricingCategory: service.pricing,
    PricingQuantity: sign * quantity,
    PricingUnit: unit,
    SkuId: sku,
    SkuMeter: service.meter,
    SkuPriceDetails: ofSession ? JSON.stringify({ InstanceType: sku, x_Session: session }) : null,
    SkuPriceId: ofSession ? `${sku}/${session}` : sku,
  };
}

/** An award reserves cards: those used are charged as such, those released by their fee. */
function reservation({ kind }: ChargeLine, { placement }: Charge) {
  if (kind !== "compute" && kind !== "releaseFee") return unreserved;
  return {
    CapacityReservationId: placement,
    CapacityReservationStatus: kind === "compute" ? "Used" : "Unused",
  };
}

function described(service: FocusService, line: ChargeLine, { product, pricing }: PricedPart): string {
  const of = product === null ? "" : ` of ${product}`;
  const where = line.center === undefined ? (line.link ?? "") : line.center;
  const at = where === "" ? "" : ` at ${where}`;
  const much =
    pricing === null
      ? ""
      : `, ${decimalText(pricing.quantity, focusScales.quantity)} ${pricing.unit} at ${priceText(pricing.unitPrice)} each`;
  return `${service.says}${of}${at}${much} (settlement rules, row ${line.row})`;
}

/** To 6 places: for people. */
function priceText(unitPrice: bigint): string {
  const dropped = 10n ** BigInt(focusScales.unitPrice - 6);
  return decimalText(roundedQuotient(unitPrice, dropped), 6);
}

/** What an invoice leaves to whole fen, in the account's favour, so that its rows add up to what is payable. */
function* roundingRow(invoice: DataOf<"InvoiceIssued">, place: Place): Generator<FocusRow> {
  const rounding = mills(invoice.rounding);
  if (rounding === 0n) return;
  const bill = billed(place, invoice.account, invoice.period, invoice.currency);
  const service = focusServices.rounding;
  yield {
    ...bill,
    InvoiceId: invoice.invoice,
    ...served(service),
    ...unpriced,
    ...unreserved,
    ...costs(-rounding),
    ChargeClass: null,
    ChargeDescription: service.says,
    ChargePeriodStart: bill.BillingPeriodStart,
    ChargePeriodEnd: bill.BillingPeriodEnd,
    HostProviderName: NOT_APPLICABLE,
    PublisherName: EXCHANGE,
    RegionId: null,
    RegionName: null,
    ResourceId: null,
    ResourceName: null,
    ResourceType: null,
    x_Center: null,
    x_ChargeId: null,
    x_CorrectedChargeId: null,
    x_LineKind: "rounding",
    x_Link: null,
    x_Placement: null,
    x_RuleRow: null,
  };
}
