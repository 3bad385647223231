import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { createEventLog } from "../../events/store/log.ts";
import { mills } from "../../market/money.ts";
import { slotStart } from "../../market/time.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  beta,
  bolt,
  type InMemoryExchange,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  openCenter,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";

/** Two centers, and four bids of two tenants for more than they have. */
async function openMarket(exchange: InMemoryExchange): Promise<string[]> {
  await openCenter(exchange, alpha, "c-1");
  await openCenter(exchange, beta, "b-1");
  await openAccount(exchange, acme);
  await openAccount(exchange, bolt);
  const jobs: string[] = [];
  for (const [by, cards, limit] of [
    [acme, 16, 300],
    [bolt, 12, 200],
    [acme, 10, 150],
    [bolt, 3, 120],
  ] as const) {
    const body = newJob(exchange, "c-1", { cards, products: [{ product: "a100-80g", limit }] });
    jobs.push((await succeeds(exchange.call(operations.postJob, by, { body }))).job);
  }
  await exchange.pump();
  return jobs;
}

/** What is in the log, apart from ids of causes. */
async function facts(exchange: InMemoryExchange): Promise<string[]> {
  const found: string[] = [];
  const streams = new Set<string>();
  for await (const items of exchange.database.scan(testTables.log, ["pk"]))
    for (const { pk } of items) streams.add(String(pk));
  for (const stream of streams)
    for (const { version, commandId, events } of await exchange.commits(stream))
      found.push(`${stream}@${version} ${commandId} ${JSON.stringify(events)}`);
  return found.sort();
}

describe("the auction's steps", () => {
  test("wherever they are cut off, their repeats come to the same facts", async () => {
    const whole = await startExchange();
    await openMarket(whole);
    await whole.runAuctions();
    await whole.pump();
    const wanted = await facts(whole);
    expect(wanted.filter((fact) => fact.includes('"JobPlaced"')).length).toBeGreaterThanOrEqual(2);

    const crashes = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean()), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(crashes, async (given) => {
        let left = Number.POSITIVE_INFINITY;
        let effective = false;
        const exchange = await startExchange((database) => ({
          ...database,
          async put(table, item, anyOf) {
            left -= 1;
            if (left === 0 && !effective) throw new Error("crash");
            const put = await database.put(table, item, anyOf);
            // What was written stays written, though nobody heard of it.
            if (left === 0) throw new Error("crash");
            return put;
          },
        }));
        await openMarket(exchange);
        for (const [at, late] of given) {
          [left, effective] = [at, late];
          await exchange.runAuctions().catch((error: unknown) => expect(String(error)).toContain("crash"));
        }
        left = Number.POSITIVE_INFINITY;
        await exchange.runAuctions();
        await exchange.pump();
        expect(await facts(exchange)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  test("two workflows at once sell nothing twice", async () => {
    const once = await startExchange();
    await openMarket(once);
    await once.runAuctions();
    const exchange = await startExchange();
    await openMarket(exchange);
    await Promise.all([exchange.runAuctions(), exchange.runAuctions(), exchange.runAuctions()]);
    expect(await facts(exchange)).toEqual(await facts(once));
  });

  test("close one gate a slot, and without bids seal it at once", async () => {
    const exchange = await startExchange();
    await openCenter(exchange, alpha, "c-1");
    await exchange.pump();
    expect(await exchange.invoke("close-gate", {})).toEqual({ next: "close", auction: 1 });
    expect(await exchange.invoke("close-gate", {})).toEqual({ next: "none", auction: 1 });
    expect(await exchange.commits("auction-1")).toHaveLength(1);
    // Eight slots on the forward gate closes first, then the spot gate of the same slot.
    exchange.clock.set(slotStart(exchange.slot() + 8));
    expect(await exchange.invoke("close-gate", {})).toEqual({ next: "close", auction: 2 });
    expect(await exchange.invoke("close-gate", {})).toEqual({ next: "close", auction: 3 });
    expect(await exchange.invoke("close-gate", {})).toEqual({ next: "none", auction: 3 });
    const sessions = await Promise.all(
      [1, 2, 3].map(async (n) => (await exchange.commits(`auction-${n}`))[0]?.events[0]?.data),
    );
    expect(sessions).toMatchObject([{ session: "spot" }, { session: "forward" }, { session: "spot" }]);
  });

  test("resume an auction that was left unsealed before they close the next gate", async () => {
    const exchange = await startExchange();
    const jobs = await openMarket(exchange);
    expect(await exchange.invoke("close-gate", {})).toEqual({ next: "solve", auction: 1 });
    exchange.clock.set(slotStart(exchange.slot() + 1));
    expect(await exchange.invoke("close-gate", {})).toEqual({ next: "solve", auction: 1 });
    await exchange.runAuctions();
    const phases = await Promise.all(
      jobs.map(async (job, index) => {
        const params = { job };
        const by = index % 2 === 0 ? acme : bolt;
        return (await succeeds(exchange.call(operations.getJob, by, { params }))).status;
      }),
    );
    expect(phases).toContain("placed");
    expect((await exchange.commits("auction-2")).length).toBeGreaterThan(0);
  });

  test("void a book that cannot be cleared, and go on: its bids wait for the next gate or expire with their funds", async () => {
    const exchange = await startExchange();
    await openCenter(exchange, alpha, "c-1");
    await openAccount(exchange, acme);
    // No decider lets a center have a pool twice, so that it stands in the log must be forged.
    const [joined] = await exchange.commits("center-c-1");
    if (joined === undefined) throw new Error("no center");
    const data = { ...newCenter("c-2"), owner: "alpha" };
    const pools = [...newCenter("c-2").pools, ...newCenter("c-2").pools];
    await createEventLog(exchange.database, testTables.log).append({
      ...joined,
      stream: "center-c-2",
      commandId: "forged",
      events: [{ type: "CenterJoined", v: 1, data: { ...data, pools } }],
    });
    await exchange.wake("relay-commits", [{ pk: "center-c-2", sk: 1 }]);
    const soon = { from: exchange.slot() + 1, to: exchange.slot() + 12 };
    const post = async (more: Readonly<Record<string, unknown>>) =>
      (await succeeds(exchange.call(operations.postJob, acme, { body: newJob(exchange, "c-1", more) }))).job;
    const [short, long] = [await post(soon), await post({ ...soon, to: soon.from + 60 })];
    await exchange.pump();
    const held = async () => {
      const params = { account: "acme" };
      return mills((await succeeds(exchange.call(operations.getAccount, acme, { params }))).held);
    };
    const before = await held();

    for (const auction of [1, 2, 3]) {
      exchange.clock.set(slotStart(exchange.slot() + 1));
      await exchange.runAuctions();
      await exchange.pump();
      const [closed, voided] = (await exchange.commits(`auction-${auction}`)).flatMap(({ events }) => events);
      expect(closed).toMatchObject({
        type: "GateClosed",
        data: auction === 1 ? {} : { reruns: auction - 1 },
      });
      expect(voided).toMatchObject({ type: "AuctionVoided", data: { reason: "checkFailed" } });
    }
    const statusOf = async (job: string) =>
      (await succeeds(exchange.call(operations.getJob, acme, { params: { job } }))).status;
    expect([await statusOf(short), await statusOf(long)]).toEqual(["expired", "open"]);
    expect(await held()).toBe(before / 2n);
  });

  test("never give an owner its own cards", async () => {
    const exchange = await startExchange();
    const both = { owner: "alpha", roles: ["center", "tenant"] } as const;
    await openCenter(exchange, both, "c-1");
    await openAccount(exchange, both);
    const body = newJob(exchange, "c-1");
    const { job } = await succeeds(exchange.call(operations.postJob, both, { body }));
    await exchange.pump();
    await exchange.runAuctions();
    expect((await succeeds(exchange.call(operations.getJob, both, { params: { job } }))).status).toBe("open");
  });

  test("hand on keys and page numbers only, however large the book; pages and commits stay within their limits", async () => {
    const outputs: number[] = [];
    let largest = 0;
    const exchange = await startExchange((database) => ({
      ...database,
      put(table, item, anyOf) {
        largest = Math.max(largest, JSON.stringify(item).length);
        return database.put(table, item, anyOf);
      },
    }));
    // Energy that changes by the hour makes a price of its own for each of them, so that an award is long.
    const energy = Array.from({ length: 24 }, (_, hour) => 300 + (hour % 2) * 300);
    await succeeds(exchange.call(operations.joinNetwork, alpha, { body: { ...newCenter("c-1"), energy } }));
    await succeeds(exchange.call(operations.renewLease, alpha, { params: { center: "c-1" } }));
    const to = exchange.slot() + 1700;
    const body = newOffer(exchange, "c-1", { cards: 64, to });
    await succeeds(exchange.call(operations.postOffer, alpha, { body }));
    await openAccount(exchange, acme, "10000000000");
    const fleet = { session: "forward", kind: "div", cards: 1, slots: 1500, maxSlots: 1500, to };
    for (let n = 0; n < 50; n++)
      await succeeds(exchange.call(operations.postJob, acme, { body: newJob(exchange, "c-1", fleet) }));
    await exchange.pump();
    exchange.clock.set(slotStart(exchange.slot() + 8));
    await succeeds(exchange.call(operations.renewLease, alpha, { params: { center: "c-1" } }));
    await exchange.pump();

    const called = async (name: string, event: unknown) => {
      const answer = await exchange.invoke(name, event);
      outputs.push(JSON.stringify(event).length, JSON.stringify(answer).length);
      return answer;
    };
    const pageIn = z.object({ auction: z.int(), page: z.int(), pages: z.int() });
    await called("close-gate", {});
    let at = pageIn.parse(await called("solve-auction", { auction: 1 }));
    expect(at.pages).toBeGreaterThan(8);
    let calls = 0;
    const told = async () => (await facts(exchange)).filter((fact) => fact.includes('"JobPlaced"')).length;
    for (; at.page < at.pages; calls++) at = pageIn.parse(await called("publish-awards", at));
    await called("seal-auction", { auction: 1 });
    expect(calls).toBe(Math.ceil(at.pages / 8));
    expect(await told()).toBe(50);
    const [, , ...pages] = await exchange.commits("auction-1");
    expect(pages).toHaveLength(at.pages + 1);
    expect(Math.max(...outputs)).toBeLessThan(200);
    // A commit has 100 KB at most, an item of DynamoDB 400.
    expect(largest).toBeLessThan(256_000);
  });
});
