import type { CenterId, OfferId, ProductId, Session } from "../../events/catalog/values.ts";
import { lapsedUntil } from "../home-reserve.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import { type BookState, poolId } from "./book-state.ts";
import { type OfferRun, type Step, stepsLeft } from "./capacity-left.ts";

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
  /** Sold in so many slots in a row at least. */
  readonly run?: RunMark;
}

/** The minimum run of an offer: all steps of it say the same. */
export interface RunMark {
  readonly of: OfferId;
  /** Slots in a row. */
  readonly least: number;
  /** Ranges `[from, to)` of slots in which the offer is sold already, rising. */
  readonly sold: readonly (readonly [from: number, to: number])[];
}

/** Cards over neighbouring slots, as a step with the marks that say something. */
export function supplyStep(
  range: readonly [from: number, to: number, cards: number, reserve: number],
  { only, reclaimable, run }: { readonly [Mark in keyof SupplyMarks]: SupplyMarks[Mark] | undefined },
): SupplyStep {
  if (only === undefined && reclaimable === undefined && run === undefined) return range;
  const marks: SupplyMarks = {
    ...(only === undefined ? {} : { only }),
    ...(reclaimable === undefined ? {} : { reclaimable }),
    ...(run === undefined ? {} : { run }),
  };
  return [...range, marks];
}

/** Cheapest first; for a sort that leaves equal ones as they stand. */
export function byReserve(a: SupplyStep, b: SupplyStep): number {
  return a[3] - b[3];
}

export interface PoolSupply {
  readonly center: CenterId;
  readonly product: ProductId;
  /** Cheapest first; offers of one reserve and kind are one, those with a minimum run each by itself. */
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
        ].sort(byReserve),
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
  return supplyStep(range, { reclaimable: marks?.reclaimable, run: marks?.run, only });
}

/**
 * Steps of one reserve and kind as one row of cards, then as ranges of the same cards. They stand as they are sold: where
 * one with a minimum run lies between others of its reserve, those before it are one row, and those behind it another.
 */
function merged(steps: readonly Step[], first: number): SupplyStep[] {
  const rows = new Map<string, Step[]>();
  const runs = new Map<string, Set<OfferId>>();
  for (const step of steps) {
    const kind = `${step.reserve} ${step.reclaimable === true}`;
    const before = runs.get(kind) ?? new Set();
    if (step.run !== undefined) runs.set(kind, before.add(step.run.offer));
    const row = `${kind} ${before.size} ${step.run?.offer ?? ""}`;
    const own = rows.get(row) ?? [];
    own.push(step);
    rows.set(row, own);
  }
  return [...rows.values()].flatMap((own) => rowOf(own, first)).sort(byReserve);
}

function rowOf(own: readonly Step[], first: number): SupplyStep[] {
  const [one] = own;
  if (one === undefined) return [];
  const { reserve, reclaimable, run } = one;
  const marks = { only: undefined, reclaimable, run: run === undefined ? undefined : runMark(run, first) };
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
    if (cards > 0) ranges.push(supplyStep([first + since, first + slot, cards, reserve], marks));
    cards += more;
    since = slot;
  }
  return ranges;
}

function runMark({ offer, units, sold }: OfferRun, first: number): RunMark {
  const ranges: [number, number][] = [];
  for (const unit of sold) {
    const last = ranges.at(-1);
    if (last?.[1] === first + unit) last[1] += 1;
    else ranges.push([first + unit, first + unit + 1]);
  }
  return { of: offer, least: units, sold: ranges };
}
