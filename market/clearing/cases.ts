import { type Bounding, beginBounding, boundCase, type Case } from "./case-bound.ts";
import { construct } from "./construct.ts";
import { wholeBound } from "./demand.ts";
import type { Prices } from "./guide.ts";
import { type Effort, paidBeside } from "./insertion.ts";
import type { Model } from "./model.ts";
import { type Places, placesOf } from "./places.ts";
import { emptySchedule, type Place, place, type Schedule, slackAtFloors } from "./schedule.ts";

// Where a few gangs decide, no prices alone prove much: a gang that fits nowhere beside another still counts in part. So
// all schedules are divided into cases, by which places a gang may take, and each case has prices and a bound of its own
// (branch and bound). The highest bound of all cases holds for all schedules.

/** Books with more places than this, or so many cases at once, are not worth their memory. */
const MOST_PLACES = 20_000;
const MOST_CASES = 3000;
/**
 * Rounds of the price search while one case is open alone, as all schedules are at first, for each of several, and for one
 * in which every place is known.
 */
const ROUNDS = { alone: 100, part: 20, known: 100 };
/** Looks at the whole book that the first case takes, about. */
export const FIRST_CASE = ROUNDS.alone;
/** How much a chooser counts as disputed at the least. */
const LEAST = 1e-9;

export interface Cases {
  readonly model: Model;
  readonly places: Places;
  readonly bounding: Bounding;
  readonly effort: Effort;
  /** Units of work of one look at the whole book. */
  readonly round: number;
  /** Cases that may hold a better schedule than there is. */
  readonly open: Split[];
  /** The highest bound of those that may as well, but cannot be divided; mills. */
  known: number;
}

/**
 * A case, and where it is to be divided: a chooser's options before the `cut`th and the others. Taking no place comes first,
 * unless it must take one.
 */
interface Split {
  readonly one: Case;
  readonly chooser: number;
  readonly cut: number;
}

/**
 * @param bound of all schedules at the prices, mills
 * @returns undefined where the book has too many places
 */
export function beginCases(
  model: Model,
  { prices, bound, round }: { readonly prices: Prices; readonly bound: number; readonly round: number },
  effort: Effort,
): Cases | undefined {
  const places = placesOf(model, MOST_PLACES);
  if (places === undefined) return undefined;
  const bounding = beginBounding(model, places, effort, prices);
  const open = Int32Array.from({ length: places.count }, (_, i) => i);
  const whole = { open, must: new Uint8Array(places.choosers), bound, prices };
  return {
    model,
    places,
    bounding,
    effort,
    round,
    open: [{ one: whole, chooser: -1, cut: 0 }],
    known: -Infinity,
  };
}

/** No schedule has more welfare than this, unless it is one that is known; mills. */
export function boundOfCases({ open, known }: Cases): number {
  return open.reduce((most, { one }) => Math.max(most, one.bound), known);
}

/**
 * Divides the case of the highest bound, one after the other, until none is left that may hold a better schedule. Yields
 * a schedule of each case that may, and nothing now and then.
 * @param reached the most welfare that is known so far, mills
 */
export function* divideCases(cases: Cases, reached: () => number): Generator<Schedule | undefined, void> {
  const { open } = cases;
  while (open.length > 0 && open.length < MOST_CASES) {
    const at = highestOf(open);
    const split = open[at];
    const parts: Split[] = [];
    // The case itself stays open until its parts are, so that the bound holds meanwhile.
    for (const one of split ? partsOf(cases, split) : []) parts.push(...(yield* look(cases, one, reached)));
    open.splice(at, 1, ...parts);
  }
}

function highestOf(open: readonly Split[]): number {
  const bound = (at: number) => open[at]?.one.bound ?? -Infinity;
  return open.reduce((highest, _, at) => (bound(at) > bound(highest) ? at : highest), 0);
}

/**
 * Bounds a case and says where it is to be divided; nothing if no better schedule is in it, or if it cannot be divided: its
 * bound then stays in `known`.
 */
function* look(cases: Cases, one: Case, reached: () => number): Generator<Schedule | undefined, Split[]> {
  const { bounding } = cases;
  const hopeless = () => wholeBound(one.bound) <= reached();
  if (hopeless() || !narrow(cases, one)) return [];
  yield* boundCase(bounding, one, reached(), cases.open.length === 1 ? ROUNDS.alone : ROUNDS.part);
  // What was struck out may have made more places certain.
  if (hopeless() || !narrow(cases, one)) return [];
  yield scheduleOf(cases, one);
  const split = splitOf(cases, one);
  if (split) return [split];
  yield* boundCase(bounding, one, reached(), ROUNDS.known);
  if (!hopeless()) cases.known = Math.max(cases.known, one.bound);
  return [];
}

/** The two parts of a case; all schedules, which are not divided at first, as they are. */
function partsOf({ places }: Cases, { one, chooser, cut }: Split): Case[] {
  if (chooser < 0) return [one];
  const must = one.must.slice();
  must[chooser] = 1;
  let option = one.must[chooser] === 1 ? 0 : 1;
  const later = new Set<number>();
  for (const i of one.open) if (places.chooser[i] === chooser && option++ >= cut) later.add(i);
  return [
    { ...one, open: one.open.filter((i) => !later.has(i)), must: one.must.slice() },
    { ...one, open: one.open.filter((i) => places.chooser[i] !== chooser || later.has(i)), must },
  ];
}

/** The chooser whose places the rounds disputed most, the more the larger it is, and the middle of what they chose. */
function splitOf({ places, model, bounding: { chosen, declined } }: Cases, one: Case): Split | undefined {
  let split: Split | undefined;
  let most = 0;
  for (let from = 0, to = 0; from < one.open.length; from = to) {
    const chooser = places.chooser[one.open[from] ?? 0] ?? 0;
    const weights = one.must[chooser] === 1 ? [] : [declined[chooser] ?? 0];
    for (to = from; to < one.open.length && places.chooser[one.open[to] ?? 0] === chooser; to++)
      weights.push(chosen[one.open[to] ?? 0] ?? 0);
    if (weights.length < 2) continue;
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const i = one.open[from] ?? 0;
    const area = (model.g[places.bid[i] ?? 0] ?? 0) * (places.d[i] ?? 0);
    // However little it is disputed, it has not been decided yet.
    const score = area * (all === 0 ? LEAST : Math.max(LEAST, 1 - Math.max(...weights) / all));
    if (score <= most) continue;
    most = score;
    split = { one, chooser, cut: middleOf(weights, all) };
  }
  return split;
}

/** Options up to the one that passes half of the weight; not all. */
function middleOf(weights: readonly number[], all: number): number {
  let sum = 0;
  for (let cut = 1; cut < weights.length - 1; cut++) {
    sum += weights[cut - 1] ?? 0;
    if (sum >= all / 2) return cut;
  }
  return weights.length - 1;
}

/**
 * Strikes out places that cannot be beside those that are certain, until none is left that cannot: where a parent would
 * not have ended, where no cards or no link is left, or where the gang would lose at the floors, which only rise. False:
 * not even the certain ones can be together.
 */
function narrow(cases: Cases, one: Case): boolean {
  for (let before = Infinity; one.open.length < before; ) {
    before = one.open.length;
    if (!narrowOnce(cases, one)) return false;
  }
  return true;
}

/** Rule 13 and the links are looked at beside certain places only: gangs that may still go elsewhere bar nobody. */
function narrowOnce(cases: Cases, one: Case): boolean {
  const { model, places, effort } = cases;
  one.open = behindParents(cases, one.open);
  const certain = certainPlaces(cases, one);
  const schedule = emptySchedule(model);
  const paid = (bid: number, at: Place) => paidBeside(schedule, bid, at, effort);
  for (const [bid, at] of certain) {
    if (paid(bid, at) === Infinity) return false;
    place(schedule, bid, at.choice, at.start, at.share);
  }
  for (const bid of certain.keys()) if (slackAtFloors(schedule, bid) < 0) return false;
  one.open = one.open.filter((i) => {
    const bid = places.bid[i] ?? 0;
    const at = placeAt(places, i);
    return at === undefined || certain.has(bid) || paid(bid, at) <= (places.net[i] ?? 0);
  });
  return true;
}

/** Without the places of children whose parents have none, or none that ends in time. */
function behindParents({ model, places }: Cases, open: Int32Array): Int32Array {
  if (model.children.size === 0) return open;
  const ends = new Map<number, number>();
  for (const i of open) {
    const bid = places.bid[i] ?? 0;
    if (!model.children.has(bid)) continue;
    const end = (places.start[i] ?? 0) + (places.d[i] ?? 0);
    ends.set(bid, Math.min(ends.get(bid) ?? Infinity, end));
  }
  return open.filter((i) => {
    const parent = model.parent[places.bid[i] ?? 0] ?? -1;
    return parent < 0 || (places.start[i] ?? 0) >= (ends.get(parent) ?? Infinity);
  });
}

/** Undefined: it stands for several ways to share a gang. */
function placeAt({ choice, start, low, high }: Places, i: number): Place | undefined {
  const share = high[i] ?? 0;
  return share === low[i] ? { choice: choice[i] ?? 0, start: start[i] ?? 0, share } : undefined;
}

/** What a case leaves no choice about: of a chooser that must, the only place. Places of a chooser stand in a row. */
function certainPlaces({ places }: Cases, { open, must }: Case): Map<number, Place> {
  const certain = new Map<number, Place>();
  const lone = (at: number) => {
    const chooser = places.chooser[open[at] ?? 0] ?? 0;
    const isOf = (other: number) => places.chooser[open[other] ?? -1] === chooser;
    return must[chooser] === 1 && !isOf(at - 1) && !isOf(at + 1);
  };
  open.forEach((i, at) => {
    const its = placeAt(places, i);
    if (its && lone(at)) certain.set(places.bid[i] ?? 0, its);
  });
  return certain;
}

/** The certain places, and what finds room beside them at the prices of the case. */
function scheduleOf(cases: Cases, one: Case): Schedule {
  const { model, effort, round } = cases;
  const certain = certainPlaces(cases, one);
  const hasParent = (bid: number): boolean => {
    const parent = model.parent[bid] ?? -1;
    return parent < 0 || (certain.has(parent) && hasParent(parent));
  };
  const places = new Map([...certain].filter(([bid]) => hasParent(bid)));
  const making = construct(model, one.prices, round, effort, { rounds: 0, places });
  for (;;) {
    const { done, value } = making.next();
    if (done) return value;
  }
}
