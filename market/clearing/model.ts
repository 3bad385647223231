import {
  type Bid,
  type Book,
  type Choice,
  compareIds,
  DEFAULT_SLOT_SECONDS,
  DEFAULT_TICK,
  energyAt,
  type ItemId,
  type Offer,
  slotsNeeded,
  stagingOf,
} from "./instance.ts";

export const BLOCK = 0;
export const SPLIT = 1;
export const DIV = 2;

/** A way whose pool never offers the whole gang: it serves only as a part of a split. */
export const NEVER_ALONE = -2;

/**
 * A book in columns. A cell is pool x T + slot; its offers are steps of rising cost, `stepStart[cell]` up to
 * `stepStart[cell + 1]`. Bids stand in the order of ties (rank, then id), so nothing depends on the order of input.
 * The ways of a bid, `wayStart[bid]` up to `wayStart[bid + 1]`, are the pools that may serve it, the start being free
 * within the window; its pairs are two ways of one product with a link between them.
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
  /** Cards offered in each cell; and those of them that their center cannot reclaim. */
  readonly capacity: Float64Array;
  readonly firmCapacity: Float64Array;
  /** Some cards may be reclaimed. */
  readonly anyReclaimable: boolean;
  /** Cost of the first card of each cell; 0 where nothing is offered. */
  readonly cheapest: Float64Array;
  /** Gigabits per slot of each link. */
  readonly linkCapacity: Float64Array;

  /** Rows of bids: a service has two, its floor (a block) and right after it what it takes beyond (a div). */
  readonly bids: number;
  /** Index in the book. */
  readonly index: Int32Array;
  readonly kind: Uint8Array;
  readonly g: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Div only: parts of the budget in all, of which a card-slot of a way takes `wayUnit`. */
  readonly budget: Float64Array;
  /** 1: it may hold cards that may be reclaimed. */
  readonly reclaimable: Uint8Array;
  /** Row of `groups`, whose members exclude one another; -1: none. */
  readonly group: Int32Array;
  readonly groups: readonly (readonly number[])[];
  /** The bid without which it gets nothing, -1: none; and the other way round. */
  readonly parent: Int32Array;
  readonly children: ReadonlyMap<number, readonly number[]>;

  readonly wayStart: Int32Array;
  readonly wayPool: Int32Array;
  readonly wayD: Int32Array;
  readonly wayLimit: Float64Array;
  /** Limit x g x d less transfer, mills; of a div bid 0. */
  readonly wayNet: Float64Array;
  /** Link of the staging, -1 if none; its gigabits in each slot; slots before the start, 0: in the start slot. */
  readonly wayLink: Int32Array;
  readonly wayGigabits: Float64Array;
  readonly wayStage: Int32Array;
  readonly wayUnit: Float64Array;
  /** Row of `rooms`; -1: the whole gang is offered in every slot; NEVER_ALONE: in none. */
  readonly wayRoom: Int32Array;
  /** For one pool and gang size: slots in a row, from each slot on, in which so many cards are offered. */
  readonly rooms: readonly Int32Array[];
  /** Row of `spans`: the pool and the slots of the way. */
  readonly waySpan: Int32Array;
  readonly spanPool: Int32Array;
  readonly spanD: Int32Array;

  readonly pairStart: Int32Array;
  readonly pairFirst: Int32Array;
  readonly pairSecond: Int32Array;
  readonly pairLink: Int32Array;
  /** Reserved on the link in every slot. */
  readonly pairGigabits: Float64Array;
  readonly pairChunk: Int32Array;
  readonly pairNet: Float64Array;
}

/** Cards of a cell beyond which nothing is for sale, whatever is offered. */
export type Stops = ReadonlyMap<number, number>;

export function compileBook(book: Book, stops: Stops = new Map()): Model {
  const slotSeconds = book.slotSeconds ?? DEFAULT_SLOT_SECONDS;
  const tick = book.tick ?? DEFAULT_TICK;
  const supply = compileSupply(book, stops);
  return {
    T: book.T,
    tick,
    slotSeconds,
    pools: book.pools.length,
    links: book.links.length,
    poolCenter: Int32Array.from(book.pools, ({ c }) => c),
    poolProduct: Int32Array.from(book.pools, ({ p }) => p),
    ...supply,
    linkCapacity: Float64Array.from(book.links, ({ gbps }) => gbps * slotSeconds),
    ...compileBids(book, supply.capacity, slotSeconds),
  };
}

/** An offer with cards, and the offer that it is a piece of. */
export interface Piece {
  readonly offer: Offer;
  readonly of: ItemId;
}

/** As a pool sells them: cheapest first, then by id. Energy costs all of a pool's cards the same. */
export function meritOrder(offers: readonly Offer[]): Piece[] {
  return offers
    .map((offer, index) => ({ offer, id: offer.id ?? index, of: offer.of ?? offer.id ?? index }))
    .filter(({ offer }) => offer.q > 0)
    .sort((x, y) => x.offer.reserve - y.offer.reserve || compareIds(x.id, y.id));
}

function compileSupply(book: Book, stops: Stops) {
  const cells = book.pools.length * book.T;
  const byPool = Map.groupBy(meritOrder(book.offers), ({ offer }) => offer.pool);
  const stepStart = new Int32Array(cells + 1);
  const capacity = new Float64Array(cells);
  const cheapest = new Float64Array(cells);
  const reclaimable = new Float64Array(cells);
  const cards: number[] = [];
  const costs: number[] = [];
  book.pools.forEach((pool, k) => {
    const offers = byPool.get(k) ?? [];
    for (let t = 0; t < book.T; t++) {
      const cell = k * book.T + t;
      const energy = energyAt(book, pool, t);
      const most = stops.get(cell) ?? Infinity;
      for (const { offer } of offers) {
        if (t < offer.from || t >= offer.to) continue;
        const q = Math.min(offer.q, most - (capacity[cell] ?? 0));
        const cost = offer.reserve + energy;
        if (capacity[cell] === 0) cheapest[cell] = cost;
        if (q <= 0) break;
        capacity[cell] = (capacity[cell] ?? 0) + q;
        if (offer.reclaimable) reclaimable[cell] = (reclaimable[cell] ?? 0) + q;
        const last = cards.length - 1;
        if (last >= (stepStart[cell] ?? 0) && costs[last] === cost) cards[last] = (cards[last] ?? 0) + q;
        else {
          cards.push(q);
          costs.push(cost);
        }
      }
      stepStart[cell + 1] = cards.length;
    }
  });
  return {
    stepStart,
    stepCards: Float64Array.from(cards),
    stepCost: Float64Array.from(costs),
    capacity,
    cheapest,
    firmCapacity: capacity.map((all, cell) => all - (reclaimable[cell] ?? 0)),
    anyReclaimable: reclaimable.some((some) => some > 0),
  };
}

function compileBids(book: Book, capacity: Float64Array, slotSeconds: number) {
  const order = book.bids
    .map((bid, index) => ({ bid, index, rank: bid.rank ?? index, id: bid.id ?? index }))
    .sort((x, y) => x.rank - y.rank || compareIds(x.id, y.id));
  const columns = new Columns(book, capacity, slotSeconds);
  for (const { bid, index, id } of order) columns.add(bid, index, id);
  return columns.done();
}

/** A service as the rows that it is searched as: the floor over its whole window, and cards beyond it, taken freely. */
function serviceRows(bid: Bid): readonly [Bid, Bid] {
  const { floor = 0, g, from, to } = bid;
  const prods = bid.prods.map(({ p, limit }) => ({ p, limit }));
  const { group: _, ...free } = bid;
  return [
    { ...bid, kind: "block", g: floor, d: to - from, prods },
    { ...free, kind: "div", g: g - floor, d: to - from, prods },
  ];
}

/** Grows the columns of bids, ways and pairs. */
class Columns {
  readonly #book: Book;
  readonly #capacity: Float64Array;
  readonly #slotSeconds: number;
  readonly #linkOf: Int32Array;
  readonly #poolsOf: readonly (readonly number[])[];
  readonly #fewest: Float64Array;
  readonly #most: Float64Array;
  readonly #roomOf = new Map<number, number>();
  readonly #rooms: Int32Array[] = [];
  readonly #bid = {
    index: n(),
    kind: n(),
    g: n(),
    from: n(),
    to: n(),
    budget: n(),
    reclaimable: n(),
    group: n(),
    parent: n(),
    ways: [0],
    pairs: [0],
  };
  readonly #rowOf = new Map<ItemId, number>();
  readonly #groupOf = new Map<ItemId, number>();
  readonly #groups: number[][] = [];
  readonly #parentIds = new Map<number, ItemId>();
  readonly #way = {
    pool: n(),
    d: n(),
    limit: n(),
    net: n(),
    link: n(),
    gigabits: n(),
    unit: n(),
    stage: n(),
    room: n(),
    span: n(),
  };
  readonly #span = { pool: n(), d: n() };
  readonly #spanOf = new Map<number, number>();
  readonly #pair = { first: n(), second: n(), link: n(), gigabits: n(), chunk: n(), net: n() };

  constructor(book: Book, capacity: Float64Array, slotSeconds: number) {
    const { T, pools, products } = book;
    this.#book = book;
    this.#capacity = capacity;
    this.#slotSeconds = slotSeconds;
    this.#linkOf = linksBetween(book);
    this.#poolsOf = products.map((_, p) => pools.flatMap((pool, k) => (pool.p === p ? [k] : [])));
    const rows = pools.map((_, k) => capacity.subarray(k * T, (k + 1) * T));
    this.#fewest = Float64Array.from(rows, (row) => row.reduce((a, b) => Math.min(a, b), Infinity));
    this.#most = Float64Array.from(rows, (row) => row.reduce((a, b) => Math.max(a, b), 0));
  }

  add(bid: Bid, index: number, id: ItemId): void {
    this.#rowOf.set(id, this.#bid.index.length);
    if (bid.kind !== "service") this.#addRow(bid, index);
    else {
      const [floor, beyond] = serviceRows(bid);
      const row = this.#addRow(floor, index);
      if (beyond.g > 0) this.#bid.parent[this.#addRow(beyond, index)] = row;
    }
  }

  #addRow(bid: Bid, index: number): number {
    const row = this.#bid.index.length;
    const div = bid.kind === "div";
    const whole = div ? commonMultiple(bid.prods.map((choice) => slotsNeeded(bid, choice))) : 0;
    const own = this.#bid;
    own.index.push(index);
    own.kind.push(div ? DIV : bid.kind === "split" ? SPLIT : BLOCK);
    own.g.push(bid.g);
    own.from.push(bid.from);
    own.to.push(bid.to);
    own.budget.push(bid.g * whole);
    own.reclaimable.push(bid.reclaimable ? 1 : 0);
    own.group.push(bid.group === undefined ? -1 : this.#join(bid.group, row));
    own.parent.push(-1);
    if (bid.parent !== undefined) this.#parentIds.set(row, bid.parent);
    const first = this.#way.pool.length;
    const split = bid.kind === "split" && (bid.kmax ?? 2) >= 2;
    for (const choice of bid.prods)
      for (const pool of this.#poolsOf[choice.p] ?? []) this.#addWay(bid, choice, pool, whole, split);
    own.ways.push(this.#way.pool.length);
    if (split) this.#addPairs(bid, first);
    own.pairs.push(this.#pair.first.length);
    return row;
  }

  #join(group: ItemId, row: number): number {
    const known = this.#groupOf.get(group) ?? this.#groups.push([]) - 1;
    this.#groupOf.set(group, known);
    this.#groups[known]?.push(row);
    return known;
  }

  #addWay(bid: Bid, choice: Choice, pool: number, whole: number, split: boolean): void {
    const { pools, centers, links } = this.#book;
    const c = pools[pool]?.c ?? 0;
    if (bid.pools && !bid.pools.includes(pool)) return;
    if (bid.regions && !bid.regions.includes(centers[c]?.region ?? -1)) return;
    const div = bid.kind === "div";
    const d = slotsNeeded(bid, choice);
    if (!div && d > bid.to - bid.from) return;
    const room = div || bid.g <= (this.#fewest[pool] ?? 0) ? -1 : this.#room(pool, bid.g);
    if (room === NEVER_ALONE && !split) return;
    const away = c !== bid.home;
    const index = away ? (this.#linkOf[bid.home * centers.length + c] ?? -1) : -1;
    const link = links[index];
    if (away && (link?.latMs ?? Infinity) > (bid.maxLat ?? Infinity)) return;
    const data = away && !div ? (bid.dataGB ?? 0) : 0;
    const stage = data > 0 ? (bid.stage ?? 0) : 0;
    const gigabits = data > 0 ? stagingOf(bid).gigabits : 0;
    if (data > 0 && (!link || gigabits > link.gbps * this.#slotSeconds || stage + d > bid.to)) return;
    const way = this.#way;
    way.pool.push(pool);
    way.d.push(d);
    way.limit.push(choice.limit);
    way.net.push(div ? 0 : choice.limit * bid.g * d - data * (link?.perGB ?? 0));
    way.link.push(data > 0 ? index : -1);
    way.gigabits.push(gigabits);
    way.stage.push(stage);
    way.unit.push(div ? whole / d : 0);
    way.room.push(room);
    way.span.push(this.#spanIn(pool, d));
  }

  #spanIn(pool: number, d: number): number {
    const key = d * this.#book.pools.length + pool;
    const known = this.#spanOf.get(key);
    if (known !== undefined) return known;
    this.#spanOf.set(key, this.#span.pool.length);
    this.#span.pool.push(pool);
    this.#span.d.push(d);
    return this.#span.pool.length - 1;
  }

  #room(pool: number, g: number): number {
    if (g > (this.#most[pool] ?? 0)) return NEVER_ALONE;
    const key = g * this.#book.pools.length + pool;
    const known = this.#roomOf.get(key);
    if (known !== undefined) return known;
    const { T } = this.#book;
    const row = new Int32Array(T);
    for (let t = T - 1, run = 0; t >= 0; t--) {
      run = (this.#capacity[pool * T + t] ?? 0) >= g ? run + 1 : 0;
      row[t] = run;
    }
    this.#roomOf.set(key, this.#rooms.length);
    this.#rooms.push(row);
    return this.#rooms.length - 1;
  }

  #addPairs(bid: Bid, first: number): void {
    const chunk = bid.chunk ?? 1;
    const { pool, d, limit, net } = this.#way;
    if (bid.g % chunk > 0 || bid.g < 2 * chunk) return;
    for (let one = first; one < pool.length; one++)
      for (let other = first; other < pool.length; other++) {
        const [a, b] = [this.#book.pools[pool[one] ?? 0], this.#book.pools[pool[other] ?? 0]];
        if (!a || !b || a.p !== b.p || a.c >= b.c) continue;
        const index = this.#linkOf[a.c * this.#book.centers.length + b.c] ?? -1;
        const link = this.#book.links[index];
        if (!link || link.latMs > (bid.syncLat ?? Infinity) || (bid.bw ?? 0) > link.gbps) continue;
        const value = (limit[one] ?? 0) * bid.g * (d[one] ?? 0);
        const pair = this.#pair;
        pair.first.push(one);
        pair.second.push(other);
        pair.link.push(index);
        pair.gigabits.push((bid.bw ?? 0) * this.#slotSeconds);
        pair.chunk.push(chunk);
        pair.net.push((net[one] ?? 0) + (net[other] ?? 0) - value);
      }
  }

  done() {
    const bid = this.#bid;
    const way = this.#way;
    const pair = this.#pair;
    for (const [row, id] of this.#parentIds) bid.parent[row] = this.#rowOf.get(id) ?? -1;
    const children = Map.groupBy(bid.parent.keys(), (row) => bid.parent[row] ?? -1);
    children.delete(-1);
    return {
      bids: bid.index.length,
      index: Int32Array.from(bid.index),
      kind: Uint8Array.from(bid.kind),
      g: Int32Array.from(bid.g),
      from: Int32Array.from(bid.from),
      to: Int32Array.from(bid.to),
      budget: Float64Array.from(bid.budget),
      reclaimable: Uint8Array.from(bid.reclaimable),
      group: Int32Array.from(bid.group),
      groups: this.#groups,
      parent: Int32Array.from(bid.parent),
      children,
      wayStart: Int32Array.from(bid.ways),
      wayPool: Int32Array.from(way.pool),
      wayD: Int32Array.from(way.d),
      wayLimit: Float64Array.from(way.limit),
      wayNet: Float64Array.from(way.net),
      wayLink: Int32Array.from(way.link),
      wayGigabits: Float64Array.from(way.gigabits),
      wayStage: Int32Array.from(way.stage),
      wayUnit: Float64Array.from(way.unit),
      wayRoom: Int32Array.from(way.room),
      rooms: this.#rooms,
      waySpan: Int32Array.from(way.span),
      spanPool: Int32Array.from(this.#span.pool),
      spanD: Int32Array.from(this.#span.d),
      pairStart: Int32Array.from(bid.pairs),
      pairFirst: Int32Array.from(pair.first),
      pairSecond: Int32Array.from(pair.second),
      pairLink: Int32Array.from(pair.link),
      pairGigabits: Float64Array.from(pair.gigabits),
      pairChunk: Int32Array.from(pair.chunk),
      pairNet: Float64Array.from(pair.net),
    };
  }
}

function n(): number[] {
  return [];
}

/** Link of every ordered pair of centers, by `linkBetween`'s rule; -1 without one. */
function linksBetween({ centers, links }: Book): Int32Array {
  const between = new Int32Array(centers.length * centers.length).fill(-1);
  const claim = (at: number, index: number) => {
    if (between[at] === -1) between[at] = index;
  };
  links.forEach(({ a, b }, index) => {
    claim(a * centers.length + b, index);
  });
  links.forEach(({ a, b }, index) => {
    claim(b * centers.length + a, index);
  });
  return between;
}

function commonMultiple(values: readonly number[]): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return values.reduce((a, b) => (a / divisor(a, b)) * b, 1);
}
