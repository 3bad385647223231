import { type Demand, demandAt, emptyDemand } from "./demand.ts";
import { copyPrices, type Prices, type PriceTables, pricesOf, refreshTables, tablesOf } from "./guide.ts";
import type { Model } from "./model.ts";

/** The first step, in mean limits, where all that is offered is wanted twice or not at all. */
const FIRST_STEP = 1 / 4;
/** Rounds after which the step is half of the first. */
const HALVING = 5;
/** So many times what is offered counts, where more is wanted: few small pools are wanted by many. */
const MOST_EXCESS = 4;

/**
 * Rounds that prices of an earlier auction stand for: the first steps would lose them. No more, for published prices have
 * been lowered until no winner loses, and in small books that is far from the prices of the least bound.
 */
const WARM_ROUNDS = 5;

/** Prices that move with what is wanted at them. */
export interface Moving {
  readonly tables: PriceTables;
  readonly demand: Demand;
  readonly drift: Float64Array;
  readonly linkDrift: Float64Array;
  /** How much of the last direction a step keeps. */
  readonly momentum: number;
}

/** Prices on their way to the least upper bound. */
export interface Ascent extends Moving {
  /** The prices of the least bound so far, and that bound in mills. */
  best: Prices;
  bound: number;
  /** Prices that the second round looks at. */
  readonly warm: Prices | undefined;
  /** The bound cannot be lower: what is wanted at the cheapest costs fits. */
  done: boolean;
  rounds: number;
  readonly scale: number;
}

/** @param warm prices to go on from, such as the last auction's, after a first look at the cheapest costs */
export function beginAscent(model: Model, warm?: Prices): Ascent {
  const start = pricesOf(model);
  return {
    warm,
    tables: tablesOf(model, start),
    demand: emptyDemand(model),
    best: copyPrices(start),
    bound: Infinity,
    done: false,
    rounds: 0,
    scale: meanLimit(model) * FIRST_STEP,
    momentum: momentumOf(model),
    drift: new Float64Array(start.cells.length),
    linkDrift: new Float64Array(start.links.length),
  };
}

/** The more pools a bid can choose from, the more demand jumps between them, and the longer an average it takes. */
export function momentumOf({ wayPool, bids }: Model): number {
  return Math.max(0.75, Math.min(0.9, 1 - bids / (2 * Math.max(1, wayPool.length))));
}

export function meanLimit({ wayLimit }: Model): number {
  return wayLimit.length === 0 ? 0 : wayLimit.reduce((sum, limit) => sum + limit, 0) / wayLimit.length;
}

/**
 * One subgradient step on the dual, averaged over the last ones: a price rises with what is wanted beyond supply and
 * falls with what is left. The steps shrink; the prices of the lowest bound are kept.
 */
export function ascend(model: Model, ascent: Ascent): void {
  if (ascent.done) return;
  const { tables, demand } = ascent;
  const bound = demandAt(model, tables, demand);
  if (bound < ascent.bound) {
    ascent.bound = bound;
    ascent.best = copyPrices(tables);
  }
  if (ascent.rounds === 0 && fitsAtCheapest(model, ascent)) {
    ascent.done = true;
    return;
  }
  ascent.rounds++;
  if (ascent.warm !== undefined && ascent.rounds === 1) {
    goOnFrom(model, ascent, ascent.warm);
    return;
  }
  const made = ascent.rounds - 1 + (ascent.warm === undefined ? 0 : WARM_ROUNDS);
  const step = ascent.scale / (1 + made / HALVING);
  moveCells(model, ascent, step);
  moveLinks(model, ascent, step);
  refreshTables(model, tables);
}

function goOnFrom(model: Model, { tables }: Ascent, { cells, links }: Prices): void {
  for (let cell = 0; cell < cells.length; cell++)
    tables.cells[cell] = Math.max(cells[cell] ?? 0, model.cheapest[cell] ?? 0);
  tables.links.set(links);
  refreshTables(model, tables);
}

/** Demand at the cheapest costs is met by the cheapest steps: that allocation attains the bound there. */
function fitsAtCheapest(model: Model, { tables, demand }: Ascent): boolean {
  const { stepStart, stepCards, capacity, linkCapacity, cheapest, T } = model;
  return (
    tables.cells.every((price, cell) => price === cheapest[cell]) &&
    demand.wanted.every(
      (cards, cell) =>
        cards === 0 || ((capacity[cell] ?? 0) > 0 && cards <= (stepCards[stepStart[cell] ?? 0] ?? 0)),
    ) &&
    demand.linkWanted.every((gigabits, at) => gigabits <= (linkCapacity[Math.floor(at / T)] ?? 0))
  );
}

export function moveCells(
  { capacity, cheapest }: Model,
  { tables: { cells }, demand, drift, momentum }: Moving,
  step: number,
): void {
  const { wanted, supplied } = demand;
  for (let cell = 0; cell < cells.length; cell++) {
    const offered = capacity[cell] ?? 0;
    if (offered === 0) continue;
    const excess = clamp(((wanted[cell] ?? 0) - (supplied[cell] ?? 0)) / offered);
    const move = momentum * (drift[cell] ?? 0) + (1 - momentum) * excess;
    drift[cell] = move;
    cells[cell] = Math.max(cheapest[cell] ?? 0, (cells[cell] ?? 0) + move * step);
  }
}

export function moveLinks(
  { linkCapacity, T }: Model,
  { tables: { links }, demand, linkDrift, momentum }: Moving,
  step: number,
): void {
  const { linkWanted } = demand;
  for (let at = 0; at < links.length; at++) {
    const wanted = linkWanted[at] ?? 0;
    const price = links[at] ?? 0;
    const drift = linkDrift[at] ?? 0;
    const capacity = linkCapacity[Math.floor(at / T)] ?? 0;
    if (capacity === 0 || (wanted === 0 && price === 0 && drift === 0)) continue;
    const move = momentum * drift + (1 - momentum) * clamp((wanted - capacity) / capacity);
    linkDrift[at] = move;
    links[at] = Math.max(0, price + move * step);
  }
}

function clamp(excess: number): number {
  return Math.max(-1, Math.min(MOST_EXCESS, excess));
}
