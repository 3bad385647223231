import type { RunMark } from "./book/supply-left.ts";
import { SLOTS_PER_HOUR } from "./time.ts";

/** Slots of a window in which a job would take cards of an offer with a minimum run. */
export interface TakenRun {
  readonly run: RunMark;
  /** By slot of the window, 1: it would. */
  readonly taken: Uint8Array;
}

/**
 * For each start in the window, counted from its first slot: ranges of the window in which a job alone would sell the
 * offer in too few slots in a row; none: it keeps the minimum run. The forward session counts whole hours.
 * @param first first slot of the window
 */
export function shortRunsOf({ run, taken }: TakenRun, first: number, slots: number, whole: boolean) {
  const length = taken.length;
  const least = whole ? Math.ceil(run.least / SLOTS_PER_HOUR) * SLOTS_PER_HOUR : run.least;
  const isSold = (slot: number): boolean => {
    const from = whole ? slot - (slot % SLOTS_PER_HOUR) : slot;
    const to = whole ? from + SLOTS_PER_HOUR : slot + 1;
    return run.sold.some(([begin, end]) => begin <= from && to <= end);
  };
  const sold = Uint8Array.from({ length }, (_, at) => (isSold(first + at) ? 1 : 0));
  const before = soldInARow(sold, (steps) => isSold(first - steps));
  const after = soldInARow(sold.toReversed(), (steps) => isSold(first + length - 1 + steps)).reverse();
  const takenUpTo = new Int32Array(length + 1);
  for (let at = 0; at < length; at++) takenUpTo[at + 1] = (takenUpTo[at] ?? 0) + (taken[at] ?? 0);
  const stretches = stretchesOf(length, (at) => taken[at] === 1 || sold[at] === 1);
  return (start: number): [from: number, to: number][] =>
    stretches.flatMap(([from, to]): [number, number][] => {
      const [begin, end] = [Math.max(from, start), Math.min(to, start + slots)];
      if (begin >= end || takenUpTo[end] === takenUpTo[begin]) return [];
      const inARow = (before[begin] ?? 0) + (end - begin) + (after[end] ?? 0);
      return inARow < least ? [[begin, end]] : [];
    });
}

/** How many slots in a row, up to each slot and not with it, are sold; `beyond`: so many steps before the first one. */
function soldInARow(sold: Uint8Array, beyond: (steps: number) => boolean): Int32Array {
  const row = new Int32Array(sold.length + 1);
  let steps = 1;
  while (beyond(steps)) steps += 1;
  row[0] = steps - 1;
  for (let at = 0; at < sold.length; at++) row[at + 1] = sold[at] === 1 ? (row[at] ?? 0) + 1 : 0;
  return row;
}

function stretchesOf(length: number, has: (at: number) => boolean): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (let at = 0; at < length; at++) {
    if (!has(at)) continue;
    const last = found.at(-1);
    if (last?.[1] === at) last[1] += 1;
    else found.push([at, at + 1]);
  }
  return found;
}
