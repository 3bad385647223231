import { isConditional } from "./conditions.ts";
import { areaOf } from "./construct.ts";
import { fillDivisible } from "./divisible.ts";
import { fits } from "./ejection.ts";
import type { PriceTables } from "./guide.ts";
import { bestSpot, type Effort, type Spot } from "./insertion.ts";
import { dropLosers } from "./losers.ts";
import { DIV, type Model } from "./model.ts";
import type { NearPlaces } from "./near-places.ts";
import type { Draw } from "./pseudo-random.ts";
import {
  copySchedule,
  emptyFills,
  fill,
  freeFor,
  isServed,
  place,
  type Schedule,
  unplace,
} from "./schedule.ts";
import {
  type Holders,
  harden,
  limitSteps,
  MOVE,
  type SoftCells,
  sellSoftly,
  softCells,
  softFloor,
  softRoom,
} from "./soft-cells.ts";
import { moveCards, type SoftFills, softFills } from "./soft-fills.ts";
import { addStaging, stagingFits } from "./staging.ts";

// Moves of single bids by which cells may be sold too often or too little for a while. They look at nobody but the bid that
// is moved, and a move costs a hundredth of one that makes room. The cost of the cells grows true bit by bit, and what has
// been found is then taken over as far as there are cards ("graduated non-convexity": Blake and Zisserman, "Visual
// Reconstruction", 1987).

/** Share of the true cost in the blend to begin with. */
const SOFTEST = 0.15;
/** The temperature to begin with, as a share of a mean bid's welfare, and how much of it is left at the end. */
const HOT = 1e-4;
const COLD = 0.1;
/** Share of the moves after which no cell may be sold to higher costs any more; and how often that is looked at in all. */
const TIGHT = 0.7;
const LIMITED = 16;
/** Share of the moves that are of div bids. */
const DIVISIBLE = 0.3;
/** What taking a gang out counts among the places that it could have. */
const OUT = 0.5;
/** Moves, at least and for each cell, between two looks at how much of the cost is true. */
const PORTION = { least: 2048, perCell: 1 };

/** Where bids may be moved. */
export interface Softening {
  readonly guide: PriceTables;
  readonly cheapest: PriceTables;
  readonly places: NearPlaces;
  /** Of any welfare, mills. */
  readonly bound: number;
}

interface Softened extends Holders {
  readonly soft: SoftCells;
  readonly places: NearPlaces;
  readonly draw: Draw;
  /** Those that can be moved. */
  readonly gangs: readonly number[];
  readonly divisible: readonly SoftFills[];
  readonly linkUsed: Float64Array;
}

const spot: Spot = { choice: -1, start: 0, share: 0, score: 0 };

/**
 * Moves all bids but split ones and those that depend on others, and answers with a schedule made from that, which may be
 * worse. Yields now and then.
 */
export function* soften(
  from: Schedule,
  { guide, cheapest, places, bound }: Softening,
  moves: number,
  draw: Draw,
  effort: Effort,
): Generator<void, Schedule> {
  const softened = begin(from, guide, places, draw);
  const { soft, gangs, divisible } = softened;
  const { bids, capacity } = from.model;
  const hot = (HOT * bound) / bids;
  const portion = Math.max(PORTION.least, PORTION.perCell * capacity.length);
  let limited = 0;
  for (let move = 0; move < moves; move++) {
    const done = move / moves;
    if (move % portion === 0) {
      if (done * LIMITED >= limited) {
        limitSteps(soft, softened, done > TIGHT);
        effort.spent += bids;
        limited = Math.floor(done * LIMITED) + 1;
      }
      harden(soft, SOFTEST ** (1 - done));
      effort.spent += capacity.length;
      yield;
    }
    const least = hot * COLD ** done * Math.log(draw.fraction());
    const own = draw.fraction() < DIVISIBLE ? divisible[draw.below(divisible.length)] : undefined;
    if (own) moveCards(soft, own, draw, least, effort);
    else if (gangs.length > 0) moveGang(softened, gangs[draw.below(gangs.length)] ?? 0, least, effort);
  }
  yield;
  const made = takenOver(from, softened);
  yield;
  fillUp(made, cheapest, effort);
  return made;
}

function begin(from: Schedule, guide: PriceTables, places: NearPlaces, draw: Draw): Softened {
  const { model, choice } = from;
  const free = Array.from({ length: model.bids }, (_, bid) => bid).filter(
    (bid) => !isConditional(model, bid),
  );
  const divisible = free
    .filter((bid) => model.kind[bid] === DIV)
    .map((bid) => softFills(from, bid, guide.cells))
    .filter(({ cells }) => cells.length > 0);
  return {
    model,
    soft: softCells(from, guide.cells),
    places,
    draw,
    gangs: free.filter((bid) => (choice[bid] ?? -1) >= -1 && places.first[bid] !== places.first[bid + 1]),
    divisible,
    choice: choice.slice(),
    start: from.start.slice(),
    share: from.share.slice(),
    linkUsed: from.linkUsed.slice(),
    eachFill(use) {
      for (const { ways, cells, cards } of divisible)
        for (let i = 0; i < cells.length; i++) if ((cards[i] ?? 0) > 0) use(ways[i] ?? 0, cells[i] ?? 0);
    },
  };
}

/** Sends a gang to a place drawn, or out; kept if that is worth more than `least` mills, and the gang bears the last cards' costs. */
function moveGang(softened: Softened, bid: number, least: number, effort: Effort): void {
  const { model, places, draw, choice, start, share, linkUsed } = softened;
  const first = places.first[bid] ?? 0;
  const count = (places.first[bid + 1] ?? 0) - first;
  const held = choice[bid] ?? -1;
  const begins = start[bid] ?? 0;
  const at = Math.floor(draw.fraction() * (held < 0 ? count : count + OUT));
  const way = at < count ? (places.way[first + at] ?? 0) : -1;
  const to = at < count ? (places.start[first + at] ?? 0) : 0;
  effort.spent += MOVE;
  if (way === held && to === begins) return;
  if (held >= 0) addStaging(model, linkUsed, held, begins, -1);
  const moved =
    (way < 0 || stagingFits(model, linkUsed, way, to)) && sellAnew(softened, bid, { way, to }, least);
  if (moved) {
    choice[bid] = way;
    start[bid] = to;
    share[bid] = model.g[bid] ?? 0;
  }
  const now = choice[bid] ?? -1;
  if (now >= 0) addStaging(model, linkUsed, now, start[bid] ?? 0, 1);
}

/** False: it is not worth it, and all is as before. */
function sellAnew(
  softened: Softened,
  bid: number,
  { way, to }: { readonly way: number; readonly to: number },
  least: number,
): boolean {
  const { model, soft } = softened;
  const held = softened.choice[bid] ?? -1;
  const begins = softened.start[bid] ?? 0;
  const gain = sellRun(model, soft, bid, held, begins, -1) + sellRun(model, soft, bid, way, to, 1);
  if (gain >= least && bears(model, soft, bid, way, to)) return true;
  sellRun(model, soft, bid, way, to, -1);
  sellRun(model, soft, bid, held, begins, 1);
  return false;
}

/** Sells a gang the cells of a way, or returns them; answers with the gain, mills. @param way -1: none */
function sellRun(
  model: Model,
  soft: SoftCells,
  bid: number,
  way: number,
  start: number,
  sign: 1 | -1,
): number {
  if (way < 0) return 0;
  const cards = sign * (model.g[bid] ?? 0);
  const first = (model.wayPool[way] ?? 0) * model.T + start;
  let gain = sign * (model.wayNet[way] ?? 0);
  for (let cell = first, end = first + (model.wayD[way] ?? 0); cell < end; cell++)
    gain -= sellSoftly(soft, cell, cards);
  return gain;
}

/** Would not lose if all its cells cost what their last cards cost. */
function bears(model: Model, soft: SoftCells, bid: number, way: number, start: number): boolean {
  if (way < 0) return true;
  const first = (model.wayPool[way] ?? 0) * model.T + start;
  let paid = 0;
  for (let cell = first, end = first + (model.wayD[way] ?? 0); cell < end; cell++)
    paid += softFloor(soft, cell);
  return paid * (model.g[bid] ?? 0) <= (model.wayNet[way] ?? 0);
}

/** What moves have come to as far as there are cards, the largest gangs first. */
function takenOver(from: Schedule, softened: Softened): Schedule {
  const { model, choice, start, soft, gangs, divisible } = softened;
  const made = copySchedule(from);
  const moved = gangs.filter((bid) => choice[bid] !== from.choice[bid] || start[bid] !== from.start[bid]);
  for (const bid of moved) if (made.choice[bid] !== -1) unplace(made, bid);
  for (const { bid } of divisible) emptyFills(made, bid);
  moved.sort((x, y) => areaOf(model, y) - areaOf(model, x) || x - y);
  for (const bid of moved) placeIfFree(made, bid, choice[bid] ?? -1, start[bid] ?? 0);
  for (const own of divisible) fillAsSoftly(made, own, soft);
  dropLosers(made);
  return made;
}

function placeIfFree(made: Schedule, bid: number, way: number, start: number): void {
  const { model, linkUsed } = made;
  if (way < 0 || !stagingFits(model, linkUsed, way, start)) return;
  const first = (model.wayPool[way] ?? 0) * model.T + start;
  if (fits(made, bid, first, model.wayD[way] ?? 0)) place(made, bid, way, start, model.g[bid] ?? 0);
}

/** None of the cards that are too many in a cell. */
function fillAsSoftly(made: Schedule, { bid, ways, cells, cards }: SoftFills, soft: SoftCells): void {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] ?? 0;
    const held = cards[i] ?? 0;
    const count = Math.min(held, freeFor(made, bid, cell), held + softRoom(soft, cell));
    if (count > 0) fill(made, bid, ways[i] ?? 0, cell, count, -1);
  }
}

/** Whoever has not all finds room at cost. */
function fillUp(made: Schedule, cheapest: PriceTables, effort: Effort): void {
  const { model } = made;
  for (let bid = 0; bid < model.bids; bid++) {
    if (isServed(made, bid)) continue;
    if (model.kind[bid] === DIV) fillDivisible(made, bid, cheapest, false, effort);
    else if (bestSpot(made, bid, cheapest, 0, spot, effort))
      place(made, bid, spot.choice, spot.start, spot.share);
  }
  dropLosers(made);
}
