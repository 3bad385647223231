import type { AuctionEvent } from "../events/catalog/auction.ts";
import type { Award } from "../events/catalog/award.ts";
import type { DomainEvent } from "../events/catalog/catalog.ts";
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
  Period,
} from "../events/catalog/values.ts";
import { awardPages, awardsOf, holdOf } from "../market/book/awards.ts";
import { type BookOffer, type BookState, initialBook, poolId } from "../market/book/book-state.ts";
import { bridges } from "../market/book/bridges.ts";
import { type Gate, gateDue } from "../market/book/gates.ts";
import { dueHolds, expiredJobs, expiredOffers, lapsedHolds } from "../market/book/holds.ts";
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
import { firstOnSale } from "../market/stretch.ts";
import { instant, periodOf, periodStart, slotOf, slotStart } from "../market/time.ts";
import {
  a100,
  ascend,
  gateClosed,
  instanceOf,
  jobSpec,
  joined,
  link,
  linked,
  reinstated,
  suspended,
} from "./book-histories.ts";
import type { Happening, SlotPlan, Wish } from "./slot-plans.ts";

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
