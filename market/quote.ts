import type { Session } from "../events/catalog/values.ts";
import type { SupplyStep } from "./book/supply-left.ts";
import { energyCost } from "./clearing/instance.ts";
import { rules } from "./rules.ts";
import { hourOfDay, SLOT_SECONDS, SLOTS_PER_HOUR } from "./time.ts";

/** A pool as a quote sees it: published prices, and what offers and sealed auctions leave; nothing of the book. */
export interface QuotedPool {
  readonly kw: number;
  readonly puePermille: number;
  /** Mills per kWh for each hour of the market's day. */
  readonly energy: readonly number[];
  /** What is left to sell, cheapest first. */
  readonly supply: readonly SupplyStep[];
  /** Price at which cards were sold, by slot; fen per card-hour. */
  readonly traded: ReadonlyMap<number, number>;
}

export interface LikelyStart {
  readonly from: number;
  readonly basis: "traded" | "offered";
  /** Sum over the slots of the price of one card: fen per card-hour, which is mills per card and slot. */
  readonly perCard: number;
}

export interface QuotedJob {
  readonly session: Session;
  readonly cards: number;
  /** Its length on the pool's product. */
  readonly slots: number;
  /** Window `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Fen per card-hour. */
  readonly limit: number;
}

/**
 * Where a job would likely start, at the prices that are known; undefined: no start has so many cards left in all of
 * its slots. A forward gate sells the whole window by the hour, so it is the cheapest start. Spot gates come slot by
 * slot, each for the next few starts: it is the cheapest of the first gate whose price the limit meets, else of all.
 */
export function likelyStart(pool: QuotedPool, job: QuotedJob): LikelyStart | undefined {
  const starts = startsOf(pool, job);
  if (job.session === "forward") return cheapest(starts.filter(({ from }) => from % SLOTS_PER_HOUR === 0));
  for (const { from: gate } of starts) {
    const sold = starts.filter(({ from }) => from >= gate && from < gate + rules.startSlots);
    const best = cheapest(sold);
    if (best !== undefined && best.perCard <= job.limit * job.slots) return best;
  }
  return cheapest(starts);
}

function cheapest(starts: readonly LikelyStart[]): LikelyStart | undefined {
  return starts.reduce<LikelyStart | undefined>(
    (best, start) => (best === undefined || start.perCard < best.perCard ? start : best),
    undefined,
  );
}

/** All starts that have the cards, in order; by running sums over the window. */
function startsOf(pool: QuotedPool, { cards, slots, from, to }: QuotedJob): LikelyStart[] {
  const reserves = reservesFor(pool.supply, cards, from, to);
  const [price, missing, traded] = [0, 1, 2].map(() => new Float64Array(to - from + 1));
  if (price === undefined || missing === undefined || traded === undefined) return [];
  for (let i = 0; i < to - from; i++) {
    const reserve = reserves[i] ?? unsold;
    const last = pool.traded.get(from + i);
    price[i + 1] = (price[i] ?? 0) + (reserve === unsold ? 0 : priceAt(pool, reserve, from + i, last));
    missing[i + 1] = (missing[i] ?? 0) + (reserve === unsold ? 1 : 0);
    traded[i + 1] = (traded[i] ?? 0) + (last === undefined ? 0 : 1);
  }
  const over = (sums: Float64Array, start: number) => (sums[start + slots] ?? 0) - (sums[start] ?? 0);
  const starts: LikelyStart[] = [];
  for (let start = 0; start + slots <= to - from; start++)
    if (over(missing, start) === 0)
      starts.push({
        from: from + start,
        basis: over(traded, start) === slots ? "traded" : "offered",
        perCard: over(price, start),
      });
  return starts;
}

/** The last trade's price, but no less than what the dearest card that is needed costs with its energy. */
function priceAt(pool: QuotedPool, reserve: number, slot: number, traded: number | undefined): number {
  const perKwh = pool.energy[hourOfDay(slot)] ?? 0;
  const energy = energyCost(pool.kw, pool.puePermille / 1000, perKwh, SLOT_SECONDS, 1);
  return Math.max(traded ?? 0, reserve + energy);
}

const unsold = -1;

/**
 * By slot, the reserve at which so many cards are left; -1: there are fewer. Steps come cheapest first, and slots that
 * have enough are skipped for good, so thousands of offers cost little more than one look at each.
 */
function reservesFor(supply: readonly SupplyStep[], cards: number, first: number, end: number): Int32Array {
  const length = end - first;
  const reserves = new Int32Array(length).fill(unsold);
  const found = new Int32Array(length);
  const next = Int32Array.from({ length: length + 1 }, (_, slot) => slot);
  const open = (slot: number): number => {
    let at = slot;
    while ((next[at] ?? at) !== at) {
      next[at] = next[next[at] ?? at] ?? at;
      at = next[at] ?? at;
    }
    return at;
  };
  for (const [from, to, more, reserve] of supply)
    for (
      let slot = open(Math.max(0, from - first));
      slot < Math.min(length, to - first);
      slot = open(slot + 1)
    ) {
      found[slot] = (found[slot] ?? 0) + more;
      if ((found[slot] ?? 0) < cards) continue;
      reserves[slot] = reserve;
      next[slot] = slot + 1;
    }
  return reserves;
}
