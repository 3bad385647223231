import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobEvent } from "../../events/catalog/job.ts";
import { streams } from "../../events/catalog/streams.ts";
import type {
  AccountId,
  CenterId,
  JobId,
  OfferId,
  Period,
  PlacementId,
} from "../../events/catalog/values.ts";
import {
  type AccountCommand,
  type AccountState,
  accountDecider,
  carryOf,
  type KnownAccount,
} from "../../market/account.ts";
import { type AuctionCommand, type AuctionState, auctionDecider } from "../../market/auction.ts";
import { awardPages, awardsOf, holdOf } from "../../market/book/awards.ts";
import { type BookState, initialBook } from "../../market/book/book-state.ts";
import { type Gate, gateDue } from "../../market/book/gates.ts";
import {
  dueHolds,
  expiredJobs,
  expiredOffers,
  lapsedHolds,
  type StretchHold,
} from "../../market/book/holds.ts";
import { type Instance, instanceAt } from "../../market/book/instance.ts";
import { excludedJobs } from "../../market/book/links.ts";
import { observeAuction } from "../../market/book/observe-auction.ts";
import { observePage, type SeenCommit } from "../../market/book/observe-page.ts";
import { type ReleasedCards, unresoldIn, waivers } from "../../market/book/unresold.ts";
import { voided } from "../../market/book/why.ts";
import { type CenterCommand, type CenterState, centerDecider } from "../../market/center.ts";
import { clear } from "../../market/clearing/clear.ts";
import type { Decider, Rejection } from "../../market/decider.ts";
import { releasedSlots } from "../../market/job/charging.ts";
import type { JobCommand } from "../../market/job/commands.ts";
import type { JobState } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { sizeOf } from "../../market/layered-map.ts";
import { millsText } from "../../market/money.ts";
import { type OfferCommand, type OfferState, offerDecider } from "../../market/offer.ts";
import { type PeriodState, periodDecider } from "../../market/period.ts";
import { awaitsFee } from "../../market/settlement/award-balance.ts";
import {
  emptyLedger,
  type Ledger,
  mergeLedgers,
  totalsOf,
  withEvents,
} from "../../market/settlement/ledger.ts";
import { instant, periodOf, periodPlus, periodStart, SLOTS_PER_DAY, slotOf } from "../../market/time.ts";

/**
 * The exchange in memory: the deciders, the book, the clearing and the settlement of market/, fed one command after
 * another, without HTTP, database or workflows. What the handlers of functions/ do between two rules is done here in the
 * same order: pages up to the gate, holds, the auction, its awards, and what its seal leaves behind. Left out is what no
 * rule reads: hashes, curves, answers to bids, views. All times are ms since the Unix epoch.
 */
export interface MemoryExchange {
  readonly book: BookState;
  readonly counts: Readonly<AuctionCounts>;
  job(id: JobId): JobState;
  /** Account states in their open periods. */
  accounts(): ReadonlyMap<AccountId, KnownAccount>;
  openHolds(account: AccountId): number;
  ledger(): Ledger;
  /** Throws if a center or offer is refused: no scenario may ask for that. */
  tellCenter(id: CenterId, command: CenterCommand, at: number): void;
  postOffer(id: OfferId, command: OfferCommand, at: number): void;
  /** Opens an account and credits it. */
  openAccount(account: AccountId, open: Extract<AccountCommand, { type: "Open" }>, at: number): void;
  deposit(account: AccountId, command: Extract<AccountCommand, { type: "Deposit" }>, at: number): void;
  /** Requests a job, holds its funds and admits it, or rejects it. */
  requestJob(command: Extract<JobCommand, { type: "Request" }>): void;
  /** The events that the command brought about; throws if it is refused. */
  tellJob(job: JobId, command: JobCommand): readonly JobEvent[];
  /** Runs all auctions that are due; `awarded` hears of every job that won. */
  runGates(now: number, awarded: (job: JobId, events: readonly JobEvent[]) => void): void;
  /** The daily close of a day that is over; `open`: jobs with a placement in force. */
  closeDay(period: Period, open: Iterable<JobId>, now: number): void;
  /** Brings everything that happened into the feed and settles its charges. */
  relay(now: number): void;
}

export interface AuctionCounts {
  spot: number;
  forward: number;
  /** Auctions in which anybody bid. */
  withBids: number;
  voided: number;
  awards: number;
}

/** Carries a command out on one of a kind of streams; a refusal is given back. */
function carryOut<Id extends string, State, Command, Event extends DomainEvent>(
  states: Map<Id, State>,
  decider: Decider<State, Command, Event>,
  id: Id,
  command: Command,
): { readonly events: readonly Event[]; readonly rejection?: Rejection } {
  const before = states.get(id) ?? decider.initial;
  const decision = decider.decide(command, before);
  if (!decision.ok) return { events: [], rejection: decision.rejection };
  let state = before;
  for (const event of decision.events) state = decider.evolve(state, event);
  if (decision.events.length > 0) states.set(id, state);
  return decision;
}

function carriedOut<Event>(what: string, done: { events: readonly Event[]; rejection?: Rejection }) {
  if (done.rejection === undefined) return done.events;
  throw new Error(`${what}: ${done.rejection.code}: ${done.rejection.detail}`);
}

/** @param seen hears every event once, in the order of the feed. */
export function createMemoryExchange(
  opening: number,
  seen: (events: readonly DomainEvent[]) => void,
): MemoryExchange {
  const book = initialBook();
  const counts: AuctionCounts = { spot: 0, forward: 0, withBids: 0, voided: 0, awards: 0 };
  const centers = new Map<CenterId, CenterState>();
  const offers = new Map<OfferId, OfferState>();
  const jobs = new Map<JobId, JobState>();
  const accounts = new Map<AccountId, AccountState>();
  const auctions = new Map<string, AuctionState>();
  const periods = new Map<Period, PeriodState>();
  /** What became of the cards that were given back, by slot whose last gate has closed. */
  const released = new Map<number, ReleasedCards[]>();
  /** Awards that were given back and still await a fee. */
  const releases = new Map<PlacementId, JobId>();
  let pending: SeenCommit[] = [];
  /** Of the day that is open. */
  let ledger = emptyLedger;
  let all = emptyLedger;

  let last = { at: opening, time: instant(opening) };
  const commit = (stream: string, at: number, events: readonly DomainEvent[]) => {
    if (events.length === 0) return;
    if (last.at !== at) last = { at, time: instant(at) };
    pending.push({ stream, time: last.time, events });
  };
  const tellJob = (job: JobId, command: JobCommand) => {
    const events = carriedOut(`${command.type} ${job}`, carryOut(jobs, jobDecider, job, command));
    commit(streams.job(job), command.at, events);
    return events;
  };
  /** The account in today's period: one of an earlier day is carried first. */
  const accountToday = (account: AccountId, at: number) => {
    const today = periodOf(slotOf(at));
    const state = accounts.get(account);
    if (state === undefined || state.phase === "unknown" || state.period >= today) return;
    const stream = streams.account(account, state.period);
    commit(stream, at, carryOut(accounts, accountDecider, account, { type: "Carry", to: today }).events);
    const carried = accounts.get(account);
    if (carried === undefined || carried.phase === "unknown") return;
    accounts.set(account, accountDecider.initial);
    const { owner } = carried;
    const open = { type: "Open", account, owner, period: today, carry: carryOf(carried) } as const;
    commit(
      streams.account(account, today),
      at,
      carriedOut(account, carryOut(accounts, accountDecider, account, open)),
    );
  };
  const tellAccount = (account: AccountId, command: AccountCommand, at: number) => {
    accountToday(account, at);
    const done = carryOut(accounts, accountDecider, account, command);
    const state = accounts.get(account);
    if (state !== undefined && state.phase !== "unknown")
      commit(streams.account(account, state.period), at, done.events);
    return done;
  };
  const settle = (events: readonly DomainEvent[], at: number) => {
    for (const event of events) {
      if (event.type !== "ChargePosted") continue;
      const {
        account,
        job,
        placement,
        stretch,
        charge,
        tenantPays: paid,
        releases: back,
        final,
      } = event.data;
      const awaits = awaitsFee(event.data);
      if (awaits === true) releases.set(placement, job);
      if (awaits === false) releases.delete(placement);
      if (paid === "0" && back === "0" && !final) continue;
      const command = { type: "Settle", job, stretch, charge, paid, released: back } as const;
      carriedOut(`Settle ${charge}`, tellAccount(account, command, at));
    }
  };
  const relay = (now: number) => {
    while (pending.length > 0) {
      const commits = pending;
      pending = [];
      observePage(book, { position: book.position + 1, commits });
      const events = commits.flatMap((one) => one.events);
      ledger = withEvents(ledger, events);
      seen(events);
      settle(events, now);
    }
  };
  const holdAll = (holds: readonly StretchHold[], type: "Hold" | "Release", at: number) => {
    for (const { account, job, stretch, mills } of holds)
      tellAccount(
        account,
        type === "Hold" ? { type, job, stretch, mills } : { type, job, stretch, cause: "expired" },
        at,
      );
  };
  const tellAuction = (n: number, command: AuctionCommand, at: number) => {
    const events = carriedOut(
      `${command.type} auction ${n}`,
      carryOut(auctions, auctionDecider, String(n), command),
    );
    commit(streams.auction(n), at, events);
    return events;
  };
  const solve = (instance: Instance, n: number, gate: Gate, at: number) => {
    const result = clear(instance.book, instance);
    if (gate.reruns === undefined && voided(instance, result)) {
      counts.voided += 1;
      return { events: tellAuction(n, { type: "Void", reason: "priceCap", at }, at), awards: [] };
    }
    const pages = awardPages(awardsOf(instance, result, n));
    const solved = {
      type: "Solve",
      bookHash: "",
      resultHash: "",
      pages: pages.length,
      bids: instance.book.bids.length,
      offers: instance.book.offers.length,
      welfare: millsText(BigInt(result.welfare)),
      bound: millsText(BigInt(Math.ceil(result.bound))),
    } as const;
    const events = [
      ...tellAuction(n, solved, at),
      ...pages.flatMap((page, index) => tellAuction(n, { type: "Publish", page: index, ...page }, at)),
      ...tellAuction(n, { type: "Clear", at, demand: [], supply: [] }, at),
    ];
    return { events, awards: pages.flatMap((page) => page.awards) };
  };
  const afterSeal = (gate: Gate, at: number) => {
    if (gate.session === "spot") released.set(gate.gate + 1, unresoldIn(book, gate.gate + 1));
    const holds = lapsedHolds(book);
    const jobsToExclude = excludedJobs(book);
    const jobsToExpire = expiredJobs(book, gate.gate);
    const offersToExpire = expiredOffers(book, gate.gate);
    holdAll(holds, "Release", at);
    for (const { job, excluded } of jobsToExclude)
      tellJob(job, { type: "Expire", slot: gate.gate, at, excluded });
    for (const job of jobsToExpire) tellJob(job, { type: "Expire", slot: gate.gate, at });
    for (const offer of offersToExpire) {
      const expire = { type: "Expire", slot: gate.gate } as const;
      commit(streams.offer(offer), at, carryOut(offers, offerDecider, offer, expire).events);
    }
  };
  const runAuction = (
    gate: Gate,
    now: number,
    awarded: (job: JobId, events: readonly JobEvent[]) => void,
  ) => {
    holdAll(dueHolds(book, gate.gate), "Hold", now);
    relay(now);
    const n = book.auctions + 1;
    const instance = instanceAt(book, { auction: n, ...gate });
    const empty = instance.book.bids.length === 0;
    counts[gate.session] += 1;
    if (!empty) counts.withBids += 1;
    const close = { auction: n, position: book.position, at: now, ...gate };
    const closed = tellAuction(
      n,
      empty ? { type: "CloseEmpty", supply: [], ...close } : { type: "Close", ...close },
      now,
    );
    const { events, awards } = empty ? { events: [], awards: [] } : solve(instance, n, gate, now);
    counts.awards += awards.length;
    const commands = awards.map((award) => {
      const type = award.continues ? "Continue" : "Place";
      return { type, award, hold: holdOf(book, award), at: now } as const;
    });
    // The book takes the awards from the auction's own stream; the jobs hear of them, and their pages come later.
    observeAuction(book, n, [...closed, ...events]);
    auctions.delete(String(n));
    const told = commands.map((command) => ({
      job: command.award.job,
      events: tellJob(command.award.job, command),
    }));
    afterSeal(gate, now);
    for (const one of told) awarded(one.job, one.events);
  };
  const openPeriod = (period: Period, at: number) => {
    const command = { type: "Open", period, afterPosition: book.position } as const;
    commit(streams.period(period), at, carryOut(periods, periodDecider, period, command).events);
  };
  openPeriod(periodOf(slotOf(opening)), opening);

  return {
    book,
    counts,
    job: (id) => jobs.get(id) ?? jobDecider.initial,
    accounts: () =>
      new Map(
        [...accounts].flatMap(([id, state]) => (state.phase === "unknown" ? [] : [[id, state] as const])),
      ),
    openHolds(account) {
      const state = accounts.get(account);
      return state === undefined || state.phase === "unknown" ? 0 : sizeOf(state.holds);
    },
    ledger: () => mergeLedgers(all, ledger),
    tellCenter(id, command, at) {
      commit(streams.center(id), at, carriedOut(id, carryOut(centers, centerDecider, id, command)));
    },
    postOffer(id, command, at) {
      commit(streams.offer(id), at, carriedOut(id, carryOut(offers, offerDecider, id, command)));
    },
    openAccount(account, open, at) {
      const events = carriedOut(account, carryOut(accounts, accountDecider, account, open));
      commit(streams.account(account, open.period), at, events);
    },
    deposit(account, command, at) {
      carriedOut(account, tellAccount(account, command, at));
    },
    requestJob(command) {
      const { job, account, at } = command;
      tellJob(job, command);
      const requested = jobs.get(job);
      if (requested === undefined || requested.phase !== "requested") return;
      const { hold } = requested.request;
      const held = tellAccount(account, { type: "Hold", job, stretch: 1, mills: hold }, at);
      const refused = held.rejection !== undefined || held.events.some(({ type }) => type === "HoldRefused");
      const reason = `Account ${account} has less available than the ${hold} mills to hold.`;
      tellJob(job, refused ? { type: "Reject", at, reason } : { type: "Admit", at, hold });
    },
    tellJob,
    runGates(now, awarded) {
      for (;;) {
        relay(now);
        const gate = gateDue(book, now);
        if (gate === undefined) return;
        runAuction(gate, now, awarded);
      }
    },
    closeDay(period, open, now) {
      for (const job of open) tellJob(job, { type: "CloseDay", period, at: now });
      const before = periodStart(period) + SLOTS_PER_DAY;
      const waiverOf = waivers(released);
      for (const [placement, job] of [...releases]) {
        const state = jobs.get(job);
        const slots = state && releasedSlots(state, placement, before);
        if (slots === undefined) continue;
        const waiver = waiverOf(placement, slots.from, slots.to);
        tellJob(job, { type: "ChargeRelease", placement, before, waiver, at: now });
      }
      for (const slot of [...released.keys()]) if (slot < before) released.delete(slot);
      relay(now);
      for (const account of accounts.keys()) accountToday(account, now);
      relay(now);
      const end = { at: instant(now), position: book.position, feedHash: "" };
      const cut = carryOut(periods, periodDecider, period, { type: "CutOff", ...end });
      commit(streams.period(period), now, carriedOut(`cut off ${period}`, cut));
      const closed = carryOut(periods, periodDecider, period, { type: "Close", ...totalsOf(ledger) });
      commit(streams.period(period), now, carriedOut(`close ${period}`, closed));
      all = mergeLedgers(all, ledger);
      ledger = emptyLedger;
      openPeriod(periodPlus(period, 1), now);
    },
    relay,
  };
}
