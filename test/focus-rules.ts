import type { TextRow } from "./duckdb.ts";

// What FOCUS demands of the Cost and Usage dataset, column by column, written down from the specification (1.2, with the
// two columns of 1.3) and not from exports/: the judge of what the export writes. Rules of columns that are absent
// because their condition does not hold here (commitment discounts, sub accounts, negotiated prices …) are not in it.

export interface FocusRule {
  readonly column: string;
  /** The requirement, in the specification's words. */
  readonly says: string;
  /** Of one row. */
  readonly holds: (row: TextRow) => boolean;
  /** Rows that it says something of; all, if absent. */
  readonly of?: (row: TextRow) => boolean;
  /** Makes such a row break it. */
  readonly broken: (row: TextRow) => TextRow;
}

const mandatory = [
  "BilledCost",
  "BillingAccountId",
  "BillingAccountName",
  "BillingCurrency",
  "BillingPeriodEnd",
  "BillingPeriodStart",
  "ChargeCategory",
  "ChargeClass",
  "ChargeDescription",
  "ChargePeriodEnd",
  "ChargePeriodStart",
  "ContractedCost",
  "EffectiveCost",
  "HostProviderName",
  "InvoiceIssuerName",
  "ListCost",
  "PricingQuantity",
  "PricingUnit",
  "ProviderName",
  "PublisherName",
  "ServiceCategory",
  "ServiceName",
  "ServiceProviderName",
] as const;
/** Recommended, or demanded because the exchange has what they are about. */
const present = [
  "CapacityReservationId",
  "CapacityReservationStatus",
  "ChargeFrequency",
  "ConsumedQuantity",
  "ConsumedUnit",
  "InvoiceId",
  "ListUnitPrice",
  "PricingCategory",
  "RegionId",
  "RegionName",
  "ResourceId",
  "ResourceName",
  "ResourceType",
  "ServiceSubcategory",
  "SkuId",
  "SkuMeter",
  "SkuPriceDetails",
  "SkuPriceId",
] as const;
export const focusColumnNames: readonly string[] = [...mandatory, ...present].sort();

const notNull = [
  "BilledCost",
  "BillingAccountId",
  "BillingCurrency",
  "BillingPeriodEnd",
  "BillingPeriodStart",
  "ChargeCategory",
  "ChargeDescription",
  "ChargeFrequency",
  "ChargePeriodEnd",
  "ChargePeriodStart",
  "ContractedCost",
  "EffectiveCost",
  "HostProviderName",
  "InvoiceIssuerName",
  "ListCost",
  "ProviderName",
  "PublisherName",
  "ServiceCategory",
  "ServiceName",
  "ServiceProviderName",
] as const;
const costs = ["BilledCost", "ContractedCost", "EffectiveCost", "ListCost"] as const;
const decimals = [...costs, "ConsumedQuantity", "ListUnitPrice", "PricingQuantity"] as const;
const times = ["BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"] as const;
const allowed: Readonly<Record<string, readonly string[]>> = {
  CapacityReservationStatus: ["Used", "Unused"],
  ChargeCategory: ["Usage", "Purchase", "Tax", "Credit", "Adjustment"],
  ChargeClass: ["Correction"],
  ChargeFrequency: ["One-Time", "Recurring", "Usage-Based"],
  PricingCategory: ["Standard", "Dynamic", "Committed", "Other"],
  ServiceCategory: [
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Multicloud",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Networking",
    "Security",
    "Storage",
    "Web",
    "Other",
  ],
};
const subcategories: Readonly<Record<string, readonly string[]>> = {
  Compute: [
    "Containers",
    "End User Computing",
    "Quantum Compute",
    "Serverless Compute",
    "Virtual Machines",
    "Other (Compute)",
  ],
  Networking: [
    "Application Networking",
    "Content Delivery",
    "Network Connectivity",
    "Network Infrastructure",
    "Network Routing",
    "Network Security",
    "Other (Networking)",
  ],
  Other: ["Other (Other)"],
};

const is = (column: string, value: string) => (row: TextRow) => row[column] === value;
const has = (column: string) => (row: TextRow) => row[column] !== null && row[column] !== undefined;
const tax = is("ChargeCategory", "Tax");
const usage = is("ChargeCategory", "Usage");
const corrects = is("ChargeClass", "Correction");
const sold = (row: TextRow) => (usage(row) || row.ChargeCategory === "Purchase") && !corrects(row);
const set =
  (values: TextRow) =>
  (row: TextRow): TextRow => ({ ...row, ...values });

type Of = Pick<FocusRule, "of">;

/** Rules of null are the same whatever the column. `other`: a value that breaks this one. */
const mustBeNull = (column: string, says: string, other: string, of: Of = {}): FocusRule => ({
  ...{ column, says, ...of },
  holds: (row) => row[column] === null,
  broken: set({ [column]: other }),
});
const mustNotBeNull = (column: string, says: string, of: Of = {}): FocusRule => ({
  ...{ column, says, ...of },
  holds: has(column),
  broken: set({ [column]: null }),
});

function parsed(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined;
  }
}

/** `amount` x 10^30, exact; NaN is refused. */
function exact(text: string | null | undefined): bigint {
  const [, sign = "", whole = "0", decimal = ""] = /^(-?)(\d+)(?:\.(\d{1,30}))?$/.exec(text ?? "") ?? [];
  const value = BigInt(whole + decimal.padEnd(30, "0"));
  return sign === "-" ? -value : value;
}
const scale = 10n ** 30n;
/** Half of the smallest amount of money, a mill. */
const halfMill = scale / 2000n;

/** Price x quantity is the cost, to the mill. */
function multiplies(row: TextRow, price: string, cost: string): boolean {
  const product = (exact(row[price]) * exact(row.PricingQuantity)) / scale;
  const difference = product - exact(row[cost]);
  return difference < halfMill && -difference < halfMill;
}

const perColumn: readonly FocusRule[] = [
  ...[...mandatory, ...present].map((column) => ({
    column,
    says: `${column} MUST be present in a FOCUS dataset.`,
    holds: (row: TextRow) => row[column] !== undefined,
    broken: ({ [column]: _, ...rest }: TextRow) => rest,
  })),
  ...notNull.map((column) => mustNotBeNull(column, `${column} MUST NOT be null.`)),
  ...[...mandatory, ...present].map((column) => ({
    column,
    says: "Columns MUST NOT use empty strings or placeholder values to represent a null (NullHandling).",
    of: has(column),
    holds: (row: TextRow) => row[column]?.trim() !== "",
    broken: set({ [column]: "" }),
  })),
  ...decimals.map((column) => ({
    column,
    says: `${column} MUST conform to NumericFormat requirements.`,
    of: has(column),
    holds: (row: TextRow) => /^-?\d+(\.\d+)?(E-?\d+)?$/.test(row[column] ?? ""),
    broken: set({ [column]: "¥1,000.5" }),
  })),
  ...times.map((column) => ({
    column,
    says: `${column} MUST conform to DateTimeFormat requirements: YYYY-MM-DDTHH:mm:ssZ.`,
    holds: (row: TextRow) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(row[column] ?? "") &&
      !Number.isNaN(Date.parse(row[column] ?? "")),
    broken: set({ [column]: "2026-03-02 00:00:00" }),
  })),
  ...Object.entries(allowed).map(([column, values]) => ({
    column,
    says: `${column} MUST be one of the allowed values.`,
    of: has(column),
    holds: (row: TextRow) => values.includes(row[column] ?? ""),
    broken: set({ [column]: "Sundry" }),
  })),
  // Prices and SKUs have the same rules of null.
  ...["ListUnitPrice", "PricingCategory", "PricingQuantity", "SkuId", "SkuPriceId"].flatMap((column) => [
    mustBeNull(column, `${column} MUST be null when ChargeCategory is "Tax".`, "1", { of: tax }),
    mustNotBeNull(
      column,
      `${column} MUST NOT be null when ChargeCategory is "Usage" or "Purchase" and ChargeClass is not "Correction".`,
      { of: sold },
    ),
  ]),
  // Pairs of which the second follows the first.
  ...[
    ["ConsumedQuantity", "ConsumedUnit"],
    ["PricingQuantity", "PricingUnit"],
    ["RegionId", "RegionName"],
    ["ResourceId", "ResourceType"],
  ].flatMap(([first = "", second = ""]) => [
    mustBeNull(second, `${second} MUST be null when ${first} is null.`, "Hours", {
      of: (row: TextRow) => row[first] === null,
    }),
    mustNotBeNull(second, `${second} MUST NOT be null when ${first} is not null.`, { of: has(first) }),
  ]),
  ...["ConsumedUnit", "PricingUnit"].map((column) => ({
    column,
    says: `${column} SHOULD conform to UnitFormat requirements.`,
    of: has(column),
    holds: (row: TextRow) => /^([A-Z][A-Za-z]*-Hours|GB|Gb|Units)$/.test(row[column] ?? ""),
    broken: set({ [column]: "card hours" }),
  })),
];

const particular: readonly FocusRule[] = [
  {
    column: "BillingCurrency",
    says: "BillingCurrency MUST be a three-letter alphabetic code (CurrencyFormat, ISO 4217).",
    holds: (row) => /^[A-Z]{3}$/.test(row.BillingCurrency ?? ""),
    broken: set({ BillingCurrency: "RMB¥" }),
  },
  {
    column: "BillingPeriodEnd",
    says: "BillingPeriodEnd MUST be the exclusive end bound of the billing period.",
    holds: (row) => (row.BillingPeriodStart ?? "") < (row.BillingPeriodEnd ?? ""),
    broken: (row) => ({ ...row, BillingPeriodEnd: row.BillingPeriodStart ?? null }),
  },
  {
    column: "ChargePeriodEnd",
    says: "ChargePeriodEnd MUST be the exclusive end bound of the effective period of the charge.",
    holds: (row) => (row.ChargePeriodStart ?? "") < (row.ChargePeriodEnd ?? ""),
    broken: (row) => ({ ...row, ChargePeriodEnd: row.ChargePeriodStart ?? null }),
  },
  mustNotBeNull(
    "CapacityReservationId",
    "CapacityReservationId MUST NOT be null when a charge represents the unused portion of a capacity reservation.",
    { of: is("x_LineKind", "releaseFee") },
  ),
  mustBeNull(
    "CapacityReservationId",
    "CapacityReservationId MUST be null when a charge is not related to a capacity reservation.",
    "j1.1",
    { of: (row) => row.x_LineKind !== "releaseFee" && row.x_LineKind !== "compute" },
  ),
  mustBeNull(
    "CapacityReservationStatus",
    "CapacityReservationStatus MUST be null when CapacityReservationId is null.",
    "Used",
    { of: (row) => row.CapacityReservationId === null },
  ),
  mustNotBeNull(
    "CapacityReservationStatus",
    'CapacityReservationStatus MUST NOT be null when CapacityReservationId is not null and ChargeCategory is "Usage".',
    { of: (row) => has("CapacityReservationId")(row) && usage(row) },
  ),
  {
    column: "CapacityReservationStatus",
    says: 'CapacityReservationStatus MUST be "Unused" when the charge represents the unused portion of a capacity reservation.',
    of: is("x_LineKind", "releaseFee"),
    holds: is("CapacityReservationStatus", "Unused"),
    broken: set({ CapacityReservationStatus: "Used" }),
  },
  {
    column: "CapacityReservationStatus",
    says: 'CapacityReservationStatus MUST be "Used" when the charge represents the used portion of a capacity reservation.',
    of: is("x_LineKind", "compute"),
    holds: is("CapacityReservationStatus", "Used"),
    broken: set({ CapacityReservationStatus: "Unused" }),
  },
  mustNotBeNull(
    "ChargeClass",
    "ChargeClass MUST NOT be null when the row represents a correction to a previously invoiced billing period.",
    { of: has("x_CorrectedChargeId") },
  ),
  mustBeNull(
    "ChargeClass",
    "ChargeClass MUST be null when the row does not represent a correction.",
    "Correction",
    { of: (row) => row.x_CorrectedChargeId === null },
  ),
  {
    column: "ChargeFrequency",
    says: 'ChargeFrequency MUST NOT be "Usage-Based" when ChargeCategory is "Purchase".',
    holds: (row) => !(row.ChargeCategory === "Purchase" && row.ChargeFrequency === "Usage-Based"),
    broken: set({ ChargeCategory: "Purchase", ChargeFrequency: "Usage-Based" }),
  },
  mustBeNull("ConsumedQuantity", 'ConsumedQuantity MUST be null when ChargeCategory is not "Usage".', "1", {
    of: (row) => !usage(row),
  }),
  mustNotBeNull(
    "ConsumedQuantity",
    'ConsumedQuantity MUST NOT be null when ChargeClass is not "Correction" (of "Usage").',
    { of: (row) => usage(row) && !corrects(row) },
  ),
  ...(["ContractedCost", "EffectiveCost", "ListCost"] as const).map((column) => ({
    column,
    says: `${column} of a charge unrelated to other charges (e.g. when ChargeCategory is "Credit") MUST match the BilledCost.`,
    of: (row: TextRow) => row.ChargeCategory === "Credit" || row.ChargeCategory === "Adjustment",
    holds: (row: TextRow) => exact(row[column]) === exact(row.BilledCost),
    broken: set({ [column]: "123456789" }),
  })),
  {
    column: "ListCost",
    says: 'The product of ListUnitPrice and PricingQuantity MUST match the ListCost when both are not null and ChargeClass is not "Correction".',
    of: (row) => sold(row) && has("ListUnitPrice")(row) && has("PricingQuantity")(row),
    holds: (row) => multiplies(row, "ListUnitPrice", "ListCost"),
    broken: set({ ListCost: "987654321.001" }),
  },
  {
    column: "PricingQuantity",
    says: "The product of PricingQuantity and a unit price MUST match the corresponding cost metric.",
    of: (row) => sold(row) && has("ListUnitPrice")(row),
    holds: (row) => multiplies(row, "ListUnitPrice", "ListCost"),
    broken: set({ PricingQuantity: "987654321.1" }),
  },
  {
    column: "ListUnitPrice",
    says: "ListUnitPrice MUST be a non-negative decimal value.",
    of: has("ListUnitPrice"),
    holds: (row) => exact(row.ListUnitPrice) >= 0n,
    broken: set({ ListUnitPrice: "-0.5" }),
  },
  {
    column: "InvoiceId",
    says: "InvoiceId MUST NOT be null when the charge is associated with an issued invoice.",
    of: has("InvoiceId"),
    // The invoice of the account and the settlement day, which begins at 16:00 UTC of the day before.
    holds: (row) => {
      const begins = Date.parse(row.BillingPeriodStart ?? "");
      if (Number.isNaN(begins)) return false;
      const day = new Date(begins + 8 * 3_600_000).toISOString().slice(0, 10);
      return row.InvoiceId === `${row.BillingAccountId}-${day}`;
    },
    broken: set({ InvoiceId: "somebody-else-2026-03-02" }),
  },
  mustBeNull("ResourceName", "ResourceName MUST be null when ResourceId is null.", "nightly", {
    of: (row) => row.ResourceId === null,
  }),
  {
    column: "ResourceName",
    says: "ResourceName MUST NOT duplicate ResourceId when the resource only has a system-generated ResourceId.",
    of: has("ResourceId"),
    holds: (row) => row.ResourceName !== row.ResourceId,
    broken: (row) => ({ ...row, ResourceName: row.ResourceId ?? null }),
  },
  {
    column: "ServiceSubcategory",
    says: "ServiceSubcategory MUST be one of the allowed values of its ServiceCategory.",
    holds: (row) => subcategories[row.ServiceCategory ?? ""]?.includes(row.ServiceSubcategory ?? "") === true,
    broken: set({ ServiceSubcategory: "Block Storage" }),
  },
  mustBeNull("SkuMeter", "SkuMeter MUST be null when SkuId is null.", "Cards", {
    of: (row) => row.SkuId === null,
  }),
  mustBeNull(
    "SkuPriceDetails",
    "SkuPriceDetails MUST be null when SkuPriceId is null.",
    '{"InstanceType":"h20"}',
    { of: (row) => row.SkuPriceId === null },
  ),
  {
    column: "SkuPriceDetails",
    says: "SkuPriceDetails MUST conform to KeyValueFormat requirements; a key MUST begin with x_ unless it is FOCUS-defined.",
    of: has("SkuPriceDetails"),
    holds: (row) => {
      const value = parsed(row.SkuPriceDetails);
      return (
        typeof value === "object" &&
        value !== null &&
        Object.entries(value).every(
          ([key, held]) => (key === "InstanceType" || key.startsWith("x_")) && typeof held !== "object",
        )
      );
    },
    broken: set({ SkuPriceDetails: '{"Session":{"name":"spot"}}' }),
  },
  {
    column: "HostProviderName",
    says: 'HostProviderName MAY be "Not Applicable" when it cannot be determined (e.g. when ChargeCategory is "Tax" or "Adjustment").',
    of: usage,
    holds: (row) => row.HostProviderName !== "Not Applicable",
    broken: set({ HostProviderName: "Not Applicable" }),
  },
];

export const focusRules: readonly FocusRule[] = [...perColumn, ...particular];

/** Rules that rows break, with the first row of each. */
export function brokenRules(rows: readonly TextRow[]): { readonly rule: FocusRule; readonly row: TextRow }[] {
  return focusRules.flatMap((rule) => {
    const row = rows.find((one) => (rule.of?.(one) ?? true) && !rule.holds(one));
    return row === undefined ? [] : [{ rule, row }];
  });
}

/** What FOCUS demands of all rows together: each fault in a sentence. */
export function faultsTogether(
  rows: readonly TextRow[],
  /** What each invoice asks to be paid, in mills. */
  payable: ReadonlyMap<string, bigint>,
): string[] {
  const sums = new Map<string, bigint>();
  for (const row of rows) {
    const invoice = row.InvoiceId;
    if (typeof invoice === "string") sums.set(invoice, (sums.get(invoice) ?? 0n) + exact(row.BilledCost));
  }
  const invoices = [...new Set([...sums.keys(), ...payable.keys()])]
    .filter((id) => (sums.get(id) ?? 0n) !== (payable.get(id) ?? 0n) * (scale / 1000n))
    .map((id) => `BilledCost of ${id} does not add up to what it asks`);
  const one = (of: string, per: string) =>
    [...Map.groupBy(rows.filter(has(per)), (row) => row[per])]
      .filter(([, same]) => new Set(same.map((row) => row[of])).size > 1)
      .map(([name]) => `${per} ${name} has more than one ${of}`);
  return [
    ...invoices,
    ...one("ServiceCategory", "ServiceName"),
    ...one("ServiceSubcategory", "ServiceName"),
    ...one("SkuId", "SkuPriceId"),
    ...one("SkuPriceDetails", "SkuPriceId"),
    ...one("BillingCurrency", "InvoiceId"),
    ...one("RegionName", "RegionId"),
    ...one("ResourceType", "ResourceId"),
  ];
}
