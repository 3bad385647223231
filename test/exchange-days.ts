import fc from "fast-check";
import type { DomainEvent } from "../events/catalog/catalog.ts";
import { createFeed } from "../events/store/feed.ts";
import type { ParsedCommit } from "../events/upcasts.ts";
import { operations } from "../functions/contract/operations.ts";
import { instant, slotStart } from "../market/time.ts";
import { closeDays } from "./close-days.ts";
import { testTables } from "./dynalite.ts";
import {
  type ApiRequest,
  type Asked,
  acme,
  alpha,
  beta,
  bolt,
  finance,
  type InMemoryExchange,
  type Member,
  newCenter,
  newJob,
  newOffer,
  openingTime,
  startExchange,
  succeeds,
} from "./exchange-in-memory.ts";
import { record } from "./found-breaks.ts";

// Days of the whole exchange: what tenants, centers and finance ask of its API, what its consumers do about it, and the
// close of each day. Which jobs there are and what becomes of them is drawn.

const fates = ["completes", "breaksOff", "refused", "cancelled", "fewerCards"] as const;

const deed = fc.record({
  side: fc.constantFrom<0 | 1>(0, 1),
  cards: fc.integer({ min: 1, max: 8 }),
  fate: fc.constantFrom(...fates),
  /** Slots that it ran. */
  slots: fc.integer({ min: 1, max: 9 }),
  /** Of its price, in fen; 100: less than any reserve. */
  limit: fc.constantFrom(500, 333, 100),
});
type Deed = typeof deed extends fc.Arbitrary<infer Value> ? Value : never;

const exchangeDay = fc.record({
  deeds: fc.array(deed, { minLength: 1, maxLength: 3 }),
  /** One that still runs when the day ends. */
  overnight: fc.boolean(),
  guarantee: fc.constantFrom(0, 300, 100_000),
  contribution: fc.constantFrom(0, 70),
  /** Percent of a charge that finance has given back. */
  refund: fc.constantFrom(0, 35, 100),
  taxRate: fc.constantFrom(0, 613),
  pays: fc.boolean(),
});
export type ExchangeDay = typeof exchangeDay extends fc.Arbitrary<infer Value> ? Value : never;

export const exchangeDays = fc.array(exchangeDay, { minLength: 1, maxLength: 2 });

/** How what is new reaches its consumers, and how the steps of a close are called. */
export interface Delivery {
  bring(exchange: InMemoryExchange): Promise<void>;
  step(exchange: InMemoryExchange, name: string, input: unknown): Promise<unknown>;
}

const once: Delivery = {
  bring: (exchange) => exchange.pump(),
  step: (exchange, name, input) => exchange.invoke(name, input),
};

/** The days as they went, and everything that may be asked again. */
export interface LivedDays {
  readonly exchange: InMemoryExchange;
  readonly requests: (() => Promise<unknown>)[];
  readonly steps: { readonly name: string; readonly input: unknown }[];
}

interface World extends LivedDays {
  readonly delivery: Delivery;
}

const sides = [
  { owner: alpha, tenant: acme, center: "c-1", region: "CN-SX" },
  { owner: beta, tenant: bolt, center: "c-2", region: "CN-HB" },
] as const;
type Side = (typeof sides)[number];

const dayMs = 86_400_000;

/** Lives some days and closes each. */
export async function liveDays(days: readonly ExchangeDay[], delivery: Delivery = once): Promise<LivedDays> {
  const exchange = await startExchange();
  const world: World = { exchange, delivery, requests: [], steps: [] };
  for (const side of sides) await enter(world, side);
  await delivery.bring(exchange);
  for (const [index, day] of days.entries()) {
    await liveDay(world, day, index);
    exchange.clock.set(openingTime + (index + 1) * dayMs);
    await close(world);
  }
  return world;
}

/** Closes whatever days are over. */
function close({ exchange, steps, delivery }: World): Promise<void> {
  return closeDays({ ...exchange, pump: () => delivery.bring(exchange) }, (name, input) => {
    steps.push({ name, input });
    return delivery.step(exchange, name, input);
  });
}

/** Asks, with a key of its own where the operation takes one, and notes it to be asked again. */
async function ask<Body>(
  { exchange, requests }: World,
  operation: Asked<Body>,
  member: Member,
  request: ApiRequest,
): Promise<Body> {
  const keyed =
    operation.method === "POST" ? { ...request, key: `${operation.id}-${requests.length}` } : request;
  const again = () => exchange.call(operation, member, keyed);
  // A lease renewed late is a new one, and no repeat.
  requests.push(operation.method === "POST" ? again : async () => undefined);
  return succeeds(again());
}

async function enter(world: World, { owner, tenant, center, region }: Side): Promise<void> {
  await ask(world, operations.joinNetwork, owner, { body: { ...newCenter(center), region } });
  await ask(world, operations.openAccount, tenant, { body: {} });
  const params = { account: tenant.owner };
  await ask(world, operations.depositFunds, finance, { params, body: { mills: "1000003" } });
}

async function liveDay(world: World, day: ExchangeDay, index: number): Promise<void> {
  const { exchange, delivery } = world;
  for (const side of sides) {
    const params = { center: side.center };
    await ask(world, operations.renewLease, side.owner, { params });
    if (day.guarantee > 0) await settleGuarantee(world, side, BigInt(day.guarantee + index));
    await ask(world, operations.postOffer, side.owner, {
      body: newOffer(exchange, side.center, { reserve: 101 }),
    });
    const account = { account: side.tenant.owner };
    await ask(world, operations.setTaxRate, finance, { params: account, body: { taxRate: day.taxRate } });
  }
  if (day.contribution > 0)
    await ask(world, operations.contributeToDefaultFund, finance, { body: { mills: `${day.contribution}` } });
  await delivery.bring(exchange);
  for (const one of day.deeds) await carryOut(world, one);
  if (day.refund > 0) await refund(world, day.refund);
  if (day.overnight) await runOvernight(world);
  if (day.pays) await payOut(world);
  await delivery.bring(exchange);
}

/** Brings a center's guarantee to so many mills: finance posts what it lacks, its center asks for the rest. */
async function settleGuarantee(world: World, { owner, center }: Side, target: bigint): Promise<void> {
  const params = { center };
  const read = world.exchange.call(operations.getCenter, owner, { params });
  const { status, guarantee } = await succeeds(read);
  const lacks = target - BigInt(guarantee);
  if (lacks > 0n)
    await ask(world, operations.postGuarantee, finance, { params, body: { mills: `${lacks}` } });
  // One that is suspended takes nothing back.
  else if (status !== "suspended")
    await ask(world, operations.reduceGuarantee, owner, { params, body: { mills: `${target}` } });
}

type Placed = Side & { readonly job: string; readonly placement: string; readonly from: number };

/** Has a job placed at a side's own center; undefined: the center is off the market, or has nothing left. */
async function place(world: World, side: Side, more: object): Promise<Placed | undefined> {
  const { exchange, delivery } = world;
  const body = newJob(exchange, side.center, { regions: [side.region], ...more });
  const { job } = await ask(world, operations.postJob, side.tenant, { body });
  await delivery.bring(exchange);
  await exchange.runAuctions();
  await delivery.bring(exchange);
  const params = { job };
  const { awards } = await succeeds(exchange.call(operations.getJob, side.tenant, { params }));
  const award = awards.at(-1);
  if (award !== undefined) return { ...side, job, placement: award.placement, from: award.from };
  await cancel(world, side, job);
  // For the next gate.
  exchange.clock.set(slotStart(exchange.slot() + 1) + 30_000);
  return undefined;
}

async function cancel({ exchange, requests }: World, { tenant }: Side, job: string): Promise<void> {
  // One that is over is not to be cancelled, which is told as a refusal.
  const again = () => exchange.call(operations.cancelJob, tenant, { params: { job } });
  requests.push(again);
  await again();
}

async function start(world: World, { owner, center, placement, from }: Placed): Promise<void> {
  const params = { placement };
  await ask(world, operations.acceptPlacement, owner, { params, body: { center } });
  world.exchange.clock.set(slotStart(from));
  await ask(world, operations.startPlacement, owner, { params, body: { center, run: 1 } });
}

/** What the run delivered of slots `[from, to)`; `fewest`: it had no more cards than that. */
async function meter(world: World, placed: Placed, from: number, to: number, cards: number, fewest?: number) {
  const cardSeconds = (to - from) * 360 * (fewest ?? cards);
  const range = { from: instant(slotStart(from)), to: instant(slotStart(to)), cardSeconds };
  const body = {
    center: placed.center,
    run: 1,
    ...range,
    ...(fewest === undefined ? {} : { cards: fewest }),
  };
  const request = {
    params: { placement: placed.placement },
    body,
    key: `meter-${placed.placement}-${from}-${to}`,
  };
  // A gang that lacks cards is displaced, which is told as a refusal.
  const again = () => world.exchange.call(operations.meterPlacement, placed.owner, request);
  world.requests.push(again);
  await again();
}

async function carryOut(world: World, { side: which, cards, fate, slots, limit }: Deed): Promise<void> {
  const { exchange, delivery } = world;
  const side = sides[which];
  const placed = await place(world, side, { cards, products: [{ product: "a100-80g", limit }] });
  if (placed === undefined) return;
  const { owner, center, placement, from } = placed;
  const params = { placement };
  if (fate !== "refused") {
    await start(world, placed);
    exchange.clock.set(slotStart(from + slots));
    await meter(world, placed, from, from + slots, cards, fate === "fewerCards" ? cards - 1 : undefined);
  }
  if (fate === "completes") {
    const body = { center, run: 1, outcome: "completed" };
    await ask(world, operations.finishPlacement, owner, { params, body });
  } else if (fate === "refused" || fate === "breaksOff")
    await ask(world, operations.refusePlacement, owner, { params, body: { center } });
  await cancel(world, side, placed.job);
  await delivery.bring(exchange);
  exchange.clock.set(slotStart(from + 10) + 30_000);
}

/** Begins before midnight; after the close its center says that it had fewer cards. */
async function runOvernight(world: World): Promise<void> {
  const { exchange } = world;
  const day = exchange.clock.now() - ((exchange.clock.now() - openingTime) % dayMs);
  exchange.clock.set(day + 13.6 * 3_600_000);
  const placed = await place(world, sides[0], { cards: 4 });
  if (placed === undefined) return;
  await start(world, placed);
  await world.delivery.bring(exchange);
  exchange.clock.set(day + 14.1 * 3_600_000);
  await close(world);
  await meter(world, placed, placed.from, placed.from + 2, 4, 3);
  await cancel(world, placed, placed.job);
}

/** Finance gives some percent of the oldest charge for cards back that was not given back yet. */
async function refund(world: World, percent: number): Promise<void> {
  const { exchange } = world;
  const charges = (await feedOf(exchange)).flatMap(({ type, data }) =>
    type === "ChargePosted" ? [data] : [],
  );
  for (const { charge, job, placement, account, period, lines } of charges) {
    const line = lines.find(({ kind }) => kind === "compute");
    if (line?.center === undefined) continue;
    const mills = String((BigInt(line.mills) * BigInt(percent)) / 100n);
    const found = {
      code: "wrongPrice",
      about: charge,
      subject: charge,
      period,
      job,
      placement,
      account,
    } as const;
    const numbers = { expected: "1", found: "2", mills: line.mills, detail: "The price is not the award's." };
    await record(exchange, { breaks: [{ ...found, ...numbers, center: line.center }] });
    await exchange.invoke("scan-log", {});
    await world.delivery.bring(exchange);
    const { items } = await succeeds(
      exchange.call(operations.listBreaks, finance, { query: { limit: 200 } }),
    );
    const id = items.find(({ subject, status }) => subject === charge && status === "open")?.break;
    if (id === undefined) continue;
    const request = {
      params: { break: id },
      body: { resolution: "corrected", note: "", correction: { refund: mills } },
      key: `refund-${id}`,
    };
    // Of a charge that was corrected already there may be less left than that.
    const again = () => exchange.call(operations.resolveBreak, finance, request);
    // What was refused may be right later: then it is no repeat.
    if ((await again()).status !== 200) continue;
    world.requests.push(again);
    return;
  }
}

async function payOut(world: World): Promise<void> {
  const stated = (await feedOf(world.exchange)).flatMap(({ type, data }) =>
    type === "PayoutStated" ? [data] : [],
  );
  for (const { center, period, payable, payout } of stated) {
    if (payable === "0") continue;
    const body = { reference: `bank-${payout}` };
    await ask(world, operations.payPayout, finance, { params: { center, period }, body });
  }
}

/** All events up to a page, in the order of the feed. */
export async function feedOf(
  { database }: InMemoryExchange,
  upTo = Number.POSITIVE_INFINITY,
): Promise<DomainEvent[]> {
  const feed = createFeed(database, testTables.feed);
  const events: DomainEvent[] = [];
  for (let position = 0; ; ) {
    const pages = await feed.readAfter(position);
    const last = pages.at(-1);
    if (last === undefined) return events;
    for (const { position: page, commits } of pages)
      if (page <= upTo) for (const commit of commits) events.push(...commit.events);
    position = last.position;
  }
}

/** All commits of the log, by stream. */
export async function allCommits(exchange: InMemoryExchange): Promise<Map<string, ParsedCommit[]>> {
  const names = new Set<string>();
  for await (const items of exchange.database.scan(testTables.log, ["pk"]))
    for (const { pk } of items) names.add(String(pk));
  const commits = await Promise.all(
    [...names].sort().map(async (name) => [name, await exchange.commits(name)] as const),
  );
  return new Map(commits);
}
