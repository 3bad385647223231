import { cardsLeft, type Reclaimed } from "../reclaimed.ts";
import { SLOT_SECONDS, SLOTS_PER_HOUR } from "../time.ts";
import { type BookAward, type BookJob, type BookOffer, type BookState, poolId } from "./book-state.ts";

/** Cards of a pool for sale in each slot of a gate, as offers that stack. Ranges count from the gate's first slot. */
export interface Step {
  readonly offer: string;
  readonly pool: string;
  readonly from: number;
  readonly to: number;
  readonly cards: number;
  readonly reserve: number;
  /** Its center may take the cards back with notice: only jobs that say so get them. */
  readonly reclaimable?: true;
}

export interface OnSale {
  readonly from: number;
  readonly to: number;
}

/** Cards taken by awards in force of the jobs that count, by pool, for each slot on sale. */
export function cardsTaken(
  book: BookState,
  { from, to }: OnSale,
  counts: (job: BookJob) => boolean,
): Map<string, Int32Array> {
  // What begins and ends in each slot; the sums over it are what is taken. The center's map spares a key for each fill.
  const changes = new Map<string, Map<string, Int32Array>>();
  for (const job of book.jobs.values())
    for (const award of counts(job) ? job.awards : [])
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

/** First slot of which an award takes nothing of a center any more. */
export function endAt(award: BookAward, center: BookAward["fills"][number]["center"]): number {
  return Math.min(endOfAll(award), award.cuts.get(center) ?? award.to);
}

function endOfAll({ cut, until, to }: BookAward): number {
  return Math.min(cut ?? to, until ?? to);
}

/**
 * What is left to sell, slot by slot. Awards take the cheapest cards first; what a withdrawn offer had sold counts
 * against the pool's other offers, which can only sell too little. Fewer working cards than offered derate the dearest.
 * Jobs that take firm cards only take them first, the others the cheapest of what is left, reclaimable or not.
 * `grain`: slots of one unit on sale; a unit offers the least that any of its slots has left.
 */
export function stepsLeft(book: BookState, onSale: OnSale, grain: number): Step[] {
  const firm = cardsTaken(book, onSale, ({ spec }) => spec.reclaimable !== true);
  const others = cardsTaken(book, onSale, ({ spec }) => spec.reclaimable === true);
  const byPool = Map.groupBy(sellable(book, onSale), (offer) => poolId(offer.center, offer.product));
  return [...byPool]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([pool, offers]) => {
      const limit = book.working.get(pool) ?? Number.POSITIVE_INFINITY;
      const taken = { firm: firm.get(pool), others: others.get(pool) };
      const left = leftOf(book, offers, taken, limit, onSale);
      return offers.flatMap((offer, index) => runs(offer, pool, left[index], grain));
    });
}

function sellable(book: BookState, { from, to }: OnSale): BookOffer[] {
  return [...book.offers.values()]
    .filter((offer) => offer.to > from && offer.from < to && book.centers.get(offer.center)?.lost === false)
    .sort((a, b) => a.reserve - b.reserve || (a.offer < b.offer ? -1 : 1));
}

/** Cards that an offer has in a slot, sold or not: less what its center took back. */
export function cardsOffered(
  { from, to, cards }: BookOffer,
  reclaims: readonly Reclaimed[] | undefined,
  slot: number,
): number {
  if (slot < from || to <= slot) return 0;
  return reclaims === undefined ? cards : cardsLeft(cards, reclaims, slot);
}

/** Cards that jobs have in each slot: those that take firm ones only, and the others. */
interface Taken {
  readonly firm: Int32Array | undefined;
  readonly others: Int32Array | undefined;
}

/** Cards left of each offer in each slot; the offers stand cheapest first. */
function leftOf(
  book: BookState,
  offers: readonly BookOffer[],
  taken: Taken,
  working: number,
  { from, to }: OnSale,
): Int32Array[] {
  const left = offers.map(() => new Int32Array(to - from));
  const firm = offers.map(({ reclaimNotice }) => reclaimNotice === undefined);
  const mixed = firm.includes(false);
  const reclaims = offers.map(({ offer }) => book.reclaims.get(offer));
  const rests = new Int32Array(offers.length);
  for (let slot = from; slot < to; slot++) {
    const [bound, free] = [taken.firm?.[slot - from] ?? 0, taken.others?.[slot - from] ?? 0];
    offers.forEach((offer, index) => {
      rests[index] = cardsOffered(offer, reclaims[index], slot);
    });
    // Firm cards that a withdrawn offer had sold count against the reclaimable ones, too.
    const due = mixed ? spend(rests, bound, firm) : bound;
    spend(rests, due + free);
    let room = Math.max(0, working - bound - free);
    left.forEach((row, index) => {
      const rest = Math.min(rests[index] ?? 0, room);
      room -= rest;
      row[slot - from] = rest;
    });
  }
  return left;
}

/** Takes so many cards off the first offers that fit; gives how many they lacked. */
function spend(rests: Int32Array, cards: number, fits?: readonly boolean[]): number {
  let due = cards;
  for (let index = 0; index < rests.length && due > 0; index++) {
    if (fits?.[index] === false) continue;
    const spent = Math.min(rests[index] ?? 0, due);
    rests[index] = (rests[index] ?? 0) - spent;
    due -= spent;
  }
  return due;
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
    if (cards > 0) {
      const kind = offer.reclaimNotice === undefined ? {} : ({ reclaimable: true } as const);
      const { reserve } = offer;
      steps.push({ offer: `${offer.offer}@${from}`, pool, from, to: unit, cards, reserve, ...kind });
    }
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
        const end = Math.min(use.to, endOfAll(award), to);
        for (let slot = Math.max(use.from, from); slot < end; slot++)
          row[slot - from] = (row[slot - from] ?? 0) + use.gigabits;
      }
  return taken;
}

/** Slots of one unit on sale. */
export function grainOf(session: "spot" | "forward"): number {
  return session === "spot" ? 1 : SLOTS_PER_HOUR;
}
