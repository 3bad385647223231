import { CNY_PER_USD, PRODUCTS } from "./assumptions.ts";
import { rowsOf } from "./tables.ts";

/** Median of a list (mean of the middle two); throws on none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (low === undefined || high === undefined) throw new Error("a median of no values");
  return (low + high) / 2;
}

/** Price levels in fen per card-hour of a product. */
export type Levels = Readonly<{ marketplace: number; onDemand: number }>;

/** A100 prices in USD per card-hour: the marketplace's and the hyperscaler's median, per TFLOPS, in fen. */
export function levelsOf(marketplaceCsv: string, onDemandCsv: string, product: string): Levels {
  const a100 = PRODUCTS.find((each) => each.product === "a100-80g");
  const own = PRODUCTS.find((each) => each.product === product);
  if (a100 === undefined || own === undefined) throw new Error(`no TFLOPS for ${product}`);
  const fen = (usd: number) => Math.round((usd * CNY_PER_USD * 100 * own.tflops) / a100.tflops);
  const marketplace = rowsOf(marketplaceCsv).map((row) => Number(row.Price) / Number(row.AcceleratorCount));
  const onDemand = rowsOf(onDemandCsv).map((row) => Number(row.usd_per_gpu_hour));
  return { marketplace: fen(median(marketplace)), onDemand: fen(median(onDemand)) };
}

/** Mills per kWh by hour: the mean daily shape of an auction zone's prices, scaled to a mean level in mills. */
export function energyByHour(pricesCsv: string, zone: string, levelMills: number): number[] {
  const rows = rowsOf(pricesCsv).filter((row) => row.zone === zone);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const level = mean(rows.map((row) => Number(row.price_eur_per_mwh)));
  return Array.from({ length: 24 }, (_, hour) => {
    const prices = rows.filter((row) => Number(row.period) === hour + 1);
    return Math.round((mean(prices.map((row) => Number(row.price_eur_per_mwh))) / level) * levelMills);
  });
}
