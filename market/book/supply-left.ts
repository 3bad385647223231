import type { CenterId, ProductId, Session } from "../../events/catalog/values.ts";
import { lapsedUntil } from "../home-reserve.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import { type BookState, poolId } from "./book-state.ts";
import { type Step, stepsLeft } from "./capacity-left.ts";

/**
 * Cards of a pool at one reserve over neighbouring slots: [from, to, cards, reserve in fen per card-hour], and the only
 * session that sells them where the two differ: home reserves lapse into spot.
 */
export type SupplyStep = readonly [from: number, to: number, cards: number, reserve: number, only?: Session];

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
 * Of home reserves it has what the gate before that slot sold.
 */
export function supplyLeft(book: BookState, from: number): PoolSupply[] {
  const to = from + horizonSlots;
  const steps = Map.groupBy(stepsLeft(book, { from, to, reservesUntil: 0 }, 1), ({ pool }) => pool);
  const reserves = lapsedSupply(book, from);
  return [...book.centers.values()].flatMap(({ spec: { center, pools } }) =>
    pools.map(({ product }) => {
      const pool = poolId(center, product);
      const firm = merged(steps.get(pool) ?? [], from);
      return { center, product, steps: reserves.get(pool)?.(firm) ?? firm };
    }),
  );
}

/** For each pool with a home reserve that has lapsed in part: its supply, in which the two sessions differ so far. */
function lapsedSupply(book: BookState, from: number) {
  const end = lapsedUntil(from - 1);
  const pools = new Set(
    [...book.offers.values()]
      .filter((offer) => offer.homeReserve === true && offer.from < end && offer.to > from)
      .map(({ center, product }) => poolId(center, product)),
  );
  const spot =
    pools.size === 0
      ? new Map<string, Step[]>()
      : Map.groupBy(stepsLeft(book, { from, to: end, reservesUntil: end }, 1), ({ pool }) => pool);
  return new Map(
    [...pools].map((pool) => [
      pool,
      (firm: readonly SupplyStep[]): SupplyStep[] =>
        [
          ...merged(spot.get(pool) ?? [], from).map((step) => only(step, "spot")),
          ...firm.flatMap(([first, last, cards, reserve]): SupplyStep[] => [
            ...(first < end ? [[first, Math.min(last, end), cards, reserve, "forward"] as const] : []),
            ...(last > end ? [[Math.max(first, end), last, cards, reserve] as const] : []),
          ]),
        ].sort((a, b) => a[3] - b[3]),
    ]),
  );
}

function only([from, to, cards, reserve]: SupplyStep, session: Session): SupplyStep {
  return [from, to, cards, reserve, session];
}

/** Steps of one reserve as one row of cards, then as ranges of the same cards. */
function merged(steps: readonly Step[], first: number): SupplyStep[] {
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
