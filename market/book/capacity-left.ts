import type { OfferId } from "../../events/catalog/values.ts";
import { stepsOf } from "../offer.ts";
import { SLOT_SECONDS, SLOTS_PER_HOUR } from "../time.ts";
import { type BookAward, type BookDraw, type BookOffer, type BookState, poolId } from "./book-state.ts";

/** Cards of a pool for sale in each slot of a gate, as offers that stack. Ranges count from the gate's first slot. */
export interface Step {
  readonly offer: string;
  readonly pool: string;
  readonly from: number;
  readonly to: number;
  readonly cards: number;
  readonly reserve: number;
  /** Absent: a card of it may be sold for a single unit. */
  readonly run?: OfferRun;
}

/** A minimum run, which counts over all pieces and steps of an offer. */
export interface OfferRun {
  readonly offer: OfferId;
  /** Units in a row at least. */
  readonly units: number;
  /** Units in which cards of the offer are sold already, also before and after the gate's as far as a run reaches. */
  readonly sold: readonly number[];
}

interface Slots {
  readonly from: number;
  readonly to: number;
}

export interface OnSale extends Slots {
  /** First slot whose home reserves are not on sale; 0: none are in any. */
  readonly reservesUntil: number;
}

/** Cards of an offer that ask the same reserve: a step of it. */
interface Level {
  readonly offer: BookOffer;
  /** Unique among all levels. */
  readonly id: string;
  /** Cards of the offer that ask less. */
  readonly below: number;
  readonly cards: number;
  readonly reserve: number;
}

/** Cards taken by awards in force, by pool, for each slot on sale. */
function cardsTaken(book: BookState, { from, to }: Slots): Map<string, Int32Array> {
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
 * Home reserves stand beside the others once they have lapsed, less what their centers drew.
 * `grain`: slots of one unit on sale; a unit offers the least that any of its slots has left.
 */
export function stepsLeft(book: BookState, onSale: OnSale, grain: number): Step[] {
  const taken = cardsTaken(book, onSale);
  const drawn = drawnBy(book, onSale, ({ offer }) => offer);
  const away = drawnBy(book, onSale, ({ pool }) => pool);
  const byPool = Map.groupBy(sellable(book, onSale), ({ offer }) => poolId(offer.center, offer.product));
  const runs = runsOf(book, onSale, grain);
  return [...byPool]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([pool, levels]) => {
      const limit = book.working.get(pool) ?? Number.POSITIVE_INFINITY;
      const inUse = { taken: taken.get(pool), away: away.get(pool), working: limit };
      const left = leftOf(levels, drawn, inUse, onSale);
      return levels.flatMap((level, index) => {
        const run = runs.get(level.offer.offer);
        const steps = piecesOf(level, pool, left[index], grain);
        return run === undefined ? steps : steps.map((step) => ({ ...step, run }));
      });
    });
}

/** Steps of the offers on sale, cheapest first; ties as the engine breaks them. */
function sellable(book: BookState, { from, to, reservesUntil }: OnSale): Level[] {
  return [...book.offers.values()]
    .filter((offer) => {
      const end = offer.homeReserve === true ? Math.min(offer.to, reservesUntil) : offer.to;
      return end > from && offer.from < Math.min(to, end) && book.centers.get(offer.center)?.lost === false;
    })
    .flatMap(levelsOf)
    .sort((a, b) => a.reserve - b.reserve || (`${a.id}@` < `${b.id}@` ? -1 : 1));
}

function levelsOf(offer: BookOffer): Level[] {
  const steps = stepsOf(offer);
  let below = 0;
  return steps.map(({ cards, reserve }, n) => {
    const id = steps.length === 1 ? offer.offer : `${offer.offer}+${n}`;
    const level = { offer, id, below, cards, reserve };
    below += cards;
    return level;
  });
}

/** Cards of the level in a slot, whoever has them; a center draws the cheapest of its reserve. */
function cardsIn({ offer, below, cards }: Level, slot: number, drawn: number, reservesUntil: number): number {
  if (slot < offer.from || slot >= offer.to) return 0;
  if (offer.homeReserve !== true) return cards;
  return slot < reservesUntil ? cards - Math.min(cards, Math.max(0, drawn - below)) : 0;
}

/** Cards that centers drew in each slot, by what `of` says of a draw. */
function drawnBy(
  book: BookState,
  { from, to }: Slots,
  of: (draw: BookDraw) => string,
): Map<string, Int32Array> {
  const rows = new Map<string, Int32Array>();
  for (const draw of book.draws) {
    const row = rows.get(of(draw)) ?? new Int32Array(to - from);
    rows.set(of(draw), row);
    for (let slot = Math.max(from, draw.from); slot < Math.min(to, draw.to); slot++)
      row[slot - from] = (row[slot - from] ?? 0) + draw.cards;
  }
  return rows;
}

/** A pool's cards in use in each slot, by awards and by its own center, and how many work. */
interface PoolInUse {
  readonly taken: Int32Array | undefined;
  readonly away: Int32Array | undefined;
  readonly working: number;
}

/** Cards left of each level in each slot; the levels stand cheapest first. */
function leftOf(
  levels: readonly Level[],
  drawn: ReadonlyMap<string, Int32Array>,
  { taken, away, working }: PoolInUse,
  { from, to, reservesUntil }: OnSale,
): Int32Array[] {
  const left = levels.map(() => new Int32Array(to - from));
  const drawnOf = levels.map(({ offer }) => drawn.get(offer.offer));
  for (let slot = from; slot < to; slot++) {
    const at = slot - from;
    let used = taken?.[at] ?? 0;
    let room = Math.max(0, working - used - (away?.[at] ?? 0));
    levels.forEach((level, index) => {
      const cards = cardsIn(level, slot, drawnOf[index]?.[at] ?? 0, reservesUntil);
      const spent = Math.min(cards, used);
      used -= spent;
      const rest = Math.min(cards - spent, room);
      room -= rest;
      const row = left[index];
      if (row !== undefined) row[at] = rest;
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
function piecesOf(level: Level, pool: string, left: Int32Array | undefined, grain: number): Step[] {
  const steps: Step[] = [];
  const units = Math.floor((left?.length ?? 0) / grain);
  let from = 0;
  let cards = 0;
  for (let unit = 0; unit <= units; unit++) {
    const next = unit === units ? 0 : leastIn(left, unit * grain, (unit + 1) * grain);
    if (next === cards && unit < units) continue;
    if (cards > 0)
      steps.push({ offer: `${level.id}@${from}`, pool, from, to: unit, cards, reserve: level.reserve });
    from = unit;
    cards = next;
  }
  return steps;
}

/** The minimum runs of more than one unit, and where their offers are sold: around the gate as far as a run reaches. */
function runsOf(book: BookState, onSale: OnSale, grain: number): Map<OfferId, OfferRun> {
  const unitsOf = ({ minRun = 1 }: BookOffer) => Math.ceil(minRun / grain);
  const bound = [...book.offers.values()].filter((offer) => unitsOf(offer) > 1);
  if (bound.length === 0) return new Map();
  const reach = Math.max(...bound.map(unitsOf)) * grain;
  const { from, to } = onSale;
  const sold = soldSlots(book, { ...onSale, from: from - reach, to: to + reach });
  return new Map(
    bound.map((of) => {
      const units = unitsOf(of);
      const slots = sold.get(of.offer) ?? new Set();
      const isSold = (unit: number) => {
        const first = from + unit * grain;
        return Array.from({ length: grain }, (_, n) => first + n).every((slot) => slots.has(slot));
      };
      const around = Array.from({ length: Math.ceil((to - from) / grain) + 2 * units }, (_, n) => n - units);
      return [of.offer, { offer: of.offer, units, sold: around.filter(isSold) }];
    }),
  );
}

/** Slots in which cards of the offers with a minimum run are sold: awards take the cheapest cards of a pool first. */
function soldSlots(book: BookState, range: OnSale): Map<OfferId, Set<number>> {
  const taken = cardsTaken(book, range);
  const drawn = drawnBy(book, range, ({ offer }) => offer);
  const byPool = Map.groupBy(sellable(book, range), ({ offer }) => poolId(offer.center, offer.product));
  const sold = new Map<OfferId, Set<number>>();
  for (const [offer, { from, to }] of book.soldRuns)
    sold.set(offer, new Set(Array.from({ length: to - from }, (_, n) => from + n)));
  for (const [pool, levels] of byPool) {
    const row = taken.get(pool);
    if (row === undefined || levels.every(({ offer }) => offer.minRun === undefined)) continue;
    for (let slot = range.from; slot < range.to; slot++) {
      const at = slot - range.from;
      let used = row[at] ?? 0;
      for (const level of levels) {
        if (used === 0) break;
        const { offer } = level;
        const cards = cardsIn(level, slot, drawn.get(offer.offer)?.[at] ?? 0, range.reservesUntil);
        if (cards > 0 && offer.minRun !== undefined)
          sold.set(offer.offer, (sold.get(offer.offer) ?? new Set()).add(slot));
        used -= Math.min(cards, used);
      }
    }
  }
  return sold;
}

/**
 * Notes for how long the offers with a minimum run have been sold without a gap, up to and with the slot of a gate:
 * no later gate sells it, and the book forgets its awards.
 */
export function noteSoldRuns(book: BookState, gate: number): void {
  const bound = [...book.offers.values()].filter(({ minRun = 1 }) => minRun > 1);
  if (bound.length === 0) return;
  const before = Math.max(-1, ...book.gates.values());
  const from = before < 0 ? gate : before + 1;
  if (from > gate) return;
  const sold = soldSlots(book, { from, to: gate + 1, reservesUntil: gate + 1 });
  for (const { offer, minRun = 1 } of bound)
    for (let slot = from; slot <= gate; slot++) {
      if (sold.get(offer)?.has(slot) !== true) continue;
      const run = book.soldRuns.get(offer);
      const begin = run?.to === slot ? run.from : slot;
      // In whole hours, and an hour ahead: more than that no gate asks for.
      const reach = minRun + 2 * SLOTS_PER_HOUR;
      book.soldRuns.set(offer, { from: Math.max(begin, slot + 1 - reach), to: slot + 1 });
    }
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
export function linksLeft(book: BookState, { from, to }: Slots): LinkLeft[] {
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

function gigabitsTaken(book: BookState, { from, to }: Slots): Map<string, Float64Array> {
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
