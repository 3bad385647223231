import {
  addDivisible,
  addGang,
  type Demand,
  emptyDemand,
  sellersSurplus,
  wantDivisible,
  wholeBound,
} from "./demand.ts";
import { copyPrices, type Prices, type PriceTables, refreshPlain, tablesOf } from "./guide.ts";
import type { Effort } from "./insertion.ts";
import type { Model } from "./model.ts";
import { cheapestShare, type Places, paidFor } from "./places.ts";
import { lostToRounding } from "./rounding.ts";

/**
 * A part of all schedules: those in which gangs take no other than the open places, and some choosers take one of these.
 * Striking out leaves of them only those that have more welfare than a target.
 */
export interface Case {
  /** Of `Places`, by chooser. */
  open: Int32Array;
  /** By chooser. 1: one of its open places is taken. */
  readonly must: Uint8Array;
  /** Mills: no schedule of this case has more welfare, or none above the target; and the prices that prove it. */
  bound: number;
  prices: Prices;
}

/** What bounding writes to, for one case after the other. */
export interface Bounding {
  readonly model: Model;
  readonly places: Places;
  readonly effort: Effort;
  readonly tables: PriceTables;
  readonly demand: Demand;
  /** Of each place what it gains; of each chooser the best of it, and the place, -1: none of them. */
  readonly worth: Float64Array;
  readonly best: Float64Array;
  readonly pick: Int32Array;
  /** Of each chooser what it gains without an open place, as a group's div bid may. */
  readonly apart: Float64Array;
  /** How much the rounds of the last case were for each place, and for none of a chooser's; later rounds count more. */
  readonly chosen: Float64Array;
  readonly declined: Float64Array;
  readonly drift: Float64Array;
  readonly linkDrift: Float64Array;
  /** No price is more: mills per card, and per Gbps. */
  readonly dearest: { readonly card: number; readonly gbps: number };
}

/** How much of the last direction a step keeps. */
const MOMENTUM = 0.3;
/** After so many rounds without a gain the step is so much shorter. */
const STALLED = 3;
const SHORTER = 0.7;
/** Rounds between two pauses. */
const PAUSE = 10;
/**
 * Prices are at most so many times what anybody would pay. Where a case has no schedule at all they would rise for ever,
 * and with them what rounding may lose, until the bound says nothing.
 */
const DEAR = 8;

export function beginBounding(model: Model, places: Places, effort: Effort, prices: Prices): Bounding {
  const { count, choosers } = places;
  const tables = tablesOf(model, copyPrices(prices));
  return {
    model,
    places,
    effort,
    tables,
    demand: emptyDemand(model),
    worth: new Float64Array(count),
    best: new Float64Array(choosers),
    pick: new Int32Array(choosers),
    apart: new Float64Array(choosers),
    chosen: new Float64Array(count),
    declined: new Float64Array(choosers),
    drift: new Float64Array(tables.cells.length),
    linkDrift: new Float64Array(tables.links.length),
    dearest: { card: DEAR * highestLimit(model), gbps: DEAR * highestForLinks(model) },
  };
}

function highestLimit({ wayLimit }: Model): number {
  return wayLimit.reduce((most, limit) => Math.max(most, limit), 0);
}

/** Mills per Gbps and slot that would take all that a gang is worth. */
function highestForLinks({ wayNet, wayGigabits, pairNet, pairGigabits, slotSeconds }: Model): number {
  const rates = (nets: Float64Array, gigabits: Float64Array) =>
    nets.reduce((most, net, i) => {
      const used = gigabits[i] ?? 0;
      return used > 0 ? Math.max(most, (net * slotSeconds) / used) : most;
    }, 0);
  return Math.max(rates(wayNet, wayGigabits), rates(pairNet, pairGigabits));
}

/**
 * Lowers the bound of a case until it is no more than the target (a welfare that is reached already, mills) or the rounds
 * are over: steps of Polyak (Minimization of unsmooth functionals, 1969), as long as if the least bound were the target,
 * shorter when nothing is gained. Then strikes out places that no schedule above the target takes. Pauses on the way.
 */
export function* boundCase(
  bounding: Bounding,
  one: Case,
  target: number,
  rounds: number,
): Generator<undefined, void> {
  const { model, tables, chosen, declined, drift, linkDrift } = bounding;
  setPrices(bounding, one.prices);
  drift.fill(0);
  linkDrift.fill(0);
  chosen.fill(0);
  declined.fill(0);
  let length = 1;
  let stalled = 0;
  for (let round = 1; round <= rounds; round++) {
    const bound = lookAt(bounding, one);
    stalled++;
    if (bound < one.bound) {
      one.bound = bound;
      one.prices = copyPrices(tables);
      stalled = 0;
    }
    if (wholeBound(one.bound) <= target) return;
    if (stalled > STALLED) {
      length *= SHORTER;
      stalled = 0;
    }
    countPicks(bounding, round);
    if (!step(bounding, length * (bound - target))) break;
    refreshPlain(model, tables);
    if (round % PAUSE === 0) yield;
  }
  setPrices(bounding, one.prices);
  strikeOut(bounding, one, target);
}

function setPrices({ model, tables }: Bounding, { cells, links }: Prices): void {
  tables.cells.set(cells);
  tables.links.set(links);
  refreshPlain(model, tables);
}

/** The bound of a case at the prices that stand in the tables; minus infinity if a chooser that must has no place. */
function lookAt(bounding: Bounding, one: Case): number {
  const { model, places, tables, demand, effort, best, pick, worth } = bounding;
  const { chooser, net } = places;
  demand.wanted.fill(0);
  demand.linkWanted.fill(0);
  pick.fill(-1);
  for (let c = 0; c < places.choosers; c++) best[c] = one.must[c] === 1 ? -Infinity : 0;
  for (const i of one.open) {
    const gain = (net[i] ?? 0) - paidFor(model, places, tables, i);
    const c = chooser[i] ?? 0;
    worth[i] = gain;
    if (gain <= (best[c] ?? 0)) continue;
    best[c] = gain;
    pick[c] = i;
  }
  effort.spent += one.open.length + 2 * tables.cells.length;
  let sum = sellersSurplus(model, tables, demand.supplied);
  let gained = 0;
  for (let c = 0; c < places.choosers; c++) {
    chooseDivisible(bounding, one, c);
    const i = pick[c] ?? -1;
    if (i >= 0) addGang(model, demand, places.bid[i] ?? 0, cheapestPlace(bounding, i));
    sum += best[c] ?? 0;
    gained += Math.abs(best[c] ?? 0);
  }
  return sum === -Infinity ? sum : sum + lostToRounding(model, tables, gained);
}

function cheapestPlace({ places, tables }: Bounding, i: number) {
  return {
    choice: places.choice[i] ?? 0,
    start: places.start[i] ?? 0,
    share: cheapestShare(places, tables, i),
  };
}

/** Of a chooser's div bids the one that gains most, if no place gains more, and none must be taken. */
function chooseDivisible(bounding: Bounding, one: Case, chooser: number): void {
  const { places, best, pick, apart, demand } = bounding;
  const bids = places.divisible[chooser] ?? [];
  apart[chooser] = 0;
  let gains = -1;
  for (const bid of bids) {
    const gain = want(bounding, one, bid);
    if (gain <= (apart[chooser] ?? 0)) continue;
    apart[chooser] = gain;
    gains = bid;
  }
  if (gains < 0 || one.must[chooser] === 1 || (apart[chooser] ?? 0) <= (best[chooser] ?? 0)) return;
  best[chooser] = apart[chooser] ?? 0;
  pick[chooser] = -1;
  if (bids.length > 1) want(bounding, one, gains);
  addDivisible(demand);
}

/** What a service has beyond its floor lies in the floor's pool, if that is known, and without a floor there is nothing. */
function want({ model, places, tables, demand, effort }: Bounding, one: Case, bid: number): number {
  const first = model.wayStart[bid] ?? 0;
  const end = model.wayStart[bid + 1] ?? 0;
  effort.spent += (end - first) * ((model.to[bid] ?? 0) - (model.from[bid] ?? 0));
  const floor = model.parent[bid] ?? -1;
  if (floor < 0) return wantDivisible(model, tables, demand, bid);
  const pools = new Set<number>();
  for (const i of one.open)
    if (places.bid[i] === floor) pools.add(model.wayPool[places.choice[i] ?? 0] ?? -1);
  if (pools.size === 0) return 0;
  if (pools.size > 1) return wantDivisible(model, tables, demand, bid);
  for (let way = first; way < end; way++)
    if (pools.has(model.wayPool[way] ?? -1)) return wantDivisible(model, tables, demand, bid, way, way + 1);
  return 0;
}

function countPicks({ pick, chosen, declined }: Bounding, weight: number): void {
  for (let c = 0; c < pick.length; c++) {
    const i = pick[c] ?? -1;
    if (i >= 0) chosen[i] = (chosen[i] ?? 0) + weight;
    else declined[c] = (declined[c] ?? 0) + weight;
  }
}

/**
 * Moves the prices along the excess of what is wanted, each by its share of what is offered, so far that the bound would
 * fall by `fall` if it went on falling as it does here. False: nothing is in excess.
 */
function step(bounding: Bounding, fall: number): boolean {
  const { model, tables, demand, drift, linkDrift } = bounding;
  const { T, slotSeconds, linkCapacity, capacity, cheapest } = model;
  let slope = 0;
  const lean = (row: Float64Array, i: number, excess: number, offered: number) => {
    const move = MOMENTUM * (row[i] ?? 0) + (1 - MOMENTUM) * (excess / offered);
    row[i] = move;
    slope += move * move * offered;
  };
  for (let cell = 0; cell < drift.length; cell++) {
    const offered = capacity[cell] ?? 0;
    if (offered > 0) lean(drift, cell, excessOf(bounding, cell), offered);
  }
  for (let at = 0; at < linkDrift.length; at++) {
    const offered = linkCapacity[Math.floor(at / T)] ?? 0;
    const wanted = demand.linkWanted[at] ?? 0;
    const idle = tables.links[at] === 0 && wanted <= offered;
    if (offered > 0) lean(linkDrift, at, idle ? 0 : (wanted - offered) / slotSeconds, offered / slotSeconds);
  }
  if (slope === 0) return false;
  const factor = fall / slope;
  const { card, gbps } = bounding.dearest;
  const move = (row: Float64Array, i: number, by: number, least: number, most: number) => {
    row[i] = Math.max(least, Math.min(most, (row[i] ?? 0) + factor * by));
  };
  for (let cell = 0; cell < drift.length; cell++)
    move(tables.cells, cell, drift[cell] ?? 0, cheapest[cell] ?? 0, card);
  for (let at = 0; at < linkDrift.length; at++) move(tables.links, at, linkDrift[at] ?? 0, 0, gbps);
  return true;
}

/** Cards wanted beyond supply; at the cost of the first cards sellers do not mind how many of these they sell. */
function excessOf({ model, tables, demand }: Bounding, cell: number): number {
  const wanted = demand.wanted[cell] ?? 0;
  if ((tables.cells[cell] ?? 0) > (model.cheapest[cell] ?? 0)) return wanted - (demand.supplied[cell] ?? 0);
  return Math.max(0, wanted - (model.stepCards[model.stepStart[cell] ?? 0] ?? 0));
}

/** Strikes out what would lower the bound to the target: a place, or to take none. */
function strikeOut(bounding: Bounding, one: Case, target: number): void {
  const { places, best, worth, apart } = bounding;
  const bound = lookAt(bounding, one);
  const reaches = (chooser: number, gain: number) => wholeBound(bound - (best[chooser] ?? 0) + gain) > target;
  for (let c = 0; c < places.choosers; c++) if (!reaches(c, apart[c] ?? 0)) one.must[c] = 1;
  one.open = one.open.filter((i) => reaches(places.chooser[i] ?? 0, worth[i] ?? 0));
}
