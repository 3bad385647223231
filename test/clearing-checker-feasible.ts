import type { CheckedBid, CheckedInstance, CheckedResult } from "./clearing-checker.ts";

export type Report = (rule: string, what: string) => void;
type Accepted = CheckedResult["accepted"][number];

/** Of each list of links or pools: index by pair, the first one wins. Large instances are searched far too often. */
const indexes = new WeakMap<object, Map<string, number>>();

function indexOf<A extends object>(rows: readonly A[], keyOf: (row: A) => string): Map<string, number> {
  const known = indexes.get(rows);
  if (known) return known;
  const index = new Map<string, number>();
  for (const [i, row] of rows.entries()) if (!index.has(keyOf(row))) index.set(keyOf(row), i);
  indexes.set(rows, index);
  return index;
}

/** The link of an ordered pair of centers: as declared, else the other way round. */
export function linkOf({ links }: CheckedInstance, from: number, to: number): number | null {
  const index = indexOf(links, ({ a, b }) => `${a}~${b}`);
  return index.get(`${from}~${to}`) ?? index.get(`${to}~${from}`) ?? null;
}

export function poolOf({ pools }: CheckedInstance, center: number, product: number): number | null {
  return indexOf(pools, ({ c, p }) => `${c}/${p}`).get(`${center}/${product}`) ?? null;
}

/** Slots on a product, 0 if the bid does not want it. */
export function lengthOf(bid: CheckedBid, product: number): number {
  for (const choice of bid.prods)
    if (choice.p === product) return bid.kind === "service" ? bid.to - bid.from : (choice.d ?? bid.d ?? 0);
  return 0;
}

/** Cards of a gang, or of the floor of a service. */
export function cardsOf(bid: CheckedBid): number {
  return bid.kind === "service" ? (bid.floor ?? bid.g) : bid.g;
}

function isWhole(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

/** Rules 2 to 5, 10 and 11: each accepted bid by itself. */
export function checkBids(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  for (const rows of [result.accepted, result.div]) {
    const seen = new Set<number>();
    for (const { b } of rows) {
      if (seen.has(b)) report("once", `bid ${b} stands twice`);
      seen.add(b);
    }
  }
  for (const one of result.accepted) {
    const bid = instance.bids[one.b];
    if (!bid) report("known", `no bid ${one.b}`);
    else if (bid.kind === "div") report("kind", `div bid ${one.b} is accepted as a gang`);
    else checkGang(instance, bid, one, report);
  }
  for (const { b, fills } of result.div) {
    const bid = instance.bids[b];
    if (!bid) report("known", `no bid ${b}`);
    else if (bid.kind === "service") checkExtra(instance, result, b, report);
    else if (bid.kind !== "div") report("kind", `bid ${b} is filled like a div bid`);
    else checkFills(instance, bid, b, fills, report);
  }
}

function checkGang(instance: CheckedInstance, bid: CheckedBid, one: Accepted, report: Report): void {
  const name = `bid ${one.b}`;
  const d = lengthOf(bid, one.p);
  if (d === 0) report("product", `${name} does not want product ${one.p}`);
  if (!Number.isInteger(one.s) || one.s < bid.from || one.s + d > bid.to)
    report("window", `${name} leaves its window`);
  const cards = one.parts.reduce((sum, { q }) => sum + q, 0);
  if (bid.kind === "service" && one.s !== bid.from) report("service", `${name} lacks a part of its window`);
  if (cards !== cardsOf(bid) || !one.parts.every(({ q }) => isWhole(q)))
    report("gang", `${name} is not whole`);
  for (const { c } of one.parts) {
    checkEligible(instance, bid, name, c, one.p, report);
    if (movesData(bid, c) && one.s < (bid.stage ?? 0))
      report("stage", `${name} starts before its data can be there`);
  }
  const most = bid.kind === "split" ? Math.min(2, bid.kmax ?? 2) : 1;
  if (one.parts.length > most) report("centers", `${name} uses ${one.parts.length} centers`);
  const [first, second] = one.parts;
  if (!first || !second) return;
  if (first.c === second.c) report("centers", `${name} names a center twice`);
  if (one.parts.some(({ q }) => q % (bid.chunk ?? 1) !== 0)) report("chunk", `${name} breaks a chunk`);
  const link =
    instance.links[linkOf(instance, Math.min(first.c, second.c), Math.max(first.c, second.c)) ?? -1];
  if (!link) report("syncLink", `${name} is split without a link`);
  else if (link.latMs > (bid.syncLat ?? Infinity)) report("syncLat", `${name} is split too far apart`);
}

function checkFills(
  instance: CheckedInstance,
  bid: CheckedBid,
  b: number,
  fills: CheckedResult["div"][number]["fills"],
  report: Report,
): void {
  const name = `bid ${b}`;
  const perSlot = new Map<number, number>();
  const cells = new Set<string>();
  let share = 0;
  for (const [c, p, t, q] of fills) {
    const d = lengthOf(bid, p);
    if (d === 0) report("product", `${name} does not want product ${p}`);
    if (!Number.isInteger(t) || t < bid.from || t >= bid.to) report("window", `${name} leaves its window`);
    if (!isWhole(q)) report("cards", `${name} takes ${q} cards`);
    if (cells.has(`${c}/${p}/${t}`)) report("once", `${name} fills a cell twice`);
    cells.add(`${c}/${p}/${t}`);
    checkEligible(instance, bid, name, c, p, report);
    perSlot.set(t, (perSlot.get(t) ?? 0) + q);
    share += q / (bid.g * d);
  }
  for (const [t, q] of perSlot) if (q > bid.g) report("perSlot", `${name} takes ${q} cards in slot ${t}`);
  if (share > 1 + 1e-9) report("budget", `${name} takes more than g*d`);
}

/** Rule 10: beyond its floor a service has cards where the floor is, up to its ceiling in every slot. */
function checkExtra(instance: CheckedInstance, result: CheckedResult, b: number, report: Report): void {
  const name = `service ${b}`;
  const bid = instance.bids[b];
  const floor = result.accepted.find((one) => one.b === b);
  const fills = result.div.find((one) => one.b === b)?.fills ?? [];
  if (!bid || !floor) {
    report("service", `${name} has cards beyond a floor that it does not have`);
    return;
  }
  const slots = new Set<number>();
  for (const [c, p, t, q] of fills) {
    if (p !== floor.p || floor.parts.some((part) => part.c !== c))
      report("service", `${name} has cards outside the pool of its floor`);
    if (!Number.isInteger(t) || t < bid.from || t >= bid.to) report("window", `${name} leaves its window`);
    if (!isWhole(q)) report("cards", `${name} takes ${q} cards`);
    if (q > bid.g - cardsOf(bid)) report("service", `${name} exceeds its ceiling in slot ${t}`);
    if (slots.has(t)) report("once", `${name} fills a cell twice`);
    slots.add(t);
  }
}

function movesData(bid: CheckedBid, center: number): boolean {
  return center !== bid.home && bid.kind !== "div" && (bid.dataGB ?? 0) > 0;
}

/** Rules 5 and 11: gigabits that a bid's data take of a link in each slot, and how many slots before the start that is. */
export function stagingOf(bid: CheckedBid): { slots: number; before: number; gigabits: bigint } {
  const all = BigInt(bid.dataGB ?? 0) * 8n;
  const stage = bid.stage ?? 0;
  if (stage === 0) return { slots: 1, before: 0, gigabits: all };
  const slots = BigInt(stage);
  return { slots: stage, before: stage, gigabits: (all + slots - 1n) / slots };
}

/** Rule 5. */
function checkEligible(
  instance: CheckedInstance,
  bid: CheckedBid,
  name: string,
  c: number,
  p: number,
  report: Report,
): void {
  const pool = poolOf(instance, c, p);
  if (pool === null) {
    report("pool", `${name} runs where no pool is`);
    return;
  }
  if (bid.pools && !bid.pools.includes(pool)) report("pool", `${name} may not use pool ${pool}`);
  if (bid.regions && !bid.regions.includes(instance.centers[c]?.region ?? -1))
    report("region", `${name} may not run in the region of ${c}`);
  if (c === bid.home) return;
  const link = instance.links[linkOf(instance, bid.home, c) ?? -1];
  if (bid.maxLat !== undefined && (!link || link.latMs > bid.maxLat))
    report("latency", `${name} is too far from home`);
  if (movesData(bid, c) && (!link || stagingOf(bid).gigabits > gigabitsOf(instance, link)))
    report("staging", `${name} cannot stage its data`);
}

/** Gigabits that a link carries in a slot. */
function gigabitsOf({ slotSeconds }: CheckedInstance, link: CheckedInstance["links"][number]): bigint {
  return BigInt(link.gbps) * BigInt(slotSeconds ?? 3600);
}

/** Cards of each pool and slot that a result takes, for those bids. */
export function soldIn(
  instance: CheckedInstance,
  result: CheckedResult,
  counts: (bid: CheckedBid) => boolean = () => true,
): Map<string, number> {
  const sold = new Map<string, number>();
  const add = (b: number, c: number, p: number, t: number, q: number) => {
    const bid = instance.bids[b];
    if (!bid || !counts(bid)) return;
    const key = `${poolOf(instance, c, p)}@${t}`;
    sold.set(key, (sold.get(key) ?? 0) + q);
  };
  for (const { b, p, s, parts } of result.accepted) {
    const bid = instance.bids[b];
    const d = bid ? lengthOf(bid, p) : 0;
    for (const { c, q } of parts) for (let t = s; t < s + d; t++) add(b, c, p, t, q);
  }
  for (const { b, fills } of result.div) for (const [c, p, t, q] of fills) add(b, c, p, t, q);
  return sold;
}

/** No pool sells more than it is offered. */
export function checkPools(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  for (const [key, q] of soldIn(instance, result)) {
    const [pool, slot] = key.split("@").map(Number);
    let offered = 0;
    for (const offer of instance.offers)
      if (offer.pool === pool && offer.from <= Number(slot) && Number(slot) < offer.to) offered += offer.q;
    if (q > offered) report("oversell", `pool ${pool} sells ${q} of ${offered} in slot ${slot}`);
  }
}

/** What one accepted bid takes of links: [link, slot, gigabits]. */
export function linkUse(instance: CheckedInstance, one: Accepted): [number, number, bigint][] {
  const bid = instance.bids[one.b];
  if (!bid) return [];
  const use: [number, number, bigint][] = [];
  for (const { c } of one.parts) {
    const link = linkOf(instance, bid.home, c);
    if (!movesData(bid, c) || link === null) continue;
    const { slots, before, gigabits } = stagingOf(bid);
    for (let t = one.s - before; t < one.s - before + slots; t++) use.push([link, t, gigabits]);
  }
  const [first, second] = one.parts;
  if (!first || !second) return use;
  const between = linkOf(instance, Math.min(first.c, second.c), Math.max(first.c, second.c));
  const gigabits = BigInt(bid.bw ?? 0) * BigInt(instance.slotSeconds ?? 3600);
  if (between !== null)
    for (let t = one.s; t < one.s + lengthOf(bid, one.p); t++) use.push([between, t, gigabits]);
  return use;
}

/** No link carries more than it can, in whole gigabits per slot. */
export function checkLinks(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  const carried = new Map<string, bigint>();
  for (const one of result.accepted)
    for (const [link, slot, gigabits] of linkUse(instance, one)) {
      const key = `${link}@${slot}`;
      carried.set(key, (carried.get(key) ?? 0n) + gigabits);
    }
  for (const [key, gigabits] of carried) {
    const link = instance.links[Number(key.split("@")[0])];
    if (link && gigabits > gigabitsOf(instance, link))
      report("linkOversell", `link@slot ${key} carries ${gigabits} gigabits`);
  }
}
