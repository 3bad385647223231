import fc from "fast-check";
import type { Bid, Book, Offer, Result } from "../market/clearing/instance.ts";

export interface BookShape {
  readonly T: number;
  readonly slotSeconds: number;
  readonly tick: number;
  readonly bids: number;
  readonly offers: number;
  readonly cards: number;
  readonly loose?: boolean;
}
export const spotShape: BookShape = { T: 8, slotSeconds: 360, tick: 1, bids: 14, offers: 8, cards: 8 };
export const forwardShape: BookShape = { T: 6, slotSeconds: 3600, tick: 10, bids: 14, offers: 8, cards: 8 };
/** Small enough for every allocation to be tried. */
export const tinyShape: BookShape = { T: 3, slotSeconds: 3600, tick: 10, bids: 4, offers: 3, cards: 3 };

/** Only bids of single cards and slots, which move no data: whatever they want, prices that clear the market exist. */
export const looseShape: BookShape = { ...spotShape, loose: true };

/** One center with one pool whose energy costs nothing; in each slot all cards of the offers. */
export function onePoolBook(
  slots: number,
  offers: readonly (readonly [cards: number, reserve: number])[],
  bids: readonly Bid[],
): Book {
  return {
    T: slots,
    products: [{ name: "h20", kw: 0 }],
    centers: [{ region: 0, pue: 1, energy: new Array<number>(slots).fill(0) }],
    links: [],
    pools: [{ c: 0, p: 0 }],
    offers: offers.map(([q, reserve]) => ({ pool: 0, from: 0, to: slots, q, reserve })),
    bids: [...bids],
  };
}

const CENTERS = 3;
/** Left out three times out of four. */
const optional = <A>(arbitrary: fc.Arbitrary<A>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Random books with three centers, two products, five pools, and ids and ranks that do not follow the order. */
export function arbitraryBook(shape: BookShape): fc.Arbitrary<Book> {
  const { T, slotSeconds, tick } = shape;
  const priced = (most: number) => fc.integer({ min: 0, max: most }).map((steps) => steps * tick);
  const center = fc.record({
    region: fc.integer({ min: 0, max: 1 }),
    pue: fc.constantFrom(1, 1.1, 1.38),
    energy: fc.array(fc.integer({ min: 0, max: 900 }), { minLength: T, maxLength: T }),
  });
  const links = fc.tuple(arbitraryLink(0, 1), arbitraryLink(0, 2), arbitraryLink(2, 1)).chain((all) =>
    // Sometimes a pair of centers has no link, and sometimes one of each direction.
    fc.tuple(fc.subarray(all, { minLength: 1 }), optional(arbitraryLink(1, 0))),
  );
  return fc
    .record({
      energyHungry: fc.constantFrom(0.4, 0.45, 0.8),
      centers: fc.array(center, { minLength: CENTERS, maxLength: CENTERS }),
      links,
      offers: fc.array(arbitraryOffer(shape, priced(40)), {
        minLength: Math.ceil(shape.offers / 2),
        maxLength: shape.offers,
      }),
      bids: fc.array(arbitraryBid(shape, priced(90)), {
        minLength: Math.ceil(shape.bids / 2),
        maxLength: shape.bids,
      }),
    })
    .map(({ energyHungry, centers, links: [some, back], offers, bids }) => ({
      T,
      slotSeconds,
      tick,
      products: [
        { name: "ascend910b", kw: energyHungry / 100 },
        { name: "h20", kw: 0.005 },
      ],
      centers,
      links: back ? [...some, back] : some,
      pools: [
        { c: 0, p: 0 },
        { c: 1, p: 0 },
        { c: 2, p: 0 },
        { c: 0, p: 1 },
        { c: 1, p: 1 },
      ],
      offers: offers.map((offer, i) => ({ ...offer, id: `offer-${i}` })),
      bids: bids.map((bid, i) => ({ ...bid, id: `bid-${i}` })),
    }));
}

/**
 * The same with all that a bid or an offer may say besides: carbon, minimum runs over pieces and steps, cards that may be
 * reclaimed, services, staging ahead, groups and parents.
 */
export function arbitraryBeyondBook(shape: BookShape): fc.Arbitrary<Book> {
  return arbitraryBook(shape).chain((book) =>
    fc
      .record({
        carbon: fc.array(optional(arbitraryCarbon(shape)), { minLength: CENTERS, maxLength: CENTERS }),
        wholes: fc.array(arbitraryWhole(shape), { minLength: 3, maxLength: 3 }),
        offers: fc.array(arbitrarySupply(), { minLength: book.offers.length, maxLength: book.offers.length }),
        bids: fc.array(arbitraryLinks(shape), { minLength: book.bids.length, maxLength: book.bids.length }),
        upwards: fc.boolean(),
      })
      .map(({ carbon, wholes, offers, bids, upwards }) => ({
        ...book,
        centers: book.centers.map((center, c) => ({
          ...center,
          ...(carbon[c] ? { carbon: carbon[c] } : {}),
        })),
        offers: book.offers.map((offer, i) => ({ ...offer, ...supplyOf(offer, offers[i], wholes) })),
        bids: withParents(
          book.bids.map((bid, i) => ({ ...bid, ...wishesOf(bid, bids[i]) })),
          bids.map(({ parent }) => parent),
          upwards,
        ),
      })),
  );
}

function arbitraryCarbon({ T }: BookShape) {
  return fc.array(fc.integer({ min: 0, max: 400 }), { minLength: T, maxLength: T });
}

/** What pieces and steps of one offer have in common: a whole is named by number and pool. */
function arbitraryWhole({ T }: BookShape) {
  return fc.record({
    minRun: fc.integer({ min: 1, max: 4 }),
    sold: optional(fc.uniqueArray(fc.integer({ min: -2, max: T + 1 }), { maxLength: 4 })),
  });
}
type Whole = { readonly minRun: number; readonly sold: readonly number[] | undefined };

function arbitrarySupply() {
  return fc.record({ whole: optional(fc.nat(2)), reclaimable: optional(fc.boolean()) });
}
type Supply = { readonly whole: number | undefined; readonly reclaimable: boolean | undefined };

function supplyOf({ pool }: Offer, supply: Supply | undefined, wholes: readonly Whole[]): Partial<Offer> {
  const { whole, reclaimable } = supply ?? {};
  const of = whole === undefined ? undefined : wholes[whole];
  return {
    ...(of ? { of: `whole-${whole}-${pool}`, minRun: of.minRun, ...(of.sold ? { sold: of.sold } : {}) } : {}),
    ...(reclaimable === undefined ? {} : { reclaimable }),
  };
}

function arbitraryLinks({ cards }: BookShape) {
  return fc.record({
    floor: optional(fc.integer({ min: 1, max: cards })),
    stage: optional(fc.nat(3)),
    group: optional(fc.constantFrom(1, "1", "either")),
    parent: optional(fc.nat(20)),
    reclaimable: fc.boolean(),
  });
}
type Links = {
  readonly floor: number | undefined;
  readonly stage: number | undefined;
  readonly group: number | string | undefined;
  readonly parent: number | undefined;
  readonly reclaimable: boolean;
};

function wishesOf(bid: Bid, links: Links | undefined): Partial<Bid> {
  const { floor, stage, group, reclaimable } = links ?? {};
  return {
    ...(floor === undefined ? {} : { kind: "service", floor: Math.min(floor, bid.g) }),
    ...(stage === undefined ? {} : { stage }),
    ...(group === undefined ? {} : { group }),
    ...(reclaimable ? { reclaimable } : {}),
  };
}

/** Parents stand before their children, or all of them after: so nothing leads back to itself. */
function withParents(
  bids: readonly Bid[],
  parents: readonly (number | undefined)[],
  upwards: boolean,
): Bid[] {
  const isGang = ({ kind }: Bid) => kind === "block" || kind === "split";
  return bids.map((bid, i) => {
    const parent = parents[i];
    const possible = (upwards ? bids.slice(i + 1) : bids.slice(0, i)).filter(isGang);
    const named = parent === undefined ? undefined : possible[parent % Math.max(1, possible.length)]?.id;
    return isGang(bid) && named !== undefined ? { ...bid, parent: named } : bid;
  });
}

function arbitraryLink(a: number, b: number) {
  return fc.record({
    a: fc.constant(a),
    b: fc.constant(b),
    gbps: fc.constantFrom(1, 2, 100),
    latMs: fc.constantFrom(3.9, 12.5),
    perGB: fc.integer({ min: 0, max: 3 }),
  });
}

function arbitraryOffer({ T, cards }: BookShape, reserve: fc.Arbitrary<number>): fc.Arbitrary<Offer> {
  return arbitraryRange(T).chain(([from, to]) =>
    fc.record({
      pool: fc.integer({ min: 0, max: 4 }),
      from: fc.constant(from),
      to: fc.constant(to),
      q: fc.integer({ min: 0, max: cards }),
      reserve,
    }),
  );
}

function arbitraryRange(T: number): fc.Arbitrary<[number, number]> {
  const any = fc
    .tuple(fc.nat(T - 1), fc.nat(T - 1))
    .map(([one, other]): [number, number] => [Math.min(one, other), Math.max(one, other) + 1]);
  const whole = fc.constant<[number, number]>([0, T]);
  return fc.oneof(any, whole);
}

function arbitraryBid(
  { T, cards, slotSeconds, loose = false }: BookShape,
  limit: fc.Arbitrary<number>,
): fc.Arbitrary<Bid> {
  return arbitraryRange(T).chain(([from, to]) =>
    fc
      .record({
        kind: loose
          ? fc.constantFrom("block" as const, "div" as const)
          : fc.constantFrom("block" as const, "block" as const, "split" as const, "div" as const),
        g: fc.integer({ min: 1, max: loose ? 1 : cards }),
        d: fc.integer({ min: 1, max: loose ? 1 : 3 }),
        own: loose ? fc.constant(undefined) : optional(fc.integer({ min: 1, max: 3 })),
        limits: fc.tuple(limit, optional(limit)),
        home: fc.nat(CENTERS - 1),
        // Half a Gbps, one and two, and more than a narrow link can carry.
        dataGB: loose ? fc.constant(0) : fc.constantFrom(0, 20, slotSeconds / 8, slotSeconds / 4, 500),
        regions: optional(fc.subarray([0, 1])),
        pools: optional(fc.subarray([0, 1, 2, 3, 4])),
        maxLat: optional(fc.constantFrom(4, 13)),
        rank: fc.integer({ min: 0, max: 3 }),
        chunk: optional(fc.integer({ min: 1, max: 3 })),
        bw: optional(fc.integer({ min: 0, max: 2 })),
        syncLat: optional(fc.constantFrom(5, 20)),
      })
      .map(({ own, limits, regions, pools, maxLat, chunk, bw, syncLat, ...bid }) => ({
        ...bid,
        from,
        to,
        prods: [
          { p: 0, limit: limits[0] },
          ...(limits[1] === undefined ? [] : [{ p: 1, limit: limits[1], ...(own ? { d: own } : {}) }]),
        ],
        ...(regions ? { regions } : {}),
        ...(pools ? { pools } : {}),
        ...(maxLat ? { maxLat } : {}),
        ...(bid.kind === "split" ? { chunk: chunk ?? 1, bw: bw ?? 0, syncLat: syncLat ?? 100 } : {}),
      })),
  );
}

/** A book, and the same with its bids and offers in another order. */
export function arbitraryOrders(books: fc.Arbitrary<Book>): fc.Arbitrary<{ book: Book; other: Book }> {
  return books.chain((book) =>
    fc
      .record({
        bids: fc.shuffledSubarray([...book.bids], { minLength: book.bids.length }),
        offers: fc.shuffledSubarray([...book.offers], { minLength: book.offers.length }),
      })
      .map((moved) => ({ book, other: { ...book, ...moved } })),
  );
}

/** A result by ids instead of indexes. */
export function byId(book: Book, { accepted, div, ...rest }: Result) {
  const sorted = <A extends { b: number }>(rows: readonly A[]) =>
    rows.map((one) => ({ ...one, b: String(book.bids[one.b]?.id) })).sort((x, y) => (x.b < y.b ? -1 : 1));
  return { ...rest, accepted: sorted(accepted), div: sorted(div) };
}

/** Divisible bids of one card a slot: their ways are many. */
export function withSmallDivisible(book: Book): Book {
  return { ...book, bids: book.bids.map((bid) => ({ ...bid, g: bid.kind === "div" ? 1 : bid.g })) };
}
