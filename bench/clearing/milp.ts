import type { Bid, Book, Choice, ItemId } from "../../market/clearing/instance.ts";
import {
  DEFAULT_SLOT_SECONDS,
  energyAt,
  linkBetween,
  slotsNeeded,
  stagingOf,
} from "../../market/clearing/instance.ts";

/** What a column gives a bid, `bid` and `pool` being indexes in the book. */
export type Award =
  /** A gang's run, or a service's floor, if the column is 1; `beside`: with the rest of a split bid in another pool. */
  | {
      readonly kind: "run";
      readonly bid: number;
      readonly pool: number;
      readonly start: number;
      readonly beside?: Beside;
    }
  /** As many cards as the column says. */
  | { readonly kind: "cards"; readonly bid: number; readonly pool: number; readonly slot: number };

/** The other pool of a split bid, and the column that says how many chunks are in the first. */
interface Beside {
  readonly pool: number;
  readonly chunks: number;
}

/**
 * The clearing problem as a mixed-integer program, exact but for prices and minimum runs: the rules of the interchange
 * format, except rule 7, under which nobody accepted may lose, and rule 12, under which offers sell so many slots in a
 * row. Its optimum is therefore never below what the market can reach. Of rule 7 it keeps what a column shows by itself:
 * a gang that could not pay the last of its own cards is in no result.
 *
 * Time-indexed: one binary column for each bid, pool and start that fits (enough cards offered throughout, the data
 * fits the link, and it would gain if it were alone there); for a split bid, one for each pair of pools and
 * start, with a whole number of chunks; for a div bid, one column for each cell; for a service, one for its floor in
 * each pool and one for each slot of what it has beyond. One column for each step of offers in a cell. One row a bid, a
 * cell, the firm cards of a cell where others may be reclaimed, a group, a start of a child, and a slot of a link that
 * could be overbooked.
 */
export interface Milp {
  /** Mills, to be maximised. */
  readonly gain: number[];
  readonly upper: number[];
  readonly integer: boolean[];
  /** By column; those of offers, of chunks and of what excludes one another give nobody anything. */
  readonly awards: Map<number, Award>;
  /** Rows `sum <= limit`. */
  readonly rows: { readonly columns: number[]; readonly values: number[]; limit: number }[];
}

interface Way {
  readonly pool: number;
  readonly choice: Choice;
  readonly d: number;
  readonly transfer: number;
  /** Of the data: -1 without; so many Gbps in each slot, and the slots before the start in which they move, 0: in it. */
  readonly link: number;
  readonly stagingGbps: number;
  readonly ahead: number;
}

/** Where a bid may start, and where it ends then. */
interface Run {
  readonly column: number;
  readonly start: number;
  readonly end: number;
}

interface Builder {
  readonly book: Book;
  readonly seconds: number;
  readonly milp: Milp;
  readonly indexOf: ReadonlyMap<Bid, number>;
  /** Row of each cell, its cards, its cheapest cost, and its steps as `[cost, cards]`, cheapest first. */
  readonly cards: Float64Array;
  readonly cheapest: Float64Array;
  readonly stacks: Map<number, readonly (readonly [number, number])[]>;
  /** Rows of the firm cards of those cells that offer others, too. */
  readonly firmRows: Map<number, Milpable>;
  /** Of each gang: its possible runs. Of each group: columns of which at most one is 1. */
  readonly runs: Map<Bid, Run[]>;
  readonly groups: Map<ItemId, number[]>;
  /** What columns take of link slots, to become rows. */
  readonly onLinks: Map<number, { columns: number[]; values: number[] }>;
}

type Milpable = Milp["rows"][number];

export function milpOf(book: Book): Milp {
  const cells = book.pools.length * book.T;
  const milp: Milp = { gain: [], upper: [], integer: [], awards: new Map(), rows: [] };
  const builder: Builder = {
    book,
    seconds: book.slotSeconds ?? DEFAULT_SLOT_SECONDS,
    milp,
    indexOf: new Map(book.bids.map((bid, b) => [bid, b])),
    cards: new Float64Array(cells),
    cheapest: new Float64Array(cells).fill(Infinity),
    firmRows: new Map(),
    stacks: new Map(),
    runs: new Map(),
    groups: new Map(),
    onLinks: new Map(),
  };
  for (let cell = 0; cell < cells; cell++) milp.rows.push({ columns: [], values: [], limit: 0 });
  addOffers(builder);
  addFirmRows(builder);
  for (const bid of book.bids) {
    if (bid.kind === "div") addDivisible(builder, bid);
    else if (bid.kind === "service") addService(builder, bid);
    else addGang(builder, bid);
  }
  for (const columns of builder.groups.values()) atMostOne(builder, columns);
  addParents(builder);
  addLinks(builder);
  return milp;
}

function addColumn({ milp }: Builder, gain: number, upper: number, integer: boolean): number {
  milp.gain.push(gain);
  milp.upper.push(upper);
  milp.integer.push(integer);
  return milp.gain.length - 1;
}

/** `column` gives a bid a run. */
function awardRun(
  { milp, indexOf }: Builder,
  bid: Bid,
  way: Way,
  start: number,
  column: number,
  beside?: Beside,
) {
  const run = { kind: "run", bid: indexOf.get(bid) ?? 0, pool: way.pool, start } as const;
  milp.awards.set(column, beside ? { ...run, beside } : run);
}

/** `column` gives a bid cards of a cell. */
function awardCards({ book, milp, indexOf }: Builder, bid: Bid, cell: number, column: number): void {
  const [pool, slot] = [Math.floor(cell / book.T), cell % book.T];
  milp.awards.set(column, { kind: "cards", bid: indexOf.get(bid) ?? 0, pool, slot });
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
  const { book, milp, cards, cheapest } = builder;
  const steps = new Map<number, Map<number, number>>();
  for (const { pool, from, to, q, reserve } of book.offers) {
    if (q === 0) continue;
    const of = book.pools[pool];
    if (of === undefined) continue;
    for (let t = from; t < to; t++) {
      const energy = energyAt(book, of, t);
      const cell = pool * book.T + t;
      const own = steps.get(cell) ?? new Map<number, number>();
      own.set(reserve + energy, (own.get(reserve + energy) ?? 0) + q);
      steps.set(cell, own);
    }
  }
  for (const [cell, own] of steps) {
    builder.stacks.set(
      cell,
      [...own].sort(([x], [y]) => x - y),
    );
    for (const [cost, q] of own) {
      put(milp.rows[cell], addColumn(builder, -cost, q, false), -1);
      cards[cell] = (cards[cell] ?? 0) + q;
      cheapest[cell] = Math.min(cheapest[cell] ?? Infinity, cost);
    }
  }
}

/** Rule 13: firm cards, where there are others. */
function addFirmRows(builder: Builder): void {
  const { book, cards, firmRows } = builder;
  for (const offer of book.offers) {
    if (!offer.reclaimable || offer.q === 0) continue;
    for (let t = offer.from; t < offer.to; t++) {
      const cell = offer.pool * book.T + t;
      const row = firmRows.get(cell) ?? addRow(builder, cards[cell] ?? 0);
      row.limit -= offer.q;
      firmRows.set(cell, row);
    }
  }
}

/** Rule 5: the pools that a bid may use. */
function waysOf({ book, seconds }: Builder, bid: Bid): Way[] {
  return book.pools.flatMap(({ c, p }, pool): Way[] => {
    const choice = bid.prods.find((one) => one.p === p);
    if (!choice || (bid.pools && !bid.pools.includes(pool))) return [];
    if (bid.regions && !bid.regions.includes(book.centers[c]?.region ?? -1)) return [];
    const d = slotsNeeded(bid, choice);
    const way = { pool, choice, d, transfer: 0, link: -1, stagingGbps: 0, ahead: 0 };
    if (c === bid.home) return [way];
    const index = linkBetween(book.links, bid.home, c);
    const link = book.links[index];
    if (bid.maxLat !== undefined && (link?.latMs ?? Infinity) > bid.maxLat) return [];
    const data = bid.kind === "div" ? 0 : (bid.dataGB ?? 0);
    if (data === 0) return [way];
    const ahead = bid.stage ?? 0;
    const { gigabits } = stagingOf(bid);
    if (!link || gigabits > link.gbps * seconds) return [];
    return [{ ...way, transfer: data * link.perGB, link: index, stagingGbps: gigabits / seconds, ahead }];
  });
}

/** The cost of the last of so many cards of a cell; Infinity: there are fewer. */
function lastCost({ stacks }: Builder, cell: number, cards: number): number {
  let left = cards;
  for (const [cost, q] of stacks.get(cell) ?? []) {
    left -= q;
    if (left <= 0) return cost;
  }
  return Infinity;
}

/** Starts at which so many cards are offered throughout, with what each of them is paid at least: the last one's cost. */
function fitting(builder: Builder, bid: Bid, way: Way, least: number): [number, number][] {
  const { book } = builder;
  const starts: [number, number][] = [];
  for (let start = Math.max(bid.from, way.ahead); start + way.d <= bid.to; start++) {
    let cost = 0;
    for (let cell = way.pool * book.T + start; cell < way.pool * book.T + start + way.d; cell++)
      cost += lastCost(builder, cell, least);
    if (cost < Infinity) starts.push([start, cost]);
  }
  return starts;
}

function addGang(builder: Builder, bid: Bid): void {
  const ways = waysOf(builder, bid);
  const runs: Run[] = [];
  for (const way of ways)
    for (const [start, cost] of fitting(builder, bid, way, bid.g)) {
      const net = way.choice.limit * bid.g * way.d - way.transfer;
      if (net - cost * bid.g < 0) continue;
      const column = addColumn(builder, net, 1, true);
      awardRun(builder, bid, way, start, column);
      takeCards(builder, bid, way, start, column, bid.g);
      stage(builder, way, start, column);
      runs.push({ column, start, end: start + way.d });
    }
  if (bid.kind === "split" && (bid.kmax ?? 2) >= 2) runs.push(...addPairs(builder, bid, ways));
  builder.runs.set(bid, runs);
  const columns = runs.map(({ column }) => column);
  if (columns.length > 0) atMostOne(builder, columns);
  joinGroup(builder, bid, columns);
}

/** Rule 10: one column for the floor in each pool, and one for each slot of what the service has there beyond it. */
function addService(builder: Builder, bid: Bid): void {
  const { book, cheapest, cards } = builder;
  const floor = bid.floor ?? bid.g;
  const floors: number[] = [];
  for (const way of waysOf(builder, bid))
    for (const [start, cost] of fitting(builder, bid, way, floor)) {
      const net = way.choice.limit * floor * way.d - way.transfer;
      if (net - cost * floor < 0) continue;
      const column = addColumn(builder, net, 1, true);
      awardRun(builder, bid, way, start, column);
      takeCards(builder, bid, way, start, column, floor);
      stage(builder, way, start, column);
      floors.push(column);
      for (let t = start; t < start + way.d; t++) {
        const cell = way.pool * book.T + t;
        const most = Math.min(bid.g, cards[cell] ?? 0) - floor;
        if (most === 0 || way.choice.limit < (cheapest[cell] ?? Infinity)) continue;
        const extra = addColumn(builder, way.choice.limit, most, true);
        awardCards(builder, bid, cell, extra);
        takeCell(builder, bid, cell, extra, 1);
        const onlyWithFloor = addRow(builder, 0);
        put(onlyWithFloor, extra, 1);
        put(onlyWithFloor, column, -most);
      }
    }
  if (floors.length > 0) atMostOne(builder, floors);
  joinGroup(builder, bid, floors);
}

function atMostOne(builder: Builder, columns: readonly number[]): void {
  const row = addRow(builder, 1);
  for (const column of columns) put(row, column, 1);
}

/** Rule 8. */
function joinGroup({ groups }: Builder, { group }: Bid, columns: readonly number[]): void {
  if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), ...columns]);
}

/** Rule 9: a child has started by a slot only if its parent has ended by then. */
function addParents(builder: Builder): void {
  const byId = new Map(builder.book.bids.map((bid, b) => [bid.id ?? b, bid]));
  for (const [bid, runs] of builder.runs) {
    const parent = bid.parent === undefined ? undefined : byId.get(bid.parent);
    if (parent === undefined) continue;
    for (const slot of new Set(runs.map(({ start }) => start))) {
      const row = addRow(builder, 0);
      for (const { column, start } of runs) if (start <= slot) put(row, column, 1);
      for (const { column, end } of builder.runs.get(parent) ?? []) if (end <= slot) put(row, column, -1);
    }
  }
}

function takeCards(builder: Builder, bid: Bid, way: Way, start: number, column: number, cards: number): void {
  for (let t = start; t < start + way.d; t++)
    takeCell(builder, bid, way.pool * builder.book.T + t, column, cards);
}

function takeCell(
  { milp, firmRows }: Builder,
  { reclaimable }: Bid,
  cell: number,
  column: number,
  cards: number,
): void {
  put(milp.rows[cell], column, cards);
  if (!reclaimable) put(firmRows.get(cell), column, cards);
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
  if (way.link < 0) return;
  const first = start - way.ahead;
  for (let t = first; t < first + Math.max(1, way.ahead); t++)
    takeLink(builder, way.link, t, column, way.stagingGbps);
}

/** Rule 3: `z` runs the bid in both pools, `n` chunks of it in the first: z <= n <= (all chunks - 1) z. */
function addPairs(builder: Builder, bid: Bid, ways: readonly Way[]): Run[] {
  const { book } = builder;
  const chunk = bid.chunk ?? 1;
  const chunks = bid.g / chunk;
  if (!Number.isInteger(chunks) || chunks < 2) return [];
  const runs: Run[] = [];
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
        awardRun(builder, bid, first, start, z, { pool: second.pool, chunks: n });
        const atLeast = addRow(builder, 0);
        put(atLeast, z, 1);
        put(atLeast, n, -1);
        const atMost = addRow(builder, 0);
        put(atMost, n, 1);
        put(atMost, z, 1 - chunks);
        takeCards(builder, bid, first, start, n, chunk);
        takeCards(builder, bid, second, start, z, bid.g);
        takeCards(builder, bid, second, start, n, -chunk);
        stage(builder, first, start, z);
        stage(builder, second, start, z);
        if ((bid.bw ?? 0) > 0)
          for (let t = start; t < start + first.d; t++) takeLink(builder, sync, t, z, bid.bw ?? 0);
        runs.push({ column: z, start, end: start + first.d });
      }
    }
  return runs;
}

/**
 * Rule 4. With one length for all products the cells, slots and the whole of a bid are nested, as are the steps of a
 * cell, so the columns come out whole by themselves; otherwise, and in a group, they must be declared so.
 */
function addDivisible(builder: Builder, bid: Bid): void {
  const { book, cards, cheapest } = builder;
  const ways = waysOf(builder, bid);
  const whole = new Set(ways.map(({ d }) => d)).size > 1 || bid.group !== undefined;
  // 1 if it has anything.
  const any = bid.group === undefined ? -1 : addColumn(builder, 0, 1, true);
  if (any >= 0) joinGroup(builder, bid, [any]);
  const perSlot = new Map<number, Milpable>();
  const longest = Math.max(0, ...ways.map(({ d }) => d));
  let budget: Milpable | null = null;
  for (const { pool, choice, d } of ways)
    for (let t = bid.from; t < bid.to; t++) {
      const cell = pool * book.T + t;
      if (choice.limit < (cheapest[cell] ?? Infinity)) continue;
      const column = addColumn(builder, choice.limit, Math.min(bid.g, cards[cell] ?? 0), whole);
      awardCards(builder, bid, cell, column);
      takeCell(builder, bid, cell, column, 1);
      const slot = perSlot.get(t) ?? addRow(builder, any < 0 ? bid.g : 0);
      if (any >= 0 && !perSlot.has(t)) put(slot, any, -bid.g);
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
