import { type Bid, type Book, DEFAULT_SLOT_SECONDS, DEFAULT_TICK, slotsNeeded } from "./instance.ts";

type Complain = (field: string, what: string) => void;
const LARGEST = Number.MAX_SAFE_INTEGER;
/** Cards and slots of a bid: the model holds them in 32 bits, where one more would be negative. */
const MOST = 2 ** 31 - 1;

/** What is wrong with a clearing instance, each line naming the field; empty if it can be cleared. */
export function validateBook(book: Book): string[] {
  const wrong: string[] = [];
  const complain: Complain = (field, what) => wrong.push(`${field}: ${what}`);
  const rows = ["products", "centers", "links", "pools", "offers", "bids"] as const;
  for (const name of rows) if (!Array.isArray(book[name])) complain(name, "must be an array");
  if (!isCount(book.T, 1)) complain("T", "must be a whole number above 0");
  if (!isCount(book.slotSeconds ?? DEFAULT_SLOT_SECONDS, 1))
    complain("slotSeconds", "must be a whole number above 0");
  if (!isCount(book.tick ?? DEFAULT_TICK, 1)) complain("tick", "must be a whole number above 0");
  if (wrong.length > 0) return wrong;
  checkPlaces(book, complain);
  checkOffers(book, complain);
  book.bids.forEach((bid, b) => {
    checkBid(book, bid, `bids[${b}]`, complain);
  });
  checkIds(book.offers, "offers", complain);
  checkIds(book.bids, "bids", complain);
  checkParents(book.bids, complain);
  if (wrong.length === 0) checkSums(book, complain);
  return wrong;
}

/** Throws `InvalidBook` with every complaint of `validateBook`. */
export function assertBook(book: Book): void {
  const wrong = validateBook(book);
  if (wrong.length > 0) throw new InvalidBook(wrong);
}

export class InvalidBook extends Error {
  readonly complaints: readonly string[];
  constructor(complaints: readonly string[]) {
    super(`not a clearing instance: ${complaints.slice(0, 10).join("; ")}`);
    this.name = "InvalidBook";
    this.complaints = complaints;
  }
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

function isIndex(value: unknown, rows: readonly unknown[]): boolean {
  return isCount(value, 0) && value < rows.length;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function anIndexOf(name: "products" | "centers" | "pools", book: Book): string {
  const last = book[name].length - 1;
  return last < 0
    ? `must be an index of ${name}, but there are none`
    : `must be an index of ${name}, from 0 to ${last}`;
}

const aPrice = "must be a multiple of tick, from 0 to 2^53";

function isPrice(value: unknown, tick: number): boolean {
  return isCount(value, 0) && value % tick === 0;
}

function checkPlaces(book: Book, complain: Complain): void {
  book.products.forEach(({ kw }, p) => {
    if (!isAmount(kw)) complain(`products[${p}].kw`, "must be a number >= 0");
  });
  book.centers.forEach((center, c) => {
    const at = `centers[${c}]`;
    if (!isCount(center.region, 0)) complain(`${at}.region`, "must be a whole number >= 0");
    if (!isAmount(center.pue)) complain(`${at}.pue`, "must be a number >= 0");
    const fits = Array.isArray(center.energy) && center.energy.length >= book.T;
    if (!fits || !center.energy.every(isAmount)) complain(`${at}.energy`, "must hold T numbers >= 0");
    const { carbon } = center;
    if (carbon && (carbon.length < book.T || !carbon.every(isAmount)))
      complain(`${at}.carbon`, "must hold T numbers >= 0");
  });
  const ways = new Set<string>();
  book.links.forEach((link, l) => {
    const at = `links[${l}]`;
    for (const end of ["a", "b"] as const)
      if (!isIndex(link[end], book.centers)) complain(`${at}.${end}`, anIndexOf("centers", book));
    if (link.a === link.b) complain(at, "must join two centers");
    if (ways.has(`${link.a}~${link.b}`)) complain(at, "repeats a link");
    ways.add(`${link.a}~${link.b}`);
    for (const field of ["gbps", "perGB"] as const)
      if (!isCount(link[field], 0)) complain(`${at}.${field}`, "must be a whole number >= 0");
    if (!isAmount(link.latMs)) complain(`${at}.latMs`, "must be a number >= 0");
  });
  const pairs = new Set<string>();
  book.pools.forEach((pool, k) => {
    if (!isIndex(pool.c, book.centers)) complain(`pools[${k}].c`, anIndexOf("centers", book));
    if (!isIndex(pool.p, book.products)) complain(`pools[${k}].p`, anIndexOf("products", book));
    if (pairs.has(`${pool.c}/${pool.p}`)) complain(`pools[${k}]`, "repeats a pool");
    pairs.add(`${pool.c}/${pool.p}`);
  });
}

function checkRange(from: number, to: number, slots: number, at: string, complain: Complain): void {
  if (!isCount(from, 0)) complain(`${at}.from`, "must be a slot, from 0 on");
  else if (!isCount(to, from + 1) || to > slots) complain(`${at}.to`, "must lie after from and within T");
}

function checkOffers(book: Book, complain: Complain): void {
  const poolOf = new Map<number | string, number>();
  book.offers.forEach((offer, o) => {
    const at = `offers[${o}]`;
    if (!isIndex(offer.pool, book.pools)) complain(`${at}.pool`, anIndexOf("pools", book));
    checkRange(offer.from, offer.to, book.T, at, complain);
    if (!isCount(offer.q, 0)) complain(`${at}.q`, "must be a whole number of cards, >= 0");
    if (!isPrice(offer.reserve, book.tick ?? DEFAULT_TICK)) complain(`${at}.reserve`, aPrice);
    if (!isCount(offer.minRun ?? 1, 1)) complain(`${at}.minRun`, "must be a whole number above 0");
    if (offer.sold && !offer.sold.every(Number.isSafeInteger))
      complain(`${at}.sold`, "must hold whole numbers of slots");
    const of = offer.of ?? offer.id ?? o;
    if ((poolOf.get(of) ?? offer.pool) !== offer.pool)
      complain(`${at}.of`, "must be an offer of the same pool");
    poolOf.set(of, offer.pool);
  });
}

function checkBid(book: Book, bid: Bid, at: string, complain: Complain): void {
  if (!["block", "split", "div", "service"].includes(bid.kind))
    complain(`${at}.kind`, "must be block, split, div or service");
  if (bid.kind === "service" && (!isCount(bid.floor, 1) || bid.floor > bid.g))
    complain(`${at}.floor`, "must be a whole number of cards from 1 to g");
  if (!isCount(bid.stage ?? 0, 0)) complain(`${at}.stage`, "must be a whole number of slots, >= 0");
  if (!isCount(bid.g, 1) || bid.g > MOST) complain(`${at}.g`, `must be a whole number from 1 to ${MOST}`);
  checkRange(bid.from, bid.to, book.T, at, complain);
  if (!isIndex(bid.home, book.centers)) complain(`${at}.home`, anIndexOf("centers", book));
  for (const field of ["dataGB", "bw"] as const)
    if (!isCount(bid[field] ?? 0, 0)) complain(`${at}.${field}`, "must be a whole number >= 0");
  for (const field of ["kmax", "chunk"] as const)
    if (!isCount(bid[field] ?? 1, 1)) complain(`${at}.${field}`, "must be a whole number above 0");
  for (const field of ["maxLat", "syncLat"] as const)
    if (!isAmount(bid[field] ?? 0)) complain(`${at}.${field}`, "must be a number >= 0");
  if (!Number.isFinite(bid.rank ?? 0)) complain(`${at}.rank`, "must be a number");
  if (bid.regions && !bid.regions.every((region) => isCount(region, 0)))
    complain(`${at}.regions`, "each must be the whole number >= 0 of a region");
  if (bid.pools && !bid.pools.every((pool) => isIndex(pool, book.pools)))
    complain(`${at}.pools`, `each ${anIndexOf("pools", book)}`);
  checkChoices(book, bid, at, complain);
}

function checkChoices(book: Book, bid: Bid, at: string, complain: Complain): void {
  if (!Array.isArray(bid.prods) || bid.prods.length === 0) {
    complain(`${at}.prods`, "must name a product");
    return;
  }
  if (new Set(bid.prods.map(({ p }) => p)).size < bid.prods.length)
    complain(`${at}.prods`, "repeats a product");
  bid.prods.forEach((choice, i) => {
    if (!isIndex(choice.p, book.products)) complain(`${at}.prods[${i}].p`, anIndexOf("products", book));
    if (!isPrice(choice.limit, book.tick ?? DEFAULT_TICK)) complain(`${at}.prods[${i}].limit`, aPrice);
    const d = slotsNeeded(bid, choice);
    if (!isCount(d, 1) || d > MOST) complain(`${at}.prods[${i}].d`, `must be given, from 1 to ${MOST}`);
  });
}

function checkIds(rows: readonly { id?: number | string }[], name: string, complain: Complain): void {
  const seen = new Set<number | string>();
  rows.forEach(({ id }, i) => {
    const key = id ?? i;
    if (seen.has(key)) complain(`${name}[${i}].id`, `repeats ${key}`);
    seen.add(key);
  });
}

/** Only gangs have an end that a child can wait for; a circle of parents would wait for ever. */
function checkParents(bids: readonly Bid[], complain: Complain): void {
  const byId = new Map(bids.map((bid, b) => [bid.id ?? b, bid]));
  const isGang = (bid: Bid | undefined) => bid?.kind === "block" || bid?.kind === "split";
  bids.forEach((bid, b) => {
    if (bid.parent === undefined) return;
    if (!isGang(bid) || !isGang(byId.get(bid.parent)))
      complain(`bids[${b}].parent`, "must join two block or split bids of the book");
    const seen = new Set<Bid>();
    for (let at: Bid | undefined = bid; at?.parent !== undefined; at = byId.get(at.parent)) {
      if (seen.has(at)) {
        complain(`bids[${b}].parent`, "leads back to itself");
        return;
      }
      seen.add(at);
    }
  });
}

/** The largest sums that clearing can form must be exact in a double. */
function checkSums(book: Book, complain: Complain): void {
  let value = 0;
  for (const bid of book.bids)
    value += Math.max(
      ...bid.prods.map((choice) => choice.limit * bid.g * Math.max(slotsNeeded(bid, choice), 1)),
    );
  if (value > LARGEST) complain("bids", "their value exceeds 2^53 mills");
  let cost = 0;
  for (const { q, reserve, from, to } of book.offers) cost += q * reserve * (to - from);
  if (cost > LARGEST) complain("offers", "their cost exceeds 2^53 mills");
}
