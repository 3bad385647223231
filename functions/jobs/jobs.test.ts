import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { JobId, Price, ProductId } from "../../events/catalog/values.ts";
import { slotStart } from "../../market/time.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  beta,
  bolt,
  finance,
  type InMemoryExchange,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  openCenter,
  operator,
  placeJob,
  product,
  startExchange,
  succeeds,
  walk,
} from "../../test/exchange-in-memory.ts";
import { saveAnswers } from "../auctions/answers.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";
import { createAuctionItems } from "../kit/views.ts";

const { postJob, getJob, listJobs, cancelJob, explainJob, getAccount, listEntries } = operations;
const center = "c-1";
/** 500 fen for 8 cards over 10 slots. */
const hold = "40000";
let exchange: InMemoryExchange;

const post = (more: Readonly<Record<string, unknown>> = {}, by = acme) =>
  exchange.call(postJob, by, { body: newJob(exchange, center, more) });
const account = async () => succeeds(exchange.call(getAccount, acme, { params: { account: acme.owner } }));

describe("POST /jobs", () => {
  beforeEach(async () => {
    exchange = await startExchange();
    await openCenter(exchange, alpha, center);
  });

  test("with the funds is admitted, and they are held on the account", async () => {
    await openAccount(exchange, acme, "40001");
    const posted = await post();
    expect(posted.status).toBe(201);
    expect(posted.body).toMatchObject({ owner: "acme", account: "acme", status: "open", hold, version: 2 });
    expect(posted.headers).toMatchObject({ etag: '"2"', location: `/jobs/${posted.body.job}` });
    expect(await account()).toMatchObject({ available: "1", held: hold });
    const { items } = await succeeds(exchange.call(listEntries, acme, { params: { account: "acme" } }));
    expect(items.at(-1)).toMatchObject({ kind: "held", available: `-${hold}`, held: hold, stretch: 1 });
    const { job } = posted.body;
    const read = await exchange.call(getJob, acme, { params: { job } });
    expect([read.headers.etag, read.body]).toEqual(['"2"', posted.body]);
    const why = await succeeds(exchange.call(explainJob, acme, { params: { job } }));
    expect(why).toMatchObject({ status: "open", auctions: [], nextBid: { session: "spot" } });
  });

  test("without the funds is rejected, says so, and holds nothing", async () => {
    await openAccount(exchange, acme, "39999");
    const posted = await post();
    expect(posted.status).toBe(201);
    expect(posted.body.status).toBe("rejected");
    expect(posted.body.reason).toContain(hold);
    expect(posted.body.reason).toContain("acme");
    expect(await account()).toMatchObject({ available: "39999", held: "0" });
    const { job } = posted.body;
    const { explanation } = await succeeds(exchange.call(explainJob, acme, { params: { job } }));
    expect(explanation).toBe(`It is rejected: ${posted.body.reason}`);
    const { items } = await succeeds(exchange.call(listEntries, acme, { params: { account: "acme" } }));
    expect(items.at(-1)).toMatchObject({ kind: "holdRefused", available: "0", held: "0", job });
    // A rejection is for good, whatever comes in later.
    const body = { mills: "100000" };
    await succeeds(exchange.call(operations.depositFunds, finance, { params: { account: "acme" }, body }));
    await exchange.deliver("finish-admissions", { stream: `job-${job}`, version: 1 });
    expect((await succeeds(exchange.call(getJob, acme, { params: { job } }))).status).toBe("rejected");
  });

  test("with a window that no gate sells any more holds nothing, and is told where one does", async () => {
    await openAccount(exchange, acme);
    const from = exchange.slot() + 1;
    exchange.clock.set(slotStart(from - 1));
    const body = newJob(exchange, center, { to: from + 10 });
    const taken = await exchange.call(postJob, acme, { body, key: "in-time" });
    exchange.clock.set(slotStart(from - 1) + 1000);
    const { problem } = await exchange.call(postJob, acme, { body, key: "late" });
    const detail = `The next gate sells from slot ${from + 1}: to must be ${from + 11} at least.`;
    expect(problem).toMatchObject({
      status: 422,
      code: "window-passed",
      detail,
      errors: [{ pointer: "/to" }],
    });
    expect(await exchange.call(postJob, acme, { body, key: "in-time" })).toEqual(taken);
    expect((await account()).held).toBe(hold);
  });

  test("never holds more than there is, whatever is asked for at once", async () => {
    const cards = fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(cards, fc.integer({ min: 1, max: 300_000 }), async (wanted, mills) => {
        exchange = await startExchange();
        await openCenter(exchange, alpha, center);
        await openAccount(exchange, acme, String(mills));
        const jobs = await Promise.all(wanted.map((one) => succeeds(post({ cards: one }))));
        const held = jobs
          .filter(({ status }) => status === "open")
          .reduce((sum, job) => sum + BigInt(job.hold), 0n);
        expect(await account()).toMatchObject({
          held: String(held),
          available: String(BigInt(mills) - held),
        });
        expect(held).toBeLessThanOrEqual(BigInt(mills));
        for (const { status, hold: needed } of jobs)
          if (status === "rejected") expect(BigInt(needed)).toBeGreaterThan(BigInt(mills) - held);
      }),
      { numRuns: 25 },
    );
  });

  test("that was cut off behind the request, or behind the hold, is admitted by who comes after", async () => {
    for (const cut of ["account-", "admit"]) {
      let failing = true;
      exchange = await startExchange((database) => ({
        ...database,
        async put(table, item, anyOf) {
          const isCut =
            cut === "account-"
              ? String(item.bytes).includes("FundsHeld")
              : String(item.commandId).includes(cut);
          if (failing && isCut) throw new Error("crash");
          return database.put(table, item, anyOf);
        },
      }));
      await openCenter(exchange, alpha, center);
      await openAccount(exchange, acme);
      const body = newJob(exchange, center);
      expect((await exchange.call(postJob, acme, { body, key: "k" })).status).toBe(500);
      failing = false;
      await exchange.pump();
      const { items } = await succeeds(exchange.call(listJobs, acme));
      expect(items.map(({ status }) => status)).toEqual(["requested"]);
      const [{ job = "" } = {}] = items;
      await exchange.deliver("finish-admissions", { stream: `job-${job}`, version: 1 });
      const again = await succeeds(exchange.call(postJob, acme, { body, key: "k" }));
      expect(again).toMatchObject({ job, status: "open" });
      expect(await account()).toMatchObject({ available: "960000", held: hold });
    }
  });

  test("that was cut off behind the hold and then cancelled gets its funds back, in whatever order the feed has it", async () => {
    for (const order of [
      ["account", "job"],
      ["job", "account"],
    ]) {
      exchange = await startExchange((database) => ({
        ...database,
        async put(table, item, anyOf) {
          if (String(item.commandId).startsWith("admit/")) throw new Error("crash");
          return database.put(table, item, anyOf);
        },
      }));
      await openCenter(exchange, alpha, center);
      await openAccount(exchange, acme);
      await exchange.pump();
      expect((await post()).status).toBe(500);
      const commits = exchange.waiting.log.splice(0);
      const [job = ""] = commits.flatMap(({ pk }) =>
        pk.startsWith("job-") ? [pk.slice("job-".length)] : [],
      );
      await succeeds(exchange.call(cancelJob, acme, { params: { job } }));
      for (const kind of order)
        await exchange.wake(
          "relay-commits",
          commits.filter(({ pk }) => pk.startsWith(kind)),
        );
      expect(await account()).toMatchObject({ held: hold });
      await exchange.runAuctions();
      expect(await account()).toMatchObject({ available: "1000000", held: "0" });
    }
  });

  test("enters the book whatever the order in which its commits reach the feed", async () => {
    for (const order of [
      ["account", "job"],
      ["job", "account"],
    ]) {
      exchange = await startExchange();
      await openCenter(exchange, alpha, center);
      await openAccount(exchange, acme);
      await exchange.pump();
      const { job } = await succeeds(post());
      const commits = exchange.waiting.log.splice(0);
      for (const kind of order)
        await exchange.wake(
          "relay-commits",
          commits.filter(({ pk }) => pk.startsWith(kind)),
        );
      await exchange.runAuctions();
      expect((await succeeds(exchange.call(getJob, acme, { params: { job } }))).status).toBe("placed");
    }
  });

  test.each([
    [{ home: "nowhere" }, "home-unknown", "/home"],
    [{ products: [{ product: "abacus", limit: 1 }] }, "product-unknown", "/products/0/product"],
    [{ account: "unheard-of" }, "account-unknown", "/account"],
    [{ slots: 41, maxSlots: 41, to: 9_000_000 }, "too-long", "/slots"],
    [{ maxSlots: 9 }, "max-slots-too-low", "/maxSlots"],
    [{ to: 4_923_385 }, "window-too-short", "/to"],
    [{ kind: "split" }, "split-missing", "/split"],
    [{ kind: "split", split: { chunk: 3, bandwidthGbps: 1, syncLatencyMs: 1 } }, "chunk-odd", "/split/chunk"],
  ])("%o is refused as %s, and nothing is recorded", async (more, code, pointer) => {
    await openAccount(exchange, acme);
    const before = await exchange.countCommits();
    const { problem } = await post(more);
    expect(problem).toMatchObject({ status: 422, code, errors: [{ pointer }] });
    expect(await exchange.countCommits()).toBe(before);
  });

  test("another owner's account is one that does not exist", async () => {
    await openAccount(exchange, bolt);
    const at = async (name: string) => post({ account: name });
    const [foreign, absent] = [await at("bolt"), await at("nobody")];
    expect(foreign.status).toBe(422);
    expect(foreign.json).toEqual(absent.json);
  });
});

describe("jobs that depend on one another", () => {
  beforeEach(async () => {
    exchange = await startExchange();
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme);
    await exchange.pump();
  });
  const posted = async (more: Readonly<Record<string, unknown>>) => (await succeeds(post(more))).job;
  const why = async (job: string) => succeeds(exchange.call(explainJob, acme, { params: { job } }));
  const statusOf = async (job: string) => {
    const { status, reason } = await succeeds(exchange.call(getJob, acme, { params: { job } }));
    return reason === undefined ? status : `${status}: ${reason}`;
  };
  const auction = async () => {
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
  };

  test("of a group one is placed; the other leaves the book at once, says why, and has its funds back", async () => {
    const low = await posted({ group: "either", products: [{ product, limit: 400 }] });
    const high = await posted({ group: "either" });
    expect(await account()).toMatchObject({ held: "72000" });
    await auction();
    expect(await statusOf(high)).toBe("placed");
    expect(await statusOf(low)).toBe(`expired: Job ${high} of its group was awarded.`);
    expect(await account()).toMatchObject({ held: hold });
    const { auctions, explanation, nextBid } = await why(low);
    expect(auctions).toMatchObject([{ reason: "group" }]);
    expect(explanation).toBe(`It is expired: Job ${high} of its group was awarded.`);
    expect(nextBid).toBeUndefined();
    const { items } = await succeeds(exchange.call(listJobs, acme));
    expect(items.find(({ job }) => job === low)).toMatchObject({
      status: "expired",
      reason: `Job ${high} of its group was awarded.`,
    });
  });

  test("another owner's group of the same name is another group", async () => {
    await openAccount(exchange, bolt);
    const own = await posted({ group: "either" });
    const { job: foreign } = await succeeds(post({ group: "either" }, bolt));
    await auction();
    expect(await statusOf(own)).toBe("placed");
    const read = await succeeds(exchange.call(getJob, bolt, { params: { job: foreign } }));
    expect(read.status).toBe("placed");
  });

  test("a parent and its child are placed in one auction, one behind the other", async () => {
    const parent = await posted({ slots: 3, maxSlots: 3 });
    const child = await posted({ parent, slots: 4, maxSlots: 4 });
    const at = exchange.slot() + 1;
    await auction();
    const awards = async (job: string) =>
      (await succeeds(exchange.call(getJob, acme, { params: { job } }))).awards.map(({ from, to }) => [
        from,
        to,
      ]);
    expect(await awards(parent)).toEqual([[at, at + 3]]);
    expect(await awards(child)).toEqual([[at + 3, at + 7]]);
  });

  test("a child says what it waits for, and leaves the book when its parent is withdrawn", async () => {
    const parent = await posted({ extendLimit: 500, maxSlots: 20 });
    const child = await posted({ parent });
    await auction();
    expect(await statusOf(child)).toBe("open");
    const waiting = await why(child);
    expect(waiting.explanation).toContain(`waits until its parent, job ${parent}, has completed`);
    expect(waiting.nextBid).toMatchObject({ waitsFor: parent, from: exchange.slot() + 11 });
    expect(waiting.auctions).toMatchObject([{ reason: "parent" }]);
    await succeeds(exchange.call(cancelJob, acme, { params: { job: parent } }));
    expect((await why(child)).explanation).toContain("leaves the book at the next gate");
    exchange.clock.set(slotStart(exchange.slot() + 1));
    await auction();
    expect(await statusOf(child)).toBe(`expired: Its parent, job ${parent}, ended and did not complete.`);
  });

  test("a child of a parent that has an award bids from its end on", async () => {
    const parent = await posted({});
    const child = await posted({ parent, products: [{ product, limit: 40 }] });
    expect((await why(child)).nextBid).not.toHaveProperty("waitsFor");
    await auction();
    const { nextBid, auctions, explanation } = await why(child);
    expect(nextBid).toEqual({ session: "spot", from: exchange.slot() + 11, to: exchange.slot() + 31 });
    expect(auctions).toMatchObject([{ reason: "price", limitToWin: 100 }]);
    expect(explanation).toContain("100 fen");
  });

  test("a child of a parent in the other session says that it waits for its award", async () => {
    const forward = Math.ceil((exchange.slot() + 3) / 10) * 10;
    const parent = await posted({ session: "forward", from: forward, to: forward + 20 });
    const child = await posted({ parent, to: exchange.slot() + 40 });
    expect((await why(child)).explanation).toContain("bids in the forward session");
    expect((await why(child)).nextBid).toMatchObject({ waitsFor: parent });
  });
});

describe("another owner's job", () => {
  test("is as one that does not exist, for reading, asking why, and cancelling", async () => {
    exchange = await startExchange();
    const { job } = await placeJob(exchange);
    const before = await exchange.countCommits();
    const asked: readonly Operation[] = [getJob, explainJob, cancelJob];
    for (const operation of asked) {
      const foreign = await exchange.call(operation, bolt, { params: { job } });
      const absent = await exchange.call(operation, bolt, { params: { job: "nothing" } });
      expect(foreign.status).toBe(404);
      expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll("nothing", job));
    }
    expect(await exchange.countCommits()).toBe(before);
    expect((await succeeds(exchange.call(listJobs, bolt))).items).toEqual([]);
    expect((await exchange.call(getJob, operator, { params: { job } })).status).toBe(200);
    expect((await exchange.call(explainJob, operator, { params: { job } })).status).toBe(200);
    expect((await exchange.call(cancelJob, operator, { params: { job } })).status).toBe(403);
    expect((await exchange.call(getJob, alpha, { params: { job } })).status).toBe(403);
  });
});

describe("DELETE /jobs/{job}", () => {
  beforeEach(async () => {
    exchange = await startExchange();
  });
  const cancel = (job: string, ifMatch?: string) =>
    exchange.call(cancelJob, acme, { params: { job }, ...(ifMatch === undefined ? {} : { ifMatch }) });

  test("of a bid: once for all repeats; its funds go back with the next gate", async () => {
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme);
    const { job } = await succeeds(post());
    const stale = await cancel(job, '"1"');
    expect(stale.problem).toMatchObject({ status: 412, code: "version-stale" });
    expect(stale.problem.detail).toContain("version 2");
    const first = await cancel(job, '"2"');
    expect([first.status, first.body.status, first.headers.etag]).toEqual([202, "cancelled", '"3"']);
    const commits = await exchange.countCommits();
    for (const again of [await cancel(job), await cancel(job, '"2"')]) expect(again).toEqual(first);
    expect(await exchange.countCommits()).toBe(commits);
    expect(await account()).toMatchObject({ held: hold });
    await exchange.pump();
    await exchange.runAuctions();
    expect(await account()).toMatchObject({ available: "1000000", held: "0" });
  });

  test("of an award: it is given back, and nothing but the fee stays held", async () => {
    const { job } = await placeJob(exchange);
    const first = await cancel(job);
    expect([first.status, first.body.status]).toEqual([202, "cancelled"]);
    expect(await cancel(job)).toEqual(first);
    await exchange.pump();
    const { available, held } = await account();
    expect(BigInt(available) + BigInt(held)).toBe(1_000_000n);
    // 10 % of 8 cards x 10 slots x 100 fen.
    expect(held).toBe("800");
  });

  test("of a job that is over is refused, and says what it is", async () => {
    const { job, placement, from } = await placeJob(exchange);
    const request = { params: { placement }, body: { center } };
    await succeeds(exchange.call(operations.acceptPlacement, alpha, request));
    exchange.clock.set(slotStart(from));
    const run = { center, run: 1 };
    await succeeds(exchange.call(operations.startPlacement, alpha, { ...request, body: run }));
    const body = { ...run, outcome: "completed" };
    await succeeds(exchange.call(operations.finishPlacement, alpha, { ...request, body }));
    const late = await cancel(job);
    expect(late.problem).toMatchObject({ status: 409, code: "job-ended" });
    expect(late.problem.detail).toContain("completed");
  });
});

describe("GET /jobs", () => {
  test("comes page by page without loss, newest first, and follows each job", async () => {
    exchange = await startExchange();
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme);
    for (let n = 1; n <= 9; n++) {
      await succeeds(post({ cards: 1, name: `job ${n}` }));
      if (n % 4 === 0) await exchange.pump();
    }
    await exchange.pump();
    const whole = await succeeds(exchange.call(listJobs, acme, { query: { limit: 200 } }));
    expect(whole.items).toHaveLength(9);
    expect(new Set(whole.items.map(({ name }) => name)).size).toBe(9);
    expect(whole.items.every(({ status, centers }) => status === "open" && centers.length === 0)).toBe(true);
    for (let limit = 1; limit <= 10; limit++)
      expect(await walk(exchange, listJobs, acme, { query: { limit } })).toEqual(whole.items);
    await exchange.runAuctions();
    await exchange.pump();
    const placed = await walk(exchange, listJobs, acme, { query: { limit: 2 } });
    expect(placed.map(({ job }) => job)).toEqual(whole.items.map(({ job }) => job));
    for (const { status, centers, placement, job } of placed)
      expect([status, centers, placement]).toEqual(["placed", [center], `${job}.1`]);
  });
});

describe("GET /jobs/{job}/why", () => {
  test("tells a bid that missed by its price what would have won, and what the auction answered", async () => {
    exchange = await startExchange();
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme);
    const { job } = await succeeds(post({ products: [{ product, limit: 40 }] }));
    await exchange.pump();
    await exchange.runAuctions();
    const why = await succeeds(exchange.call(explainJob, acme, { params: { job } }));
    expect(why).toMatchObject({
      status: "open",
      auctions: [{ auction: 1, reason: "price", limitToWin: 100, product }],
    });
    expect(why.explanation).toContain("100 fen");
  });

  test("says where a placed job runs and until when", async () => {
    exchange = await startExchange();
    const { job, to } = await placeJob(exchange);
    const why = await succeeds(exchange.call(explainJob, acme, { params: { job } }));
    expect(why).toMatchObject({ status: "placed", auctions: [{ auction: 1, reason: "won" }] });
    expect(why.explanation).toContain(center);
    expect(why.explanation).toContain(new Date(slotStart(to)).toISOString());
    expect(why.nextBid).toBeUndefined();
  });

  /** Opens a market of 16 cards at 100 fen and asks of the last job why it has nothing. */
  const whyOf = async (...bids: readonly Readonly<Record<string, unknown>>[]) => {
    exchange = await startExchange();
    exchange.clock.set(slotStart(exchange.slot()));
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, acme, "10000000");
    const jobs: string[] = [];
    for (const more of bids) jobs.push((await succeeds(post(more))).job);
    await exchange.pump();
    await exchange.runAuctions();
    return succeeds(exchange.call(explainJob, acme, { params: { job: jobs.at(-1) ?? "" } }));
  };

  test("names the slots that lacked the cards, as times, and that no limit would have won", async () => {
    const to = () => exchange.slot() + 1 + 10;
    exchange = await startExchange();
    const window = { slots: 10, maxSlots: 10, from: exchange.slot() + 1, to: to() };
    const why = await whyOf({ cards: 16, ...window }, { cards: 16, ...window });
    const slots = [{ from: window.from, to: window.to }];
    expect(why.auctions).toEqual([{ auction: 1, reason: "capacity", slots }]);
    const [from, until] = [window.from, window.to].map((slot) => new Date(slotStart(slot)).toISOString());
    expect(why.explanation).toContain(`too few cards were left from ${from} to ${until}`);
    expect(why.explanation).toContain("No limit would have won");
  });

  test("says of a job whose window is over what its last auction answered", async () => {
    const why = await whyOf({ products: [{ product, limit: 40 }], dataGB: 1 });
    const { job } = why;
    exchange.clock.set(slotStart(exchange.slot() + 30));
    await exchange.runAuctions();
    await exchange.pump();
    const { status, explanation } = await succeeds(exchange.call(explainJob, acme, { params: { job } }));
    expect(status).toBe("expired");
    expect(explanation).toBe(
      "It is expired: what is left of its window is too short for it. In auction 1 its limit met the published prices, with what moving its data costs, nowhere: from 100 fen per card-hour for a100-80g it would have.",
    );
  });

  test("names the slots for which the cards left are not sold alone, where centers sell longer runs only", async () => {
    exchange = await startExchange();
    exchange.clock.set(slotStart(exchange.slot()));
    const offer = await openCenter(exchange, alpha, center);
    await succeeds(exchange.call(operations.withdrawOffer, alpha, { params: { offer }, body: {} }));
    await succeeds(
      exchange.call(operations.postOffer, alpha, { body: newOffer(exchange, center, { minRun: 11 }) }),
    );
    await openAccount(exchange, acme);
    const window = { from: exchange.slot() + 1, to: exchange.slot() + 11 };
    const { job } = await succeeds(post(window));
    await exchange.pump();
    await exchange.runAuctions();

    const why = await succeeds(exchange.call(explainJob, acme, { params: { job } }));

    expect(why.auctions).toEqual([{ auction: 1, reason: "minRun", slots: [window] }]);
    const [from, until] = [window.from, window.to].map((slot) => new Date(slotStart(slot)).toISOString());
    expect(why.explanation).toContain(`sold for too short a time from ${from} to ${until}`);
    expect(why.explanation).toContain("No limit would have won");
  });

  test("tells a job that could not even bid what kept it out, also where nobody else bids", async () => {
    const why = await whyOf({ frameworks: ["no-such-framework"] });
    expect(why.auctions).toEqual([{ auction: 1, reason: "framework" }]);
    expect(why.explanation).toContain("frameworks");
    const beside = await whyOf({}, { frameworks: ["no-such-framework"] });
    expect(beside.auctions).toEqual([{ auction: 1, reason: "framework" }]);
  });

  test("says of data that no link carries in a slot that it can be moved ahead", async () => {
    exchange = await startExchange();
    await openCenter(exchange, alpha, center);
    const far = { ...newCenter("b-1"), region: "CN-GD", homeRegions: [] };
    await succeeds(exchange.call(operations.joinNetwork, beta, { body: far }));
    await succeeds(exchange.call(operations.renewLease, beta, { params: { center: "b-1" } }));
    await succeeds(exchange.call(operations.postOffer, beta, { body: newOffer(exchange, "b-1") }));
    await openAccount(exchange, acme, "10000000");
    const links = [{ to: "b-1", gbps: 1, latencyMs: 5, perGB: 1 }];
    await succeeds(exchange.call(operations.declareLinks, alpha, { params: { center }, body: { links } }));
    await exchange.pump();
    const { job } = await succeeds(post({ home: center, dataGB: 1000, regions: ["CN-GD"] }));
    await exchange.pump();
    await exchange.runAuctions();
    const why = await succeeds(exchange.call(explainJob, acme, { params: { job } }));
    expect(why.auctions).toEqual([{ auction: 1, reason: "link" }]);
    expect(why.explanation).toContain("stageSlots");
  });

  test("finds its answer among those of an auction of many bids", async () => {
    exchange = await startExchange();
    const { job } = await placeJob(exchange);
    const others = Array.from({ length: 10_000 }, (_, n) => ({
      job: JobId.parse(`${n.toString(16).padStart(4, "0")}-other`),
      answer: { reason: "price" as const, limitToWin: Price.parse(n), product: ProductId.parse(product) },
    }));
    const auctionItems = createAuctionItems(exchange.database, testTables.views);
    const own = { job: JobId.parse(job), answer: { reason: "link" as const } };
    await saveAnswers({ auctionItems }, 7, [...others, own]);
    await saveAnswers({ auctionItems }, 8, [{ ...own, answer: { reason: "latency" } }]);
    const { auctions } = await succeeds(exchange.call(explainJob, acme, { params: { job } }));
    expect(auctions.map(({ auction, reason }) => [auction, reason])).toEqual([
      [8, "latency"],
      [7, "link"],
      [1, "won"],
    ]);
    for await (const items of exchange.database.scan(testTables.views, ["pk", "data"]))
      for (const { pk, data } of items)
        if (String(pk).startsWith("answers#")) expect(String(data).length).toBeLessThan(10_000);
  });
});
