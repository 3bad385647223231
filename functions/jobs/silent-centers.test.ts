import { beforeEach, describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { instant, slotStart } from "../../market/time.ts";
import {
  acme,
  alpha,
  type InMemoryExchange,
  placeJob,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";

// A center that says nothing where an exchange was away that could not have heard it.

const center = "c-1";
let exchange: InMemoryExchange;
let job: string;
let placement: string;
/** First slot of the award, which has ten. */
let from: number;

/** The exchange is there in some slots: gates close. */
const there = async (first: number, last: number) => {
  for (let slot = first; slot <= last; slot++) {
    exchange.clock.set(slotStart(slot) + 30_000);
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
  }
};
const meet = () => exchange.invoke("meet-deadline", { job, placement });
const jobNow = () => succeeds(exchange.call(operations.getJob, acme, { params: { job } }));
const eventsOf = async (): Promise<DomainEvent[]> =>
  (await exchange.commits(`job-${job}`)).flatMap(({ events }) => events);
const penalties = async () =>
  (await eventsOf()).flatMap((event) =>
    event.type === "ChargePosted" ? event.data.lines.filter(({ kind }) => kind === "penalty") : [],
  );
const accepts = () =>
  exchange.call(operations.acceptPlacement, alpha, { params: { placement }, body: { center } });

beforeEach(async () => {
  exchange = await startExchange();
  ({ job, placement, from } = await placeJob(exchange));
});

describe("a center's silence", () => {
  test("counts at its deadline where the exchange was there to hear it", async () => {
    await there(from, from + 1);
    expect(await meet()).toMatchObject({ phase: "done" });
    expect(await jobNow()).toMatchObject({ status: "open", reason: "notAccepted" });
    expect(await penalties()).toMatchObject([{ row: 8, from: `center:${center}` }]);
  });

  test("does not count where the exchange was away, until it was back for two slots", async () => {
    // Away from the award on, back in its fifth slot.
    await there(from + 4, from + 4);
    expect(await meet()).toMatchObject({ phase: "accepted", timeoutSeconds: 330 + 60 });
    await there(from + 5, from + 5);
    expect(await meet()).toMatchObject({ phase: "accepted" });
    expect((await jobNow()).status).toBe("placed");
    await there(from + 6, from + 6);
    expect(await meet()).toMatchObject({ phase: "done" });
    expect(await penalties()).toHaveLength(1);
  });

  test("is over when it speaks in time after an absence", async () => {
    await there(from + 4, from + 5);
    await succeeds(accepts());
    const body = { center, run: 1 };
    await succeeds(exchange.call(operations.startPlacement, alpha, { params: { placement }, body }));
    await there(from + 6, from + 6);
    expect(await meet()).toMatchObject({ phase: "ended" });
    expect((await jobNow()).status).toBe("running");
  });

  test("costs nobody anything where the placement was over before it counted", async () => {
    await there(from + 9, from + 9);
    expect(await meet()).toMatchObject({ phase: "accepted" });
    await there(from + 10, from + 10);
    exchange.clock.set(slotStart(from + 10) + 61_000);
    expect(await meet()).toMatchObject({ phase: "done" });
    expect(await jobNow()).toMatchObject({ reason: "notAccepted" });
    expect((await eventsOf()).find(({ type }) => type === "JobDisplaced")).toMatchObject({
      data: { slot: from, cause: "notAccepted" },
    });
    const charges = (await eventsOf()).filter(({ type }) => type === "ChargePosted");
    expect(charges).toMatchObject([{ data: { lines: [], tenantPays: "0", final: true } }]);
  });

  test("after its acceptance: a run that could not be told has not failed to begin", async () => {
    await succeeds(accepts());
    await there(from, from);
    await there(from + 5, from + 5);
    expect(await meet()).toMatchObject({ phase: "started" });
    await there(from + 6, from + 7);
    expect(await meet()).toMatchObject({ phase: "done" });
    expect(await jobNow()).toMatchObject({ reason: "notStarted" });
    expect(await penalties()).toHaveLength(1);
  });
});

describe("a run that ended while the exchange was away", () => {
  const finish = () => {
    const body = { center, run: 1, outcome: "completed" };
    return exchange.call(operations.finishPlacement, alpha, { params: { placement }, body });
  };
  const meter = (first: number, to: number) => {
    const body = { center, run: 1, from: instant(slotStart(first)), to: instant(slotStart(to)) };
    const usage = { ...body, cardSeconds: 8 * 360 * (to - first) };
    return exchange.call(operations.meterPlacement, alpha, { params: { placement }, body: usage });
  };
  const charged = async () =>
    (await eventsOf()).flatMap((event) =>
      event.type === "ChargePosted" ? [[event.data.from - from, event.data.to - from]] : [],
    );
  beforeEach(async () => {
    await succeeds(accepts());
    await there(from, from);
    const body = { center, run: 1 };
    await succeeds(exchange.call(operations.startPlacement, alpha, { params: { placement }, body }));
    await there(from + 1, from + 2);
  });

  test.each([
    ["before a gate has closed again", 8, [8]],
    ["in the slot after the first gate", 9, [8, 9]],
  ] as const)("is charged to where its center metered it, if that is told %s", async (_, back, slots) => {
    for (const slot of slots.slice(0, back - 8)) await there(from + slot, from + slot);
    exchange.clock.set(slotStart(from + back) + 40_000);
    await succeeds(meter(from, from + 5));
    await succeeds(finish());
    expect(await charged()).toEqual([[0, 5]]);
    expect((await eventsOf()).find(({ type }) => type === "JobCompleted")).toMatchObject({
      data: { at: instant(slotStart(from + 5)), slot: from + 5 },
    });
  });

  test("but not to before the exchange was away: it could have been told", async () => {
    exchange.clock.set(slotStart(from + 8));
    await succeeds(meter(from, from + 1));
    await succeeds(finish());
    expect(await charged()).toEqual([[0, 2]]);
  });

  test("is charged to when it is told, once the exchange was back for two slots", async () => {
    await there(from + 5, from + 7);
    await succeeds(meter(from, from + 4));
    await succeeds(finish());
    expect(await charged()).toEqual([[0, 8]]);
  });

  test("is not taken to be out of time before its center could say so", async () => {
    await there(from + 12, from + 12);
    expect(await meet()).toMatchObject({ phase: "ended", timeoutSeconds: 330 + 60 });
    await succeeds(meter(from, from + 10));
    await succeeds(finish());
    expect((await jobNow()).status).toBe("completed");
    expect(await charged()).toEqual([[0, 10]]);
  });

  test("is out of time where its center says nothing for two slots", async () => {
    await there(from + 12, from + 14);
    expect(await meet()).toMatchObject({ phase: "done" });
    expect((await jobNow()).status).toBe("failed");
  });
});
