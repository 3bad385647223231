import { meanLimit, moveCells, moveLinks } from "./ascent.ts";
import { isConditional } from "./conditions.ts";
import { construct } from "./construct.ts";
import { type Demand, demandBeside, emptyDemand } from "./demand.ts";
import { copyPrices, type Prices, type PriceTables, refreshTables, tablesOf } from "./guide.ts";
import { bestSpot, type Effort, type Spot } from "./insertion.ts";
import { DIV, type Model } from "./model.ts";
import { type Draw, drawing } from "./pseudo-random.ts";
import { emptySchedule, freeFor, isIn, type Place, place, type Schedule, unplace } from "./schedule.ts";
import { stagingFits } from "./staging.ts";

// Where a few large gangs are worth most of an auction, which of them share a pool decides all, and prices say little of
// it. So they are moved by themselves, as if nobody else were there; what they leave is priced anew and filled at once.

/** A gang is large that is worth so much of all welfare; so many of them at most, the most valuable, are moved. */
const LARGE = { share: 1 / 250, most: 32 };
/** Rounds of the price search on what large gangs leave, and their step in mean limits. */
const ROUNDS = 10;
const STEP = 1 / 10;
const MOMENTUM = 0.7;
/** Share of the other large gangs that a move takes out. */
const OUT = 0.3;
/** A worse schedule is kept at first if it loses no more than this share of the bound. */
const TEMPERATURE = 0.005;

/** Large gangs in their places, the prices of what they leave, and the schedule made at these. */
interface Arrangement {
  readonly places: ReadonlyMap<number, Place>;
  readonly prices: Prices;
  readonly made: Schedule;
}

interface Arranging {
  readonly model: Model;
  readonly large: readonly number[];
  readonly isLarge: Uint8Array;
  /** Holds large gangs only. */
  readonly schedule: Schedule;
  readonly demand: Demand;
  readonly draw: Draw;
  readonly effort: Effort;
  readonly round: number;
  now: Arrangement;
}

/**
 * Moves large gangs so often; answers with each schedule that is better than all before. Yields undefined now and then.
 * @param round units of work of a round of the price search
 */
export function* arrangeLargeGangs(
  from: Schedule,
  prices: Prices,
  { bound, moves, round }: { readonly bound: number; readonly moves: number; readonly round: number },
  effort: Effort,
): Generator<Schedule | undefined, void> {
  const { model } = from;
  const large = largeGangs(model, bound);
  if (large.length < 2) return;
  const arranging: Arranging = {
    model,
    large,
    isLarge: new Uint8Array(model.bids),
    schedule: emptySchedule(model),
    demand: emptyDemand(model),
    draw: drawing(0x5eed1e55),
    effort,
    round,
    now: { places: placesHeld(from, large), prices, made: from },
  };
  for (const bid of large) arranging.isLarge[bid] = 1;
  restore(arranging);
  let best = from.welfare;
  for (let move = 0; move < moves; move++) {
    const temperature = TEMPERATURE * bound * (1 - move / moves);
    moveLarge(arranging, move === 0 ? Infinity : temperature);
    const { made } = arranging.now;
    yield made.welfare > best ? made : undefined;
    best = Math.max(best, made.welfare);
  }
}

/** Those that are moved by themselves, the most valuable first. */
export function largeGangs(model: Model, bound: number): number[] {
  return Array.from({ length: model.bids }, (_, bid) => bid)
    .filter((bid) => model.kind[bid] !== DIV && !isConditional(model, bid))
    .map((bid) => ({ bid, value: highestNet(model, bid) }))
    .filter(({ value }) => value > LARGE.share * bound)
    .sort((x, y) => y.value - x.value || x.bid - y.bid)
    .slice(0, LARGE.most)
    .map(({ bid }) => bid);
}

/** What gangs would bring together if each had the best of its places, mills. */
export function worthOf(model: Model, gangs: readonly number[]): number {
  return gangs.reduce((sum, bid) => sum + highestNet(model, bid), 0);
}

function highestNet({ wayNet, wayStart }: Model, bid: number): number {
  return wayNet.subarray(wayStart[bid], wayStart[bid + 1]).reduce((most, net) => Math.max(most, net), 0);
}

/** Where those stand of them that have a place. */
export function placesHeld({ choice, start, share }: Schedule, large: readonly number[]): Map<number, Place> {
  const places = new Map<number, Place>();
  for (const bid of large) {
    const chosen = choice[bid] ?? -1;
    if (chosen !== -1) places.set(bid, { choice: chosen, start: start[bid] ?? 0, share: share[bid] ?? 0 });
  }
  return places;
}

function restore({ schedule, large, now }: Arranging): void {
  for (const bid of large) if (schedule.choice[bid] !== -1) unplace(schedule, bid);
  for (const [bid, { choice, start, share }] of now.places) place(schedule, bid, choice, start, share);
}

const spot: Spot = { choice: -1, start: 0, share: 0, score: 0 };

/** A large gang comes in wherever, or goes, and some others go with it; then all that are out are tried again. */
function moveLarge(arranging: Arranging, temperature: number): void {
  const { model, large, schedule, draw, effort, now } = arranging;
  const bid = large[draw.below(large.length)] ?? 0;
  const held = schedule.choice[bid] !== -1;
  if (held) unplace(schedule, bid);
  const banned = held && draw.fraction() < 0.5;
  if (!banned) makeRoom(arranging, bid);
  for (const other of large)
    if (other !== bid && schedule.choice[other] !== -1 && draw.fraction() < OUT) unplace(schedule, other);
  const prices = tablesOf(model, copyPrices(now.prices));
  for (const other of byValue(arranging)) {
    if (banned && other === bid) continue;
    if (bestSpot(schedule, other, prices, 0, spot, effort))
      place(schedule, other, spot.choice, spot.start, spot.share);
  }
  const made = fillBeside(arranging, prices);
  if (made.welfare > now.made.welfare - temperature * draw.fraction())
    arranging.now = { places: placesHeld(schedule, large), prices, made };
  else restore(arranging);
}

/** Those without a place, the more valuable rather first. */
function byValue({ model, large, schedule, draw }: Arranging): number[] {
  return large
    .filter((bid) => schedule.choice[bid] === -1)
    .map((bid) => ({ bid, key: highestNet(model, bid) * (0.5 + draw.fraction()) }))
    .sort((x, y) => y.key - x.key || x.bid - y.bid)
    .map(({ bid }) => bid);
}

/** Puts a gang into a way and start drawn by chance, if the pool has so many cards there; large gangs in its way go. */
function makeRoom({ model, schedule, large, draw }: Arranging, bid: number): void {
  const first = model.wayStart[bid] ?? 0;
  const way = first + draw.below((model.wayStart[bid + 1] ?? 0) - first);
  const d = model.wayD[way] ?? 0;
  const from = model.from[bid] ?? 0;
  const start = from + draw.below((model.to[bid] ?? 0) - d - from + 1);
  const pool = model.wayPool[way] ?? 0;
  const g = model.g[bid] ?? 0;
  const cell = pool * model.T + start;
  const fits = () => hasRoom(schedule, bid, cell, d, g);
  // The least valuable goes first.
  for (let at = large.length - 1; at >= 0 && !fits(); at--) {
    const other = large[at] ?? 0;
    if (isIn(schedule, other, pool, start, start + d)) unplace(schedule, other);
  }
  if (fits() && stagingFits(model, schedule.linkUsed, way, start)) place(schedule, bid, way, start, g);
}

function hasRoom(schedule: Schedule, bid: number, first: number, d: number, cards: number): boolean {
  for (let cell = first; cell < first + d; cell++) if (freeFor(schedule, bid, cell) < cards) return false;
  return true;
}

/** Prices what large gangs leave, moving the tables on, and places all others at that. */
function fillBeside(
  { model, schedule, large, isLarge, demand, effort, round }: Arranging,
  tables: PriceTables,
) {
  const drift = new Float64Array(tables.cells.length);
  const linkDrift = new Float64Array(tables.links.length);
  const moving = { tables, demand, drift, linkDrift, momentum: MOMENTUM };
  const held = { used: schedule.used, linkUsed: schedule.linkUsed, has: (bid: number) => isLarge[bid] === 1 };
  const step = STEP * meanLimit(model);
  for (let n = 1; n <= ROUNDS; n++) {
    demandBeside(model, tables, demand, held);
    effort.spent += round;
    moveCells(model, moving, step / n);
    moveLinks(model, moving, step / n);
    refreshTables(model, tables);
  }
  const filling = construct(model, tables, round, effort, { rounds: 0, places: placesHeld(schedule, large) });
  for (;;) {
    const { done, value } = filling.next();
    if (done) return value;
  }
}
