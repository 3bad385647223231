import { operations } from "../functions/contract/operations.ts";
import { slotStart } from "../market/time.ts";
import { closeDays } from "./close-days.ts";
import { newJob, newOffer, openingTime, succeeds } from "./exchange-in-memory.ts";
import type { SeededExchange, Side } from "./seeded-exchange.ts";

const dayMs = 86_400_000;

/**
 * Two days on each of which each side's tenant has cancelled a job that its center was awarded, and both closed: each
 * tenant has two invoices, and each center two payouts.
 */
export async function closeTwoDays({ exchange, left, right }: SeededExchange): Promise<void> {
  for (const days of [0, 1]) {
    exchange.clock.set(Math.max(exchange.clock.now(), openingTime + days * dayMs));
    for (const side of [left, right]) await offerAndAsk(exchange, side);
    await exchange.pump();
    exchange.clock.set(slotStart(exchange.slot() + 1) + 30_000);
    await exchange.runAuctions();
    await exchange.pump();
    for (const { tenant } of [left, right]) await cancelPlaced(exchange, tenant);
    await exchange.pump();
    exchange.clock.set(openingTime + (days + 1) * dayMs);
    await closeDays(exchange);
  }
}

async function offerAndAsk(exchange: SeededExchange["exchange"], { owner, tenant, center, region }: Side) {
  await succeeds(exchange.call(operations.renewLease, owner, { params: { center } }));
  const from = exchange.slot() + 2;
  const offer = newOffer(exchange, center, { from, to: from + 20 });
  await succeeds(exchange.call(operations.postOffer, owner, { body: offer }));
  const job = newJob(exchange, center, { regions: [region], cards: 1, from, to: from + 15 });
  await succeeds(exchange.call(operations.postJob, tenant, { body: job }));
}

async function cancelPlaced(exchange: SeededExchange["exchange"], tenant: Side["tenant"]) {
  const { items } = await succeeds(exchange.call(operations.listJobs, tenant, { query: { limit: 200 } }));
  const placed = items.filter(({ status }) => status === "placed");
  if (placed.length === 0) throw new Error(`${tenant.owner} was awarded nothing`);
  for (const { job } of placed)
    await succeeds(exchange.call(operations.cancelJob, tenant, { params: { job } }));
}
