import type { OfferId, Session } from "../events/catalog/values.ts";
import type { SupplyStep } from "./book/supply-left.ts";
import { energyCost } from "./clearing/instance.ts";
import { shortRunsOf, type TakenRun } from "./quote-runs.ts";
import { rules } from "./rules.ts";
import { hourOfDay, SLOT_SECONDS, SLOTS_PER_HOUR } from "./time.ts";

/** A pool as a quote sees it: published prices, and what offers and sealed auctions leave; nothing of the book. */
export interface QuotedPool {
  readonly kw: number;
  readonly puePermille: number;
  /** Mills per kWh for each hour of the market's day. */
  readonly energy: readonly number[];
  /** The same for carbon, on top of it. */
  readonly carbon?: readonly number[] | undefined;
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
 * Where a job would likely start, at the prices that are known, if it came alone; undefined: no start has so many cards
 * left in all of its slots, or each would break a minimum run. A forward gate sells the whole window by the hour, so it is
 * the cheapest start. Spot gates come slot by slot, each for the next few starts: it is the cheapest of the first gate
 * whose price the limit meets, else of all.
 */
export function likelyStart(pool: QuotedPool, job: QuotedJob): LikelyStart | undefined {
  const found = bestStart(startsOf(pool, job), job);
  return found && { from: found.from, basis: found.basis, perCard: found.perCard };
}

function bestStart({ starts, shortRuns }: Starts, job: QuotedJob): Start | undefined {
  if (job.session === "forward")
    return sold(
      starts.filter(({ from }) => from % SLOTS_PER_HOUR === 0),
      job,
      shortRuns,
    );
  const bests: Start[] = [];
  for (const { from: gate } of starts) {
    const onSale = starts.filter(({ from }) => from >= gate && from < gate + rules.startSlots);
    const best = sold(onSale, job, shortRuns);
    if (best === undefined) continue;
    if (best.perCard <= job.limit * job.slots) return best;
    bests.push(best);
  }
  return cheapest(bests);
}

/** Auctions that look for a place that keeps minimum runs; then they sell nothing of the offers in the way. */
const rounds = 6;

/** Ranges of slots in which a start would sell offers in too short runs. */
type ShortRuns = (start: Start) => readonly (readonly [from: number, to: number])[];

interface Starts {
  readonly starts: readonly Start[];
  readonly shortRuns: ShortRuns;
}

/** A start, with what all of its cards cost their centers at least: prices follow from it. */
interface Start extends LikelyStart {
  readonly cost: number;
}

/**
 * The start that a gate gives a job that comes alone: the cheapest. Where one breaks a minimum run, auctions choose by what
 * cards cost their centers; if they chose that one, they sell such cards and dearer ones there no more and clear again.
 */
function sold(starts: readonly Start[], { slots }: QuotedJob, shortRuns: ShortRuns): Start | undefined {
  if (starts.every((start) => shortRuns(start).length === 0)) return cheapest(starts);
  let left = starts;
  for (let round = 0; round <= rounds; round++) {
    const best = least(left, ({ cost }) => cost);
    const short = best === undefined ? [] : shortRuns(best);
    if (short.length === 0) return best;
    left = left.filter(({ from }) => short.every(([begin, end]) => from >= end || from + slots <= begin));
  }
  return undefined;
}

function cheapest(starts: readonly Start[]): Start | undefined {
  return least(starts, ({ perCard }) => perCard);
}

/** The first of equal ones. */
function least(starts: readonly Start[], of: (start: Start) => number): Start | undefined {
  return starts.reduce<Start | undefined>(
    (best, start) => (best === undefined || of(start) < of(best) ? start : best),
    undefined,
  );
}

/** All starts that have the cards, in order, and what they break; by running sums over the window. */
function startsOf(pool: QuotedPool, { session, cards, slots, from, to }: QuotedJob): Starts {
  const supply = pool.supply.filter(([, , , , marks]) => marks?.only === undefined || marks.only === session);
  const { reserves, costs, runs } = reservesFor(inOrder(supply), cards, from, to);
  const short = runs.map((run) => shortRunsOf(run, from, slots, session === "forward"));
  const row = () => new Float64Array(to - from + 1);
  const [price, cost, missing, traded] = [row(), row(), row(), row()];
  for (let i = 0; i < to - from; i++) {
    const reserve = reserves[i] ?? unsold;
    const last = pool.traded.get(from + i);
    price[i + 1] = (price[i] ?? 0) + (reserve === unsold ? 0 : priceAt(pool, reserve, from + i, last));
    cost[i + 1] = (cost[i] ?? 0) + (costs[i] ?? 0) + energyOf(pool, from + i) * cards;
    missing[i + 1] = (missing[i] ?? 0) + (reserve === unsold ? 1 : 0);
    traded[i + 1] = (traded[i] ?? 0) + (last === undefined ? 0 : 1);
  }
  const over = (sums: Float64Array, start: number) => (sums[start + slots] ?? 0) - (sums[start] ?? 0);
  const starts: Start[] = [];
  for (let start = 0; start + slots <= to - from; start++)
    if (over(missing, start) === 0)
      starts.push({
        from: from + start,
        basis: over(traded, start) === slots ? "traded" : "offered",
        perCard: over(price, start),
        cost: over(cost, start),
      });
  const shortRuns: ShortRuns = (start) =>
    short.flatMap((of) => of(start.from - from).map(([begin, end]) => [from + begin, from + end] as const));
  return { starts, shortRuns };
}

/** The last trade's price, but no less than what the dearest card that is needed costs with its energy and carbon. */
function priceAt(pool: QuotedPool, reserve: number, slot: number, traded: number | undefined): number {
  return Math.max(traded ?? 0, reserve + energyOf(pool, slot));
}

function energyOf({ kw, puePermille, energy, carbon }: QuotedPool, slot: number): number {
  const hour = hourOfDay(slot);
  const perKwh = (energy[hour] ?? 0) + (carbon?.[hour] ?? 0);
  return energyCost(kw, puePermille / 1000, perKwh, SLOT_SECONDS, 1);
}

const unsold = -1;

/** Firm cards are sold first: reclaimable ones ask no less than the dearest firm ones beside them. */
function inOrder(supply: readonly SupplyStep[]): readonly SupplyStep[] {
  const isFirm = ({ 4: marks }: SupplyStep) => marks?.reclaimable === undefined;
  return supply.every(isFirm)
    ? supply
    : [...supply.filter(isFirm), ...supply.filter((step) => !isFirm(step))];
}

/**
 * By slot, the reserve at which so many cards are left, -1: there are fewer; and what all of them ask. And the offers with a minimum run of which
 * cards are taken. Steps come in the order in which they are sold, and slots that have enough are skipped for good, so
 * thousands of offers cost little more than one look at each.
 */
function reservesFor(
  supply: readonly SupplyStep[],
  cards: number,
  first: number,
  end: number,
): { readonly reserves: Int32Array; readonly costs: Float64Array; readonly runs: readonly TakenRun[] } {
  const length = end - first;
  const reserves = new Int32Array(length).fill(unsold);
  const dearest = new Int32Array(length);
  const costs = new Float64Array(length);
  const found = new Int32Array(length);
  const runs = new Map<OfferId, TakenRun>();
  const next = Int32Array.from({ length: length + 1 }, (_, slot) => slot);
  const open = (slot: number): number => {
    let at = slot;
    while ((next[at] ?? at) !== at) {
      next[at] = next[next[at] ?? at] ?? at;
      at = next[at] ?? at;
    }
    return at;
  };
  for (const [from, to, more, reserve, marks] of supply) {
    const run = marks?.run;
    const taken = run === undefined ? undefined : (runs.get(run.of)?.taken ?? new Uint8Array(length));
    if (run !== undefined && taken !== undefined) runs.set(run.of, { run, taken });
    for (
      let slot = open(Math.max(0, from - first));
      slot < Math.min(length, to - first);
      slot = open(slot + 1)
    ) {
      if (taken !== undefined) taken[slot] = 1;
      dearest[slot] = Math.max(dearest[slot] ?? 0, reserve);
      costs[slot] = (costs[slot] ?? 0) + Math.min(more, cards - (found[slot] ?? 0)) * (dearest[slot] ?? 0);
      found[slot] = (found[slot] ?? 0) + more;
      if ((found[slot] ?? 0) < cards) continue;
      reserves[slot] = dearest[slot] ?? 0;
      next[slot] = slot + 1;
    }
  }
  const isTaken = ({ taken }: TakenRun) => taken.includes(1);
  return { reserves, costs, runs: [...runs.values()].filter(isTaken) };
}
