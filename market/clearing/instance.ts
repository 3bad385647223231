/**
 * A clearing instance and its result: what one auction is asked, and what it answers. Money is integer mills (prices,
 * limits, reserves: mills per card and slot) held in `number`; every sum stays below 2^53, which `validateBook` asserts.
 * Slots are 0..T-1, ranges half-open `[from, to)`. Fields that are not named here are permitted and ignored.
 */
export type ItemId = number | string;

/** Numbers before words. */
export function compareIds(a: ItemId, b: ItemId): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

/** An accelerator class; `kw` is the draw of one card. */
export interface Product {
  readonly name: string;
  readonly kw: number;
}

/** Mills per kWh in slot t, one for each of the T slots: `energy`, and `carbon` on top of it, default 0. */
export interface Center {
  readonly region: number;
  readonly pue: number;
  readonly energy: readonly number[];
  readonly carbon?: readonly number[];
}

/** `gbps` in every slot, `perGB` mills per GB moved. Both directions use it; see `linkBetween` for two of a pair. */
export interface Link {
  readonly a: number;
  readonly b: number;
  readonly gbps: number;
  readonly latMs: number;
  readonly perGB: number;
}

/** The cards of product `p` at center `c`; one pool for each pair at most. */
export interface Pool {
  readonly c: number;
  readonly p: number;
}

/** `q` cards of a pool in each slot of `[from, to)`. Offers of one pool add up. `id` defaults to the index. */
export interface Offer {
  readonly id?: ItemId;
  readonly pool: number;
  readonly from: number;
  readonly to: number;
  readonly q: number;
  readonly reserve: number;
  /** Where cards of it are sold, they are in so many slots in a row at least, to whomever; default 1. */
  readonly minRun?: number;
  /** The offer that this is a piece or a step of: minimum runs count over all of them. Default: its own id. */
  readonly of?: ItemId;
  /** Slots, also beyond the window, in which cards of that offer are sold already. */
  readonly sold?: readonly number[];
  /** The center may take the cards back with notice: only bids that say so get them. */
  readonly reclaimable?: boolean;
}

/** An acceptable product, its limit, and the slots it needs where they differ from the bid's `d`. */
export interface Choice {
  readonly p: number;
  readonly limit: number;
  readonly d?: number;
}

export interface Bid {
  /** Default: the index. */
  readonly id?: ItemId;
  readonly kind: "block" | "split" | "div" | "service";
  /** Cards; of a service the ceiling in each slot. */
  readonly g: number;
  /** Service only: the least number of cards in every slot of its window, all in the pool of the rest. */
  readonly floor?: number;
  /** May be left out only if every product has its own. A service needs its whole window, whatever stands here. */
  readonly d?: number;
  readonly from: number;
  readonly to: number;
  readonly prods: readonly Choice[];
  readonly home: number;
  /** Whole GB, default 0. A div bid moves no data, whatever stands here. */
  readonly dataGB?: number;
  /** Default: all regions. */
  readonly regions?: readonly number[];
  /** Default: all pools. A continuation names one. */
  readonly pools?: readonly number[];
  /** Ms from home, default without limit; the way from home to home is 0 ms, without a link it is infinite. */
  readonly maxLat?: number;
  /** Ties: lower wins, then id. Default: the index. */
  readonly rank?: number;
  /** Split only: centers at most, default 2; 1 makes it a block, more than 2 is the same as 2. */
  readonly kmax?: number;
  /** Split only: both parts are multiples of it, default 1. */
  readonly chunk?: number;
  /** Split only: Gbps between the two centers in every slot, default 0. */
  readonly bw?: number;
  /** Split only: ms between the two centers at most, default without limit. */
  readonly syncLat?: number;
  /** Data are moved in equal parts over so many slots before the start; default 0: in the start slot. */
  readonly stage?: number;
  /** Of the bids that name the same group at most one is accepted. */
  readonly group?: ItemId;
  /** Id of the block or split bid without which this block or split bid is not accepted, and at whose end it may start. */
  readonly parent?: ItemId;
  /** It takes cards that may be reclaimed, too; default false. */
  readonly reclaimable?: boolean;
}

export interface Book {
  readonly T: number;
  /** Default 3600. */
  readonly slotSeconds?: number;
  /** Limits, reserves and prices are multiples of it; default 1. */
  readonly tick?: number;
  readonly products: readonly Product[];
  readonly centers: readonly Center[];
  readonly links: readonly Link[];
  readonly pools: readonly Pool[];
  readonly offers: readonly Offer[];
  readonly bids: readonly Bid[];
}

/** Bid `b` (index in the book) runs on product `p` from slot `s`, `q` cards in each center `c`; of a service its floor. */
export interface Accepted {
  readonly b: number;
  readonly p: number;
  readonly s: number;
  readonly parts: readonly { readonly c: number; readonly q: number }[];
}

/** Fills of a div bid, or what a service has beyond its floor: [center, product, slot, cards]. */
export interface DivFills {
  readonly b: number;
  readonly fills: readonly (readonly [number, number, number, number])[];
}

export interface Result {
  /** Mills: limits taken - transfer - offer cost. */
  readonly welfare: number;
  readonly accepted: readonly Accepted[];
  readonly div: readonly DivFills[];
  /** Pool index to T prices; an untraded cell carries its cheapest unsold cost, 0 where nothing is offered. */
  readonly prices: Readonly<Record<string, readonly number[]>>;
  /** Link index to T prices, mills per Gbps and slot; a link left out has price 0. */
  readonly linkPrices: Readonly<Record<string, readonly number[]>>;
  /** Upper bound of the welfare of any result, in mills, by weak duality at these prices. */
  readonly bound: number;
}

export const DEFAULT_SLOT_SECONDS = 3600;
export const DEFAULT_TICK = 1;

/** Slots that a bid needs on one of its products. */
export function slotsNeeded(bid: Bid, choice: Choice): number {
  return bid.kind === "service" ? bid.to - bid.from : (choice.d ?? bid.d ?? 0);
}

/**
 * The link that carries data from one center to another: the one declared that way round, else the one declared the
 * other way round; -1 without either. For the two centers of a split bid, `from` is the lower index.
 */
export function linkBetween(links: readonly Link[], from: number, to: number): number {
  const straight = links.findIndex((link) => link.a === from && link.b === to);
  return straight >= 0 ? straight : links.findIndex((link) => link.a === to && link.b === from);
}

/**
 * Cost of one card in one slot beyond the reserve, in mills: energy rounded to the nearest tick, halves up. The small
 * addition keeps a half that binary fractions cannot hold from falling below itself.
 */
export function energyCost(
  kw: number,
  pue: number,
  millsPerKwh: number,
  slotSeconds: number,
  tick: number,
): number {
  return Math.floor((kw * pue * millsPerKwh * slotSeconds) / 3600 / tick + 0.5 + 1e-9) * tick;
}

/** How a bid's data move to a center that is not its home; a div bid moves none. */
export interface Staging {
  /** In each of the slots. */
  readonly gigabits: number;
  /** First slot, counted from the start: 0 or before it; and how many slots. */
  readonly first: number;
  readonly slots: number;
}

export function stagingOf({ kind, dataGB = 0, stage = 0 }: Bid): Staging {
  const gigabits = kind === "div" ? 0 : dataGB * 8;
  if (stage === 0) return { gigabits, first: 0, slots: 1 };
  return { gigabits: Math.ceil(gigabits / stage), first: -stage, slots: stage };
}

/** What energy and carbon add to the cost of a card of a pool in slot t, mills. */
export function energyAt(
  { products, centers, slotSeconds, tick }: Pick<Book, "products" | "centers" | "slotSeconds" | "tick">,
  { c, p }: Pool,
  t: number,
): number {
  const center = centers[c];
  const perKwh = (center?.energy[t] ?? 0) + (center?.carbon?.[t] ?? 0);
  return energyCost(
    products[p]?.kw ?? 0,
    center?.pue ?? 0,
    perKwh,
    slotSeconds ?? DEFAULT_SLOT_SECONDS,
    tick ?? DEFAULT_TICK,
  );
}

/** Cards sold in each slot, by pool index: 0 makes the price an indication only. */
export function soldCards(book: Book, result: Result): Record<string, number[]> {
  const sold = book.pools.map(() => new Array<number>(book.T).fill(0));
  const take = (center: number, product: number, slot: number, cards: number) => {
    const row = sold[book.pools.findIndex((pool) => pool.c === center && pool.p === product)];
    if (row) row[slot] = (row[slot] ?? 0) + cards;
  };
  for (const { b, p, s, parts } of result.accepted) {
    const bid = book.bids[b];
    const choice = bid?.prods.find((one) => one.p === p);
    const end = s + (bid && choice ? slotsNeeded(bid, choice) : 0);
    for (const { c, q } of parts) for (let t = s; t < end; t++) take(c, p, t, q);
  }
  for (const { fills } of result.div) for (const [c, p, t, q] of fills) take(c, p, t, q);
  return Object.fromEntries(sold.map((row, pool) => [String(pool), row]));
}
