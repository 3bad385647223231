import type { OfferId } from "../../events/catalog/values.ts";
import { cardsOf } from "../center.ts";
import { stepsOf } from "../offer.ts";
import { cardsLeft, type Reclaimed } from "../reclaimed.ts";
import { hourOfDay, SLOTS_PER_HOUR } from "../time.ts";
import {
  type BookAward,
  type BookDraw,
  type BookJob,
  type BookOffer,
  type BookState,
  isOnMarket,
  poolId,
} from "./book-state.ts";
import { mostAsked } from "./price-cap.ts";

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

export interface Slots {
  readonly from: number;
  readonly to: number;
}

export interface OnSale extends Slots {
  /** First slot whose home reserves have not lapsed; 0: none have in any. */
  readonly reservesUntil: number;
  /** What is left of lapsed ones is not for sale: they only stand for what was sold of them. */
  readonly withoutReserves?: true;
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

/** Cards taken by awards in force of the jobs that count, by pool, for each slot on sale. */
export function cardsTaken(
  book: BookState,
  { from, to }: Slots,
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

/** First slot of which an award takes nothing any more, of whatever center. */
export function endOfAll({ cut, until, to }: BookAward): number {
  return Math.min(cut ?? to, until ?? to);
}

/**
 * What is left to sell, slot by slot. Awards take the cheapest cards first; what a withdrawn offer had sold counts
 * against the pool's other offers, which can only sell too little. Fewer working cards than offered derate the dearest,
 * and a pool has no more of them than its center joined with, whatever its offers come to.
 * Home reserves stand beside the others once they have lapsed, less what their centers drew.
 * Jobs that take firm cards only take them first, the others the cheapest of what is left, reclaimable or not. In slots in
 * which an offer with a minimum run stands all jobs take firm cards first, and last those above the price cap: so the
 * engine counts what it sells.
 * `grain`: slots of one unit on sale; a unit offers the least that any of its slots has left.
 */
export function stepsLeft(book: BookState, onSale: OnSale, grain: number): Step[] {
  const away = drawnBy(book, onSale, ({ pool }) => pool);
  const runs = runsOf(book, onSale, grain);
  return stacksOn(book, onSale)
    .sort((a, b) => (a.pool < b.pool ? -1 : 1))
    .flatMap((stack) => {
      const { pool, levels } = stack;
      const left = leftOf(stack, { away: away.get(pool), working: workingIn(book, stack) }, onSale);
      return levels.flatMap((level, index) => {
        const run = runs.get(level.offer.offer);
        const steps = piecesOf(level, pool, left[index], grain);
        return run === undefined ? steps : steps.map((step) => ({ ...step, run }));
      });
    });
}

/** Cards of a pool in working order: each offer was checked against the pool by itself, all of them may come to more. */
function workingIn({ centers, working }: BookState, { pool, levels: [level] }: Stack): number {
  if (level === undefined) return 0;
  const { center, product } = level.offer;
  const spec = centers.get(center)?.spec;
  const cards = spec === undefined ? 0 : cardsOf(spec, product);
  return Math.min(cards, working.get(pool) ?? cards);
}

/** A pool's offers, and what jobs have of them. */
interface Stack {
  readonly pool: string;
  /** Cheapest first. */
  readonly levels: readonly Level[];
  /** Which of them are firm. */
  readonly firm: readonly boolean[];
  /** All of them as they stand. */
  readonly byCost: readonly number[];
  /** By hour of the day: firm ones first, those above the price cap last; empty: only one kind, or no minimum run. */
  readonly firmFirst: readonly (readonly number[])[];
  /** What their centers drew and took back of the offer of each. */
  readonly less: readonly Less[];
  /** Cards that jobs have in each slot: those that take firm ones only, and the others. */
  readonly taken: { readonly firm: Int32Array | undefined; readonly others: Int32Array | undefined };
}

/** What a center has of an offer itself: the cheapest that it drew in each slot, the dearest that it took back. */
interface Less {
  readonly drawn: Int32Array | undefined;
  readonly reclaims: readonly Reclaimed[];
}

function stacksOn(book: BookState, onSale: OnSale): Stack[] {
  const firm = cardsTaken(book, onSale, ({ spec }) => spec.reclaimable !== true);
  const others = cardsTaken(book, onSale, ({ spec }) => spec.reclaimable === true);
  const drawn = drawnBy(book, onSale, ({ offer }) => offer);
  const byPool = Map.groupBy(sellable(book, onSale), ({ offer }) => poolId(offer.center, offer.product));
  return [...byPool].map(([pool, levels]) => {
    const isFirm = levels.map(({ offer }) => offer.reclaimNotice === undefined);
    const mixed = isFirm.includes(false) && levels.some(({ offer }) => isInRuns(offer));
    return {
      pool,
      levels,
      firm: isFirm,
      byCost: [...levels.keys()],
      firmFirst: mixed ? mostAskedOf(book, levels).map((most) => firmFirst(levels, most)) : [],
      less: levels.map(({ offer }) => lessOf(book, offer, drawn)),
      taken: { firm: firm.get(pool), others: others.get(pool) },
    };
  });
}

/** What is above the cap is not on sale: what others sold does not count against it as long as those have cards. */
function firmFirst(levels: readonly Level[], mostAsked: number): number[] {
  const tier = ({ offer, reserve }: Level) =>
    reserve > mostAsked ? 2 : offer.reclaimNotice === undefined ? 0 : 1;
  const tiers = levels.map(tier);
  return [0, 1, 2].flatMap((one) => [...levels.keys()].filter((index) => tiers[index] === one));
}

/** Of one pool, by hour of the day. */
function mostAskedOf({ centers }: BookState, [level]: readonly Level[]): number[] {
  if (level === undefined) return [];
  const { center, product } = level.offer;
  const spec = centers.get(center)?.spec;
  return spec === undefined ? [] : mostAsked(spec, product, 1);
}

function lessOf(book: BookState, { offer }: BookOffer, drawn: ReadonlyMap<string, Int32Array>): Less {
  return { drawn: drawn.get(offer), reclaims: book.reclaims.get(offer) ?? [] };
}

/** Steps of the offers on sale, cheapest first; ties as the engine breaks them. */
function sellable(book: BookState, { from, to, reservesUntil }: OnSale): Level[] {
  return [...book.offers.values()]
    .filter((offer) => {
      const end = offer.homeReserve === true ? Math.min(offer.to, reservesUntil) : offer.to;
      return end > from && offer.from < Math.min(to, end) && isOnMarket(book.centers.get(offer.center));
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

/** Cards of the level in a slot, whoever has them; the center draws the cheapest and takes back the dearest. */
function cardsIn(
  { offer, below, cards }: Pick<Level, "offer" | "below" | "cards">,
  { drawn, reclaims }: Less,
  slot: number,
  { from, reservesUntil }: OnSale,
): number {
  if (slot < offer.from || slot >= offer.to) return 0;
  if (offer.homeReserve === true && slot >= reservesUntil) return 0;
  const low = Math.max(below, drawn?.[slot - from] ?? 0);
  const left = reclaims.length === 0 ? offer.cards : cardsLeft(offer.cards, reclaims, slot);
  return Math.max(0, Math.min(below + cards, left) - low);
}

/** Cards that offers have in each slot, sold or not: less what their centers drew or took back. */
export function cardsOffered(book: BookState, offers: readonly BookOffer[], onSale: OnSale): Int32Array {
  const drawn = drawnBy(book, onSale, ({ offer }) => offer);
  const cards = new Int32Array(onSale.to - onSale.from);
  for (const offer of offers) {
    const less = lessOf(book, offer, drawn);
    const whole = { offer, below: 0, cards: offer.cards };
    for (let at = 0; at < cards.length; at++)
      cards[at] = (cards[at] ?? 0) + cardsIn(whole, less, onSale.from + at, onSale);
  }
  return cards;
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

/** What of a pool's cards works, and what its own center has drawn of them in each slot. */
interface PoolInUse {
  readonly away: Int32Array | undefined;
  readonly working: number;
}

/** Cards left of each level in each slot; the levels stand cheapest first. */
function leftOf(stack: Stack, { away, working }: PoolInUse, onSale: OnSale): Int32Array[] {
  const { from, to } = onSale;
  const left = stack.levels.map(() => new Int32Array(to - from));
  const rests = new Int32Array(left.length);
  for (let slot = from; slot < to; slot++) {
    const at = slot - from;
    offerIn(stack, slot, onSale, rests);
    const order = orderIn(stack, slot);
    const used = sellIn(stack, at, rests, order);
    let room = Math.max(0, working - used - (away?.[at] ?? 0));
    for (const index of order ?? stack.byCost) {
      if (onSale.withoutReserves && stack.levels[index]?.offer.homeReserve === true) continue;
      const rest = Math.min(rests[index] ?? 0, room);
      room -= rest;
      const row = left[index];
      if (row !== undefined) row[at] = rest;
    }
  }
  return left;
}

/** Sets `rests` to the cards of each level in a slot, whoever has them. */
function offerIn({ levels, less }: Stack, slot: number, onSale: OnSale, rests: Int32Array): void {
  levels.forEach((level, index) => {
    const own = less[index];
    rests[index] = own === undefined ? 0 : cardsIn(level, own, slot, onSale);
  });
}

/** The one order in which all jobs take the levels in a slot; undefined: it depends on what they take. */
function orderIn({ levels, firmFirst }: Stack, slot: number): readonly number[] | undefined {
  const stands = ({ offer }: Level) => isInRuns(offer) && offer.from <= slot && slot < offer.to;
  return levels.some(stands) ? firmFirst[hourOfDay(slot)] : undefined;
}

function isInRuns({ minRun = 1 }: BookOffer): boolean {
  return minRun > 1;
}

/** Takes off `rests` what jobs have; gives how many cards that is. */
function sellIn(
  { firm, byCost, taken }: Stack,
  at: number,
  rests: Int32Array,
  order: readonly number[] | undefined,
): number {
  const [bound, free] = [taken.firm?.[at] ?? 0, taken.others?.[at] ?? 0];
  // Firm cards that a withdrawn offer had sold count against the reclaimable ones, too.
  const due = order === undefined && firm.includes(false) ? spend(rests, bound, byCost, firm) : bound;
  spend(rests, due + free, order ?? byCost);
  return bound + free;
}

/** Takes so many cards off the first levels that fit; gives how many they lacked. */
function spend(
  rests: Int32Array,
  cards: number,
  order: readonly number[],
  fits?: readonly boolean[],
): number {
  let due = cards;
  for (const index of due > 0 ? order : []) {
    if (fits?.[index] === false) continue;
    const spent = Math.min(rests[index] ?? 0, due);
    rests[index] = (rests[index] ?? 0) - spent;
    due -= spent;
    if (due === 0) break;
  }
  return due;
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
    if (cards > 0) {
      const kind = level.offer.reclaimNotice === undefined ? {} : ({ reclaimable: true } as const);
      const { id, reserve } = level;
      steps.push({ offer: `${id}@${from}`, pool, from, to: unit, cards, reserve, ...kind });
    }
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

/** Slots in which jobs have cards of the offers with a minimum run. */
function soldSlots(book: BookState, range: OnSale): Map<OfferId, Set<number>> {
  const sold = new Map<OfferId, Set<number>>();
  for (const [offer, { from, to }] of book.soldRuns)
    sold.set(offer, new Set(Array.from({ length: to - from }, (_, n) => from + n)));
  for (const stack of stacksOn(book, range)) {
    const { levels, taken } = stack;
    if (taken.firm === undefined && taken.others === undefined) continue;
    if (levels.every(({ offer }) => offer.minRun === undefined)) continue;
    const offered = new Int32Array(levels.length);
    for (let slot = range.from; slot < range.to; slot++) {
      offerIn(stack, slot, range, offered);
      const rests = offered.slice();
      sellIn(stack, slot - range.from, rests, orderIn(stack, slot));
      levels.forEach(({ offer }, index) => {
        if (offer.minRun === undefined || rests[index] === offered[index]) return;
        sold.set(offer.offer, (sold.get(offer.offer) ?? new Set()).add(slot));
      });
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

/** Slots of one unit on sale. */
export function grainOf(session: "spot" | "forward"): number {
  return session === "spot" ? 1 : SLOTS_PER_HOUR;
}
