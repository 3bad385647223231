import type { CenterId, ProductId } from "../../events/catalog/values.ts";
import { periodOf, periodPlus, periodStart } from "../../market/time.ts";
import { PricesView } from "../../market/views/prices.ts";
import { viewKeys } from "../../market/views/view.ts";
import type { SlotPrice } from "../contract/market.ts";
import type { Access } from "../kit/host.ts";

/** Published prices of a pool over `[from, to)`, slot by slot; slots without one are left out. */
export async function publishedPrices(
  { views }: Pick<Access, "views">,
  center: CenterId,
  product: ProductId,
  from: number,
  to: number,
): Promise<SlotPrice[]> {
  const keys = [];
  for (let period = periodOf(from); periodStart(period) < to; period = periodPlus(period, 1))
    keys.push(viewKeys.prices(center, product, period));
  const days = new Map((await views.getMany(keys, PricesView)).map(({ sk, data }) => [sk, data]));
  const prices: SlotPrice[] = [];
  for (let slot = from; slot < to; slot++) {
    const period = periodOf(slot);
    const priced = days.get(period)?.slots[slot - periodStart(period)];
    if (priced === undefined || priced === null) continue;
    const [price, sold, auction] = priced;
    prices.push({ slot, price, sold, auction });
  }
  return prices;
}
