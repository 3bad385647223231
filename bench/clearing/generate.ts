import { draw, drawWhole } from "../../agent/scenario/draw.ts";
import type {
  Bid,
  Book,
  Center,
  Choice,
  Link,
  Offer,
  Pool,
  Product,
} from "../../market/clearing/instance.ts";

/** Moderate or heavy tail of job sizes. In heavy ones most card-hours come from a few gangs of up to 2,048 cards. */
export type Tail = "mod" | "heavy";

export interface InstanceShape {
  readonly tail: Tail;
  readonly bids: number;
  readonly centers: number;
  readonly slots: number;
}

/** The instances in `instances/`. */
export const shapes = {
  "mod-100": { tail: "mod", bids: 100, centers: 3, slots: 24 },
  "mod-1k": { tail: "mod", bids: 1_000, centers: 5, slots: 48 },
  "heavy-1k": { tail: "heavy", bids: 1_000, centers: 5, slots: 48 },
  "mod-10k": { tail: "mod", bids: 10_000, centers: 10, slots: 96 },
  "mod-100k": { tail: "mod", bids: 100_000, centers: 30, slots: 168 },
} as const satisfies Readonly<Record<string, InstanceShape>>;
export type InstanceName = keyof typeof shapes;
export const instanceNames: readonly InstanceName[] = [
  "mod-100",
  "mod-1k",
  "heavy-1k",
  "mod-10k",
  "mod-100k",
];

/** Card-slots asked for by card-slots that there are, for each product. */
const LOAD = 1.3;
const SIZE_EXPONENT: Readonly<Record<Tail, number>> = { mod: 1.1, heavy: 0.72 };
const LARGEST_GANG = 2048;
const LONGEST = 72;

const products: readonly (Product & { readonly base: number })[] = [
  { name: "ascend910b", kw: 0.45, base: 9000 },
  { name: "ascend910c", kw: 0.8, base: 15000 },
  { name: "a100", kw: 0.4, base: 12000 },
  { name: "h20", kw: 0.5, base: 10000 },
];

/**
 * An auction of the same kind as the instances in `instances/`: their distributions were read off those files. The same
 * seed gives the same auction, wherever; another seed another one.
 */
export function generateInstance(shape: InstanceShape, seed: string): Book {
  const centers = centersOf(shape, seed);
  const links = linksOf(centers, seed);
  const pools = poolsOf(shape, seed);
  const bids = Array.from({ length: shape.bids }, (_, i) => bidOf(shape, centers, seed, i));
  const offers = offersOf(shape, pools, bids, seed);
  return {
    T: shape.slots,
    products,
    centers: centers.map(({ center }) => center),
    links,
    pools,
    offers,
    bids,
  };
}

interface Site {
  readonly center: Center;
  /** Km. */
  readonly x: number;
  readonly y: number;
}

function regionsOf(centers: number): number {
  return Math.min(5, Math.max(2, Math.round(centers / 3)));
}

/** Regions some thousand km apart, centers some hundred km around them; power is dearest in the afternoon. */
function centersOf({ centers, slots }: InstanceShape, seed: string): Site[] {
  const regions = regionsOf(centers);
  return Array.from({ length: centers }, (_, c) => {
    const key = `center-${c}`;
    const region = c % regions;
    const around = (axis: string, low: number, high: number) =>
      drawWhole(low, high, seed, `region-${region}`, axis) + drawWhole(-350, 350, seed, key, axis);
    const mean = drawWhole(300, 800, seed, key, "energy");
    const cheapest = drawWhole(-1, 2, seed, key, "cheapest");
    const energy = Array.from({ length: slots }, (_, t) =>
      Math.round(mean * (1 - 0.4 * Math.cos((2 * Math.PI * (t - cheapest)) / 24))),
    );
    const pue = drawWhole(110, 150, seed, key, "pue") / 100;
    return { center: { region, pue, energy }, x: around("x", 400, 2700), y: around("y", 700, 1500) };
  });
}

function linksOf(sites: readonly Site[], seed: string): Link[] {
  return sites.flatMap((one, a) =>
    sites.slice(a + 1).map((other, n) => {
      const b = a + 1 + n;
      const latency = 1 + Math.hypot(one.x - other.x, one.y - other.y) / 100;
      const gbps = pick([100, 200, 400, 800], seed, `link-${a}-${b}`);
      return { a, b, gbps, latMs: Math.round(latency * 10) / 10, perGB: Math.round(10 + 10 * latency) };
    }),
  );
}

function pick<A>(all: readonly [A, ...A[]], ...words: readonly string[]): A {
  return all[drawWhole(0, all.length - 1, ...words)] ?? all[0];
}

/** One to three products at each center; a product that nobody has goes to one of them. */
function poolsOf({ centers }: InstanceShape, seed: string): Pool[] {
  const pools: Pool[] = [];
  for (let c = 0; c < centers; c++) {
    const mixed = products.map((_, p) => ({ p, at: draw(seed, `center-${c}`, "product", String(p)) }));
    mixed.sort((x, y) => x.at - y.at);
    const own = mixed.slice(0, drawWhole(1, 3, seed, `center-${c}`, "products")).map(({ p }) => p);
    pools.push(...own.sort((x, y) => x - y).map((p) => ({ c, p })));
  }
  products.forEach((_, p) => {
    if (!pools.some((pool) => pool.p === p))
      pools.push({ c: drawWhole(0, centers - 1, seed, "orphan", String(p)), p });
  });
  return pools.sort((x, y) => x.c - y.c);
}

/**
 * Each product has its load: what is asked for, a bid counting for all its products alike, over `LOAD`. Pools of a
 * product differ in size. Half of a pool is cheap, 30 % dearer, 20 % dearest, and that at night alone in every second
 * pool by size.
 */
function offersOf(
  { slots }: InstanceShape,
  pools: readonly Pool[],
  bids: readonly Bid[],
  seed: string,
): Offer[] {
  const asked = products.map(() => 0);
  for (const { g, d, prods } of bids)
    for (const { p } of prods) asked[p] = (asked[p] ?? 0) + (g * (d ?? 0)) / prods.length;
  const weight = (k: number) => Math.exp(0.8 * normal(seed, `pool-${k}`, "size"));
  const sizes = pools.map(({ p }, k) => {
    const rivals = pools.reduce((sum, pool, j) => sum + (pool.p === p ? weight(j) : 0), 0);
    const cards = ((asked[p] ?? 0) * weight(k)) / rivals / slots / LOAD;
    return Math.max(8, Math.round(cards / 8) * 8);
  });
  const bySize = pools.map((_, k) => k).sort((x, y) => (sizes[y] ?? 0) - (sizes[x] ?? 0) || x - y);
  const offers = pools.flatMap(({ p }, k) =>
    stepsOf({ pool: k, p, cards: sizes[k] ?? 0, nightly: bySize.indexOf(k) % 2 === 0 }, slots, seed),
  );
  return offers.map((offer, id) => ({ id, ...offer }));
}

interface PoolSize {
  readonly pool: number;
  readonly p: number;
  readonly cards: number;
  readonly nightly: boolean;
}

function stepsOf({ pool, p, cards, nightly }: PoolSize, slots: number, seed: string): Offer[] {
  const key = `pool-${pool}`;
  const reserve = (share: number, name: string) =>
    Math.round((products[p]?.base ?? 0) * share * (0.85 + 0.3 * draw(seed, key, name)));
  const [first, second] = [Math.round(cards * 0.5), Math.round(cards * 0.3)];
  const last = { pool, q: cards - first - second, reserve: reserve(1.1, "third") };
  const nights = Array.from({ length: Math.ceil(slots / 24) }, (_, day) => day * 24);
  return [
    { pool, from: 0, to: slots, q: first, reserve: reserve(0.55, "first") },
    { pool, from: 0, to: slots, q: second, reserve: reserve(0.8, "second") },
    ...(nightly
      ? nights.map((from) => ({ ...last, from, to: Math.min(slots, from + 8) }))
      : [{ ...last, from: 0, to: slots }]),
  ];
}

/** A normal deviate. */
function normal(...words: readonly string[]): number {
  const radius = Math.sqrt(-2 * Math.log(1 - draw(...words, "radius")));
  return radius * Math.cos(2 * Math.PI * draw(...words, "angle"));
}

function bidOf({ tail, slots }: InstanceShape, sites: readonly Site[], seed: string, id: number): Bid {
  const key = `bid-${id}`;
  const g = cardsOf(SIZE_EXPONENT[tail], draw(seed, key, "g"));
  const d = slotsOf(g, slots, seed, key);
  const kind = kindOf(g, seed, key);
  const slack =
    drawWhole(0, 6, seed, key, "spare") + Math.floor(d * Math.exp(0.05 + 0.82 * normal(seed, key, "slack")));
  const window = Math.min(slots, d + slack);
  const from = drawWhole(0, slots - window, seed, key, "from");
  const home = drawWhole(0, sites.length - 1, seed, key, "home");
  const moves = kind !== "div" && draw(seed, key, "moves") >= 0.4;
  const dataGB = moves ? Math.min(20_000, Math.round(Math.exp(3 + 1.8 * normal(seed, key, "dataGB")))) : 0;
  return {
    id,
    kind,
    g,
    d,
    from,
    to: from + window,
    prods: choicesOf(seed, key),
    home,
    dataGB,
    ...regionsAllowed(sites, home, seed, key),
    ...(draw(seed, key, "near") < 0.15 ? { maxLat: drawWhole(3, 20, seed, key, "maxLat") } : {}),
    ...(kind === "split" ? splitOf(g, seed, key) : {}),
  };
}

/** Powers of two with a Pareto tail. */
function cardsOf(exponent: number, share: number): number {
  const size = (1 - share) ** (-1 / exponent);
  if (size < 1.6) return 1;
  return Math.min(LARGEST_GANG, Math.max(2, 2 ** Math.round(Math.log2(size))));
}

/** Three slots in the median, with a long tail; the largest gangs run for hours. */
function slotsOf(g: number, slots: number, seed: string, key: string): number {
  const drawn = Math.max(1, Math.min(LONGEST, Math.round(Math.exp(1.2 + 1.1 * normal(seed, key, "d")))));
  const least = g >= 256 ? drawWhole(6, 30, seed, key, "least") : 1;
  return Math.min(slots, Math.max(drawn, least));
}

function kindOf(g: number, seed: string, key: string): Bid["kind"] {
  const share = draw(seed, key, "kind");
  if (share < 0.15) return "div";
  return g >= 16 && share < 0.2 ? "split" : "block";
}

function choicesOf(seed: string, key: string): Choice[] {
  const value = Math.exp(0.25 + 0.45 * normal(seed, key, "limit"));
  const first = drawWhole(0, products.length - 1, seed, key, "product");
  const limitAt = (p: number, share: number) => Math.round((products[p]?.base ?? 0) * value * share);
  if (draw(seed, key, "choices") >= 0.3) return [{ p: first, limit: limitAt(first, 1) }];
  const second = (first + drawWhole(1, products.length - 1, seed, key, "second")) % products.length;
  return [
    { p: first, limit: limitAt(first, 1) },
    { p: second, limit: limitAt(second, 0.75 + 0.3 * draw(seed, key, "share")) },
  ];
}

/** Half of the bids may run anywhere, a third at home's region only, the rest in one more. */
function regionsAllowed(
  sites: readonly Site[],
  home: number,
  seed: string,
  key: string,
): { regions?: number[] } {
  const share = draw(seed, key, "regions");
  if (share < 0.52) return {};
  const regions = regionsOf(sites.length);
  const own = sites[home]?.center.region ?? 0;
  if (share < 0.87) return { regions: [own] };
  const other = (own + drawWhole(1, regions - 1, seed, key, "region")) % regions;
  return { regions: [own, other].sort((x, y) => x - y) };
}

function splitOf(g: number, seed: string, key: string) {
  return {
    kmax: 2,
    chunk: g / 4,
    bw: pick([10, 25, 50, 100], seed, key, "bw"),
    syncLat: drawWhole(5, 30, seed, key, "syncLat"),
  };
}

/** The auction after one: the same market, with so large a share of the bids replaced by new ones of the same kind. */
export function nextAuction(book: Book, shape: InstanceShape, seed: string, share: number): Book {
  const fresh = generateInstance(shape, seed).bids;
  const bids = book.bids.map((bid, i) =>
    draw(seed, "replaced", String(i)) < share ? (fresh[i] ?? bid) : bid,
  );
  return { ...book, bids };
}
