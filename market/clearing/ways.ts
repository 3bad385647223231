import { type Bid, type Choice, slotsNeeded, stagingOf } from "./instance.ts";
import type { PublishedMarket } from "./published-market.ts";

/** One way to run a bid: in one pool or, split, in two; the start is free. */
export interface Way {
  readonly choice: Choice;
  readonly d: number;
  readonly pools: readonly number[];
  /** Mills for moving its data. */
  readonly transfer: number;
  readonly uses: readonly LinkUse[];
  /** Slots before the start in which its data move. */
  readonly ahead: number;
}

/** Gigabits of a link in each of `slots` slots, the first one counted from the start: 0, or before it. */
export interface LinkUse {
  readonly link: number;
  readonly gigabits: number;
  readonly first: number;
  readonly slots: number;
}

/** What took the last of a bid's ways away. */
export type NoWay = "window" | "region" | "latency" | "link";

/** All of a bid's ways; none: there is no such pool; a reason: what took the last of them away. */
export function waysOf(market: PublishedMarket, bid: Bid): Way[] | NoWay {
  const { book } = market;
  const wanted = bid.prods.flatMap((choice) =>
    book.centers.flatMap((_, c) => {
      const pool = market.poolAt(c, choice.p);
      return pool >= 0 && (bid.pools?.includes(pool) ?? true) ? [{ choice, c, pool }] : [];
    }),
  );
  if (wanted.length === 0) return [];
  const inTime = wanted.filter(
    ({ choice }) => bid.kind === "div" || slotsNeeded(bid, choice) <= bid.to - bid.from,
  );
  if (inTime.length === 0) return "window";
  const allowed = inTime.filter(({ c }) => bid.regions?.includes(book.centers[c]?.region ?? -1) ?? true);
  if (allowed.length === 0) return "region";
  const near = allowed.filter(({ c }) => latencyFrom(market, bid.home, c) <= (bid.maxLat ?? Infinity));
  if (near.length === 0) return "latency";
  const single = near.flatMap(({ choice, c, pool }) => wayTo(market, bid, choice, c, pool) ?? []);
  if (single.length === 0) return "link";
  const inReach = single.filter(({ ahead, d }) => bid.kind === "div" || ahead + d <= bid.to);
  if (inReach.length === 0) return "window";
  return [...inReach, ...pairs(market, bid, inReach)];
}

function latencyFrom({ book, linkFrom }: PublishedMarket, home: number, center: number): number {
  return home === center ? 0 : (book.links[linkFrom(home, center)]?.latMs ?? Infinity);
}

/** Undefined: the link cannot carry the data, or there is none. */
function wayTo(
  market: PublishedMarket,
  bid: Bid,
  choice: Choice,
  center: number,
  pool: number,
): Way | undefined {
  const way = { choice, d: slotsNeeded(bid, choice), pools: [pool], ahead: 0 };
  const staging = stagingOf(bid);
  if (center === bid.home || staging.gigabits === 0) return { ...way, transfer: 0, uses: [] };
  const link = market.linkFrom(bid.home, center);
  const of = market.book.links[link];
  if (of === undefined || staging.gigabits > (market.linkGigabits[link] ?? 0)) return undefined;
  const transfer = (bid.dataGB ?? 0) * of.perGB;
  return { ...way, transfer, uses: [{ link, ...staging }], ahead: -staging.first };
}

/** The ways of a split bid over two centers. */
function pairs(market: PublishedMarket, bid: Bid, single: readonly Way[]): Way[] {
  const chunk = bid.chunk ?? 1;
  if (bid.kind !== "split" || (bid.kmax ?? 2) < 2 || bid.g % chunk > 0 || bid.g < 2 * chunk) return [];
  const { pools, links } = market.book;
  return single.flatMap((one) =>
    single.flatMap((other) => {
      const [first = -1, second = -1] = [one.pools[0], other.pools[0]];
      const [a = -1, b = -1] = [pools[first]?.c, pools[second]?.c];
      if (one.choice.p !== other.choice.p || a >= b) return [];
      const link = market.linkFrom(a, b);
      const of = links[link];
      if (of === undefined || of.latMs > (bid.syncLat ?? Infinity) || (bid.bw ?? 0) > of.gbps) return [];
      const sync = { link, gigabits: (bid.bw ?? 0) * market.slotSeconds, first: 0, slots: one.d };
      const transfer = one.transfer + other.transfer;
      const uses = [...one.uses, ...other.uses, sync];
      return [{ ...one, pools: [first, second], transfer, uses, ahead: Math.max(one.ahead, other.ahead) }];
    }),
  );
}
