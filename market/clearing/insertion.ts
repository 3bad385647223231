import { earliestStart, mayEnter } from "./conditions.ts";
import { leastFrom, type PriceTables } from "./guide.ts";
import { NEVER_ALONE } from "./model.ts";
import { chunksBetween, pairLinkPrice } from "./pairs.ts";
import { firstWay, freeFor, type Place, type Schedule, secondWay, slotsOf } from "./schedule.ts";
import { eachStaged, stagingFits, stagingPrice } from "./staging.ts";

/** A place for a gang: its choice (a way, or -2 - pair), start, and cards of the first way; and what it is worth there. */
export interface Spot {
  choice: number;
  start: number;
  share: number;
  /** Net value less what its cells are worth to others, or cost if that is more. Mills. */
  score: number;
}

/** The largest number of ways to share a gang between two centers that is tried. */
const SHARES = 8;

/** Counts what is looked at, so that a budget of work is the same on every machine. */
export interface Effort {
  spent: number;
}

/**
 * Sets `spot` to the feasible place of the best score above `least`; false if there is none. Each cell costs what its
 * next cards cost or the guide price, if that is more; a step dearer than the guide also costs what it takes from those
 * who hold the cell already, for all pay the last step. A gang must not lose at the floors as they would stand after it.
 * Ties go to the earlier way, then to the earlier start.
 */
export function bestSpot(
  schedule: Schedule,
  bid: number,
  guide: PriceTables,
  least: number,
  spot: Spot,
  effort: Effort,
): boolean {
  const { model } = schedule;
  spot.choice = -1;
  spot.score = least;
  if (!mayEnter(schedule, bid)) return false;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++)
    tryWay(schedule, bid, way, guide, spot, effort);
  for (let pair = model.pairStart[bid] ?? 0, end = model.pairStart[bid + 1] ?? 0; pair < end; pair++)
    tryPair(schedule, bid, pair, guide, spot, effort);
  return spot.choice !== -1;
}

/** What the cells of a way would cost, and what is paid for them at the last steps; or where it does not fit. */
const look = { cost: 0, paid: 0, blocked: -1 };

function tryWay(
  schedule: Schedule,
  bid: number,
  way: number,
  guide: PriceTables,
  spot: Spot,
  effort: Effort,
): void {
  const { model, linkUsed } = schedule;
  const { T, wayNet, wayD, wayPool, wayLink, wayRoom } = model;
  const { sums, links } = guide;
  const net = wayNet[way] ?? 0;
  const g = model.g[bid] ?? 0;
  const d = wayD[way] ?? 0;
  if (wayRoom[way] === NEVER_ALONE) return;
  if (
    net - leastFrom(guide, model.waySpan[way] ?? 0, model.from[bid] ?? 0, (model.to[bid] ?? 0) - d) * g <=
    spot.score
  )
    return;
  const pool = wayPool[way] ?? 0;
  const link = wayLink[way] ?? -1;
  const at = pool * (T + 1);
  const last = (model.to[bid] ?? 0) - d;
  effort.spent += last - (model.from[bid] ?? 0) + 1;
  for (let start = earliestStart(schedule, bid); start <= last; start++) {
    const least = ((sums[at + start + d] ?? 0) - (sums[at + start] ?? 0)) * g;
    if (net - least <= spot.score) continue;
    let staging = 0;
    if (link >= 0) {
      if (!stagingFits(model, linkUsed, way, start)) continue;
      staging = stagingPrice(model, links, way, start);
    }
    lookAt(schedule, bid, guide, pool * T + start, d, g, net - staging - spot.score, effort);
    if (look.blocked >= 0) {
      start = look.blocked - pool * T;
      continue;
    }
    const score = net - staging - look.cost;
    if (score <= spot.score || net < look.paid) continue;
    spot.score = score;
    spot.choice = way;
    spot.start = start;
    spot.share = g;
  }
}

/** Looks at `d` cells for `g` cards of a bid each; stops where they are not left, or where the cost passes what may be spent. */
function lookAt(
  schedule: Schedule,
  bid: number,
  { cells }: Pick<PriceTables, "cells">,
  first: number,
  d: number,
  g: number,
  spend: number,
  effort: Effort,
): void {
  const { model, used, floor, nextStep, nextCards } = schedule;
  const { stepCost, stepCards } = model;
  let cost = 0;
  let paid = 0;
  look.blocked = -1;
  for (let cell = first, end = first + d; cell < end; cell++) {
    const sold = used[cell] ?? 0;
    if (freeFor(schedule, bid, cell) < g) {
      look.blocked = cell;
      break;
    }
    let step = nextStep[cell] ?? 0;
    let left = g - (nextCards[cell] ?? 0);
    let last = stepCost[step] ?? 0;
    let own = g * last;
    while (left > 0) {
      step++;
      own += left * ((stepCost[step] ?? 0) - last);
      last = stepCost[step] ?? 0;
      left -= stepCards[step] ?? 0;
    }
    const price = cells[cell] ?? 0;
    // Of places that are worth as much to others, the one that costs less.
    cost += Math.max(own, price * g) + own / 1024;
    const bearable = Math.max(price, floor[cell] ?? 0);
    if (sold > 0 && last > bearable) cost += (last - bearable) * sold;
    paid += g * last;
    if (cost >= spend) break;
  }
  effort.spent += d;
  look.cost = cost;
  look.paid = paid;
}

/** What a gang would pay for a place beside what is sold, all at the last steps, mills; Infinity: there is no room. */
export function paidBeside(
  schedule: Schedule,
  bid: number,
  { choice, start, share }: Place,
  effort: Effort,
): number {
  const { model } = schedule;
  const atCost = { cells: model.cheapest };
  const d = slotsOf(model, choice);
  const part = (way: number, cards: number) => {
    lookAt(schedule, bid, atCost, (model.wayPool[way] ?? 0) * model.T + start, d, cards, Infinity, effort);
    return look.blocked >= 0 ? Infinity : look.paid;
  };
  if (choice >= 0)
    return stagingFits(model, schedule.linkUsed, choice, start) ? part(choice, share) : Infinity;
  if (!pairFits(schedule, -2 - choice, start)) return Infinity;
  return part(firstWay(model, choice), share) + part(secondWay(model, choice), (model.g[bid] ?? 0) - share);
}

function tryPair(
  schedule: Schedule,
  bid: number,
  pair: number,
  guide: PriceTables,
  spot: Spot,
  effort: Effort,
): void {
  const { model } = schedule;
  const { T, pairFirst, pairSecond, pairNet, wayPool, wayD } = model;
  const { sums } = guide;
  const net = pairNet[pair] ?? 0;
  if (net <= spot.score) return;
  const first = pairFirst[pair] ?? 0;
  const second = pairSecond[pair] ?? 0;
  const g = model.g[bid] ?? 0;
  const d = wayD[first] ?? 0;
  const one = (wayPool[first] ?? 0) * (T + 1);
  const other = (wayPool[second] ?? 0) * (T + 1);
  const last = (model.to[bid] ?? 0) - d;
  effort.spent += last - (model.from[bid] ?? 0) + 1;
  for (let start = earliestStart(schedule, bid); start <= last; start++) {
    const least = Math.min(
      (sums[one + start + d] ?? 0) - (sums[one + start] ?? 0),
      (sums[other + start + d] ?? 0) - (sums[other + start] ?? 0),
    );
    if (net - least * g > spot.score && pairFits(schedule, pair, start))
      tryShares(schedule, bid, pair, start, guide, spot, effort);
  }
}

function tryShares(
  schedule: Schedule,
  bid: number,
  pair: number,
  start: number,
  guide: PriceTables,
  spot: Spot,
  effort: Effort,
): void {
  const { model } = schedule;
  const { T, wayPool, wayD } = model;
  const first = model.pairFirst[pair] ?? 0;
  const second = model.pairSecond[pair] ?? 0;
  const chunk = model.pairChunk[pair] ?? 1;
  const net = model.pairNet[pair] ?? 0;
  const g = model.g[bid] ?? 0;
  const d = wayD[first] ?? 0;
  const [one, other] = [(wayPool[first] ?? 0) * T + start, (wayPool[second] ?? 0) * T + start];
  const inFirst = freeIn(schedule, bid, one, d);
  const inSecond = freeIn(schedule, bid, other, d);
  const { fewest, most } = chunksBetween(model, bid, pair, inFirst, inSecond);
  const links = pairLinkPrice(model, guide.links, pair, start);
  const stride = Math.max(1, Math.ceil((most - fewest) / (SHARES - 1)));
  for (let n = fewest; n <= most; n = n < most ? Math.min(n + stride, most) : most + 1) {
    const share = n * chunk;
    lookAt(schedule, bid, guide, one, d, share, Infinity, effort);
    const [cost, paid] = [look.cost, look.paid];
    lookAt(schedule, bid, guide, other, d, g - share, Infinity, effort);
    const score = net - links - cost - look.cost;
    if (score <= spot.score || net < paid + look.paid) continue;
    spot.score = score;
    spot.choice = -2 - pair;
    spot.start = start;
    spot.share = share;
  }
}

function freeIn(schedule: Schedule, bid: number, first: number, d: number): number {
  let least = Infinity;
  for (let cell = first; cell < first + d; cell++) least = Math.min(least, freeFor(schedule, bid, cell));
  return least;
}

/** The staging of one of the ways and the reservation between the two may share a link. */
function pairFits({ model, linkUsed }: Schedule, pair: number, start: number): boolean {
  const { T, linkCapacity } = model;
  const ways = [model.pairFirst[pair] ?? 0, model.pairSecond[pair] ?? 0];
  if (!ways.every((way) => stagingFits(model, linkUsed, way, start))) return false;
  const sync = model.pairLink[pair] ?? 0;
  const first = sync * T + start;
  const end = first + (model.wayD[ways[0] ?? 0] ?? 0);
  const most = (linkCapacity[sync] ?? 0) - (model.pairGigabits[pair] ?? 0);
  let fits = true;
  for (let at = first; at < end && fits; at++) fits = (linkUsed[at] ?? 0) <= most;
  for (const way of ways)
    eachStaged(model, way, start, (at, gigabits) => {
      if (at >= first && at < end) fits &&= (linkUsed[at] ?? 0) + gigabits <= most;
    });
  return fits;
}
