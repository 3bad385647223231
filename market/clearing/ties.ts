import { dependants, isConditional } from "./conditions.ts";
import type { PriceTables } from "./guide.ts";
import { bestSpot, type Spot } from "./insertion.ts";
import { DIV, type Model } from "./model.ts";
import { place, type Schedule, slotsOf, unplace } from "./schedule.ts";

/**
 * Gives a place to the bid that ties put first: every gang left out takes over what a later one holds, the last of them,
 * if it fits that very place and is worth no less there; or, worth just as much, if it finds another place without it.
 * @param cheapest every cell at the cost of its first card
 */
export function honourTies(schedule: Schedule, cheapest: PriceTables): void {
  const { model, choice } = schedule;
  const holders = holdersByShape(schedule);
  for (let bid = 0; bid < model.bids; bid++) {
    if (model.kind[bid] === DIV || choice[bid] !== -1 || isConditional(model, bid)) continue;
    const own = takeOver(schedule, holders, bid);
    if (own) {
      const start = schedule.start[own.holder] ?? 0;
      unplace(schedule, own.holder);
      place(schedule, bid, own.way, start, model.g[bid] ?? 0);
      succeed(own.list, own.holder, bid);
    } else displaceEqual(schedule, holders, bid, cheapest);
  }
}

function succeed(list: number[], holder: number, bid: number): void {
  list.splice(list.indexOf(holder), 1);
  list.push(bid);
  list.sort((x, y) => x - y);
}

const spot: Spot = { choice: -1, start: 0, share: 0, score: 0 };

/** Tries, last first, the later gangs of the same shape and worth: without one of them the bid may find a place. */
function displaceEqual(
  schedule: Schedule,
  holders: ReadonlyMap<string, number[]>,
  bid: number,
  cheapest: PriceTables,
): void {
  const { model, choice, start } = schedule;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
    const list = holders.get(shapeOf(model, bid, way)) ?? [];
    for (const holder of list.toReversed()) {
      if (holder <= bid) break;
      const held = choice[holder] ?? 0;
      if (model.wayNet[way] !== model.wayNet[held]) continue;
      const at = start[holder] ?? 0;
      const welfare = schedule.welfare;
      unplace(schedule, holder);
      schedule.risen.length = 0;
      if (bestSpot(schedule, bid, cheapest, -Infinity, spot, { spent: 0 }) && spot.choice === way) {
        place(schedule, bid, way, spot.start, spot.share);
        if (schedule.welfare >= welfare && schedule.risen.length === 0) {
          succeed(list, holder, bid);
          return;
        }
        unplace(schedule, bid);
      }
      place(schedule, holder, held, at, model.g[holder] ?? 0);
    }
  }
}

/** Gangs in a single pool that stand for themselves, by pool, slots and cards, in the order of ties. */
function holdersByShape({ model, choice }: Schedule): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (let bid = 0; bid < model.bids; bid++) {
    const way = choice[bid] ?? -1;
    if (way < 0 || isConditional(model, bid)) continue;
    const shape = shapeOf(model, bid, way);
    const list = shapes.get(shape);
    if (list) list.push(bid);
    else shapes.set(shape, [bid]);
  }
  return shapes;
}

function shapeOf({ wayPool, wayD, g, reclaimable }: Model, bid: number, way: number): string {
  return `${wayPool[way]}/${wayD[way]}/${g[bid]}/${reclaimable[bid]}`;
}

function takeOver({ model, choice, start }: Schedule, holders: ReadonlyMap<string, number[]>, bid: number) {
  const { wayLink, wayGigabits, wayStage, wayNet, wayD } = model;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
    const list = holders.get(shapeOf(model, bid, way)) ?? [];
    for (let i = list.length - 1; i >= 0; i--) {
      const holder = list[i] ?? 0;
      if (holder <= bid) break;
      const held = choice[holder] ?? 0;
      const at = start[holder] ?? 0;
      if (at < (model.from[bid] ?? 0) || at + (wayD[way] ?? 0) > (model.to[bid] ?? 0)) continue;
      const link = wayLink[way] ?? -1;
      const lighter =
        link < 0 ||
        (link === wayLink[held] &&
          wayStage[way] === wayStage[held] &&
          (wayGigabits[way] ?? 0) <= (wayGigabits[held] ?? 0));
      if (lighter && (wayNet[way] ?? 0) >= (wayNet[held] ?? 0)) return { way, holder, list };
    }
  }
  return null;
}

/**
 * Of places that are worth as much to all, the earliest start in the first way: each gang in a single pool moves there,
 * in the order of ties, if no price has to rise for it. What it does not lose it may also gain.
 * @param cheapest every cell at the cost of its first card
 */
export function startEarliest(schedule: Schedule, cheapest: PriceTables): void {
  const { model, choice, start, share } = schedule;
  for (let bid = 0; bid < model.bids; bid++) {
    const held = choice[bid] ?? -1;
    const children = dependants(schedule, bid);
    // What a service has beyond its floor keeps it in its pool; it could start nowhere else anyway.
    if (held < 0 || children.some((child) => model.kind[child] === DIV)) continue;
    const [at, cards, welfare] = [start[bid] ?? 0, share[bid] ?? 0, schedule.welfare];
    const latestEnd = children.length > 0 ? at + slotsOf(model, held) : Infinity;
    unplace(schedule, bid);
    schedule.risen.length = 0;
    if (bestSpot(schedule, bid, cheapest, -Infinity, spot, { spent: 0 })) {
      if (spot.choice === held && spot.start === at) {
        place(schedule, bid, held, at, cards);
        continue;
      }
      place(schedule, bid, spot.choice, spot.start, spot.share);
      const endsInTime = spot.start + slotsOf(model, spot.choice) <= latestEnd;
      if (endsInTime && schedule.welfare >= welfare && schedule.risen.length === 0) continue;
      unplace(schedule, bid);
    }
    place(schedule, bid, held, at, cards);
  }
}
