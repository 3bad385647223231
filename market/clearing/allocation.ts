import type { Model, ModelBid, PoolOption } from "./model.ts";

/** Where a block or split bid runs: one part, or two parts with a link between them. */
export interface Placement {
  readonly start: number;
  readonly parts: readonly { readonly option: PoolOption; readonly cards: number }[];
  readonly sync: number;
  readonly syncGigabits: number;
}

/** Cards that a div bid takes of one cell. */
export interface Fill {
  readonly option: PoolOption;
  readonly slot: number;
  cards: number;
}

/**
 * What is sold so far. `floor[cell]` is the cost of the last accepted step, the least a uniform price can be; 0 where
 * nothing is sold. Indexes of `placed` and `fills` are those of the model's bids.
 */
export interface Allocation {
  readonly model: Model;
  readonly used: Float64Array;
  readonly floor: Float64Array;
  readonly linkUsed: Float64Array;
  readonly placed: (Placement | null)[];
  readonly fills: Fill[][];
}

export function emptyAllocation(model: Model): Allocation {
  return {
    model,
    used: new Float64Array(model.capacity.length),
    floor: new Float64Array(model.capacity.length),
    linkUsed: new Float64Array(model.links * model.T),
    placed: model.bids.map(() => null),
    fills: model.bids.map(() => []),
  };
}

/** Cost of the n-th card (from 1) of a cell; Infinity beyond what is offered. */
export function costOfCard(model: Model, cell: number, n: number): number {
  let left = n;
  const end = model.stepStart[cell + 1] ?? 0;
  for (let step = model.stepStart[cell] ?? 0; step < end; step++) {
    left -= model.stepCards[step] ?? 0;
    if (left <= 0) return model.stepCost[step] ?? 0;
  }
  return Infinity;
}

/** Cost of the first n cards of a cell. */
export function costOfCards(model: Model, cell: number, n: number): number {
  let left = n;
  let cost = 0;
  const end = model.stepStart[cell + 1] ?? 0;
  for (let step = model.stepStart[cell] ?? 0; step < end && left > 0; step++) {
    const cards = Math.min(left, model.stepCards[step] ?? 0);
    cost += cards * (model.stepCost[step] ?? 0);
    left -= cards;
  }
  return left > 0 ? Infinity : cost;
}

/** Cost of the next card that is not sold; Infinity if none. */
export function nextCost(allocation: Allocation, cell: number): number {
  return costOfCard(allocation.model, cell, (allocation.used[cell] ?? 0) + 1);
}

/** Takes (or, with a negative number, gives back) cards of a cell. */
export function takeCards(allocation: Allocation, cell: number, cards: number): void {
  const used = (allocation.used[cell] ?? 0) + cards;
  allocation.used[cell] = used;
  allocation.floor[cell] = used > 0 ? costOfCard(allocation.model, cell, used) : 0;
}

/** Books (sign 1) or unbooks (sign -1) everything that a placement takes of pools and links. */
function book(allocation: Allocation, placement: Placement, sign: 1 | -1): void {
  const { T } = allocation.model;
  for (const { option, cards } of placement.parts) {
    for (let t = placement.start; t < placement.start + option.d; t++)
      takeCards(allocation, option.pool * T + t, sign * cards);
    if (option.link >= 0) {
      const at = option.link * T + placement.start;
      allocation.linkUsed[at] = (allocation.linkUsed[at] ?? 0) + sign * option.gigabits;
    }
  }
  if (placement.sync < 0) return;
  for (let t = placement.start; t < placement.start + slotsOf(placement); t++) {
    const at = placement.sync * T + t;
    allocation.linkUsed[at] = (allocation.linkUsed[at] ?? 0) + sign * placement.syncGigabits;
  }
}

export function place(allocation: Allocation, bid: number, placement: Placement): void {
  book(allocation, placement, 1);
  allocation.placed[bid] = placement;
}

export function unplace(allocation: Allocation, bid: number): void {
  const placement = allocation.placed[bid];
  if (!placement) return;
  book(allocation, placement, -1);
  allocation.placed[bid] = null;
}

export function addFill(
  allocation: Allocation,
  bid: number,
  option: PoolOption,
  slot: number,
  n: number,
): void {
  takeCards(allocation, option.pool * allocation.model.T + slot, n);
  const fills = allocation.fills[bid] ?? [];
  const same = fills.find((fill) => fill.option.pool === option.pool && fill.slot === slot);
  if (same) same.cards += n;
  else fills.push({ option, slot, cards: n });
}

export function removeFill(allocation: Allocation, bid: number, fill: Fill): void {
  takeCards(allocation, fill.option.pool * allocation.model.T + fill.slot, -fill.cards);
  allocation.fills[bid] = (allocation.fills[bid] ?? []).filter((one) => one !== fill);
}

export function slotsOf(placement: Placement): number {
  return placement.parts[0]?.option.d ?? 0;
}

/** The value at the bid's limit less transfer, in mills. */
export function netValue(bid: ModelBid, placement: Placement): number {
  let transfer = 0;
  for (const { option } of placement.parts) transfer += option.transfer;
  const first = placement.parts[0]?.option;
  return first ? first.limit * bid.g * first.d - transfer : 0;
}

/** What a placement pays at prices per cell, links left out. */
export function poolPayment(model: Model, placement: Placement, prices: Float64Array): number {
  let sum = 0;
  for (const { option, cards } of placement.parts) {
    const base = option.pool * model.T;
    for (let t = placement.start; t < placement.start + option.d; t++) sum += (prices[base + t] ?? 0) * cards;
  }
  return sum;
}

/** What a placement pays at link prices, rounded up to the mill so that nobody is thought better off than he is. */
export function linkPayment(model: Model, placement: Placement, linkPrices: Float64Array): number {
  let sum = 0;
  for (const { option } of placement.parts)
    if (option.link >= 0) sum += (linkPrices[option.link * model.T + placement.start] ?? 0) * option.gigabits;
  if (placement.sync >= 0)
    for (let t = placement.start; t < placement.start + slotsOf(placement); t++)
      sum += (linkPrices[placement.sync * model.T + t] ?? 0) * placement.syncGigabits;
  return Math.ceil(sum / model.slotSeconds);
}

/** Welfare in mills: limits taken - transfer - offer cost. */
export function welfareOf(allocation: Allocation): number {
  const { model } = allocation;
  let welfare = 0;
  model.bids.forEach((bid, i) => {
    const placement = allocation.placed[i];
    if (placement) welfare += netValue(bid, placement);
    for (const { option, cards } of allocation.fills[i] ?? []) welfare += option.limit * cards;
  });
  for (let cell = 0; cell < model.capacity.length; cell++)
    welfare -= costOfCards(model, cell, allocation.used[cell] ?? 0);
  return welfare;
}

export function copyAllocation(from: Allocation): Allocation {
  return {
    model: from.model,
    used: from.used.slice(),
    floor: from.floor.slice(),
    linkUsed: from.linkUsed.slice(),
    placed: [...from.placed],
    fills: from.fills.map((fills) => fills.map((fill) => ({ ...fill }))),
  };
}

/** Rows of a result's prices as one array by cell or link slot; rows left out are zeros. */
export function priceRow(
  rows: Readonly<Record<string, readonly number[]>>,
  count: number,
  slots: number,
): Float64Array {
  const all = new Float64Array(count * slots);
  for (let row = 0; row < count; row++) all.set(rows[String(row)] ?? [], row * slots);
  return all;
}
