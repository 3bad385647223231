import type { CheckedInstance, CheckedResult } from "./clearing-checker.ts";
import { lengthOf, linkOf, linkUse, poolOf, soldIn } from "./clearing-checker-feasible.ts";
import { stackOf } from "./clearing-checker-money.ts";

/** Who has the welfare of a result, in mills x seconds of a slot, so that shares of links stay whole. */
export interface Surpluses {
  readonly buyers: bigint;
  readonly sellers: bigint;
  readonly rent: bigint;
}

/** What buyers gain at their limits, less transfer and all payments; what sellers get above their costs; link payments. */
export function surplusesOf(instance: CheckedInstance, result: CheckedResult): Surpluses {
  const seconds = BigInt(instance.slotSeconds ?? 3600);
  const priceAt = (pool: number | null, t: number) => BigInt(result.prices[String(pool)]?.[t] ?? 0);
  let [buyers, sellers, rent] = [0n, 0n, 0n];
  for (const one of result.accepted) {
    const bid = instance.bids[one.b];
    if (!bid) continue;
    const d = lengthOf(bid, one.p);
    const limit = BigInt(bid.prods.find(({ p }) => p === one.p)?.limit ?? 0);
    for (const { c, q } of one.parts) {
      for (let t = one.s; t < one.s + d; t++)
        buyers += (limit - priceAt(poolOf(instance, c, one.p), t)) * BigInt(q) * seconds;
      const link = instance.links[linkOf(instance, bid.home, c) ?? -1];
      if (c !== bid.home && link) buyers -= BigInt(bid.dataGB ?? 0) * BigInt(link.perGB) * seconds;
    }
    for (const [link, slot, gigabits] of linkUse(instance, one)) {
      const paid = BigInt(result.linkPrices[String(link)]?.[slot] ?? 0) * gigabits;
      buyers -= paid;
      rent += paid;
    }
  }
  for (const { b, fills } of result.div)
    for (const [c, p, t, q] of fills) {
      const limit = BigInt(instance.bids[b]?.prods.find((choice) => choice.p === p)?.limit ?? 0);
      buyers += (limit - priceAt(poolOf(instance, c, p), t)) * BigInt(q) * seconds;
    }
  for (const [key, q] of soldIn(instance, result)) {
    const [pool = 0, slot = 0] = key.split("@").map(Number);
    let left = BigInt(q);
    for (const [cost, cards] of stackOf(instance, pool, slot)) {
      const taken = left < cards ? left : cards;
      sellers += (priceAt(pool, slot) - cost) * taken * seconds;
      left -= taken;
    }
  }
  return { buyers, sellers, rent };
}

/** Bids of single cards and slots, without data, that have less than they would take at the prices. */
export function gainersOf(instance: CheckedInstance, result: CheckedResult): number[] {
  const served = new Set([...result.accepted, ...result.div].map(({ b }) => b));
  return instance.bids.flatMap((bid, b) => {
    if (served.has(b)) return [];
    const gains = instance.pools.some(({ c, p }, k) => {
      const limit = bid.prods.find((choice) => choice.p === p)?.limit;
      if (limit === undefined || (bid.pools && !bid.pools.includes(k))) return false;
      if (bid.regions && !bid.regions.includes(instance.centers[c]?.region ?? -1)) return false;
      const link = instance.links[linkOf(instance, bid.home, c) ?? -1];
      if (c !== bid.home && (link?.latMs ?? Infinity) > (bid.maxLat ?? Infinity)) return false;
      for (let t = bid.from; t < bid.to; t++)
        if (stackOf(instance, k, t).length > 0 && (result.prices[String(k)]?.[t] ?? 0) < limit) return true;
      return false;
    });
    return gains ? [b] : [];
  });
}
