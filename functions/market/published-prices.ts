import type { CenterId, Period, ProductId } from "../../events/catalog/values.ts";
import { periodOf, periodPlus, periodStart } from "../../market/time.ts";
import { PricesView } from "../../market/views/prices.ts";
import { viewKeys } from "../../market/views/view.ts";
import type { SlotPrice } from "../contract/market.ts";
import type { Access } from "../kit/host.ts";

interface Pool {
  readonly center: CenterId;
  readonly product: ProductId;
}

/** Published prices of pools over `[from, to)`, in the order of the pools, slot by slot; slots without one are left out. */
export async function publishedPrices(
  { views }: Pick<Access, "views">,
  pools: readonly Pool[],
  from: number,
  to: number,
): Promise<SlotPrice[][]> {
  const periods: Period[] = [];
  for (let period = periodOf(from); periodStart(period) < to; period = periodPlus(period, 1))
    periods.push(period);
  const keys = pools.map(({ center, product }) =>
    periods.map((period) => viewKeys.prices(center, product, period)),
  );
  const items = await views.getMany(keys.flat(), PricesView);
  const days = new Map(items.map(({ pk, sk, data }) => [`${pk}\n${sk}`, data]));
  return keys.map((own) =>
    own.flatMap(({ pk, sk }, n) => {
      const day = days.get(`${pk}\n${sk}`);
      const start = periodStart(periods[n] ?? periodOf(from));
      return day === undefined ? [] : pricesOf(day, start, from, to);
    }),
  );
}

function pricesOf({ slots }: PricesView, start: number, from: number, to: number): SlotPrice[] {
  const prices: SlotPrice[] = [];
  for (let slot = Math.max(from, start); slot < Math.min(to, start + slots.length); slot++) {
    const priced = slots[slot - start];
    if (priced === undefined || priced === null) continue;
    const [price, sold, auction] = priced;
    prices.push({ slot, price, sold, auction });
  }
  return prices;
}
