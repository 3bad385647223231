import { energyCost } from "./clearing/instance.ts";
import { hourOfDay, SLOT_SECONDS } from "./time.ts";

/** A pool as a quote sees it: published prices and open offers, nothing of the book. */
export interface QuotedPool {
  readonly kw: number;
  readonly puePermille: number;
  /** Mills per kWh for each hour of the market's day. */
  readonly energy: readonly number[];
  readonly offers: readonly { readonly from: number; readonly to: number; readonly reserve: number }[];
  /** Price at which cards were sold, by slot; fen per card-hour. */
  readonly traded: ReadonlyMap<number, number>;
}

export interface BestStart {
  readonly from: number;
  readonly basis: "traded" | "offered";
  /** Sum over the slots of the price of one card: fen per card-hour, which is mills per card and slot. */
  readonly perCard: number;
}

/** The cheapest start for `slots` slots in a row inside `[from, to)`; undefined: no start has an offer in all of them. */
export function bestStart(pool: QuotedPool, slots: number, from: number, to: number): BestStart | undefined {
  const prices = Array.from({ length: to - from }, (_, index) => priceAt(pool, from + index));
  let best: BestStart | undefined;
  for (let start = 0; start + slots <= prices.length; start++) {
    const run = prices.slice(start, start + slots);
    if (run.some((price) => price === undefined)) continue;
    const perCard = run.reduce((sum, price) => sum + (price?.price ?? 0), 0);
    const basis = run.every((price) => price?.traded) ? "traded" : "offered";
    if (best === undefined || perCard < best.perCard) best = { from: from + start, basis, perCard };
  }
  return best;
}

/** The last trade's price, else what the cheapest offer costs with its energy. */
function priceAt(pool: QuotedPool, slot: number): { price: number; traded: boolean } | undefined {
  const reserves = pool.offers
    .filter(({ from, to }) => from <= slot && slot < to)
    .map(({ reserve }) => reserve);
  if (reserves.length === 0) return undefined;
  const traded = pool.traded.get(slot);
  if (traded !== undefined) return { price: traded, traded: true };
  const perKwh = pool.energy[hourOfDay(slot)] ?? 0;
  const energy = energyCost(pool.kw, pool.puePermille / 1000, perKwh, SLOT_SECONDS, 1);
  return { price: Math.min(...reserves) + energy, traded: false };
}
