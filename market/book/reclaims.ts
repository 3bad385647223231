import type { CenterId, JobId, PlacementId } from "../../events/catalog/values.ts";
import { lapsedUntil } from "../home-reserve.ts";
import { jobKinds } from "../job-kinds.ts";
import { type BookJob, type BookState, poolId } from "./book-state.ts";
import { cardsOffered, cardsTaken, endAt } from "./capacity-left.ts";

/** A placement that must give way, and from which slot on. */
export interface ReclaimNotice {
  readonly job: JobId;
  /** First award of its run. */
  readonly placement: PlacementId;
  /** The center that takes its cards back. */
  readonly center: CenterId;
  readonly slot: number;
}

/**
 * Who gives way to what centers took back, as the book stands in slot `now`: nobody where what remains offered covers
 * what is sold. Only jobs that take reclaimable cards do, the last admitted first, each from the first slot on that is
 * sold beyond what remains; whoever is not needed for it stays. The book that has seen the notices asks for no more.
 */
export function reclaimNotices(book: BookState, now: number): ReclaimNotice[] {
  const beyond = soldBeyond(book, now + 1);
  const chosen = yielding(book, beyond).flatMap((run) => {
    const first = firstBeyond(beyond, run);
    if (first === undefined) return [];
    add(beyond, run, first.slot, -1);
    return [{ run, slot: first.slot }];
  });
  // The first admitted are looked at again first: others may have made room for them.
  const needed = chosen.reverse().flatMap(({ run, slot }) => {
    add(beyond, run, slot, 1);
    const first = firstBeyond(beyond, run);
    if (first === undefined) return [];
    add(beyond, run, first.slot, -1);
    return [{ job: run.job, placement: run.placement, ...first }];
  });
  return needed.reverse();
}

/** Runs that ended before their awards did, for cards were taken back: all that was reported of them is in by now. */
export function reclaimedRuns(
  book: BookState,
  now: number,
): { readonly job: JobId; readonly placement: PlacementId }[] {
  return [...book.jobs.values()].flatMap(({ job, lease }) =>
    lease?.awardedTo !== undefined && lease.end < now ? [{ job, placement: lease.id }] : [],
  );
}

/** Cards sold less cards that remain offered, slot by slot from `from` on. */
interface Excess {
  readonly from: number;
  readonly cards: Int32Array;
}

/**
 * Pools of which cards were taken back and more is sold than remains, in the slots that this can touch. What a withdrawn
 * offer has left of its cards stands for what it had sold; a home reserve counts where it has lapsed.
 */
function soldBeyond(book: BookState, first: number): Map<string, Excess> {
  const froms = reclaimedFrom(book, first);
  const beyond = new Map<string, Excess>();
  if (froms.size === 0) return beyond;
  const ends = [...book.jobs.values()].flatMap(({ awards }) => awards.map(({ to }) => to));
  const to = Math.max(first, ...ends);
  const sold = cardsTaken(book, { from: first, to }, () => true);
  const offers = Map.groupBy([...book.offers.values(), ...book.withdrawn.values()], (offer) =>
    poolId(offer.center, offer.product),
  );
  for (const [pool, from] of froms) {
    const taken = (sold.get(pool) ?? new Int32Array()).slice(from - first, to - first);
    const onSale = { from, to: from + taken.length, reservesUntil: lapsedUntil(first - 1) };
    const offered = cardsOffered(book, offers.get(pool) ?? [], onSale);
    const cards = taken.map((all, index) => all - (offered[index] ?? 0));
    if (cards.some((excess) => excess > 0)) beyond.set(pool, { from, cards });
  }
  return beyond;
}

/** The slot from which cards of each pool were taken back, no earlier than `first`. */
function reclaimedFrom(book: BookState, first: number): Map<string, number> {
  const froms = new Map<string, number>();
  for (const [id, reclaims] of book.reclaims) {
    const offer = book.offers.get(id) ?? book.withdrawn.get(id);
    if (offer === undefined) continue;
    const pool = poolId(offer.center, offer.product);
    const from = Math.max(first, Math.min(...reclaims.map((one) => one.from)));
    froms.set(pool, Math.min(from, froms.get(pool) ?? from));
  }
  return froms;
}

/** A gang, or what a divisible job has of one center. */
interface Yielding {
  readonly job: JobId;
  readonly placement: PlacementId;
  readonly rank: number;
  readonly fills: readonly Part[];
}

interface Part {
  readonly center: CenterId;
  readonly pool: string;
  readonly from: number;
  readonly to: number;
  readonly cards: number;
}

/** All that may have to give way in these pools, the last admitted first. */
function yielding(book: BookState, beyond: ReadonlyMap<string, Excess>): Yielding[] {
  if (beyond.size === 0) return [];
  return [...book.jobs.values()]
    .filter(({ spec }) => spec.reclaimable === true)
    .flatMap((job) => runsOf(job, beyond))
    .sort((a, b) => b.rank - a.rank);
}

/** A gang gives way as a whole, a divisible job center by center. */
function runsOf(
  { job, lease, rank, spec, awards }: BookJob,
  beyond: ReadonlyMap<string, Excess>,
): Yielding[] {
  if (lease === undefined) return [];
  const fills = awards
    .filter((award) => award.lease === lease.id)
    .flatMap((award) =>
      award.fills.map(({ center, product, from, to, cards }) => {
        const end = Math.min(to, endAt(award, center));
        return { center, pool: poolId(center, product), from, to: end, cards };
      }),
    )
    .filter(({ pool }) => beyond.has(pool));
  if (fills.length === 0) return [];
  const parts = jobKinds[spec.kind].divisible
    ? [...Map.groupBy(fills, ({ center }) => center).values()]
    : [fills];
  return parts.map((own) => ({ job, placement: lease.id, rank, fills: own }));
}

/** Where it first has cards of a pool that is sold beyond what remains. */
function firstBeyond(
  beyond: ReadonlyMap<string, Excess>,
  { fills }: Yielding,
): { readonly center: CenterId; readonly slot: number } | undefined {
  const found = fills.flatMap(({ center, pool, from, to }) => {
    const excess = beyond.get(pool);
    if (excess === undefined) return [];
    const begin = Math.max(0, from - excess.from);
    const index = excess.cards.subarray(begin, Math.max(begin, to - excess.from)).findIndex((n) => n > 0);
    return index < 0 ? [] : [{ center, slot: excess.from + begin + index }];
  });
  return found.sort((a, b) => a.slot - b.slot)[0];
}

/** Adds (1) or takes (-1) what it has from a slot on. */
function add(beyond: ReadonlyMap<string, Excess>, { fills }: Yielding, slot: number, sign: 1 | -1): void {
  for (const { pool, from, to, cards } of fills) {
    const excess = beyond.get(pool);
    if (excess === undefined) continue;
    const end = Math.min(to - excess.from, excess.cards.length);
    for (let index = Math.max(0, Math.max(from, slot) - excess.from); index < end; index++)
      excess.cards[index] = (excess.cards[index] ?? 0) + sign * cards;
  }
}
