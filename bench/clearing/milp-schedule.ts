import { compileBook } from "../../market/clearing/compile-book.ts";
import type { Book } from "../../market/clearing/instance.ts";
import { dropLosers } from "../../market/clearing/losers.ts";
import { DIV, type Model } from "../../market/clearing/model.ts";
import { emptySchedule, fill, place, type Schedule } from "../../market/clearing/schedule.ts";
import type { Award, Milp } from "./milp.ts";

/** A solver's value may be so much off the whole number that it means. */
const TOLERANCE = 1e-5;

/**
 * What solutions of a book's program are worth with prices that hold, mills. The program knows no prices: whoever would
 * lose at any that there can be is dropped, so that prices exist at which nobody loses.
 */
export function pricedBy(book: Book, milp: Milp): (values: Float64Array) => number {
  const model = compileBook(book);
  return (values) => pricedSchedule(model, milp, values).welfare;
}

export function pricedSchedule(model: Model, milp: Milp, values: Float64Array): Schedule {
  const schedule = scheduleOf(model, milp, values);
  dropLosers(schedule);
  return schedule;
}

/**
 * A solution of the program, the values of its columns, in the engine's model.
 *
 * @throws Error if the program is not that of the model's book
 */
export function scheduleOf(model: Model, milp: Milp, values: Float64Array): Schedule {
  const schedule = emptySchedule(model);
  const rows = Map.groupBy(model.index.keys(), (row) => model.index[row] ?? 0);
  for (const [column, award] of milp.awards) {
    const value = Math.floor((values[column] ?? 0) + TOLERANCE);
    if (value < 1) continue;
    const own = rows.get(award.bid) ?? [];
    if (award.kind === "run") placeRun(schedule, own, award, values);
    else fillCards(schedule, own, award, value);
  }
  return schedule;
}

/** @param rows of the bid: of a service its floor and what it has beyond it */
function placeRun(
  schedule: Schedule,
  rows: readonly number[],
  { pool, start, beside }: Extract<Award, { kind: "run" }>,
  values: Float64Array,
): void {
  const { model } = schedule;
  const bid = rows.find((row) => model.kind[row] !== DIV) ?? -1;
  const first = wayIn(model, bid, pool);
  if (beside === undefined) place(schedule, bid, first, start, model.g[bid] ?? 0);
  else {
    const pair = pairOf(model, bid, first, wayIn(model, bid, beside.pool));
    const chunks = Math.round(values[beside.chunks] ?? 0);
    place(schedule, bid, -2 - pair, start, chunks * (model.pairChunk[pair] ?? 1));
  }
}

function fillCards(
  schedule: Schedule,
  rows: readonly number[],
  { pool, slot }: Extract<Award, { kind: "cards" }>,
  cards: number,
): void {
  const { model } = schedule;
  const bid = rows.find((row) => model.kind[row] === DIV) ?? -1;
  fill(schedule, bid, wayIn(model, bid, pool), pool * model.T + slot, cards);
}

function wayIn({ wayStart, wayPool }: Model, bid: number, pool: number): number {
  for (let way = wayStart[bid] ?? 0; way < (wayStart[bid + 1] ?? 0); way++)
    if (wayPool[way] === pool) return way;
  throw new Error(`the program has bid ${bid} in pool ${pool}, the model has not`);
}

function pairOf({ pairStart, pairFirst, pairSecond }: Model, bid: number, first: number, second: number) {
  for (let pair = pairStart[bid] ?? 0; pair < (pairStart[bid + 1] ?? 0); pair++)
    if (pairFirst[pair] === first && pairSecond[pair] === second) return pair;
  throw new Error(`the program has bid ${bid} in two pools, the model has not`);
}
