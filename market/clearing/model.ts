import {
  type Bid,
  type Book,
  DEFAULT_SLOT_SECONDS,
  DEFAULT_TICK,
  energyCost,
  type ItemId,
  linkBetween,
  slotsNeeded,
} from "./instance.ts";

/** One way to run a bid in a single pool; the start is free within the window. */
export interface PoolOption {
  readonly pool: number;
  readonly product: number;
  readonly limit: number;
  readonly d: number;
  /** limit x g x d, mills. For a div bid only the limit counts. */
  readonly value: number;
  /** Mills for moving the data. */
  readonly transfer: number;
  /** Link of the staging, -1 if none. */
  readonly link: number;
  /** Staged in the start slot. */
  readonly gigabits: number;
  /** Div only: parts of the budget that one card-slot takes. */
  readonly unit: number;
  /** Block and split: starts in the window at which the whole gang is offered this pool's cards throughout, rising. */
  readonly starts: Int32Array;
}

/** One way to run a split bid in two pools of the same product. */
export interface PairOption {
  readonly first: PoolOption;
  readonly second: PoolOption;
  /** Link between the two, and what is reserved on it in every slot. */
  readonly sync: number;
  readonly syncGigabits: number;
  readonly chunk: number;
}

export interface ModelBid {
  /** Index in the book. */
  readonly index: number;
  readonly kind: Bid["kind"];
  readonly g: number;
  readonly from: number;
  readonly to: number;
  readonly options: readonly PoolOption[];
  /** The options that have a start; of a div bid, all. */
  readonly feasible: readonly PoolOption[];
  readonly pairs: readonly PairOption[];
  /** Div only: parts of the budget in all. */
  readonly budget: number;
}

/**
 * A book in typed arrays. A cell is pool x T + slot; its offers are steps of rising cost, `stepStart[cell]` up to
 * `stepStart[cell + 1]`. Bids stand in the order of ties (rank, then id), so nothing depends on the order of input.
 */
export interface Model {
  readonly T: number;
  readonly tick: number;
  readonly slotSeconds: number;
  readonly pools: number;
  readonly links: number;
  readonly poolCenter: Int32Array;
  readonly poolProduct: Int32Array;
  readonly stepStart: Int32Array;
  readonly stepCards: Float64Array;
  readonly stepCost: Float64Array;
  /** Cards offered in each cell. */
  readonly capacity: Float64Array;
  /** Gigabits per slot of each link. */
  readonly linkCapacity: Float64Array;
  readonly bids: readonly ModelBid[];
  /** Positions in `bids` of those that could be served if nobody else was; of them, those who want each pool. */
  readonly contenders: readonly number[];
  readonly wantingPool: readonly (readonly number[])[];
}

export function compareIds(a: ItemId, b: ItemId): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

export function compileBook(book: Book): Model {
  const slotSeconds = book.slotSeconds ?? DEFAULT_SLOT_SECONDS;
  const cells = book.pools.length * book.T;
  const stacks = compileStacks(book, slotSeconds, book.tick ?? DEFAULT_TICK, cells);
  const ways = compileWays(book);
  const order = book.bids
    .map((bid, index) => ({ bid, index, rank: bid.rank ?? index, id: bid.id ?? index }))
    .sort((x, y) => x.rank - y.rank || compareIds(x.id, y.id));
  const bids = order.map(({ bid, index }) =>
    compileBid(book, stacks.capacity, ways, bid, index, slotSeconds),
  );
  const contenders = bids.flatMap(({ feasible, pairs }, i) =>
    feasible.length > 0 || pairs.length > 0 ? [i] : [],
  );
  const wantingPool = book.pools.map((_, k) =>
    contenders.filter((i) => bids[i]?.feasible.some(({ pool }) => pool === k)),
  );
  return {
    T: book.T,
    tick: book.tick ?? DEFAULT_TICK,
    slotSeconds,
    pools: book.pools.length,
    links: book.links.length,
    poolCenter: Int32Array.from(book.pools, ({ c }) => c),
    poolProduct: Int32Array.from(book.pools, ({ p }) => p),
    ...stacks,
    linkCapacity: Float64Array.from(book.links, ({ gbps }) => gbps * slotSeconds),
    bids,
    contenders,
    wantingPool,
  };
}

function compileStacks(book: Book, slotSeconds: number, tick: number, cells: number) {
  const byPool = book.pools.map((_, k) =>
    book.offers.filter(({ pool, q }) => pool === k && q > 0).sort((x, y) => x.reserve - y.reserve),
  );
  const stepStart = new Int32Array(cells + 1);
  const capacity = new Float64Array(cells);
  const cards: number[] = [];
  const costs: number[] = [];
  book.pools.forEach((pool, k) => {
    const center = book.centers[pool.c];
    const kw = book.products[pool.p]?.kw ?? 0;
    for (let t = 0; t < book.T; t++) {
      const cell = k * book.T + t;
      const energy = energyCost(kw, center?.pue ?? 0, center?.energy[t] ?? 0, slotSeconds, tick);
      for (const { from, to, q, reserve } of byPool[k] ?? []) {
        if (t < from || t >= to) continue;
        cards.push(q);
        costs.push(reserve + energy);
        capacity[cell] = (capacity[cell] ?? 0) + q;
      }
      stepStart[cell + 1] = cards.length;
    }
  });
  return { stepStart, capacity, stepCards: Float64Array.from(cards), stepCost: Float64Array.from(costs) };
}

/** Link index of every ordered pair of centers, -1 without one. */
function compileWays(book: Book): Int32Array {
  const n = book.centers.length;
  const ways = new Int32Array(n * n).fill(-1);
  for (let from = 0; from < n; from++)
    for (let to = 0; to < n; to++) if (from !== to) ways[from * n + to] = linkBetween(book.links, from, to);
  return ways;
}

function compileBid(
  book: Book,
  capacity: Float64Array,
  ways: Int32Array,
  bid: Bid,
  index: number,
  slotSeconds: number,
): ModelBid {
  const budgetOf = bid.kind === "div" ? commonMultiple(bid.prods.map((one) => slotsNeeded(bid, one))) : 0;
  const options: PoolOption[] = [];
  book.pools.forEach((pool, k) => {
    const choice = bid.prods.find(({ p }) => p === pool.p);
    if (!choice || (bid.pools && !bid.pools.includes(k))) return;
    const center = book.centers[pool.c];
    if (bid.regions && !bid.regions.includes(center?.region ?? -1)) return;
    const d = slotsNeeded(bid, choice);
    if (bid.kind !== "div" && d > bid.to - bid.from) return;
    const way = wayTo(book, ways, bid, pool.c, slotSeconds);
    if (!way) return;
    const value = choice.limit * bid.g * d;
    const starts = bid.kind === "div" ? noStarts : startsOf(bid, d, capacity, k * book.T);
    options.push({
      pool: k,
      product: pool.p,
      limit: choice.limit,
      d,
      value,
      ...way,
      unit: budgetOf / d,
      starts,
    });
  });
  const { kind, g, from, to } = bid;
  const pairs = kind === "split" && (bid.kmax ?? 2) >= 2 ? pairUp(book, ways, bid, options, slotSeconds) : [];
  const feasible = kind === "div" ? options : options.filter(({ starts }) => starts.length > 0);
  return { index, kind, g, from, to, options, feasible, pairs, budget: g * budgetOf };
}

const noStarts = new Int32Array(0);

/** Most bids of a full market fit nowhere, and most others in few places: found once, for every search asks for it. */
function startsOf({ from, to, g }: Bid, d: number, capacity: Float64Array, base: number): Int32Array {
  const starts: number[] = [];
  let run = 0;
  for (let t = from; t < to; t++) {
    run = (capacity[base + t] ?? 0) >= g ? run + 1 : 0;
    if (run >= d) starts.push(t + 1 - d);
  }
  return starts.length === 0 ? noStarts : Int32Array.from(starts);
}

/** Transfer and staging from home to a center; null if the pool is not eligible (latency, or more than the link). */
function wayTo(book: Book, ways: Int32Array, bid: Bid, center: number, slotSeconds: number) {
  if (center === bid.home) return { transfer: 0, link: -1, gigabits: 0 };
  const data = bid.kind === "div" ? 0 : (bid.dataGB ?? 0);
  const index = ways[bid.home * book.centers.length + center] ?? -1;
  const link = book.links[index];
  if ((link?.latMs ?? Infinity) > (bid.maxLat ?? Infinity)) return null;
  if (data === 0) return { transfer: 0, link: -1, gigabits: 0 };
  if (!link || data * 8 > link.gbps * slotSeconds) return null;
  return { transfer: data * link.perGB, link: index, gigabits: data * 8 };
}

function pairUp(
  book: Book,
  ways: Int32Array,
  bid: Bid,
  options: readonly PoolOption[],
  slotSeconds: number,
): PairOption[] {
  const chunk = bid.chunk ?? 1;
  const pairs: PairOption[] = [];
  if (bid.g % chunk > 0 || bid.g < 2 * chunk) return pairs;
  for (const one of options)
    for (const other of options) {
      const a = book.pools[one.pool]?.c ?? 0;
      const b = book.pools[other.pool]?.c ?? 0;
      if (one.product !== other.product || a >= b) continue;
      const sync = ways[a * book.centers.length + b] ?? -1;
      const link = book.links[sync];
      if (!link || link.latMs > (bid.syncLat ?? Infinity) || (bid.bw ?? 0) > link.gbps) continue;
      const syncGigabits = (bid.bw ?? 0) * slotSeconds;
      pairs.push({ first: one, second: other, sync, syncGigabits, chunk });
    }
  return pairs;
}

function commonMultiple(values: readonly number[]): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return values.reduce((a, b) => (a / divisor(a, b)) * b, 1);
}
