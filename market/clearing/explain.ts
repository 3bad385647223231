import { type Bid, type Book, type ItemId, type Result, slotsNeeded } from "./instance.ts";
import type { Taking } from "./kept-runs.ts";
import { gangCards, type PublishedMarket, publishedMarket, type Supply } from "./published-market.ts";
import { type Way, waysOf } from "./ways.ts";

/**
 * Why a bid has nothing.
 * - `price`: no limit of its own meets the published prices anywhere.
 * - `capacity`: where it would have gained most, too few cards were left (or ever offered) in `slots`.
 * - `link`: its data do not fit: in no slot (`slots` is empty), or not beside what the winners move in `slots`.
 * - `window`, `region`, `latency`: what its own needs leave is no pool at all; `window` also if no start leaves the time to
 *   move its data ahead.
 * - `group`: another bid of its group won. `parent`: its parent did not, or ends too late for its window.
 * - `minRun`: it would have gained and cards were left for all of it, but wherever it took them alone, an offer would
 *   have been sold in too few slots in a row, those in `slots`. Of a div bid it is told only if no cells at all would do.
 * - `paradox`: it would have gained at the published prices and cards were left for all of it, but not at these prices:
 *   taking it in would have made it or somebody accepted lose. Also a tie that others won.
 */
export type Reason =
  | "price"
  | "capacity"
  | "link"
  | "window"
  | "region"
  | "latency"
  | "group"
  | "parent"
  | "minRun"
  | "paradox";

export interface Explanation {
  readonly reason: Reason;
  /** Slots of the binding shortage, rising. */
  readonly slots: readonly number[];
  /**
   * The lowest limit, mills per card and slot, at which the bid would have won at the published prices; null: none would
   * have. After `price`: the least that meets the prices anywhere. After a shortage: the least at which a place that was
   * left over pays at these prices.
   */
  readonly winning: { readonly product: number; readonly limit: number } | null;
}

/** Explains bids of one auction; null for a bid that was accepted or filled, also in part. @throws RangeError */
export type Explain = (bidIndex: number) => Explanation | null;

export function explain(book: Book, result: Result, bidIndex: number): Explanation | null {
  return createExplain(book, result)(bidIndex);
}

/** For many bids of one auction: what they share is worked out once. */
export function createExplain(book: Book, result: Result): Explain {
  const market = publishedMarket(book, result);
  const served = new Set([...result.accepted, ...result.div].map(({ b }) => b));
  const taken = new Set([...served].flatMap((b) => book.bids[b]?.group ?? []));
  const ends = endsOf(book, result);
  return (bidIndex) => {
    const asked = book.bids[bidIndex];
    if (asked === undefined) throw new RangeError(`no bid ${bidIndex}`);
    if (served.has(bidIndex)) return null;
    if (asked.group !== undefined && taken.has(asked.group))
      return { reason: "group", slots: [], winning: null };
    const bid = neededBy(asked, ends);
    if (bid === null) return { reason: "parent", slots: [], winning: null };
    const ways = waysOf(market, bid);
    if (typeof ways === "string") return { reason: ways, slots: [], winning: null };
    if (ways.length === 0) return { reason: "capacity", slots: range(bid.from, bid.to), winning: null };
    return bid.kind === "div" ? whyNoFill(market, bid, ways) : whyNoPlace(market, bid, ways);
  };
}

/** By id: where the gangs that were accepted end. */
function endsOf(book: Book, { accepted }: Result): ReadonlyMap<ItemId, number> {
  const ends = new Map<ItemId, number>();
  for (const { b, p, s } of accepted) {
    const bid = book.bids[b];
    const choice = bid?.prods.find((one) => one.p === p);
    if (bid !== undefined && choice !== undefined) ends.set(bid.id ?? b, s + slotsNeeded(bid, choice));
  }
  return ends;
}

/** A bid with the cards that it needs to have anything. */
interface Needed extends Bid {
  /** Cards that it may have in a slot. */
  readonly ceiling: number;
}

/** What a bid needs, in the window that its parent leaves; null: that leaves none. */
function neededBy(asked: Bid, ends: ReadonlyMap<ItemId, number>): Needed | null {
  const bid = { ...asked, g: gangCards(asked), ceiling: asked.g };
  if (bid.parent === undefined) return bid;
  const end = ends.get(bid.parent);
  if (end === undefined) return null;
  const fits = (from: number) => bid.prods.some((choice) => from + slotsNeeded(bid, choice) <= bid.to);
  if (!fits(bid.from)) return bid;
  const from = Math.max(bid.from, end);
  return fits(from) ? { ...bid, from } : null;
}

/** What counts as free: all that was offered, what awards left, or of that what the published price pays for. */
type Room = keyof Supply;

/** Cards that a bid may have: reclaimable ones only if it says so. */
function supplyFor({ cards }: PublishedMarket, { reclaimable }: Bid): Supply {
  return reclaimable ? cards.any : cards.firm;
}

/** A way at its cheapest start, at the published prices. */
interface Place {
  readonly way: Way;
  readonly start: number;
  /** Cards in the first of its pools; the rest are in the second. */
  readonly first: number;
  /** Mills to pay for cards and transfer, and mills x seconds of a slot to pay for links: both whole. */
  readonly due: number;
  readonly linkDue: number;
}

/** What a place must keep besides its cards. */
interface Binding {
  /** Links must bear it beside what the winners move. */
  readonly links: boolean;
  /** No offer may be sold in too short a run for it. */
  readonly runs: boolean;
}

/** The cheapest place of each product, the first of equal ones. */
function cheapestPlaces(
  market: PublishedMarket,
  bid: Needed,
  ways: readonly Way[],
  room: Room,
  binding: Binding = { links: room !== "offered", runs: room !== "offered" },
): Place[] {
  const best = new Map<number, Place>();
  const cards = supplyFor(market, bid)[room];
  for (const way of ways) {
    const least = way.pools.map((pool) => leastInRuns(cards, pool * market.T, bid, way.d));
    for (let start = Math.max(bid.from, way.ahead); start + way.d <= bid.to; start++) {
      const free = least.map((row) => row[start - bid.from] ?? 0);
      const known = best.get(way.choice.p);
      for (const first of sharesByCost(market, bid, way, start, free)) {
        const place = { way, start, first, ...dueAt(market, bid, way, start, first) };
        if (known !== undefined && costOf(market, place) >= costOf(market, known)) break;
        if (binding.links && !linksBear(market, way, start)) break;
        if (binding.runs && !takingsOf(bid, place).every(market.runs.keptBeside)) continue;
        best.set(way.choice.p, place);
        break;
      }
    }
  }
  return [...best.values()];
}

function costOf({ slotSeconds }: PublishedMarket, { due, linkDue }: Pick<Place, "due" | "linkDue">): number {
  return due + linkDue / slotSeconds;
}

/** Least of each run of d slots in the bid's window, by a queue of falling candidates: linear in the window. */
function leastInRuns(row: Float64Array, base: number, { from, to }: Bid, d: number): Float64Array {
  const least = new Float64Array(Math.max(0, to - from - d + 1));
  const queue = new Int32Array(to - from);
  let head = 0;
  let tail = 0;
  for (let t = from; t < to; t++) {
    const value = row[base + t] ?? 0;
    while (tail > head && (row[base + (queue[tail - 1] ?? 0)] ?? 0) >= value) tail -= 1;
    queue[tail++] = t;
    if ((queue[head] ?? 0) <= t - d) head += 1;
    if (t - from >= d - 1) least[t - from - d + 1] = row[base + (queue[head] ?? 0)] ?? 0;
  }
  return least;
}

/** Cards for the first pool: all of them, or every share, the cheapest first. None: so many are not free. */
function sharesByCost(
  market: PublishedMarket,
  { g, chunk = 1 }: Bid,
  { pools, d }: Way,
  start: number,
  free: readonly number[],
): number[] {
  const [one = 0, other] = free;
  if (other === undefined) return one >= g ? [g] : [];
  const most = Math.floor(Math.min(g - chunk, one) / chunk) * chunk;
  const least = Math.ceil(Math.max(chunk, g - other) / chunk) * chunk;
  const [first = 0, second = 0] = pools.map((pool) => cardPrice(market, pool, start, d));
  const shares = Array.from({ length: Math.max(0, (most - least) / chunk + 1) }, (_, n) => least + n * chunk);
  return first <= second ? shares.reverse() : shares;
}

/** What a place takes of each of its pools. A service may take more than its floor. */
function takingsOf({ kind, g, ceiling }: Needed, { way, start, first }: Place): Taking[] {
  return way.pools.map((pool, n) => {
    const cards = n === 0 ? first : g - first;
    return { pool, from: start, to: start + way.d, cards, most: kind === "service" ? ceiling : cards };
  });
}

/** Slots in which a place alone would sell offers in too short runs. */
function shortOfRun({ runs }: PublishedMarket, bid: Needed, place: Place): number[] {
  return [...new Set(takingsOf(bid, place).flatMap((taking) => runs.shortBeside(taking)))].sort(
    (a, b) => a - b,
  );
}

/** What one card pays in a pool over d slots. */
function cardPrice({ priceSums, T }: PublishedMarket, pool: number, start: number, d: number): number {
  const at = pool * (T + 1) + start;
  return (priceSums[at + d] ?? 0) - (priceSums[at] ?? 0);
}

function linksBear(market: PublishedMarket, way: Way, start: number): boolean {
  return way.uses.every(({ first, slots }) => {
    for (let t = start + first; t < start + first + slots; t++)
      if (isOverbooked(market, way, start, t)) return false;
    return true;
  });
}

/** Data staged in the start slot and the sync of a split gang may share a link. */
function isOverbooked({ linkLeft, T }: PublishedMarket, { uses }: Way, start: number, slot: number): boolean {
  const inUse = uses.filter(({ first, slots }) => slot >= start + first && slot < start + first + slots);
  return inUse.some(({ link }) => {
    const needed = inUse.reduce((sum, use) => (use.link === link ? sum + use.gigabits : sum), 0);
    return (linkLeft[link * T + slot] ?? 0) < needed;
  });
}

function dueAt(
  market: PublishedMarket,
  { g }: Bid,
  { pools, d, transfer, uses }: Way,
  start: number,
  share: number,
): Pick<Place, "due" | "linkDue"> {
  const { linkPriceSums, T } = market;
  const cards = pools.reduce(
    (sum, pool, n) => sum + cardPrice(market, pool, start, d) * (n === 0 ? share : g - share),
    0,
  );
  const linkDue = uses.reduce((sum, { link, gigabits, first, slots }) => {
    const at = link * (T + 1) + start + first;
    return sum + ((linkPriceSums[at + slots] ?? 0) - (linkPriceSums[at] ?? 0)) * gigabits;
  }, 0);
  return { due: cards + transfer, linkDue };
}

function whyNoPlace(market: PublishedMarket, bid: Needed, ways: readonly Way[]): Explanation {
  const places = cheapestPlaces(market, bid, ways, "offered");
  const best = mostGaining(market, bid, places);
  if (best === undefined)
    return { reason: "capacity", slots: neverOffered(market, bid, ways), winning: null };
  const gains = (place: Place) => place.way.choice.limit >= limitFor(market, bid, place);
  if (!places.some(gains)) return { reason: "price", slots: [], winning: lowest(market, bid, places) };
  const paying = cheapestPlaces(market, bid, ways, "leftAtPrice");
  const winning = paying.some(gains) ? null : lowest(market, bid, paying);
  const left = (binding: Binding) => cheapestPlaces(market, bid, ways, "left", binding).filter(gains);
  if (left({ links: true, runs: true }).length > 0) return { reason: "paradox", slots: [], winning };
  const alone = mostGaining(market, bid, left({ links: true, runs: false }));
  if (alone !== undefined) return { reason: "minRun", slots: shortOfRun(market, bid, alone), winning };
  const beside = mostGaining(market, bid, left({ links: false, runs: false }));
  if (beside !== undefined) return { reason: "link", slots: shortOfLink(market, beside), winning };
  return { reason: "capacity", slots: shortOfCards(market, bid, best), winning };
}

function mostGaining(market: PublishedMarket, bid: Bid, places: readonly Place[]): Place | undefined {
  const gain = (place: Place) => place.way.choice.limit * bid.g * place.way.d - costOf(market, place);
  return places.reduce<Place | undefined>(
    (best, place) => (best === undefined || gain(place) > gain(best) ? place : best),
    undefined,
  );
}

/** The lowest limit, in whole ticks, that covers what is due at a place; exact where links cost parts of a mill. */
function limitFor({ slotSeconds, tick }: PublishedMarket, { g }: Bid, { way, due, linkDue }: Place): number {
  const step = g * way.d * tick;
  const covers = (ticks: number) => (ticks * step - due) * slotSeconds >= linkDue;
  let ticks = Math.ceil((due + linkDue / slotSeconds) / step);
  while (!covers(ticks)) ticks += 1;
  while (ticks > 0 && covers(ticks - 1)) ticks -= 1;
  return ticks * tick;
}

/** Of the lowest limits by product, the lowest; of equal ones, the product whose own limit is nearest. */
function lowest(market: PublishedMarket, bid: Bid, places: readonly Place[]): Explanation["winning"] {
  const limits = places.map((place) => ({
    product: place.way.choice.p,
    limit: limitFor(market, bid, place),
    own: place.way.choice.limit,
  }));
  const [first] = limits.sort((x, y) => x.limit - y.limit || y.own - x.own || x.product - y.product);
  return first === undefined ? null : { product: first.product, limit: first.limit };
}

function shortOfCards(market: PublishedMarket, bid: Bid, { way, start, first }: Place): number[] {
  const { left } = supplyFor(market, bid);
  const { g } = bid;
  const { T } = market;
  return range(start, start + way.d).filter((t) =>
    way.pools.some((pool, n) => (left[pool * T + t] ?? 0) < (n === 0 ? first : g - first)),
  );
}

function shortOfLink(market: PublishedMarket, { way, start }: Place): number[] {
  return range(start - way.ahead, start + way.d).filter((t) => isOverbooked(market, way, start, t));
}

/** Slots in which none of its pools offers enough; where only their order stands in the way, the whole window. */
function neverOffered(market: PublishedMarket, bid: Bid, ways: readonly Way[]): number[] {
  const { offered } = supplyFor(market, bid);
  const { T } = market;
  const least = bid.kind === "div" ? 1 : bid.g;
  const cardsIn = (t: number, { pools }: Way) =>
    pools.reduce((sum, pool) => sum + (offered[pool * T + t] ?? 0), 0);
  const short = range(bid.from, bid.to).filter((t) => ways.every((way) => cardsIn(t, way) < least));
  return short.length > 0 ? short : range(bid.from, bid.to);
}

/** A div bid takes cells one by one: those that its limit pays for, and what is free of them. */
function whyNoFill(market: PublishedMarket, bid: Bid, ways: readonly Way[]): Explanation {
  const { prices, T } = market;
  const { offered, left, leftAtPrice } = supplyFor(market, bid);
  const cells = ways.flatMap(({ choice, pools: [pool = 0] }) => {
    // Of its first card in a slot, however many more it takes there and beside it.
    const short = new Set(
      market.runs.shortBeside({ pool, from: bid.from, to: bid.to, cards: 1, most: bid.g }),
    );
    return range(bid.from, bid.to)
      .map((slot) => ({ choice, slot, cell: pool * T + slot, isShort: short.has(slot) }))
      .filter(({ cell }) => (offered[cell] ?? 0) > 0);
  });
  if (cells.length === 0)
    return { reason: "capacity", slots: neverOffered(market, bid, ways), winning: null };
  const gains = ({ choice, cell }: (typeof cells)[number]) => (prices[cell] ?? 0) <= choice.limit;
  const cheapest = (of: typeof cells): Explanation["winning"] => {
    const [first] = of
      .map(({ choice, cell }) => ({ product: choice.p, limit: prices[cell] ?? 0, own: choice.limit }))
      .sort((x, y) => x.limit - y.limit || y.own - x.own || x.product - y.product);
    return first === undefined ? null : { product: first.product, limit: first.limit };
  };
  const wanted = cells.filter(gains);
  if (wanted.length === 0) return { reason: "price", slots: [], winning: cheapest(cells) };
  const paying = cells.filter(({ cell, isShort }) => (leftAtPrice[cell] ?? 0) > 0 && !isShort);
  const winning = paying.some(gains) ? null : cheapest(paying);
  const slotsOf = (of: typeof cells) => [...new Set(of.map(({ slot }) => slot))].sort((x, y) => x - y);
  const free = wanted.filter(({ cell }) => (left[cell] ?? 0) > 0);
  if (free.some(({ isShort }) => !isShort)) return { reason: "paradox", slots: [], winning };
  if (free.length > 0) return { reason: "minRun", slots: slotsOf(free), winning };
  return { reason: "capacity", slots: slotsOf(wanted), winning };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
