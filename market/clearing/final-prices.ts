import { mayEnter } from "./conditions.ts";
import { bestAlone } from "./demand.ts";
import { copyPrices, type Prices, type PriceTables, refreshSums, refreshTables, tablesOf } from "./guide.ts";
import { DIV, isBarredFrom, type Model, offeredTo } from "./model.ts";
import { priceOf, type Scarce, supplyPrice, type Wish, wishOf } from "./scarce-price.ts";
import { firstWay, isServed, type Schedule, secondWay, slackWithoutLinks, slotsOf } from "./schedule.ts";
import { eachStaged } from "./staging.ts";

/** Starts looked at in all sweeps together: a budget of work, so that the answer never depends on the machine. */
const WORK = 6_000_000;
const SWEEPS = 3;

/** The least and the most that each cell and each link slot may cost, given what is sold. */
interface PriceRange {
  readonly floor: Prices;
  readonly ceiling: Prices;
}

/**
 * Prices of a schedule in which nobody loses at the floors. They start from the guide, brought into their range and
 * lowered until nobody loses; in books that are not too large each scarce cell or link slot, one after the other, is then
 * set to what the best excluded use of it would pay, and never to more than those who have it can bear.
 */
export function finalPrices(schedule: Schedule, guide: Prices): Prices {
  const { model } = schedule;
  const range = priceRange(schedule);
  const tables = tablesOf(model, within(model, range, guide));
  lowerForFills(schedule, tables);
  lowerForGangs(schedule, range, tables);
  refreshTables(model, tables);
  settleAll(schedule, range, tables);
  return notAboveLimits(schedule, tables);
}

/**
 * A traded cell costs its last accepted step at least, an untraded one carries its cheapest cost. Above an unsold step
 * a price rises only where gangs that would gain may be too large for what is left of it. A link slot costs nothing
 * unless it is exhausted: nothing that somebody would stage still fits.
 */
function priceRange({ model, used, floor, linkUsed, nextStep, nextCards }: Schedule): PriceRange {
  const low = Float64Array.from(floor, (cost, cell) =>
    (used[cell] ?? 0) > 0 ? cost : (model.cheapest[cell] ?? 0),
  );
  const largest = largestWanting(model);
  const high = Float64Array.from(low, (cost, cell) => {
    if ((used[cell] ?? 0) === 0) return cost;
    const left = model.stepCost[nextStep[cell] ?? 0] === cost ? (nextCards[cell] ?? 0) : 0;
    return left >= Math.max(1, largest[cell] ?? 0) ? cost : Infinity;
  });
  const smallest = smallestStaging(model);
  const linkHigh = Float64Array.from(linkUsed, (gigabits, at) => {
    const link = Math.floor(at / model.T);
    const left = (model.linkCapacity[link] ?? 0) - gigabits;
    return gigabits > 0 && left < (smallest[link] ?? Infinity) ? Infinity : 0;
  });
  return {
    floor: { cells: low, links: new Float64Array(linkUsed.length) },
    ceiling: { cells: high, links: linkHigh },
  };
}

/** The largest number of cards that any bid could have of each cell. */
function largestWanting(model: Model): Float64Array {
  const { T, wayPool, g, from, to } = model;
  const largest = new Float64Array(model.capacity.length);
  for (let bid = 0; bid < model.bids; bid++) {
    const offered = offeredTo(model, bid);
    for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
      const at = (wayPool[way] ?? 0) * T;
      for (let cell = at + (from[bid] ?? 0), last = at + (to[bid] ?? 0); cell < last; cell++)
        largest[cell] = Math.max(largest[cell] ?? 0, Math.min(g[bid] ?? 0, offered[cell] ?? 0));
    }
  }
  return largest;
}

function smallestStaging({ wayLink, wayGigabits, links }: Model): Float64Array {
  const smallest = new Float64Array(links).fill(Infinity);
  for (let way = 0; way < wayLink.length; way++) {
    const link = wayLink[way] ?? -1;
    if (link >= 0) smallest[link] = Math.min(smallest[link] ?? Infinity, wayGigabits[way] ?? Infinity);
  }
  return smallest;
}

function within({ tick }: Model, { floor, ceiling }: PriceRange, guide: Prices): Prices {
  const clamp = (value: number, low: number, high: number) =>
    Math.max(low, Math.min(high, Math.floor(value / tick) * tick));
  return {
    cells: guide.cells.map((value, i) => clamp(value, floor.cells[i] ?? 0, ceiling.cells[i] ?? 0)),
    links: guide.links.map((value, i) => clamp(value, floor.links[i] ?? 0, ceiling.links[i] ?? 0)),
  };
}

function lowerForFills({ model, fills }: Schedule, { cells }: Prices): void {
  for (const own of fills)
    own?.cells.forEach((cell, i) => {
      cells[cell] = Math.min(cells[cell] ?? 0, model.wayLimit[own.ways[i] ?? 0] ?? 0);
    });
}

/** Calls back for every cell and link slot that a gang has: cards, or gigabits. */
function eachTaken(
  { model, choice, start, share }: Schedule,
  bid: number,
  cell: (cell: number, cards: number) => void,
  link: (slot: number, gigabits: number) => void,
): void {
  const chosen = choice[bid] ?? -1;
  const from = start[bid] ?? 0;
  const d = slotsOf(model, chosen);
  const second = secondWay(model, chosen);
  const part = (way: number, cards: number) => {
    const at = (model.wayPool[way] ?? 0) * model.T + from;
    for (let i = at; i < at + d; i++) cell(i, cards);
    eachStaged(model, way, from, link);
  };
  part(firstWay(model, chosen), share[bid] ?? 0);
  if (second < 0) return;
  part(second, (model.g[bid] ?? 0) - (share[bid] ?? 0));
  if (model.pairGigabits[-2 - chosen] === 0) return;
  const at = (model.pairLink[-2 - chosen] ?? 0) * model.T + from;
  for (let i = at; i < at + d; i++) link(i, model.pairGigabits[-2 - chosen] ?? 0);
}

/** What a gang gains at prices: value at the limit, less transfer, less what it pays, link payments rounded up. */
function slackAt(schedule: Schedule, bid: number, { cells, links }: Prices): number {
  let carried = 0;
  eachTaken(
    schedule,
    bid,
    () => undefined,
    (slot, gigabits) => {
      carried += (links[slot] ?? 0) * gigabits;
    },
  );
  return slackWithoutLinks(schedule, bid, cells) - Math.ceil(carried / schedule.model.slotSeconds);
}

/** Takes from each cell and link of a losing bid in proportion to what its price has above the floor. */
function lowerForGangs(schedule: Schedule, { floor }: PriceRange, prices: Prices): void {
  const { tick } = schedule.model;
  for (let bid = 0; bid < schedule.choice.length; bid++) {
    if (schedule.choice[bid] === -1) continue;
    for (let tries = 0; tries < 3; tries++) {
      const slack = slackAt(schedule, bid, prices);
      if (slack >= 0) break;
      const room = slackAt(schedule, bid, floor) - slack;
      // The last try goes down to the floors, at which nobody loses.
      const keep = tries === 2 || room <= 0 ? 0 : Math.max(0, 1 + slack / room);
      const lower = (row: Float64Array, low: Float64Array, i: number) => {
        const above = (row[i] ?? 0) - (low[i] ?? 0);
        row[i] = (low[i] ?? 0) + Math.floor((above * keep) / tick) * tick;
      };
      eachTaken(
        schedule,
        bid,
        (cell) => lower(prices.cells, floor.cells, cell),
        (slot) => lower(prices.links, floor.links, slot),
      );
    }
  }
}

/** What prices are settled from: who has what, who wants what, and how far each price may go. */
interface Settling {
  readonly schedule: Schedule;
  readonly range: PriceRange;
  readonly holders: Holders;
  readonly wanting: Wanting;
  readonly tables: PriceTables;
}

function settleAll(schedule: Schedule, range: PriceRange, tables: PriceTables): void {
  const { model } = schedule;
  const scarce = scarceOnes(schedule, range);
  const wanting = wantingOf(schedule);
  if (sweepWork(model, scarce, wanting) > WORK / SWEEPS) return;
  const settling: Settling = { schedule, range, holders: holdersOf(schedule), wanting, tables };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let changed = false;
    for (const one of scarce) changed = settle(settling, one) || changed;
    if (!changed) break;
  }
  refreshTables(model, tables);
  for (let bid = 0; bid < model.bids; bid++) {
    if (isServed(schedule, bid) || !mayEnter(schedule, bid)) continue;
    if (model.kind[bid] === DIV) raiseForDivisible(settling, bid);
    else raiseForGang(settling, bid);
  }
}

/** Times that prices are raised for one bid. */
const RAISES = 64;

/**
 * A gang left out that would still gain: each price by itself stays low as long as the gang could go elsewhere, so the
 * prices of its best place are raised, one place after the other, as far as those who have it can bear.
 */
function raiseForGang(settling: Settling, bid: number): void {
  const { schedule, tables } = settling;
  const { model } = schedule;
  const { T, tick } = model;
  for (let raises = 0; raises < RAISES; raises++) {
    const place = bestAlone(model, tables, bid);
    if (place === undefined) return;
    const pool = model.wayPool[place.way] ?? 0;
    const first = pool * T + place.start;
    let left = Math.ceil(place.gain / (model.g[bid] ?? 1) / tick) * tick;
    for (let cell = first; cell < first + (model.wayD[place.way] ?? 0) && left > 0; cell++)
      left -= raise(settling, cell, left);
    refreshSums(model, tables, pool);
    if (left > 0) return;
  }
}

/** A div bid that has not all: no cell that it still wants is cheaper than its limit, as far as others can bear that. */
function raiseForDivisible(settling: Settling, bid: number): void {
  const { schedule, tables } = settling;
  const { model } = schedule;
  const { T, wayPool, wayLimit } = model;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
    const at = (wayPool[way] ?? 0) * T;
    for (let cell = at + (model.from[bid] ?? 0); cell < at + (model.to[bid] ?? 0); cell++)
      if (!hasAllIn(schedule, bid, cell))
        raise(settling, cell, (wayLimit[way] ?? 0) - (tables.cells[cell] ?? 0));
    refreshSums(model, tables, wayPool[way] ?? 0);
  }
}

/** The other cards of the cell are not for a div bid that takes firm ones only. */
function hasAllIn({ model, fills }: Schedule, bid: number, cell: number): boolean {
  if (!isBarredFrom(model, bid, cell)) return false;
  const own = fills[bid];
  return (own?.cards[own.cells.indexOf(cell)] ?? 0) >= (offeredTo(model, bid)[cell] ?? 0);
}

/** Raises the price of a cell by so much, or by what those who have it can bear; says by how much. */
function raise(settling: Settling, cell: number, by: number): number {
  const { schedule, range, tables } = settling;
  if (by <= 0 || range.ceiling.cells[cell] !== Infinity) return 0;
  const { T } = schedule.model;
  const borne = bearable(settling, { kind: "cell", row: Math.floor(cell / T), slot: cell % T });
  const rise = Math.max(0, Math.min(by, borne - (tables.cells[cell] ?? 0)));
  tables.cells[cell] = (tables.cells[cell] ?? 0) + rise;
  return rise;
}

function scarceOnes({ model, used, linkUsed }: Schedule, { floor, ceiling }: PriceRange): Scarce[] {
  const found: Scarce[] = [];
  const look = (kind: Scarce["kind"], taken: Float64Array, low: Float64Array, high: Float64Array) => {
    for (let i = 0; i < taken.length; i++)
      if ((taken[i] ?? 0) > 0 && (low[i] ?? 0) < (high[i] ?? 0))
        found.push({ kind, row: Math.floor(i / model.T), slot: i % model.T });
  };
  look("cell", used, floor.cells, ceiling.cells);
  look("link", linkUsed, floor.links, ceiling.links);
  return found;
}

/** Bids that nothing else bars with a way into each pool, and with a way over each link. */
interface Wanting {
  readonly pools: readonly number[][];
  readonly links: readonly number[][];
}

function wantingOf(schedule: Schedule): Wanting {
  const { model } = schedule;
  const pools: number[][] = Array.from({ length: model.pools }, () => []);
  const links: number[][] = Array.from({ length: model.links }, () => []);
  for (let bid = 0; bid < model.bids; bid++) {
    if (!mayEnter(schedule, bid)) continue;
    for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
      pools[model.wayPool[way] ?? 0]?.push(bid);
      const over = links[model.wayLink[way] ?? -1];
      if (over && over.at(-1) !== bid) over.push(bid);
    }
  }
  return { pools, links };
}

/** Starts that one sweep would look at. */
function sweepWork(model: Model, scarce: readonly Scarce[], wanting: Wanting): number {
  const workOf = (bids: readonly number[]) =>
    bids.reduce((sum, bid) => sum + waysOf(model, bid) * ((model.to[bid] ?? 0) - (model.from[bid] ?? 0)), 0);
  const pools = wanting.pools.map(workOf);
  const links = wanting.links.map(workOf);
  return scarce.reduce((sum, { kind, row }) => sum + ((kind === "cell" ? pools[row] : links[row]) ?? 0), 0);
}

function waysOf({ wayStart }: Model, bid: number): number {
  return (wayStart[bid + 1] ?? 0) - (wayStart[bid] ?? 0);
}

/** Sets one price to that of the best excluded use; true if it moved. */
function settle(settling: Settling, scarce: Scarce): boolean {
  const { schedule, range, tables, wanting } = settling;
  const { model } = schedule;
  const at = scarce.row * model.T + scarce.slot;
  const rows = scarce.kind === "cell" ? "cells" : "links";
  const bids = (scarce.kind === "cell" ? wanting.pools : wanting.links)[scarce.row] ?? [];
  const excluded = supplyPrice(model, scarce, wishesOf(model, bids, tables, scarce));
  const wanted = Math.ceil(excluded / model.tick) * model.tick;
  const most = Math.min(range.ceiling[rows][at] ?? 0, wanted, bearable(settling, scarce));
  const price = Math.max(range.floor[rows][at] ?? 0, most);
  if (price === priceOf(model, tables, scarce)) return false;
  tables[rows][at] = price;
  if (scarce.kind === "cell") refreshSums(model, tables, scarce.row);
  return true;
}

function wishesOf(model: Model, bids: readonly number[], tables: PriceTables, scarce: Scarce): Wish[] {
  const wishes: Wish[] = [];
  for (const bid of bids) {
    if ((model.from[bid] ?? 0) > scarce.slot || (model.to[bid] ?? 0) <= scarce.slot) continue;
    const wish = wishOf(model, bid, tables, scarce);
    if (wish && wish.upTo > 0) wishes.push(wish);
  }
  return wishes.sort((x, y) => y.upTo - x.upTo);
}

/** The highest price, in whole ticks, of one cell or link slot that all who have it can bear, all others as they are. */
function bearable({ schedule, holders, tables }: Settling, scarce: Scarce): number {
  const { model } = schedule;
  const now = priceOf(model, tables, scarce);
  const at = scarce.row * model.T + scarce.slot;
  let most = Infinity;
  if (scarce.kind === "cell") for (const limit of holders.fills[at] ?? []) most = Math.min(most, limit);
  for (const { bid, units } of (scarce.kind === "cell" ? holders.cells : holders.links)[at] ?? [])
    most = Math.min(most, now + slackAt(schedule, bid, tables) / units);
  return Math.floor(most / model.tick) * model.tick;
}

/** Who has something of each cell and link slot: cards or Gbps of gangs, and the limits of div bids. */
interface Holders {
  readonly cells: readonly { bid: number; units: number }[][];
  readonly links: readonly { bid: number; units: number }[][];
  readonly fills: readonly number[][];
}

function holdersOf(schedule: Schedule): Holders {
  const { model, choice, fills } = schedule;
  const cells: { bid: number; units: number }[][] = Array.from(schedule.used, () => []);
  const links: { bid: number; units: number }[][] = Array.from(schedule.linkUsed, () => []);
  const filled: number[][] = Array.from(schedule.used, () => []);
  for (let bid = 0; bid < model.bids; bid++) {
    if (choice[bid] !== -1)
      eachTaken(
        schedule,
        bid,
        (cell, units) => cells[cell]?.push({ bid, units }),
        (slot, gigabits) => links[slot]?.push({ bid, units: gigabits / model.slotSeconds }),
      );
    const own = fills[bid];
    own?.cells.forEach((cell, i) => {
      filled[cell]?.push(model.wayLimit[own.ways[i] ?? 0] ?? 0);
    });
  }
  return { cells, links, fills: filled };
}

/**
 * No price above the highest limit of those who buy in its cell: a gang pays for all of its slots together, so scarcity
 * may gather in one of them, where it would say nothing to anybody. Prices only fall, and never below the cost of the
 * last card sold; so nobody accepted loses by it.
 */
function notAboveLimits(schedule: Schedule, prices: Prices): Prices {
  const { model, floor, choice, fills } = schedule;
  const highest = new Float64Array(prices.cells.length);
  const buys = (cell: number, way: number) => {
    highest[cell] = Math.max(highest[cell] ?? 0, model.wayLimit[way] ?? 0);
  };
  for (let bid = 0; bid < model.bids; bid++) {
    const chosen = choice[bid] ?? -1;
    if (chosen !== -1)
      eachTaken(
        schedule,
        bid,
        (cell) => buys(cell, firstWay(model, chosen)),
        () => undefined,
      );
    const own = fills[bid];
    own?.cells.forEach((cell, i) => {
      buys(cell, own.ways[i] ?? 0);
    });
  }
  const limited = copyPrices(prices);
  for (let cell = 0; cell < highest.length; cell++) {
    const limit = highest[cell] ?? 0;
    if (limit > 0)
      limited.cells[cell] = Math.min(limited.cells[cell] ?? 0, Math.max(limit, floor[cell] ?? 0));
  }
  return limited;
}
