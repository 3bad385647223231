import type { CenterId, JobId, PlacementId, ProductId } from "../../events/catalog/values.ts";
import { splitByLargestRemainder } from "../money.ts";
import type { Waiver } from "../settlement/charges.ts";
import { hourOfDay } from "../time.ts";
import { type BookState, poolId } from "./book-state.ts";
import { stepsLeft } from "./capacity-left.ts";
import { mostAsked } from "./price-cap.ts";

/** Cards of one award that a tenant gave back in one slot, and how many of them nobody bought again. */
export interface ReleasedCards {
  readonly job: JobId;
  readonly placement: PlacementId;
  readonly center: CenterId;
  readonly product: ProductId;
  readonly slot: number;
  readonly released: number;
  readonly unresold: number;
}

/**
 * Row 2 of the market rules, for a slot whose last auction the book has seen: of R cards released in a pool with U
 * left unsold, R − min(R, U) count as sold again, shared among the releases by cards, largest remainder.
 */
export function unresoldIn(book: BookState, slot: number): ReleasedCards[] {
  const released = releasedIn(book, slot);
  if (released.length === 0) return [];
  const steps = stepsLeft(book, { from: slot, to: slot + 1, reservesUntil: slot + 1 }, 1);
  const byPool = Map.groupBy(released, ({ center, product }) => poolId(center, product));
  return [...byPool].flatMap(([pool, own]) => {
    const [one] = own;
    const most = one === undefined ? 0 : mostAskedIn(book, one, slot);
    const left = steps.filter((step) => step.pool === pool && step.reserve <= most);
    return shared(
      own,
      left.reduce((sum, { cards }) => sum + cards, 0),
    );
  });
}

/** Cards that energy lifts above the price cap in this slot were never on sale, so they are not left of it either. */
function mostAskedIn({ centers }: BookState, { center, product }: ReleasedPool, slot: number): number {
  const spec = centers.get(center)?.spec;
  return spec === undefined ? 0 : (mostAsked(spec, product, 1)[hourOfDay(slot)] ?? 0);
}

type ReleasedPool = Pick<ReleasedCards, "center" | "product">;

/** What an award in `[from, to)` owes no fee on. `bySlot`: what became of the cards of each slot whose last gate closed. */
export function waivers(
  bySlot: ReadonlyMap<number, readonly ReleasedCards[]>,
): (placement: PlacementId, from: number, to: number) => Waiver {
  const byAward = Map.groupBy([...bySlot.values()].flat(), ({ placement }) => placement);
  return (placement, from, to) => ({
    resold: (byAward.get(placement) ?? []).flatMap(({ center, product, slot, released, unresold }) =>
      released > unresold ? [{ center, product, slot, cards: released - unresold }] : [],
    ),
    notOnSale: Array.from({ length: to - from }, (_, n) => from + n).filter((slot) => !bySlot.has(slot)),
  });
}

function releasedIn(book: BookState, slot: number): Omit<ReleasedCards, "unresold">[] {
  return [...book.jobs.values()].flatMap(({ job, awards }) =>
    awards
      .filter(
        ({ released, cut, until, to }) =>
          released === true && (cut ?? to) <= slot && slot < Math.min(to, until ?? to),
      )
      .flatMap(({ placement, fills, cuts }) =>
        fills
          .filter(({ from, to, center }) => from <= slot && slot < Math.min(to, cuts.get(center) ?? to))
          .map(({ center, product, cards }) => ({ job, placement, center, product, slot, released: cards })),
      ),
  );
}

function shared(own: readonly Omit<ReleasedCards, "unresold">[], left: number): ReleasedCards[] {
  const total = own.reduce((sum, { released }) => sum + released, 0);
  const weights = new Map(own.map(({ placement, released }) => [placement as string, BigInt(released)]));
  const resold = splitByLargestRemainder(BigInt(total - Math.min(total, left)), weights);
  return own.map((one) => ({ ...one, unresold: one.released - Number(resold.get(one.placement) ?? 0n) }));
}
