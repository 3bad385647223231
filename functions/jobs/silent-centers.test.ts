import { beforeEach, describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { slotStart } from "../../market/time.ts";
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
