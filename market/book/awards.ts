import type * as z from "zod";
import type { LinkPrice, PoolPrice } from "../../events/catalog/auction.ts";
import type { Award, Fill, LinkUse } from "../../events/catalog/award.ts";
import { LinkId, type MillsText, PlacementId, ProductId } from "../../events/catalog/values.ts";
import {
  type Accepted,
  type DivFills,
  linkBetween,
  type Result,
  slotsNeeded,
  soldCards,
  stagingOf,
} from "../clearing/instance.ts";
import { millsText } from "../money.ts";
import { SLOT_SECONDS } from "../time.ts";
import type { BookState } from "./book-state.ts";
import type { Instance } from "./instance.ts";
import { ranges } from "./unit-ranges.ts";

export interface AuctionAwards {
  readonly awards: readonly Award[];
  readonly prices: readonly PoolPriceData[];
  readonly linkPrices: readonly LinkPriceData[];
}

type PoolPriceData = z.infer<typeof PoolPrice>;
type LinkPriceData = z.infer<typeof LinkPrice>;

/** A result in the market's own words: slots, ids and prices in fen per card-hour. Awards stand in the order of bids. */
export function awardsOf(instance: Instance, result: Result, auction: number): AuctionAwards {
  // What a service has beyond its floor is in the same award.
  const beyond = new Map(
    result.div.filter(({ b }) => isService(instance, b)).map(({ b, fills }) => [b, fills] as const),
  );
  const gangs = result.accepted.map(
    (accepted) =>
      [accepted.b, gangAward(instance, result, auction, accepted, beyond.get(accepted.b) ?? [])] as const,
  );
  const divs = result.div
    .filter(({ b }) => !isService(instance, b))
    .map((div) => [div.b, divAward(instance, result, auction, div)] as const);
  const awards = [...gangs, ...divs].sort(([a], [b]) => a - b).flatMap(([, award]) => award ?? []);
  return { awards, prices: poolPrices(instance, result), linkPrices: linkPrices(instance, result) };
}

function isService({ book }: Instance, b: number): boolean {
  return book.bids[b]?.kind === "service";
}

/** Mills held for the stretch that an award fills. */
export function holdOf(book: BookState, award: Award): MillsText {
  return millsText(book.jobs.get(award.job)?.holds.get(award.stretch) ?? 0n);
}

function priceAt({ book, grain }: Instance, result: Result, c: number, p: number, unit: number): number {
  const pool = book.pools.findIndex((one) => one.c === c && one.p === p);
  return (result.prices[String(pool)]?.[unit] ?? 0) / grain;
}

/** Slots `[from, to)` of units `[from, to)`. */
function slotsOf({ gate, grain }: Instance, from: number, to: number): { from: number; to: number } {
  return { from: gate.from + from * grain, to: gate.from + to * grain };
}

function gangAward(
  instance: Instance,
  result: Result,
  auction: number,
  accepted: Accepted,
  beyond: DivFills["fills"],
): Award | undefined {
  const { b, p, s, parts } = accepted;
  const bid = instance.book.bids[b];
  const choice = bid?.prods.find((one) => one.p === p);
  if (bid === undefined || choice === undefined) return undefined;
  const d = slotsNeeded(bid, choice);
  const more = new Map(beyond.map(([, , unit, cards]) => [unit, cards]));
  const fills = parts.flatMap(({ c, q }) => {
    const units = Array.from({ length: d }, (_, i) => {
      const unit = s + i;
      const cards = q + (more.get(unit) ?? 0);
      return { unit, content: { cards, price: priceAt(instance, result, c, p, unit) } };
    });
    return fillsOf(instance, c, p, units);
  });
  return award(instance, auction, b, {
    ...slotsOf(instance, s, s + d),
    fills,
    links: linksOf(instance, result, accepted, d),
  });
}

function divAward(
  instance: Instance,
  result: Result,
  auction: number,
  { b, fills: given }: DivFills,
): Award | undefined {
  const byPool = Map.groupBy(given, ([c, p]) => `${c}/${p}`);
  const fills = [...byPool.values()].flatMap((own) => {
    const [c = 0, p = 0] = own[0] ?? [];
    const units = own.map(([, , unit, cards]) => ({
      unit,
      content: { cards, price: priceAt(instance, result, c, p, unit) },
    }));
    return fillsOf(
      instance,
      c,
      p,
      units.sort((x, y) => x.unit - y.unit),
    );
  });
  const from = Math.min(...fills.map((fill) => fill.from));
  const to = Math.max(...fills.map((fill) => fill.to));
  return award(instance, auction, b, { from, to, fills, links: [] });
}

function fillsOf(
  instance: Instance,
  c: number,
  p: number,
  units: readonly {
    readonly unit: number;
    readonly content: { readonly cards: number; readonly price: number };
  }[],
): Fill[] {
  const center = instance.centers[c];
  const product = instance.book.products[p]?.name;
  if (center === undefined || product === undefined) return [];
  const same = (a: { cards: number; price: number }, b: { cards: number; price: number }) =>
    a.cards === b.cards && a.price === b.price;
  return ranges(units, same).map(({ from, to, content }) => ({
    center: center.spec.center,
    product: ProductId.parse(product),
    ...slotsOf(instance, from, to),
    ...content,
  }));
}

function award(
  instance: Instance,
  auction: number,
  b: number,
  what: Pick<Award, "from" | "to" | "fills" | "links">,
): Award | undefined {
  const bidder = instance.bidders[b];
  if (bidder === undefined) return undefined;
  const { job, continues } = bidder;
  const value = what.fills.reduce(
    (sum, { price, cards, from, to }) => sum + BigInt(price) * BigInt(cards) * BigInt(to - from),
    0n,
  );
  return {
    placement: PlacementId.parse(`${job.job}.${auction}`),
    job: job.job,
    auction,
    session: instance.gate.session,
    stretch: job.stretch,
    continues,
    ...what,
    value: millsText(value),
  };
}

/** Staging of the data to each center that is not its home, and what a split gang reserves between its two. */
function linksOf(instance: Instance, result: Result, { b, s, parts }: Accepted, d: number): LinkUse[] {
  const bid = instance.book.bids[b];
  if (bid === undefined) return [];
  const { grain } = instance;
  const seconds = BigInt(SLOT_SECONDS * grain);
  const { dataGB = 0 } = bid;
  const { first: ahead, slots, gigabits } = stagingOf(bid);
  const [from, to] = [s + ahead, s + ahead + slots];
  const stagings = parts
    .filter(({ c }) => c !== bid.home && dataGB > 0)
    .flatMap(({ c }) => {
      const index = linkBetween(instance.book.links, bid.home, c);
      const link = instance.links[index];
      if (link === undefined) return [];
      const prices = Array.from({ length: to - from }, (_, i) => linkPriceAt(result, index, from + i));
      const price = prices.reduce((sum, one) => sum + BigInt(one), 0n);
      return {
        link: LinkId.parse(`${link.a}~${link.b}`),
        ...slotsOf(instance, from, to),
        gigabits: Math.ceil(gigabits / grain),
        charge: millsText((price * BigInt(gigabits)) / seconds),
        transfer: millsText(BigInt(dataGB) * BigInt(link.perGB)),
      };
    });
  const [first, second] = parts;
  const bw = bid.bw ?? 0;
  if (first === undefined || second === undefined || bw === 0) return stagings;
  const index = linkBetween(instance.book.links, Math.min(first.c, second.c), Math.max(first.c, second.c));
  const link = instance.links[index];
  if (link === undefined) return stagings;
  const prices = Array.from({ length: d }, (_, i) => linkPriceAt(result, index, s + i));
  const sync: LinkUse = {
    link: LinkId.parse(`${link.a}~${link.b}`),
    ...slotsOf(instance, s, s + d),
    gigabits: bw * SLOT_SECONDS,
    charge: millsText(BigInt(prices.reduce((sum, price) => sum + price * bw, 0))),
    transfer: millsText(0n),
  };
  return [...stagings, sync];
}

function linkPriceAt(result: Result, link: number, unit: number): number {
  return result.linkPrices[String(link)]?.[unit] ?? 0;
}

/** Prices of every pool that has something on sale; where nothing was sold they are indications. */
function poolPrices(instance: Instance, result: Result): PoolPriceData[] {
  const sold = soldCards(instance.book, result);
  return instance.pools.flatMap(({ center, product }, k) => {
    const units = (result.prices[String(k)] ?? []).map((price, unit) => ({
      unit,
      content: { price: price / instance.grain, sold: sold[String(k)]?.[unit] ?? 0 },
    }));
    const shown = units.filter(({ content }) => content.price > 0 || content.sold > 0);
    return ranges(shown, (a, b) => a.price === b.price && a.sold === b.sold).map(({ from, to, content }) => ({
      center: center.spec.center,
      product: ProductId.parse(product),
      ...slotsOf(instance, from, to),
      ...content,
    }));
  });
}

function linkPrices(instance: Instance, result: Result): LinkPriceData[] {
  return instance.links.flatMap(({ a, b }, index) => {
    const units = (result.linkPrices[String(index)] ?? []).map((price, unit) => ({ unit, content: price }));
    const shown = units.filter(({ content }) => content > 0);
    return ranges(shown, (x, y) => x === y).map(({ from, to, content }) => ({
      link: LinkId.parse(`${a}~${b}`),
      ...slotsOf(instance, from, to),
      price: content,
    }));
  });
}

/** Awards and prices of one event. */
export interface AwardPage {
  readonly awards: Award[];
  readonly prices: PoolPriceData[];
  readonly linkPrices: LinkPriceData[];
}

const awardsPerPage = 250;
const charactersPerPage = 80_000;

/** Pages that fit a commit each; at least one, so that prices are published even when nobody won. */
export function awardPages({ awards, prices, linkPrices }: AuctionAwards): AwardPage[] {
  const pages: AwardPage[] = [{ awards: [], prices: [], linkPrices: [] }];
  let room = charactersPerPage;
  const pageFor = (item: unknown): AwardPage => {
    const size = JSON.stringify(item).length + 1;
    const last = pages.at(-1);
    if (last !== undefined && size <= room && last.awards.length < awardsPerPage) {
      room -= size;
      return last;
    }
    const fresh: AwardPage = { awards: [], prices: [], linkPrices: [] };
    pages.push(fresh);
    room = charactersPerPage - size;
    return fresh;
  };
  for (const one of awards) pageFor(one).awards.push(one);
  for (const one of prices) pageFor(one).prices.push(one);
  for (const one of linkPrices) pageFor(one).linkPrices.push(one);
  return pages;
}
