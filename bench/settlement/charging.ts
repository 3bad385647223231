import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { Period } from "../../events/catalog/values.ts";
import { mills } from "../../market/money.ts";
import {
  type AwardBalance,
  type ChargePostedData,
  withCharge,
} from "../../market/settlement/award-balance.ts";
import {
  charge,
  deliveredLines,
  faultLines,
  type Posting,
  releaseFeeLines,
  releaseFeeMax,
} from "../../market/settlement/charges.ts";
import { instant, SLOT_SECONDS, SLOTS_PER_HOUR, slotStart } from "../../market/time.ts";
import type { OpenJob } from "./job-lives.ts";
import type { WrittenFeed } from "./written-feed.ts";

// How generated jobs are metered, end and are charged: the amounts come from the exchange's own rules.

/** Share of an early end's released cards that are sold again. */
const RESOLD_EVERY = 3;

/** The center reports what it metered, an hour at a time. */
export function meter(feed: WrittenFeed, job: OpenJob, to: number): void {
  const { balance, seller, id, spec } = job;
  if (balance === undefined || job.fate === "unmetered") return;
  const { placement } = balance.award;
  while (job.meteredTo < slotStart(to)) {
    const from = job.meteredTo;
    const until = Math.min(slotStart(to), from + SLOTS_PER_HOUR * SLOT_SECONDS * 1000);
    const usage = {
      center: seller.center,
      from: instant(from),
      to: instant(until),
      cardSeconds: (spec.cards * (until - from)) / 1000,
    };
    const actor = `center:${seller.owner}`;
    feed.commit(streams.job(id), until, actor, `meter-${placement}-${until}`, {
      type: "JobMetered",
      data: { job: id, placement, run: 1, usage },
    });
    job.meteredTo = until;
  }
}

/** Settles a charge out of the job's hold. */
function settle(feed: WrittenFeed, job: OpenJob, posted: ChargePostedData, period: Period, ms: number): void {
  const { tenant, id } = job;
  const [paid, released] = [mills(posted.tenantPays), mills(posted.releases)];
  tenant.available += released;
  const held = tenant.holds.get(id);
  const left = held === undefined ? 0n : mills(held.mills) - paid - released;
  if (held === undefined || left === 0n) tenant.holds.delete(id);
  else tenant.holds.set(id, { ...held, mills: left.toString() as typeof held.mills });
  feed.commit(streams.account(tenant.account, period), ms, "settle-accounts", posted.charge, {
    type: "HoldSettled",
    data: {
      account: tenant.account,
      job: id,
      stretch: 1,
      charge: posted.charge,
      paid: posted.tenantPays,
      released: posted.releases,
    },
  });
}

/** Posts a charge beside what it follows from. */
function post(
  feed: WrittenFeed,
  job: OpenJob,
  balance: AwardBalance,
  posting: Posting,
  ms: number,
  ...before: DomainEvent[]
): ChargePostedData {
  const posted = charge(balance, posting);
  job.balance = withCharge(balance, posted);
  const what: DomainEvent = { type: "ChargePosted", data: posted };
  feed.commit(streams.job(job.id), ms, "charge-job", posted.charge, ...before, what);
  settle(feed, job, posted, posting.period, ms);
  return posted;
}

/** The daily close: what was delivered up to midnight. */
export function chargeDay(feed: WrittenFeed, job: OpenJob, midnight: number, period: Period) {
  const { balance } = job;
  if (balance === undefined || balance.award.from >= midnight) return undefined;
  meter(feed, job, midnight);
  const lines = deliveredLines(balance, midnight, 3);
  const range = { from: balance.chargedTo, to: midnight };
  const posting = { kind: "day", ...range, lines, keeps: "all", period } as const;
  return post(feed, job, balance, posting, slotStart(midnight));
}

/** The award's last slot is over, or the tenant ended it in the slot before. */
export function end(feed: WrittenFeed, job: OpenJob, slot: number, period: Period): ChargePostedData[] {
  const { balance, id } = job;
  if (balance === undefined) return [];
  meter(feed, job, slot);
  const { placement } = balance.award;
  const ms = slotStart(slot);
  const ended = { job: id, placement, at: instant(ms), slot };
  const how: DomainEvent =
    job.fate === "failed"
      ? { type: "JobFailed", data: { ...ended, cause: "jobFailed", detail: "out of memory" } }
      : { type: "JobCompleted", data: { ...ended, run: 1 } };
  const lines = deliveredLines(balance, slot, job.fate === "failed" ? 7 : 3);
  const keeps = releaseFeeMax(balance, slot);
  const posting = { kind: "end", from: balance.chargedTo, to: slot, lines, keeps, period } as const;
  const posted = post(feed, job, balance, posting, ms, how);
  return posted.final
    ? [posted]
    : [posted, release(feed, job, slot, period)].filter((one) => one !== undefined);
}

/** The fee on what a job that ended early released. */
function release(
  feed: WrittenFeed,
  job: OpenJob,
  slot: number,
  period: Period,
): ChargePostedData | undefined {
  const { balance, seller, spec } = job;
  if (balance === undefined) return undefined;
  const { to } = balance.award;
  const resold = Array.from({ length: to - slot }, (_, n) => ({
    center: seller.center,
    product: seller.product,
    slot: slot + n,
    cards: n % RESOLD_EVERY === 0 ? spec.cards : 0,
  }));
  const lines = releaseFeeLines(balance, slot, to, { resold, notOnSale: [] });
  const posting = { kind: "release", from: slot, to, lines, keeps: 0n, period } as const;
  return post(feed, job, balance, posting, slotStart(slot));
}

/** The center refuses the job, which then leaves the book. */
export function refuse(feed: WrittenFeed, job: OpenJob, slot: number, period: Period): ChargePostedData[] {
  const { balance, seller, id } = job;
  if (balance === undefined) return [];
  const { placement, from } = balance.award;
  const ms = slotStart(slot) - 1000;
  const fault = { center: seller.center, slot: from, alone: true, cardSeconds: 0 };
  const lines = faultLines(balance, "block", fault, { from, to: from });
  const how: DomainEvent = {
    type: "JobDisplaced",
    data: { job: id, placement, at: instant(ms), slot: from, cause: "refused", center: seller.center },
  };
  const posting = { kind: "end", from, to: from, lines, keeps: 0n, period } as const;
  const posted = post(feed, job, balance, posting, ms, how);
  feed.commit(streams.job(id), ms, "end-job", `end-${id}`, { type: "JobExpired", data: { job: id, slot } });
  return [posted];
}
