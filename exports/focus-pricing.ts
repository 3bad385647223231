import type { Award } from "../events/catalog/award.ts";
import type { ChargeLine } from "../events/catalog/job.ts";
import type { ProductId } from "../events/catalog/values.ts";
import { splitByLargestRemainder } from "../market/money.ts";
import { SLOTS_PER_HOUR } from "../market/time.ts";
import { roundedQuotient } from "./decimals.ts";
import { focusScales } from "./focus-columns.ts";
import { type CardsOfProduct, cardsAt, gigabitsIn, type KnownJob } from "./focus-references.ts";

/** How much of what at which price: `quantity` x `unitPrice` is the cost to the mill. */
export interface Pricing {
  /** In units, with the places of `focusScales.quantity`. */
  readonly quantity: bigint;
  readonly unit: string;
  /** Per unit, with the places of `focusScales.unitPrice`. */
  readonly unitPrice: bigint;
}

/** A part of a charge line; a line has one for each product among its cards, else one. */
export interface PricedPart {
  readonly mills: bigint;
  readonly product: ProductId | null;
  /** Null: nothing tells how much it was. */
  readonly pricing: Pricing | null;
}

const one = 10n ** BigInt(focusScales.quantity);
/** From mills per 10^-12 units to a unit price. */
const priceFactor = 10n ** BigInt(focusScales.unitPrice - focusScales.cost) * one;

/** @param mills at least 0; @param quantity above 0 */
function priced(mills: bigint, quantity: bigint, unit: string): Pricing {
  return { quantity, unit, unitPrice: roundedQuotient(mills * priceFactor, quantity) };
}

const hours = (cardSlots: bigint) => (cardSlots * one) / BigInt(SLOTS_PER_HOUR);

/** Of slots of cards; without a number of them (row 9: part of a slot) as many card-hours as the price makes of the cost. */
function cardPricing(mills: bigint, cardSlots: bigint | undefined, sold: CardsOfProduct | undefined) {
  if (cardSlots !== undefined && cardSlots > 0n) return priced(mills, hours(cardSlots), "Card-Hours");
  if (sold === undefined || sold.mills === 0n) return null;
  const { quantity: whole, unit, unitPrice } = priced(sold.mills, hours(sold.cardSlots), "Card-Hours");
  const quantity = roundedQuotient(mills * whole, sold.mills);
  return quantity > 0n ? { quantity, unit, unitPrice } : null;
}

function cardParts(line: ChargeLine, mills: bigint, award: Award | undefined, from: number, to: number) {
  const sold = award === undefined || line.center === undefined ? [] : cardsAt(award, line.center, from, to);
  const cardSlots = line.cardSlots === undefined ? undefined : BigInt(line.cardSlots);
  const [first] = sold;
  if (sold.length < 2)
    return [{ mills, product: first?.product ?? null, pricing: cardPricing(mills, cardSlots, first) }];
  const weights = (of: (cards: CardsOfProduct) => bigint) =>
    new Map(sold.map((cards) => [cards.product, of(cards)]));
  const byMills = splitByLargestRemainder(
    mills,
    weights((cards) => cards.mills),
  );
  const slots = weights((cards) => cards.cardSlots);
  const bySlots = cardSlots === undefined ? undefined : splitByLargestRemainder(cardSlots, slots);
  return sold.flatMap((cards): PricedPart[] => {
    const part = byMills.get(cards.product) ?? 0n;
    if (part === 0n) return [];
    return [
      {
        mills: part,
        product: cards.product,
        pricing: cardPricing(part, bySlots?.get(cards.product), cards),
      },
    ];
  });
}

function networkPricing(
  line: ChargeLine,
  mills: bigint,
  award: Award | undefined,
  job: KnownJob | undefined,
  from: number,
  to: number,
): Pricing | null {
  const use = award?.links.find((one) => one.link === line.link);
  if (use === undefined) return null;
  if (line.kind === "link") {
    const gigabits = gigabitsIn(use, from, to);
    return gigabits > 0n ? priced(mills, gigabits * one, "Gb") : null;
  }
  const all = BigInt(use.transfer);
  if (line.kind !== "transfer" || job === undefined || all === 0n) return null;
  const quantity = roundedQuotient(mills * BigInt(job.dataGB) * one, all);
  return quantity > 0n ? priced(mills, quantity, "GB") : null;
}

/**
 * Quantity and price of a line of usage for slots `[from, to)`.
 * @param mills its amount, whoever pays it: above 0
 */
export function pricedParts(
  line: ChargeLine,
  mills: bigint,
  award: Award | undefined,
  job: KnownJob | undefined,
  from: number,
  to: number,
): PricedPart[] {
  switch (line.kind) {
    case "compute":
    case "releaseFee":
      return cardParts(line, mills, award, from, to);
    case "link":
    case "transfer":
    case "rent":
      return [{ mills, product: null, pricing: networkPricing(line, mills, award, job, from, to) }];
    case "credit":
    case "penalty":
    case "tax":
      return [{ mills, product: null, pricing: null }];
  }
}

/** Where nothing tells how much it was, the charge itself is the unit. */
export function asOneUnit(mills: bigint): Pricing {
  return priced(mills, one, "Units");
}
