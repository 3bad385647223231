import { hostPool, mayEnter } from "./conditions.ts";
import type { PriceTables } from "./guide.ts";
import type { Effort } from "./insertion.ts";
import { addCell, nextBest, rankCells, rankedCells } from "./ranked-cells.ts";
import { fill, freeFor, type Schedule } from "./schedule.ts";

/**
 * Unsold steps that a div bid may take: their merit is the gain for each part of the budget, at the guide if that is
 * dearer. Written before they are read: one bid after the other uses the same room.
 */
const offered = rankedCells();

/** Cards that the bid has in each slot; and of each cell where its fills have it, counted from 1, 0 without. */
let inSlot = new Float64Array(0);
let fillOf = new Int32Array(0);

/**
 * Gives a div bid what it gains most by, as far as g per slot and its budget go, beside what it has already. With
 * `atGuide` only cells that it would take at the guide prices; without, whatever costs no more than its limit; others
 * may come to lose by that.
 */
export function fillDivisible(
  schedule: Schedule,
  bid: number,
  guide: PriceTables,
  atGuide: boolean,
  effort: Effort,
): void {
  if (!mayEnter(schedule, bid)) return;
  const { model, fills } = schedule;
  const { T, wayUnit } = model;
  const g = model.g[bid] ?? 0;
  let budget = model.budget[bid] ?? 0;
  if (inSlot.length < T) inSlot = new Float64Array(T);
  inSlot.fill(0, model.from[bid] ?? 0, model.to[bid] ?? 0);
  const own = fills[bid];
  if (own)
    for (let i = 0; i < own.cells.length; i++) {
      const cards = own.cards[i] ?? 0;
      const slot = (own.cells[i] ?? 0) % T;
      budget -= cards * (wayUnit[own.ways[i] ?? 0] ?? 0);
      inSlot[slot] = (inSlot[slot] ?? 0) + cards;
    }
  if (budget <= 0) return;
  if (fillOf.length < model.capacity.length) fillOf = new Int32Array(model.capacity.length);
  own?.cells.forEach((cell, i) => {
    fillOf[cell] = i + 1;
  });
  offerSteps(schedule, bid, guide, atGuide, effort);
  for (let i = nextBest(offered); i >= 0 && budget > 0; i = nextBest(offered)) {
    const way = offered.way[i] ?? 0;
    const cell = offered.cell[i] ?? 0;
    const unit = wayUnit[way] ?? 1;
    const slot = cell % T;
    const most = Math.min(offered.cards[i] ?? 0, freeFor(schedule, bid, cell));
    const n = Math.min(most, g - (inSlot[slot] ?? 0), Math.floor(budget / unit));
    if (n <= 0) continue;
    fill(schedule, bid, way, cell, n, (fillOf[cell] ?? 0) - 1);
    if (fillOf[cell] === 0) fillOf[cell] = fills[bid]?.cells.length ?? 0;
    inSlot[slot] = (inSlot[slot] ?? 0) + n;
    budget -= n * unit;
  }
  for (const cell of fills[bid]?.cells ?? []) fillOf[cell] = 0;
}

/** Offers all unsold steps that cost no more than the limit; of one cell the cheaper comes first. */
function offerSteps(
  schedule: Schedule,
  bid: number,
  guide: PriceTables,
  atGuide: boolean,
  effort: Effort,
): void {
  const { model, used, nextStep, nextCards } = schedule;
  const { T, stepStart, stepCards, stepCost, capacity, wayPool, wayLimit, wayUnit } = model;
  const from = model.from[bid] ?? 0;
  const to = model.to[bid] ?? 0;
  offered.count = 0;
  const host = hostPool(schedule, bid);
  for (let way = model.wayStart[bid] ?? 0, last = model.wayStart[bid + 1] ?? 0; way < last; way++) {
    if (host >= 0 && wayPool[way] !== host) continue;
    const limit = wayLimit[way] ?? 0;
    const unit = wayUnit[way] ?? 1;
    const base = (wayPool[way] ?? 0) * T;
    effort.spent += to - from;
    for (let cell = base + from; cell < base + to; cell++) {
      if ((used[cell] ?? 0) >= (capacity[cell] ?? 0)) continue;
      const price = guide.cells[cell] ?? 0;
      if (atGuide && price > limit) continue;
      const first = nextStep[cell] ?? 0;
      for (let step = first, end = stepStart[cell + 1] ?? 0; step < end; step++) {
        const cost = stepCost[step] ?? 0;
        if (cost > limit) break;
        const cards = (step === first ? nextCards[cell] : stepCards[step]) ?? 0;
        if (cards > 0) addCell(offered, (limit - Math.max(cost, price)) / unit, way, cell, cards);
      }
    }
  }
  rankCells(offered);
}
