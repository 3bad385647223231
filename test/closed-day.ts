import { operations } from "../functions/contract/operations.ts";
import { periodOf, periodPlus, periodStart, slotStart } from "../market/time.ts";
import { closeDays } from "./close-days.ts";
import { type InMemoryExchange, succeeds } from "./exchange-in-memory.ts";
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
