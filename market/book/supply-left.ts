import type { CenterId, ProductId } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import { type BookState, poolId } from "./book-state.ts";
import { type Step, stepsLeft } from "./capacity-left.ts";

/**
 * Cards of a pool at one reserve over neighbouring slots: [from, to, cards, reserve in fen per card-hour], and a 1 behind
 * where the center may take them back with notice.
 */
export type SupplyStep = readonly [from: number, to: number, cards: number, reserve: number, reclaimable?: 1];

export function supplyStep(
  step: readonly [from: number, to: number, cards: number, reserve: number],
  reclaimable: boolean,
): SupplyStep {
  return reclaimable ? [...step, 1] : step;
}

export interface PoolSupply {
  readonly center: CenterId;
  readonly product: ProductId;
  /** Cheapest first; offers of one reserve are one. */
  readonly steps: readonly SupplyStep[];
}

/** As far ahead as anything is ever on sale at one time. */
const horizonSlots = rules.forwardHorizonHours * SLOTS_PER_HOUR + rules.forwardLeadSlots;

/**
 * What the auctions that the book has seen left to sell from a slot on, pool by pool: offers less awards in force, no
 * more than what is in working order. It follows from offers, awards and what was given back, never from an open bid.
 */
export function supplyLeft(book: BookState, from: number): PoolSupply[] {
  const steps = Map.groupBy(stepsLeft(book, { from, to: from + horizonSlots }, 1), ({ pool }) => pool);
  return [...book.centers.values()].flatMap(({ spec: { center, pools } }) =>
    pools.map(({ product }) => ({
      center,
      product,
      steps: merged(steps.get(poolId(center, product)) ?? [], from),
    })),
  );
}

/** Steps of one reserve and kind as one row of cards, then as ranges of the same cards. */
function merged(steps: readonly Step[], first: number): SupplyStep[] {
  // Whole numbers, so that a half can tell the kinds of one reserve apart.
  const keyOf = ({ reserve, reclaimable }: Step) => reserve + (reclaimable === true ? 0.5 : 0);
  const byReserve = [...Map.groupBy(steps, keyOf)].sort(([a], [b]) => a - b);
  return byReserve.flatMap(([key, own]) => {
    const reserve = Math.floor(key);
    const reclaimable = key > reserve;
    const changes = new Map<number, number>();
    const change = (slot: number, cards: number) => changes.set(slot, (changes.get(slot) ?? 0) + cards);
    for (const { from, to, cards } of own) {
      change(from, cards);
      change(to, -cards);
    }
    const ranges: SupplyStep[] = [];
    let cards = 0;
    let since = 0;
    for (const [slot, more] of [...changes].sort(([a], [b]) => a - b)) {
      if (more === 0) continue;
      if (cards > 0) ranges.push(supplyStep([first + since, first + slot, cards, reserve], reclaimable));
      cards += more;
      since = slot;
    }
    return ranges;
  });
}
