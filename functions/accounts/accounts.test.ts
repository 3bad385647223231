import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { createEventLog } from "../../events/store/log.ts";
import { instant } from "../../market/time.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  bolt,
  finance,
  type InMemoryExchange,
  type Member,
  newJob,
  openAccount,
  openCenter,
  openingTime,
  operator,
  startExchange,
  succeeds,
  walk,
} from "../../test/exchange-in-memory.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";

const { getAccount, depositFunds, listEntries } = operations;
const day = 86_400_000;
const params = { account: "acme" };
let exchange: InMemoryExchange;
beforeEach(async () => {
  exchange = await startExchange();
});

const account = async () => succeeds(exchange.call(getAccount, acme, { params }));
const deposit = (mills: string, key: string) =>
  exchange.call(depositFunds, finance, { params, body: { mills }, key });
const entries = (query: Readonly<Record<string, string | number>> = {}) =>
  succeeds(exchange.call(listEntries, acme, { params, query }));

describe("POST /accounts", () => {
  test("looks for a name that nobody took before in no day of the past", async () => {
    let queries = 0;
    const counted = await startExchange((database) => ({
      ...database,
      query: (...what) => {
        queries += 1;
        return database.query(...what);
      },
    }));
    await succeeds(counted.call(operations.openAccount, acme, { body: {} }));
    expect(queries).toBeLessThan(5);
  });

  test("opens one named like its owner, or as it asks; opening it again changes nothing", async () => {
    const opened = await exchange.call(operations.openAccount, acme, { body: {} });
    expect(opened.status).toBe(201);
    expect(opened.headers.location).toBe("/accounts/acme");
    expect(opened.body).toEqual({
      account: "acme",
      owner: "acme",
      period: "2026-03-02",
      status: "open",
      currency: "CNY",
      taxRate: 0,
      available: "0",
      held: "0",
      version: 1,
    });
    expect(await account()).toEqual(opened.body);
    expect(await exchange.call(operations.openAccount, acme, { body: {} })).toEqual(opened);
    expect(await exchange.call(operations.openAccount, acme, { body: { account: "acme" } })).toEqual(opened);
    const body = { account: "research" };
    expect((await succeeds(exchange.call(operations.openAccount, acme, { body }))).account).toBe("research");
    expect(await exchange.countCommits()).toBe(2);
  });

  test("of a name that another has is refused, also when both ask at once and on later days", async () => {
    const body = { account: "shared" };
    const replies = await Promise.all(
      [acme, bolt].map((by) => exchange.call(operations.openAccount, by, { body })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    const loser = replies[0]?.status === 409 ? acme : bolt;
    for (const later of [0, day, 3 * day]) {
      exchange.clock.set(openingTime + later);
      const { problem } = await exchange.call(operations.openAccount, loser, { body });
      expect(problem).toMatchObject({
        status: 409,
        code: "account-taken",
        errors: [{ pointer: "/account" }],
      });
    }
    expect(await exchange.countCommits()).toBe(1);
  });
});

describe("a name that two ask for around midnight", () => {
  const body = { account: "shared" };
  const open = (by: Member) => exchange.call(operations.openAccount, by, { body });
  const name = { pk: "account#shared", sk: "name" };

  test("is the first one's, though its account is opened last", async () => {
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    exchange = await startExchange((database) => ({
      ...database,
      async put(table, item, anyOf) {
        if (item.pk === "account-shared-2026-03-02") {
          reached.resolve();
          await held.promise;
        }
        return database.put(table, item, anyOf);
      },
    }));
    exchange.clock.set(Date.parse("2026-03-02T15:59:59.500Z"));
    const first = open(acme);
    await reached.promise;
    exchange.clock.set(Date.parse("2026-03-02T16:00:00.100Z"));
    expect((await open(bolt)).problem).toMatchObject({ status: 409, code: "account-taken" });
    held.resolve();
    expect((await first).body).toMatchObject({ owner: "acme", period: "2026-03-02" });
    expect((await open(bolt)).problem).toMatchObject({ status: 409, code: "account-taken" });
    expect((await open(acme)).body).toMatchObject({ owner: "acme" });
    expect(await exchange.countCommits()).toBe(1);
  });

  test("and was taken when names had no owner is its account's owner's, else whose asks first", async () => {
    await exchange.database.put(testTables.operations, { ...name, account: "shared" });
    const replies = await Promise.all([open(acme), open(bolt)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    const [winner, loser] = replies[0]?.status === 201 ? [acme, bolt] : [bolt, acme];
    await exchange.database.put(testTables.operations, { ...name, account: "shared" });
    expect((await open(loser)).problem.code).toBe("account-taken");
    expect((await open(winner)).body.owner).toBe(winner.owner);
  });
});

describe("another owner's account", () => {
  test("is as one that does not exist; finance and operators see all", async () => {
    await openAccount(exchange, acme);
    const reads: readonly Operation[] = [getAccount, listEntries];
    for (const operation of reads) {
      const foreign = await exchange.call(operation, bolt, { params });
      const absent = await exchange.call(operation, bolt, { params: { account: "nothing" } });
      expect(foreign.status).toBe(404);
      expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll("nothing", "acme"));
      for (const by of [finance, operator])
        expect((await exchange.call(operation, by, { params })).status).toBe(200);
    }
    expect((await exchange.call(depositFunds, acme, { params, body: { mills: "1" } })).status).toBe(403);
    const nowhere = { params: { account: "nothing" }, body: { mills: "1" } };
    expect((await exchange.call(depositFunds, finance, nowhere)).status).toBe(404);
  });
});

describe("POST /accounts/{account}/deposits", () => {
  test("credits once, also when it is sent again on the next settlement days", async () => {
    await openAccount(exchange, acme, "100");
    const first = await deposit("50", "bank-1");
    expect(first.body).toMatchObject({ account: "acme", mills: "50", period: "2026-03-02" });
    expect(await account()).toMatchObject({ available: "150" });
    let available = 150;
    for (const days of [0, 1, 2, 40]) {
      exchange.clock.set(openingTime + days * day);
      expect(await deposit("50", "bank-1")).toEqual(first);
      expect(await account()).toMatchObject({ available: String(available) });
      // Now that the account was used on this day, it has a stream of its own for it.
      await succeeds(deposit("1", `bank-on-${days}`));
      available += 1;
      expect(await deposit("50", "bank-1")).toEqual(first);
      expect(await account()).toMatchObject({ available: String(available) });
    }
  });

  test("that was cut off before the credit is credited once by its repeat, a day later too", async () => {
    let failing = true;
    exchange = await startExchange((database) => ({
      ...database,
      async put(table, item, anyOf) {
        if (failing && String(item.bytes).includes("FundsDeposited")) throw new Error("crash");
        return database.put(table, item, anyOf);
      },
    }));
    await succeeds(exchange.call(operations.openAccount, acme, { body: {} }));
    expect((await deposit("50", "bank-1")).status).toBe(500);
    expect(await account()).toMatchObject({ available: "0" });
    failing = false;
    exchange.clock.set(openingTime + day);
    await succeeds(deposit("7", "bank-2"));
    for (const days of [1, 1, 2]) {
      exchange.clock.set(openingTime + days * day);
      expect((await succeeds(deposit("50", "bank-1"))).period).toBe("2026-03-02");
      expect(await account()).toMatchObject({ available: "57" });
    }
  });

  test("takes money only", async () => {
    await openAccount(exchange, acme);
    const before = await exchange.countCommits();
    for (const [mills, status, code] of [
      ["0", 422, "deposit-not-positive"],
      ["-5", 422, "deposit-not-positive"],
      ["1.5", 400, "invalid-request"],
      ["010", 400, "invalid-request"],
    ] as const) {
      const { problem } = await deposit(mills, `k${mills}`);
      expect(problem).toMatchObject({ status, code, errors: [{ pointer: "/mills" }] });
    }
    expect(await exchange.countCommits()).toBe(before);
  });
});

describe("an account over its days", () => {
  const move = fc.oneof(
    fc.record({ kind: fc.constant("deposit" as const), mills: fc.integer({ min: 1, max: 9_999 }) }),
    fc.record({ kind: fc.constant("job" as const), cards: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant("night" as const) }),
    fc.record({ kind: fc.constant("repeat" as const), of: fc.nat() }),
  );

  test("has what its deposits and holds say, and each day's entries lead from nothing to what it carried", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 14 }), async (moves) => {
        exchange = await startExchange();
        await openCenter(exchange, alpha, "c-1");
        await succeeds(exchange.call(operations.openAccount, acme, { body: {} }));
        const deposits: string[] = [];
        let [available, held] = [0n, 0n];
        for (const [index, one] of moves.entries()) {
          if (one.kind === "deposit") {
            deposits.push(String(one.mills));
            available += BigInt(one.mills);
            await succeeds(deposit(String(one.mills), `d-${deposits.length - 1}`));
          } else if (one.kind === "repeat" && deposits.length > 0) {
            const which = one.of % deposits.length;
            await succeeds(deposit(deposits[which] ?? "", `d-${which}`));
          } else if (one.kind === "night") {
            exchange.clock.set(exchange.clock.now() + day);
            // Whoever comes first, the daily close or a user, carries the account.
            if (index % 2 === 0) {
              await exchange.pump();
              await exchange.invoke("carry-accounts", { period: "2026-03-02", cursor: "" });
            }
          } else if (one.kind === "job") {
            const body = newJob(exchange, "c-1", { cards: one.cards, slots: 1, products: priced(1000) });
            const { hold, status } = await succeeds(exchange.call(operations.postJob, acme, { body }));
            expect(status).toBe(BigInt(hold) <= available ? "open" : "rejected");
            if (status !== "open") continue;
            available -= BigInt(hold);
            held += BigInt(hold);
          }
        }
        const now = await account();
        expect(now).toMatchObject({ available: String(available), held: String(held) });
        const sums = sumsOf((await entries({ period: now.period, limit: 200 })).items);
        expect(sums).toEqual({ available, held });
      }),
      { numRuns: 40 },
    );
  });

  const priced = (limit: number) => [{ product: "a100-80g", limit }];
  const sumsOf = (items: readonly { available: string; held: string }[]) => ({
    available: items.reduce((sum, entry) => sum + BigInt(entry.available), 0n),
    held: items.reduce((sum, entry) => sum + BigInt(entry.held), 0n),
  });

  test("is carried into a new day once by several requests that come first at the same time", async () => {
    const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let carries = 0;
    exchange = await startExchange((database) => ({
      ...database,
      async put(table, item, anyOf) {
        const carry = item.pk === "account-acme-2026-03-02" && exchange.clock.now() > openingTime;
        if (carry && ++carries === 1) {
          reached.resolve();
          await held.promise;
        }
        return database.put(table, item, anyOf);
      },
    }));
    await openAccount(exchange, acme, "100");
    exchange.clock.set(openingTime + day);
    const rate = { params, body: { taxRate: 600 }, key: "rate" };
    const late = exchange.call(operations.setTaxRate, finance, rate);
    await reached.promise;
    await succeeds(deposit("1", "a"));
    held.resolve();
    expect((await late).body).toMatchObject({ taxRate: 600 });
    expect(await account()).toMatchObject({ taxRate: 600, available: "101", period: "2026-03-03" });
  });

  test("lists a day's entries page by page without loss, and the days before for good", async () => {
    await openAccount(exchange, acme, "1");
    for (let n = 0; n < 9; n++) await succeeds(deposit("10", `d-${n}`));
    const whole = await entries({ limit: 200 });
    expect(whole).toMatchObject({ period: "2026-03-02" });
    expect(whole.items.map(({ version }) => version)).toEqual(whole.items.map((_, index) => index + 1));
    for (let limit = 1; limit <= 12; limit++)
      expect(await walk(exchange, listEntries, acme, { params, query: { limit } })).toEqual(whole.items);
    const { next = "" } = await entries({ limit: 3 });
    exchange.clock.set(openingTime + day);
    await succeeds(deposit("1000", "next-day"));
    expect((await entries()).items.map(({ kind, available }) => [kind, available])).toEqual([
      ["opened", "91"],
      ["deposited", "1000"],
    ]);
    const before = (await entries({ period: "2026-03-02", limit: 200 })).items;
    expect(before.slice(0, -1)).toEqual(whole.items);
    expect(before.at(-1)).toMatchObject({ kind: "carried", available: "-91", held: "0" });
    // The cursor is of the day that it was handed out for.
    const late = await exchange.call(listEntries, acme, { params, query: { cursor: next } });
    expect(late.problem).toMatchObject({ status: 400, code: "cursor-invalid" });
    expect((await entries({ period: "2026-03-02", cursor: next })).items[0]?.version).toBe(4);
    expect((await entries({ period: "2025-01-01" })).items).toEqual([]);
  });
});

describe("an account's tax rate and currency", () => {
  const { openAccount: open, setTaxRate, postJob } = operations;

  test("finance sets the rate; a job keeps the one that it was requested with, and holds the tax", async () => {
    await openCenter(exchange, alpha, "c-1");
    await openAccount(exchange, acme, "10000000");
    const set = (taxRate: number, by = finance) =>
      exchange.call(setTaxRate, by, { params, body: { taxRate } });
    expect((await set(600, acme)).status).toBe(403);
    const body = newJob(exchange, "c-1", {
      cards: 1,
      slots: 1,
      products: [{ product: "a100-80g", limit: 777 }],
    });
    expect((await succeeds(exchange.call(postJob, acme, { body }))).hold).toBe("777");
    expect(await succeeds(set(600))).toMatchObject({ taxRate: 600 });
    const commits = await exchange.countCommits();
    expect(await succeeds(set(600))).toMatchObject({ taxRate: 600 });
    expect(await exchange.countCommits()).toBe(commits);
    // 777 x 1.06 are 823.62.
    expect((await succeeds(exchange.call(postJob, acme, { body }))).hold).toBe("824");
    expect(await account()).toMatchObject({ taxRate: 600, held: String(777 + 824) });
    expect((await entries({ limit: 200 })).items).toContainEqual(
      expect.objectContaining({ kind: "taxRateSet", taxRate: 600 }),
    );
    exchange.clock.set(openingTime + day);
    await succeeds(deposit("1", "next-day"));
    expect(await account()).toMatchObject({ taxRate: 600, period: "2026-03-03" });
  });

  test("a rate that was sent with a key is set once, on whatever day it is sent again", async () => {
    await openAccount(exchange, acme);
    const set = (taxRate: number, key: string) =>
      exchange.call(setTaxRate, finance, { params, body: { taxRate }, key });
    await succeeds(set(600, "before"));
    // It changes nothing, so nothing is appended: it was answered all the same.
    await succeeds(set(600, "first"));
    await succeeds(set(1300, "second"));
    for (const days of [0, 1, 3]) {
      exchange.clock.set(openingTime + days * day);
      await succeeds(deposit("1", `on-${days}`));
      expect(await succeeds(set(600, "first"))).toMatchObject({ taxRate: 1300 });
      expect((await set(100, "second")).problem).toMatchObject({
        status: 422,
        code: "idempotency-key-reused",
      });
      expect(await account()).toMatchObject({ taxRate: 1300 });
    }
  });

  test("a rate that was cut off before it was set is set once by its repeat, where the account was carried to", async () => {
    let failing = false;
    exchange = await startExchange((database) => ({
      ...database,
      async put(table, item, anyOf) {
        if (failing && table === testTables.log) throw new Error("the function was killed");
        return database.put(table, item, anyOf);
      },
    }));
    await openAccount(exchange, acme);
    const set = (taxRate: number, key: string) =>
      exchange.call(setTaxRate, finance, { params, body: { taxRate }, key });
    failing = true;
    expect((await set(600, "first")).status).toBe(500);
    failing = false;
    exchange.clock.set(openingTime + day);
    await succeeds(deposit("1", "next-day"));
    expect(await succeeds(set(600, "first"))).toMatchObject({ taxRate: 600, period: "2026-03-03" });
    await succeeds(set(1300, "second"));
    exchange.clock.set(openingTime + 2 * day);
    expect(await succeeds(set(600, "first"))).toMatchObject({ taxRate: 1300 });
  });

  test("an account in another currency takes deposits in it, and no job", async () => {
    await openCenter(exchange, alpha, "c-1");
    const body = { account: "dollars", currency: "USD" };
    expect(await succeeds(exchange.call(open, acme, { body }))).toMatchObject({ currency: "USD" });
    const other = await exchange.call(open, acme, { body: { ...body, currency: "EUR" } });
    expect(other.problem).toMatchObject({ status: 409, code: "currency-fixed" });
    const put = (currency: string) =>
      exchange.call(depositFunds, finance, {
        params: { account: "dollars" },
        body: { mills: "5000000", currency },
      });
    expect((await put("CNY")).problem).toMatchObject({ status: 422, code: "currency-differs" });
    expect(await succeeds(put("USD"))).toMatchObject({ mills: "5000000", currency: "USD" });
    const job = await exchange.call(postJob, acme, {
      body: { ...newJob(exchange, "c-1"), account: "dollars" },
    });
    expect(job.problem).toMatchObject({
      status: 422,
      code: "currency-not-traded",
      errors: [expect.objectContaining({ pointer: "/account" })],
    });
    exchange.clock.set(openingTime + day);
    await exchange.invoke("carry-accounts", { period: "2026-03-02", cursor: "" });
    const own = await succeeds(exchange.call(getAccount, acme, { params: { account: "dollars" } }));
    expect(own).toMatchObject({ currency: "USD", available: "5000000", status: "open" });
  });
});

describe("GET /accounts/{account}/holds", () => {
  test("says what became of each hold, over midnight too", async () => {
    await openCenter(exchange, alpha, "c-1");
    await openAccount(exchange, acme, "10000000");
    const post = () =>
      exchange.call(operations.postJob, acme, {
        body: newJob(exchange, "c-1", { to: exchange.slot() + 500 }),
      });
    const { hold, job } = await succeeds(post());
    const holds = async () => (await succeeds(exchange.call(operations.listHolds, acme, { params }))).items;
    const none = { job, stretch: 1, held: hold, posted: "0", released: "0", expired: "0" };
    expect(await holds()).toEqual([{ ...none, status: "pending", pending: hold }]);
    exchange.clock.set(openingTime + day);
    await succeeds(deposit("1", "next-day"));
    expect(await holds()).toEqual([{ ...none, status: "pending", pending: hold }]);
    await succeeds(exchange.call(operations.cancelJob, acme, { params: { job } }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
    expect(await holds()).toEqual([{ ...none, status: "expired", expired: hold, pending: "0" }]);
  });

  test("lists them page by page, also those that come in between", async () => {
    await openCenter(exchange, alpha, "c-1");
    await openAccount(exchange, acme, "100000000");
    const post = async () => {
      const body = newJob(exchange, "c-1");
      return (await succeeds(exchange.call(operations.postJob, acme, { body }))).job;
    };
    const jobs: string[] = [];
    for (let n = 0; n < 5; n++) jobs.push(await post());
    const items = await walk(
      exchange,
      operations.listHolds,
      acme,
      { params, query: { limit: 2 } },
      async () => {
        if (jobs.length < 7) jobs.push(await post());
      },
    );
    expect(items.map(({ job }) => job)).toEqual(jobs);
    const query = { cursor: (await entries({ limit: 1 })).next ?? "" };
    const foreign = await exchange.call(operations.listHolds, acme, { params, query });
    expect(foreign.problem).toMatchObject({ status: 400, code: "cursor-invalid" });
  });
});

describe("adjustments of the feed", () => {
  const corrected = (correction: string, tenantPays: string) =>
    parseEvent("CorrectionPosted", {
      correction,
      corrects: "j-1.1:end:1-2",
      cause: "resolution",
      job: "j-1",
      placement: "j-1.1",
      stretch: 1,
      account: "acme",
      from: 1,
      to: 2,
      lines: [],
      tenantPays,
      period: "2026-03-02",
    });
  const invoiced = (rounding: string) =>
    parseEvent("InvoiceIssued", {
      invoice: "acme-2026-03-02",
      account: "acme",
      owner: "acme",
      period: "2026-03-02",
      at: "2026-03-02T16:14:00.000Z",
      taxRate: 0,
      lines: [],
      net: rounding,
      tax: "0",
      gross: rounding,
      payable: "0",
      rounding,
    });
  const write = (stream: string, { type, data }: DomainEvent) =>
    createEventLog(exchange.database, testTables.log).append({
      stream,
      version: 1,
      commandId: stream,
      actor: "exchange:test",
      causationId: "test",
      correlationId: "test",
      time: instant(exchange.clock.now()),
      events: [{ type, v: 1, data }],
    });

  test("are made once each, on whatever day they are read, and may overdraw", async () => {
    await openAccount(exchange, acme, "100");
    await write("job-j-1", corrected("c-1", "130"));
    await write("invoice-acme-2026-03-02", invoiced("7"));
    await exchange.pump();
    expect(await account()).toMatchObject({ available: "-23", status: "overdrawn" });
    // Read again from the first page, on a later day: all of it is found done.
    exchange.clock.set(openingTime + day);
    await exchange.database.remove("test-marks", { pk: "checkpoint#settle-accounts" });
    const head = (await exchange.database.query("test-feed", { pk: "feed" })).length;
    await exchange.wake("settle-accounts", [{ pk: "feed", sk: head }]);
    expect(await account()).toMatchObject({ available: "-23", status: "overdrawn" });
    const items = (await entries({ period: "2026-03-02", limit: 200 })).items;
    expect(items.filter(({ kind }) => kind === "adjusted")).toMatchObject([
      { available: "-130", adjustment: "c-1" },
      { available: "7", adjustment: "acme-2026-03-02" },
    ]);
    await openCenter(exchange, alpha, "c-1");
    const refused = await succeeds(
      exchange.call(operations.postJob, acme, { body: newJob(exchange, "c-1") }),
    );
    expect(refused).toMatchObject({ status: "rejected", reason: expect.stringContaining("overdrawn") });
    await succeeds(deposit("23", "heals"));
    expect(await account()).toMatchObject({ available: "0", status: "open" });
  });
});
