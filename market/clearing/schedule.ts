import { DIV, type Model } from "./model.ts";
import { addStaging } from "./staging.ts";

/** What a div bid holds: cards of cells, each by way of one of its ways. */
export interface Fills {
  readonly ways: number[];
  readonly cells: number[];
  readonly cards: number[];
}

/** What a gang holds: its choice (a way, or -2 - pair) from a start on, and of a pair so many cards of the first way. */
export interface Place {
  readonly choice: number;
  readonly start: number;
  readonly share: number;
}

/**
 * What is sold so far, kept up with every change. A gang holds its choice (a way, or -2 - pair) from a start on, and of a
 * pair so many cards of the first way; a div bid holds fills.
 */
export interface Schedule {
  readonly model: Model;
  /** Mills: limits taken - transfer - offer cost. */
  welfare: number;
  /** Cards sold in each cell, and the cost of the last of them: the least a uniform price can be; 0 where none is sold. */
  readonly used: Float64Array;
  readonly floor: Float64Array;
  /** Of them, cards of bids that take none that may be reclaimed. */
  readonly firmUsed: Float64Array;
  /** The step of the next card of each cell, and how many cards it has left. */
  readonly nextStep: Int32Array;
  readonly nextCards: Float64Array;
  /** Gigabits by link slot. */
  readonly linkUsed: Float64Array;
  /** -1: nothing. */
  readonly choice: Int32Array;
  readonly start: Int32Array;
  readonly share: Int32Array;
  readonly fills: (Fills | undefined)[];
  /** Gangs in each pool, in no order, and where each stands in its first and second pool's list. */
  readonly gangs: readonly number[][];
  readonly place: Int32Array;
  readonly secondPlace: Int32Array;
  /** Div bids with fills in each pool. */
  readonly fillers: readonly Set<number>[];
  /** Cells whose floor has risen since somebody emptied this. */
  readonly risen: number[];
}

export function emptySchedule(model: Model): Schedule {
  const { stepStart, stepCards, capacity, bids, pools } = model;
  return {
    model,
    welfare: 0,
    used: new Float64Array(capacity.length),
    floor: new Float64Array(capacity.length),
    firmUsed: new Float64Array(capacity.length),
    nextStep: stepStart.slice(0, capacity.length),
    nextCards: Float64Array.from(capacity, (_, cell) => stepCards[stepStart[cell] ?? 0] ?? 0),
    linkUsed: new Float64Array(model.links * model.T),
    choice: new Int32Array(bids).fill(-1),
    start: new Int32Array(bids),
    share: new Int32Array(bids),
    fills: new Array<Fills | undefined>(bids).fill(undefined),
    gangs: Array.from({ length: pools }, () => []),
    place: new Int32Array(bids),
    secondPlace: new Int32Array(bids),
    fillers: Array.from({ length: pools }, () => new Set<number>()),
    risen: [],
  };
}

export function copySchedule(from: Schedule): Schedule {
  return {
    ...from,
    used: from.used.slice(),
    floor: from.floor.slice(),
    firmUsed: from.firmUsed.slice(),
    nextStep: from.nextStep.slice(),
    nextCards: from.nextCards.slice(),
    linkUsed: from.linkUsed.slice(),
    choice: from.choice.slice(),
    start: from.start.slice(),
    share: from.share.slice(),
    fills: from.fills.map((own) => own && copyFills(own)),
    gangs: from.gangs.map((list) => [...list]),
    place: from.place.slice(),
    secondPlace: from.secondPlace.slice(),
    fillers: from.fillers.map((set) => new Set(set)),
    risen: [],
  };
}

export function copyFills({ ways, cells, cards }: Fills): Fills {
  return { ways: [...ways], cells: [...cells], cards: [...cards] };
}

function sellCards(schedule: Schedule, cell: number, cards: number): void {
  const { nextStep, nextCards, floor, used, model } = schedule;
  const { stepCost, stepCards } = model;
  let step = nextStep[cell] ?? 0;
  let inStep = nextCards[cell] ?? 0;
  let left = cards;
  let cost = 0;
  for (; left > inStep; step++, inStep = stepCards[step] ?? 0) {
    cost += inStep * (stepCost[step] ?? 0);
    left -= inStep;
  }
  const last = stepCost[step] ?? 0;
  cost += left * last;
  schedule.welfare -= cost;
  if (last > (floor[cell] ?? 0)) {
    if ((used[cell] ?? 0) > 0) schedule.risen.push(cell);
    floor[cell] = last;
  }
  used[cell] = (used[cell] ?? 0) + cards;
  inStep -= left;
  const more = inStep === 0 && step + 1 < (model.stepStart[cell + 1] ?? 0);
  nextStep[cell] = more ? step + 1 : step;
  nextCards[cell] = more ? (stepCards[step + 1] ?? 0) : inStep;
}

function returnCards(schedule: Schedule, cell: number, cards: number): void {
  const { nextStep, nextCards, floor, used, model } = schedule;
  const { stepCost, stepCards } = model;
  let step = nextStep[cell] ?? 0;
  let inStep = nextCards[cell] ?? 0;
  let left = cards;
  let cost = 0;
  for (;;) {
    const sold = (stepCards[step] ?? 0) - inStep;
    if (left <= sold) break;
    cost += sold * (stepCost[step] ?? 0);
    left -= sold;
    step--;
    inStep = 0;
  }
  cost += left * (stepCost[step] ?? 0);
  inStep += left;
  schedule.welfare += cost;
  const now = (used[cell] ?? 0) - cards;
  used[cell] = now;
  nextStep[cell] = step;
  nextCards[cell] = inStep;
  const begun = inStep < (stepCards[step] ?? 0);
  floor[cell] = now === 0 ? 0 : (stepCost[begun ? step : step - 1] ?? 0);
}

/** Of a pair the two ways, of a way itself. */
export function firstWay(model: Model, choice: number): number {
  return choice >= 0 ? choice : (model.pairFirst[-2 - choice] ?? 0);
}

/** -1: there is only one. */
export function secondWay(model: Model, choice: number): number {
  return choice >= 0 ? -1 : (model.pairSecond[-2 - choice] ?? 0);
}

/** Value at the limit less transfer, mills. */
export function netOf(model: Model, choice: number): number {
  return (choice >= 0 ? model.wayNet[choice] : model.pairNet[-2 - choice]) ?? 0;
}

export function slotsOf(model: Model, choice: number): number {
  return model.wayD[firstWay(model, choice)] ?? 0;
}

/** @param share cards of the first way; of a single way the whole gang */
export function place(schedule: Schedule, bid: number, choice: number, start: number, share: number): void {
  const { model } = schedule;
  schedule.choice[bid] = choice;
  schedule.start[bid] = start;
  schedule.share[bid] = share;
  schedule.welfare += netOf(model, choice);
  const second = secondWay(model, choice);
  moveWay(schedule, bid, firstWay(model, choice), start, share, 1);
  enlist(schedule, bid, firstWay(model, choice), schedule.place);
  if (second < 0) return;
  moveWay(schedule, bid, second, start, (model.g[bid] ?? 0) - share, 1);
  enlist(schedule, bid, second, schedule.secondPlace);
  moveSync(schedule, choice, start, 1);
}

export function unplace(schedule: Schedule, bid: number): void {
  const { model } = schedule;
  const choice = schedule.choice[bid] ?? -1;
  const start = schedule.start[bid] ?? 0;
  const share = schedule.share[bid] ?? 0;
  const second = secondWay(model, choice);
  schedule.welfare -= netOf(model, choice);
  moveWay(schedule, bid, firstWay(model, choice), start, share, -1);
  strike(schedule, firstWay(model, choice), schedule.place[bid] ?? 0);
  if (second >= 0) {
    moveWay(schedule, bid, second, start, (model.g[bid] ?? 0) - share, -1);
    strike(schedule, second, schedule.secondPlace[bid] ?? 0);
    moveSync(schedule, choice, start, -1);
  }
  schedule.choice[bid] = -1;
}

/** @param sign 1: sells a bid so many cards in the cells of a way, and the staging; -1: returns them */
function moveWay(
  schedule: Schedule,
  bid: number,
  way: number,
  start: number,
  cards: number,
  sign: 1 | -1,
): void {
  const { model, linkUsed } = schedule;
  const cell = (model.wayPool[way] ?? 0) * model.T + start;
  const end = cell + (model.wayD[way] ?? 0);
  const move = sign === 1 ? sellCards : returnCards;
  for (let i = cell; i < end; i++) move(schedule, i, cards);
  if (model.reclaimable[bid] === 0) countFirm(schedule, cell, end, sign * cards);
  addStaging(model, linkUsed, way, start, sign);
}

function countFirm({ model, firmUsed }: Schedule, first: number, end: number, cards: number): void {
  if (!model.anyReclaimable) return;
  for (let cell = first; cell < end; cell++) firmUsed[cell] = (firmUsed[cell] ?? 0) + cards;
}

/** Cards of a cell that a bid may still take. */
export function freeFor({ model, used, firmUsed }: Schedule, bid: number, cell: number): number {
  const free = (model.capacity[cell] ?? 0) - (used[cell] ?? 0);
  if (!model.anyReclaimable || model.reclaimable[bid] === 1) return free;
  return Math.min(free, (model.firmCapacity[cell] ?? 0) - (firmUsed[cell] ?? 0));
}

function moveSync({ model, linkUsed }: Schedule, choice: number, start: number, sign: 1 | -1): void {
  const at = (model.pairLink[-2 - choice] ?? 0) * model.T + start;
  const gigabits = sign * (model.pairGigabits[-2 - choice] ?? 0);
  for (let i = at, end = at + slotsOf(model, choice); i < end; i++)
    linkUsed[i] = (linkUsed[i] ?? 0) + gigabits;
}

function enlist({ model, gangs }: Schedule, bid: number, way: number, places: Int32Array): void {
  const list = gangs[model.wayPool[way] ?? 0];
  if (!list) return;
  places[bid] = list.length;
  list.push(bid);
}

function strike(schedule: Schedule, way: number, at: number): void {
  const pool = schedule.model.wayPool[way] ?? 0;
  const list = schedule.gangs[pool];
  const last = list?.pop();
  if (!list || last === undefined || at === list.length) return;
  list[at] = last;
  const its = firstWay(schedule.model, schedule.choice[last] ?? 0);
  const places = (schedule.model.wayPool[its] ?? 0) === pool ? schedule.place : schedule.secondPlace;
  places[last] = at;
}

/**
 * Gives a div bid cards of a cell.
 * @param at where its fills have that cell already; -1: nowhere
 */
export function fill(
  schedule: Schedule,
  bid: number,
  way: number,
  cell: number,
  cards: number,
  at = schedule.fills[bid]?.cells.indexOf(cell) ?? -1,
): void {
  sellFill(schedule, bid, way, cell, cards);
  const own = schedule.fills[bid] ?? { ways: [], cells: [], cards: [] };
  schedule.fills[bid] = own;
  if (at >= 0) own.cards[at] = (own.cards[at] ?? 0) + cards;
  else {
    schedule.fillers[schedule.model.wayPool[way] ?? 0]?.add(bid);
    own.ways.push(way);
    own.cells.push(cell);
    own.cards.push(cards);
  }
}

/** Gives a div bid that has nothing all of some fills, which are its own from then on. */
export function fillWith(schedule: Schedule, bid: number, own: Fills): void {
  const { ways, cells, cards } = own;
  for (let i = 0; i < cells.length; i++) sellFill(schedule, bid, ways[i] ?? 0, cells[i] ?? 0, cards[i] ?? 0);
  for (const way of ways) schedule.fillers[schedule.model.wayPool[way] ?? 0]?.add(bid);
  schedule.fills[bid] = own;
}

function sellFill(schedule: Schedule, bid: number, way: number, cell: number, cards: number): void {
  const { model } = schedule;
  sellCards(schedule, cell, cards);
  if (model.reclaimable[bid] === 0) countFirm(schedule, cell, cell + 1, cards);
  schedule.welfare += (model.wayLimit[way] ?? 0) * cards;
}

function returnFill(schedule: Schedule, bid: number, { ways, cells, cards }: Fills, at: number): void {
  const { model } = schedule;
  const cell = cells[at] ?? 0;
  const count = cards[at] ?? 0;
  returnCards(schedule, cell, count);
  if (model.reclaimable[bid] === 0) countFirm(schedule, cell, cell + 1, -count);
  schedule.welfare -= (model.wayLimit[ways[at] ?? 0] ?? 0) * count;
}

/** Takes a div bid's fill away, the last one taking its place in the list. */
export function unfill(schedule: Schedule, bid: number, at: number): void {
  const own = schedule.fills[bid];
  const way = own?.ways[at];
  if (!own || way === undefined) return;
  returnFill(schedule, bid, own, at);
  const last = own.cells.length - 1;
  own.ways[at] = own.ways[last] ?? 0;
  own.cells[at] = own.cells[last] ?? 0;
  own.cards[at] = own.cards[last] ?? 0;
  own.ways.pop();
  own.cells.pop();
  own.cards.pop();
  const { wayPool } = schedule.model;
  const pool = wayPool[way] ?? 0;
  if (!own.ways.some((other) => wayPool[other] === pool)) schedule.fillers[pool]?.delete(bid);
  if (last === 0) schedule.fills[bid] = undefined;
}

export function emptyFills(schedule: Schedule, bid: number): void {
  const own = schedule.fills[bid];
  if (!own) return;
  for (let at = own.cells.length - 1; at >= 0; at--) returnFill(schedule, bid, own, at);
  const { wayStart, wayPool } = schedule.model;
  for (let way = wayStart[bid] ?? 0, end = wayStart[bid + 1] ?? 0; way < end; way++)
    schedule.fillers[wayPool[way] ?? 0]?.delete(bid);
  schedule.fills[bid] = undefined;
}

/** Has all that it asked for. */
export function isServed({ model, choice, fills }: Schedule, bid: number): boolean {
  if (model.kind[bid] !== DIV) return choice[bid] !== -1;
  const own = fills[bid];
  if (!own) return false;
  let left = model.budget[bid] ?? 0;
  for (let i = 0; i < own.ways.length; i++)
    left -= (own.cards[i] ?? 0) * (model.wayUnit[own.ways[i] ?? 0] ?? 0);
  return left <= 0;
}

/** What a gang gains at the floors, mills: below 0 no uniform prices hold. Links cost nothing at the least. */
export function slackAtFloors(schedule: Schedule, bid: number): number {
  return slackWithoutLinks(schedule, bid, schedule.floor);
}

/** Where gangs are. */
export type GangPlaces = Pick<Schedule, "model" | "choice" | "start" | "share">;

/** What a gang gains where it is at prices of cells, mills, links for nothing. */
export function slackWithoutLinks(
  { model, choice, start, share }: GangPlaces,
  bid: number,
  prices: Float64Array,
): number {
  const chosen = choice[bid] ?? -1;
  const second = secondWay(model, chosen);
  const cards = share[bid] ?? 0;
  let slack = netOf(model, chosen) - sumOver(model, prices, firstWay(model, chosen), start[bid] ?? 0) * cards;
  if (second >= 0) slack -= sumOver(model, prices, second, start[bid] ?? 0) * ((model.g[bid] ?? 0) - cards);
  return slack;
}

function sumOver({ wayPool, wayD, T }: Model, cells: Float64Array, way: number, start: number): number {
  const first = (wayPool[way] ?? 0) * T + start;
  let sum = 0;
  for (let cell = first, end = first + (wayD[way] ?? 0); cell < end; cell++) sum += cells[cell] ?? 0;
  return sum;
}

/** Welfare made anew from what is held, mills: whole, whatever floating sums have been through. */
export function exactWelfare({ model, used, choice, fills }: Schedule): number {
  const { stepStart, stepCards, stepCost, wayLimit } = model;
  let welfare = 0;
  for (let bid = 0; bid < model.bids; bid++) {
    const chosen = choice[bid] ?? -1;
    if (chosen !== -1) welfare += netOf(model, chosen);
    const own = fills[bid];
    if (own)
      own.ways.forEach((way, i) => {
        welfare += (wayLimit[way] ?? 0) * (own.cards[i] ?? 0);
      });
  }
  for (let cell = 0; cell < used.length; cell++) {
    let left = used[cell] ?? 0;
    for (let step = stepStart[cell] ?? 0; left > 0; step++) {
      const cards = Math.min(left, stepCards[step] ?? 0);
      welfare -= cards * (stepCost[step] ?? 0);
      left -= cards;
    }
  }
  return welfare;
}

/** Whether a gang has cards of a pool in any slot of `[from, to)`. */
export function isIn(
  { model, choice, start, gangs }: Schedule,
  bid: number,
  pool: number,
  from: number,
  to: number,
): boolean {
  const chosen = choice[bid] ?? -1;
  if (chosen === -1 || !gangs[pool]?.includes(bid)) return false;
  const begins = start[bid] ?? 0;
  return begins < to && begins + slotsOf(model, chosen) > from;
}
