import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ChargeLine } from "../../events/catalog/job.ts";
import { streams } from "../../events/catalog/streams.ts";
import { CenterId, DepositId, JobId, MillsText, Period } from "../../events/catalog/values.ts";
import type { Database } from "../../events/store/dynamo.ts";
import { createStore, execute } from "../../events/store/execute.ts";
import { createFeed } from "../../events/store/feed.ts";
import { createEventLog } from "../../events/store/log.ts";
import type { ParsedCommit } from "../../events/upcasts.ts";
import { fundDecider } from "../../market/fund.ts";
import { balanceOf, emptyLedger, withEvents } from "../../market/settlement/ledger.ts";
import type { FoundBreak } from "../../market/settlement/match-facts.ts";
import { instant, periodStart, slotStart } from "../../market/time.ts";
import { closeDays } from "../../test/close-days.ts";
import { testTables } from "../../test/dynalite.ts";
import { allCommits } from "../../test/exchange-days.ts";
import {
  acme,
  alpha,
  beta,
  finance,
  type InMemoryExchange,
  newJob,
  openAccount,
  openCenter,
  openingTime,
  startExchange,
  succeeds,
  walk,
} from "../../test/exchange-in-memory.ts";
import { record } from "../../test/found-breaks.ts";
import { wrongsIn } from "../../test/money-oracle.ts";
import { breakIdOf } from "../breaks/record-breaks.ts";
import { operations } from "../contract/operations.ts";

const { acceptPlacement, startPlacement, finishPlacement, refusePlacement, getJob, postJob } = operations;
const { postGuarantee, reduceGuarantee } = operations;
const day = 86_400_000;
const today = "2026-03-02";

/** Places a job of acme's at c-1. */
async function place(exchange: InMemoryExchange, cards: number) {
  const body = newJob(exchange, "c-1", { cards });
  const { job } = await succeeds(exchange.call(postJob, acme, { body }));
  await exchange.pump();
  await exchange.runAuctions();
  await exchange.pump();
  const [award] = (await succeeds(exchange.call(getJob, acme, { params: { job } }))).awards;
  if (award === undefined) throw new Error("the auction awarded nothing");
  return award;
}

async function contribute(exchange: InMemoryExchange, mills: string) {
  const store = createStore(createEventLog(exchange.database, testTables.log), { random: () => 0 });
  const command = {
    type: "Contribute",
    contribution: DepositId.parse("d-fund"),
    mills: MillsText.parse(mills),
  } as const;
  const meta = { actor: "test", causationId: "test", correlationId: "test", time: instant(openingTime) };
  await execute(store, fundDecider, streams.fund(), command, { ...meta, commandId: "contribute" });
  // What is put past the exchange's own tables wakes nobody.
  await exchange.wake("relay-commits", [{ pk: streams.fund(), sk: 1 }]);
}

interface DayOfTest {
  readonly runs?: boolean;
  readonly guarantee?: string;
  readonly fund?: string;
  /** What its center wants to be left of its guarantee in the end; absent: 100, where it earned something. */
  readonly wants?: string;
  /** Of the account, in basis points. */
  readonly taxRate?: number;
}

/** A day with a job that ran, and one that its center refused; then midnight has passed. */
async function aDay(
  exchange: InMemoryExchange,
  { runs = true, guarantee = "300", fund = "200", wants, taxRate }: DayOfTest = {},
) {
  await openCenter(exchange, alpha, "c-1");
  await openAccount(exchange, acme);
  if (taxRate !== undefined) {
    const rate = { params: { account: acme.owner }, body: { taxRate } };
    await succeeds(exchange.call(operations.setTaxRate, finance, rate));
  }
  const center = { center: "c-1" };
  await succeeds(exchange.call(postGuarantee, finance, { params: center, body: { mills: guarantee } }));
  await contribute(exchange, fund);
  await exchange.pump();
  if (runs) {
    const { placement, from } = await place(exchange, 3);
    const params = { placement };
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body: center }));
    exchange.clock.set(slotStart(from));
    await succeeds(exchange.call(startPlacement, alpha, { params, body: { ...center, run: 1 } }));
    exchange.clock.set(slotStart(from + 7) - 1);
    const body = { ...center, run: 1, outcome: "completed" };
    await succeeds(exchange.call(finishPlacement, alpha, { params, body }));
    exchange.clock.set(slotStart(from + 8) + 30_000);
  }
  const refused = await place(exchange, 8);
  await succeeds(
    exchange.call(refusePlacement, alpha, { params: { placement: refused.placement }, body: center }),
  );
  // Its penalty is charged by now.
  const left = wants ?? (runs ? "100" : undefined);
  if (left !== undefined)
    await succeeds(exchange.call(reduceGuarantee, alpha, { params: center, body: { mills: left } }));
  await exchange.pump();
  exchange.clock.set(openingTime + day);
}

/** Finance resolves a break: the center owes no penalty. What is left of it is given back; absent: all. */
async function penaltyWasWrong(exchange: InMemoryExchange, left?: string) {
  const commits = [...(await allCommits(exchange)).values()].flat();
  const charges = commits.flatMap(({ events }) => events.filter(({ type }) => type === "ChargePosted"));
  const [{ data }] = z.tuple([Charge]).parse(charges);
  const { charge, job } = data;
  const [{ kind, row, from, to, mills }] = data.lines;
  const found: FoundBreak = {
    code: "wrongPrice",
    about: charge,
    subject: charge,
    period: Period.parse(today),
    job,
    mills,
    detail: "No penalty was due.",
  };
  await record(exchange, { breaks: [found] });
  const lines = [{ kind, row, from: to, to: from, mills: left ?? mills }];
  const body = { resolution: "corrected", correction: { lines } };
  await succeeds(
    exchange.call(operations.resolveBreak, finance, { params: { break: breakIdOf(found) }, body }),
  );
}
const Charge = z.object({
  data: z.object({
    charge: z.string(),
    job: JobId,
    lines: z.tuple([ChargeLine]),
  }),
});

/** What the close itself wrote, but for where the day lies in the feed. */
function written(commits: ReadonlyMap<string, ParsedCommit[]>): unknown {
  const places = new Set(["position", "afterPosition", "feedHash", "tree"]);
  const own = [...commits].filter(([stream]) => /^(period|invoice|payout|fund|center)-/.test(stream));
  return JSON.parse(JSON.stringify(own, (key, value: unknown) => (places.has(key) ? 0 : value)));
}

const dataOf = async (exchange: InMemoryExchange, stream: string) =>
  (await exchange.commits(stream)).flatMap(({ events }) => events);

describe("a day that is closed", () => {
  test("has an invoice for each account that was charged, rounded down to whole fen", async () => {
    const exchange = await startExchange();
    await aDay(exchange);
    await closeDays(exchange);
    const events = await dataOf(exchange, `invoice-acme-${today}`);
    // 3 cards x 7 slots at 100, and the fee on the one slot in which they lay idle after; the refused job had 8 cards for 10 slots at 100, of which a tenth is the penalty.
    expect(events).toMatchObject([
      {
        type: "InvoiceIssued",
        data: { net: "1330", tax: "0", gross: "1330", payable: "1330", rounding: "0", owner: "acme" },
      },
    ]);
    const closed = await dataOf(exchange, `period-${today}`);
    expect(closed.map(({ type }) => type)).toEqual(["PeriodOpened", "PeriodCutOff", "PeriodClosed"]);
    expect(closed.at(-1)?.data).toMatchObject({
      invoices: { count: 1, payable: "1330" },
      payouts: { count: 1, payable: "1330" },
    });
  });

  test("has the rate of an account on its invoice that no page of the day opened", async () => {
    const exchange = await startExchange();
    await aDay(exchange, { runs: false, taxRate: 613, guarantee: "1000" });
    await closeDays(exchange);
    await penaltyWasWrong(exchange);
    await exchange.pump();
    exchange.clock.set(openingTime + 2 * day);
    // The view that accounts are carried from lags behind.
    await closeDays(exchange, async (name, input) =>
      name === "carry-accounts" ? { ...Step.parse(input), cursor: "end" } : exchange.invoke(name, input),
    );
    const invoices = await dataOf(exchange, "invoice-acme-2026-03-03");
    expect(invoices).toMatchObject([{ data: { gross: "800", owner: "acme", taxRate: 613 } }]);
  });

  test("pays a center what it earned less what it owes", async () => {
    const exchange = await startExchange();
    await aDay(exchange);
    await closeDays(exchange);
    expect(await dataOf(exchange, `payout-c-1-${today}`)).toMatchObject([
      {
        type: "PayoutStated",
        data: {
          owner: "alpha",
          earned: "2130",
          owed: "800",
          fromGuarantee: "0",
          payable: "1330",
          lines: [
            { kind: "releaseFee", row: 2, mills: "30" },
            { kind: "compute", row: 3, mills: "2100" },
            { kind: "penalty", row: 8, mills: "-800" },
          ],
        },
      },
    ]);
  });

  test("takes what a center owes beyond that from guarantee and fund, and the rest back (row 15)", async () => {
    const exchange = await startExchange();
    await aDay(exchange, { runs: false });
    await closeDays(exchange);
    const [payout] = await dataOf(exchange, `payout-c-1-${today}`);
    expect(payout?.data).toMatchObject({
      earned: "0",
      owed: "800",
      fromGuarantee: "300",
      fromDefaultFund: "200",
      uncollectible: "300",
      payable: "0",
    });
    const center = (await dataOf(exchange, streams.center(CenterId.parse("c-1")))).map(({ type }) => type);
    expect(center.slice(-2)).toEqual(["GuaranteeDrawn", "CenterSuspended"]);
    expect((await dataOf(exchange, streams.fund())).map(({ data }) => data)).toMatchObject([
      {},
      { mills: "200", left: "0" },
    ]);
    // The tenant had 800 and gives 300 back, in the day after.
    exchange.clock.set(openingTime + 2 * day);
    await closeDays(exchange);
    expect((await dataOf(exchange, "invoice-acme-2026-03-03")).map(({ data }) => data)).toMatchObject([
      { gross: "300", lines: [{ kind: "penalty", row: 15, correction: true, center: "c-1", mills: "300" }] },
    ]);
    const days = [today, "2026-03-03"].map((each) => dataOf(exchange, `period-${each}`));
    for (const closed of await Promise.all(days))
      expect(closed.at(-1)?.data).toMatchObject({ match: { breaks: 0 } });
    // Nothing is left between the exchange and its center.
    const { items } = await succeeds(exchange.call(operations.getLedger, finance));
    const balances = new Map(items.map(({ account, balance }) => [account, balance]));
    expect([balances.get("center:c-1:receivable"), balances.get("clearing")]).toEqual(["0", "0"]);
    expect(balances.get("operator:default-fund")).toBe("0");
  });

  test("lets a center earn a penalty that comes back on a later day, whoever had paid it", async () => {
    const exchange = await startExchange();
    await aDay(exchange, { runs: false });
    await closeDays(exchange);
    // Its guarantee and the default fund had paid 500 of 800, which is what the tenant has.
    await penaltyWasWrong(exchange, "500");
    await exchange.pump();
    exchange.clock.set(openingTime + 2 * day);
    await closeDays(exchange);
    const [next] = await dataOf(exchange, "payout-c-1-2026-03-03");
    expect(next?.data).toMatchObject({ earned: "500", owed: "0", payable: "500" });
    expect(await dataOf(exchange, streams.fund())).toHaveLength(2);
  });

  test("takes nothing back of what finance has given back behind the cut-off: the next payout sets it off", async () => {
    const exchange = await startExchange();
    await aDay(exchange, { runs: false });
    let breaks = 0;
    await closeDays(exchange, async (name, input) => {
      if (name === "state-payouts" && breaks++ === 0) await penaltyWasWrong(exchange);
      return exchange.invoke(name, input);
    });
    const [payout] = await dataOf(exchange, `payout-c-1-${today}`);
    const drawn = { fromGuarantee: "300", fromDefaultFund: "200" };
    expect(payout?.data).toMatchObject({ owed: "800", ...drawn, uncollectible: "0", carried: "300" });
    exchange.clock.set(openingTime + 2 * day);
    await closeDays(exchange);
    const [next] = await dataOf(exchange, "payout-c-1-2026-03-03");
    expect(next?.data).toMatchObject({
      ...{ earned: "800", owed: "300", fromGuarantee: "0", uncollectible: "0", payable: "500" },
      lines: [
        { kind: "penalty", row: 8, correction: true, mills: "800" },
        { kind: "penalty", row: 15, correction: true, mills: "-300" },
      ],
    });
    expect(z.looseObject({}).parse(next?.data)).not.toHaveProperty("carried");
    // The payout itself is matched on the day after.
    exchange.clock.set(openingTime + 3 * day);
    await closeDays(exchange);
    const days = [today, "2026-03-03", "2026-03-04"].map((each) => dataOf(exchange, `period-${each}`));
    for (const closed of await Promise.all(days))
      expect(closed.at(-1)?.data).toMatchObject({ match: { breaks: 0 } });
    const feed = createFeed(exchange.database, testTables.feed);
    const pages = await feed.readAfter(0, (await feed.head()).position);
    const events = pages.flatMap(({ commits }) => commits.flatMap((commit) => commit.events));
    expect(wrongsIn(events)).toEqual([]);
    const ledger = withEvents(emptyLedger, events);
    const left = ["clearing", "center:c-1:receivable", "center:c-1:payable"];
    expect(left.map((account) => balanceOf(ledger, account))).toEqual([0n, 0n, 500n]);
  });

  test("draws on a guarantee that its center wants back, and gives nothing of it", async () => {
    const exchange = await startExchange();
    await aDay(exchange, { runs: false, wants: "0" });
    await closeDays(exchange);
    const [payout] = await dataOf(exchange, `payout-c-1-${today}`);
    expect(payout?.data).toMatchObject({ owed: "800", fromGuarantee: "300" });
    exchange.clock.set(openingTime + 2 * day);
    await closeDays(exchange);
    const center = (await dataOf(exchange, streams.center(CenterId.parse("c-1")))).map(({ type }) => type);
    expect(center.slice(-3)).toEqual(["GuaranteeReductionRequested", "GuaranteeDrawn", "CenterSuspended"]);
  });

  test("gives back of guarantees what was asked for, after its payouts, and each once", async () => {
    const exchange = await startExchange();
    await aDay(exchange);
    await openCenter(exchange, beta, "c-2");
    const params = { center: "c-2" };
    await succeeds(exchange.call(postGuarantee, finance, { params, body: { mills: "900" } }));
    const asked = await succeeds(exchange.call(reduceGuarantee, beta, { params, body: { mills: "50" } }));
    // A center that earned nothing and owes nothing has no payout, and is given its guarantee all the same.
    expect(asked).toMatchObject({ guarantee: "900", guaranteeNext: "50" });
    await exchange.pump();
    await closeDays(exchange);
    const last = async (name: string) =>
      (await dataOf(exchange, streams.center(CenterId.parse(name)))).at(-1);
    const given = [await last("c-1"), await last("c-2")];
    expect(given).toMatchObject([
      { type: "GuaranteePosted", data: { mills: "100", change: "-200" } },
      { type: "GuaranteePosted", data: { mills: "50", change: "-850" } },
    ]);
    expect(await dataOf(exchange, `payout-c-2-${today}`)).toEqual([]);
    expect((await dataOf(exchange, `period-${today}`)).at(-1)?.data).toMatchObject({ payouts: { count: 1 } });
    exchange.clock.set(openingTime + 2 * day);
    await closeDays(exchange);
    expect([await last("c-1"), await last("c-2")]).toEqual(given);
  });

  test("stays as it is when it is closed again, whatever has been written since", async () => {
    const exchange = await startExchange();
    await aDay(exchange);
    await closeDays(exchange);
    const before = await allCommits(exchange);
    await closeDays(exchange);
    const parts = { period: today, buckets: 1 };
    await exchange.invoke("fold-range", { period: today, range: 0, after: 0, upTo: 3, buckets: 1 });
    await exchange.invoke("reduce-bucket", { period: today, bucket: 0, buckets: 1, ranges: 1 });
    await exchange.invoke("state-payouts", parts);
    await exchange.invoke("close-period", parts);
    expect(await allCommits(exchange)).toEqual(before);
  });
});

/** Closes with so few rows to an event that the totals take some pages. */
const withFewRows =
  (call: (name: string, input: unknown) => Promise<unknown>) => (name: string, input: unknown) =>
    call(name, name === "close-period" ? { ...Step.parse(input), rows: 2 } : input);
const Step = z.looseObject({});

describe("a day with more accounts than one event holds", () => {
  const Totals = z.object({
    totals: z.array(z.looseObject({ account: z.string() })),
    pages: z.int().optional(),
  });

  test("states the totals page by page, and its ledger reads as in one", async () => {
    const [one, many] = [await startExchange(), await startExchange()];
    for (const exchange of [one, many]) await aDay(exchange);
    await closeDays(one);
    await closeDays(many, withFewRows(many.invoke));
    const events = await dataOf(many, `period-${today}`);
    const paged = events.filter(({ type }) => type === "PeriodTotalsStated");
    const [closed, whole] = [events.at(-1)?.data, (await dataOf(one, `period-${today}`)).at(-1)?.data].map(
      (data) => Totals.parse(data),
    );
    expect(paged.length).toBeGreaterThan(2);
    expect(closed?.pages).toBe(paged.length);
    expect(closed?.totals.filter(({ account }) => /^(tenant|center|link):/.test(account))).toEqual([]);
    const rows = [...paged.map(({ data }) => Totals.parse(data)), closed].flatMap(
      (part) => part?.totals ?? [],
    );
    expect(new Set(rows)).toEqual(new Set(whole?.totals));
    const queries: Readonly<Record<string, string>>[] = [{}, { period: today }];
    for (const query of queries) {
      const own = await walk(many, operations.getLedger, finance, { query: { ...query, limit: 3 } });
      expect(own.length).toBe(rows.length);
      expect(own).toEqual(await walk(one, operations.getLedger, finance, { query }));
    }
    const params = { period: today };
    const summary = { charges: 3, pages: paged.length, totals: closed?.totals };
    expect(await succeeds(many.call(operations.getPeriod, finance, { params }))).toMatchObject(summary);
  });
});

/** The views hear of nothing: as in an outage of theirs, or while they are made anew. */
async function relayOnly(exchange: InMemoryExchange): Promise<void> {
  const commits = exchange.waiting.log.splice(0);
  if (commits.length > 0) await exchange.wake("relay-commits", commits);
}

describe("a close whose views are behind", () => {
  const midnight = periodStart(Period.parse("2026-03-03"));

  /** A job of ten slots runs through midnight, five of them before it, and no list has its placement. */
  async function throughMidnight(): Promise<InMemoryExchange> {
    const exchange = await startExchange();
    exchange.clock.set(slotStart(midnight - 6) + 30_000);
    await openCenter(exchange, alpha, "c-1");
    await openAccount(exchange, acme);
    const { job } = await succeeds(exchange.call(postJob, acme, { body: newJob(exchange, "c-1") }));
    await exchange.pump();
    await exchange.runAuctions();
    await relayOnly(exchange);
    const events = await dataOf(exchange, streams.job(JobId.parse(job)));
    const { placement, from } = Placed.parse(events.find(({ type }) => type === "JobPlaced")?.data).award;
    const params = { placement };
    const body = { center: "c-1" };
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body }));
    exchange.clock.set(slotStart(from));
    await succeeds(exchange.call(startPlacement, alpha, { params, body: { ...body, run: 1 } }));
    await relayOnly(exchange);
    exchange.clock.set(slotStart(midnight) + 180_000);
    return exchange;
  }

  const Placed = z.object({ award: z.object({ placement: z.string(), from: z.int() }) });

  test("charges nothing until they have what the feed had when it began, whatever came after", async () => {
    const exchange = await throughMidnight();
    const begun = await exchange.invoke("begin-close", {});
    const asked = exchange.invoke("charge-day", begun);
    await expect(asked).rejects.toMatchObject({ name: "ViewsBehind" });
    await exchange.wake("project-views", exchange.waiting.feed.splice(0));
    await relayOnly(exchange);
    expect(exchange.waiting.feed).not.toEqual([]);
    expect(await exchange.invoke("charge-day", begun)).toMatchObject({ period: today, cursor: "end" });
    // Who begins anew waits for what the feed has by then.
    const anew = await exchange.invoke("begin-close", {});
    await expect(exchange.invoke("charge-day", anew)).rejects.toThrow("the close waits for page");
  });

  test("has charged the day for what ran in it, once they have caught up", async () => {
    const exchange = await throughMidnight();
    await closeDays(exchange);
    const [invoice] = await dataOf(exchange, `invoice-acme-${today}`);
    expect(invoice?.data).toMatchObject({ owner: "acme" });
    // The account was carried, though nobody has used it on the new day.
    expect(await dataOf(exchange, "account-acme-2026-03-03")).not.toEqual([]);
  });
});

class Killed extends Error {}

/** Counts the writes of a call's functions, and dies at the n-th, before or after it was done. */
function dying() {
  let [writes, dieAt, after, armed] = [0, Number.POSITIVE_INFINITY, false, false];
  const around = (database: Database): Database => {
    const write =
      <Rest extends readonly unknown[], Result>(call: (...rest: Rest) => Promise<Result>) =>
      async (...rest: Rest) => {
        if (!armed) return call(...rest);
        writes += 1;
        const dies = writes === dieAt;
        if (dies && !after) throw new Killed();
        const result = await call(...rest);
        if (dies) throw new Killed();
        return result;
      };
    return {
      ...database,
      put: write(database.put),
      update: write(database.update),
      remove: write(database.remove),
    };
  };
  return {
    around,
    writes: () => writes,
    dieAt(n: number, how: "before" | "after") {
      [dieAt, after] = [n, how === "after"];
    },
    async within<Result>(call: () => Promise<Result>): Promise<Result> {
      armed = true;
      try {
        return await call();
      } finally {
        armed = false;
      }
    },
  };
}

describe("a close in many parts", () => {
  const Parts = z.looseObject({
    next: z.string(),
    ranges: z.array(z.looseObject({ upTo: z.int() })).optional(),
  });

  /** The items that a larger day would have: so many ranges and buckets of this one. */
  function cutUp(result: unknown, parts: number): unknown {
    const { ranges, ...cut } = Parts.parse(result);
    const upTo = ranges?.at(-1)?.upTo ?? 0;
    const bound = (part: number) => Math.floor((upTo * part) / parts);
    const each = Array.from({ length: parts }, (_, part) => part);
    const shared = { period: today, buckets: parts };
    return {
      ...cut,
      parts,
      ranges: each.map((range) => ({ ...shared, range, after: bound(range), upTo: bound(range + 1) })),
      buckets: each.map((bucket) => ({ ...shared, bucket, ranges: parts })),
    };
  }

  test.each([2, 3, 7])("(%d ranges and buckets) comes to the same as in one", async (parts) => {
    for (const runs of [true, false]) {
      const [one, many] = [await startExchange(), await startExchange()];
      for (const exchange of [one, many]) await aDay(exchange, { runs });
      await closeDays(one);
      await closeDays(many, async (name, input) => {
        const result = await many.invoke(name, input);
        return name === "cut-off" ? cutUp(result, parts) : result;
      });
      expect(await allCommits(many)).toEqual(await allCommits(one));
    }
  });

  test("does not go on without one of them", async () => {
    const exchange = await startExchange();
    await aDay(exchange);
    const skipped = closeDays(exchange, async (name, input) => {
      if (name === "fold-range") return {};
      return exchange.invoke(name, input);
    });
    await expect(skipped).rejects.toThrow("is not there in full");
    await closeDays(exchange);
    expect((await dataOf(exchange, `period-${today}`)).at(-1)?.type).toBe("PeriodClosed");
  });
});

describe("a close that is killed", () => {
  /** Closes a day, dying at the n-th write and starting anew as often as it takes. */
  async function closed(n: number, how: "before" | "after", runs: boolean, paged = false) {
    const death = dying();
    const exchange = await startExchange(death.around);
    await aDay(exchange, { runs });
    death.dieAt(n, how);
    let deaths = 0;
    for (;;) {
      try {
        const call = (name: string, input: unknown) => death.within(() => exchange.invoke(name, input));
        await closeDays(exchange, paged ? withFewRows(call) : call);
        break;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        deaths += 1;
        exchange.restart();
      }
    }
    const writes = death.writes();
    exchange.restart();
    await exchange.invoke("scan-log", {});
    await exchange.pump();
    return { commits: await allCommits(exchange), deaths, writes };
  }

  test.each([
    ["before", "what a center owed had to be borne by others", false, false],
    ["after", "what a center owed was paid by itself", true, false],
    ["after", "the totals take some pages", true, true],
  ] as const)("%s any write leaves the same bytes, where %s", async (how, _, runs, paged) => {
    const whole = await closed(Number.POSITIVE_INFINITY, how, runs, paged);
    expect(whole.deaths).toBe(0);
    let deaths = 0;
    for (let n = 1; n <= whole.writes; n++) {
      const killed = await closed(n, how, runs, paged);
      deaths += killed.deaths;
      expect(killed.commits, `${how} write ${n}`).toEqual(whole.commits);
    }
    expect(deaths).toBe(whole.writes);
  });

  test("or whose every step comes twice, leaves the same bytes", async () => {
    const whole = await closed(Number.POSITIVE_INFINITY, "before", false);
    const exchange = await startExchange();
    await aDay(exchange, { runs: false });
    await closeDays(exchange, async (name, input) => {
      await exchange.invoke(name, input);
      exchange.restart();
      return exchange.invoke(name, input);
    });
    expect(await allCommits(exchange)).toEqual(whole.commits);
  });

  test("is begun anew once its day has been over for an hour, and no other is", async () => {
    const exchange = await startExchange();
    await aDay(exchange, { runs: false });
    const closes = () =>
      exchange.started.flatMap(({ stateMachineArn, name }) =>
        stateMachineArn === "arn:period" ? [name] : [],
      );
    // It opens the day, and dies.
    await exchange.invoke("begin-close", {});
    await exchange.pump();
    const midnight = periodStart(Period.parse("2026-03-03"));
    exchange.clock.set(slotStart(midnight + 9));
    await exchange.invoke("sweep-workflows", {});
    expect(closes()).toEqual([]);
    exchange.clock.set(slotStart(midnight + 10));
    for (const _ of [1, 2]) await exchange.invoke("sweep-workflows", {});
    expect(closes()).toEqual([`sweep-${today}-${midnight + 10}`]);
    await closeDays(exchange);
    exchange.clock.set(slotStart(midnight + 20));
    await exchange.invoke("sweep-workflows", {});
    expect(closes().length).toBe(1);
  });

  test("while others write to the feed, differs in nothing but its places there", async () => {
    const whole = await closed(Number.POSITIVE_INFINITY, "before", true);
    const exchange = await startExchange();
    await aDay(exchange);
    await closeDays(exchange, async (name, input) => {
      await exchange.pump();
      const result = await exchange.invoke(name, input);
      await exchange.pump();
      return result;
    });
    expect(written(await allCommits(exchange))).toEqual(written(whole.commits));
  });
});
