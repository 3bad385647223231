import { hostPool, mayEnter } from "./conditions.ts";
import type { Effort } from "./insertion.ts";
import { DIV, type Model } from "./model.ts";
import { emptyFills, fill, type Schedule } from "./schedule.ts";

/** Cards of a cell in one hand: a seller's step (`bid` -1) at its cost, or a bidder's at the price that it named. */
interface Lot {
  price: number;
  cards: number;
  readonly bid: number;
  readonly way: number;
}

interface Bidder {
  readonly bid: number;
  /** Parts of its budget that it still wants to spend. */
  left: number;
  /** Cards that it has in each slot of its window. */
  readonly held: Float64Array;
  queued: boolean;
}

/** Bidders between two pauses. */
const PAUSE = 64;

interface Auction {
  readonly model: Model;
  /** By cell, cheapest first. */
  readonly lots: readonly Lot[][];
  readonly bidders: ReadonlyMap<number, Bidder>;
  readonly queue: Bidder[];
  /** The least by which a price rises. */
  readonly increment: number;
  readonly effort: Effort;
}

/**
 * Shares what gangs leave among the div bids anew, near the best that there is: an auction in the sense of Bertsekas
 * (The auction algorithm, 1988). Who still wants cards takes them from the cheapest hand of its best cell and names a
 * price that makes the second best as good, plus an increment; who loses cards so looks elsewhere. The sum is within
 * one increment for each card of the optimum. Gangs may come to lose by it, where dearer cards are sold beside them.
 * Pauses on the way; until it has ended the div bids have nothing.
 * @param increment mills
 */
export function* shareAmongDivisible(
  schedule: Schedule,
  increment: number,
  effort: Effort,
): Generator<void, void> {
  const { model } = schedule;
  const bidders = biddersOf(schedule);
  for (let bid = 0; bid < model.bids; bid++) if (model.kind[bid] === DIV) emptyFills(schedule, bid);
  const lots = lotsOf(schedule);
  const auction: Auction = { model, lots, bidders, queue: [...bidders.values()], increment, effort };
  for (let next = 0; next < auction.queue.length; next++) {
    const bidder = auction.queue[next];
    if (!bidder) continue;
    bidder.queued = false;
    const host = hostPool(schedule, bidder.bid);
    while (bidOnce(auction, bidder, host));
    if (next % PAUSE === PAUSE - 1) yield;
  }
  lots.forEach((own, cell) => {
    for (const { bid, way, cards } of own) if (bid >= 0) fill(schedule, bid, way, cell, cards);
  });
}

/** Of a group only the bid that has something already: it is not decided here who that is. */
function biddersOf(schedule: Schedule): Map<number, Bidder> {
  const { model } = schedule;
  const bidders = new Map<number, Bidder>();
  for (let bid = 0; bid < model.bids; bid++) {
    if (model.kind[bid] !== DIV || !mayEnter(schedule, bid)) continue;
    if (model.group[bid] !== -1 && schedule.fills[bid] === undefined) continue;
    const held = new Float64Array((model.to[bid] ?? 0) - (model.from[bid] ?? 0));
    bidders.set(bid, { bid, left: model.budget[bid] ?? 0, held, queued: true });
  }
  return bidders;
}

function lotsOf({ model, used, nextStep, nextCards }: Schedule): Lot[][] {
  return Array.from(used, (_, cell) => {
    const lots: Lot[] = [];
    const first = nextStep[cell] ?? 0;
    for (let step = first; step < (model.stepStart[cell + 1] ?? 0); step++) {
      const price = model.stepCost[step] ?? 0;
      const cards = (step === first ? nextCards[cell] : model.stepCards[step]) ?? 0;
      if (cards > 0) lots.push({ price, cards, bid: -1, way: -1 });
    }
    return lots;
  });
}

/** The best cell so far and what the second best one is worth, for each part of the budget. */
const best: { merit: number; second: number; way: number; cell: number; lot: Lot | undefined } = {
  merit: 0,
  second: 0,
  way: -1,
  cell: -1,
  lot: undefined,
};

/** Takes from one lot; false: it has all that it wants, or nothing is worth its price. */
function bidOnce(auction: Auction, bidder: Bidder, host: number): boolean {
  const { model, lots, increment } = auction;
  const { bid, held } = bidder;
  look(auction, bidder, host);
  const { way, cell, lot } = best;
  if (lot === undefined) return false;
  const unit = model.wayUnit[way] ?? 1;
  const own = lots[cell] ?? [];
  const slot = (cell % model.T) - (model.from[bid] ?? 0);
  const most = Math.min(Math.floor(bidder.left / unit), (model.g[bid] ?? 0) - (held[slot] ?? 0));
  const cards = Math.min(most, lot.cards);
  const price = Math.min(model.wayLimit[way] ?? 0, lot.price + (best.merit - best.second) * unit + increment);
  lot.cards -= cards;
  if (lot.cards === 0) own.splice(own.indexOf(lot), 1);
  addLot(own, { price, cards, bid, way });
  bidder.left -= cards * unit;
  held[slot] = (held[slot] ?? 0) + cards;
  const loser = auction.bidders.get(lot.bid);
  if (loser) {
    loser.left += cards * (model.wayUnit[lot.way] ?? 1);
    const its = (cell % model.T) - (model.from[lot.bid] ?? 0);
    loser.held[its] = (loser.held[its] ?? 0) - cards;
    if (!loser.queued) auction.queue.push(loser);
    loser.queued = true;
  }
  return true;
}

function addLot(lots: Lot[], lot: Lot): void {
  let at = lots.length;
  while (at > 0 && (lots[at - 1]?.price ?? 0) > lot.price) at--;
  const before = lots[at - 1];
  if (before && before.bid === lot.bid && before.price === lot.price) before.cards += lot.cards;
  else lots.splice(at, 0, lot);
}

function look({ model, lots, effort }: Auction, { bid, left, held }: Bidder, host: number): void {
  const { wayPool, wayLimit, wayUnit, T } = model;
  const from = model.from[bid] ?? 0;
  const g = model.g[bid] ?? 0;
  best.merit = 0;
  best.second = 0;
  best.lot = undefined;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
    const unit = wayUnit[way] ?? 1;
    const limit = wayLimit[way] ?? 0;
    const pool = wayPool[way] ?? 0;
    if (left < unit || (host >= 0 && pool !== host)) continue;
    effort.spent += held.length;
    for (let i = 0; i < held.length; i++) {
      if ((held[i] ?? 0) >= g) continue;
      const cell = pool * T + from + i;
      const own = lots[cell];
      if (!own || own.length === 0) continue;
      const lot = own[0]?.bid === bid ? own.find((one) => one.bid !== bid) : own[0];
      if (!lot) continue;
      const merit = (limit - lot.price) / unit;
      if (merit > best.merit) {
        best.second = best.merit;
        best.merit = merit;
        best.way = way;
        best.cell = cell;
        best.lot = lot;
      } else if (merit > best.second) best.second = merit;
    }
  }
}
