import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Usage, type UsageItem, usageItems } from "./usage.ts";

const Price = z.strictObject({
  usd: z.number().positive(),
  per: z.number().positive(),
  unit: z.string(),
  source: z.url(),
});
export type Price = z.infer<typeof Price>;

const PriceList = z.strictObject({
  region: z.string(),
  currency: z.literal("USD"),
  seen: z.string().describe("Month in which the prices were looked up"),
  note: z.string(),
  items: z.record(z.enum(usageItems), Price),
  apart: z.strictObject({ logGigabytes: Price, traces: Price, storedGigabyteMonths: Price }),
});
export type PriceList = z.infer<typeof PriceList>;

export function readPrices(): PriceList {
  return PriceList.parse(JSON.parse(readFileSync(new URL("prices.json", import.meta.url), "utf8")));
}

export function priceOf(amount: number, { usd, per }: Price): number {
  return (amount * usd) / per;
}

/** USD of each item. */
export function costs(usage: Usage, { items }: PriceList): Record<UsageItem, number> {
  const priced = usageItems.map((item) => [item, priceOf(usage[item], items[item])] as const);
  return Object.fromEntries(priced) as Record<UsageItem, number>;
}

export function totalCost(usage: Usage, prices: PriceList): number {
  return Object.values(costs(usage, prices)).reduce((sum, usd) => sum + usd, 0);
}
