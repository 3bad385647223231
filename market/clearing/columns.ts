import {
  type Bid,
  type Book,
  type Choice,
  compareIds,
  type ItemId,
  slotsNeeded,
  stagingOf,
} from "./instance.ts";
import { BLOCK, DIV, NEVER_ALONE, SPLIT } from "./model.ts";
import { Rooms } from "./rooms.ts";
import type { Supply } from "./supply.ts";

/**
 * Bids up to which gangs lose the starts at which they could not pay. In larger books no few gangs decide: there the bound
 * hardly gained by it, and the schedules did not.
 */
const STRUCK_OUT = 20_000;

/** Bids, ways and pairs, in the columns of the model. */
export function compileBids(book: Book, supply: Supply, slotSeconds: number) {
  const order = book.bids
    .map((bid, index) => ({ bid, index, rank: bid.rank ?? index, id: bid.id ?? index }))
    .sort((x, y) => x.rank - y.rank || compareIds(x.id, y.id));
  const columns = new Columns(book, supply, slotSeconds);
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
  readonly #slotSeconds: number;
  readonly #linkOf: Int32Array;
  readonly #poolsOf: readonly (readonly number[])[];
  /** For gangs that take cards that may be reclaimed as well, and for firm ones. */
  readonly #rooms: { readonly any: Rooms; readonly firm: Rooms };
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

  constructor(book: Book, supply: Supply, slotSeconds: number) {
    const { pools, products } = book;
    this.#book = book;
    this.#slotSeconds = slotSeconds;
    this.#linkOf = linksBetween(book);
    this.#poolsOf = products.map((_, p) => pools.flatMap((pool, k) => (pool.p === p ? [k] : [])));
    const struckOut = book.bids.length <= STRUCK_OUT;
    const any = new Rooms(book.T, pools.length, supply, struckOut);
    const firm = { ...supply, capacity: supply.firmCapacity };
    this.#rooms = {
      any,
      firm: supply.anyReclaimable ? new Rooms(book.T, pools.length, firm, struckOut, any.rows) : any,
    };
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
    const away = c !== bid.home;
    const index = away ? (this.#linkOf[bid.home * centers.length + c] ?? -1) : -1;
    const link = links[index];
    if (away && (link?.latMs ?? Infinity) > (bid.maxLat ?? Infinity)) return;
    const data = away && !div ? (bid.dataGB ?? 0) : 0;
    const stage = data > 0 ? (bid.stage ?? 0) : 0;
    const gigabits = data > 0 ? stagingOf(bid).gigabits : 0;
    if (data > 0 && (!link || gigabits > link.gbps * this.#slotSeconds || stage + d > bid.to)) return;
    const net = div ? 0 : choice.limit * bid.g * d - data * (link?.perGB ?? 0);
    const rooms = bid.reclaimable ? this.#rooms.any : this.#rooms.firm;
    const room = div ? -1 : rooms.roomOf({ ...bid, pool, d, net });
    if (room === NEVER_ALONE && !split) return;
    const way = this.#way;
    way.pool.push(pool);
    way.d.push(d);
    way.limit.push(choice.limit);
    way.net.push(net);
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

  /** One that has a way. */
  #isGang(row: number): boolean {
    const { kind, ways } = this.#bid;
    return kind[row] !== DIV && (ways[row] ?? 0) < (ways[row + 1] ?? 0);
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
      gangCards: bid.g.reduce((sum, cards, row) => (this.#isGang(row) ? sum + cards : sum), 0),
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
      rooms: this.#rooms.any.rows,
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
