import type { Work } from "../../agent/replay/world.ts";
import { openingMs, type Scenario } from "../../agent/scenario/scenario.ts";
import type { Failure } from "../../agent/scenario/scenario-file.ts";
import { DAY_SECONDS, type ScenarioJob, SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { CenterJoined, LinkSpec } from "../../events/catalog/center.ts";
import { type JobEvent, JobSpec } from "../../events/catalog/job.ts";
import { CapacityOffered } from "../../events/catalog/offer.ts";
import {
  AccountId,
  CenterId,
  DepositId,
  JobId,
  MillsText,
  OfferId,
  OwnerId,
  type PlacementId,
} from "../../events/catalog/values.ts";
import type { KnownAccount } from "../../market/account.ts";
import { askAtDeadline, deadlineOf } from "../../market/job/deadlines.ts";
import { rules } from "../../market/rules.ts";
import type { Ledger } from "../../market/settlement/ledger.ts";
import { instant, periodOf, periodPlus, slotOf } from "../../market/time.ts";
import { createEventQueue } from "./event-queue.ts";
import { type AuctionCounts, createMemoryExchange, type MemoryExchange } from "./memory-exchange.ts";

/** What a simulated month leaves behind. */
export interface Simulated {
  /** By the exchange's job id. */
  readonly works: ReadonlyMap<string, Work>;
  /** Events of jobs, in the order of the feed; meters and charges are left out. */
  readonly events: readonly DomainEvent[];
  readonly ledger: Ledger;
  readonly accounts: ReadonlyMap<AccountId, KnownAccount>;
  readonly counts: Readonly<AuctionCounts>;
  /** Instant of the opening, ms. */
  readonly opening: number;
}

/** Things that happen by themselves; at one instant in the order of `orders`. */
type Happening =
  | { readonly kind: "finish"; readonly lease: PlacementId }
  | { readonly kind: "fail" | "lose" | "return"; readonly failure: Failure }
  | { readonly kind: "ask"; readonly lease: PlacementId }
  | { readonly kind: "arrive"; readonly job: ScenarioJob }
  | { readonly kind: "gate" }
  | { readonly kind: "start"; readonly lease: PlacementId }
  | { readonly kind: "close"; readonly day: number };

/** What ended by an instant is seen by the gate of that instant. */
const orders = ["finish", "fail", "lose", "return", "ask", "arrive", "gate", "start", "close"] as const;

/** Seconds after the opening at which what was running before it is requested: the first gate is past then. */
const OPENING_DELAY = 2;
/** Seconds after a gate at which centers renew their leases, as the replay's agents do. */
const TICK_DELAY = 3;
/** Seconds after midnight at which the day before is closed: the last reports of its runs are in. */
const CLOSE_DELAY = 300;
/** Real schedulers save the state of long work about once an hour. */
const CHECKPOINT_SECONDS = 3600;
/** Bids for a first award that a tenant has in the book at most; its other jobs wait their turn at home. */
const BIDS_MOST = 32;
/**
 * Accounts of each tenant: every stretch of a job has a hold of its own until it is charged, and one account has
 * `rules.openHoldsMax` of them at most. Each job is on the account that has fewest when it is requested.
 */
const ACCOUNTS = 8;

/** A placement at its center. Jobs of the traces are gangs in one center. */
interface Run {
  readonly job: JobId;
  readonly work: Work;
  readonly center: CenterId;
  readonly cards: number;
  /** Seconds from the opening. */
  readonly from: number;
  end: number;
  startedAt?: number;
  /** Its center failed: it does nothing more. */
  dead: boolean;
}

interface World {
  readonly scenario: Scenario;
  readonly opening: number;
  readonly exchange: MemoryExchange;
  readonly queue: ReturnType<typeof createEventQueue<Happening>>;
  readonly works: Map<string, Work>;
  /** Placements in force, by the id of their first award. */
  readonly runs: Map<PlacementId, Run>;
  readonly down: Set<CenterId>;
  /** Jobs that a tenant has not requested yet, in the order of their arrival, and how many of its bids wait in the book. */
  readonly desks: Map<string, Desk>;
}

interface Desk {
  readonly waiting: ScenarioJob[];
  /** First of `waiting` that is not requested yet. */
  next: number;
  bidding: number;
}

/** Kinds of events from which outcomes and checks are read. */
const kept = new Set<DomainEvent["type"]>([
  "JobRequested",
  "JobPlaced",
  "JobContinued",
  "JobStarted",
  "JobDisplaced",
  "JobCompleted",
  "JobFailed",
  "JobExpired",
  "JobRejected",
]);

/** Of meters, only checkpoints say what an outage lost. */
function isKept(event: DomainEvent): boolean {
  return kept.has(event.type) || (event.type === "JobMetered" && event.data.checkpointAt !== undefined);
}

/**
 * Replays a scenario's days on the exchange in memory: tenants request, centers accept, run, save the state of the work
 * each hour, finish, fail and return, as the replay's members do (agent/replay), to the second. Runs are metered when a
 * meter can matter: before an outage and at their ends. Deterministic.
 */
export function simulate(scenario: Scenario): Simulated {
  const events: DomainEvent[] = [];
  const opening = openingMs(scenario);
  const exchange = createMemoryExchange(opening, (seen) => {
    for (const event of seen) if (isKept(event)) events.push(event);
  });
  const world: World = {
    scenario,
    opening,
    exchange,
    queue: createEventQueue(),
    works: new Map(scenario.jobs.map((job) => [job.key, { scenario: job, done: 0 }])),
    runs: new Map(),
    down: new Set(),
    desks: new Map(),
  };
  join(world);
  schedule(world);
  const end = scenario.days * DAY_SECONDS;
  for (let due = world.queue.next(); due !== undefined; due = world.queue.next()) {
    // The last day is closed after the end; nothing else happens there.
    if (due.at < end || (due.at === end && due.item.kind === "finish") || due.item.kind === "close")
      happen(world, due.item, due.at);
  }
  const { works } = world;
  return {
    works,
    events,
    ledger: exchange.ledger(),
    accounts: exchange.accounts(),
    counts: exchange.counts,
    opening,
  };
}

function add(world: World, at: number, item: Happening): void {
  world.queue.add(at, orders.indexOf(item.kind), item);
}

const msOf = ({ opening }: World, second: number) => opening + second * 1000;
const secondOf = ({ opening }: World, ms: number) => (ms - opening) / 1000;
const secondOfSlot = ({ opening }: World, slot: number) => slot * SLOT_SECONDS - opening / 1000;

function join(world: World): void {
  const { scenario, opening, exchange } = world;
  const first = slotOf(opening);
  for (const { energy, pue, offers: _, pools, ...center } of scenario.centers) {
    const spec = CenterJoined.data.parse({ ...center, pools, energy, puePermille: Math.round(pue * 1000) });
    exchange.tellCenter(spec.center, { type: "Join", spec }, opening);
    const links = scenario.links
      .filter((link) => link.from === center.center)
      .map(({ from: __, ...link }) => LinkSpec.parse(link));
    if (links.length > 0) exchange.tellCenter(spec.center, { type: "DeclareLinks", links }, opening);
  }
  for (const { key, ...rest } of scenario.offers) {
    const owner = scenario.centers.find(({ center }) => center === rest.center)?.owner;
    const offer = CapacityOffered.data.parse({
      ...rest,
      offer: key,
      owner,
      from: first + rest.from,
      to: first + rest.to,
    });
    const pools = scenario.centers.find(({ center }) => center === rest.center)?.pools ?? [];
    const poolCards = pools.find(({ product }) => product === rest.product)?.cards ?? 0;
    exchange.postOffer(OfferId.parse(key), { type: "Post", offer, poolCards, at: opening }, opening);
  }
  const period = periodOf(first);
  for (const { tenant } of scenario.tenants)
    for (const account of accountsOf(tenant)) {
      exchange.openAccount(account, { type: "Open", account, owner: OwnerId.parse(tenant), period }, opening);
      const deposit = DepositId.parse(`deposit-${account}`);
      exchange.deposit(
        account,
        { type: "Deposit", deposit, mills: MillsText.parse(scenario.deposit) },
        opening,
      );
    }
}

function accountsOf(tenant: string): AccountId[] {
  return Array.from({ length: ACCOUNTS }, (_, n) => AccountId.parse(n === 0 ? tenant : `${tenant}-${n + 1}`));
}

function schedule(world: World): void {
  const { scenario } = world;
  const end = scenario.days * DAY_SECONDS;
  for (const job of scenario.jobs) add(world, Math.max(job.arrival, OPENING_DELAY), { kind: "arrive", job });
  for (let at = 0; at < end; at += SLOT_SECONDS) add(world, at, { kind: "gate" });
  for (let day = 0; day < scenario.days; day++)
    add(world, (day + 1) * DAY_SECONDS + CLOSE_DELAY, { kind: "close", day });
  for (const failure of scenario.failures) {
    add(world, failure.failsAt, { kind: "fail", failure });
    const lost = lostAt(failure);
    if (lost < failure.returnsAt) add(world, lost, { kind: "lose", failure });
    const back = Math.ceil(failure.returnsAt / SLOT_SECONDS) * SLOT_SECONDS + TICK_DELAY;
    add(world, back, { kind: "return", failure });
  }
}

/** The lease of a center that fails runs out after its last renewal; the exchange looks once a minute. */
function lostAt({ failsAt }: Failure): number {
  const renewed = Math.floor((failsAt - TICK_DELAY) / SLOT_SECONDS) * SLOT_SECONDS + TICK_DELAY;
  return Math.ceil((renewed + rules.leaseMinutes * 60) / 60) * 60;
}

function happen(world: World, item: Happening, at: number): void {
  switch (item.kind) {
    case "arrive":
      arrive(world, item.job, at);
      return;
    case "gate":
      world.exchange.runGates(msOf(world, at), (job, events) => hear(world, job, events, at));
      return;
    case "start":
      start(world, item.lease, at);
      return;
    case "finish":
      finish(world, item.lease, at);
      return;
    case "ask":
      ask(world, item.lease, at);
      return;
    case "fail":
      fail(world, CenterId.parse(item.failure.center), at);
      return;
    case "lose":
      lose(world, CenterId.parse(item.failure.center), at);
      return;
    case "return":
      comeBack(world, CenterId.parse(item.failure.center), at);
      return;
    case "close":
      closeDay(world, item.day, at);
      return;
    default:
      item satisfies never;
  }
}

function closeDay(world: World, day: number, at: number): void {
  const period = periodPlus(periodOf(slotOf(world.opening)), day);
  const open = [...world.runs.values()].map(({ job }) => job);
  world.exchange.closeDay(period, open, msOf(world, at));
}

function arrive(world: World, job: ScenarioJob, at: number): void {
  const desk = world.desks.get(job.tenant) ?? { waiting: [], next: 0, bidding: 0 };
  world.desks.set(job.tenant, desk);
  desk.waiting.push(job);
  requestNext(world, desk, at);
}

/** First come first served among a tenant's own jobs, as far as its bids go. */
function requestNext(world: World, desk: Desk, at: number): void {
  for (; desk.bidding < BIDS_MOST; desk.next++) {
    const job = desk.waiting[desk.next];
    if (job === undefined) return;
    desk.bidding += 1;
    request(world, job, at);
  }
}

/** @throws Error if it is rejected: its tenant has the funds, and would wait for ever behind it */
function request(world: World, scenario: ScenarioJob, at: number): void {
  const first = slotOf(world.opening);
  const { window, ...bid } = scenario.bid;
  const spec = JobSpec.parse({ ...bid, from: first + window.from, to: first + window.to });
  const job = JobId.parse(scenario.key);
  const owner = OwnerId.parse(scenario.tenant);
  const { exchange } = world;
  const account = accountsOf(owner).reduce((least, other) =>
    exchange.openHolds(other) < exchange.openHolds(least) ? other : least,
  );
  exchange.requestJob({ type: "Request", job, owner, account, spec, at: msOf(world, at) });
  const state = exchange.job(job);
  if (state.phase === "rejected") throw new Error(`${job} is rejected: ${state.reason}`);
}

/** What a job's center and workflow do when an event of the job reaches them. */
function hear(world: World, job: JobId, events: readonly JobEvent[], at: number): void {
  for (const event of events) {
    switch (event.type) {
      case "JobPlaced":
        place(world, job, event.data.award, at);
        if (event.data.award.stretch === 1) bidDone(world, job, at);
        break;
      case "JobContinued": {
        const state = world.exchange.job(job);
        const lease = state.phase === "unknown" ? undefined : state.placements.at(-1)?.id;
        const run = lease === undefined ? undefined : world.runs.get(lease);
        if (run !== undefined) run.end = secondOfSlot(world, event.data.award.to);
        break;
      }
      case "JobDisplaced":
        stop(
          world,
          event.data.placement,
          event.data.cause === "continuationLost" || event.data.cause === "reclaimed",
        );
        break;
      case "JobCompleted":
      case "JobFailed":
        stop(world, event.data.placement, true);
        break;
      default:
    }
  }
}

function bidDone(world: World, job: JobId, at: number): void {
  const desk = world.desks.get(world.works.get(job)?.scenario.tenant ?? "");
  if (desk === undefined) return;
  desk.bidding -= 1;
  requestNext(world, desk, at);
}

function place(
  world: World,
  job: JobId,
  award: Extract<JobEvent, { type: "JobPlaced" }>["data"]["award"],
  at: number,
): void {
  const work = world.works.get(job);
  const [fill] = award.fills;
  if (work === undefined || fill === undefined) throw new Error(`${award.placement} has no job or no cards`);
  const { center, cards } = fill;
  const [from, end] = [secondOfSlot(world, award.from), secondOfSlot(world, award.to)];
  const lease = award.placement;
  world.runs.set(lease, { job, work, center, cards, from, end, dead: false });
  if (world.down.has(center)) {
    askLater(world, lease, at);
    return;
  }
  world.exchange.tellJob(job, { type: "Accept", placement: lease, center, at: msOf(world, at) });
  add(world, from, { kind: "start", lease });
}

function start(world: World, lease: PlacementId, at: number): void {
  const run = world.runs.get(lease);
  if (run === undefined) return;
  if (!run.dead && !world.down.has(run.center)) {
    const { job, center } = run;
    world.exchange.tellJob(job, { type: "Start", placement: lease, center, run: 1, at: msOf(world, at) });
    run.startedAt = at;
    add(world, at + run.work.scenario.durationSeconds - run.work.done, { kind: "finish", lease });
  }
  askLater(world, lease, at);
}

/** The work is done, if the run still goes on. */
function finish(world: World, lease: PlacementId, at: number): void {
  const run = world.runs.get(lease);
  if (run?.startedAt === undefined || run.dead || at > run.end) return;
  const { job, center, cards, startedAt } = run;
  const of = { placement: lease, center, run: 1, at: msOf(world, at) } as const;
  const usage = usageOf(world, run, startedAt, at, cards);
  if (at > startedAt) world.exchange.tellJob(job, { type: "Meter", ...of, usage });
  hear(world, job, world.exchange.tellJob(job, { type: "Finish", ...of, outcome: "completed" }), at);
}

function usageOf(world: World, { center }: Run, from: number, to: number, cards: number) {
  return {
    center,
    from: instant(msOf(world, from)),
    to: instant(msOf(world, to)),
    cardSeconds: (to - from) * cards,
  };
}

/** The workflow of a placement: at each deadline it asks the decider. */
function askLater(world: World, lease: PlacementId, at: number): void {
  const run = world.runs.get(lease);
  const deadline = run === undefined ? undefined : deadlineOf(world.exchange.job(run.job), lease);
  if (deadline === undefined) return;
  add(world, Math.max(at, secondOf(world, deadline.at)), { kind: "ask", lease });
}

function ask(world: World, lease: PlacementId, at: number): void {
  const run = world.runs.get(lease);
  const deadline = run === undefined ? undefined : deadlineOf(world.exchange.job(run.job), lease);
  if (run === undefined || deadline === undefined) return;
  const { awaited } = deadline;
  hear(world, run.job, world.exchange.tellJob(run.job, askAtDeadline(awaited, lease, msOf(world, at))), at);
  askLater(world, lease, at);
}

/** The placement is over. What it did counts whole, or up to what its center saved when it failed. */
function stop(world: World, lease: PlacementId | undefined, whole: boolean): void {
  const run = lease === undefined ? undefined : world.runs.get(lease);
  if (run === undefined || lease === undefined) return;
  world.runs.delete(lease);
  if (run.startedAt === undefined || run.dead || !whole) return;
  const { work, startedAt, end } = run;
  work.done = Math.min(work.scenario.durationSeconds, work.done + end - startedAt);
}

/** Everything there stops, and nobody hears of it; what was saved in the last full hour is metered before. */
function fail(world: World, center: CenterId, at: number): void {
  world.down.add(center);
  for (const [lease, run] of world.runs) {
    if (run.center !== center || run.dead) continue;
    run.dead = true;
    const { startedAt, job, cards, work } = run;
    if (startedAt === undefined) continue;
    const saved = Math.floor((Math.min(at, run.end) - startedAt) / CHECKPOINT_SECONDS) * CHECKPOINT_SECONDS;
    if (saved <= 0) continue;
    work.done += saved;
    const usage = usageOf(world, run, startedAt, startedAt + saved, cards);
    const checkpointAt = usage.to;
    world.exchange.tellJob(job, {
      type: "Meter",
      placement: lease,
      center,
      run: 1,
      usage,
      checkpointAt,
      at: msOf(world, at),
    });
  }
}

/** Its lease ran out: it is off the market, and what ran there is displaced. */
function lose(world: World, center: CenterId, at: number): void {
  const ms = msOf(world, at);
  world.exchange.tellCenter(center, { type: "Lose", at: ms }, ms);
  for (const [lease, run] of [...world.runs]) {
    if (run.center !== center) continue;
    const command = { type: "Displace", placement: lease, cause: "centerLost", center, at: ms } as const;
    hear(world, run.job, world.exchange.tellJob(run.job, command), at);
  }
}

function comeBack(world: World, center: CenterId, at: number): void {
  const ms = msOf(world, at);
  world.down.delete(center);
  world.exchange.tellCenter(center, { type: "Return", at: ms }, ms);
}
