import { describe, expect, test } from "vitest";
import { streams } from "../../events/catalog/streams.ts";
import { JobId } from "../../events/catalog/values.ts";
import { slotStart } from "../../market/time.ts";
import { closeDays } from "../../test/close-days.ts";
import {
  acme,
  alpha,
  type InMemoryExchange,
  placeJob,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";

const { acceptPlacement, startPlacement, finishPlacement, getAccount } = operations;
const day = 86_400_000;

/** Every gate of the slots after this one up to `last` closes, and is sealed. */
async function gatesUpTo(exchange: InMemoryExchange, last: number): Promise<void> {
  for (let slot = exchange.slot() + 1; slot <= last; slot++) {
    exchange.clock.set(slotStart(slot));
    await exchange.runAuctions();
    await exchange.pump();
  }
}

/** 8 cards for 10 slots at 100 fen, begun in their first slot. */
async function running(exchange: InMemoryExchange) {
  const placed = await placeJob(exchange);
  const params = { placement: placed.placement };
  await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center: "c-1" } }));
  await gatesUpTo(exchange, placed.from);
  await succeeds(exchange.call(startPlacement, alpha, { params, body: { center: "c-1", run: 1 } }));
  return placed;
}

/** In the middle of this slot. */
async function finish(exchange: InMemoryExchange, placement: string, slot: number): Promise<void> {
  exchange.clock.set(slotStart(slot) + 180_000);
  const body = { center: "c-1", run: 1, outcome: "completed" };
  await succeeds(exchange.call(finishPlacement, alpha, { params: { placement }, body }));
  await exchange.pump();
}

async function nextDayCloses(exchange: InMemoryExchange): Promise<void> {
  exchange.clock.set(exchange.clock.now() + day);
  await closeDays(exchange);
}

const held = async (exchange: InMemoryExchange) =>
  (await succeeds(exchange.call(getAccount, acme, { params: { account: acme.owner } }))).held;

/** What a job's charges say that they are for, and what each takes, in mills. */
async function charged(exchange: InMemoryExchange, job: string): Promise<string[]> {
  const commits = await exchange.commits(streams.job(JobId.parse(job)));
  return commits.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.type === "ChargePosted"
        ? [`${event.data.charge.split(":")[1]} ${event.data.tenantPays}${event.data.final ? " final" : ""}`]
        : [],
    ),
  );
}

describe("cards that a tenant gave back", () => {
  test("let go of their hold at the close, even where no auction saw them given back", async () => {
    const exchange = await startExchange();
    // The only slot that is given back had its last gate when the last one that ran began.
    const { job, placement, from } = await running(exchange);
    await gatesUpTo(exchange, from + 8);
    await finish(exchange, placement, from + 8);
    await gatesUpTo(exchange, from + 12);
    expect(await held(exchange)).not.toBe("0");
    await nextDayCloses(exchange);
    expect((await charged(exchange, job)).at(-1)).toMatch(/^release .* final$/);
    expect(await held(exchange)).toBe("0");
  });
});
