import fc from "fast-check";
import { expect, test } from "vitest";
import { slotStart } from "../../market/time.ts";
import { type ApiResult, described, expectDescribed } from "../../test/api-document.ts";
import { chargeOf } from "../../test/closed-day.ts";
import {
  type ApiRequest,
  acme,
  alpha,
  apiEvent,
  bolt,
  finance,
  type InMemoryExchange,
  type Member,
  newJob,
  newOffer,
  openAccount,
  product,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { type SeededExchange, seedExchange } from "../../test/seeded-exchange.ts";
import { operations } from "./operations.ts";

// Two worlds that differ in another owner's open bids only: whoever else looks sees one world.

/** A bid that another owner makes, in one of the worlds only. */
interface Hidden {
  readonly session: "spot" | "forward";
  readonly kind: "block" | "div";
  readonly cards: number;
  readonly limit: number;
  readonly hours: number;
  readonly fate: "stays" | "cancelled" | "unfunded";
}

type Step =
  /** Another's bids; whatever of them is in the spot book is withdrawn before the next gate. */
  | { readonly kind: "hidden"; readonly bids: readonly Hidden[] }
  | {
      readonly kind: "bid";
      readonly cards: number;
      readonly limit: number;
      readonly session: "spot" | "forward";
    }
  | { readonly kind: "cancel" }
  | { readonly kind: "offer"; readonly cards: number; readonly reserve: number }
  | { readonly kind: "quote"; readonly cards: number; readonly limit: number }
  | { readonly kind: "gate" };

const hidden: fc.Arbitrary<Hidden> = fc.record({
  session: fc.constantFrom("spot", "forward"),
  kind: fc.constantFrom("block", "div"),
  cards: fc.integer({ min: 1, max: 64 }),
  limit: fc.integer({ min: 0, max: 10_000 }),
  hours: fc.integer({ min: 1, max: 2 }),
  fate: fc.constantFrom("stays", "cancelled", "unfunded"),
});
const sessions = fc.constantFrom("spot" as const, "forward" as const);
const limits = fc.integer({ min: 0, max: 600 });
const cards = fc.integer({ min: 1, max: 16 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("hidden" as const),
      bids: fc.array(hidden, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("bid" as const), cards, limit: limits, session: sessions }),
  },
  fc.record({ kind: fc.constant("cancel" as const) }),
  fc.record({ kind: fc.constant("offer" as const), cards, reserve: limits }),
  fc.record({ kind: fc.constant("quote" as const), cards, limit: limits }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("gate" as const) }) },
);
/** Whoever looks has a bid of its own in the book, and others come before and after it. */
const script = fc.array(step, { minLength: 1, maxLength: 8 }).map((steps): Step[] => [
  {
    kind: "hidden",
    bids: [{ session: "forward", kind: "block", cards: 3, limit: 300, hours: 1, fate: "stays" }],
  },
  { kind: "bid", cards: 2, limit: 400, session: "spot" },
  ...steps,
]);

/** A tenant who has nothing. */
const idle: Member = { owner: "idle", roles: ["tenant"] };
const rich = "1000000000";

interface World extends SeededExchange {
  readonly sees: boolean;
  /** Others' bids in the spot book. */
  readonly toWithdraw: string[];
}

/** Answers as they go over the wire. */
async function ask(exchange: InMemoryExchange, id: string, by: Member, request: ApiRequest) {
  const operation = described.find((one) => one.id === id);
  if (operation === undefined) throw new Error(`the document has no ${id}`);
  return expectDescribed(operation, await exchange.invoke(id, apiEvent(operation, by, request)));
}

const jobShape = (exchange: InMemoryExchange, session: "spot" | "forward", hours: number) => {
  const from = exchange.slot() + (session === "spot" ? 1 : 60);
  return {
    session,
    slots: hours * 10,
    maxSlots: hours * 10,
    from,
    to: from + (session === "spot" ? 30 : 200),
  };
};

async function postHidden({ exchange, right, toWithdraw }: World, bid: Hidden): Promise<string> {
  const by = bid.fate === "unfunded" ? { owner: "penniless", roles: ["tenant" as const] } : bolt;
  const body = newJob(exchange, right.center, {
    ...jobShape(exchange, bid.session, bid.hours),
    kind: bid.kind,
    cards: bid.cards,
    products: [{ product, limit: bid.limit }],
  });
  const { job } = await succeeds(exchange.call(operations.postJob, by, { body }));
  const cancel = { params: { job } };
  if (bid.fate === "cancelled") await succeeds(exchange.call(operations.cancelJob, by, cancel));
  else if (bid.fate === "stays" && bid.session === "spot") toWithdraw.push(job);
  return job;
}

/** One step, and what was answered to those who look. */
async function take(world: World, one: Step, index: number): Promise<ApiResult[]> {
  const { exchange, left } = world;
  const key = `step-${index}`;
  switch (one.kind) {
    case "hidden":
      if (world.sees) for (const bid of one.bids) await postHidden(world, bid);
      return [];
    case "bid": {
      const products = [{ product, limit: one.limit }];
      const body = newJob(exchange, left.center, {
        ...jobShape(exchange, one.session, 1),
        cards: one.cards,
        products,
      });
      return [await ask(exchange, "postJob", acme, { body, key })];
    }
    case "cancel": {
      const { items } = await succeeds(exchange.call(operations.listJobs, acme));
      const open = items.find(({ status }) => status === "open");
      return open === undefined
        ? []
        : [await ask(exchange, "cancelJob", acme, { params: { job: open.job } })];
    }
    case "offer": {
      const { cards: offered, reserve } = one;
      return [
        await ask(exchange, "postOffer", alpha, {
          body: newOffer(exchange, left.center, { cards: offered, reserve }),
          key,
        }),
      ];
    }
    case "quote": {
      const { session, slots, from, to } = newJob(exchange, left.center);
      const body = { session, slots, from, to, cards: one.cards, products: [{ product, limit: one.limit }] };
      return [await ask(exchange, "postQuote", acme, { body, key })];
    }
    case "gate":
      for (const job of world.toWithdraw.splice(0))
        await succeeds(exchange.call(operations.cancelJob, bolt, { params: { job } }));
      await exchange.pump();
      exchange.clock.set(slotStart(exchange.slot() + 1) + 30_000);
      for (const { owner, center } of [world.left, world.right])
        await succeeds(exchange.call(operations.renewLease, owner, { params: { center } }));
      await exchange.runAuctions();
      return [];
    default:
      return one satisfies never;
  }
}

/** Requests of every route that only reads, by those who look: their own things, the market's, and another's. */
function looks(
  world: World,
  foreignJobs: readonly string[],
): readonly (readonly [string, Member, ApiRequest])[] {
  const { left, right, exchange } = world;
  const pages = [{}, { query: { limit: 1 } }, { query: { limit: 3 } }];
  const market = ["listProducts", "listCenters", "listPublishedOffers", "listAuctions"] as const;
  const from = exchange.slot() - 5;
  const window = { product, from, to: from + 60 };
  const jobs = [left.openJob, left.placedJob, right.openJob, right.placedJob, ...foreignJobs];
  return [
    ...[acme, alpha, idle].flatMap((by) => [
      ...market.flatMap((id) => pages.map((page) => [id, by, page] as const)),
      ...[left, right].map(({ center }) => ["listPrices", by, { query: { center, ...window } }] as const),
      ...[1, 2, 3, 4].flatMap((auction) => [
        ["getAuction", by, { params: { auction } }] as const,
        ["getCurves", by, { params: { auction } }] as const,
      ]),
    ]),
    ...[acme, idle].flatMap((by) => [
      ...pages.map((page) => ["listJobs", by, page] as const),
      ...jobs.flatMap((job) => ["getJob", "explainJob"].map((id) => [id, by, { params: { job } }] as const)),
    ]),
    ...["acme", "alpha", "bolt", "idle", "penniless"].flatMap((account) =>
      [acme, alpha].flatMap((by) => [
        ["getAccount", by, { params: { account } }] as const,
        ...pages.map((page) => ["listEntries", by, { params: { account }, ...page }] as const),
        ["listHolds", by, { params: { account } }] as const,
      ]),
    ),
    ...pages.map((page) => ["listOffers", alpha, page] as const),
    ["getOffer", alpha, { params: { offer: left.offer } }],
    ["getCenter", alpha, { params: { center: left.center } }],
    ...pages.map((page) => ["listAssignments", alpha, { params: { center: left.center }, ...page }] as const),
    ...[acme, alpha, idle].map((by) => ["getFeedHead", by, {}] as const),
    ...[left, right].map((side) => ["proveCharge", acme, { params: { charge: chargeOf(side) } }] as const),
    ...pages.map((page) => ["listInvoices", acme, page] as const),
    ["getInvoice", acme, { params: { account: "acme", period: "2026-03-02" } }],
    ...pages.map((page) => ["listPayouts", alpha, page] as const),
    ["getPayout", alpha, { params: { center: left.center, period: "2026-03-02" } }],
    ["getHealth", idle, {}],
  ];
}

/** Routes that read what no member may. */
const ofFinance = [
  "readFeed",
  "getPeriod",
  "listPeriods",
  "getLedger",
  "getDefaultFund",
  "listLedgerEntries",
  "listBreaks",
  "getBreak",
  "getDefaultFund",
];

test("every route that reads is looked at, but for those of finance, and for this document", () => {
  const looked = new Set(["getOpenApi", ...ofFinance]);
  const world = { left: {}, right: {}, exchange: { slot: () => 9 } };
  for (const [id] of looks(Object(world), [])) looked.add(id);
  const reads = described.filter(({ method }) => method === "GET").map(({ id }) => id);
  expect([...looked].sort()).toEqual([...new Set(reads)].sort());
  // Whoever may read the feed sees bids in it: that is finance's and the operators' trade.
  for (const id of ofFinance)
    expect(described.find((one) => one.id === id)?.roles).toEqual(["finance", "operator"]);
});

async function begin(sees: boolean): Promise<World> {
  const seeded = await seedExchange();
  const { exchange } = seeded;
  for (const account of ["acme", "bolt"])
    await succeeds(
      exchange.call(operations.depositFunds, finance, { params: { account }, body: { mills: rich } }),
    );
  await openAccount(exchange, idle);
  await openAccount(exchange, { owner: "penniless", roles: ["tenant"] }, "1");
  return { ...seeded, sees, toWithdraw: [] };
}

test("another owner's open bids change no answer: no route, quote, count, error, id, version, position or cursor", async () => {
  await fc.assert(
    fc.asyncProperty(script, fc.boolean(), async (steps, pumped) => {
      const [plain, full] = [await begin(false), await begin(true)];
      for (const [index, one] of steps.entries()) {
        const [expected, found] = [await take(plain, one, index), await take(full, one, index)];
        expect(found).toEqual(expected);
        for (const { exchange } of pumped || one.kind === "gate" ? [plain, full] : []) await exchange.pump();
      }
      for (const { exchange } of [plain, full]) await exchange.pump();
      expect(await full.exchange.countCommits()).toBeGreaterThan(await plain.exchange.countCommits());
      const { items } = await succeeds(
        full.exchange.call(operations.listJobs, bolt, { query: { limit: 200 } }),
      );
      const secret = items
        .map(({ job }) => job)
        .filter((job) => job !== full.right.openJob && job !== full.right.placedJob);
      for (const [id, by, request] of looks(plain, secret))
        expect(await ask(full.exchange, id, by, request), `${id} by ${by.owner}`).toEqual(
          await ask(plain.exchange, id, by, request),
        );
    }),
    { numRuns: Number(process.env.SEALED_RUNS ?? 25) },
  );
});

test("what finance reads does change: the worlds above are not one and the same", async () => {
  const [plain, full] = [await begin(false), await begin(true)];
  await postHidden(full, { session: "forward", kind: "block", cards: 1, limit: 5, hours: 1, fate: "stays" });
  for (const { exchange } of [plain, full]) await exchange.pump();
  const feeds = await Promise.all(
    [plain, full].map(({ exchange }) => ask(exchange, "readFeed", finance, {})),
  );
  expect(feeds[1]).not.toEqual(feeds[0]);
});
