import type { Bid, Book, Choice } from "../../market/clearing/instance.ts";
import {
  DEFAULT_SLOT_SECONDS,
  DEFAULT_TICK,
  energyCost,
  linkBetween,
  slotsNeeded,
} from "../../market/clearing/instance.ts";

/**
 * The clearing problem as a mixed-integer program, exact but for prices: rules 1 to 6 of the interchange format, and
 * not rule 7, under which nobody accepted may lose. Its optimum is therefore never below what the market can reach.
 *
 * Time-indexed: one binary column for each bid, pool and start that fits (enough cards offered throughout, the data
 * fits the link, and it would gain against the cheapest cards there); for a split bid, one for each pair of pools and
 * start, with a whole number of chunks; for a div bid, one column for each cell. One column for each step of offers in
 * a cell. One row a bid, a cell, and a slot of a link that could be overbooked.
 */
export interface Milp {
  /** Mills, to be maximised. */
  readonly gain: number[];
  readonly upper: number[];
  readonly integer: boolean[];
  /** Rows `sum <= limit`. */
  readonly rows: { readonly columns: number[]; readonly values: number[]; limit: number }[];
}

interface Way {
  readonly pool: number;
  readonly choice: Choice;
  readonly d: number;
  readonly transfer: number;
  readonly link: number;
  readonly stagingGbps: number;
}

interface Builder {
  readonly book: Book;
  readonly seconds: number;
  readonly milp: Milp;
  /** Row of each cell, its cards and its cheapest cost. */
  readonly cards: Float64Array;
  readonly cheapest: Float64Array;
  /** What columns take of link slots, to become rows. */
  readonly onLinks: Map<number, { columns: number[]; values: number[] }>;
}

type Milpable = Milp["rows"][number];

export function milpOf(book: Book): Milp {
  const cells = book.pools.length * book.T;
  const milp: Milp = { gain: [], upper: [], integer: [], rows: [] };
  const builder: Builder = {
    book,
    seconds: book.slotSeconds ?? DEFAULT_SLOT_SECONDS,
    milp,
    cards: new Float64Array(cells),
    cheapest: new Float64Array(cells).fill(Infinity),
    onLinks: new Map(),
  };
  for (let cell = 0; cell < cells; cell++) milp.rows.push({ columns: [], values: [], limit: 0 });
  addOffers(builder);
  for (const bid of book.bids) {
    if (bid.kind === "div") addDivisible(builder, bid);
    else addGang(builder, bid);
  }
  addLinks(builder);
  return milp;
}

function addColumn({ milp }: Builder, gain: number, upper: number, integer: boolean): number {
  milp.gain.push(gain);
  milp.upper.push(upper);
  milp.integer.push(integer);
  return milp.gain.length - 1;
}

function put(row: Milpable | undefined, column: number, value: number): void {
  row?.columns.push(column);
  row?.values.push(value);
}

function addRow({ milp }: Builder, limit: number): Milpable {
  const row: Milpable = { columns: [], values: [], limit };
  milp.rows.push(row);
  return row;
}

/** Cards sold in a cell are at most those of its steps that are taken. */
function addOffers(builder: Builder): void {
  const { book, milp, seconds, cards, cheapest } = builder;
  const steps = new Map<number, Map<number, number>>();
  for (const { pool, from, to, q, reserve } of book.offers) {
    if (q === 0) continue;
    const { c, p } = book.pools[pool] ?? { c: -1, p: -1 };
    const center = book.centers[c];
    for (let t = from; t < to; t++) {
      const kw = book.products[p]?.kw ?? 0;
      const energy = energyCost(
        kw,
        center?.pue ?? 0,
        (center?.energy[t] ?? 0) + (center?.carbon?.[t] ?? 0),
        seconds,
        book.tick ?? DEFAULT_TICK,
      );
      const cell = pool * book.T + t;
      const own = steps.get(cell) ?? new Map<number, number>();
      own.set(reserve + energy, (own.get(reserve + energy) ?? 0) + q);
      steps.set(cell, own);
    }
  }
  for (const [cell, own] of steps)
    for (const [cost, q] of own) {
      put(milp.rows[cell], addColumn(builder, -cost, q, false), -1);
      cards[cell] = (cards[cell] ?? 0) + q;
      cheapest[cell] = Math.min(cheapest[cell] ?? Infinity, cost);
    }
}

/** Rule 5: the pools that a bid may use. */
function waysOf({ book, seconds }: Builder, bid: Bid): Way[] {
  return book.pools.flatMap(({ c, p }, pool): Way[] => {
    const choice = bid.prods.find((one) => one.p === p);
    if (!choice || (bid.pools && !bid.pools.includes(pool))) return [];
    if (bid.regions && !bid.regions.includes(book.centers[c]?.region ?? -1)) return [];
    const way = { pool, choice, d: slotsNeeded(bid, choice), transfer: 0, link: -1, stagingGbps: 0 };
    if (c === bid.home) return [way];
    const index = linkBetween(book.links, bid.home, c);
    const link = book.links[index];
    if (bid.maxLat !== undefined && (link?.latMs ?? Infinity) > bid.maxLat) return [];
    const data = bid.kind === "div" ? 0 : (bid.dataGB ?? 0);
    if (data === 0) return [way];
    const stagingGbps = (data * 8) / seconds;
    if (!link || data * 8 > link.gbps * seconds) return [];
    return [{ ...way, transfer: data * link.perGB, link: index, stagingGbps }];
  });
}

/** Starts at which so many cards are offered throughout, with the least that they cost each. */
function fitting({ book, cards, cheapest }: Builder, bid: Bid, way: Way, least: number): [number, number][] {
  const starts: [number, number][] = [];
  for (let start = bid.from; start + way.d <= bid.to; start++) {
    let cost = 0;
    for (let cell = way.pool * book.T + start; cell < way.pool * book.T + start + way.d; cell++)
      cost += (cards[cell] ?? 0) >= least ? (cheapest[cell] ?? Infinity) : Infinity;
    if (cost < Infinity) starts.push([start, cost]);
  }
  return starts;
}

function addGang(builder: Builder, bid: Bid): void {
  const ways = waysOf(builder, bid);
  const once: number[] = [];
  for (const way of ways)
    for (const [start, cost] of fitting(builder, bid, way, bid.g)) {
      const net = way.choice.limit * bid.g * way.d - way.transfer;
      if (net - cost * bid.g < 0) continue;
      const column = addColumn(builder, net, 1, true);
      takeCards(builder, way, start, column, bid.g);
      stage(builder, way, start, column);
      once.push(column);
    }
  if (bid.kind === "split" && (bid.kmax ?? 2) >= 2) once.push(...addPairs(builder, bid, ways));
  if (once.length === 0) return;
  const row = addRow(builder, 1);
  for (const column of once) put(row, column, 1);
}

function takeCards({ book, milp }: Builder, way: Way, start: number, column: number, cards: number): void {
  for (let t = start; t < start + way.d; t++) put(milp.rows[way.pool * book.T + t], column, cards);
}

function takeLink(
  { book, onLinks }: Builder,
  link: number,
  slot: number,
  column: number,
  gbps: number,
): void {
  const key = link * book.T + slot;
  const own = onLinks.get(key) ?? { columns: [], values: [] };
  // A split bid may stage data over the link that joins its parts: one entry, for HiGHS takes no two.
  const before = own.columns.at(-1) === column ? (own.values.pop() ?? 0) : 0;
  if (before === 0) own.columns.push(column);
  own.values.push(before + gbps);
  onLinks.set(key, own);
}

function stage(builder: Builder, way: Way, start: number, column: number): void {
  if (way.link >= 0) takeLink(builder, way.link, start, column, way.stagingGbps);
}

/** Rule 3: `z` runs the bid in both pools, `n` chunks of it in the first: z <= n <= (all chunks - 1) z. */
function addPairs(builder: Builder, bid: Bid, ways: readonly Way[]): number[] {
  const { book } = builder;
  const chunk = bid.chunk ?? 1;
  const chunks = bid.g / chunk;
  if (!Number.isInteger(chunks) || chunks < 2) return [];
  const columns: number[] = [];
  for (const first of ways)
    for (const second of ways) {
      const [a, b] = [book.pools[first.pool]?.c ?? 0, book.pools[second.pool]?.c ?? 0];
      if (first.choice !== second.choice || a >= b) continue;
      const sync = linkBetween(book.links, a, b);
      const link = book.links[sync];
      if (!link || link.latMs > (bid.syncLat ?? Infinity) || (bid.bw ?? 0) > link.gbps) continue;
      const there = new Set(fitting(builder, bid, second, chunk).map(([start]) => start));
      for (const [start] of fitting(builder, bid, first, chunk)) {
        if (!there.has(start)) continue;
        const net = first.choice.limit * bid.g * first.d - first.transfer - second.transfer;
        const z = addColumn(builder, net, 1, true);
        const n = addColumn(builder, 0, chunks - 1, true);
        const atLeast = addRow(builder, 0);
        put(atLeast, z, 1);
        put(atLeast, n, -1);
        const atMost = addRow(builder, 0);
        put(atMost, n, 1);
        put(atMost, z, 1 - chunks);
        takeCards(builder, first, start, n, chunk);
        takeCards(builder, second, start, z, bid.g);
        takeCards(builder, second, start, n, -chunk);
        stage(builder, first, start, z);
        stage(builder, second, start, z);
        if ((bid.bw ?? 0) > 0)
          for (let t = start; t < start + first.d; t++) takeLink(builder, sync, t, z, bid.bw ?? 0);
        columns.push(z);
      }
    }
  return columns;
}

/**
 * Rule 4. With one length for all products the cells, slots and the whole of a bid are nested, as are the steps of a
 * cell, so the columns come out whole by themselves; otherwise they must be declared so.
 */
function addDivisible(builder: Builder, bid: Bid): void {
  const { book, milp, cards, cheapest } = builder;
  const ways = waysOf(builder, bid);
  const whole = new Set(ways.map(({ d }) => d)).size > 1;
  const perSlot = new Map<number, Milpable>();
  const longest = Math.max(0, ...ways.map(({ d }) => d));
  let budget: Milpable | null = null;
  for (const { pool, choice, d } of ways)
    for (let t = bid.from; t < bid.to; t++) {
      const cell = pool * book.T + t;
      if (choice.limit < (cheapest[cell] ?? Infinity)) continue;
      const column = addColumn(builder, choice.limit, Math.min(bid.g, cards[cell] ?? 0), whole);
      put(milp.rows[cell], column, 1);
      const slot = perSlot.get(t) ?? addRow(builder, bid.g);
      perSlot.set(t, slot);
      put(slot, column, 1);
      budget ??= addRow(builder, bid.g * longest);
      put(budget, column, longest / d);
    }
}

/** Only where all that could use a link slot would overbook it. */
function addLinks(builder: Builder): void {
  const { book, milp, onLinks } = builder;
  for (const [key, { columns, values }] of onLinks) {
    const limit = book.links[Math.floor(key / book.T)]?.gbps ?? 0;
    const most = values.reduce((sum, value) => sum + value, 0);
    if (most > limit) milp.rows.push({ columns, values, limit });
  }
}
