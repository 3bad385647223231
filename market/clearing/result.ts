import { demandAt, emptyDemand, wholeBound } from "./demand.ts";
import { finalPrices } from "./final-prices.ts";
import { cheapestTables, type Prices, tablesOf } from "./guide.ts";
import type { Accepted, DivFills, Result } from "./instance.ts";
import type { Model } from "./model.ts";
import { copySchedule, exactWelfare, firstWay, type Schedule, secondWay } from "./schedule.ts";
import { honourTies, startEarliest } from "./ties.ts";

/**
 * A schedule as a result: starts as early as they may be, ties as ever, prices at which nobody loses, and the lower of the
 * bounds that guide prices and these have.
 */
export function resultOf(
  best: Schedule,
  { best: guide, bound: known }: { readonly best: Prices; readonly bound: number },
): Result {
  const { model } = best;
  const schedule = copySchedule(best);
  const cheapest = cheapestTables(model);
  startEarliest(schedule, cheapest);
  honourTies(schedule, cheapest);
  const prices = finalPrices(schedule, guide);
  const bound = Math.min(known, demandAt(model, tablesOf(model, prices), emptyDemand(model)));
  return {
    welfare: exactWelfare(schedule),
    accepted: acceptedOf(schedule),
    div: divOf(schedule),
    prices: rowsOf(model, model.pools, prices.cells, false),
    linkPrices: rowsOf(model, model.links, prices.links, true),
    bound: wholeBound(bound),
  };
}

function acceptedOf({ model, choice, start, share }: Schedule): Accepted[] {
  const accepted: Accepted[] = [];
  const centerOf = (way: number) => model.poolCenter[model.wayPool[way] ?? 0] ?? 0;
  for (let bid = 0; bid < model.bids; bid++) {
    const chosen = choice[bid] ?? -1;
    if (chosen === -1) continue;
    const first = firstWay(model, chosen);
    const second = secondWay(model, chosen);
    const cards = share[bid] ?? 0;
    const parts = [{ c: centerOf(first), q: cards }];
    if (second >= 0) parts.push({ c: centerOf(second), q: (model.g[bid] ?? 0) - cards });
    accepted.push({
      b: model.index[bid] ?? 0,
      p: model.poolProduct[model.wayPool[first] ?? 0] ?? 0,
      s: start[bid] ?? 0,
      parts: parts.sort((x, y) => x.c - y.c),
    });
  }
  return accepted.sort((x, y) => x.b - y.b);
}

function divOf({ model, fills }: Schedule): DivFills[] {
  const { T, poolCenter, poolProduct } = model;
  const div: DivFills[] = [];
  fills.forEach((own, bid) => {
    if (!own) return;
    const held = own.cells
      .map((cell, i) => ({ pool: Math.floor(cell / T), slot: cell % T, cards: own.cards[i] ?? 0 }))
      .sort((x, y) => x.slot - y.slot || x.pool - y.pool);
    div.push({
      b: model.index[bid] ?? 0,
      fills: held.map(({ pool, slot, cards }) => [
        poolCenter[pool] ?? 0,
        poolProduct[pool] ?? 0,
        slot,
        cards,
      ]),
    });
  });
  return div.sort((x, y) => x.b - y.b);
}

/** Index to row of T prices; rows of nothing but zeros are left out where that is the default. */
function rowsOf(model: Model, rows: number, prices: Float64Array, sparse: boolean): Record<string, number[]> {
  const all: Record<string, number[]> = {};
  for (let row = 0; row < rows; row++) {
    const values = [...prices.subarray(row * model.T, (row + 1) * model.T)];
    if (!sparse || values.some((value) => value > 0)) all[String(row)] = values;
  }
  return all;
}
