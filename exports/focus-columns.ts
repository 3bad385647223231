/** Version of the FinOps Open Cost and Usage Specification that the columns follow; docs/decisions/0100 says why. */
export const focusVersion = "1.3";

/** Decimal places of the kinds of number: costs are exact mills, quantities and unit prices quotients of integers. */
export const focusScales = { cost: 3, quantity: 12, unitPrice: 18 } as const;

export interface FocusColumn {
  readonly name: string;
  /** time: ms since the Unix epoch; a decimal is a bigint with the places of `focusScales`. */
  readonly type: "text" | "time" | "integer" | keyof typeof focusScales;
  readonly nullable: boolean;
}

const text = <const Name extends string>(name: Name) => ({ name, type: "text", nullable: false }) as const;
const textOrNull = <const Name extends string>(name: Name) =>
  ({ name, type: "text", nullable: true }) as const;
const time = <const Name extends string>(name: Name) => ({ name, type: "time", nullable: false }) as const;
const cost = <const Name extends string>(name: Name) => ({ name, type: "cost", nullable: false }) as const;

/** Columns of the Cost and Usage dataset in their order: those of FOCUS by name, then our own. */
export const focusColumns = [
  cost("BilledCost"),
  text("BillingAccountId"),
  textOrNull("BillingAccountName"),
  text("BillingCurrency"),
  time("BillingPeriodEnd"),
  time("BillingPeriodStart"),
  textOrNull("CapacityReservationId"),
  textOrNull("CapacityReservationStatus"),
  text("ChargeCategory"),
  textOrNull("ChargeClass"),
  text("ChargeDescription"),
  text("ChargeFrequency"),
  time("ChargePeriodEnd"),
  time("ChargePeriodStart"),
  { name: "ConsumedQuantity", type: "quantity", nullable: true },
  textOrNull("ConsumedUnit"),
  cost("ContractedCost"),
  cost("EffectiveCost"),
  text("HostProviderName"),
  textOrNull("InvoiceId"),
  text("InvoiceIssuerName"),
  cost("ListCost"),
  { name: "ListUnitPrice", type: "unitPrice", nullable: true },
  textOrNull("PricingCategory"),
  { name: "PricingQuantity", type: "quantity", nullable: true },
  textOrNull("PricingUnit"),
  text("ProviderName"),
  text("PublisherName"),
  textOrNull("RegionId"),
  textOrNull("RegionName"),
  textOrNull("ResourceId"),
  textOrNull("ResourceName"),
  textOrNull("ResourceType"),
  text("ServiceCategory"),
  text("ServiceName"),
  text("ServiceProviderName"),
  text("ServiceSubcategory"),
  textOrNull("SkuId"),
  textOrNull("SkuMeter"),
  textOrNull("SkuPriceDetails"),
  textOrNull("SkuPriceId"),
  textOrNull("x_Center"),
  textOrNull("x_ChargeId"),
  textOrNull("x_CorrectedChargeId"),
  { name: "x_FeedPosition", type: "integer", nullable: false },
  text("x_LineKind"),
  textOrNull("x_Link"),
  textOrNull("x_Placement"),
  { name: "x_RuleRow", type: "integer", nullable: true },
] as const satisfies readonly FocusColumn[];

type Held<Type extends FocusColumn["type"]> = Type extends "text"
  ? string
  : Type extends "time" | "integer"
    ? number
    : bigint;
type Value<Column extends FocusColumn> = Column["nullable"] extends true
  ? Held<Column["type"]> | null
  : Held<Column["type"]>;

/** One charge line on the tenant's side. */
export type FocusRow = {
  readonly [Column in (typeof focusColumns)[number] as Column["name"]]: Value<Column>;
};
