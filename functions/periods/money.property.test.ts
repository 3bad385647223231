import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { createFeed } from "../../events/store/feed.ts";
import type { ParsedCommit } from "../../events/upcasts.ts";
import {
  balanceOf,
  emptyLedger,
  ledgerOf,
  mergeLedgers,
  totalsOf,
  withEvents,
} from "../../market/settlement/ledger.ts";
import { closeDays } from "../../test/close-days.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  allCommits,
  type Delivery,
  type ExchangeDay,
  exchangeDays,
  feedOf,
  type LivedDays,
  liveDays,
} from "../../test/exchange-days.ts";
import {
  acme,
  bolt,
  finance,
  type InMemoryExchange,
  sqsEvent,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { wrongsIn } from "../../test/money-oracle.ts";
import { operations } from "../contract/operations.ts";
import { viewsCheckpoint } from "../kit/views.ts";
import { functions } from "../manifest.ts";

// Money through the whole exchange, over days that are drawn: nothing is made or lost, and nothing happens twice.

const feedConsumers = functions.flatMap(({ name, trigger }) =>
  trigger.kind === "stream" && trigger.table === "feed" ? [name] : [],
);
const subscribers = functions.flatMap(({ name, trigger }) =>
  trigger.kind === "events" ? [{ name, names: trigger.names }] : [],
);
const nothingFailed = { batchItemFailures: [] };

/** The items in an order that a number draws. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  return items
    .map((item, index) => ({ item, at: ((index + 1) * 7919 * (seed + 1)) % 65_537 }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Every wake-up comes twice, late and in another order, among some of the past; so do the bus's events and each step. */
function disturbed(seed: number): Delivery {
  const past: { log: { pk: string; sk: number }[]; feed: { pk: string; sk: number }[] } = {
    log: [],
    feed: [],
  };
  const steps: { name: string; input: unknown }[] = [];
  let [turn, published] = [seed, 0];
  const again = <Item>(fresh: readonly Item[], old: readonly Item[]) => {
    turn += 1;
    return shuffled([...fresh, ...fresh, ...shuffled(old, turn).slice(0, 2)], turn);
  };
  return {
    async bring(exchange) {
      const { waiting } = exchange;
      while (waiting.log.length > 0 || waiting.feed.length > 0) {
        const [commits, pages] = [waiting.log.splice(0), waiting.feed.splice(0)];
        for (const key of again(commits, past.log))
          expect(await exchange.wake("relay-commits", [key])).toEqual(nothingFailed);
        if (turn % 3 === 0) exchange.restart();
        for (const name of shuffled(feedConsumers, turn))
          for (const key of again(pages, past.feed))
            expect(await exchange.wake(name, [key])).toEqual(nothingFailed);
        past.log.push(...commits);
        past.feed.push(...pages);
      }
      await publish(
        exchange,
        again(exchange.published.slice(published), exchange.published.slice(0, published)),
      );
      published = exchange.published.length;
      if (waiting.log.length + waiting.feed.length > 0) await this.bring(exchange);
    },
    async step(exchange, name, input) {
      await exchange.invoke(name, input);
      exchange.restart();
      const result = await exchange.invoke(name, input);
      steps.push({ name, input });
      turn += 1;
      for (const one of shuffled(steps, turn).slice(0, 2)) await exchange.invoke(one.name, one.input);
      return result;
    },
  };
}

/** Hands entries of the bus to whoever subscribes to them. */
async function publish(exchange: InMemoryExchange, entries: InMemoryExchange["published"]): Promise<void> {
  for (const { name, names } of subscribers) {
    const own = entries
      .map(({ Detail }) => JSON.parse(Detail))
      .filter(({ type }) => names.includes(typeName(type)));
    const bodies = own.map((detail) => ({ detail }));
    if (own.length > 0) expect(await exchange.invoke(name, sqsEvent(bodies))).toEqual(nothingFailed);
  }
}

const typeName = (type: string) => type.split(".")[1] ?? "";

/** What was written, stream by stream, but for where it lies in the feed and in which commits. */
function written(commits: ReadonlyMap<string, ParsedCommit[]>): Record<string, string[]> {
  const places = new Set(["position", "afterPosition", "feedHash", "tree"]);
  const textOf = (event: unknown) => JSON.stringify(event, (key, value) => (places.has(key) ? 0 : value));
  return Object.fromEntries(
    [...commits].map(([stream, own]) => [stream, own.flatMap(({ events }) => events.map(textOf)).sort()]),
  );
}

/** All that the exchange was ever told, told again: wake-ups, events of the bus, steps of closes, and requests with their keys. */
async function tellAgain({ exchange, requests, steps }: LivedDays, seed: number): Promise<void> {
  const keys = async (table: string) => {
    const found: { pk: string; sk: number }[] = [];
    for await (const items of exchange.database.scan(table, ["pk", "sk"]))
      for (const { pk, sk } of items) if (sk !== undefined) found.push({ pk: String(pk), sk: Number(sk) });
    return shuffled(found, seed);
  };
  // Consumers that have forgotten how far they were, and begin at the feed's first page.
  for (const name of ["settle-accounts", "publish-events"])
    await exchange.database.remove(testTables.marks, { pk: `checkpoint#${name}` });
  await exchange.database.remove(testTables.views, viewsCheckpoint());
  exchange.restart();
  expect(await exchange.wake("relay-commits", await keys(testTables.log))).toEqual(nothingFailed);
  for (const name of feedConsumers)
    expect(await exchange.wake(name, await keys(testTables.feed))).toEqual(nothingFailed);
  await publish(exchange, shuffled(exchange.published, seed));
  for (const { name, input } of shuffled(steps, seed)) await exchange.invoke(name, input);
  for (const ask of shuffled(requests, seed)) await ask();
  await exchange.pump();
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** Lists that auctions keep, and what they take off again: no feed alone tells how far they are. */
const ofAuctions = /^(answers#|supply|v\d+#offerChanges)/;

async function viewsOf({ database }: InMemoryExchange): Promise<Map<string, unknown>> {
  const views = new Map<string, unknown>();
  for await (const items of database.scan(testTables.views, ["pk", "sk", "data", "position"]))
    for (const { pk, sk, ...rest } of items) if (!ofAuctions.test(String(pk))) views.set(`${pk} ${sk}`, rest);
  return views;
}

/** Days in which all kinds of money move. */
const everything: readonly ExchangeDay[] = [
  {
    deeds: [
      { side: 0, cards: 2, fate: "completes", slots: 1, limit: 100 },
      { side: 0, cards: 3, fate: "completes", slots: 7, limit: 333 },
      { side: 1, cards: 8, fate: "refused", slots: 1, limit: 500 },
    ],
    ...{ overnight: false, guarantee: 300, contribution: 70, refund: 35, taxRate: 613, pays: false },
  },
  {
    deeds: [{ side: 0, cards: 7, fate: "cancelled", slots: 4, limit: 500 }],
    ...{ overnight: true, guarantee: 100_000, contribution: 0, refund: 0, taxRate: 0, pays: true },
  },
];

describe("over any days", () => {
  test("the money is all there at every event, and is moved once", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(exchangeDays, async (days) => {
        const feed = await feedOf((await liveDays(days)).exchange);
        expect(wrongsIn(feed)).toEqual([]);
        expect(balanceOf(withEvents(emptyLedger, feed), "clearing")).toBe(0n);
        for (const event of feed) seen.add(nameOf(event));
      }),
      { numRuns: 7, examples: [[everything]] },
    );
    for (const name of moneyEvents) expect(seen).toContain(name);
  });

  test("what comes twice and in another order comes to the same", async () => {
    await fc.assert(
      fc.asyncProperty(exchangeDays, fc.nat(1000), async (days, seed) => {
        const calm = await liveDays(days);
        const wild = await liveDays(days, disturbed(seed));
        expect(written(await allCommits(wild.exchange))).toEqual(written(await allCommits(calm.exchange)));
        expect(wrongsIn(await feedOf(wild.exchange))).toEqual([]);
      }),
      { numRuns: 4, examples: [[everything, 3]] },
    );
  });

  test.each([
    ["10 minutes", 10 * minute],
    ["24 hours", day],
    ["35 days", 35 * day],
  ])("what is told again %s later changes nothing", async (_, later) => {
    await fc.assert(
      fc.asyncProperty(exchangeDays, fc.nat(1000), async (days, seed) => {
        const lived = await liveDays(days);
        const { exchange } = lived;
        exchange.clock.set(exchange.clock.now() + later);
        // What time itself brings: the days that are over are closed.
        await closeDays(exchange);
        const [commits, views] = [await allCommits(exchange), await viewsOf(exchange)];
        await tellAgain(lived, seed);
        expect(await allCommits(exchange)).toEqual(commits);
        expect(await viewsOf(exchange)).toEqual(views);
      }),
      { numRuns: 3, examples: [[everything, 5]] },
    );
  });

  test("what is made from the feed's first page on is what there is", async () => {
    await fc.assert(
      fc.asyncProperty(exchangeDays, async (days) => {
        const { exchange } = await liveDays(days);
        const views = await viewsOf(exchange);
        for (const name of views.keys()) {
          const [pk = "", sk = ""] = name.split(" ");
          await exchange.database.remove(testTables.views, { pk, sk });
        }
        exchange.restart();
        const { position } = await createFeed(exchange.database, testTables.feed).head();
        expect(await exchange.wake("project-views", [{ pk: "feed", sk: position }])).toEqual(nothingFailed);
        expect(await viewsOf(exchange)).toEqual(views);
      }),
      { numRuns: 4, examples: [[everything]] },
    );
  });

  test("the ledger folded from the feed's first page is what accounts, closed days and the API say", async () => {
    await fc.assert(
      fc.asyncProperty(exchangeDays, async (days) => {
        const { exchange } = await liveDays(days);
        const { items, position } = await succeeds(exchange.call(operations.getLedger, finance));
        const ledger = totalsOf(withEvents(emptyLedger, await feedOf(exchange, position)));
        const rows = items.map(({ account, debit, credit }) => ({ account, debit, credit }));
        const listed = rows.filter(({ account }) => account !== "*").sort(byAccount);
        expect(listed).toEqual(ledger.totals);
        const feed = await feedOf(exchange);
        const closed = feed.flatMap(({ type, data }) => (type === "PeriodClosed" ? [ledgerOf(data)] : []));
        expect(totalsOf(closed.reduce(mergeLedgers, emptyLedger))).toEqual(ledger);
        for (const { owner } of [acme, bolt]) {
          const params = { account: owner };
          const account = await succeeds(
            exchange.call(operations.getAccount, { owner, roles: ["tenant"] }, { params }),
          );
          const folded = withEvents(emptyLedger, feed);
          expect([account.available, account.held].map(String)).toEqual(
            ["available", "held"].map((side) => String(balanceOf(folded, `tenant:${owner}:${side}`))),
          );
        }
      }),
      { numRuns: 4, examples: [[everything]] },
    );
  });
});

/** The smaller name first. */
const byAccount = (a: { account: string }, b: { account: string }) => (a.account < b.account ? -1 : 1);

/** An event's name, and of a correction why. */
function nameOf({ type, data }: DomainEvent): string {
  return type === "CorrectionPosted" || type === "FundsAdjusted" ? `${type} ${data.cause}` : type;
}

/** What moves money; all of it comes up in the days that are drawn. */
const moneyEvents = [
  ...["FundsDeposited", "FundsHeld", "HoldSettled", "HoldReleased", "ChargePosted", "InvoiceIssued"],
  ...["FundsAdjusted rounding", "FundsAdjusted correction", "PayoutStated", "PayoutPaid", "GuaranteePosted"],
  ...["GuaranteeDrawn", "DefaultFundContributed", "DefaultFundDrawn"],
  ...["lateUsage", "resolution", "uncollectible"].map((cause) => `CorrectionPosted ${cause}`),
];
