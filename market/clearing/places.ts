import { leastOffered } from "./demand.ts";
import type { PriceTables } from "./guide.ts";
import { DIV, type Model, NEVER_ALONE } from "./model.ts";
import { chunksBetween, pairLinkPrice } from "./pairs.ts";
import { firstWay, netOf, secondWay, slotsOf } from "./schedule.ts";
import { stagingPrice } from "./staging.ts";

/** Places at most for the ways to share a gang between two pools. */
const SHARES = 8;

/**
 * Every place that a gang could take, in columns and by chooser: a bid, or a group, of which one member at most gets
 * anything. Where there are many ways to share a gang between two pools, a place stands for several.
 */
export interface Places {
  readonly count: number;
  readonly choosers: number;
  /** Div bids of each chooser. */
  readonly divisible: readonly (readonly number[])[];

  readonly chooser: Int32Array;
  readonly bid: Int32Array;
  /** A way, or -2 - pair. */
  readonly choice: Int32Array;
  readonly start: Int32Array;
  readonly d: Int32Array;
  /** Value at the limit less transfer, mills. */
  readonly net: Float64Array;
  /** Where the start stands in the sums of the first pool and, -1 without one, of the second. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Cards in the first pool at least and at most. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** 1: it uses a link. */
  readonly linked: Uint8Array;
}

/** @returns undefined where there are more than `most` */
export function placesOf(model: Model, most: number): Places | undefined {
  const members = choosersOf(model);
  const rows: Row[] = [];
  for (const [chooser, bids] of members.entries())
    for (const bid of bids) {
      if (model.kind[bid] !== DIV) rows.push(...rowsOf(model, bid, chooser));
      if (rows.length > most) return undefined;
    }
  const ints = (of: (row: Row) => number) => Int32Array.from(rows, of);
  return {
    count: rows.length,
    choosers: members.length,
    divisible: members.map((bids) => bids.filter((bid) => model.kind[bid] === DIV)),
    chooser: ints((row) => row.chooser),
    bid: ints((row) => row.bid),
    choice: ints((row) => row.choice),
    start: ints((row) => row.start),
    d: ints(({ choice }) => slotsOf(model, choice)),
    net: Float64Array.from(rows, ({ choice }) => netOf(model, choice)),
    first: ints(({ choice, start }) => sumAt(model, firstWay(model, choice), start)),
    second: ints(({ choice, start }) => sumAt(model, secondWay(model, choice), start)),
    low: ints((row) => row.low),
    high: ints((row) => row.high),
    linked: Uint8Array.from(rows, ({ choice }) => (usesLink(model, choice) ? 1 : 0)),
  };
}

interface Row {
  readonly chooser: number;
  readonly bid: number;
  readonly choice: number;
  readonly start: number;
  readonly low: number;
  readonly high: number;
}

/** Groups as they are, every other bid by itself. */
function choosersOf({ bids, group, groups }: Model): (readonly number[])[] {
  const alone: number[][] = [];
  for (let bid = 0; bid < bids; bid++) if (group[bid] === -1) alone.push([bid]);
  return [...alone, ...groups];
}

function rowsOf(model: Model, bid: number, chooser: number): Row[] {
  const rows: Row[] = [];
  const g = model.g[bid] ?? 0;
  const from = model.from[bid] ?? 0;
  const to = model.to[bid] ?? 0;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
    const d = model.wayD[way] ?? 0;
    for (let start = from; start + d <= to; start++)
      if (hasRoom(model, way, start)) rows.push({ chooser, bid, choice: way, start, low: g, high: g });
  }
  for (let pair = model.pairStart[bid] ?? 0, end = model.pairStart[bid + 1] ?? 0; pair < end; pair++) {
    const choice = -2 - pair;
    for (let start = from; start + slotsOf(model, choice) <= to; start++) {
      for (const { low, high } of sharesOf(model, bid, pair, start))
        rows.push({ chooser, bid, choice, start, low, high });
    }
  }
  return rows;
}

function hasRoom(model: Model, way: number, start: number): boolean {
  const room = model.wayRoom[way] ?? 0;
  if (room === NEVER_ALONE || !canStage(model, way, start)) return false;
  return room < 0 || (model.rooms[room]?.[start] ?? 0) >= (model.wayD[way] ?? 0);
}

/** The data can have come by then. */
function canStage({ wayLink, wayStage }: Model, way: number, start: number): boolean {
  return (wayLink[way] ?? -1) < 0 || start >= (wayStage[way] ?? 0);
}

/** Cards that the first pool of a pair may have, in ranges. */
function sharesOf(model: Model, bid: number, pair: number, start: number) {
  const chunk = model.pairChunk[pair] ?? 1;
  const first = model.pairFirst[pair] ?? 0;
  const second = model.pairSecond[pair] ?? 0;
  if (!canStage(model, first, start) || !canStage(model, second, start)) return [];
  const offered = (way: number) =>
    leastOffered(model, bid, model.wayPool[way] ?? 0, start, model.wayD[first] ?? 0);
  const { fewest, most } = chunksBetween(model, bid, pair, offered(first), offered(second));
  const width = Math.ceil((most - fewest + 1) / SHARES);
  const ranges: { low: number; high: number }[] = [];
  for (let n = fewest; n <= most; n += width)
    ranges.push({ low: n * chunk, high: Math.min(most, n + width - 1) * chunk });
  return ranges;
}

function sumAt({ wayPool, T }: Model, way: number, start: number): number {
  return way < 0 ? -1 : (wayPool[way] ?? 0) * (T + 1) + start;
}

function usesLink(model: Model, choice: number): boolean {
  const staged = (way: number) => way >= 0 && (model.wayLink[way] ?? -1) >= 0;
  return choice < 0 || staged(choice);
}

/** Cards in the first pool that are cheapest at prices: at given ones that is an extreme share. */
export function cheapestShare(
  { first, second, d, low, high }: Places,
  { sums }: PriceTables,
  i: number,
): number {
  const other = second[i] ?? -1;
  if (other < 0) return high[i] ?? 0;
  const slots = d[i] ?? 0;
  return sumFrom(sums, first[i] ?? 0, slots) <= sumFrom(sums, other, slots) ? (high[i] ?? 0) : (low[i] ?? 0);
}

/** What a place pays at prices at least, mills: cards and links. */
export function paidFor(model: Model, places: Places, tables: PriceTables, i: number): number {
  const { first, second, d, high, linked } = places;
  const other = second[i] ?? -1;
  const slots = d[i] ?? 0;
  if (other < 0 && linked[i] === 0) return sumFrom(tables.sums, first[i] ?? 0, slots) * (high[i] ?? 0);
  const share = cheapestShare(places, tables, i);
  let paid = sumFrom(tables.sums, first[i] ?? 0, slots) * share;
  if (other >= 0) paid += sumFrom(tables.sums, other, slots) * ((model.g[places.bid[i] ?? 0] ?? 0) - share);
  return paid + paidForLinks(model, places, tables, i);
}

function sumFrom(sums: Float64Array, at: number, slots: number): number {
  return (sums[at + slots] ?? 0) - (sums[at] ?? 0);
}

function paidForLinks(model: Model, { choice, start }: Places, { links }: PriceTables, i: number): number {
  const chosen = choice[i] ?? 0;
  const from = start[i] ?? 0;
  return chosen >= 0
    ? stagingPrice(model, links, chosen, from)
    : pairLinkPrice(model, links, -2 - chosen, from);
}
