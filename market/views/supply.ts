import * as z from "zod";
import type { CapacityOffered } from "../../events/catalog/offer.ts";
import {
  AuctionNumber,
  CenterId,
  FeedPosition,
  Price,
  ProductId,
  Slot,
} from "../../events/catalog/values.ts";
import { type SupplyStep, supplyStep } from "../book/supply-left.ts";
import { type At, put, type ViewChange, viewKeys } from "./view.ts";

/** What the last sealed auction left of a pool; written by the auction itself, whose book had seen `position`. */
export const SupplyView = z.object({
  auction: AuctionNumber,
  position: FeedPosition,
  /** Steps in JSON, gzip, base64: a pool may have thousands. */
  steps: z.string(),
});
export type SupplyView = z.infer<typeof SupplyView>;

/** An offer that came, or went: then its cards are below 0. */
export const OfferChange = z.object({
  center: CenterId,
  product: ProductId,
  from: Slot,
  to: Slot,
  cards: z.int(),
  reserve: Price,
  /** Its center may take the cards back with notice. */
  reclaimable: z.literal(true).optional(),
});
export type OfferChange = z.infer<typeof OfferChange>;

type Offer = z.infer<typeof CapacityOffered.data>;

/** Notes that an offer came (1) or went (-1), for whoever asks before the next auction knows. */
export function projectSupply(offer: Offer, sign: 1 | -1, { position, version }: At): ViewChange {
  const { center, product, from, to, cards, reserve, reclaimNotice } = offer;
  const kind = reclaimNotice === undefined ? {} : ({ reclaimable: true } as const);
  const data: OfferChange = { center, product, from, to, cards: sign * cards, reserve, ...kind };
  return put(viewKeys.offerChange(position, offer.offer, version), data);
}

/** The supply that an auction left of a pool, and what was offered or withdrawn since; cheapest first. */
export function supplySince(
  steps: readonly SupplyStep[],
  changes: readonly OfferChange[],
): readonly SupplyStep[] {
  if (changes.length === 0) return steps;
  let all: SupplyStep[] = [...steps];
  for (const { from, to, cards, reserve, reclaimable } of changes) {
    const step = supplyStep([from, to, Math.abs(cards), reserve], reclaimable === true);
    if (cards > 0) all.push(step);
    else all = withdrawn(all, step);
  }
  return all.sort((a, b) => a[3] - b[3]);
}

/**
 * Takes an offer's cards off what has its reserve and its kind. What it had sold is gone from there already, so that another offer of
 * that reserve may count for less than it has: until the next auction, which knows.
 */
function withdrawn(
  steps: readonly SupplyStep[],
  [from, to, cards, reserve, reclaimable]: SupplyStep,
): SupplyStep[] {
  return steps.flatMap((step): SupplyStep[] => {
    const [stepFrom, stepTo, stepCards, stepReserve, stepReclaimable] = step;
    const [begin, end] = [Math.max(from, stepFrom), Math.min(to, stepTo)];
    if (stepReserve !== reserve || stepReclaimable !== reclaimable || begin >= end) return [step];
    const parts: [number, number, number][] = [
      [stepFrom, begin, stepCards],
      [begin, end, stepCards - cards],
      [end, stepTo, stepCards],
    ];
    return parts
      .filter(([first, last, left]) => first < last && left > 0)
      .map((part) => supplyStep([...part, reserve], reclaimable !== undefined));
  });
}
