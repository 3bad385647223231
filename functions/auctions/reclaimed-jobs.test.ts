import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { slotStart } from "../../market/time.ts";
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

const { postOffer, reclaimOffer, postJob, getJob, getOffer, listAssignments } = operations;
const center = "c-1";
const notice = 2;
let exchange: InMemoryExchange;
let offer: string;
let opening: number;

/** A center whose only offer, of 16 cards, is reclaimable with a notice of two slots. */
beforeEach(async () => {
  exchange = await startExchange();
  opening = exchange.slot();
  exchange.clock.set(slotStart(opening));
  await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter(center) }));
  await succeeds(exchange.call(operations.renewLease, alpha, { params: { center } }));
  const body = newOffer(exchange, center, { reclaimNotice: notice });
  ({ offer } = await succeeds(exchange.call(postOffer, alpha, { body })));
  await openAccount(exchange, acme);
});

const bid = async (more: Readonly<Record<string, unknown>> = {}) => {
  const body = newJob(exchange, center, { reclaimable: true, ...more });
  return (await succeeds(exchange.call(postJob, acme, { body }))).job;
};
const jobOf = async (job: string) => succeeds(exchange.call(getJob, acme, { params: { job } }));
const reclaim = async (from: number, more: Readonly<Record<string, unknown>> = {}, key?: string) =>
  exchange.call(reclaimOffer, alpha, {
    params: { offer },
    body: { from, ...more },
    ...(key === undefined ? {} : { key }),
  });
const auction = async () => {
  await exchange.pump();
  await exchange.runAuctions();
  await exchange.pump();
};
const goTo = async (slot: number) => {
  exchange.clock.set(slotStart(slot) + 90_000);
  await succeeds(exchange.call(operations.renewLease, alpha, { params: { center } }));
};
const begin = async (job: string) => {
  const placement = (await jobOf(job)).awards.at(-1)?.placement ?? "none";
  const params = { placement };
  await succeeds(exchange.call(operations.acceptPlacement, alpha, { params, body: { center } }));
  await succeeds(exchange.call(operations.startPlacement, alpha, { params, body: { center, run: 1 } }));
  return placement;
};
const eventsOf = async (job: string): Promise<DomainEvent[]> =>
  (await exchange.commits(`job-${job}`)).flatMap(({ events }) => events);
const released = async () =>
  (await succeeds(exchange.call(listAssignments, alpha, { params: { center } }))).changes
    .filter(({ change }) => change === "released")
    .map(({ job, from, cause }) => ({ job, from, cause }));

describe("POST /offers/{offer}/reclaim", () => {
  test("answers what is left, counts once by its key, and leaves the book at the next gate", async () => {
    const first = await reclaim(opening + 5, { cards: 10 }, "k");
    expect([first.status, first.body.reclaimed]).toEqual([202, [{ from: opening + 5, left: 6 }]]);
    expect(await reclaim(opening + 5, { cards: 10 }, "k")).toEqual(first);
    const read = await succeeds(exchange.call(getOffer, alpha, { params: { offer } }));
    expect(read).toEqual(first.body);
    await exchange.pump();
    const published = await succeeds(exchange.call(operations.listPublishedOffers, acme));
    expect(published.items[0]).toMatchObject({ reclaimNotice: notice, reclaimed: [{ left: 6 }] });
    const small = await bid({ slots: 4, maxSlots: 4, cards: 7, to: opening + 5 });
    const long = await bid({ cards: 7 });
    await auction();
    expect([(await jobOf(small)).status, (await jobOf(long)).status]).toEqual(["placed", "open"]);
  });

  test("is refused with too little notice, and for a firm offer", async () => {
    const early = await reclaim(opening + 2);
    expect(early.problem).toMatchObject({
      status: 422,
      code: "notice-too-short",
      errors: [{ pointer: "/from" }],
    });
    expect(early.problem.detail).toContain(`reclaim from slot ${opening + 1 + notice} on`);
    ({ offer } = await succeeds(exchange.call(postOffer, alpha, { body: newOffer(exchange, center) })));
    expect((await reclaim(opening + 50)).problem).toMatchObject({ status: 409, code: "offer-firm" });
  });
});

describe("a job whose cards are reclaimed", () => {
  test("is told at the next gate, runs on, pays what it got and is back in the book in its place", async () => {
    const [first, last] = [await bid(), await bid()];
    await auction();
    await goTo(opening + 1);
    for (const job of [first, last]) await begin(job);
    await reclaim(opening + 4, { cards: 8 });
    await auction();
    await goTo(opening + 2);
    await auction();
    expect(await jobOf(last)).toMatchObject({ status: "running", reclaimedFrom: opening + 4 });
    expect(await jobOf(first)).not.toHaveProperty("reclaimedFrom");
    expect(await released()).toEqual([{ job: last, from: opening + 4, cause: "reclaimed" }]);

    for (const slot of [3, 4, 5]) {
      await goTo(opening + slot);
      await auction();
    }
    expect(await jobOf(last)).toMatchObject({ status: "open", reason: "reclaimed" });
    expect((await jobOf(first)).status).toBe("running");
    const charges = (await eventsOf(last)).flatMap((one) => (one.type === "ChargePosted" ? [one.data] : []));
    // 8 cards x 3 slots x 100 mills, and nothing else.
    expect(charges).toMatchObject([
      { tenantPays: "2400", final: true, lines: [{ kind: "compute", row: 11 }] },
    ]);
  });

  test("is caught where the auction under way awards the cards after they were reclaimed", async () => {
    const job = await bid();
    await exchange.pump();
    const Next = z.object({ next: z.string(), auction: z.int() });
    expect(Next.parse(await exchange.invoke("close-gate", {})).next).toBe("solve");
    await succeeds(reclaim(opening + 4));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
    expect(await jobOf(job)).toMatchObject({ status: "placed" });
    expect(await jobOf(job)).not.toHaveProperty("reclaimedFrom");
    await goTo(opening + 1);
    await begin(job);
    await goTo(opening + 2);
    await auction();
    expect(await jobOf(job)).toMatchObject({ status: "running", reclaimedFrom: opening + 4 });
  });

  test("is told once by gates that run twice, and by processes that know nothing", async () => {
    const job = await bid();
    await auction();
    await reclaim(opening + 4);
    await exchange.pump();
    await goTo(opening + 1);
    exchange.restart();
    await Promise.all([exchange.runAuctions(), exchange.runAuctions(), exchange.runAuctions()]);
    await exchange.pump();
    await goTo(opening + 2);
    await auction();
    const told = (await eventsOf(job)).filter(({ type }) => type === "JobReclaimed");
    expect(told).toMatchObject([{ data: { center, slot: opening + 4 } }]);
  });

  test("stays where other offers of the pool cover what is sold", async () => {
    const far = { from: opening + 8, to: opening + 40, slots: 10 };
    const job = await bid({ ...far, kind: "block" });
    for (const slot of [5, 6]) {
      await goTo(opening + slot);
      await auction();
    }
    const award = (await jobOf(job)).awards[0];
    expect(award?.from).toBeGreaterThan(opening + 6);
    const other = newOffer(exchange, center, { reserve: 120, from: opening + 8, to: opening + 60 });
    await succeeds(exchange.call(postOffer, alpha, { body: other }));
    await reclaim(opening + 10, { cards: 16 });
    await auction();
    await goTo(opening + 7);
    await auction();
    // What remains offered covers it: nobody gives way.
    expect((await eventsOf(job)).map(({ type }) => type)).not.toContain("JobReclaimed");
  });

  test("costs the center the penalty where it refuses instead", async () => {
    const job = await bid();
    await auction();
    await goTo(opening + 1);
    const placement = await begin(job);
    const refusal = { params: { placement }, body: { center } };
    await succeeds(exchange.call(operations.refusePlacement, alpha, refusal));
    const lines = (await eventsOf(job)).flatMap((one) => (one.type === "ChargePosted" ? one.data.lines : []));
    expect(lines).toContainEqual(expect.objectContaining({ kind: "penalty", row: 8 }));
  });
});
