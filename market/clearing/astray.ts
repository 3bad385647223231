import { earliestStart, mayEnter } from "./conditions.ts";
import type { Aim } from "./ejection.ts";
import type { Improvement } from "./improve.ts";
import { DIV } from "./model.ts";
import { type Schedule, slackWithoutLinks } from "./schedule.ts";

// Gangs that would gain more elsewhere at the guide, or that have no place though they would gain: where the bound is near
// the best schedule, what such gangs lack is most of what lies between the two.

/**
 * A gang drawn by what it lacks at the guide, and one of the places at which it would lack less, all alike; null: there is
 * none.
 * @param most mills that a gang counts at most: those that lack very much are mostly those that cannot be had at all
 */
export function drawAstray(improvement: Improvement, most: number): Aim | null {
  const { schedule, draw, able, demand, guide } = improvement;
  let sum = 0;
  const sums = able.map((bid) => {
    if (schedule.model.kind[bid] !== DIV && mayEnter(schedule, bid)) {
      const lacks = (demand.surplus[bid] ?? 0) - gainOf(schedule, bid, guide.cells);
      sum += Math.min(most, Math.max(0, lacks));
    }
    return sum;
  });
  const drawn = draw.fraction() * sum;
  const bid = able[sums.findIndex((upTo) => upTo > drawn)];
  if (bid === undefined) return null;
  const aims = betterPlaces(improvement, bid, gainOf(schedule, bid, guide.cells));
  return aims[draw.below(aims.length)] ?? null;
}

function gainOf(schedule: Schedule, bid: number, prices: Float64Array): number {
  return schedule.choice[bid] === -1 ? 0 : slackWithoutLinks(schedule, bid, prices);
}

/** In single pools those where the gang gains more than so many mills at the guide. */
function betterPlaces({ schedule, guide }: Improvement, bid: number, least: number): Aim[] {
  const { model } = schedule;
  const { T, wayStart, wayPool, wayD, wayNet } = model;
  const aims: Aim[] = [];
  for (let way = wayStart[bid] ?? 0, end = wayStart[bid + 1] ?? 0; way < end; way++) {
    const d = wayD[way] ?? 0;
    const at = (wayPool[way] ?? 0) * (T + 1);
    for (let start = earliestStart(schedule, bid); start + d <= (model.to[bid] ?? 0); start++) {
      const price = (guide.sums[at + start + d] ?? 0) - (guide.sums[at + start] ?? 0);
      if ((wayNet[way] ?? 0) - price * (model.g[bid] ?? 0) > least) aims.push({ bid, way, start });
    }
  }
  return aims;
}
