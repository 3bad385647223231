import { SLOT_SECONDS, SLOTS_PER_HOUR } from "../time.ts";
import { type BookAward, type BookOffer, type BookState, poolId } from "./book-state.ts";

/** Cards of a pool for sale in each slot of a gate, as offers that stack. Ranges count from the gate's first slot. */
export interface Step {
  readonly offer: string;
  readonly pool: string;
  readonly from: number;
  readonly to: number;
  readonly cards: number;
  readonly reserve: number;
}

interface OnSale {
  readonly from: number;
  readonly to: number;
}

/** Cards taken by awards in force, by pool, for each slot on sale. */
function cardsTaken(book: BookState, { from, to }: OnSale): Map<string, Int32Array> {
  // What begins and ends in each slot; the sums over it are what is taken. The center's map spares a key for each fill.
  const changes = new Map<string, Map<string, Int32Array>>();
  for (const job of book.jobs.values())
    for (const award of job.awards)
      for (const fill of award.fills) {
        const begin = Math.max(fill.from, from);
        const end = Math.min(fill.to, endAt(award, fill.center), to);
        if (begin >= end) continue;
        const row = rowOf(changes, fill, to - from + 1);
        row[begin - from] = (row[begin - from] ?? 0) + fill.cards;
        row[end - from] = (row[end - from] ?? 0) - fill.cards;
      }
  const taken = new Map<string, Int32Array>();
  for (const [center, rows] of changes)
    for (const [product, row] of rows) {
      for (let slot = 1; slot < row.length; slot++) row[slot] = (row[slot] ?? 0) + (row[slot - 1] ?? 0);
      taken.set(poolId(center, product), row);
    }
  return taken;
}

function rowOf(
  changes: Map<string, Map<string, Int32Array>>,
  { center, product }: BookAward["fills"][number],
  length: number,
): Int32Array {
  const rows = changes.get(center) ?? new Map<string, Int32Array>();
  if (rows.size === 0) changes.set(center, rows);
  const row = rows.get(product) ?? new Int32Array(length);
  rows.set(product, row);
  return row;
}

function endAt(award: BookAward, center: BookAward["fills"][number]["center"]): number {
  return Math.min(award.cut ?? award.to, award.cuts.get(center) ?? award.to);
}

/**
 * What is left to sell, slot by slot. Awards take the cheapest cards first; what a withdrawn offer had sold counts
 * against the pool's other offers, which can only sell too little. Fewer working cards than offered derate the dearest.
 * `grain`: slots of one unit on sale; a unit offers the least that any of its slots has left.
 */
export function stepsLeft(book: BookState, onSale: OnSale, grain: number): Step[] {
  const taken = cardsTaken(book, onSale);
  const byPool = Map.groupBy(sellable(book, onSale), (offer) => poolId(offer.center, offer.product));
  return [...byPool]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([pool, offers]) => {
      const limit = book.working.get(pool) ?? Number.POSITIVE_INFINITY;
      const left = leftOf(offers, taken.get(pool), limit, onSale);
      return offers.flatMap((offer, index) => runs(offer, pool, left[index], grain));
    });
}

function sellable(book: BookState, { from, to }: OnSale): BookOffer[] {
  return [...book.offers.values()]
    .filter((offer) => offer.to > from && offer.from < to && book.centers.get(offer.center)?.lost === false)
    .sort((a, b) => a.reserve - b.reserve || (a.offer < b.offer ? -1 : 1));
}

/** Cards left of each offer in each slot; the offers stand cheapest first. */
function leftOf(
  offers: readonly BookOffer[],
  taken: Int32Array | undefined,
  working: number,
  { from, to }: OnSale,
): Int32Array[] {
  const left = offers.map(() => new Int32Array(to - from));
  for (let slot = from; slot < to; slot++) {
    let used = taken?.[slot - from] ?? 0;
    let room = Math.max(0, working - used);
    offers.forEach((offer, index) => {
      const cards = offer.from <= slot && slot < offer.to ? offer.cards : 0;
      const spent = Math.min(cards, used);
      used -= spent;
      const rest = Math.min(cards - spent, room);
      room -= rest;
      const row = left[index];
      if (row !== undefined) row[slot - from] = rest;
    });
  }
  return left;
}

function leastIn(left: Int32Array | undefined, from: number, to: number): number {
  let least = left?.[from] ?? 0;
  for (let slot = from + 1; slot < to; slot++) least = Math.min(least, left?.[slot] ?? 0);
  return least;
}

/** Units of the same cards in a row make one step. */
function runs(offer: BookOffer, pool: string, left: Int32Array | undefined, grain: number): Step[] {
  const steps: Step[] = [];
  const units = Math.floor((left?.length ?? 0) / grain);
  let from = 0;
  let cards = 0;
  for (let unit = 0; unit <= units; unit++) {
    const next = unit === units ? 0 : leastIn(left, unit * grain, (unit + 1) * grain);
    if (next === cards && unit < units) continue;
    if (cards > 0)
      steps.push({ offer: `${offer.offer}@${from}`, pool, from, to: unit, cards, reserve: offer.reserve });
    from = unit;
    cards = next;
  }
  return steps;
}

/** A dedicated line on sale: whole Gbps that are free in every slot on sale. */
export interface LinkLeft {
  readonly a: string;
  readonly b: string;
  readonly gbps: number;
  readonly latencyMs: number;
  readonly perGB: number;
}

/** Lines between centers that are on the market, less what earlier awards took: the least that any slot has left. */
export function linksLeft(book: BookState, { from, to }: OnSale): LinkLeft[] {
  const taken = gigabitsTaken(book, { from, to });
  return [...book.centers.values()]
    .filter(({ lost }) => !lost)
    .flatMap(({ spec, links }) => links.map((link) => ({ a: spec.center, link })))
    .filter(({ link }) => book.centers.get(link.to)?.lost === false)
    .map(({ a, link }) => {
      const most = Math.max(0, ...(taken.get(`${a}~${link.to}`) ?? []));
      const gbps = Math.max(0, Math.floor(link.gbps - most / SLOT_SECONDS));
      return { a, b: link.to, gbps, latencyMs: link.latencyMs, perGB: link.perGB };
    })
    .sort((x, y) => (`${x.a}~${x.b}` < `${y.a}~${y.b}` ? -1 : 1));
}

function gigabitsTaken(book: BookState, { from, to }: OnSale): Map<string, Float64Array> {
  const taken = new Map<string, Float64Array>();
  for (const job of book.jobs.values())
    for (const award of job.awards)
      for (const use of award.links) {
        const row = taken.get(use.link) ?? new Float64Array(to - from);
        taken.set(use.link, row);
        const end = Math.min(use.to, award.cut ?? award.to, to);
        for (let slot = Math.max(use.from, from); slot < end; slot++)
          row[slot - from] = (row[slot - from] ?? 0) + use.gigabits;
      }
  return taken;
}

/** Slots of one unit on sale. */
export function grainOf(session: "spot" | "forward"): number {
  return session === "spot" ? 1 : SLOTS_PER_HOUR;
}
