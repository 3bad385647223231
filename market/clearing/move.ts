import { dependants, unplaceWhole } from "./conditions.ts";
import { dropFills, losesFills } from "./losers.ts";
import {
  copyFills,
  emptyFills,
  type Fills,
  fillWith,
  place,
  type Schedule,
  slackAtFloors,
  slotsOf,
  unplace,
} from "./schedule.ts";

/** A schedule that is moved on, and what the last move has changed, so that it can be taken back. */
export interface Moving {
  schedule: Schedule;
  /** Begun so far. */
  moves: number;
  readonly touched: Touched;
}

interface Touched {
  /** By bid: the move that touched it last. */
  readonly move: Int32Array;
  readonly bids: number[];
  readonly choice: Int32Array;
  readonly start: Int32Array;
  readonly share: Int32Array;
  readonly fills: (Fills | undefined)[];
}

/** Nothing is touched yet. */
export function touchedNothing(bids: number): Touched {
  return {
    move: new Int32Array(bids).fill(-1),
    bids: [],
    choice: new Int32Array(bids),
    start: new Int32Array(bids),
    share: new Int32Array(bids),
    fills: [],
  };
}

/** Answers with the welfare before. */
export function beginMove(moving: Moving): number {
  moving.moves++;
  moving.touched.bids.length = 0;
  moving.schedule.risen.length = 0;
  return moving.schedule.welfare;
}

/** To be called before a bid is changed. */
export function touch({ schedule, touched, moves }: Moving, bid: number): void {
  if (touched.move[bid] === moves) return;
  touched.move[bid] = moves;
  touched.bids.push(bid);
  touched.choice[bid] = schedule.choice[bid] ?? -1;
  touched.start[bid] = schedule.start[bid] ?? 0;
  touched.share[bid] = schedule.share[bid] ?? 0;
  const own = schedule.fills[bid];
  touched.fills[bid] = own && copyFills(own);
}

/** Takes a gang out with all that depends on it, unless that has happened; answers with whom, parents first. */
export function takeWhole(moving: Moving, bid: number): number[] {
  const { schedule } = moving;
  if (schedule.choice[bid] === -1) return [];
  const whole = [bid, ...dependants(schedule, bid)];
  for (const one of whole) touch(moving, one);
  unplaceWhole(schedule, bid);
  return whole;
}

/** Looks where a floor has risen, for nobody else can have come to lose. */
export function dropWhoLoses(moving: Moving): void {
  const { schedule } = moving;
  const { model, choice, start } = schedule;
  for (const [pool, { from, to }] of risenSpans(schedule)) {
    for (const bid of [...(schedule.gangs[pool] ?? [])]) {
      const held = choice[bid] ?? -1;
      const begins = start[bid] ?? 0;
      if (held === -1 || begins >= to || begins + slotsOf(model, held) <= from) continue;
      if (slackAtFloors(schedule, bid) < 0) takeWhole(moving, bid);
    }
    for (const bid of [...(schedule.fillers[pool] ?? [])]) {
      if (!losesFills(schedule, bid)) continue;
      touch(moving, bid);
      dropFills(schedule, bid);
    }
  }
}

/** Of each pool the slots between the first and the last floor that has risen. */
function risenSpans({ risen, model }: Schedule): Map<number, { from: number; to: number }> {
  const spans = new Map<number, { from: number; to: number }>();
  for (const cell of risen) {
    const pool = Math.floor(cell / model.T);
    const slot = cell % model.T;
    const span = spans.get(pool);
    if (!span) spans.set(pool, { from: slot, to: slot + 1 });
    else {
      span.from = Math.min(span.from, slot);
      span.to = Math.max(span.to, slot + 1);
    }
  }
  return spans;
}

export function takeBack({ schedule, touched }: Moving): void {
  for (const bid of touched.bids) {
    if (schedule.choice[bid] !== -1) unplace(schedule, bid);
    emptyFills(schedule, bid);
  }
  for (const bid of touched.bids) {
    const choice = touched.choice[bid] ?? -1;
    if (choice !== -1) place(schedule, bid, choice, touched.start[bid] ?? 0, touched.share[bid] ?? 0);
    const own = touched.fills[bid];
    if (own) fillWith(schedule, bid, own);
  }
}
