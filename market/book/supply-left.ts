import type { CenterId, ProductId, Session } from "../../events/catalog/values.ts";
import { lapsedUntil } from "../home-reserve.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import { type BookState, poolId } from "./book-state.ts";
import { type Step, stepsLeft } from "./capacity-left.ts";

/**
 * Cards of a pool at one reserve over neighbouring slots: [from, to, cards, reserve in fen per card-hour], and what sets
 * them apart, left out where nothing does.
 */
export type SupplyStep = readonly [
  from: number,
  to: number,
  cards: number,
  reserve: number,
  marks?: SupplyMarks,
];

export interface SupplyMarks {
  /** The only session that sells them, where the two differ: home reserves lapse into spot. */
  readonly only?: Session;
  /** The center may take them back with notice. */
  readonly reclaimable?: true;
}

/** Cards over neighbouring slots, as a step with the marks that say something. */
export function supplyStep(
  range: readonly [from: number, to: number, cards: number, reserve: number],
  only: Session | undefined,
  reclaimable: boolean,
): SupplyStep {
  if (only === undefined && !reclaimable) return range;
  const marks: SupplyMarks = {
    ...(only === undefined ? {} : { only }),
    ...(reclaimable ? { reclaimable } : {}),
  };
  return [...range, marks];
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
 * Of home reserves it has what the gate before that slot sold.
 */
export function supplyLeft(book: BookState, from: number): PoolSupply[] {
  const to = from + horizonSlots;
  const onSale = { from, to, reservesUntil: lapsedUntil(from - 1), withoutReserves: true } as const;
  const steps = Map.groupBy(stepsLeft(book, onSale, 1), ({ pool }) => pool);
  const reserves = lapsedSupply(book, from);
  return [...book.centers.values()].flatMap(({ spec: { center, pools } }) =>
    pools.map(({ product }) => {
      const pool = poolId(center, product);
      const planned = merged(steps.get(pool) ?? [], from);
      return { center, product, steps: reserves.get(pool)?.(planned) ?? planned };
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
      (planned: readonly SupplyStep[]): SupplyStep[] =>
        [
          ...merged(spot.get(pool) ?? [], from).map((step) => over(step, from, end, "spot")),
          ...planned.flatMap((step): SupplyStep[] => [
            ...(step[0] < end ? [over(step, from, end, "forward")] : []),
            ...(step[1] > end ? [over(step, end, step[1])] : []),
          ]),
        ].sort((a, b) => a[3] - b[3]),
    ]),
  );
}

/** What a step has in `[first, last)`, in one session only if one is named. */
function over(
  [from, to, cards, reserve, marks]: SupplyStep,
  first: number,
  last: number,
  only?: Session,
): SupplyStep {
  const range = [Math.max(from, first), Math.min(to, last), cards, reserve] as const;
  return supplyStep(range, only, marks?.reclaimable === true);
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
      if (cards > 0)
        ranges.push(supplyStep([first + since, first + slot, cards, reserve], undefined, reclaimable));
      cards += more;
      since = slot;
    }
    return ranges;
  });
}
