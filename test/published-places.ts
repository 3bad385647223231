import type { Bid, Book, Result } from "../market/clearing/instance.ts";
import {
  cardsOf,
  lengthOf,
  linkOf,
  linkUse,
  poolOf,
  soldIn,
  stagingOf,
} from "./clearing-checker-feasible.ts";
import { stackOf } from "./clearing-checker-money.ts";
import { firmCards, shortRuns } from "./clearing-checker-supply.ts";

// Where a bid could have run at published prices: found by trying everything, with none of the product's code.

/** Cards of each pool and slot, and gigabits of each link and slot, that somebody may take. */
export interface Room {
  readonly cards: readonly (readonly number[])[];
  /** Of these, what bids may take that say nothing about reclaimable cards. */
  readonly firm: readonly (readonly number[])[];
  readonly gigabits: readonly (readonly number[])[];
}

export interface Place {
  readonly cardSlots: number;
  /** Mills for cards, links and transfer. */
  readonly due: number;
  readonly cells: readonly { readonly pool: number; readonly slot: number; readonly cards: number }[];
}

/** Whether no offer sells in too short a run with these cards taken beside what the result sold. */
export function keepsRuns(book: Book, result: Result, { cells }: Place): boolean {
  const sold = new Map(soldIn(book, result));
  for (const { pool, slot, cards } of cells)
    sold.set(`${pool}@${slot}`, (sold.get(`${pool}@${slot}`) ?? 0) + cards);
  return shortRuns(book, sold).length === 0;
}

const slots = ({ T }: Book) => Array.from({ length: T }, (_, t) => t);

/** All that was offered. */
export function sellable(book: Book): Room {
  const total = (k: number, t: number) =>
    stackOf(book, k, t).reduce((sum, [, cards]) => sum + Number(cards), 0);
  return {
    cards: book.pools.map((_, k) => slots(book).map((t) => total(k, t))),
    firm: book.pools.map((_, k) => slots(book).map((t) => firmCards(book, k, t))),
    gigabits: book.links.map(() => slots(book).map(() => Number.POSITIVE_INFINITY)),
  };
}

/** What the awards left: of any cost, or no dearer than the published price. */
export function leftAfter(book: Book, result: Result, cost: "any" | "atPrice"): Room {
  const sold = soldIn(book, result);
  const cards = book.pools.map((_, k) =>
    slots(book).map((t) => {
      const price = BigInt(result.prices[String(k)]?.[t] ?? 0);
      const offered = stackOf(book, k, t)
        .filter(([each]) => cost === "any" || each <= price)
        .reduce((sum, [, q]) => sum + Number(q), 0);
      return offered - (sold.get(`${k}@${t}`) ?? 0);
    }),
  );
  const held = soldIn(book, result, (bid) => bid.reclaimable !== true);
  const firm = cards.map((row, k) =>
    row.map((all, t) => Math.min(all, firmCards(book, k, t) - (held.get(`${k}@${t}`) ?? 0))),
  );
  const used = new Map<string, number>();
  for (const one of result.accepted)
    for (const [link, t, gigabits] of linkUse(book, one))
      used.set(`${link}@${t}`, (used.get(`${link}@${t}`) ?? 0) + Number(gigabits));
  const gigabits = book.links.map(({ gbps }, l) =>
    slots(book).map((t) => gbps * (book.slotSeconds ?? 3600) - (used.get(`${l}@${t}`) ?? 0)),
  );
  return { cards, firm, gigabits };
}

/** Every place that the room has for a bid; of a div bid, every single card. */
export function placesOf(book: Book, result: Result, bid: Bid, all: Room): Place[] {
  const room = bid.reclaimable ? all : { ...all, cards: all.firm };
  return bid.prods.flatMap(({ p }) => {
    const centers = book.centers.flatMap((_, c) => (isEligible(book, bid, c, p) ? [c] : []));
    if (bid.kind === "div") return centers.flatMap((c) => singleCards(book, result, bid, room, c, p));
    return centers.flatMap((c) => [
      ...gangs(book, result, bid, room, p, [[c, cardsOf(bid)]]),
      ...centers.flatMap((other) => splits(book, result, bid, room, p, c, other)),
    ]);
  });
}

function isEligible(book: Book, bid: Bid, c: number, p: number): boolean {
  const pool = poolOf(book, c, p);
  if (pool === null || (bid.pools && !bid.pools.includes(pool))) return false;
  if (bid.regions && !bid.regions.includes(book.centers[c]?.region ?? -1)) return false;
  if (c === bid.home) return true;
  const link = book.links[linkOf(book, bid.home, c) ?? -1];
  if (bid.maxLat !== undefined && (link === undefined || link.latMs > bid.maxLat)) return false;
  if (bid.kind === "div" || (bid.dataGB ?? 0) === 0) return true;
  const most = (link?.gbps ?? 0) * (book.slotSeconds ?? 3600);
  return link !== undefined && stagingOf(bid).gigabits <= BigInt(most);
}

function singleCards(book: Book, result: Result, bid: Bid, room: Room, c: number, p: number): Place[] {
  const pool = poolOf(book, c, p) ?? -1;
  return slots(book)
    .filter((t) => t >= bid.from && t < bid.to && (room.cards[pool]?.[t] ?? 0) > 0)
    .map((t) => ({
      cardSlots: 1,
      due: result.prices[String(pool)]?.[t] ?? 0,
      cells: [{ pool, slot: t, cards: 1 }],
    }));
}

function splits(book: Book, result: Result, bid: Bid, room: Room, p: number, a: number, b: number): Place[] {
  const chunk = bid.chunk ?? 1;
  if (bid.kind !== "split" || (bid.kmax ?? 2) < 2 || a >= b || bid.g % chunk > 0) return [];
  const link = book.links[linkOf(book, a, b) ?? -1];
  if (link === undefined || link.latMs > (bid.syncLat ?? Number.POSITIVE_INFINITY)) return [];
  if ((bid.bw ?? 0) > link.gbps) return [];
  const shares: number[] = [];
  for (let q = chunk; q < bid.g; q += chunk) shares.push(q);
  return shares.flatMap((q) =>
    gangs(book, result, bid, room, p, [
      [a, q],
      [b, bid.g - q],
    ]),
  );
}

function gangs(
  book: Book,
  result: Result,
  bid: Bid,
  room: Room,
  p: number,
  parts: readonly (readonly [number, number])[],
): Place[] {
  const d = lengthOf(bid, p);
  const found: Place[] = [];
  for (let s = bid.from; s + d <= bid.to; s++) {
    const run = Array.from({ length: d }, (_, i) => s + i);
    const fits = parts.every(([c, q]) =>
      run.every((t) => (room.cards[poolOf(book, c, p) ?? -1]?.[t] ?? 0) >= q),
    );
    const all = { ...book, bids: [bid] };
    const use = linkUse(all, { b: 0, p, s, parts: parts.map(([c, q]) => ({ c, q })) });
    const total = new Map<string, number>();
    for (const [link, t, gigabits] of use)
      total.set(`${link}@${t}`, (total.get(`${link}@${t}`) ?? 0) + Number(gigabits));
    const bears = [...total].every(([key, gigabits]) => {
      const [link = -1, t = -1] = key.split("@").map(Number);
      return (room.gigabits[link]?.[t] ?? 0) >= gigabits;
    });
    if (!fits || !bears || use.some(([, t]) => t < 0)) continue;
    let due = 0;
    for (const [c, q] of parts) {
      const row = result.prices[String(poolOf(book, c, p))] ?? [];
      for (const t of run) due += (row[t] ?? 0) * q;
      const link = book.links[linkOf(book, bid.home, c) ?? -1];
      if (c !== bid.home && link !== undefined) due += (bid.dataGB ?? 0) * link.perGB;
    }
    for (const [link, t, gigabits] of use)
      due += ((result.linkPrices[String(link)]?.[t] ?? 0) * Number(gigabits)) / (book.slotSeconds ?? 3600);
    const cells = parts.flatMap(([c, cards]) =>
      run.map((slot) => ({ pool: poolOf(book, c, p) ?? -1, slot, cards })),
    );
    found.push({ cardSlots: cardsOf(bid) * d, due, cells });
  }
  return found;
}
