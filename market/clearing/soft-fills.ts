import type { Effort } from "./insertion.ts";
import type { Model } from "./model.ts";
import type { Draw } from "./pseudo-random.ts";
import type { Schedule } from "./schedule.ts";
import { MOVE, type SoftCells, sellSoftly, softFloor, softRoom } from "./soft-cells.ts";

/** What a div bid holds in soft cells: cards of each cell that it might have. */
export interface SoftFills {
  readonly bid: number;
  readonly ways: Int32Array;
  readonly cells: Int32Array;
  readonly cards: Int32Array;
  /** Cards that it has in each slot. */
  readonly inSlot: Int32Array;
  /** Of its budget. */
  left: number;
}

/** How far above the limit, as a share of it, a price may be at which a div bid still looks at a cell. */
const DEAR = 0.02;
/** Shares of the moves that only give cards back; that take as many as the cell lacks or has too many; and, of the others, all that could be moved. */
const GIVEN_BACK = 0.1;
const FITTING = 0.7;
const ALL = 0.5;

/** Cards that a bid takes to a cell (-1: to none) from another (-1: from its budget), as indexes of its fills. */
interface Transfer {
  readonly from: number;
  readonly to: number;
  readonly cards: number;
}

/** @param prices the guide's */
export function softFills({ model, fills }: Schedule, bid: number, prices: Float64Array): SoftFills {
  const { T, wayStart, wayPool, wayLimit, wayUnit, capacity } = model;
  const own = fills[bid];
  const held = new Map(own?.cells.map((cell, i) => [cell, own.cards[i] ?? 0]));
  const ways: number[] = [];
  const cells: number[] = [];
  const inSlot = new Int32Array(T);
  let left = model.budget[bid] ?? 0;
  for (let way = wayStart[bid] ?? 0, end = wayStart[bid + 1] ?? 0; way < end; way++)
    for (let slot = model.from[bid] ?? 0; slot < (model.to[bid] ?? 0); slot++) {
      const cell = (wayPool[way] ?? 0) * T + slot;
      const cards = held.get(cell) ?? 0;
      const looked = capacity[cell] !== 0 && (wayLimit[way] ?? 0) * (1 + DEAR) >= (prices[cell] ?? 0);
      if (cards === 0 && !looked) continue;
      ways.push(way);
      cells.push(cell);
      inSlot[slot] = (inSlot[slot] ?? 0) + cards;
      left -= cards * (wayUnit[way] ?? 0);
    }
  return {
    bid,
    ways: Int32Array.from(ways),
    cells: Int32Array.from(cells),
    cards: Int32Array.from(cells, (cell) => held.get(cell) ?? 0),
    inSlot,
    left,
  };
}

/** Moves cards of one div bid; kept if that is worth more than `least` mills, and the bid bears the last card's cost. */
export function moveCards(soft: SoftCells, own: SoftFills, draw: Draw, least: number, effort: Effort): void {
  effort.spent += MOVE;
  const { model } = soft;
  const transfer = drawTransfer(soft, own, draw);
  if (transfer.cards <= 0) return;
  const { from, to, cards } = transfer;
  const gain = sell(soft, own, from, -cards) + sell(soft, own, to, cards);
  if (gain >= least && (to < 0 || softFloor(soft, own.cells[to] ?? 0) <= limitAt(model, own, to))) {
    give(own, from, -cards, model);
    give(own, to, cards, model);
    return;
  }
  sell(soft, own, to, -cards);
  sell(soft, own, from, cards);
}

function drawTransfer(soft: SoftCells, own: SoftFills, draw: Draw): Transfer {
  const { model } = soft;
  const { cells, ways, cards, inSlot } = own;
  const other = draw.below(cells.length);
  const held = cards[other] ?? 0;
  if (draw.fraction() < GIVEN_BACK) {
    const most = -softRoom(soft, cells[other] ?? 0);
    return { from: other, to: -1, cards: drawCards(draw, held, most) };
  }
  const to = draw.below(cells.length);
  const slot = (cells[to] ?? 0) % model.T;
  const unit = model.wayUnit[ways[to] ?? 0] ?? 1;
  const room = (model.g[own.bid] ?? 0) - (inSlot[slot] ?? 0);
  const wanted = softRoom(soft, cells[to] ?? 0);
  if (own.left >= unit && room > 0)
    return { from: -1, to, cards: drawCards(draw, Math.min(room, Math.floor(own.left / unit)), wanted) };
  if (to === other) return { from: other, to, cards: 0 };
  const sameSlot = (cells[other] ?? 0) % model.T === slot;
  const dearer = unit - (model.wayUnit[ways[other] ?? 0] ?? 1);
  const payable = dearer > 0 ? Math.floor(own.left / dearer) : Infinity;
  const most = Math.min(held, sameSlot ? held : room, payable);
  return { from: other, to, cards: drawCards(draw, most, wanted) };
}

/** @param wanted as many as the cell lacks or has too many */
function drawCards(draw: Draw, most: number, wanted: number): number {
  if (most <= 0) return 0;
  if (wanted > 0 && wanted < most && draw.fraction() < FITTING) return wanted;
  return draw.fraction() < ALL ? most : 1 + draw.below(most);
}

/** Answers with the gain, mills. @param at -1: no cell */
function sell(soft: SoftCells, own: SoftFills, at: number, cards: number): number {
  if (at < 0) return 0;
  return cards * limitAt(soft.model, own, at) - sellSoftly(soft, own.cells[at] ?? 0, cards);
}

function limitAt({ wayLimit }: Model, { ways }: SoftFills, at: number): number {
  return wayLimit[ways[at] ?? 0] ?? 0;
}

function give(own: SoftFills, at: number, cards: number, { T, wayUnit }: Model): void {
  if (at < 0) return;
  const slot = (own.cells[at] ?? 0) % T;
  own.cards[at] = (own.cards[at] ?? 0) + cards;
  own.inSlot[slot] = (own.inSlot[slot] ?? 0) + cards;
  own.left -= cards * (wayUnit[own.ways[at] ?? 0] ?? 0);
}
