import type { CheckedInstance, CheckedOffer, CheckedResult } from "./clearing-checker.ts";
import {
  cardsOf,
  lengthOf,
  linkOf,
  linkUse,
  poolOf,
  type Report,
  soldIn,
} from "./clearing-checker-feasible.ts";

/** A decimal number as an exact fraction. */
function fraction(value: number): [bigint, bigint] {
  const [mantissa = "0", exponent = "0"] = value.toString().split("e");
  const [whole = "0", decimals = ""] = mantissa.split(".");
  const scale = decimals.length - Number(exponent);
  const digits = BigInt(whole + decimals);
  return scale >= 0 ? [digits, 10n ** BigInt(scale)] : [digits * 10n ** BigInt(-scale), 1n];
}

function sum([one, of]: [bigint, bigint], [other, over]: [bigint, bigint]): [bigint, bigint] {
  return [one * over + other * of, of * over];
}

/** Rule 1, second part: kw x pue x (energy + carbon) x hours, to the nearest tick, halves up. */
function energyOf(instance: CheckedInstance, pool: number, slot: number): bigint {
  const { c, p } = instance.pools[pool] ?? { c: -1, p: -1 };
  const center = instance.centers[c];
  let over = BigInt(instance.slotSeconds ?? 3600);
  let under = 3600n;
  const perKwh = sum(fraction(center?.energy[slot] ?? 0), fraction(center?.carbon?.[slot] ?? 0));
  const factors = [fraction(instance.products[p]?.kw ?? 0), fraction(center?.pue ?? 0), perKwh];
  for (const [numerator, denominator] of factors) {
    over *= numerator;
    under *= denominator;
  }
  const tick = BigInt(instance.tick ?? 1);
  return ((2n * over + under * tick) / (2n * under * tick)) * tick;
}

/** Of each list of offers: those of every pool by cost, then id. Large instances are searched far too often. */
const inOrder = new WeakMap<object, Map<number, CheckedOffer[]>>();

function offersByPool({ offers }: CheckedInstance): Map<number, CheckedOffer[]> {
  const known = inOrder.get(offers);
  if (known) return known;
  const sorted = offers
    .map((offer, index) => ({ offer, id: offer.id ?? index }))
    .sort((x, y) => x.offer.reserve - y.offer.reserve || byId(x.id, y.id))
    .map(({ offer }) => offer);
  const byPool = Map.groupBy(sorted, ({ pool }) => pool);
  inOrder.set(offers, byPool);
  return byPool;
}

/** Offers of a pool and slot in the order in which their cards are sold: by cost, then id, numbers before words. */
export function meritOrder(instance: CheckedInstance, pool: number, slot: number): CheckedOffer[] {
  return (offersByPool(instance).get(pool) ?? []).filter(
    ({ from, to, q }) => from <= slot && slot < to && q > 0,
  );
}

function byId(one: number | string, other: number | string): number {
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Costs of all the cards of a pool and slot, cheapest first: [cost, cards]. */
export function stackOf(instance: CheckedInstance, pool: number, slot: number): [bigint, bigint][] {
  const energy = energyOf(instance, pool, slot);
  return meritOrder(instance, pool, slot).map(({ reserve, q }) => [BigInt(reserve) + energy, BigInt(q)]);
}

/** Cost of the first cards of a stack, and of the last of them. */
function costOf(stack: readonly [bigint, bigint][], cards: bigint): { total: bigint; last: bigint } {
  let [total, last, left] = [0n, 0n, cards];
  for (const [cost, q] of stack) {
    if (left <= 0n) break;
    const n = left < q ? left : q;
    total += n * cost;
    last = cost;
    left -= n;
  }
  return { total, last };
}

function limitOf(instance: CheckedInstance, b: number, p: number): bigint {
  for (const choice of instance.bids[b]?.prods ?? []) if (choice.p === p) return BigInt(choice.limit);
  return 0n;
}

/** Value at the limit less transfer of an accepted gang, or of the floor of a service. */
function netOf(instance: CheckedInstance, one: CheckedResult["accepted"][number]): bigint {
  const bid = instance.bids[one.b];
  if (!bid) return 0n;
  let net = limitOf(instance, one.b, one.p) * BigInt(cardsOf(bid)) * BigInt(lengthOf(bid, one.p));
  for (const { c } of one.parts) {
    const link = instance.links[linkOf(instance, bid.home, c) ?? -1];
    if (c !== bid.home && link) net -= BigInt(bid.dataGB ?? 0) * BigInt(link.perGB);
  }
  return net;
}

/** Rule 6, exactly. */
export function checkWelfare(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  let welfare = 0n;
  for (const one of result.accepted) welfare += netOf(instance, one);
  for (const { b, fills } of result.div)
    for (const [, p, , q] of fills) welfare += limitOf(instance, b, p) * BigInt(q);
  for (const [key, q] of soldIn(instance, result)) {
    const [pool = 0, slot = 0] = key.split("@").map(Number);
    welfare -= costOf(stackOf(instance, pool, slot), BigInt(q)).total;
  }
  if (welfare !== BigInt(result.welfare)) report("welfare", `is ${welfare}, not ${result.welfare}`);
  if (result.bound !== undefined && result.bound < result.welfare) report("bound", "lies below the welfare");
}

/** Rule 7: every pool has T prices, whole ticks, none negative, none below the last accepted step. */
export function checkPrices(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  const tick = instance.tick ?? 1;
  const sold = soldIn(instance, result);
  const rows = [...Object.entries(result.prices), ...Object.entries(result.linkPrices)];
  for (const [name, row] of rows) {
    if (row.length !== instance.T) report("price row", `${name} has ${row.length} prices`);
    if (!row.every((price) => Number.isInteger(price) && price >= 0)) report("price sign", `in row ${name}`);
    if (!row.every((price) => price % tick === 0)) report("tick", `in row ${name}`);
  }
  for (const [pool] of instance.pools.entries()) {
    const row = result.prices[String(pool)];
    if (!row) {
      report("price row", `pool ${pool} has no prices`);
      continue;
    }
    for (let t = 0; t < instance.T; t++) {
      const stack = stackOf(instance, pool, t);
      const cards = BigInt(sold.get(`${pool}@${t}`) ?? 0);
      const price = BigInt(Math.trunc(row[t] ?? 0));
      if (cards > 0n && price < costOf(stack, cards).last) report("cost", `pool ${pool} in slot ${t}`);
      const cheapest = stack[0]?.[0];
      if (cards === 0n && cheapest !== undefined && price !== cheapest)
        report("indication", `pool ${pool} in slot ${t}`);
    }
  }
}

/** Rule 7: nobody accepted loses. All amounts times the seconds of a slot, so that link shares stay whole. */
export function checkGains(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  const seconds = BigInt(instance.slotSeconds ?? 3600);
  for (const one of result.accepted) {
    const bid = instance.bids[one.b];
    if (!bid) continue;
    let left = netOf(instance, one) * seconds;
    for (const { c, q } of one.parts) {
      const row = result.prices[String(poolOf(instance, c, one.p))] ?? [];
      for (let t = one.s; t < one.s + lengthOf(bid, one.p); t++)
        left -= BigInt(row[t] ?? 0) * BigInt(q) * seconds;
    }
    for (const [link, slot, gigabits] of linkUse(instance, one))
      left -= BigInt(result.linkPrices[String(link)]?.[slot] ?? 0) * gigabits;
    if (left < 0n) report("loss", `bid ${one.b} loses ${-left} mills x seconds`);
  }
  for (const { b, fills } of result.div)
    for (const [c, p, t] of fills) {
      const price = result.prices[String(poolOf(instance, c, p))]?.[t] ?? 0;
      if (BigInt(price) > limitOf(instance, b, p)) report("div limit", `bid ${b} in slot ${t}`);
    }
}
