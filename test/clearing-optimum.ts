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
  const ways = instance.bids.map((bid, b) => waysOf(instance, bid, b));
  const taken: Taken = { cards: new Map(), firm: new Map(), gigabits: new Map(), ways: new Map() };
  let best = 0n;
  const visit = (b: number, net: bigint) => {
    if (b === ways.length) {
      const welfare = net - offerCost(instance, taken.cards);
      if (welfare > best && isLinkedRight(instance, taken) && sellsInRuns(instance, taken)) best = welfare;
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
      ways.push({ start: s, end: s + d, cards, gigabits, net });
  }
  return ways;
}

/** At the price of the last of its own cards in every slot, if nobody else bought any. */
function losesAlone(instance: CheckedInstance, cards: ReadonlyMap<string, number>, net: bigint): boolean {
  let left = net;
  for (const [key, q] of cards) {
    const [pool = 0, slot = 0] = key.split("@").map(Number);
    let unsold = BigInt(q);
    const last = stackOf(instance, pool, slot).find(([, n]) => {
      unsold -= n;
      return unsold <= 0n;
    });
    left -= (last?.[0] ?? 0n) * BigInt(q);
  }
  return left < 0n;
}

/** Its floor with every number of cards beyond it in every slot. */
function serviceWays(bid: CheckedBid, floor: Way, pool: number, product: number): Way[] {
  const limit = BigInt(bid.prods.find(({ p }) => p === product)?.limit ?? 0);
  let ways = [floor];
  for (let t = bid.from; t < bid.to; t++)
    ways = ways.flatMap((way) =>
      Array.from({ length: bid.g - cardsOf(bid) + 1 }, (_, extra) => ({
        ...way,
        cards: new Map(way.cards).set(`${pool}@${t}`, cardsOf(bid) + extra),
        net: way.net + limit * BigInt(extra),
      })),
    );
  return ways;
}

/** Every way to fill cells with up to g cards a slot and the whole of the job in all. */
function divWays(bid: CheckedBid, pools: { k: number; p: number }[]): Way[] {
  const ways: Way[] = [];
  const cells = pools.flatMap(({ k, p }) =>
    Array.from({ length: bid.to - bid.from }, (_, i) => ({ k, p, t: bid.from + i })),
  );
  const fill = (i: number, cards: Map<string, number>, perSlot: number[], share: number, net: bigint) => {
    const cell = cells[i];
    if (!cell) {
      if (cards.size > 0)
        ways.push({ start: bid.from, end: bid.to, cards: new Map(cards), gigabits: new Map(), net });
      return;
    }
    const limit = bid.prods.find(({ p }) => p === cell.p)?.limit ?? 0;
    const part = 1 / (bid.g * lengthOf(bid, cell.p));
    const room = bid.g - (perSlot[cell.t] ?? 0);
    for (let q = 0; q <= room && share + q * part <= 1 + 1e-9; q++) {
      const slots = perSlot.with(cell.t, (perSlot[cell.t] ?? 0) + q);
      const more = new Map(cards);
      if (q > 0) more.set(`${cell.k}@${cell.t}`, q);
      fill(i + 1, more, slots, share + q * part, net + BigInt(q) * BigInt(limit));
    }
  };
  fill(0, new Map(), new Array<number>(bid.to).fill(0), 0, 0n);
  return ways;
}
