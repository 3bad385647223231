import type { JobId, Session } from "../../events/catalog/values.ts";
import { type Bid, type Book, type Center, type Offer, slotsNeeded } from "../clearing/instance.ts";
import type { Warm } from "../clearing/search.ts";
import { lapsedUntil } from "../home-reserve.ts";
import { products } from "../products.ts";
import { rules } from "../rules.ts";
import { leastSlots, type ProductChoice, stretchSlots } from "../stretch.ts";
import { hourOfDay, SLOT_SECONDS } from "../time.ts";
import { type BookCenter, type BookJob, type BookState, poolId } from "./book-state.ts";
import { grainOf, type OnSale, type Step, stepsLeft } from "./capacity-left.ts";
import { withinExactCost } from "./exact-cost.ts";
import { exclusionOf, groupOf, mayWinTogether, tieOf } from "./links.ts";
import { type LinkLeft, linksLeft } from "./links-left.ts";
import { continuation, firstStretch } from "./next-stretch.ts";
import { mostAsked } from "./price-cap.ts";
import { ranges, unitsOf } from "./unit-ranges.ts";

/** The gate of one auction. */
export interface AuctionGate {
  readonly auction: number;
  readonly session: Session;
  readonly gate: number;
  readonly from: number;
  readonly to: number;
}

/** Who a bid of the instance is. */
export interface Bidder {
  readonly job: BookJob;
  readonly continues: boolean;
}

/** A clearing problem with what its indices stand for. */
export interface Instance {
  readonly gate: AuctionGate;
  /** Slots of one unit of the problem: 1 in the spot session, 10 in the forward one, whose money is ten times as much. */
  readonly grain: number;
  readonly book: Book;
  /** Where the search for prices begins: what the session's last auction published, as far as that reaches. */
  readonly warm: Warm;
  /** In the order of the problem's centers, pools, links and bids. */
  readonly centers: readonly BookCenter[];
  readonly pools: readonly { readonly center: BookCenter; readonly product: string }[];
  readonly links: readonly LinkLeft[];
  readonly bidders: readonly Bidder[];
}

/** Ties: continuations stand before all first awards. */
const afterContinuations = 1_000_000_000;

/** The problem that an auction clears: it follows from the book and the gate alone. */
export function instanceAt(book: BookState, gate: AuctionGate): Instance {
  const grain = grainOf(gate.session);
  const units = Math.floor((gate.to - gate.from) / grain);
  const centers = [...book.centers.values()].sort((a, b) => (a.spec.center < b.spec.center ? -1 : 1));
  const centerIndex = new Map(centers.map(({ spec }, index) => [spec.center as string, index]));
  const pools = centers.flatMap((center) => center.spec.pools.map(({ product }) => ({ center, product })));
  const poolIndex = new Map(pools.map(({ center, product }, k) => [poolId(center.spec.center, product), k]));
  const links = linksLeft(book, gate);
  // Home reserves lapse into spot only.
  const onSale: OnSale = {
    ...gate,
    reservesUntil: lapsedUntil(gate.gate),
    ...(gate.session === "spot" ? {} : { withoutReserves: true }),
  };
  const scene: Scene = { book, gate, grain, units, centerIndex, pools, first: new Map() };
  const slotSeconds = SLOT_SECONDS * grain;
  const byUnit = (hours: readonly number[]) =>
    Array.from({ length: units }, (_, t) => hours[hourOfDay(gate.from + t * grain)] ?? 0);
  const sites: Center[] = centers.map(({ spec }, region) => ({
    region,
    pue: spec.puePermille / 1000,
    energy: byUnit(spec.energy),
    ...(spec.carbon === undefined ? {} : { carbon: byUnit(spec.carbon) }),
  }));
  const facts = {
    slotSeconds,
    tick: grain,
    products: products.map(({ product, kw }) => ({ name: product, kw })),
    centers: sites,
    pools: pools.map(({ center, product }) => ({
      c: centerIndex.get(center.spec.center) ?? 0,
      p: productIndex(product),
    })),
  };
  const most = pools.map(({ center, product }) => byUnit(mostAsked(center.spec, product, grain)));
  const bids = [...book.jobs.values()].flatMap((job) => bidOf(scene, job) ?? []);
  bids.sort((a, b) => (a.bid.rank ?? 0) - (b.bid.rank ?? 0));
  return {
    gate,
    grain,
    centers,
    pools,
    links,
    bidders: bids.map(({ bidder }) => bidder),
    warm: warmPrices(book, gate, poolIndex, grain, units),
    book: {
      ...facts,
      T: units,
      links: links.map(({ a, b, gbps, latencyMs, perGB }) => ({
        a: centerIndex.get(a) ?? 0,
        b: centerIndex.get(b) ?? 0,
        gbps,
        latMs: latencyMs,
        perGB,
      })),
      offers: withinExactCost(
        firmFirst(
          stepsLeft(book, onSale, grain).flatMap((step): Offer[] => {
            const pool = poolIndex.get(step.pool) ?? 0;
            const { offer, cards: q, reserve, run, reclaimable } = step;
            return withinCap(step, most[pool] ?? [], grain).map(({ from, to }) => ({
              id: from === step.from ? offer : `${offer}/${from}`,
              pool,
              from,
              to,
              q,
              reserve: reserve * grain,
              ...(run === undefined ? {} : { minRun: run.units, of: run.offer, sold: run.sold }),
              ...(reclaimable === undefined ? {} : { reclaimable }),
            }));
          }),
        ),
      ),
      bids: withGroups(bids),
    },
  };
}

/**
 * In each unit reclaimable cards ask no less than the dearest firm ones beside them, so that firm ones are sold before: a
 * bid for firm cards never gets any below what their center asks for them. Of equal ones the engine sells the lower id
 * first: theirs stand behind those of firm ones, and among themselves by what they asked.
 */
function firmFirst(offers: readonly Offer[]): Offer[] {
  const firm = Map.groupBy(
    offers.filter(({ reclaimable }) => reclaimable !== true),
    ({ pool }) => pool,
  );
  return offers.flatMap((offer) => {
    if (offer.reclaimable !== true) return [offer];
    const beside = (firm.get(offer.pool) ?? []).filter(({ from, to }) => from < offer.to && offer.from < to);
    const asked = unitsOf(offer.from, offer.to, (unit) => {
      const there = beside.filter(({ from, to }) => from <= unit && unit < to);
      return Math.max(offer.reserve, ...there.map(({ reserve }) => reserve));
    });
    const id = `~${String(offer.reserve).padStart(8, "0")}~${offer.id}`;
    return ranges(asked, (a, b) => a === b).map(({ from, to, content: reserve }) => ({
      ...offer,
      id: from === offer.from ? id : `${id}/${from}`,
      from,
      to,
      reserve,
    }));
  });
}

function warmPrices(
  book: BookState,
  gate: AuctionGate,
  poolIndex: ReadonlyMap<string, number>,
  grain: number,
  units: number,
): Warm {
  const rows: Record<string, number[]> = {};
  for (const { center, product, from, to, price, sold } of book.prices.get(gate.session) ?? []) {
    const pool = poolIndex.get(poolId(center, product));
    if (pool === undefined || sold === 0) continue;
    rows[pool] ??= new Array<number>(units).fill(0);
    const first = Math.max(0, Math.ceil((from - gate.from) / grain));
    const end = Math.min(units, Math.ceil((to - gate.from) / grain));
    if (first < end) rows[pool].fill(price * grain, first, end);
  }
  return { prices: rows, linkPrices: {} };
}

/** Units of a step in which a card costs no more than the cap: in dear hours energy and carbon can lift it above. */
function withinCap({ from, to, reserve }: Step, most: readonly number[], grain: number) {
  const within = unitsOf(from, to, (unit) => reserve * grain <= (most[unit] ?? 0));
  return ranges(
    within.filter(({ content }) => content),
    () => true,
  );
}

function productIndex(product: string): number {
  return products.findIndex((known) => known.product === product);
}

interface Scene {
  readonly book: BookState;
  readonly gate: AuctionGate;
  readonly grain: number;
  readonly units: number;
  readonly centerIndex: ReadonlyMap<string, number>;
  readonly pools: Instance["pools"];
  /** First bids made so far, for a child's follows from its parent's. */
  readonly first: Map<BookJob, BidOfJob | undefined>;
}

interface BidOfJob {
  readonly bid: Bid;
  readonly bidder: Bidder;
}

function bidOf(scene: Scene, job: BookJob): BidOfJob | undefined {
  if (job.phase !== "open") return undefined;
  return job.lease === undefined ? firstBidOnce(scene, job) : continuingBid(scene, job);
}

function firstBidOnce(scene: Scene, job: BookJob): BidOfJob | undefined {
  if (!scene.first.has(job)) scene.first.set(job, firstBid(scene, job));
  return scene.first.get(job);
}

/** A group is worth naming where two of its jobs bid: all else about it the book has seen to. */
function withGroups(bids: readonly BidOfJob[]): Bid[] {
  const size = new Map<string, number>();
  const groups = bids.map(({ bidder }) => (bidder.continues ? undefined : groupOf(bidder.job)));
  for (const group of groups) if (group !== undefined) size.set(group, (size.get(group) ?? 0) + 1);
  return bids.map(({ bid }, b) => {
    const group = groups[b];
    return group !== undefined && (size.get(group) ?? 0) > 1 ? { ...bid, group } : bid;
  });
}

/** Funds for its next stretch are held. */
export function isHeld(job: BookJob, least: bigint): boolean {
  return (job.holds.get(job.stretch) ?? -1n) >= least;
}

/** Units `[from, to)` of the problem. */
interface Units {
  readonly from: number;
  readonly to: number;
}

/** Whole units inside a range of slots, counted from the first on sale. */
function unitsWithin({ gate, grain, units }: Scene, from: number, to: number): Units {
  return {
    from: Math.ceil(Math.max(0, from - gate.from) / grain),
    to: Math.floor(Math.min(units * grain, to - gate.from) / grain),
  };
}

function firstBid(scene: Scene, job: BookJob): BidOfJob | undefined {
  const { gate, grain } = scene;
  const { spec } = job;
  const next = spec.session === gate.session ? firstStretch(job) : undefined;
  if (next === undefined || !isHeld(job, next.hold) || exclusionOf(scene.book, job)) return undefined;
  const link = linkOf(scene, job);
  if (link === undefined) return undefined;
  const served = spec.kind === "service";
  const range = served ? servedRange(scene, job, link) : startRange(scene, job, link, next.slots);
  const d = served ? range.to - range.from : Math.floor(next.slots / grain);
  const shortest = served ? d : Math.floor(next.shortest / grain);
  if (d <= 0 || range.to - range.from < leastSlots(spec, shortest)) return undefined;
  const pools = eligiblePools(scene, job);
  const home = scene.centerIndex.get(spec.home);
  if (pools.length === 0 || home === undefined) return undefined;
  const bid: Bid = {
    id: job.job,
    kind: spec.kind,
    g: spec.cards,
    d,
    ...range,
    prods: spec.products
      .filter(({ product }) => productIndex(product) >= 0)
      .map((choice) => ({
        p: productIndex(choice.product),
        limit: choice.limit * grain,
        ...lengthOf(scene, job, choice, d),
      })),
    home,
    dataGB: spec.dataGB,
    pools,
    rank: afterContinuations + job.rank,
    ...(spec.maxLatencyMs === undefined ? {} : { maxLat: spec.maxLatencyMs }),
    ...(spec.reclaimable === true ? { reclaimable: true } : {}),
    ...(spec.stageSlots === undefined ? {} : { stage: Math.ceil(spec.stageSlots / grain) }),
    ...(link.parent === undefined ? {} : { parent: link.parent }),
    ...shapeOf(job),
  };
  return { bid, bidder: { job, continues: false } };
}

/** Slots between which a job's parent lets it start, and the parent's id if that bids here as well. */
interface ParentLink {
  readonly earliest: number;
  readonly latest: number;
  readonly parent?: JobId;
}

/** Undefined: its parent keeps it out of this auction. */
function linkOf(scene: Scene, job: BookJob): ParentLink | undefined {
  const tie = tieOf(scene.book, job);
  switch (tie.kind) {
    case "free":
      return { earliest: tie.from, latest: tie.from };
    case "waits":
      return undefined;
    case "together": {
      // The chain is short, so this goes no deeper than that.
      const found = mayWinTogether(scene.book, job) ? firstBidOnce(scene, tie.parent)?.bid : undefined;
      if (found === undefined) return undefined;
      const { gate, grain } = scene;
      const shortest = Math.min(...found.prods.map((choice) => slotsNeeded(found, choice)));
      return {
        earliest: gate.from + (found.from + shortest) * grain,
        latest: gate.from + found.to * grain,
        parent: tie.parent.job,
      };
    }
    default:
      return tie satisfies never;
  }
}

/** The length on one product, in units, where it is not the longest. */
function lengthOf({ grain }: Scene, job: BookJob, choice: ProductChoice, d: number): { d?: number } {
  if (job.spec.kind === "service") return {};
  const own = Math.floor(stretchSlots(job.spec, choice, job) / grain);
  return own === d ? {} : { d: own };
}

/**
 * First and last slot in which a job may start. In spot what it takes first, its cards or the link over which its data
 * are moved before, it takes in one of the first slots on sale; a child starts in one of the first that its parent
 * leaves it.
 */
function startsAt({ gate }: Scene, { spec }: BookJob, link: ParentLink): { first: number; last: number } {
  const first = gate.from + (spec.stageSlots ?? 0);
  const last = gate.session === "spot" ? Math.max(first, link.latest) + rules.startSlots - 1 : gate.to;
  return { first: Math.max(first, link.earliest), last };
}

/** Units in which so many slots may lie. */
function startRange(scene: Scene, job: BookJob, link: ParentLink, slots: number): Units {
  const { first, last } = startsAt(scene, job, link);
  return unitsWithin(scene, Math.max(job.window.from, first), Math.min(job.window.to, last + slots));
}

/** Units of a service's whole window, or of what is left of it; empty until this gate sells all of that. */
function servedRange(scene: Scene, job: BookJob, link: ParentLink): Units {
  const { window } = job;
  const { first, last } = startsAt(scene, job, link);
  const from = Math.max(window.from, first);
  const waits = from > last || window.to > scene.gate.to;
  return waits ? { from: 0, to: 0 } : unitsWithin(scene, from, window.to);
}

/** What only some kinds of bid say of their shape. */
function shapeOf({ spec }: BookJob): Partial<Bid> {
  switch (spec.kind) {
    case "block":
    case "div":
      return {};
    case "split": {
      if (spec.split === undefined) return {};
      const { chunk, bandwidthGbps, syncLatencyMs } = spec.split;
      return { kmax: 2, chunk, bw: bandwidthGbps, syncLat: syncLatencyMs };
    }
    case "service":
      return { floor: spec.floor ?? spec.cards };
    default:
      return spec.kind satisfies never;
  }
}

/** Pools in which nothing bars it. */
function eligiblePools({ pools }: Scene, job: BookJob): number[] {
  return pools.flatMap((pool, k) => (barrierTo(pool, job) === undefined ? [k] : []));
}

/** What of a job's own request or standing bars it from a pool, whatever it would pay there. */
export type Barrier = "product" | "owner" | "region" | "framework";

/** Allowed regions and the frameworks that it needs; an owner never buys from itself. Undefined: nothing bars it. */
export function barrierTo(
  { center: { spec: of }, product }: Instance["pools"][number],
  { owner, spec }: BookJob,
): Barrier | undefined {
  if (!spec.products.some((wanted) => wanted.product === product)) return "product";
  if (of.owner === owner) return "owner";
  if (spec.regions?.some((region) => [of.region, ...of.homeRegions].includes(region)) === false)
    return "region";
  const frameworks = of.pools.find((pool) => pool.product === product)?.frameworks ?? [];
  return spec.frameworks.every((framework) => frameworks.includes(framework)) ? undefined : "framework";
}

/** Starts exactly at the end of the award, where the job runs; its data is there already. */
function continuingBid(scene: Scene, job: BookJob): BidOfJob | undefined {
  const { gate, grain } = scene;
  const { lease, spec } = job;
  const next = continuation(job, gate.session, gate.gate);
  if (lease === undefined || next === undefined || spec.extendLimit === undefined) return undefined;
  const { from } = unitsWithin(scene, lease.end, gate.to);
  const d = Math.min(Math.floor(next.slots / grain), scene.units - from);
  const pools = scene.pools.flatMap(({ center, product }, k) =>
    product === lease.product && lease.centers.includes(center.spec.center) ? [k] : [],
  );
  const home = scene.centerIndex.get(lease.centers[0] ?? spec.home);
  if (!isHeld(job, next.hold) || d <= 0 || pools.length === 0 || home === undefined) return undefined;
  const bid: Bid = {
    id: job.job,
    kind: spec.kind,
    g: spec.cards,
    d,
    from,
    to: from + d,
    prods: [{ p: productIndex(lease.product), limit: spec.extendLimit * grain }],
    home,
    pools,
    rank: job.rank,
    ...(spec.reclaimable === true ? { reclaimable: true } : {}),
    ...shapeOf(job),
  };
  return { bid, bidder: { job, continues: true } };
}
