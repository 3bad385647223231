import { beforeEach, describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { instant, slotStart } from "../../market/time.ts";
import {
  acme,
  alpha,
  type InMemoryExchange,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";

const center = "c-1";
let exchange: InMemoryExchange;
/** First slot of the job, and the end of its first award. */
let from: number;
let end: number;
let job: string;
let placement: string;

const held = async () => {
  const account = await succeeds(
    exchange.call(operations.getAccount, acme, { params: { account: acme.owner } }),
  );
  return [account.available, account.held];
};
const jobNow = () => succeeds(exchange.call(operations.getJob, acme, { params: { job } }));
const eventsOf = async (): Promise<DomainEvent[]> =>
  (await exchange.commits(`job-${job}`)).flatMap(({ events }) => events);
const auction = async () => {
  await exchange.pump();
  await exchange.runAuctions();
  await exchange.pump();
};
/** Half a minute into a slot. */
const goTo = (slot: number) => exchange.clock.set(slotStart(slot) + 30_000);
const meet = () => exchange.invoke("meet-deadline", { job, placement });
const offer = (first: number, to: number) =>
  succeeds(
    exchange.call(operations.postOffer, alpha, { body: newOffer(exchange, center, { from: first, to }) }),
  );
const meter = (first: number, to: number) =>
  exchange.call(operations.meterPlacement, alpha, {
    params: { placement },
    body: {
      ...{ center, run: 1, cardSeconds: 8 * 360 * (to - first) },
      ...{ from: instant(slotStart(first)), to: instant(slotStart(to)) },
    },
  });

/** A job of 8 cards that may go on at 150 fen begins to run for so many slots; so many more are on offer behind them. */
async function runJob(slots: number, more = 0): Promise<void> {
  from = exchange.slot() + 1;
  end = from + slots;
  await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter(center) }));
  await succeeds(exchange.call(operations.renewLease, alpha, { params: { center } }));
  await offer(from, end + more);
  await openAccount(exchange, acme);
  const body = newJob(exchange, center, { slots, extendLimit: 150, maxSlots: 60 });
  ({ job } = await succeeds(exchange.call(operations.postJob, acme, { body })));
  await auction();
  placement = (await jobNow()).awards[0]?.placement ?? "none";
  const params = { placement };
  await succeeds(exchange.call(operations.acceptPlacement, alpha, { params, body: { center } }));
  goTo(from);
  await succeeds(exchange.call(operations.startPlacement, alpha, { params, body: { center, run: 1 } }));
}

/** A job of 8 cards that may go on at 150 fen runs for an hour; nothing after it is on offer until its last slots. */
beforeEach(async () => {
  exchange = await startExchange();
  await runJob(10);
  // Its continuation bids and loses, gate after gate: 12,000 mills are held for it.
  for (let slot = from; slot <= end - 4; slot++) {
    goTo(slot);
    await auction();
  }
  expect(await held()).toEqual([String(1_000_000 - 40_000 - 12_000), "52000"]);
});

describe("an exchange that stopped when it had taken the hold for more, before it closed the gate", () => {
  test("finds the run of its last auction running, under a name that this auction did not give", async () => {
    let stopped = false;
    exchange = await startExchange((database) => ({
      ...database,
      put(table, item, anyOf) {
        if (stopped && String(item.pk).startsWith("auction-")) throw new Error("stopped");
        return database.put(table, item, anyOf);
      },
    }));
    await runJob(7, 100);
    await exchange.pump();
    stopped = true;
    await expect(exchange.runAuctions()).rejects.toThrow("stopped");
    stopped = false;

    goTo(end + 6);
    await auction();
    const bridged = (await eventsOf()).filter(({ type }) => type === "JobBridged");
    expect(bridged).toMatchObject([
      { data: { award: { placement: `${job}.01`, stretch: 2, from: end, to: end + 7 } } },
    ]);
    const { awards, status } = await jobNow();
    expect(status).toBe("running");
    expect(awards.map((award) => [award.placement, award.from - end])).toEqual([
      [`${job}.1`, -7],
      [`${job}.01`, 0],
      [`${job}.2`, 7],
    ]);
  });
});

describe("an exchange that was away at the end of a run", () => {
  test("finds it running, has it pay the last spot price, and lets it bid for more at once", async () => {
    await offer(end, end + 100);
    // Away for an hour, from the middle of slot end - 4 on.
    goTo(end + 6);
    expect(await meet()).toMatchObject({ phase: "ended", timeoutSeconds: 330 + 60 });
    expect((await jobNow()).status).toBe("running");
    expect((await meter(from, end)).status).toBe(200);
    await auction();
    // Slots end to end + 6 at 100 fen; after that what this gate gave it.
    const bridged = (await eventsOf()).filter(({ type }) => type === "JobBridged");
    expect(bridged).toMatchObject([
      {
        data: { hold: "12000", award: { stretch: 2, from: end, to: end + 7, value: String(7 * 800) } },
      },
    ]);
    const { awards, status } = await jobNow();
    expect(status).toBe("running");
    expect(awards.map((award) => [award.from - end, award.to - end])).toEqual([
      [-10, 0],
      [0, 7],
      [7, 24],
    ]);
    expect((await meter(end, end + 6)).status).toBe(200);
    const { changes } = await succeeds(
      exchange.call(operations.listAssignments, alpha, { params: { center } }),
    );
    expect(changes.map(({ change, from: first }) => [change, first - end])).toEqual([
      ["placed", -10],
      ["continued", 0],
      ["continued", 7],
    ]);
    // Asked again: the deadline is the new end's, and the award that is over is charged.
    expect(await meet()).toMatchObject({ phase: "ended" });
    expect((await eventsOf()).at(-1)).toMatchObject({ type: "ChargePosted", data: { stretch: 1 } });
    await exchange.invoke("close-gate", {});
    expect((await eventsOf()).filter(({ type }) => type === "JobBridged")).toHaveLength(1);
    goTo(end + 7);
    const body = { center, run: 1, outcome: "completed" } as const;
    await succeeds(exchange.call(operations.finishPlacement, alpha, { params: { placement }, body }));
    await exchange.pump();
    const charges = (await eventsOf()).flatMap((event) =>
      event.type === "ChargePosted" ? [[event.data.stretch, event.data.tenantPays]] : [],
    );
    expect(charges).toEqual([
      [1, "8000"],
      [2, "5600"],
      [3, "800"],
    ]);
    // What is still held is the largest fee on the 16 slots given back.
    expect(await held()).toEqual([String(1_000_000 - 14_400 - 1280), "1280"]);
  });

  test("ends it at its end where its cards were not on offer, once a gate has closed", async () => {
    goTo(end + 6);
    expect(await meet()).toMatchObject({ phase: "ended" });
    await auction();
    expect((await eventsOf()).map(({ type }) => type)).not.toContain("JobBridged");
    expect(await meet()).toMatchObject({ phase: "done" });
    expect(await jobNow()).toMatchObject({ status: "open", reason: "continuationLost" });
    expect((await eventsOf()).find(({ type }) => type === "JobDisplaced")).toMatchObject({
      data: { slot: end },
    });
  });

  test("does not take its centers' silence for theirs", async () => {
    await offer(end, end + 100);
    const statusNow = async () => {
      await exchange.pump();
      await exchange.invoke("sweep-leases", {});
      return (await succeeds(exchange.call(operations.getCenter, alpha, { params: { center } }))).status;
    };
    goTo(end + 6);
    expect(await statusNow()).toBe("joined");
    // Back again: a slot and its gates later, silence counts.
    for (const [slot, status] of [
      [6, "joined"],
      [7, "joined"],
      [8, "lost"],
    ] as const) {
      goTo(end + slot);
      await auction();
      expect(await statusNow()).toBe(status);
    }
  });
});
