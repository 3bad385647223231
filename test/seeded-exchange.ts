import { operations } from "../functions/contract/operations.ts";
import { slotStart } from "../market/time.ts";
import {
  acme,
  alpha,
  beta,
  bolt,
  type InMemoryExchange,
  type Member,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  startExchange,
  succeeds,
} from "./exchange-in-memory.ts";

/** What a center and its tenant have on the exchange. */
export interface Side {
  /** Of the center. */
  readonly owner: Member;
  readonly tenant: Member;
  readonly center: string;
  readonly region: string;
  readonly offer: string;
  /** A home reserve. */
  readonly reserve: string;
  /** In the book. */
  readonly openJob: string;
  /** Awarded to the center, from slot `from` on, and not accepted yet. */
  readonly placedJob: string;
  readonly placement: string;
  readonly from: number;
}

export interface SeededExchange {
  readonly exchange: InMemoryExchange;
  readonly left: Side;
  readonly right: Side;
}

/**
 * Two centers of two owners, each with two offers and a home reserve, a tenant, an open and a placed job: whatever the one side has, the
 * other has as well. The first auction has cleared, and its awards begin with the next slot.
 * @param around what the functions see of the database
 */
export async function seedExchange(around?: Parameters<typeof startExchange>[0]): Promise<SeededExchange> {
  const exchange = await startExchange(around);
  const left = await beginSide(exchange, alpha, acme, "c-left", "CN-SX");
  const right = await beginSide(exchange, beta, bolt, "c-right", "CN-HB");
  await exchange.pump();
  await exchange.runAuctions();
  await exchange.pump();
  const whole = { exchange, left: await awarded(exchange, left), right: await awarded(exchange, right) };
  await exchange.pump();
  return whole;
}

type Begun = Omit<Side, "placement" | "from" | "openJob">;

async function beginSide(
  exchange: InMemoryExchange,
  owner: Member,
  tenant: Member,
  center: string,
  region: string,
): Promise<Begun> {
  await succeeds(exchange.call(operations.joinNetwork, owner, { body: { ...newCenter(center), region } }));
  await succeeds(exchange.call(operations.renewLease, owner, { params: { center } }));
  const post = async (more: Readonly<Record<string, unknown>> = {}) =>
    succeeds(exchange.call(operations.postOffer, owner, { body: newOffer(exchange, center, more) }));
  const { offer } = await post({ reclaimNotice: 1 });
  await post();
  const { offer: reserve } = await post({ homeReserve: true });
  await openAccount(exchange, owner);
  await openAccount(exchange, tenant);
  const body = newJob(exchange, center, { regions: [region], retries: 1 });
  // Lists of regions come from the feed.
  await exchange.pump();
  const { job: placedJob } = await succeeds(exchange.call(operations.postJob, tenant, { body }));
  return { owner, tenant, center, region, offer, reserve, placedJob };
}

async function awarded(exchange: InMemoryExchange, side: Begun): Promise<Side> {
  const params = { job: side.placedJob };
  const { awards } = await succeeds(exchange.call(operations.getJob, side.tenant, { params }));
  const [award] = awards;
  if (award === undefined) throw new Error("the auction awarded nothing");
  const later = exchange.slot() + 20;
  const body = newJob(exchange, side.center, { cards: 1, from: later, to: later + 15 });
  const { job: openJob } = await succeeds(exchange.call(operations.postJob, side.tenant, { body }));
  return { ...side, openJob, placement: award.placement, from: award.from };
}

/** The placement's center has accepted, and its first slot has begun. */
export async function acceptPlacement(exchange: InMemoryExchange, side: Side): Promise<void> {
  const request = { params: { placement: side.placement }, body: { center: side.center } };
  await succeeds(exchange.call(operations.acceptPlacement, side.owner, request));
  exchange.clock.set(Math.max(exchange.clock.now(), slotStart(side.from)));
}

/** A run has begun, and a minute of it has passed. */
export async function beginRun(exchange: InMemoryExchange, side: Side): Promise<void> {
  await acceptPlacement(exchange, side);
  const request = { params: { placement: side.placement }, body: { center: side.center, run: 1 } };
  await succeeds(exchange.call(operations.startPlacement, side.owner, request));
  exchange.clock.set(Math.max(exchange.clock.now(), slotStart(side.from) + 60_000));
}
