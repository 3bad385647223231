import * as z from "zod";
import type { PoolPrice } from "../../events/catalog/auction.ts";
import { AuctionNumber, type Period, Price } from "../../events/catalog/values.ts";
import { periodOf, periodStart, SLOTS_PER_DAY } from "../time.ts";
import { change, type ViewChange, viewKeys } from "./view.ts";

/** What one slot last cost: price (fen per card-hour), cards sold by that auction (0: an indication), auction. */
const PricedSlot = z.tuple([Price, z.int().min(0), AuctionNumber]);
type PricedSlot = z.infer<typeof PricedSlot>;

/** Published prices of a pool over one settlement day, slot by slot. */
export const PricesView = z.object({ slots: z.array(PricedSlot.nullable()).length(SLOTS_PER_DAY) });
export type PricesView = z.infer<typeof PricesView>;

const noPrices: PricesView = { slots: new Array<PricedSlot | null>(SLOTS_PER_DAY).fill(null) };

/** The changes of one page's prices: one item for each pool and day. */
export function projectPrices(auction: number, prices: readonly PoolPrice[]): readonly ViewChange[] {
  const days = new Map<string, { of: PoolPrice; period: Period; parts: PoolPrice[] }>();
  for (const part of prices.flatMap(byDay)) {
    const period = periodOf(part.from);
    const key = `${part.center}/${part.product}/${period}`;
    const day = days.get(key) ?? { of: part, period, parts: [] };
    day.parts.push(part);
    days.set(key, day);
  }
  return [...days.values()].map(({ of, period, parts }) =>
    change(viewKeys.prices(of.center, of.product, period), PricesView, (view = noPrices) =>
      repriced(view, periodStart(period), auction, parts),
    ),
  );
}

function repriced(view: PricesView, start: number, auction: number, parts: readonly PoolPrice[]): PricesView {
  const slots = [...view.slots];
  for (const { from, to, price, sold } of parts) {
    for (let slot = from; slot < to; slot++) {
      const next: PricedSlot = [price, sold, auction];
      slots[slot - start] = later(slots[slot - start] ?? null, next);
    }
  }
  return { slots };
}

/**
 * A trade is the slot's price until a later auction trades it; an indication stands only where nothing was traded.
 * Auctions are told apart by number: the feed's order across their streams means nothing.
 */
function later(before: PricedSlot | null, next: PricedSlot): PricedSlot {
  if (before === null) return next;
  const [, soldBefore, auctionBefore] = before;
  const [, sold, auction] = next;
  if (sold > 0 !== soldBefore > 0) return sold > 0 ? next : before;
  return auction >= auctionBefore ? next : before;
}

/** Cuts a range of slots at the ends of settlement days. */
function byDay(price: PoolPrice): PoolPrice[] {
  const parts: PoolPrice[] = [];
  for (let from = price.from; from < price.to; ) {
    const to = Math.min(price.to, periodStart(periodOf(from)) + SLOTS_PER_DAY);
    parts.push({ ...price, from, to });
    from = to;
  }
  return parts;
}
