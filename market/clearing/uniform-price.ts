import {
  type Allocation,
  type Fill,
  netValue,
  type Placement,
  place,
  poolPayment,
  removeFill,
  unplace,
} from "./allocation.ts";
import { fillDivisible, type MayRise } from "./divisible.ts";
import { bestPlacement, type Guide } from "./placement.ts";

interface Loser {
  readonly bid: number;
  /** Null: the bid's placement. */
  readonly fill: Fill | null;
}

/**
 * The lowest uniform prices an allocation can have are its floors. At them nobody accepted may lose: whoever does is
 * dropped, the greatest loss first (of equal ones the bid that ties put last), until nobody is left who does. Floors
 * only fall meanwhile, so no new losers appear.
 */
export function dropLosers(allocation: Allocation): void {
  let losers = everyHolding(allocation);
  for (;;) {
    let worst: Loser | null = null;
    let most = 0;
    losers = losers.filter((loser) => {
      const loss = lossOf(allocation, loser);
      if (loss > 0 && loss >= most) {
        most = loss;
        worst = loser;
      }
      return loss > 0;
    });
    if (!worst) return;
    drop(allocation, worst);
    losers = losers.filter((loser) => loser !== worst);
  }
}

function everyHolding({ model, placed, fills }: Allocation): Loser[] {
  return model.bids.flatMap((_, bid): Loser[] => {
    const own = (fills[bid] ?? []).map((fill) => ({ bid, fill }));
    return placed[bid] ? [{ bid, fill: null }, ...own] : own;
  });
}

function lossOf({ model, floor, placed }: Allocation, { bid: index, fill }: Loser): number {
  if (fill) {
    const price = floor[fill.option.pool * model.T + fill.slot] ?? 0;
    return (price - fill.option.limit) * fill.cards;
  }
  const bid = model.bids[index];
  const placement = placed[index];
  return bid && placement ? poolPayment(model, placement, floor) - netValue(bid, placement) : 0;
}

function drop(allocation: Allocation, { bid, fill }: Loser): void {
  if (fill) removeFill(allocation, bid, fill);
  else unplace(allocation, bid);
}

/** Offers what is left to the bids that have nothing (or, div, not all), in the given order, where nobody then loses. */
export function refill(allocation: Allocation, order: readonly number[], guide: Guide): void {
  const mayRise = riseGuard(allocation);
  for (const index of order) {
    const bid = allocation.model.bids[index];
    if (!bid || allocation.placed[index]) continue;
    if (bid.kind === "div") {
      fillDivisible(allocation, index, bid, guide, mayRise);
      continue;
    }
    const placement = bestPlacement(allocation, bid, guide);
    if (placement) placeIfNobodyLoses(allocation, index, placement);
  }
}

function placeIfNobodyLoses(allocation: Allocation, index: number, placement: Placement): boolean {
  const before = floorsUnder(allocation, placement);
  place(allocation, index, placement);
  const after = floorsUnder(allocation, placement);
  if (!after.some((floor, i) => floor > (before[i] ?? 0)) || nobodyLoses(allocation, placement)) return true;
  unplace(allocation, index);
  return false;
}

function floorsUnder({ model, floor }: Allocation, placement: Placement): number[] {
  return placement.parts.flatMap(({ option }) => {
    const first = option.pool * model.T + placement.start;
    return [...floor.subarray(first, first + option.d)];
  });
}

/** Looks only at those who share a cell with the placement. */
function nobodyLoses(allocation: Allocation, placement: Placement): boolean {
  const { model, floor } = allocation;
  return model.bids.every((bid, i) => {
    const other = allocation.placed[i];
    if (other && meets(other, placement) && poolPayment(model, other, floor) > netValue(bid, other))
      return false;
    return (allocation.fills[i] ?? []).every(
      ({ option, slot }) => (floor[option.pool * model.T + slot] ?? 0) <= option.limit,
    );
  });
}

function meets(a: Placement, b: Placement): boolean {
  return a.parts.some(({ option }) =>
    b.parts.some(
      (part) =>
        part.option.pool === option.pool && a.start < b.start + part.option.d && b.start < a.start + option.d,
    ),
  );
}

function riseGuard(allocation: Allocation): MayRise {
  const { model, floor } = allocation;
  return (cell, cost) => {
    const pool = Math.floor(cell / model.T);
    const slot = cell % model.T;
    const rise = cost - (floor[cell] ?? 0);
    return model.bids.every((bid, i) => {
      const cards = cardsAt(allocation.placed[i] ?? null, pool, slot);
      const placement = allocation.placed[i];
      if (placement && cards > 0)
        return poolPayment(model, placement, floor) + rise * cards <= netValue(bid, placement);
      return (allocation.fills[i] ?? []).every(
        (fill) => fill.option.pool !== pool || fill.slot !== slot || cost <= fill.option.limit,
      );
    });
  };
}

function cardsAt(placement: Placement | null, pool: number, slot: number): number {
  for (const { option, cards } of placement?.parts ?? [])
    if (placement && option.pool === pool && placement.start <= slot && slot < placement.start + option.d)
      return cards;
  return 0;
}
