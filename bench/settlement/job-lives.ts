import type { Award } from "../../events/catalog/award.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobSpec } from "../../events/catalog/job.ts";
import { streams } from "../../events/catalog/streams.ts";
import { JobId, type Period, PlacementId } from "../../events/catalog/values.ts";
import type { Draw } from "../../market/clearing/pseudo-random.ts";
import { millsText } from "../../market/money.ts";
import type { AwardBalance } from "../../market/settlement/award-balance.ts";
import { withTax } from "../../market/settlement/tax.ts";
import { instant, SLOT_SECONDS, slotStart } from "../../market/time.ts";
import { fund, PER_GB, type Seller, type Tenant } from "./traders.ts";
import type { WrittenFeed } from "./written-feed.ts";

// What becomes of a generated job, from its request to the start of its run; charging.ts goes on from there.

/** unmetered: a center that never reports usage, which the three-way match must find. */
export type Fate = "cancelled" | "expired" | "refused" | "early" | "failed" | "unmetered" | "whole";

/** Share of each fate, of 1. */
const fates: readonly (readonly [Fate, number])[] = [
  ["cancelled", 0.02],
  ["expired", 0.02],
  ["refused", 0.02],
  ["early", 0.08],
  ["failed", 0.02],
  ["unmetered", 0.002],
];

export interface OpenJob {
  readonly id: JobId;
  readonly tenant: Tenant;
  readonly seller: Seller;
  readonly spec: JobSpec;
  readonly hold: bigint;
  readonly fate: Fate;
  balance?: AwardBalance;
  /** Instant (ms) up to which its run was metered. */
  meteredTo: number;
  /** That no usage of it was metered is known. */
  broken: boolean;
}

/** Fen per card-hour that everybody bids at most: above any price. */
const LIMIT = 2000;
/** Mills for a link's capacity at most. */
const LINK_MOST = 6;
/** The fewest slots that the longest job needs from its request to its end. */
export const LONGEST = 40;
const jobStream = ({ id }: OpenJob) => streams.job(id);

function fateOf(fraction: number): Fate {
  let below = 0;
  for (const [fate, share] of fates) {
    below += share;
    if (fraction < below) return fate;
  }
  return "whole";
}

/** Requests a job in a slot; its funds are held and its bid is in the book. */
export function request(
  feed: WrittenFeed,
  n: number,
  tenants: readonly Tenant[],
  sellers: readonly Seller[],
  slot: number,
  period: Period,
  draw: Draw,
): OpenJob {
  const tenant = tenants[draw.below(tenants.length)];
  const seller = sellers[draw.below(sellers.length)];
  if (tenant === undefined || seller === undefined) throw new Error("nobody trades");
  const id = JobId.parse(`j${n}`);
  const ms = slotStart(slot) + draw.below(SLOT_SECONDS) * 1000;
  const far = draw.fraction() < 0.2;
  const slots = 1 + draw.below(draw.fraction() < 0.8 ? 10 : 36);
  const spec: JobSpec = {
    name: draw.fraction() < 0.5 ? `run ${n}, "nightly"` : "",
    session: "spot",
    kind: "block",
    products: [{ product: seller.product, limit: LIMIT }],
    cards: 2 ** draw.below(8),
    slots,
    from: slot + 1,
    to: slot + 4 + slots,
    home: seller.center,
    dataGB: far ? 1 + draw.below(500) : 0,
    frameworks: [],
    maxSlots: slots,
    retries: 0,
  };
  const most = BigInt(LIMIT * spec.cards * slots + spec.dataGB * PER_GB + LINK_MOST);
  const hold = withTax(most, tenant.taxRate);
  const job: OpenJob = {
    id,
    tenant,
    seller,
    spec,
    hold,
    fate: fateOf(draw.fraction()),
    meteredTo: 0,
    broken: false,
  };
  fund(feed, tenant, hold, period, ms);
  const taxed = tenant.taxRate === 0 ? {} : { taxRate: tenant.taxRate };
  const asked = { job: id, owner: tenant.owner, account: tenant.account, spec, hold: millsText(hold) };
  feed.commit(jobStream(job), ms, `tenant:${tenant.owner}`, `ask-${id}`, {
    type: "JobRequested",
    data: { ...asked, ...taxed },
  });
  tenant.available -= hold;
  const held = { job: id, stretch: 1, mills: millsText(hold) };
  tenant.holds.set(id, held);
  feed.commit(streams.account(tenant.account, period), ms, "admit-job", `ask-${id}`, {
    type: "FundsHeld",
    data: { account: tenant.account, ...held },
  });
  feed.commit(jobStream(job), ms, "admit-job", `ask-${id}`, { type: "JobAdmitted", data: { job: id } });
  return job;
}

/** Lets go of a hold that nothing was charged to. */
export function releaseHold(feed: WrittenFeed, job: OpenJob, period: Period, ms: number): void {
  const { tenant, id, hold } = job;
  tenant.available += hold;
  tenant.holds.delete(id);
  feed.commit(streams.account(tenant.account, period), ms, "settle-accounts", `end-${id}`, {
    type: "HoldReleased",
    data: { account: tenant.account, job: id, stretch: 1, mills: millsText(hold) },
  });
}

/** Ends a job that was never awarded. */
export function endUnplaced(feed: WrittenFeed, job: OpenJob, slot: number, period: Period): void {
  const ms = slotStart(slot);
  const { id } = job;
  const ended: DomainEvent =
    job.fate === "cancelled"
      ? { type: "JobCancelled", data: { job: id, at: instant(ms), slot } }
      : { type: "JobExpired", data: { job: id, slot } };
  feed.commit(jobStream(job), ms, "end-job", `end-${id}`, ended);
  releaseHold(feed, job, period, ms);
}

/** Clearing price of a center's pool in an auction: fen per card-hour. */
export function priceAt({ center }: Seller, auction: number): number {
  return 400 + ((Number(center.slice(7)) * 131 + auction * 37) % 1200);
}

/** What the auction of a slot gives the job. */
export function award({ id, seller, spec }: OpenJob, auction: number, draw: Draw): Award {
  const from = spec.from + draw.below(3);
  const to = from + spec.slots;
  const price = priceAt(seller, auction);
  const fill = { center: seller.center, product: seller.product, from, to, cards: spec.cards, price };
  const use = {
    link: seller.link,
    from,
    to: from + 1,
    gigabits: spec.dataGB * 8,
    charge: millsText(BigInt(spec.dataGB % (LINK_MOST + 1))),
    transfer: millsText(BigInt(spec.dataGB * PER_GB)),
  };
  return {
    placement: PlacementId.parse(`${id}.${auction}`),
    job: id,
    auction,
    session: "spot",
    stretch: 1,
    continues: false,
    from,
    to,
    fills: [fill],
    links: spec.dataGB === 0 ? [] : [use],
    value: millsText(BigInt(price * spec.cards * spec.slots)),
  };
}

/** Tells the job of its award. */
export function place(feed: WrittenFeed, job: OpenJob, given: Award, ms: number): void {
  job.balance = {
    award: given,
    account: job.tenant.account,
    session: "spot",
    hold: job.hold,
    paidFrom: given.from,
    chargedTo: given.from,
    cuts: new Map(),
    taxRate: job.tenant.taxRate,
    taxable: 0n,
    taxableCorrected: 0n,
    taxed: 0n,
    paid: 0n,
    released: 0n,
    final: false,
    charges: new Map(),
    short: new Map(),
  };
  job.meteredTo = slotStart(given.from);
  feed.commit(jobStream(job), ms, "place-job", `auction-${given.auction}`, {
    type: "JobPlaced",
    data: { job: job.id, award: given },
  });
}

/** The center accepts, and the run begins with the award's first slot. */
export function start(feed: WrittenFeed, job: OpenJob, slot: number): void {
  const { balance, seller, id } = job;
  if (balance === undefined) return;
  const { placement } = balance.award;
  const at = instant(slotStart(slot));
  const actor = `center:${seller.owner}`;
  const accepted: DomainEvent = {
    type: "JobAccepted",
    data: { job: id, placement, center: seller.center, at },
  };
  feed.commit(jobStream(job), slotStart(slot) - 1000, actor, `accept-${placement}`, accepted);
  const started: DomainEvent = { type: "JobStarted", data: { job: id, placement, run: 1, at, slot } };
  feed.commit(jobStream(job), slotStart(slot), actor, `start-${placement}`, started);
}
