import type { CheckedBid, CheckedInstance } from "./clearing-checker.ts";
import { cardsOf, lengthOf, linkOf, linkUse } from "./clearing-checker-feasible.ts";
import { stackOf } from "./clearing-checker-money.ts";
import { firmCards, shortRuns } from "./clearing-checker-supply.ts";

/** One thing that a bid may take: cards by `pool@slot`, gigabits by `link@slot`, and what it is worth net of transfer. */
interface Way {
  readonly start: number;
  readonly end: number;
  readonly cards: ReadonlyMap<string, number>;
  readonly gigabits: ReadonlyMap<string, bigint>;
  readonly net: bigint;
  /** Parts that must not lose, each by itself: a gang, a fill of one cell, a service's floor. */
  readonly payers: readonly Payer[];
}

interface Payer {
  readonly cards: ReadonlyMap<string, number>;
  readonly net: bigint;
}

/** What the bids that were looked at so far take, together. */
interface Taken {
  readonly cards: Map<string, number>;
  /** Of these, what bids hold that do not take reclaimable cards. */
  readonly firm: Map<string, number>;
  readonly gigabits: Map<string, bigint>;
  /** By bid, as far as it is accepted. */
  readonly ways: Map<number, Way>;
}

/**
 * The greatest welfare of any allocation that keeps all rules but those of prices (rule 7), by trying all of them. Of
 * those it keeps one part: a gang in one pool can pay the last of its own cards. For tiny instances only.
 */
export function optimalWelfare(instance: CheckedInstance): bigint {
  return greatestWelfare(instance, () => true);
}

/**
 * The same of those that have prices: where each cell costs the last of its sold cards and links nothing, nobody loses.
 * At higher prices nobody would gain by it.
 */
export function optimalPricedWelfare(instance: CheckedInstance): bigint {
  return greatestWelfare(instance, (taken) => nobodyLoses(instance, taken));
}

function greatestWelfare(instance: CheckedInstance, mayBe: (taken: Taken) => boolean): bigint {
  const ways = instance.bids.map((bid, b) => waysOf(instance, bid, b));
  const taken: Taken = { cards: new Map(), firm: new Map(), gigabits: new Map(), ways: new Map() };
  let best = 0n;
  const visit = (b: number, net: bigint) => {
    if (b === ways.length) {
      const welfare = net - offerCost(instance, taken.cards);
      if (welfare <= best || !isLinkedRight(instance, taken) || !sellsInRuns(instance, taken)) return;
      if (mayBe(taken)) best = welfare;
      return;
    }
    visit(b + 1, net);
    for (const way of ways[b] ?? []) {
      move(instance, taken, b, way, 1);
      if (fits(instance, taken)) visit(b + 1, net + way.net);
      move(instance, taken, b, way, -1);
    }
  };
  visit(0, 0n);
  return best;
}

/** Rule 7. */
function nobodyLoses(instance: CheckedInstance, { ways, cards }: Taken): boolean {
  return [...ways.values()].every(({ payers }) =>
    payers.every((payer) => {
      let paid = 0n;
      for (const [key, q] of payer.cards) paid += lastCost(instance, key, cards.get(key) ?? 0) * BigInt(q);
      return paid <= payer.net;
    }),
  );
}

function move(instance: CheckedInstance, taken: Taken, b: number, way: Way, sign: 1 | -1): void {
  if (sign === 1) taken.ways.set(b, way);
  else taken.ways.delete(b);
  for (const cards of instance.bids[b]?.reclaimable ? [taken.cards] : [taken.cards, taken.firm])
    for (const [key, q] of way.cards) cards.set(key, (cards.get(key) ?? 0) + sign * q);
  const { gigabits } = taken;
  for (const [key, q] of way.gigabits) gigabits.set(key, (gigabits.get(key) ?? 0n) + BigInt(sign) * q);
}

/** Rules 8 and 9. */
function isLinkedRight(instance: CheckedInstance, { ways }: Taken): boolean {
  const groups = [...ways.keys()].flatMap((b) => instance.bids[b]?.group ?? []);
  if (new Set(groups).size < groups.length) return false;
  return [...ways].every(([b, way]) => {
    const parent = instance.bids[b]?.parent;
    if (parent === undefined) return true;
    const end = ways.get(instance.bids.findIndex(({ id }, i) => (id ?? i) === parent))?.end;
    return end !== undefined && end <= way.start;
  });
}

/** Rule 12. */
function sellsInRuns(instance: CheckedInstance, { cards }: Taken): boolean {
  return shortRuns(instance, cards).length === 0;
}

function fits(instance: CheckedInstance, { cards, firm, gigabits }: Taken): boolean {
  for (const [key, q] of cards) if (q > offeredAt(instance, key)) return false;
  for (const [key, q] of firm) {
    const [pool = -1, slot = -1] = key.split("@").map(Number);
    if (q > firmCards(instance, pool, slot)) return false;
  }
  for (const [key, q] of gigabits) {
    const link = instance.links[Number(key.split("@")[0])];
    if (q > BigInt(link?.gbps ?? 0) * BigInt(instance.slotSeconds ?? 3600)) return false;
  }
  return true;
}

function offeredAt(instance: CheckedInstance, key: string): number {
  const [pool, slot = 0] = key.split("@").map(Number);
  return instance.offers
    .filter((offer) => offer.pool === pool && offer.from <= slot && slot < offer.to)
    .reduce((sum, { q }) => sum + q, 0);
}

function offerCost(instance: CheckedInstance, cards: ReadonlyMap<string, number>): bigint {
  let cost = 0n;
  for (const [key, q] of cards) {
    const [pool = 0, slot = 0] = key.split("@").map(Number);
    let left = BigInt(q);
    for (const [each, n] of stackOf(instance, pool, slot)) {
      const taken = left < n ? left : n;
      cost += taken * each;
      left -= taken;
    }
  }
  return cost;
}

/** Pools that rule 5 lets a bid use. */
function eligible(instance: CheckedInstance, bid: CheckedBid): { k: number; c: number; p: number }[] {
  return instance.pools.flatMap(({ c, p }, k) => {
    if (lengthOf(bid, p) === 0 || (bid.pools && !bid.pools.includes(k))) return [];
    if (bid.regions && !bid.regions.includes(instance.centers[c]?.region ?? -1)) return [];
    const link = instance.links[linkOf(instance, bid.home, c) ?? -1];
    const far = c !== bid.home && bid.maxLat !== undefined && (link?.latMs ?? Infinity) > bid.maxLat;
    const stranded = c !== bid.home && !link && bid.kind !== "div" && (bid.dataGB ?? 0) > 0;
    return far || stranded ? [] : [{ k, c, p }];
  });
}

function waysOf(instance: CheckedInstance, bid: CheckedBid, b: number): Way[] {
  const pools = eligible(instance, bid);
  if (bid.kind === "div") return divWays(bid, pools);
  const ways: Way[] = [];
  for (const { k, c, p } of pools) {
    const whole = gangWays(instance, bid, b, p, [{ c, q: cardsOf(bid) }]);
    ways.push(...(bid.kind === "service" ? whole.flatMap((floor) => serviceWays(bid, floor, k, p)) : whole));
    if (bid.kind !== "split" || (bid.kmax ?? 2) < 2) continue;
    for (const other of pools)
      for (let q = 1; q < bid.g; q++) {
        const parts = [
          { c, q },
          { c: other.c, q: bid.g - q },
        ];
        if (other.p === p && c < other.c && mayShare(instance, bid, parts))
          ways.push(...gangWays(instance, bid, b, p, parts));
      }
  }
  return ways;
}

function mayShare(instance: CheckedInstance, bid: CheckedBid, parts: { c: number; q: number }[]): boolean {
  const link = instance.links[linkOf(instance, parts[0]?.c ?? -1, parts[1]?.c ?? -1) ?? -1];
  if (!link || link.latMs > (bid.syncLat ?? Infinity)) return false;
  return parts.every(({ q }) => q % (bid.chunk ?? 1) === 0);
}

function gangWays(
  instance: CheckedInstance,
  bid: CheckedBid,
  b: number,
  p: number,
  parts: { c: number; q: number }[],
): Way[] {
  const d = lengthOf(bid, p);
  const limit = bid.prods.find((choice) => choice.p === p)?.limit ?? 0;
  let net = BigInt(limit) * BigInt(cardsOf(bid)) * BigInt(d);
  for (const { c } of parts)
    if (c !== bid.home)
      net -=
        BigInt(bid.dataGB ?? 0) * BigInt(instance.links[linkOf(instance, bid.home, c) ?? -1]?.perGB ?? 0);
  const ways: Way[] = [];
  for (let s = bid.from; s + d <= bid.to; s++) {
    const cards = new Map<string, number>();
    for (const { c, q } of parts) {
      const k = instance.pools.findIndex((pool) => pool.c === c && pool.p === p);
      for (let t = s; t < s + d; t++) cards.set(`${k}@${t}`, q);
    }
    const gigabits = new Map<string, bigint>();
    const uses = linkUse(instance, { b, p, s, parts });
    if (uses.some(([, slot]) => slot < 0)) continue;
    for (const [link, slot, amount] of uses)
      gigabits.set(`${link}@${slot}`, (gigabits.get(`${link}@${slot}`) ?? 0n) + amount);
    if (parts.length > 1 || !losesAlone(instance, cards, net))
      ways.push({ start: s, end: s + d, cards, gigabits, net, payers: [{ cards, net }] });
  }
  return ways;
}

/** At the price of the last of its own cards in every slot, if nobody else bought any. */
function losesAlone(instance: CheckedInstance, cards: ReadonlyMap<string, number>, net: bigint): boolean {
  let left = net;
  for (const [key, q] of cards) left -= lastCost(instance, key, q) * BigInt(q);
  return left < 0n;
}

/** Of so many cards of a `pool@slot`. */
function lastCost(instance: CheckedInstance, key: string, cards: number): bigint {
  const [pool = 0, slot = 0] = key.split("@").map(Number);
  let unsold = BigInt(cards);
  const last = stackOf(instance, pool, slot).find(([, n]) => {
    unsold -= n;
    return unsold <= 0n;
  });
  return last?.[0] ?? 0n;
}

/** Its floor with every number of cards beyond it in every slot. */
function serviceWays(bid: CheckedBid, floor: Way, pool: number, product: number): Way[] {
  const limit = BigInt(bid.prods.find(({ p }) => p === product)?.limit ?? 0);
  let ways = [floor];
  for (let t = bid.from; t < bid.to; t++)
    ways = ways.flatMap((way) =>
      Array.from({ length: bid.g - cardsOf(bid) + 1 }, (_, extra) => {
        const key = `${pool}@${t}`;
        const beyond = { cards: new Map([[key, extra]]), net: limit * BigInt(extra) };
        return {
          ...way,
          cards: new Map(way.cards).set(key, cardsOf(bid) + extra),
          net: way.net + beyond.net,
          payers: [...way.payers, beyond],
        };
      }),
    );
  return ways;
}

/** Every way to fill cells with up to g cards a slot and the whole of the job in all. */
function divWays(bid: CheckedBid, pools: { k: number; p: number }[]): Way[] {
  const ways: Way[] = [];
  const cells = pools.flatMap(({ k, p }) =>
    Array.from({ length: bid.to - bid.from }, (_, i) => ({ k, p, t: bid.from + i })),
  );
  const fill = (i: number, payers: readonly Payer[], perSlot: number[], share: number) => {
    const cell = cells[i];
    if (!cell) {
      const cards = new Map(payers.flatMap((payer) => [...payer.cards]));
      const net = payers.reduce((sum, payer) => sum + payer.net, 0n);
      if (cards.size > 0)
        ways.push({ start: bid.from, end: bid.to, cards, gigabits: new Map(), net, payers });
      return;
    }
    const limit = bid.prods.find(({ p }) => p === cell.p)?.limit ?? 0;
    const part = 1 / (bid.g * lengthOf(bid, cell.p));
    const room = bid.g - (perSlot[cell.t] ?? 0);
    for (let q = 0; q <= room && share + q * part <= 1 + 1e-9; q++) {
      const slots = perSlot.with(cell.t, (perSlot[cell.t] ?? 0) + q);
      const more = { cards: new Map([[`${cell.k}@${cell.t}`, q]]), net: BigInt(q) * BigInt(limit) };
      fill(i + 1, q > 0 ? [...payers, more] : payers, slots, share + q * part);
    }
  };
  fill(0, [], new Array<number>(bid.to).fill(0), 0);
  return ways;
}
