import type { CenterId, ProductId } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import { type BookState, poolId } from "./book-state.ts";
import { stepsLeft } from "./capacity-left.ts";

/** Cards of a pool at one reserve over neighbouring slots: [from, to, cards, reserve in fen per card-hour]. */
export type SupplyStep = readonly [from: number, to: number, cards: number, reserve: number];

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

/** Steps of one reserve as one row of cards, then as ranges of the same cards. */
function merged(steps: ReturnType<typeof stepsLeft>, first: number): SupplyStep[] {
  const byReserve = [...Map.groupBy(steps, ({ reserve }) => reserve)].sort(([a], [b]) => a - b);
  return byReserve.flatMap(([reserve, own]) => {
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
      if (cards > 0) ranges.push([first + since, first + slot, cards, reserve]);
      cards += more;
      since = slot;
    }
    return ranges;
  });
}
