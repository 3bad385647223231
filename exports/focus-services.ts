import type { ChargeLine } from "../events/catalog/job.ts";

/** What kind of charge a line is in the words of FOCUS; docs/decisions/0100 says why. */
export interface FocusService {
  readonly category: "Usage" | "Tax" | "Credit" | "Adjustment";
  readonly serviceCategory: "Compute" | "Networking" | "Other";
  readonly serviceSubcategory: "Other (Compute)" | "Network Connectivity" | "Other (Other)";
  readonly serviceName: string;
  /** Of what is not cards, which are sold by product. */
  readonly sku: string | null;
  readonly meter: string | null;
  /** Dynamic: an auction sets the price; Standard: its owner published it before; null: nothing is sold. */
  readonly pricing: "Dynamic" | "Standard" | null;
  readonly says: string;
}

const cards = {
  serviceCategory: "Compute",
  serviceSubcategory: "Other (Compute)",
  serviceName: "Suanwang Cards",
} as const;
const network = {
  serviceCategory: "Networking",
  serviceSubcategory: "Network Connectivity",
  serviceName: "Suanwang Links",
} as const;
const settlement = {
  serviceCategory: "Other",
  serviceSubcategory: "Other (Other)",
  serviceName: "Suanwang Settlement",
} as const;
const nothingSold = { sku: null, meter: null, pricing: null } as const;

/** Of each kind of charge line, and of what an invoice is rounded by. */
export const focusServices: Readonly<Record<ChargeLine["kind"] | "rounding", FocusService>> = {
  compute: { ...cards, category: "Usage", sku: null, meter: "Cards", pricing: "Dynamic", says: "Cards" },
  releaseFee: {
    ...cards,
    category: "Usage",
    sku: null,
    meter: "Released Cards",
    pricing: "Dynamic",
    says: "Release fee for awarded cards that were not used or sold again",
  },
  transfer: {
    ...network,
    category: "Usage",
    sku: "data-transfer",
    meter: "Data Transfer",
    pricing: "Standard",
    says: "Transfer of data",
  },
  link: {
    ...network,
    category: "Usage",
    sku: "link-capacity",
    meter: "Link Capacity",
    pricing: "Dynamic",
    says: "Capacity of a link",
  },
  rent: {
    ...network,
    category: "Usage",
    sku: "congestion-rent",
    meter: "Congestion Rent",
    pricing: "Dynamic",
    says: "Congestion rent of a link",
  },
  credit: { ...cards, ...nothingSold, category: "Credit", says: "Credit for charged work that was lost" },
  penalty: {
    ...cards,
    ...nothingSold,
    category: "Credit",
    says: "Damages for cards that were not delivered",
  },
  tax: { ...settlement, ...nothingSold, category: "Tax", says: "Tax" },
  rounding: {
    ...settlement,
    ...nothingSold,
    category: "Adjustment",
    says: "Rounding of the invoice to whole fen",
  },
};
