import * as z from "zod";
import { type CapacityOffered, OfferStep } from "../../events/catalog/offer.ts";
import {
  AuctionNumber,
  CenterId,
  FeedPosition,
  OfferId,
  Price,
  ProductId,
  Slot,
} from "../../events/catalog/values.ts";
import { byReserve, type SupplyStep, supplyStep } from "../book/supply-left.ts";
import { stepsOf } from "../offer.ts";
import { type At, put, type ViewChange, viewKeys } from "./view.ts";

/** What the last sealed auction left of a pool; written by the auction itself, whose book had seen `position`. */
export const SupplyView = z.object({
  auction: AuctionNumber,
  position: FeedPosition,
  /** Steps in JSON, gzip, base64: a pool may have thousands. */
  steps: z.string(),
});
export type SupplyView = z.infer<typeof SupplyView>;

/** How far the book of that auction had seen the feed: changes of offers up to there are in what it left. */
export const SupplySeen = z.object({ position: FeedPosition });
export type SupplySeen = z.infer<typeof SupplySeen>;

/** An offer that came, or went: then its cards are below 0. */
export const OfferChange = z.object({
  center: CenterId,
  product: ProductId,
  from: Slot,
  to: Slot,
  cards: z.int(),
  reserve: Price,
  steps: z.array(OfferStep).optional(),
  homeReserve: z.boolean().optional(),
  /** Its center may take the cards back with notice. */
  reclaimable: z.literal(true).optional(),
  /** Its minimum run, where it has one. */
  run: z.object({ of: OfferId, least: z.int() }).optional(),
});
export type OfferChange = z.infer<typeof OfferChange>;

type Offer = z.infer<typeof CapacityOffered.data>;

/** Notes that an offer came (1) or went (-1), for whoever asks before the next auction knows. */
export function projectSupply(offer: Offer, sign: 1 | -1, { position, version }: At): ViewChange {
  const { center, product, from, to, cards, reserve, steps, homeReserve, reclaimNotice, minRun = 1 } = offer;
  const of = { center, product, from, to, cards: sign * cards, reserve };
  const data: OfferChange = {
    ...of,
    ...(steps === undefined ? {} : { steps }),
    ...(homeReserve === undefined ? {} : { homeReserve }),
    ...(reclaimNotice === undefined ? {} : { reclaimable: true }),
    ...(minRun > 1 ? { run: { of: offer.offer, least: minRun } } : {}),
  };
  return put(viewKeys.offerChange(position, offer.offer, version), data);
}

/**
 * The supply that an auction left of a pool, and what was offered or withdrawn since; cheapest first. A home reserve
 * that was offered since counts when an auction has seen how much of it has lapsed.
 */
export function supplySince(
  steps: readonly SupplyStep[],
  changes: readonly OfferChange[],
): readonly SupplyStep[] {
  if (changes.length === 0) return steps;
  let all: SupplyStep[] = [...steps];
  for (const { from, to, cards, reserve, steps: own, homeReserve = false, reclaimable, run } of changes) {
    const marks = { only: undefined, reclaimable, run: run === undefined ? undefined : { ...run, sold: [] } };
    const levels = stepsOf({ cards: Math.abs(cards), reserve, steps: own });
    for (const level of levels) {
      const step = supplyStep([from, to, level.cards, level.reserve], marks);
      if (cards < 0) all = withdrawn(all, step, homeReserve);
      else if (!homeReserve) all.push(step);
    }
  }
  return all.sort(byReserve);
}

/**
 * Takes an offer's cards off what has its reserve and its kind. What it had sold is gone from there already, so that
 * another offer of that reserve may count for less than it has: until the next auction, which knows.
 */
function withdrawn(
  steps: readonly SupplyStep[],
  [from, to, cards, reserve, marks]: SupplyStep,
  homeReserve: boolean,
): SupplyStep[] {
  return steps.flatMap((step): SupplyStep[] => {
    const [stepFrom, stepTo, stepCards, stepReserve, own] = step;
    const [begin, end] = [Math.max(from, stepFrom), Math.min(to, stepTo)];
    // A home reserve was on sale in spot only.
    const elsewhere = homeReserve && own?.only !== "spot";
    const otherKind = own?.reclaimable !== marks?.reclaimable || own?.run?.of !== marks?.run?.of;
    if (stepReserve !== reserve || otherKind || elsewhere || begin >= end) return [step];
    const parts: [number, number, number][] = [
      [stepFrom, begin, stepCards],
      [begin, end, stepCards - cards],
      [end, stepTo, stepCards],
    ];
    return parts
      .filter(([first, last, left]) => first < last && left > 0)
      .map((part) =>
        supplyStep([...part, reserve], { only: own?.only, reclaimable: own?.reclaimable, run: own?.run }),
      );
  });
}
