import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { streams } from "../../events/catalog/streams.ts";
import { CenterId, JobId } from "../../events/catalog/values.ts";
import { instant, slotStart } from "../../market/time.ts";
import {
  acme,
  alpha,
  beta,
  type InMemoryExchange,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  openCenter,
  placeJob,
  product,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";
import { functions } from "../manifest.ts";

const { acceptPlacement, refusePlacement, startPlacement, meterPlacement, finishPlacement } = operations;
const center = "c-1";
const another = { owner: "gamma", roles: ["tenant"] } as const;

let exchange: InMemoryExchange;
beforeEach(async () => {
  exchange = await startExchange();
});

const jobNow = async (job: string) => succeeds(exchange.call(operations.getJob, acme, { params: { job } }));
const accountNow = async () =>
  succeeds(exchange.call(operations.getAccount, acme, { params: { account: acme.owner } }));
const assignments = async (after = 0, limit = 200) =>
  succeeds(exchange.call(operations.listAssignments, alpha, { params: { center }, query: { after, limit } }));

/** A job of acme's, placed at the center as it is. */
async function placeJobAt(more: Readonly<Record<string, unknown>>) {
  await openAccount(exchange, acme);
  const body = newJob(exchange, center, more);
  const { job } = await succeeds(exchange.call(operations.postJob, acme, { body }));
  await exchange.pump();
  await exchange.runAuctions();
  await exchange.pump();
  const placement = (await jobNow(job)).awards.at(-1)?.placement;
  if (placement === undefined) throw new Error("the auction awarded nothing");
  return { job, placement };
}

/** A gate closes in each slot up to this one. */
async function gatesUpTo(last: number): Promise<void> {
  for (let slot = exchange.slot() + 1; slot <= last; slot++) {
    exchange.clock.set(slotStart(slot));
    await exchange.runAuctions();
    await exchange.pump();
  }
}

/** The same minute of a run as all tests meter it. */
const usage = (from: number) => ({
  center,
  run: 1,
  from: instant(slotStart(from)),
  to: instant(slotStart(from) + 60_000),
  cardSeconds: 480,
});

describe("a placement", () => {
  test("goes from its award to its end by its center's word, and is paid out of the hold", async () => {
    const { job, placement, from } = await placeJob(exchange);
    const params = { placement };
    expect(await jobNow(job)).toMatchObject({ status: "placed", run: 0 });
    expect(await accountNow()).toMatchObject({ available: "960000", held: "40000" });
    expect(await assignments()).toMatchObject({
      changes: [{ change: "placed", job, placement, lease: placement, from, centers: [center] }],
      more: false,
    });

    const accepted = await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center } }));
    expect(accepted).toEqual({ placement, job, status: "placed", run: 0 });
    exchange.clock.set(slotStart(from));
    const started = await succeeds(
      exchange.call(startPlacement, alpha, { params, body: { center, run: 1 } }),
    );
    expect(started).toEqual({ placement, job, status: "running", run: 1 });
    exchange.clock.set(slotStart(from) + 60_000);
    await succeeds(exchange.call(meterPlacement, alpha, { params, body: usage(from) }));
    // In the fourth slot: four are touched, six are given back.
    await gatesUpTo(from + 3);
    exchange.clock.set(slotStart(from + 3) + 1000);
    const body = { center, run: 1, outcome: "completed" };
    const finished = await succeeds(exchange.call(finishPlacement, alpha, { params, body }));
    expect(finished).toEqual({ placement, job, status: "completed", run: 1 });
    expect(await jobNow(job)).toMatchObject({ status: "completed", run: 0 });

    await exchange.pump();
    const charged = (await exchange.commits(streams.job(JobId.parse(job)))).flatMap(({ events }) =>
      events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : [])),
    );
    // 8 cards for 4 slots at 100 fen.
    expect(charged.map(({ tenantPays }) => tenantPays)).toEqual(["3200"]);
    const { available, held } = await accountNow();
    expect(BigInt(available) + BigInt(held)).toBe(1_000_000n - 3200n);
    expect((await assignments()).changes.map(({ change, cause }) => [change, cause])).toEqual([
      ["placed", undefined],
      ["released", "completed"],
    ]);
  });

  test("of a service runs at its center with more cards in some slots, and pays the cards of each", async () => {
    const first = exchange.slot() + 1;
    exchange.clock.set(slotStart(first - 1));
    await openCenter(exchange, alpha, center);
    const more = newOffer(exchange, center, { cards: 4, reserve: 100, from: first + 2, to: first + 5 });
    await succeeds(exchange.call(operations.postOffer, alpha, { body: more }));
    const window = { from: first, to: first + 10 };
    const service = { kind: "service", floor: 12, cards: 20, products: [{ product, limit: 100 }], ...window };
    const { job, placement } = await placeJobAt(service);
    const { awards } = await jobNow(job);
    expect(awards[0]?.fills.map(({ from, to, cards }) => [from - first, to - first, cards])).toEqual([
      [0, 2, 16],
      [2, 5, 20],
      [5, 10, 16],
    ]);
    const params = { placement };
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center } }));
    exchange.clock.set(slotStart(first));
    await succeeds(exchange.call(startPlacement, alpha, { params, body: { center, run: 1 } }));
    // Metered beyond its floor, as far as its award goes and no further.
    exchange.clock.set(slotStart(first + 3));
    const third = { center, run: 1, from: instant(slotStart(first + 2)), to: instant(slotStart(first + 3)) };
    const meter = (cardSeconds: number) =>
      exchange.call(meterPlacement, alpha, { params, body: { ...third, cardSeconds } });
    expect((await meter(20 * 360 + 1)).problem).toMatchObject({ code: "usage-beyond-award" });
    await succeeds(meter(20 * 360));
    // It says nothing at its end: the exchange ends it.
    await gatesUpTo(first + 10);
    exchange.clock.set(slotStart(first + 10) + 61_000);
    await exchange.invoke("meet-deadline", { job, placement });
    expect(await jobNow(job)).toMatchObject({ status: "completed" });
    await exchange.pump();
    expect(await accountNow()).toMatchObject({
      available: String(1_000_000 - (16 * 7 + 20 * 3) * 100),
      held: "0",
    });
  });

  test("is settled once, however often settlement is woken and wherever it was cut off", async () => {
    const { placement, from } = await placeJob(exchange);
    const params = { placement };
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center } }));
    exchange.clock.set(slotStart(from));
    await succeeds(exchange.call(startPlacement, alpha, { params, body: { center, run: 1 } }));
    exchange.clock.set(slotStart(from + 2));
    const body = { center, run: 1, outcome: "completed" };
    await succeeds(exchange.call(finishPlacement, alpha, { params, body }));
    await exchange.pump();
    const before = await accountNow();
    const commits = await exchange.countCommits();
    const head = (await exchange.database.query("test-feed", { pk: "feed" })).length;
    // A crash before the checkpoint moved: the charge comes again, also on the day after.
    for (const ms of [0, 86_400_000]) {
      exchange.clock.set(exchange.clock.now() + ms);
      exchange.restart();
      await exchange.database.remove("test-marks", { pk: "checkpoint#settle-accounts" });
      await exchange.wake("settle-accounts", [{ pk: "feed", sk: head }]);
      const { available, held } = await accountNow();
      expect({ available, held }).toEqual({ available: before.available, held: before.held });
    }
    expect(await exchange.countCommits()).toBe(commits);
  });

  test("gives the exchange's sweep its center's silence to judge, not a fact of its own", async () => {
    const { job, placement, from } = await placeJob(exchange);
    const keys = { job, placement };
    expect(await exchange.invoke("meet-deadline", keys)).toMatchObject({ phase: "accepted", ...keys });
    expect(await jobNow(job)).toMatchObject({ status: "placed" });
    await gatesUpTo(from + 1);
    expect(await exchange.invoke("meet-deadline", keys)).toMatchObject({ phase: "done" });
    expect(await jobNow(job)).toMatchObject({ status: "open", reason: "notAccepted" });
  });

  test("that is over leaves its workflow's last waits the time to hear so, however slow their function", async () => {
    const { job, placement, from } = await placeJob(exchange);
    await gatesUpTo(from + 1);
    const over = await exchange.invoke("meet-deadline", { job, placement });
    const slowest = functions.find(({ name }) => name === "await-job")?.timeoutSeconds;
    expect(over).toMatchObject({ phase: "done" });
    expect(over).toHaveProperty(
      "timeoutSeconds",
      expect.toSatisfy((given) => given > Number(slowest)),
    );
  });

  test("wakes the workflow that waits for it, whether the event or the token was there first", async () => {
    const { job, placement, from } = await placeJob(exchange);
    const keys = { job, placement };
    const noticed = { stream: `job-${job}`, version: 3 };
    await exchange.deliver("start-jobs", noticed, noticed);
    // The first wait lasts until the center must have accepted: a slot after the run's start.
    const timeoutSeconds = (slotStart(from + 1) - exchange.clock.now()) / 1000;
    const input = { job, placement, phase: "accepted", timeoutSeconds };
    expect(exchange.started).toEqual([{ stateMachineArn: "arn:job", name: placement, input }]);
    await exchange.invoke("await-job", { ...keys, awaited: "started", token: "t-1", timeoutSeconds: 60 });
    await exchange.deliver("notify-jobs", noticed);
    await succeeds(exchange.call(acceptPlacement, alpha, { params: { placement }, body: { center } }));
    await exchange.deliver("notify-jobs", noticed);
    expect(exchange.succeeded).toEqual([]);
    exchange.clock.set(slotStart(from));
    const body = { center, run: 1 };
    await succeeds(exchange.call(startPlacement, alpha, { params: { placement }, body }));
    for (const _ of [1, 2]) await exchange.deliver("notify-jobs", noticed);
    expect(exchange.succeeded).toMatchObject([{ token: "t-1", output: { ...keys, phase: "ended" } }]);
    await exchange.invoke("await-job", { ...keys, awaited: "started", token: "t-2", timeoutSeconds: 60 });
    expect(exchange.succeeded.map(({ token }) => token)).toEqual(["t-1", "t-2"]);
  });

  test("whose workflow died gets another one, also when the dead one had said that it waits", async () => {
    const { job, placement, from } = await placeJob(exchange);
    await exchange.pump();
    const keys = { job, placement };
    const ofJob = () =>
      exchange.started.filter(({ stateMachineArn }) => stateMachineArn === "arn:job").map(({ name }) => name);
    await exchange.invoke("sweep-workflows", {});
    expect(ofJob()).toEqual([placement]);
    await exchange.invoke("await-job", { ...keys, awaited: "started", token: "t-1", timeoutSeconds: 60 });
    await exchange.invoke("sweep-workflows", {});
    expect(ofJob()).toEqual([placement]);
    // Its time is long over: whoever waited would have asked the decider.
    exchange.clock.set(slotStart(from + 3));
    await exchange.invoke("sweep-workflows", {});
    expect(ofJob()).toEqual([placement, `${placement}-${from + 3}`]);
  });
});

describe("who may speak of a placement", () => {
  const calls = [
    [acceptPlacement, {}],
    [refusePlacement, {}],
    [startPlacement, { run: 1 }],
    [meterPlacement, usage(4_923_000)],
    [finishPlacement, { run: 1, outcome: "completed" }],
  ] as const;

  test.each(calls)("$id: for a center without a part in it, it does not exist", async (operation, more) => {
    const { job, placement } = await placeJob(exchange);
    await openCenter(exchange, beta, "b-1");
    const before = await exchange.countCommits();
    const body = { ...more, center: "b-1" };
    const missing = "nojob.1";
    const foreign = await exchange.call(operation, beta, { params: { placement }, body });
    const absent = await exchange.call(operation, beta, { params: { placement: missing }, body });
    const otherAward = await exchange.call(operation, beta, { params: { placement: `${job}.99` }, body });
    expect(foreign.status).toBe(404);
    expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll(missing, placement));
    expect(JSON.stringify(otherAward.json)).toBe(
      JSON.stringify(absent.json).replaceAll(missing, `${job}.99`),
    );
    expect(await exchange.countCommits()).toBe(before);
  });

  test.each(calls)("$id: nobody speaks for another owner's center", async (operation, more) => {
    const { placement } = await placeJob(exchange);
    await openCenter(exchange, beta, "b-1");
    const before = await exchange.countCommits();
    const params = { placement };
    const foreign = await exchange.call(operation, beta, { params, body: { ...more, center } });
    const absent = await exchange.call(operation, beta, { params, body: { ...more, center: "nowhere" } });
    expect(foreign.status).toBe(404);
    expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll("nowhere", center));
    expect(await exchange.countCommits()).toBe(before);
  });

  test("a run that was superseded is told so, and its usage is kept", async () => {
    const { job, placement, from } = await placeJob(exchange, { retries: 1 });
    const params = { placement };
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center } }));
    exchange.clock.set(slotStart(from));
    await succeeds(exchange.call(startPlacement, alpha, { params, body: { center, run: 1 } }));
    const failed = { center, run: 1, outcome: "failed" };
    expect(await succeeds(exchange.call(finishPlacement, alpha, { params, body: failed }))).toMatchObject({
      status: "running",
    });
    await succeeds(exchange.call(startPlacement, alpha, { params, body: { center, run: 2 } }));
    exchange.clock.set(slotStart(from) + 60_000);
    const stale = await exchange.call(meterPlacement, alpha, { params, body: usage(from) });
    expect(stale.status).toBe(409);
    expect(stale.problem).toMatchObject({ code: "run-superseded", errors: [{ pointer: "/run" }] });
    const events = (await exchange.commits(streams.job(JobId.parse(job)))).flatMap((commit) => commit.events);
    expect(events.at(-1)).toMatchObject({ type: "JobMetered", data: { run: 1 } });
    const begun = await exchange.call(startPlacement, alpha, { params, body: { center, run: 1 } });
    expect([begun.status, begun.problem.code]).toEqual([409, "run-superseded"]);
  });

  test("fewer cards than awarded displace a gang and cost its center, and the run is told to stop", async () => {
    const { job, placement, from } = await placeJob(exchange);
    const params = { placement };
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center } }));
    exchange.clock.set(slotStart(from));
    await succeeds(exchange.call(startPlacement, alpha, { params, body: { center, run: 1 } }));
    exchange.clock.set(slotStart(from + 2));
    await succeeds(exchange.call(meterPlacement, alpha, { params, body: { ...usage(from), cards: 8 } }));
    expect(await jobNow(job)).toMatchObject({ status: "running" });
    const second = { ...usage(from + 1), cards: 5, cardSeconds: 300 };
    const told = await exchange.call(meterPlacement, alpha, { params, body: second });
    expect([told.status, told.problem.code]).toEqual([409, "run-superseded"]);
    expect(await jobNow(job)).toMatchObject({ status: "open", reason: "fewerCards" });
    await exchange.pump();
    const charged = (await exchange.commits(streams.job(JobId.parse(job)))).flatMap(({ events }) =>
      events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : [])),
    );
    // 800 mills for its first slot, less 10 % of 9 x 800, and the slot itself back: it had no checkpoint.
    expect(charged.map(({ tenantPays }) => tenantPays)).toEqual(["-720"]);
    expect((await assignments()).changes.map(({ change, cause }) => [change, cause])).toEqual([
      ["placed", undefined],
      ["released", "fewerCards"],
    ]);
  });

  test("what is too early, over or impossible is refused with what would be right", async () => {
    const { placement, from, to } = await placeJob(exchange);
    const params = { placement };
    const start = async (run = 1) => exchange.call(startPlacement, alpha, { params, body: { center, run } });
    expect((await start()).problem).toMatchObject({ status: 409, code: "not-accepted" });
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center } }));
    const early = (await start()).problem;
    expect(early).toMatchObject({ status: 409, code: "start-too-early" });
    expect(early.detail).toContain(instant(slotStart(from)));
    exchange.clock.set(slotStart(from));
    expect((await start(3)).problem).toMatchObject({ code: "run-unknown", errors: [{ pointer: "/run" }] });
    exchange.clock.set(slotStart(to));
    expect((await start()).problem).toMatchObject({ status: 409, code: "placement-over" });
  });
});

describe("GET /centers/{center}/assignments", () => {
  /** Several jobs placed by one auction: their placements come with few pages of the feed. */
  async function placeSome(count: number) {
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme);
    const cards = 2;
    for (let n = 0; n < count; n++)
      await succeeds(exchange.call(operations.postJob, acme, { body: newJob(exchange, center, { cards }) }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
  }

  async function walked(limit: number) {
    const found: unknown[] = [];
    for (let after = 0, more = true; more; ) {
      const page = await assignments(after, limit);
      found.push(...page.changes);
      expect(page.position).toBeGreaterThanOrEqual(after);
      ({ position: after, more } = page);
    }
    return found;
  }

  test("brings every change once and in order, whatever the limit", async () => {
    await placeSome(6);
    const all = await walked(1000);
    expect(all).toHaveLength(6);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), async (limit) => {
        expect(await walked(limit)).toEqual(all);
      }),
      { numRuns: 8 },
    );
  });

  test("shows nothing of a page before its views have seen all of it", async () => {
    let cutOff = false;
    let written = 0;
    exchange = await startExchange((database) => ({
      ...database,
      async put(table, item, anyOf) {
        // The projection dies behind two of the page's assignments, and before it is done with the page.
        if (cutOff && String(item.pk).includes("#assignments#") && ++written > 2) throw new Error("crash");
        return database.put(table, item, anyOf);
      },
    }));
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme);
    for (let n = 0; n < 6; n++)
      await succeeds(
        exchange.call(operations.postJob, acme, { body: newJob(exchange, center, { cards: 2 }) }),
      );
    await exchange.pump();
    await exchange.runAuctions();
    cutOff = true;
    await exchange.wake("relay-commits", exchange.waiting.log.splice(0));
    const pages = exchange.waiting.feed.splice(0);
    await expect(exchange.wake("project-views", pages)).rejects.toThrow("crash");
    const early = await assignments(0, 1);
    cutOff = false;
    expect(await exchange.wake("project-views", pages)).toEqual({ batchItemFailures: [] });
    const later = await assignments(early.position, 1000);
    const all = [...early.changes, ...later.changes];
    expect(all.map(({ placement }) => placement).sort()).toEqual(
      [...new Set(all.map(({ placement }) => placement))].sort(),
    );
    expect(all).toHaveLength(6);
  });

  test("belongs to the center's owner alone", async () => {
    await placeSome(1);
    const foreign = await exchange.call(operations.listAssignments, beta, { params: { center } });
    const absent = await exchange.call(operations.listAssignments, beta, { params: { center: "nowhere" } });
    expect(foreign.status).toBe(404);
    expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll("nowhere", center));
  });

  test("shows a center its own cards only", async () => {
    const ids = ["c-1", "c-2"];
    await openAccount(exchange, acme);
    for (const id of ids) {
      await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter(id, 4) }));
      await succeeds(exchange.call(operations.renewLease, alpha, { params: { center: id } }));
      await succeeds(
        exchange.call(operations.postOffer, alpha, { body: newOffer(exchange, id, { cards: 4 }) }),
      );
    }
    const body = newJob(exchange, "c-1", { kind: "div", cards: 8 });
    const { job } = await succeeds(exchange.call(operations.postJob, acme, { body }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
    expect((await jobNow(job)).status).toBe("placed");
    for (const id of ids) {
      const { changes } = await succeeds(
        exchange.call(operations.listAssignments, alpha, { params: { center: id } }),
      );
      expect(changes.flatMap(({ fills }) => fills.map((fill) => fill.center))).toContain(CenterId.parse(id));
      for (const { fills, centers } of changes) {
        expect(new Set(fills.map((fill) => fill.center))).toEqual(new Set([id]));
        expect(centers).toEqual(ids);
      }
    }
  });

  test("takes the role of a center", async () => {
    expect((await exchange.call(operations.listAssignments, another, { params: { center } })).status).toBe(
      403,
    );
  });
});
