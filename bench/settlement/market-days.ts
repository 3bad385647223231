import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import { BreakId, Period } from "../../events/catalog/values.ts";
import type { FeedPage } from "../../events/store/feed.ts";
import { drawing } from "../../market/clearing/pseudo-random.ts";
import { millsText } from "../../market/money.ts";
import type { ChargePostedData } from "../../market/settlement/award-balance.ts";
import { instant, periodPlus, periodStart, SLOTS_PER_DAY, slotStart } from "../../market/time.ts";
import { chargeDay, end, refuse } from "./charging.ts";
import { award, endUnplaced, LONGEST, type OpenJob, place, priceAt, request, start } from "./job-lives.ts";
import { emptyStatements, invoice, payout, type Statements, state } from "./statements.ts";
import { join, openAccount, type Seller, sellersOf, type Tenant, tenantsOf } from "./traders.ts";
import { createWrittenFeed, type WrittenFeed } from "./written-feed.ts";

export interface MarketDays {
  readonly jobs: number;
  readonly days: number;
  readonly accounts: number;
  /** At least 2. */
  readonly centers: number;
  /** Not 0; the same one gives the same feed, byte for byte. */
  readonly seed: number;
}

/** The first settlement day. */
export const firstDay = Period.parse("2026-03-02");
/** Awards on one page of an auction's result. */
const AWARDS_PER_PAGE = 100;

/** The feed under way. Jobs are kept only from their request to their end. */
interface Market {
  readonly feed: WrittenFeed;
  readonly tenants: readonly Tenant[];
  readonly sellers: readonly Seller[];
  /** By the slot in which their award begins, and by that in which their run ends. */
  readonly starts: Map<number, OpenJob[]>;
  readonly ends: Map<number, OpenJob[]>;
  readonly running: Set<OpenJob>;
  statements: Statements;
  /** Jobs charged in the day though no usage was metered. */
  unmetered: { readonly job: OpenJob; readonly charge: ChargePostedData }[];
}

/**
 * Settlement days of a market that is not cleared but drawn: jobs with their holds, awards, usage, charges and
 * settlements, deposits, and the close of each day with invoices and payouts. Amounts follow from the exchange's own
 * rules. The pages come one by one, as the relay would write them.
 */
export function* marketDays(shape: MarketDays): Generator<FeedPage> {
  const draw = drawing(shape.seed);
  const market: Market = {
    feed: createWrittenFeed(),
    tenants: tenantsOf(shape.accounts),
    sellers: sellersOf(shape.centers),
    starts: new Map(),
    ends: new Map(),
    running: new Set(),
    statements: emptyStatements(),
    unmetered: [],
  };
  const { feed } = market;
  const first = periodStart(firstDay);
  const last = first + shape.days * SLOTS_PER_DAY;
  join(feed, market.sellers, slotStart(first));
  openPeriod(market, firstDay, null, 0);
  const asking = last - LONGEST - first;
  let asked = 0;
  for (let slot = first; slot <= last; slot++) {
    const day = Math.floor((slot - first) / SLOTS_PER_DAY);
    const period = periodPlus(firstDay, day);
    const midnight = day > 0 && slot === periodStart(period);
    if (midnight) beginDay(market, periodPlus(period, -1), period, slot);
    // Where nothing is left to do for the day before, its last facts lie in the slot after midnight.
    if (day > 0 && slot === periodStart(period) + 1) close(market, periodPlus(period, -1), period, slot);
    if (slot === last) break;
    const upTo = Math.floor((Math.min(asking, slot - first + 1) * shape.jobs) / asking);
    const jobs: OpenJob[] = [];
    for (; asked < upTo; asked++)
      jobs.push(request(feed, asked + 1, market.tenants, market.sellers, slot, period, draw));
    runSlot(market, slot, period);
    auction(market, jobs, slot, period, (job, n) => award(job, n, draw));
    yield* feed.take();
  }
  close(market, periodPlus(firstDay, shape.days - 1), periodPlus(firstDay, shape.days), last);
  feed.cut();
  yield* feed.take();
}

function openPeriod({ feed, tenants }: Market, period: Period, before: Period | null, after: number): void {
  const from = periodStart(period);
  const ms = slotStart(from);
  const data = { period, from, to: from + SLOTS_PER_DAY, afterPosition: after };
  feed.commit(streams.period(period), ms, "period", `open-${period}`, { type: "PeriodOpened", data });
  for (const tenant of tenants) openAccount(feed, tenant, period, before, ms);
}

/** Ends and starts that are due. */
function runSlot(market: Market, slot: number, period: Period): void {
  const { feed, starts, ends, running } = market;
  for (const job of ends.get(slot) ?? []) {
    running.delete(job);
    charged(market, job, end(feed, job, slot, period));
    feed.endStream(streams.job(job.id));
  }
  ends.delete(slot);
  for (const job of starts.get(slot) ?? []) {
    if (job.fate === "refused") {
      charged(market, job, refuse(feed, job, slot, period));
      feed.endStream(streams.job(job.id));
      continue;
    }
    start(feed, job, slot);
    running.add(job);
    const { to = slot + 1 } = job.balance?.award ?? {};
    const early = job.fate === "early" || job.fate === "failed";
    put(ends, early ? slot + Math.max(1, Math.floor((to - slot) / 2)) : to, job);
  }
  starts.delete(slot);
}

function put(at: Map<number, OpenJob[]>, slot: number, job: OpenJob): void {
  const jobs = at.get(slot) ?? [];
  jobs.push(job);
  at.set(slot, jobs);
}

function charged(market: Market, job: OpenJob, charges: readonly ChargePostedData[]): void {
  for (const charge of charges) {
    state(market.statements, charge);
    if (job.fate !== "unmetered" || job.broken) continue;
    market.unmetered.push({ job, charge });
    job.broken = true;
  }
}

/** The slot's auction: every job that asked in it gets cards, but for those that leave the book. */
function auction(
  market: Market,
  jobs: readonly OpenJob[],
  gate: number,
  period: Period,
  awardOf: (job: OpenJob, n: number) => ReturnType<typeof award>,
): void {
  const { feed, sellers } = market;
  const n = gate - periodStart(firstDay) + 1;
  const ms = slotStart(gate + 1) - 1000;
  const at = instant(ms);
  const stream = streams.auction(n);
  const bidding = jobs.filter(({ fate }) => fate !== "cancelled" && fate !== "expired");
  const awards = bidding.map((job) => ({ job, given: awardOf(job, n) }));
  const { position } = feed.cut();
  const onSale = { gate, from: gate + 1, to: gate + 41 };
  const closed = { auction: n, session: "spot", position, at, ...onSale } as const;
  feed.commit(stream, ms, "auction", `gate-${n}`, { type: "GateClosed", data: closed });
  const hash = "0".repeat(64);
  const welfare = millsText(awards.reduce((sum, { given }) => sum + BigInt(given.value), 0n));
  const counts = { bids: jobs.length, offers: sellers.length, welfare, bound: welfare };
  const pages = Math.ceil(awards.length / AWARDS_PER_PAGE);
  const solved = { auction: n, bookHash: hash, resultHash: hash, pages, ...counts };
  feed.commit(stream, ms, "auction", `gate-${n}`, { type: "AuctionSolved", data: solved });
  const prices = sellers.map((seller) => ({
    center: seller.center,
    product: seller.product,
    from: gate + 1,
    to: gate + 41,
    price: priceAt(seller, n),
    sold: 1,
  }));
  for (let page = 0; page < pages; page++) {
    const part = awards.slice(page * AWARDS_PER_PAGE, (page + 1) * AWARDS_PER_PAGE);
    const data = { auction: n, page, awards: part.map(({ given }) => given), linkPrices: [] };
    const published = { ...data, prices: page === 0 ? prices : [] };
    feed.commit(stream, ms, "auction", `gate-${n}`, { type: "AwardsPublished", data: published });
  }
  const cleared: DomainEvent = {
    type: "AuctionCleared",
    data: {
      auction: n,
      session: "spot",
      gate,
      at,
      bids: jobs.length,
      awards: awards.length,
      cardSlots: bidding.reduce((sum, { spec }) => sum + spec.cards * spec.slots, 0),
      value: welfare,
      welfare,
      bound: welfare,
      demand: [],
      supply: [],
    },
  };
  feed.commit(stream, ms, "auction", `gate-${n}`, cleared);
  feed.endStream(stream);
  for (const { job, given } of awards) {
    place(feed, job, given, ms);
    put(market.starts, given.from, job);
  }
  for (const job of jobs)
    if (job.fate === "cancelled" || job.fate === "expired") {
      endUnplaced(feed, job, gate, period);
      feed.endStream(streams.job(job.id));
    }
}

/** Midnight: what was delivered is charged, and each account carries what it has into the day that begins. */
function beginDay(market: Market, ended: Period, begun: Period, midnight: number): void {
  const { feed, tenants } = market;
  for (const job of market.running) {
    const charge = chargeDay(feed, job, midnight, ended);
    if (charge !== undefined) charged(market, job, [charge]);
  }
  const ms = slotStart(midnight);
  for (const { account, available, holds } of tenants) {
    const carried: DomainEvent = {
      type: "AccountCarried",
      data: {
        account,
        period: ended,
        to: begun,
        available: millsText(available),
        holds: [...holds.values()],
      },
    };
    feed.commit(streams.account(account, ended), ms, "period", `carry-${ended}`, carried);
    feed.endStream(streams.account(account, ended));
  }
  openPeriod(market, begun, ended, feed.cut().position);
}

/** The day is cut off, and says what it bills and pays. */
function close(market: Market, ended: Period, next: Period, slot: number): void {
  const { feed, tenants, sellers, statements } = market;
  const ms = slotStart(slot);
  const { position, hash } = feed.cut();
  const cut: DomainEvent = {
    type: "PeriodCutOff",
    data: { period: ended, at: instant(ms), position, feedHash: hash },
  };
  feed.commit(streams.period(ended), ms, "period", `close-${ended}`, cut);
  for (const tenant of tenants) invoice(feed, statements, tenant, ended, next, ms);
  for (const seller of sellers) payout(feed, statements, seller, ended, ms);
  for (const { job, charge } of market.unmetered) foundBreak(feed, job, charge, ended, ms);
  market.statements = emptyStatements();
  market.unmetered = [];
}

function foundBreak(
  feed: WrittenFeed,
  { id, seller }: OpenJob,
  charge: ChargePostedData,
  period: Period,
  ms: number,
) {
  const name = BreakId.parse(`${period}-${charge.placement.replace(".", "-")}-${charge.from}`);
  const found: DomainEvent = {
    type: "BreakFound",
    data: {
      break: name,
      code: "awardWithoutUsage",
      period,
      at: instant(ms),
      job: id,
      placement: charge.placement,
      center: seller.center,
      account: charge.account,
      subject: charge.charge,
      from: charge.from,
      to: charge.to,
      mills: charge.tenantPays,
      detail: "the placement was charged and no usage of it was metered",
    },
  };
  feed.commit(streams.break(name), ms, "period", `close-${period}`, found);
  feed.endStream(streams.break(name));
}
