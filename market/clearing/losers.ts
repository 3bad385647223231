import { unplaceWhole } from "./conditions.ts";
import { netOf, type Schedule, slackAtFloors, unfill } from "./schedule.ts";

/**
 * The lowest uniform prices that a schedule can have are its floors. At them nobody accepted may lose: whoever does is
 * dropped with all that depends on it, the greatest loss for its value first, until nobody is left who does. Floors only
 * fall meanwhile, so no new losers appear.
 */
export function dropLosers(schedule: Schedule): void {
  const { model, choice } = schedule;
  const losers: { bid: number; loss: number }[] = [];
  for (let bid = 0; bid < model.bids; bid++) {
    dropFills(schedule, bid);
    if (choice[bid] === -1) continue;
    const slack = slackAtFloors(schedule, bid);
    if (slack < 0) losers.push({ bid, loss: -slack / Math.max(1, netOf(model, choice[bid] ?? 0)) });
  }
  losers.sort((x, y) => y.loss - x.loss || y.bid - x.bid);
  for (const { bid } of losers)
    if (choice[bid] !== -1 && slackAtFloors(schedule, bid) < 0) unplaceWhole(schedule, bid);
}

/** Has fills whose cell has become dearer than their limit. */
export function losesFills({ model, fills, floor }: Schedule, bid: number): boolean {
  const own = fills[bid];
  if (!own) return false;
  for (let i = 0; i < own.cells.length; i++)
    if ((floor[own.cells[i] ?? 0] ?? 0) > (model.wayLimit[own.ways[i] ?? 0] ?? 0)) return true;
  return false;
}

/** Takes fills away whose cell has become dearer than their limit. */
export function dropFills(schedule: Schedule, bid: number): void {
  const own = schedule.fills[bid];
  if (!own) return;
  const { wayLimit } = schedule.model;
  for (let i = own.cells.length - 1; i >= 0; i--)
    if ((schedule.floor[own.cells[i] ?? 0] ?? 0) > (wayLimit[own.ways[i] ?? 0] ?? 0))
      unfill(schedule, bid, i);
}
