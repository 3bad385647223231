import { operations } from "../functions/contract/operations.ts";
import { periodOf, periodPlus, periodStart, slotStart } from "../market/time.ts";
import { closeDays } from "./close-days.ts";
import { type InMemoryExchange, newJob, newOffer, openingTime, succeeds } from "./exchange-in-memory.ts";
import { beginRun, type SeededExchange, type Side } from "./seeded-exchange.ts";

/** The placed jobs of both sides have run for one slot and are charged for it; the day is not over. */
export async function chargeJobs({ exchange, left, right }: SeededExchange): Promise<void> {
  const sides = [left, right];
  await Promise.all(sides.map((side) => beginRun(exchange, side)));
  exchange.clock.set(slotStart(left.from + 1));
  for (const { owner, center, placement } of sides) {
    const request = { params: { placement }, body: { center, run: 1, outcome: "completed" } };
    await succeeds(exchange.call(operations.finishPlacement, owner, request));
  }
  await exchange.pump();
}

/** The charge that `chargeJobs` has made. */
export function chargeOf({ placement, from }: Side): string {
  return `${placement}:end:${from}-${from + 1}`;
}

/** It is the next day, and this one is closed. */
export async function closeToday(exchange: InMemoryExchange): Promise<void> {
  await exchange.invoke("begin-close", {});
  await exchange.pump();
  exchange.clock.set(slotStart(periodStart(periodPlus(periodOf(exchange.slot()), 1))));
  await closeDays(exchange);
}

const dayMs = 86_400_000;

/**
 * Two days on each of which a job of each side's tenant ran at its center for one slot, and both closed: each tenant has
 * two invoices, and each center two payouts.
 */
export async function closeTwoDays(world: SeededExchange): Promise<void> {
  const { exchange, left, right } = world;
  await chargeJobs(world);
  exchange.clock.set(openingTime + dayMs);
  await closeDays(exchange);
  const sides: Side[] = [];
  for (const side of [left, right]) await offerAndAsk(exchange, side);
  await exchange.pump();
  exchange.clock.set(slotStart(exchange.slot() + 1) + 30_000);
  await exchange.runAuctions();
  await exchange.pump();
  for (const side of [left, right]) sides.push({ ...side, ...(await placementOf(exchange, side)) });
  await chargeJobs({ exchange, left: sides[0] ?? left, right: sides[1] ?? right });
  exchange.clock.set(openingTime + 2 * dayMs);
  await closeDays(exchange);
}

async function offerAndAsk(exchange: InMemoryExchange, { owner, tenant, center, region }: Side) {
  await succeeds(exchange.call(operations.renewLease, owner, { params: { center } }));
  const from = exchange.slot() + 2;
  const offer = newOffer(exchange, center, { from, to: from + 20 });
  await succeeds(exchange.call(operations.postOffer, owner, { body: offer }));
  const job = newJob(exchange, center, { regions: [region], cards: 1, from, to: from + 15 });
  await succeeds(exchange.call(operations.postJob, tenant, { body: job }));
}

/** Of the tenant's job that is placed now. */
async function placementOf(exchange: InMemoryExchange, { tenant }: Side) {
  const { items } = await succeeds(exchange.call(operations.listJobs, tenant, { query: { limit: 200 } }));
  const placed = items.find(({ status }) => status === "placed");
  const params = { job: placed?.job ?? "none" };
  const { awards } = await succeeds(exchange.call(operations.getJob, tenant, { params }));
  const award = awards.at(-1);
  if (award === undefined) throw new Error(`${tenant.owner} was awarded nothing`);
  return { placement: award.placement, from: award.from };
}
