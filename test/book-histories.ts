import fc from "fast-check";
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
  GroupId,
  JobId,
  type MillsText,
  OfferId,
  OwnerId,
  PayoutId,
  Period,
  PlacementId,
  ProductId,
  type Session,
} from "../events/catalog/values.ts";
import { type AuctionAwards, awardPages, awardsOf, holdOf } from "../market/book/awards.ts";
import {
  type BookJob,
  type BookOffer,
  type BookState,
  initialBook,
  poolId,
} from "../market/book/book-state.ts";
import { bridges } from "../market/book/bridges.ts";
import { stepsLeft } from "../market/book/capacity-left.ts";
import { type Gate, gateDue } from "../market/book/gates.ts";
import { dueHolds, expiredJobs, expiredOffers, lapsedHolds } from "../market/book/holds.ts";
import { type Instance, instanceAt } from "../market/book/instance.ts";
import { excludedJobs } from "../market/book/links.ts";
import { observeAuction } from "../market/book/observe-auction.ts";
import { observePage, type SeenCommit } from "../market/book/observe-page.ts";
import { reclaimedRuns, reclaimNotices } from "../market/book/reclaims.ts";
import { voided } from "../market/book/why.ts";
import { clear } from "../market/clearing/clear.ts";
import type { Book, Result } from "../market/clearing/instance.ts";
import type { JobCommand } from "../market/job/commands.ts";
import { askAtDeadline, deadlineOf, mayGoOn } from "../market/job/deadlines.ts";
import { inForce, type KnownJob, type Placement } from "../market/job/state.ts";
import { jobDecider } from "../market/job.ts";
import { millsText } from "../market/money.ts";
import { type KnownOffer, type OfferCommand, offerDecider } from "../market/offer.ts";
import { bidHold, firstOnSale } from "../market/stretch.ts";
import { instant, periodOf, periodStart, slotOf, slotStart } from "../market/time.ts";

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

// Random lives of a market: tenants, centers and the exchange around its gates, decided by the real deciders.

/** One auction of a history, and what it saw. */
export interface HeldAuction {
  readonly n: number;
  readonly gate: Gate;
  /** Pages of the feed that it saw. */
  readonly position: number;
  readonly events: readonly AuctionEvent[];
  readonly problem: Book;
  /** `CENTER/PRODUCT`, in the order of the problem. */
  readonly pools: readonly string[];
  readonly bidders: readonly string[];
  /** Absent: nobody bid. */
  readonly result?: Result;
  readonly awards: readonly { readonly award: Award; readonly hold: MillsText }[];
}

export interface History {
  readonly pages: readonly (readonly SeenCommit[])[];
  readonly auctions: readonly HeldAuction[];
  /** The book that followed all of it. */
  readonly book: BookState;
  /** The jobs by their own streams. */
  readonly jobs: readonly KnownJob[];
  /** Funds that stay held though their job has ended without an award for them. */
  readonly stuck: readonly string[];
  /** Types of all events in the feed. */
  readonly counts: ReadonlyMap<string, number>;
}

const centers = ["north", "south", "west"].map((center) => CenterId.parse(center));
const pools = [
  { center: at(centers, 0), product: ascend },
  { center: at(centers, 0), product: a100 },
  { center: at(centers, 1), product: ascend },
  { center: at(centers, 2), product: ascend },
];
/** Days change on the way. */
const midnight = periodStart(Period.parse("2026-01-06"));
const opening = midnight - 9;
const quietSlots = 4;

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
}

type Happening =
  | { readonly kind: "offer" | "request"; readonly what: Wish }
  | {
      readonly kind:
        | "withdraw"
        | "draw"
        | "reclaim"
        | "cancel"
        | "refuse"
        | "complete"
        | "fail"
        | "meter"
        | "lose"
        | "return"
        | "suspend"
        | "silence"
        | "sense"
        | "link";
      readonly pick: number;
    };

/** Numbers out of which an offer or a job is made. */
interface Wish {
  readonly pool: number;
  readonly cards: number;
  readonly price: number;
  readonly from: number;
  readonly slots: number;
  readonly slack: number;
  readonly session: Session;
  readonly kind: JobSpec["kind"];
  readonly extendLimit: number | undefined;
  readonly more: number;
  readonly dataGB: number;
  readonly stage: number;
  readonly owner: number;
  readonly choosy: number;
  readonly group: "a" | "b" | undefined;
  /** Which of the jobs so far is its parent. */
  readonly parent: number | undefined;
  /** How much longer it takes on its second product. */
  readonly slower: number;
}

export interface SlotPlan {
  readonly happenings: readonly Happening[];
  /** Which streams reach the feed late, and in what order the others do. */
  readonly lag: number;
  /** Slots for which an auction of this slot waits for its seal. */
  readonly outage: number;
  /** Accounts hold nothing more in this slot. */
  readonly refuses: boolean;
}

const wish: fc.Arbitrary<Wish> = fc.record({
  pool: fc.nat(3),
  cards: fc.constantFrom(1, 2, 4, 4, 6, 8),
  price: fc.constantFrom(60, 110, 150, 220, 400, 10_000),
  from: fc.integer({ min: 0, max: 3 }),
  slots: fc.integer({ min: 1, max: 8 }),
  slack: fc.integer({ min: 0, max: 20 }),
  session: fc.constantFrom("spot", "spot", "forward"),
  kind: fc.constantFrom("block", "block", "split", "div", "service"),
  extendLimit: fc.constantFrom(undefined, undefined, 150, 300, 300, 10_000),
  more: fc.integer({ min: 0, max: 40 }),
  dataGB: fc.constantFrom(0, 0, 45, 90, 460),
  stage: fc.constantFrom(0, 0, 1, 2, 5),
  owner: fc.nat(9),
  choosy: fc.nat(7),
  group: fc.constantFrom(undefined, undefined, undefined, "a", "b"),
  parent: fc.oneof(fc.constant(undefined), fc.nat(99), fc.nat(99)),
  slower: fc.constantFrom(0, 0, 1, 3),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("offer" as const), what: wish }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("request" as const), what: wish }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...([
          "withdraw",
          "draw",
          "draw",
          "reclaim",
          "reclaim",
          "cancel",
          "refuse",
          "complete",
          "complete",
          "fail",
          "meter",
        ] as const),
        ...(["lose", "return", "return", "return", "suspend", "silence", "sense", "sense", "link"] as const),
      ),
      pick: fc.nat(99),
    }),
  },
);

// Only slots and happenings are left out when a failure is shrunk: each try lives a whole history.
const slotPlan: fc.Arbitrary<SlotPlan> = fc.record({
  happenings: fc.array(fc.noShrink(happening), { maxLength: 5 }),
  lag: fc.noShrink(fc.nat(9)),
  outage: fc.noShrink(fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 6)),
  refuses: fc.noShrink(fc.constantFrom(false, false, false, false, false, true)),
});

/** What becomes of one is a history: `live`. */
export const plans: fc.Arbitrary<SlotPlan[]> = fc.array(slotPlan, { minLength: 8, maxLength: 26 });

/** A market while it lives. */
interface Life {
  slot: number;
  /** Seconds of the slot that have passed. */
  seconds: number;
  plan: SlotPlan;
  readonly book: BookState;
  readonly pages: SeenCommit[][];
  readonly auctions: HeldAuction[];
  /** What the feed has not taken in yet, by stream. */
  readonly waiting: Map<string, SeenCommit[]>;
  readonly jobs: Map<JobId, KnownJob>;
  readonly offers: Map<OfferId, KnownOffer>;
  /** By `JOB/STRETCH`. */
  readonly held: Map<string, MillsText>;
  readonly lost: Set<CenterId>;
  readonly suspended: Set<CenterId>;
  readonly silent: Set<CenterId>;
  unsealed: { readonly auction: HeldAuction; readonly until: number } | undefined;
  /** Slot in which auctions are held again. */
  awayUntil: number;
  names: number;
}

/** Slots after which a late auction is sealed at last; in longer outages no gate closes at all. */
const longestSeal = 2;

const quiet: SlotPlan = { happenings: [], lag: 0, outage: 0, refuses: false };

/** The history of a market in which all this happens, and then some quiet slots. */
export function live(plans: readonly SlotPlan[]): History {
  const life: Life = {
    slot: opening,
    seconds: 0,
    plan: quiet,
    book: initialBook(),
    pages: [],
    auctions: [],
    waiting: new Map(),
    jobs: new Map(),
    offers: new Map(),
    held: new Map(),
    lost: new Set(),
    suspended: new Set(),
    silent: new Set(),
    unsealed: undefined,
    awayUntil: 0,
    names: 0,
  };
  open(life);
  let over: readonly KnownJob[] = [];
  const all = [...plans, ...new Array<SlotPlan>(quietSlots).fill(quiet)];
  for (const [index, plan] of all.entries()) {
    if (index === plans.length) life.awayUntil = 0;
    // What ends later than that may wait for its release.
    if (index === all.length - 2) over = [...life.jobs.values()].filter(({ phase }) => ended.includes(phase));
    liveSlot(life, plan);
  }
  const { pages, auctions, book } = life;
  const jobs = [...life.jobs.values()];
  const types = pages.flat().flatMap(({ events }) => events.map(({ type }) => type));
  const counts = new Map([...Map.groupBy(types, (type) => type)].map(([type, same]) => [type, same.length]));
  return { pages, auctions, book, jobs, stuck: over.flatMap((job) => unusedHolds(life, job)), counts };
}

function liveSlot(life: Life, plan: SlotPlan): void {
  life.plan = plan;
  life.seconds = 10;
  for (const one of plan.happenings) happen(life, one);
  // Reports of two days meet in the feed.
  if (Math.abs(life.slot - midnight) <= 1)
    for (const [index, pool] of pools.entries())
      happenAt(life, pool, "sense", 2 + ((index * 3 + life.slot * 5) % 9));
  life.seconds = 40;
  for (const job of life.jobs.values()) carryOn(life, job);
  life.seconds = 70;
  for (const job of life.jobs.values()) askDeadline(life, job);
  life.seconds = 200;
  closeGates(life);
  life.slot += 1;
}

const now = ({ slot, seconds }: Life) => slotStart(slot) + seconds * 1000;

function append(life: Life, stream: string, ...events: readonly DomainEvent[]): void {
  if (events.length === 0) return;
  const commits = life.waiting.get(stream) ?? [];
  life.waiting.set(stream, commits);
  commits.push({ stream, time: instant(now(life)), events });
}

function open(life: Life): void {
  const energy = Array.from({ length: 24 }, (_, hour) => (hour % 5) * 200);
  const carbon = energy.map((mills) => mills / 10);
  centers.forEach((center, index) => {
    const own = pools.filter((pool) => pool.center === center);
    const frameworks = index === 1 ? [] : ["mindspore"];
    const spec = own.map(({ product }) => ({ product, cards: 16, frameworks }));
    append(
      life,
      streams.center(center),
      joined(center, {
        pools: spec,
        energy,
        ...(index === 1 ? { carbon } : {}),
        puePermille: 1100 + index * 100,
      }),
    );
    const to = at(centers, index + 1);
    append(life, streams.center(center), linked(center, link(to, { gbps: 1 + index, perGB: index })));
  });
  pools.forEach((_, pool) => {
    postOffer(life, {
      pool,
      cards: 4 + pool,
      price: 80 + 20 * pool,
      from: 0,
      slots: 60,
      more: (pool + 1) % 2,
    });
  });
}

type OfferWish = Pick<Wish, "pool" | "cards" | "price" | "from" | "slots"> & Partial<Wish>;

/** Some have steps, some a minimum run, some are home reserves, some may be taken back; the opening's have no steps or runs. */
function shapeOf({ cards, price, slots, choosy = 7, more = 0 }: OfferWish): Partial<BookOffer> {
  const stepped = choosy % 2 === 0 && cards > 1 && price < 10_000;
  const rest = cards - Math.floor(cards / 2);
  return {
    ...(stepped
      ? {
          steps: [
            { cards: cards - rest, reserve: price },
            { cards: rest, reserve: price + 40 },
          ],
        }
      : {}),
    ...(choosy < 3 ? { homeReserve: true } : {}),
    ...(more % 2 === 1 ? { reclaimNotice: 1 + (more % 3) } : {}),
    ...(choosy > 2 && choosy < 6 ? { minRun: 1 + (more % Math.min(14, slots * 5)) } : {}),
  };
}

function postOffer(life: Life, what: OfferWish): void {
  const { center, product } = at(pools, what.pool);
  const offer = OfferId.parse(`offer-${life.names++}`);
  const from = life.slot + what.from;
  const to = from + what.slots * 5;
  const owner = OwnerId.parse(`${center}-owner`);
  const data = {
    offer,
    center,
    owner,
    product,
    from,
    to,
    cards: what.cards,
    reserve: what.price,
    ...shapeOf(what),
  };
  life.offers.set(offer, { phase: "open", offer: data, draws: [], reclaims: [] });
  append(life, streams.offer(offer), { type: "CapacityOffered", data });
}

function happen(life: Life, one: Happening): void {
  switch (one.kind) {
    case "offer":
      postOffer(life, one.what);
      return;
    case "request":
      requestJob(life, one.what);
      return;
    case "draw":
      drawFrom(life, one.pick);
      return;
    case "reclaim":
      reclaimFrom(life, one.pick);
      return;
    case "withdraw":
      if (life.offers.size > 0) endOffer(life, at([...life.offers.keys()], one.pick), "OfferWithdrawn");
      return;
    case "lose":
    case "return":
    case "suspend":
    case "silence":
    case "sense":
    case "link":
      happenAt(life, at(pools, one.pick), one.kind, one.pick);
      return;
    case "cancel":
      tellOne(life, ["requested", "queued", "queued", "accepted", "running"], one.pick, () => ({
        type: "Cancel",
      }));
      return;
    case "refuse":
      tellOne(life, ["reserved", "accepted", "running"], one.pick, ({ id, centers: own }) => {
        return { type: "Refuse", placement: id, center: at(own, one.pick) };
      });
      return;
    case "complete":
    case "fail":
      tellOne(life, ["running"], one.pick, ({ id, centers: own, run }) => {
        const outcome = one.kind === "complete" ? "completed" : "failed";
        return { type: "Finish", placement: id, center: at(own, 0), run, outcome };
      });
      return;
    case "meter":
      tellOne(life, ["running"], one.pick, ({ id, centers: own, run, runFrom }) => {
        const center = at(own, 0);
        const checkpointAt = instant(slotStart(life.slot - (one.pick % 2)));
        const usage = { center, from: instant(slotStart(runFrom)), to: instant(now(life)), cardSeconds: 9 };
        return { type: "Meter", placement: id, center, run, usage, checkpointAt };
      });
      return;
    default:
      one satisfies never;
  }
}

function happenAt(
  life: Life,
  { center, product }: (typeof pools)[number],
  kind: "lose" | "return" | "suspend" | "silence" | "sense" | "link",
  pick: number,
): void {
  const { slot } = life;
  const moment = { center, at: instant(now(life)), slot };
  switch (kind) {
    case "lose":
      if (life.lost.has(center)) return;
      life.lost.add(center);
      append(life, streams.center(center), { type: "CenterLost", data: moment });
      for (const job of life.jobs.values()) {
        const placement = inForce(job)?.id;
        if (placement !== undefined)
          tell(life, job, { type: "Displace", placement, cause: "centerLost", center });
      }
      return;
    case "return":
      life.silent.clear();
      for (const gone of life.lost)
        append(life, streams.center(gone), { type: "CenterReturned", data: { ...moment, center: gone } });
      life.lost.clear();
      for (const back of life.suspended) append(life, streams.center(back), reinstated(back, slot));
      life.suspended.clear();
      return;
    case "suspend":
      if (life.suspended.has(center)) return;
      life.suspended.add(center);
      append(life, streams.center(center), suspended(center, slot));
      return;
    case "silence":
      life.silent.add(center);
      return;
    case "sense": {
      const data = { center, product, working: pick % 17, idle: 0, slot };
      append(life, streams.capacity(center, periodOf(slot)), { type: "CapacitySensed", data });
      return;
    }
    case "link": {
      const to = centers.filter((other) => other !== center);
      append(life, streams.center(center), linked(center, link(at(to, pick), { gbps: 1 + (pick % 3) })));
      return;
    }
    default:
      kind satisfies never;
  }
}

/** Its center takes some of a home reserve, if it still may. */
function drawFrom(life: Life, pick: number): void {
  const reserves = [...life.offers.values()].filter(({ offer }) => offer.homeReserve === true);
  const known = reserves[pick % Math.max(1, reserves.length)];
  if (known === undefined) return;
  const { to } = known.offer;
  const from = Math.max(known.offer.from, life.slot + 22 + (pick % 3));
  const draw = { draw: DrawId.parse(`draw-${life.names++}`), from, to, cards: 1 + (pick % 3) };
  tellOffer(life, known, { type: "Draw", draw, at: now(life) });
}

/** Its center takes some of an offer back, or all. */
function reclaimFrom(life: Life, pick: number): void {
  const lent = [...life.offers.values()].filter(({ offer }) => offer.reclaimNotice !== undefined);
  const known = lent[pick % Math.max(1, lent.length)];
  if (known === undefined) return;
  const from = life.slot + 1 + (known.offer.reclaimNotice ?? 0) + (pick % 3);
  const cards = pick % 2 === 0 ? undefined : 1 + (pick % 3);
  tellOffer(life, known, { type: "Reclaim", from, cards, at: now(life) });
}

function tellOffer(life: Life, known: KnownOffer, command: OfferCommand): void {
  const { offer } = known.offer;
  const decision = offerDecider.decide(command, known);
  if (!decision.ok) return;
  const next = decision.events.reduce(offerDecider.evolve, known);
  if (next.phase !== "unknown") life.offers.set(offer, next);
  append(life, streams.offer(offer), ...decision.events);
}

function endOffer(life: Life, offer: OfferId | undefined, type: "OfferWithdrawn" | "OfferExpired"): void {
  if (offer === undefined || !life.offers.delete(offer)) return;
  append(life, streams.offer(offer), { type, data: { offer } });
}

/** A command without its time. */
type Untimed<Command> = Command extends unknown ? Omit<Command, "at"> : never;
type Told = Untimed<JobCommand>;

/** Carries a command out; says whether the job took it. */
function tell(life: Life, job: KnownJob, command: Told): boolean {
  const id = job.request.job;
  const state = life.jobs.get(id) ?? job;
  const timed: JobCommand = { ...command, at: now(life) };
  const decision = jobDecider.decide(timed, state);
  if (!decision.ok) return false;
  const next = decision.events.reduce(jobDecider.evolve, state);
  if (next.phase !== "unknown") life.jobs.set(id, next);
  append(life, streams.job(id), ...decision.events);
  return true;
}

function tellOne(
  life: Life,
  phases: readonly KnownJob["phase"][],
  pick: number,
  command: (placement: Placement) => Told,
): void {
  const fitting = [...life.jobs.values()].filter(({ phase }) => phases.includes(phase));
  const job = fitting[pick % Math.max(1, fitting.length)];
  if (job === undefined) return;
  const placement = inForce(job);
  if (placement !== undefined) tell(life, job, command(placement));
  else if (phases.includes("queued")) tell(life, job, { type: "Cancel" });
}

function requestJob(life: Life, what: Wish): void {
  const job = JobId.parse(`job-${life.names++}`);
  const owner = OwnerId.parse(what.owner === 0 ? `${at(centers, what.pool)}-owner` : "university");
  const account = AccountId.parse(what.owner > 5 ? "lab" : "institute");
  const parent = parentFor(life, owner, what);
  const spec = { ...specOf(life, what), ...(parent === undefined ? {} : childOf(parent, life, what)) };
  const request = { type: "Request", job, owner, account, spec, at: now(life) } as const;
  const command = parent === undefined ? request : { ...request, parent };
  const decision = jobDecider.decide(command, { phase: "unknown" });
  if (!decision.ok) return;
  const state = decision.events.reduce(jobDecider.evolve, jobDecider.initial);
  if (state.phase === "unknown") return;
  life.jobs.set(job, state);
  append(life, streams.job(job), ...decision.events);
  // A request that was cut off here is not admitted.
  if (what.choosy === 7) return;
  const { hold } = state.request;
  if (takeHold(life, { account, job, stretch: 1, mills: hold })) tell(life, state, { type: "Admit", hold });
  else tell(life, state, { type: "Reject", reason: "no funds" });
  if (what.choosy === 6) tell(life, state, { type: "Cancel" });
}

const isGang = (kind: JobSpec["kind"]) => kind === "block" || kind === "split";

/** A gang that may have children; a job without one to follow is nobody's child. */
function parentFor(life: Life, owner: OwnerId, what: Wish): KnownJob | undefined {
  if (what.parent === undefined || !isGang(what.kind)) return undefined;
  const fitting = [...life.jobs.values()].filter(({ request, phase }) => {
    const { spec } = request;
    const mayBe =
      request.owner === owner && isGang(spec.kind) && (phase === "completed" || !ended.includes(phase));
    const sameGroup = spec.group !== undefined && spec.group === groupFor(life, what).group;
    // Most have an end that can be waited for.
    return mayBe && !sameGroup && (spec.extendLimit === undefined || what.slack % 5 === 0);
  });
  return fitting[what.parent % Math.max(1, fitting.length)];
}

/** Mostly with time enough to wait for its parent. */
function childOf({ request: { job } }: KnownJob, life: Life, what: Wish): Partial<JobSpec> {
  const { to } = specOf(life, what);
  return { parent: job, to: what.slack % 4 === 0 ? to : to + 20 };
}

/** New groups every few slots, for one that was awarded takes no more. */
function groupFor({ slot }: Life, { group }: Wish): { group?: GroupId } {
  return group === undefined ? {} : { group: GroupId.parse(`${group}-${Math.floor(slot / 4)}`) };
}

function specOf(life: Life, what: Wish): JobSpec {
  const { session, kind, cards, price: limit, choosy } = what;
  const slots = session === "spot" ? what.slots : what.slots > 5 ? 20 : 10;
  const stageSlots =
    kind === "div" || what.dataGB === 0 ? 0 : session === "spot" ? what.stage : what.stage * 10;
  const soonest = firstOnSale(session, now(life)) + (kind === "service" ? stageSlots : 0);
  const whole = kind === "service" && session === "forward" ? 10 : 1;
  const from = (kind === "service" ? soonest : life.slot + 1) + what.from * whole;
  const longer = session === "spot" ? slots + what.slower : slots + 10 * what.slower;
  const own = isGang(kind) && what.slower > 0 ? { slots: longer } : {};
  const second = choosy < 3 ? [{ product: a100, limit: Math.min(10_000, limit + 100), ...own }] : [];
  const chunk = cards % 2 === 0 ? 2 : 1;
  return {
    ...jobSpec,
    session,
    kind,
    products: [{ product: ascend, limit }, ...second],
    cards,
    slots,
    from,
    to: from + slots + (kind === "service" ? 0 : stageSlots + what.slack),
    home: at(centers, what.pool),
    dataGB: what.dataGB,
    maxSlots: Math.max(slots, own.slots ?? 0) + what.more,
    ...groupFor(life, what),
    retries: choosy % 2,
    ...(stageSlots === 0 ? {} : { stageSlots }),
    ...(kind === "service" ? { floor: 1 + (what.slack % cards) } : {}),
    ...(what.owner % 2 === 1 ? { reclaimable: true } : {}),
    ...(what.extendLimit === undefined ? {} : { extendLimit: what.extendLimit }),
    ...(choosy === 3 ? { frameworks: ["mindspore"] } : {}),
    ...(choosy === 4 ? { regions: ["north", "south"] } : {}),
    ...(choosy === 5 ? { maxLatencyMs: 4 } : {}),
    ...(kind === "split" ? { split: { chunk, bandwidthGbps: what.from % 2, syncLatencyMs: 9 } } : {}),
  };
}

type StretchHold = ReturnType<typeof dueHolds>[number];

function takeHold(life: Life, hold: StretchHold): boolean {
  const { account, job, stretch } = hold;
  const key = `${job}/${stretch}`;
  if (life.held.has(key)) return true;
  const stream = streams.account(account, periodOf(life.slot));
  if (life.plan.refuses) {
    append(life, stream, { type: "HoldRefused", data: { ...hold, available: millsText(0n) } });
    return false;
  }
  life.held.set(key, hold.mills);
  append(life, stream, { type: "FundsHeld", data: hold });
  return true;
}

function releaseHold(life: Life, { account, job, stretch }: StretchHold): void {
  const key = `${job}/${stretch}`;
  const mills = life.held.get(key);
  if (mills === undefined) return;
  life.held.delete(key);
  const data = { account, job, stretch, mills };
  append(life, streams.account(account, periodOf(life.slot)), { type: "HoldReleased", data });
}

const ended: readonly KnownJob["phase"][] = ["rejected", "completed", "failed", "cancelled", "expired"];

/** Funds held for a job that no award has used. */
function unusedHolds({ held }: Life, { request: { job }, balances }: KnownJob): string[] {
  const used = new Set(balances.map(({ award }) => `${job}/${award.stretch}`));
  return [...held.keys()].filter((key) => key.startsWith(`${job}/`) && !used.has(key));
}

/** Centers accept and start what they were sent, unless they are away. */
function carryOn(life: Life, job: KnownJob): void {
  const placement = inForce(job);
  if (placement === undefined) return;
  const { id } = placement;
  const awake = placement.centers.filter((center) => !life.lost.has(center) && !life.silent.has(center));
  for (const center of awake) tell(life, job, { type: "Accept", placement: id, center });
  for (const center of awake) {
    const run = placement.runActive ? placement.run : placement.run + 1;
    tell(life, job, { type: "Start", placement: id, center, run });
  }
}

function askDeadline(life: Life, job: KnownJob): void {
  const placement = inForce(job);
  const deadline = placement && deadlineOf(job, placement.id);
  if (placement === undefined || deadline === undefined || now(life) < deadline.at) return;
  // An award's end is asked for when the auctions that could continue it are sealed.
  if (deadline.awaited === "ended" && (life.unsealed !== undefined || life.slot < life.awayUntil)) return;
  // One that may go on waits for the gate at its end, before which it is told what the exchange's absence did to it.
  const gate = life.book.gates.get("spot") ?? -1;
  if (deadline.awaited === "ended" && mayGoOn(job, placement) && gate < placement.end) return;
  tell(life, job, askAtDeadline(deadline.awaited, placement.id, now(life)));
}

/** A stream keeps its order, but may wait; a draw reaches the feed before the first gate that could sell its cards. */
function isLate({ plan: { lag }, slot, waiting }: Life, stream: string): boolean {
  const urgent = ({ events, time }: SeenCommit) =>
    events.some(({ type }) => type === "ReserveDrawn") && slotOf(Date.parse(time)) < slot - 1;
  if (waiting.get(stream)?.some(urgent) === true) return false;
  const hash = [...stream].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, slot);
  return (hash * lag) % 7 > 4;
}

/** The feed takes in what waits, and the book follows. */
function publish(life: Life, isHeldBack: (stream: string) => boolean): void {
  const ready = [...life.waiting].filter(([stream]) => !isHeldBack(stream));
  const turn = life.plan.lag % Math.max(1, ready.length);
  const commits = [...ready.slice(turn), ...ready.slice(0, turn)].flatMap(([, own]) => own);
  for (const [stream] of ready) life.waiting.delete(stream);
  const cut = life.plan.lag % 2 === 0 ? commits.length : Math.floor(commits.length / 2);
  for (const page of [commits.slice(0, cut), commits.slice(cut)]) {
    if (page.length === 0) continue;
    life.pages.push(page);
    observePage(life.book, { position: life.pages.length, commits: page });
  }
}

function closeGates(life: Life): void {
  if (life.slot < life.awayUntil) return;
  if (life.plan.outage > longestSeal) life.awayUntil = life.slot + life.plan.outage;
  if (life.unsealed !== undefined) {
    if (life.slot < life.unsealed.until) return;
    const { auction } = life.unsealed;
    life.unsealed = undefined;
    sealAuction(life, auction);
  }
  while (life.unsealed === undefined) {
    publish(life, (stream) => isLate(life, stream));
    const gate = gateDue(life.book, now(life));
    if (gate === undefined) return;
    const bridged = tellBridged(life, gate.gate);
    publish(life, (stream) => !bridged.has(stream));
    const told = tellReclaimed(life, gate.gate);
    publish(life, (stream) => !told.has(stream));
    for (const hold of dueHolds(life.book, gate.gate)) takeHold(life, hold);
    publish(life, (stream) => !stream.startsWith("account-") || isLate(life, `${stream}/held`));
    closeGate(life, gate);
  }
}

/** Runs that ended while nobody held auctions go on to this gate; the streams of those that were told. */
function tellBridged(life: Life, gate: number): Set<string> {
  const told = bridges(life.book, gate);
  for (const { job: id, award, hold } of told) {
    const job = life.jobs.get(id);
    if (job === undefined || !tell(life, job, { type: "Bridge", award, hold }))
      throw new Error(`${id} was not bridged`);
  }
  return new Set(told.map(({ job }) => streams.job(job)));
}

/** Jobs give back what was taken back, and end when it is gone; the streams of those that were told. */
function tellReclaimed(life: Life, gate: number): Set<string> {
  const ends = reclaimedRuns(life.book, gate).map(({ job, placement }) => ({
    job,
    command: { type: "StretchEnded", placement } as const,
  }));
  const notices = reclaimNotices(life.book, gate).map(({ job, ...notice }) => ({
    job,
    command: { type: "Reclaim", ...notice } as const,
  }));
  const told = [...ends, ...notices];
  for (const { job: id, command } of told) {
    const job = life.jobs.get(id);
    if (job === undefined || !tell(life, job, command)) throw new Error(`${id} did not take ${command.type}`);
  }
  return new Set(told.map(({ job }) => streams.job(job)));
}

function closeGate(life: Life, gate: Gate): void {
  const { book, plan, slot } = life;
  const n = book.auctions + 1;
  const instance = instanceOf(book, gate);
  const of = { n, gate, position: book.position, problem: instance.book };
  const names = instance.pools.map(({ center, product }) => poolId(center.spec.center, product));
  const seen = { ...of, pools: names, bidders: instance.bidders.map(({ job }) => job.job) };
  const closed = gateClosed(n, gate, book.position);
  if (instance.book.bids.length === 0) {
    sealAuction(life, { ...seen, events: [closed], awards: [] });
    return;
  }
  const result = clear(instance.book, instance);
  if (gate.reruns === undefined && voided(instance, result)) {
    const data = { auction: n, session: gate.session, gate: gate.gate, at: instant(now(life)) };
    const events: AuctionEvent[] = [closed, { type: "AuctionVoided", data: { ...data, reason: "priceCap" } }];
    sealAuction(life, { ...seen, events, result, awards: [] });
    return;
  }
  const given = awardsOf(instance, result, n);
  const pages = awardPages(given).map(
    (page, index): AuctionEvent => ({ type: "AwardsPublished", data: { auction: n, page: index, ...page } }),
  );
  const awards = given.awards.map((award) => ({ award, hold: holdOf(book, award) }));
  const auction = { ...seen, events: [closed, ...pages], result, awards };
  if (plan.outage > 0 && plan.outage <= longestSeal) life.unsealed = { auction, until: slot + plan.outage };
  else sealAuction(life, auction);
}

/** The seal of an auction that was not voided. */
function sealOf({ n, gate, events }: HeldAuction, sealedAt: string): AuctionEvent[] {
  if (events.some(({ type }) => type === "AuctionVoided")) return [];
  const none = millsText(0n);
  const of = { auction: n, session: gate.session, gate: gate.gate, at: sealedAt };
  const sums = { bids: 0, awards: 0, cardSlots: 0, value: none, welfare: none, bound: none };
  return [{ type: "AuctionCleared", data: { ...of, ...sums, demand: [], supply: [] } }];
}

function sealAuction(life: Life, held: HeldAuction): void {
  const { book } = life;
  const auction = { ...held, events: [...held.events, ...sealOf(held, instant(now(life)))] };
  for (const { award, hold } of auction.awards) {
    const job = life.jobs.get(award.job);
    const type = award.continues ? "Continue" : "Place";
    if (job === undefined || !tell(life, job, { type, award, hold }))
      throw new Error(`${award.placement} was not taken`);
  }
  life.auctions.push(auction);
  observeAuction(book, auction.n, auction.events);
  for (const hold of lapsedHolds(book)) releaseHold(life, hold);
  for (const { job: id, excluded } of excludedJobs(book)) {
    const job = life.jobs.get(id);
    if (job !== undefined) tell(life, job, { type: "Expire", slot: auction.gate.gate, excluded });
  }
  for (const id of expiredJobs(book, auction.gate.gate)) {
    const job = life.jobs.get(id);
    if (job !== undefined) tell(life, job, { type: "Expire", slot: auction.gate.gate });
  }
  for (const offer of expiredOffers(book, auction.gate.gate)) endOffer(life, offer, "OfferExpired");
}
