import { describe, expect, test } from "vitest";
import { z } from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { JobId, Period } from "../../events/catalog/values.ts";
import type { Database, Item } from "../../events/store/dynamo.ts";
import { periodStart, slotStart } from "../../market/time.ts";
import { closeDays } from "../../test/close-days.ts";
import {
  acme,
  alpha,
  type InMemoryExchange,
  newJob,
  placeJob,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";

const { acceptPlacement, startPlacement, finishPlacement, cancelJob, getAccount, postJob } = operations;
const day = 86_400_000;
const Next = z.object({ next: z.string(), auction: z.int() });

/** Every gate of the slots after this one up to `last` closes, and is sealed. */
async function gatesUpTo(
  exchange: InMemoryExchange,
  last: number,
  runAuctions: () => Promise<void> = exchange.runAuctions,
): Promise<void> {
  for (let slot = exchange.slot() + 1; slot <= last; slot++) {
    exchange.clock.set(slotStart(slot));
    await runAuctions();
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

async function cancel(exchange: InMemoryExchange, job: string): Promise<void> {
  await succeeds(exchange.call(cancelJob, acme, { params: { job } }));
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

const charges = async (exchange: InMemoryExchange, job: string) => {
  await nextDayCloses(exchange);
  return charged(exchange, job);
};

describe("the fee on what a tenant gave back", () => {
  test("lets go of the hold at the close, even where no auction saw anything given back", async () => {
    const exchange = await startExchange();
    // The only slot that is given back had its last gate when the last one that ran began.
    const { job, placement, from } = await running(exchange);
    await gatesUpTo(exchange, from + 8);
    await finish(exchange, placement, from + 8);
    await gatesUpTo(exchange, from + 12);
    expect(await held(exchange)).toBe("80");
    expect(await charges(exchange, job)).toEqual(["end 7200", "release 80 final"]);
    expect(await held(exchange)).toBe("0");
  });

  test("is due on all that nobody bought, the slot after the last one that ran as well", async () => {
    const exchange = await startExchange();
    const { job, placement, from } = await running(exchange);
    await gatesUpTo(exchange, from + 3);
    await finish(exchange, placement, from + 3);
    await gatesUpTo(exchange, from + 12);
    // 4 x 800, and 10 % of 6 x 800.
    expect(await charges(exchange, job)).toEqual(["end 3200", "release 480 final"]);
  });

  test("is due on the whole award if it is cancelled after its last gate", async () => {
    const exchange = await startExchange();
    const { job, from } = await placeJob(exchange);
    await cancel(exchange, job);
    await gatesUpTo(exchange, from + 12);
    expect(await charges(exchange, job)).toEqual(["end 0", "release 800 final"]);
  });

  test("is not due on what was sold again", async () => {
    const exchange = await startExchange();
    const { job, from } = await placeJob(exchange);
    await cancel(exchange, job);
    // 12 of 16 cards from the next slot on: 4 of the 8 that were given back stay unsold.
    await succeeds(exchange.call(postJob, acme, { body: newJob(exchange, "c-1", { cards: 12 }) }));
    await exchange.pump();
    await gatesUpTo(exchange, from + 12);
    // 8 cards in the first slot, 4 in the nine after it.
    expect(await charges(exchange, job)).toEqual(["end 0", "release 440 final"]);
  });

  test("is not due on slots whose last gate never closed: the exchange was away (0103)", async () => {
    const exchange = await startExchange();
    const { job, from } = await placeJob(exchange);
    await cancel(exchange, job);
    await gatesUpTo(exchange, from + 2);
    exchange.clock.set(slotStart(from + 6));
    await gatesUpTo(exchange, from + 12);
    // Gates from + 3 to + 6 never closed, so of the 10 slots the 4 after them were not on sale.
    expect(await charges(exchange, job)).toEqual(["end 0", "release 480 final"]);
  });

  test("is charged to midnight, and the rest the day after", async () => {
    const exchange = await startExchange();
    const midnight = periodStart(Period.parse("2026-03-03"));
    exchange.clock.set(slotStart(midnight - 6) + 30_000);
    const { job, from } = await placeJob(exchange);
    expect(from).toBe(midnight - 5);
    await cancel(exchange, job);
    await gatesUpTo(exchange, from + 22);
    await closeDays(exchange);
    expect(await charged(exchange, job)).toEqual(["end 0", "release 400"]);
    expect(await charges(exchange, job)).toEqual(["end 0", "release 400", "release 400 final"]);
  });
});

describe("what became of released cards follows from the log", () => {
  /** A cancelled job whose cards are sold again in part, with databases that fail as they are told. */
  async function resold(around?: (database: Database) => Database) {
    const exchange = await startExchange(around);
    const { job, from } = await placeJob(exchange);
    await cancel(exchange, job);
    await succeeds(exchange.call(postJob, acme, { body: newJob(exchange, "c-1", { cards: 12, slots: 5 }) }));
    await exchange.pump();
    return { exchange, job, from };
  }
  // 8 cards in the first slot, 4 in the five after it, 8 in the last four.
  const due = ["end 0", "release 600 final"];
  const isReleased = ({ pk }: Item) => String(pk).startsWith("released#");

  test("and is the same if whoever saves it dies each time, and is repeated", async () => {
    const died = new Set<string>();
    let dies = false;
    const { exchange, job, from } = await resold((database) => ({
      ...database,
      async put(table, item, anyOf) {
        if (dies && isReleased(item) && !died.has(String(item.sk))) {
          died.add(String(item.sk));
          throw new Error("killed");
        }
        return database.put(table, item, anyOf);
      },
    }));
    dies = true;
    const auctions = () => exchange.runAuctions();
    await gatesUpTo(exchange, from + 12, () => auctions().catch(auctions));
    expect(died.size).toBeGreaterThan(10);
    expect(await charges(exchange, job)).toEqual(due);
  });

  test("and is worked out anew if nothing of it is left", async () => {
    const { exchange, job, from } = await resold((database) => ({
      ...database,
      put: async (table, item, anyOf) => isReleased(item) || database.put(table, item, anyOf),
    }));
    await gatesUpTo(exchange, from + 12);
    exchange.restart();
    expect(await charges(exchange, job)).toEqual(due);
  });

  test("so that a day waits for an auction that is not sealed", async () => {
    const { exchange, job, from } = await resold();
    exchange.clock.set(slotStart(from));
    const { next, auction } = Next.parse(await exchange.invoke("close-gate", {}));
    expect(next).toBe("solve");
    await expect(nextDayCloses(exchange)).rejects.toThrow(
      new RegExp(`^auction ${auction}, .* is not sealed$`),
    );
    expect(await charged(exchange, job)).toEqual(["end 0"]);
    await exchange.runAuctions();
    await exchange.pump();
    await closeDays(exchange);
    // One gate closed after the award's own: the first slot is due whole, of the second what it did not sell.
    expect(await charged(exchange, job)).toEqual(["end 0", "release 120 final"]);
  });
});
