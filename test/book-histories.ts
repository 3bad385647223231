import type { AuctionEvent } from "../events/catalog/auction.ts";
import type { Award, Fill } from "../events/catalog/award.ts";
import type { DomainEvent } from "../events/catalog/catalog.ts";
import type { LinkSpec } from "../events/catalog/center.ts";
import type { JobSpec } from "../events/catalog/job.ts";
import { streams } from "../events/catalog/streams.ts";
import {
  AccountId,
  CenterId,
  DrawId,
  JobId,
  OfferId,
  OwnerId,
  PayoutId,
  PlacementId,
  ProductId,
  type Session,
} from "../events/catalog/values.ts";
import { type AuctionAwards, awardsOf } from "../market/book/awards.ts";
import { type BookJob, type BookOffer, type BookState, initialBook } from "../market/book/book-state.ts";
import { stepsLeft } from "../market/book/capacity-left.ts";
import type { Gate } from "../market/book/gates.ts";
import { type Instance, instanceAt } from "../market/book/instance.ts";
import { observeAuction } from "../market/book/observe-auction.ts";
import { observePage } from "../market/book/observe-page.ts";
import { clear } from "../market/clearing/clear.ts";
import type { Result } from "../market/clearing/instance.ts";
import { millsText } from "../market/money.ts";
import { bidHold } from "../market/stretch.ts";
import { instant, periodOf, slotStart } from "../market/time.ts";

// Facts of a small market that examples vary: two centers, a job of 8 cards for an hour, and the gates around slot 100.

export const xian = CenterId.parse("xian");

export const wuhan = CenterId.parse("wuhan");

export const ascend = ProductId.parse("ascend910");

export const a100 = ProductId.parse("a100-80g");

export const university = OwnerId.parse("university");

export const lab = AccountId.parse("lab");

export const jobId = (job: string) => JobId.parse(job);

export const placementId = (job: string, auction: number) => PlacementId.parse(`${job}.${auction}`);

type Data<Type extends DomainEvent["type"]> = Extract<DomainEvent, { type: Type }>["data"];

/** Instant in a slot, so many seconds after its start. */
export function inSlot(slot: number, seconds = 0): string {
  return instant(slotStart(slot) + seconds * 1000);
}

/** A center with a pool of 64 Ascend cards, whose energy costs nothing. */
export function joined(center: CenterId, changed: Partial<Data<"CenterJoined">> = {}): DomainEvent {
  const data = {
    center,
    owner: OwnerId.parse(`${center}-owner`),
    name: center,
    region: center,
    homeRegions: [],
    pools: [{ product: ascend, cards: 64, frameworks: [] }],
    puePermille: 1000,
    energy: new Array<number>(24).fill(0),
    gridFactor: 0,
  };
  return { type: "CenterJoined", data: { ...data, ...changed } };
}

export function linked(center: CenterId, ...links: LinkSpec[]): DomainEvent {
  return { type: "LinksDeclared", data: { center, links } };
}

export function link(to: CenterId, changed: Partial<LinkSpec> = {}): LinkSpec {
  return { to, gbps: 100, latencyMs: 5, perGB: 0, ...changed };
}

/** 16 cards of Xi'an over slots 100 to 200 at 100 fen per card-hour. */
export function offered(offer = "offer-1", changed: Partial<BookOffer> = {}): DomainEvent {
  const data = {
    offer: OfferId.parse(offer),
    center: xian,
    owner: OwnerId.parse("xian-owner"),
    product: ascend,
    from: 100,
    to: 200,
    cards: 16,
    reserve: 100,
  };
  return { type: "CapacityOffered", data: { ...data, ...changed } };
}

export function drawn(offer: string, from: number, to: number, cards: number, draw = "draw-1"): DomainEvent {
  const data = { offer: OfferId.parse(offer), draw: DrawId.parse(draw), from, to, cards };
  return { type: "ReserveDrawn", data };
}

/** The center took cards of Xi'an's pool back: from `slot` on, so many are left of the offer. */
export function reclaimed(offer: string, from: number, left: number): DomainEvent {
  const of = { offer: OfferId.parse(offer), center: xian, product: ascend };
  return { type: "CapacityReclaimed", data: { ...of, from, to: 200, cards: 1, left } };
}

export function withdrawn(offer: string): DomainEvent {
  return { type: "OfferWithdrawn", data: { offer: OfferId.parse(offer) } };
}

export function sensed(working: number, slot = 95, center: CenterId = xian): DomainEvent {
  return { type: "CapacitySensed", data: { center, product: ascend, working, idle: 0, slot } };
}

export function lost(center: CenterId, slot = 96): DomainEvent {
  return { type: "CenterLost", data: { center, at: inSlot(slot), slot } };
}

export function returned(center: CenterId, slot = 97): DomainEvent {
  return { type: "CenterReturned", data: { center, at: inSlot(slot), slot } };
}

/** A payout drew on its guarantee. */
export function suspended(center: CenterId, slot = 96): DomainEvent {
  const payout = PayoutId.parse(`${center}.2026-03-01`);
  return { type: "CenterSuspended", data: { center, at: inSlot(slot), slot, payout } };
}

export function reinstated(center: CenterId, slot = 97): DomainEvent {
  return { type: "CenterReinstated", data: { center, at: inSlot(slot), slot } };
}

export const jobSpec: JobSpec = {
  name: "",
  session: "spot",
  kind: "block",
  products: [{ product: ascend, limit: 250 }],
  cards: 8,
  slots: 10,
  from: 100,
  to: 130,
  home: xian,
  dataGB: 0,
  frameworks: [],
  maxSlots: 60,
  retries: 0,
};

export function requested(job: string, changed: Partial<JobSpec> = {}, owner = university): DomainEvent {
  const spec = { ...jobSpec, ...changed };
  const hold = millsText(bidHold(spec));
  return { type: "JobRequested", data: { job: jobId(job), owner, account: lab, spec, hold } };
}

export function admitted(job: string): DomainEvent {
  return { type: "JobAdmitted", data: { job: jobId(job) } };
}

export function held(job: string, amount: number, stretch = 1): DomainEvent {
  const mills = millsText(BigInt(amount));
  return { type: "FundsHeld", data: { account: lab, job: jobId(job), stretch, mills } };
}

export function holdRefused(job: string, stretch: number): DomainEvent {
  const of = { account: lab, job: jobId(job), stretch };
  return { type: "HoldRefused", data: { ...of, mills: millsText(1n), available: millsText(0n) } };
}

export function holdReleased(job: string, amount: number, stretch = 1): DomainEvent {
  const mills = millsText(BigInt(amount));
  return { type: "HoldReleased", data: { account: lab, job: jobId(job), stretch, mills } };
}

/** Requested, admitted, and its funds held: in the book. */
export function queued(job: string, changed: Partial<JobSpec> = {}, owner = university): DomainEvent[] {
  const spec = { ...jobSpec, ...changed };
  return [requested(job, changed, owner), admitted(job), held(job, Number(bidHold(spec)))];
}

/** 8 cards of Xi'an over slots 100 to 110. */
export function fill(changed: Partial<Fill> = {}): Fill {
  return { center: xian, product: ascend, from: 100, to: 110, cards: 8, price: 100, ...changed };
}

/** An award whose range and value follow from its fills. */
export function awardTo(
  job: string,
  auction: number,
  fills: readonly Fill[] = [fill()],
  changed: Partial<Award> = {},
): Award {
  const value = fills.reduce((sum, { cards, price, from, to }) => sum + cards * price * (to - from), 0);
  return {
    placement: placementId(job, auction),
    job: jobId(job),
    auction,
    session: "spot",
    stretch: 1,
    continues: false,
    from: Math.min(...fills.map(({ from }) => from)),
    to: Math.max(...fills.map(({ to }) => to)),
    fills: [...fills],
    links: [],
    value: millsText(BigInt(value)),
    ...changed,
  };
}

export function placed(award: Award, paidFrom?: number): DomainEvent {
  const paid = paidFrom === undefined ? {} : { paidFrom };
  return { type: "JobPlaced", data: { job: award.job, award, ...paid } };
}

/** The job did what it was to do; its award of auction 1 is released from `slot` on. */
export function completed(job: string, slot: number): DomainEvent {
  const of = { job: jobId(job), placement: placementId(job, 1), run: 1 };
  return { type: "JobCompleted", data: { ...of, at: inSlot(slot - 1, 300), slot } };
}

export function cancelled(job: string, slot: number, auction?: number): DomainEvent {
  const of = auction === undefined ? {} : { placement: placementId(job, auction) };
  return { type: "JobCancelled", data: { job: jobId(job), at: inSlot(slot), slot, ...of } };
}

/** Xi'an was lost in `slot`; the award of auction 1 is given back. */
export function displaced(
  job: string,
  slot: number,
  changed: Partial<Data<"JobDisplaced">> = {},
): DomainEvent {
  const of = { job: jobId(job), placement: placementId(job, 1), at: inSlot(slot, 30), slot };
  return { type: "JobDisplaced", data: { ...of, cause: "centerLost", center: xian, ...changed } };
}

export function reduced(job: string, center: CenterId, slot: number): DomainEvent {
  const of = { job: jobId(job), placement: placementId(job, 1), center, at: inSlot(slot), slot };
  return { type: "JobReduced", data: { ...of, cause: "centerLost" } };
}

/** Moves the book over one more page, decided in `slot`. */
export function seePage(book: BookState, events: readonly DomainEvent[], slot = 95): void {
  const stream = streams.account(lab, periodOf(slot));
  observePage(book, { position: book.position + 1, commits: [{ stream, time: inSlot(slot), events }] });
}

export function bookAfter(...events: readonly DomainEvent[]): BookState {
  const book = initialBook();
  seePage(book, events);
  return book;
}

/** A spot gate closes in `gate` and sells the 40 slots after it, a forward one a week from two slots later on. */
export function gateIn(gate: number, session: Session = "spot"): Gate {
  const from = session === "spot" ? gate + 1 : gate + 2;
  return { session, gate, from, to: from + (session === "spot" ? 40 : 1680) };
}

export function gateClosed(auction: number, gate: Gate, position: number): AuctionEvent {
  return { type: "GateClosed", data: { auction, position, at: inSlot(gate.gate, 200), ...gate } };
}

/** The events of the next auction's stream, as it is sealed with these awards. */
export function seal(book: BookState, gate: Gate, ...awards: Award[]): void {
  sealAs(book, gate, { awards, prices: [], linkPrices: [] });
}

/** The same, with the prices that it published, sealed in a slot of its own. */
export function sealWith(
  book: BookState,
  gate: Gate,
  awards: readonly Award[],
  prices: AuctionAwards["prices"],
  sealedIn = gate.gate,
): void {
  const auction = book.auctions + 1;
  sealAs(book, gate, { awards, prices, linkPrices: [] }, [
    {
      type: "AuctionCleared",
      data: {
        ...{ auction, session: gate.session, gate: gate.gate, at: inSlot(sealedIn, 210) },
        ...{ bids: 0, awards: 0, cardSlots: 0, demand: [], supply: [] },
        ...{ value: millsText(0n), welfare: millsText(0n), bound: millsText(0n) },
      },
    },
  ]);
}

function sealAs(
  book: BookState,
  gate: Gate,
  { awards, prices, linkPrices }: AuctionAwards,
  sealed: readonly AuctionEvent[] = [],
): void {
  const auction = book.auctions + 1;
  const page = { awards: [...awards], prices: [...prices], linkPrices: [...linkPrices] };
  observeAuction(book, auction, [
    gateClosed(auction, gate, book.position),
    { type: "AwardsPublished", data: { auction, page: 0, ...page } },
    ...sealed,
  ]);
}

/** The next auction comes to nothing. */
export function voidIn(book: BookState, { gate, session, ...onSale }: Gate): void {
  const auction = book.auctions + 1;
  const of = { auction, session, gate, at: inSlot(gate, 300) };
  observeAuction(book, auction, [
    gateClosed(auction, { gate, session, ...onSale }, book.position),
    { type: "AuctionVoided", data: { ...of, reason: "priceCap" } },
  ]);
}

export function instanceOf(book: BookState, gate: Gate = gateIn(99)): Instance {
  return instanceAt(book, { auction: book.auctions + 1, ...gate });
}

export interface Cleared {
  readonly instance: Instance;
  readonly result: Result;
  readonly awards: readonly Award[];
}

/** What the next auction would give; the book stays as it is. */
export function clearAt(book: BookState, gate: Gate = gateIn(99)): Cleared {
  const instance = instanceOf(book, gate);
  const result = clear(instance.book, instance);
  return { instance, result, awards: awardsOf(instance, result, book.auctions + 1).awards };
}

/** Clears the next auction and takes in what it publishes. */
export function sell(book: BookState, gate: Gate = gateIn(99)): Cleared {
  const cleared = clearAt(book, gate);
  sealAs(book, gate, awardsOf(cleared.instance, cleared.result, book.auctions + 1));
  return cleared;
}

/** Jobs that bid at a gate, in the order of ties. */
export function bidders(book: BookState, gate: Gate = gateIn(99)): string[] {
  return instanceOf(book, gate).bidders.map(({ job }) => job.job);
}

/** Cards of a pool on sale in one slot. */
export function cardsIn(book: BookState, slot: number, center: CenterId = xian): number {
  return stepsLeft(book, { from: slot, to: slot + 1, reservesUntil: 0 }, 1)
    .filter(({ pool }) => pool === `${center}/${ascend}`)
    .reduce((sum, { cards }) => sum + cards, 0);
}

export function jobIn(book: BookState, job: string): BookJob {
  const found = book.jobs.get(jobId(job));
  if (found === undefined) throw new Error(`no job ${job} in the book`);
  return found;
}
