import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { Commit } from "../../events/catalog/envelope.ts";
import { slotStart } from "../../market/time.ts";
import { closeDays } from "../../test/close-days.ts";
import {
  acme,
  alpha,
  finance,
  type InMemoryExchange,
  newOffer,
  openCenter,
  openingTime,
  operator,
  placeJob,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";

const { readFeed, getPeriod } = operations;
const day = 86_400_000;
let exchange: InMemoryExchange;
beforeEach(async () => {
  exchange = await startExchange();
});

const feed = async (after: number, limit = 8) =>
  succeeds(exchange.call(readFeed, finance, { query: { after, limit } }));
const period = (id: string) => exchange.call(getPeriod, finance, { params: { period: id } });

describe("GET /feed", () => {
  const Page = z.object({ position: z.int(), previousHash: z.string(), commits: z.array(Commit) });

  async function somePages(count: number) {
    await openCenter(exchange, alpha, "c-1");
    for (let n = 1; n < count; n++) {
      await exchange.pump();
      await succeeds(exchange.call(operations.postOffer, alpha, { body: newOffer(exchange, "c-1") }));
    }
    await exchange.pump();
  }

  test("is empty before the first fact", async () => {
    expect(await feed(0)).toEqual({ pages: [], head: 0 });
  });

  test("gives the pages after a position, each with the bytes that its hash is of", async () => {
    await somePages(7);
    for (const limit of [1, 2, 3, 16]) {
      let [position, previous] = [0, ""];
      const commits: Commit[] = [];
      for (;;) {
        const { pages, head } = await feed(position, limit);
        expect(head).toBe(7);
        expect(pages.length).toBeLessThanOrEqual(limit);
        if (pages.length === 0) break;
        for (const page of pages) {
          expect(page.position).toBe(position + 1);
          expect(page.hash).toBe(createHash("sha256").update(page.text).digest("hex"));
          if (position > 0) expect(page.previousHash).toBe(previous);
          const inside = Page.parse(JSON.parse(page.text));
          expect(inside).toMatchObject({ position: page.position, previousHash: page.previousHash });
          commits.push(...inside.commits);
          ({ position, hash: previous } = page);
        }
      }
      expect(position).toBe(7);
      expect(new Set(commits.map(({ stream, version }) => `${stream}@${version}`)).size).toBe(commits.length);
      expect(commits).toHaveLength(await exchange.countCommits());
    }
    expect((await feed(3, 2)).pages.map((page) => page.position)).toEqual([4, 5]);
    expect(await feed(99)).toEqual({ pages: [], head: 7 });
  });

  test("has no page more for a commit that was woken for twice, or only by a scan", async () => {
    await openCenter(exchange, alpha, "c-1");
    const commits = exchange.waiting.log.splice(0);
    await exchange.wake("relay-commits", [...commits, ...commits]);
    await exchange.wake("relay-commits", commits);
    expect((await feed(0)).head).toBe(1);
    await succeeds(exchange.call(operations.postOffer, alpha, { body: newOffer(exchange, "c-1") }));
    // This wake-up is lost.
    exchange.waiting.log.splice(0);
    expect((await feed(0)).head).toBe(1);
    await exchange.invoke("scan-log", {});
    expect((await feed(0)).head).toBe(2);
    await exchange.invoke("scan-log", {});
    expect((await feed(0)).head).toBe(2);
  });

  test("is for finance and operators", async () => {
    expect((await exchange.call(readFeed, operator)).status).toBe(200);
    for (const by of [acme, alpha]) expect((await exchange.call(readFeed, by)).status).toBe(403);
    const wrong = await exchange.call(readFeed, finance, { query: { after: "last" } });
    expect(wrong.problem).toMatchObject({ status: 400, errors: [{ pointer: "query/after" }] });
  });
});

describe("a settlement day", () => {
  async function runOneJob() {
    const { placement, from } = await placeJob(exchange);
    const params = { placement };
    const run = { center: "c-1", run: 1 };
    const { acceptPlacement, startPlacement, finishPlacement } = operations;
    await succeeds(exchange.call(acceptPlacement, alpha, { params, body: { center: "c-1" } }));
    exchange.clock.set(slotStart(from));
    await succeeds(exchange.call(startPlacement, alpha, { params, body: run }));
    exchange.clock.set(slotStart(from + 10));
    const body = { ...run, outcome: "completed" };
    await succeeds(exchange.call(finishPlacement, alpha, { params, body }));
    await exchange.pump();
  }

  test("is unknown before it began, open on its day, and closed once for ever with its totals", async () => {
    expect((await period("2026-03-02")).problem).toMatchObject({ status: 404, code: "not-found" });
    await runOneJob();
    await closeDays(exchange);
    const open = await period("2026-03-02");
    expect(open.body).toMatchObject({ status: "open", afterPosition: 0 });
    expect(open.body.to - open.body.from).toBe(240);

    exchange.clock.set(openingTime + day);
    await closeDays(exchange);
    const closed = await period("2026-03-02");
    expect(closed.body).toMatchObject({ status: "closed", charges: 1, debits: closed.body.credits });
    const { position = 0, feedHash, totals } = closed.body;
    // The deposit, and 8 cards for 10 slots at 100 fen.
    expect(totals).toContainEqual({ account: "bank", debit: "1000000", credit: "0" });
    expect(totals).toContainEqual({ account: "center:c-1:payable", debit: "0", credit: "8000" });
    expect((await feed(position - 1, 1)).pages).toMatchObject([{ position, hash: feedHash }]);
    expect((await period("2026-03-03")).body).toMatchObject({ status: "open", afterPosition: position });

    const commits = await exchange.countCommits();
    await closeDays(exchange);
    await exchange.invoke("close-period", { period: "2026-03-02", buckets: 1 });
    expect(await exchange.countCommits()).toBe(commits);
    expect(await period("2026-03-02")).toEqual(closed);
  });

  test("that nobody closed is closed later, the oldest first", async () => {
    await runOneJob();
    exchange.clock.set(openingTime + 3 * day);
    await closeDays(exchange);
    const days = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"];
    const found = await Promise.all(days.map(async (id) => (await period(id)).body));
    expect(found.map(({ status, charges }) => [status, charges])).toEqual([
      ["closed", 1],
      ["closed", 0],
      ["closed", 0],
      ["open", undefined],
    ]);
    for (const [index, one] of found.entries())
      if (index > 0) expect(one.afterPosition).toBe(found[index - 1]?.position);
  });

  test("carries its accounts into the next, whose entries begin with what they had", async () => {
    await runOneJob();
    exchange.clock.set(openingTime + day);
    await closeDays(exchange);
    const { body } = await exchange.call(operations.getAccount, acme, { params: { account: "acme" } });
    expect(body).toMatchObject({ period: "2026-03-03", available: "992000", held: "0" });
  });

  test("is for finance and operators, and of a day's form", async () => {
    const params = { period: "2026-03-02" };
    expect((await exchange.call(getPeriod, acme, { params })).status).toBe(403);
    expect((await exchange.call(getPeriod, operator, { params })).status).toBe(404);
    expect((await period("yesterday")).problem).toMatchObject({
      status: 400,
      errors: [{ pointer: "path/period" }],
    });
  });
});

describe("the default fund", () => {
  test("has what finance recorded for it, each contribution once", async () => {
    const fund = async () => succeeds(exchange.call(operations.getDefaultFund, finance, {}));
    expect(await fund()).toEqual({ balance: "0", version: 0 });
    const contribute = (mills: string, key: string) =>
      exchange.call(operations.contributeToDefaultFund, finance, { body: { mills }, key });
    expect(await succeeds(contribute("20000", "a"))).toMatchObject({ mills: "20000" });
    await succeeds(contribute("20000", "a"));
    await succeeds(contribute("500", "b"));
    expect(await fund()).toEqual({ balance: "20500", version: 2 });
    expect((await contribute("0", "c")).problem).toMatchObject({
      status: 422,
      code: "amount-not-positive",
    });
  });
});
