import { leastFrom, type PriceTables } from "./guide.ts";
import { DIV, type Model, NEVER_ALONE, offeredTo } from "./model.ts";
import { chunksBetween } from "./pairs.ts";
import { addCell, nextBest, rankCells, rankedCells } from "./ranked-cells.ts";
import { lostToRounding } from "./rounding.ts";
import { firstWay, type Place, secondWay, slotsOf } from "./schedule.ts";
import { addStaging, stagingPrice } from "./staging.ts";

/** What every bid would take at some prices, as if it were alone; and what that comes to. */
export interface Demand {
  /** Cards wanted, and cards that sellers would sell below the price, by cell. */
  readonly wanted: Float64Array;
  readonly supplied: Float64Array;
  /** Gigabits wanted by link slot. */
  readonly linkWanted: Float64Array;
  /** Of each bid: the surplus of its best choice, 0 if it would rather stay away. */
  readonly surplus: Float64Array;
  /** Its way, -1 without one, or -2 - pair; and its start. */
  readonly choice: Int32Array;
  readonly start: Int32Array;
}

export function emptyDemand(model: Model): Demand {
  return {
    wanted: new Float64Array(model.capacity.length),
    supplied: new Float64Array(model.capacity.length),
    linkWanted: new Float64Array(model.links * model.T),
    surplus: new Float64Array(model.bids),
    choice: new Int32Array(model.bids).fill(-1),
    start: new Int32Array(model.bids),
  };
}

/**
 * Sets the demand at prices and answers with the upper bound of any result's welfare that follows from it by weak
 * duality: what every bid could gain, plus what every seller could gain, plus link prices times capacity; and what that
 * may have lost to rounding. Mills.
 * @param prices tables that are up to their prices
 */
export function demandAt(model: Model, prices: PriceTables, demand: Demand): number {
  demand.wanted.fill(0);
  demand.linkWanted.fill(0);
  const sold = sellersSurplus(model, prices, demand.supplied);
  const gained = buyersSurplus(model, prices, demand);
  return sold + gained + lostToRounding(model, prices, gained);
}

/** What is held already, and by whom. */
export interface Held {
  readonly used: Float64Array;
  readonly linkUsed: Float64Array;
  has(bid: number): boolean;
}

/** Demand at prices when some bids have what they hold, and nothing else. */
export function demandBeside(model: Model, prices: PriceTables, demand: Demand, held: Held): void {
  demand.wanted.set(held.used);
  demand.linkWanted.set(held.linkUsed);
  sellersSurplus(model, prices, demand.supplied);
  buyersSurplus(model, prices, demand, held);
}

/**
 * Adds the demand of all bids, but those that hold something already, and sums up what they gain by it. Of a group only
 * the member that gains most counts. A child counts as if it had its parent, which can only raise the sum.
 */
function buyersSurplus(model: Model, prices: PriceTables, demand: Demand, held?: Held): number {
  let sum = 0;
  for (let bid = 0; bid < model.bids; bid++) {
    if (model.group[bid] !== -1 || held?.has(bid)) continue;
    sum += want(model, prices, demand, bid);
    addDemand(model, demand, bid);
  }
  for (const members of model.groups) {
    if (held && members.some((bid) => held.has(bid))) continue;
    for (const bid of members) want(model, prices, demand, bid);
    const surplus = (bid: number) => demand.surplus[bid] ?? 0;
    const best = members.reduce((one, other) => (surplus(other) > surplus(one) ? other : one));
    sum += want(model, prices, demand, best);
    addDemand(model, demand, best);
  }
  return sum;
}

/** What a bid gains at prices, as if it were alone, mills; what it would take stands in `found` or in `wishes`. */
function want(model: Model, prices: PriceTables, demand: Demand, bid: number): number {
  return model.kind[bid] === DIV
    ? wantDivisible(model, prices, demand, bid)
    : wantGang(model, prices, demand, bid);
}

/** The whole number of mills that an upper bound stands for: welfare is whole. */
export function wholeBound(bound: number): number {
  return Math.floor(bound);
}

/** Sets what sellers would sell below the prices; answers with what they, and links, gain by it. Mills. */
export function sellersSurplus(model: Model, { cells, links }: PriceTables, supplied: Float64Array): number {
  const { stepStart, stepCost, stepCards, linkCapacity, T, slotSeconds } = model;
  let sum = 0;
  for (let cell = 0; cell < cells.length; cell++) {
    const price = cells[cell] ?? 0;
    let cards = 0;
    for (let step = stepStart[cell] ?? 0, end = stepStart[cell + 1] ?? 0; step < end; step++) {
      const cost = stepCost[step] ?? 0;
      if (cost >= price) break;
      const q = stepCards[step] ?? 0;
      sum += (price - cost) * q;
      cards += q;
    }
    supplied[cell] = cards;
  }
  for (let at = 0; at < links.length; at++) {
    const price = links[at] ?? 0;
    if (price > 0) sum += (price * (linkCapacity[Math.floor(at / T)] ?? 0)) / slotSeconds;
  }
  return sum;
}

/** The best way and start found so far for one gang. */
const found = { gain: 0, choice: -1, start: 0, share: 0 };

/** The way that was best at the last prices is looked at first: beside it few others need a second look. */
function wantGang(model: Model, prices: PriceTables, demand: Demand, bid: number): number {
  const { wayStart, wayNet, wayD, waySpan, pairStart, pairNet } = model;
  const g = model.g[bid] ?? 0;
  const from = model.from[bid] ?? 0;
  const to = model.to[bid] ?? 0;
  found.gain = 0;
  found.choice = -1;
  const last = demand.choice[bid] ?? -1;
  if (last >= 0) lookInPool(model, prices, bid, last);
  for (let way = wayStart[bid] ?? 0, end = wayStart[bid + 1] ?? 0; way < end; way++)
    if (
      way !== last &&
      (wayNet[way] ?? 0) - leastFrom(prices, waySpan[way] ?? 0, from, to - (wayD[way] ?? 0)) * g >= found.gain
    )
      lookInPool(model, prices, bid, way);
  for (let pair = pairStart[bid] ?? 0, end = pairStart[bid + 1] ?? 0; pair < end; pair++)
    if ((pairNet[pair] ?? 0) - leastOfPair(model, prices, bid, pair) * g > found.gain)
      lookInPair(model, prices, bid, pair);
  demand.surplus[bid] = found.gain;
  demand.choice[bid] = found.choice;
  demand.start[bid] = found.start;
  return found.gain;
}

/** Where a gang gains most in a single pool, if it gains at all; undefined: nowhere. Gain in mills. */
export function bestAlone(
  model: Model,
  prices: PriceTables,
  bid: number,
): { readonly gain: number; readonly way: number; readonly start: number } | undefined {
  found.gain = 0;
  found.choice = -1;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++)
    lookInPool(model, prices, bid, way);
  return found.choice === -1 ? undefined : { gain: found.gain, way: found.choice, start: found.start };
}

function lookInPool(model: Model, { sums, links, pricedLinks }: PriceTables, bid: number, way: number): void {
  const { T } = model;
  const room = model.wayRoom[way] ?? 0;
  if (room === NEVER_ALONE) return;
  const g = model.g[bid] ?? 0;
  const d = model.wayD[way] ?? 0;
  const net = model.wayNet[way] ?? 0;
  const link = model.wayLink[way] ?? 0;
  const from = model.from[bid] ?? 0;
  const at = (model.wayPool[way] ?? 0) * (T + 1);
  const first = at + from;
  const last = at + (model.to[bid] ?? 0) - d;
  let least = Infinity;
  let where = first;
  if (room < 0 && (link < 0 || (pricedLinks[link] === 0 && model.wayStage[way] === 0))) {
    for (let s = first; s <= last; s++) {
      const sum = (sums[s + d] ?? 0) - (sums[s] ?? 0);
      if (sum < least) {
        least = sum;
        where = s;
      }
    }
    least *= g;
  } else {
    const runs = model.rooms[room];
    for (let s = first; s <= last; s++) {
      if (runs && (runs[s - at] ?? 0) < d) continue;
      const paid = ((sums[s + d] ?? 0) - (sums[s] ?? 0)) * g + stagingPrice(model, links, way, s - at);
      if (paid < least) {
        least = paid;
        where = s;
      }
    }
  }
  const gain = net - least;
  // Of equal ones the earlier way, whichever was looked at first.
  if (gain < found.gain || (gain === found.gain && (gain <= 0 || (found.choice >= 0 && found.choice < way))))
    return;
  found.gain = gain;
  found.choice = way;
  found.start = where - at;
  found.share = g;
}

function leastOfPair(model: Model, prices: PriceTables, bid: number, pair: number): number {
  const { waySpan } = model;
  const first = model.pairFirst[pair] ?? 0;
  const from = model.from[bid] ?? 0;
  const last = (model.to[bid] ?? 0) - (model.wayD[first] ?? 0);
  return Math.min(
    leastFrom(prices, waySpan[first] ?? 0, from, last),
    leastFrom(prices, waySpan[model.pairSecond[pair] ?? 0] ?? 0, from, last),
  );
}

function lookInPair(
  model: Model,
  { sums, links, pricedLinks }: PriceTables,
  bid: number,
  pair: number,
): void {
  const { T, wayPool, wayD, slotSeconds } = model;
  const first = model.pairFirst[pair] ?? 0;
  const second = model.pairSecond[pair] ?? 0;
  const link = model.pairLink[pair] ?? 0;
  const chunk = model.pairChunk[pair] ?? 1;
  const net = model.pairNet[pair] ?? 0;
  const d = wayD[first] ?? 0;
  const g = model.g[bid] ?? 0;
  const onePool = wayPool[first] ?? 0;
  const otherPool = wayPool[second] ?? 0;
  const rate = (model.pairGigabits[pair] ?? 0) / slotSeconds;
  for (let start = model.from[bid] ?? 0; start + d <= (model.to[bid] ?? 0); start++) {
    const one = (sums[onePool * (T + 1) + start + d] ?? 0) - (sums[onePool * (T + 1) + start] ?? 0);
    const other = (sums[otherPool * (T + 1) + start + d] ?? 0) - (sums[otherPool * (T + 1) + start] ?? 0);
    if (net - Math.min(one, other) * g <= found.gain) continue;
    const inFirst = leastOffered(model, bid, onePool, start, d);
    const inSecond = leastOffered(model, bid, otherPool, start, d);
    const { fewest, most } = chunksBetween(model, bid, pair, inFirst, inSecond);
    if (fewest > most) continue;
    // At given prices the cheapest share is an extreme one.
    const cards = (one <= other ? most : fewest) * chunk;
    let gain = net - one * cards - other * (g - cards);
    gain -= stagingPrice(model, links, first, start) + stagingPrice(model, links, second, start);
    if (pricedLinks[link] === 1)
      for (let t = start; t < start + d; t++) gain -= (links[link * T + t] ?? 0) * rate;
    if (gain <= found.gain) continue;
    found.gain = gain;
    found.choice = -2 - pair;
    found.start = start;
    found.share = cards;
  }
}

/** Cards that a bid could have of a pool in the scarcest of some slots. */
export function leastOffered(model: Model, bid: number, pool: number, start: number, d: number): number {
  const offered = offeredTo(model, bid);
  const first = pool * model.T + start;
  let least = Infinity;
  for (let cell = first; cell < first + d; cell++) least = Math.min(least, offered[cell] ?? 0);
  return least;
}

/** Adds what `want` has just found. */
function addDemand(model: Model, demand: Demand, bid: number): void {
  if (model.kind[bid] === DIV) addDivisible(demand);
  else if (found.choice !== -1) addGang(model, demand, bid, found);
}

/** Adds what `wantDivisible` has just found. */
export function addDivisible({ wanted }: Demand): void {
  for (let i = wishes.waiting; i < wishes.count; i++) {
    const row = wishes.heap[i] ?? 0;
    const cell = wishes.cell[row] ?? 0;
    wanted[cell] = (wanted[cell] ?? 0) + (wishes.cards[row] ?? 0);
  }
}

/** Adds what a gang takes in a place. */
export function addGang(model: Model, demand: Demand, bid: number, { choice, start, share }: Place): void {
  const first = firstWay(model, choice);
  addWay(model, demand, first, start, share);
  if (choice >= 0) return;
  addWay(model, demand, secondWay(model, choice), start, (model.g[bid] ?? 0) - share);
  const at = (model.pairLink[-2 - choice] ?? 0) * model.T + start;
  for (let i = at; i < at + slotsOf(model, choice); i++)
    demand.linkWanted[i] = (demand.linkWanted[i] ?? 0) + (model.pairGigabits[-2 - choice] ?? 0);
}

function addWay(
  model: Model,
  { wanted, linkWanted }: Demand,
  way: number,
  start: number,
  cards: number,
): void {
  const { T, wayPool, wayD } = model;
  const cell = (wayPool[way] ?? 0) * T + start;
  for (let i = cell, end = cell + (wayD[way] ?? 0); i < end; i++) wanted[i] = (wanted[i] ?? 0) + cards;
  addStaging(model, linkWanted, way, start, 1);
}

/** Cells that a div bid would take: their merit is what a card gains. */
const wishes = rankedCells();

/**
 * A div bid at prices takes cells by falling margin, as far as offered cards, g per slot and the budget go. That is
 * exact where all products that it may gain by take the same share of the budget; where they differ the smallest counts
 * for all, which keeps the bound an upper one.
 * @param first and `end`: of its ways only these
 */
export function wantDivisible(
  model: Model,
  { cells }: PriceTables,
  demand: Demand,
  bid: number,
  first = model.wayStart[bid] ?? 0,
  end = model.wayStart[bid + 1] ?? 0,
): number {
  demand.choice[bid] = -1;
  demand.surplus[bid] = 0;
  wishes.count = 0;
  bestBySlot(model, cells, first, end, bid);
  const unit = leastUnit(model, cells, first, end, bid);
  let budget = Math.floor((model.budget[bid] ?? 0) / unit);
  let sum = 0;
  rankCells(wishes);
  while (budget > 0) {
    const row = nextBest(wishes);
    if (row < 0) break;
    const cards = Math.min(budget, wishes.cards[row] ?? 0);
    wishes.cards[row] = cards;
    sum += cards * (wishes.merit[row] ?? 0);
    budget -= cards;
  }
  demand.surplus[bid] = sum;
  return sum;
}

/** Of the ways by which some cell gains; Infinity: of none. */
function leastUnit(model: Model, cells: Float64Array, first: number, end: number, bid: number): number {
  const { wayUnit, wayPool, wayLimit, T } = model;
  const offered = offeredTo(model, bid);
  const gains = (way: number) => {
    const at = (wayPool[way] ?? 0) * T;
    const limit = wayLimit[way] ?? 0;
    for (let cell = at + (model.from[bid] ?? 0); cell < at + (model.to[bid] ?? 0); cell++)
      if (limit > (cells[cell] ?? 0) && (offered[cell] ?? 0) > 0) return true;
    return false;
  };
  let least = Infinity;
  let most = 0;
  for (let way = first; way < end; way++) {
    least = Math.min(least, wayUnit[way] ?? Infinity);
    most = Math.max(most, wayUnit[way] ?? 0);
  }
  if (least === most) return least;
  least = Infinity;
  for (let way = first; way < end; way++)
    if ((wayUnit[way] ?? 0) < least && gains(way)) least = wayUnit[way] ?? 0;
  return least;
}

/** Best margin of each slot of the window and its way. */
let bySlot = { margin: new Float64Array(0), way: new Int32Array(0) };

/** Wishes for g cards of the best pool in each slot, and for others where that is too small. */
function bestBySlot(model: Model, cells: Float64Array, first: number, end: number, bid: number): void {
  const { wayPool, wayLimit, T } = model;
  const offered = offeredTo(model, bid);
  const g = model.g[bid] ?? 0;
  const from = model.from[bid] ?? 0;
  const slots = (model.to[bid] ?? 0) - from;
  if (bySlot.way.length < slots) bySlot = { margin: new Float64Array(slots), way: new Int32Array(slots) };
  const { margin, way: bestWay } = bySlot;
  margin.fill(0, 0, slots);
  for (let way = first; way < end; way++) {
    const limit = wayLimit[way] ?? 0;
    const at = (wayPool[way] ?? 0) * T + from;
    for (let i = 0; i < slots; i++) {
      const gain = limit - (cells[at + i] ?? 0);
      if (gain > (margin[i] ?? 0) && (offered[at + i] ?? 0) > 0) {
        margin[i] = gain;
        bestWay[i] = way;
      }
    }
  }
  for (let i = 0; i < slots; i++) {
    const best = margin[i] ?? 0;
    if (best <= 0) continue;
    const way = bestWay[i] ?? 0;
    const at = (wayPool[way] ?? 0) * T + from + i;
    const here = offered[at] ?? 0;
    addCell(wishes, best, way, at, Math.min(g, here));
    if (here < g) wishElsewhere(model, cells, bid, first, end, from + i, at, g - here);
  }
}

/** The other pools of a slot, best first, for the cards that the best one does not have. */
function wishElsewhere(
  model: Model,
  cells: Float64Array,
  bid: number,
  first: number,
  end: number,
  slot: number,
  best: number,
  cards: number,
): void {
  const { wayPool, wayLimit, T } = model;
  const offered = offeredTo(model, bid);
  const others: { way: number; margin: number; cell: number }[] = [];
  for (let way = first; way < end; way++) {
    const cell = (wayPool[way] ?? 0) * T + slot;
    const margin = (wayLimit[way] ?? 0) - (cells[cell] ?? 0);
    if (cell !== best && margin > 0) others.push({ way, margin, cell });
  }
  let left = cards;
  for (const { way, margin, cell } of others.sort((x, y) => y.margin - x.margin)) {
    const taken = Math.min(left, offered[cell] ?? 0);
    if (taken > 0) addCell(wishes, margin, way, cell, taken);
    left -= taken;
  }
}
