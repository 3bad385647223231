import { energyCost } from "./clearing/instance.ts";
import { hourOfDay, SLOT_SECONDS } from "./time.ts";

interface OfferedCards {
  readonly from: number;
  readonly to: number;
  readonly cards: number;
  /** Fen per card-hour. */
  readonly reserve: number;
}

/** A pool as a quote sees it: published prices and open offers, nothing of the book. */
export interface QuotedPool {
  readonly kw: number;
  readonly puePermille: number;
  /** Mills per kWh for each hour of the market's day. */
  readonly energy: readonly number[];
  readonly offers: readonly OfferedCards[];
  /** Price at which cards were sold, by slot; fen per card-hour. */
  readonly traded: ReadonlyMap<number, number>;
}

export interface BestStart {
  readonly from: number;
  readonly basis: "traded" | "offered";
  /** Sum over the slots of the price of one card: fen per card-hour, which is mills per card and slot. */
  readonly perCard: number;
}

export interface QuotedJob {
  readonly cards: number;
  readonly slots: number;
  /** Window `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

/** The cheapest start of a job; undefined: no start has so many cards on offer in all of its slots. */
export function bestStart(pool: QuotedPool, { cards, slots, from, to }: QuotedJob): BestStart | undefined {
  const prices = Array.from({ length: to - from }, (_, index) => priceAt(pool, cards, from + index));
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

interface SlotPrice {
  readonly price: number;
  readonly traded: boolean;
}

/** The last trade's price, else what the dearest of the cheapest offers that have enough cards costs with its energy. */
function priceAt(pool: QuotedPool, cards: number, slot: number): SlotPrice | undefined {
  const reserve = reserveFor(pool.offers, cards, slot);
  if (reserve === undefined) return undefined;
  const traded = pool.traded.get(slot);
  if (traded !== undefined) return { price: traded, traded: true };
  const perKwh = pool.energy[hourOfDay(slot)] ?? 0;
  const energy = energyCost(pool.kw, pool.puePermille / 1000, perKwh, SLOT_SECONDS, 1);
  return { price: reserve + energy, traded: false };
}

function reserveFor(offers: readonly OfferedCards[], cards: number, slot: number): number | undefined {
  const open = offers
    .filter(({ from, to }) => from <= slot && slot < to)
    .toSorted((a, b) => a.reserve - b.reserve);
  let offered = 0;
  for (const offer of open) {
    offered += offer.cards;
    if (offered >= cards) return offer.reserve;
  }
  return undefined;
}
