import type { Prices, PriceTables } from "./guide.ts";
import { DIV, isBarredFrom, type Model, NEVER_ALONE, offeredTo } from "./model.ts";
import { stagesIn, stagingPrice } from "./staging.ts";

/** One cell (`row` is its pool) or one slot of a link (`row` is the link). */
export interface Scarce {
  readonly kind: "cell" | "link";
  readonly row: number;
  readonly slot: number;
}

/** Up to which price a bid still wants something scarce, all other prices as they are, and how much of it. */
export interface Wish {
  readonly upTo: number;
  readonly units: number;
}

export function priceOf({ T }: Model, { cells, links }: Prices, { kind, row, slot }: Scarce): number {
  return (kind === "cell" ? cells : links)[row * T + slot] ?? 0;
}

/** What a bid would pay at most for something scarce before it went elsewhere or stayed away; null: it has no use for it. */
export function wishOf(model: Model, bid: number, prices: PriceTables, scarce: Scarce): Wish | null {
  if (model.kind[bid] === DIV)
    return scarce.kind === "cell" ? divisibleWish(model, bid, prices, scarce) : null;
  const { T, wayPool, wayD, wayNet, wayLink, wayGigabits, wayRoom } = model;
  const g = model.g[bid] ?? 0;
  let using = -Infinity;
  let units = 0;
  let other = 0;
  for (let way = model.wayStart[bid] ?? 0, end = model.wayStart[bid + 1] ?? 0; way < end; way++) {
    const room = wayRoom[way] ?? 0;
    if (room === NEVER_ALONE) continue;
    const runs = model.rooms[room];
    const link = wayLink[way] ?? -1;
    const d = wayD[way] ?? 0;
    const at = (wayPool[way] ?? 0) * (T + 1);
    const uses = scarce.kind === "cell" ? wayPool[way] === scarce.row : link === scarce.row;
    for (let start = model.from[bid] ?? 0, last = (model.to[bid] ?? 0) - d; start <= last; start++) {
      if (runs && (runs[start] ?? 0) < d) continue;
      const staging = link < 0 ? 0 : stagingPrice(model, prices.links, way, start);
      const gain =
        (wayNet[way] ?? 0) -
        ((prices.sums[at + start + d] ?? 0) - (prices.sums[at + start] ?? 0)) * g -
        staging;
      const covers =
        scarce.kind === "link"
          ? stagesIn(model, way, start, scarce.slot)
          : start <= scarce.slot && scarce.slot < start + d;
      if (!uses || !covers) other = Math.max(other, gain);
      else if (gain > using) {
        using = gain;
        units = scarce.kind === "cell" ? g : (wayGigabits[way] ?? 0) / model.slotSeconds;
      }
    }
  }
  if (units === 0) return null;
  return { upTo: priceOf(model, prices, scarce) + (using - other) / units, units };
}

/** A div bid wants a cell until its other cells, or another pool in the same slot, give it as much. */
function divisibleWish(model: Model, bid: number, { cells }: Prices, { row, slot }: Scarce): Wish | null {
  const { T, wayPool, wayLimit, wayUnit } = model;
  const offered = offeredTo(model, bid);
  const g = model.g[bid] ?? 0;
  const ways = Array.from(
    { length: (model.wayStart[bid + 1] ?? 0) - (model.wayStart[bid] ?? 0) },
    (_, i) => (model.wayStart[bid] ?? 0) + i,
  );
  const here = ways.find((way) => wayPool[way] === row);
  if (here === undefined) return null;
  const unit = wayUnit[here] ?? 1;
  const others: { margin: number; cards: number }[] = [];
  let beside = 0;
  for (const way of ways)
    for (let t = model.from[bid] ?? 0; t < (model.to[bid] ?? 0); t++) {
      if (way === here && t === slot) continue;
      const cell = (wayPool[way] ?? 0) * T + t;
      const cards = Math.min(g, offered[cell] ?? 0);
      const margin = (((wayLimit[way] ?? 0) - (cells[cell] ?? 0)) * unit) / (wayUnit[way] ?? 1);
      if (margin <= 0 || cards === 0) continue;
      if (t === slot && cards === g) beside = Math.max(beside, margin);
      others.push({ margin, cards: (cards * (wayUnit[way] ?? 1)) / unit });
    }
  others.sort((x, y) => y.margin - x.margin);
  const budget = (model.budget[bid] ?? 0) / unit;
  let left = budget;
  let instead = 0;
  for (const { margin, cards } of others) {
    left -= cards;
    if (left > 0) continue;
    instead = margin;
    break;
  }
  const cell = row * T + slot;
  const most = isBarredFrom(model, bid, cell) ? (offered[cell] ?? 0) : Infinity;
  const units = Math.min(g, budget, most);
  return units === 0 ? null : { upTo: (wayLimit[here] ?? 0) - Math.max(instead, beside), units };
}

/** The lowest price at which no more is wanted than is offered at it; 0 if all fits. @param wishes highest first */
export function supplyPrice(model: Model, { kind, row, slot }: Scarce, wishes: readonly Wish[]): number {
  return kind === "cell"
    ? meetingPrice(model, row * model.T + slot, wishes)
    : priceWithin((model.linkCapacity[row] ?? 0) / model.slotSeconds, wishes);
}

/** The wish (highest first) with which a fixed supply is exceeded. */
function priceWithin(supply: number, wishes: readonly Wish[]): number {
  let left = supply;
  for (const { upTo, units } of wishes) {
    left -= units;
    if (left < 0) return upTo;
  }
  return 0;
}

/** Where demand meets the steps of a cell: the first step at whose cost all wanted fits, or the wish just excluded. */
function meetingPrice(
  { stepStart, stepCards, stepCost }: Model,
  cell: number,
  wishes: readonly Wish[],
): number {
  const end = stepStart[cell + 1] ?? 0;
  let supply = 0;
  for (let step = stepStart[cell] ?? 0; step < end; step++) {
    supply += stepCards[step] ?? 0;
    const excluded = priceWithin(supply, wishes);
    const next = step + 1 < end ? (stepCost[step + 1] ?? 0) : Infinity;
    if (excluded <= next) return Math.max(excluded, stepCost[step] ?? 0);
  }
  return 0;
}
