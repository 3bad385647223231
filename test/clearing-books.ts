import fc from "fast-check";
import type { Bid, Book, Offer } from "../market/clearing/instance.ts";

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
