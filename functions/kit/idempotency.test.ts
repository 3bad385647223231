import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CommitTooLarge } from "../../events/store/log.ts";
import { instant, slotStart } from "../../market/time.ts";
import { closeDays } from "../../test/close-days.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  apiEvent,
  beta,
  finance,
  type InMemoryExchange,
  type Member,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  openCenter,
  openingTime,
  placeJob,
  product,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { breakIdFor, breakOf, record } from "../../test/found-breaks.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";

const center = "c-1";

/** A request that succeeds in a world of its own, and another body for its key. */
interface Case {
  readonly by: Member;
  readonly params?: Readonly<Record<string, string>>;
  readonly body: object;
  readonly other: object;
}
type Prepare = (exchange: InMemoryExchange) => Promise<Case>;

const ofCenter =
  (body: object, other: object): Prepare =>
  async (exchange) => {
    await openCenter(exchange, alpha, center);
    return { by: alpha, params: { center }, body, other };
  };

/** @param begun a run has begun */
const ofPlacement =
  (begun: boolean, body: (from: number) => object, other: (from: number) => object): Prepare =>
  async (exchange) => {
    const { placement, from } = await placeJob(exchange);
    const params = { placement };
    await succeeds(exchange.call(operations.acceptPlacement, alpha, { params, body: { center } }));
    exchange.clock.set(slotStart(from));
    const run = { center, run: 1 };
    if (begun) await succeeds(exchange.call(operations.startPlacement, alpha, { params, body: run }));
    exchange.clock.set(slotStart(from) + 60_000);
    return { by: alpha, params, body: body(from), other: other(from) };
  };

/** A break that the match found of a placed job. */
const ofBreak =
  (body: object, other: object): Prepare =>
  async (exchange) => {
    const { job, placement, from } = await placeJob(exchange);
    const side = { placedJob: job, placement, center, from };
    await record(exchange, { breaks: [breakOf({ exchange }, side)] });
    return { by: finance, params: { break: breakIdFor({ exchange }, side) }, body, other };
  };

const usage = (from: number, cardSeconds: number) => ({
  center,
  run: 1,
  from: instant(slotStart(from)),
  to: instant(slotStart(from) + 60_000),
  cardSeconds,
});

/** A job has run and is charged, and its day is closed. */
async function closedPayout(exchange: InMemoryExchange): Promise<void> {
  const { placement, from } = await placeJob(exchange);
  const params = { placement };
  await succeeds(exchange.call(operations.acceptPlacement, alpha, { params, body: { center } }));
  exchange.clock.set(slotStart(from));
  const run = { center, run: 1 };
  await succeeds(exchange.call(operations.startPlacement, alpha, { params, body: run }));
  exchange.clock.set(slotStart(from + 1));
  const body = { ...run, outcome: "completed" };
  await succeeds(exchange.call(operations.finishPlacement, alpha, { params, body }));
  await exchange.pump();
  exchange.clock.set(openingTime + 86_400_000);
  await closeDays(exchange);
}

const cases: readonly (readonly [Operation, Prepare])[] = [
  [
    operations.postOffer,
    async (exchange) => {
      await openCenter(exchange, alpha, center);
      return { by: alpha, body: newOffer(exchange, center), other: newOffer(exchange, center, { cards: 3 }) };
    },
  ],
  [
    operations.drawReserve,
    async (exchange) => {
      await openCenter(exchange, alpha, center);
      const reserve = newOffer(exchange, center, { homeReserve: true });
      const { offer } = await succeeds(exchange.call(operations.postOffer, alpha, { body: reserve }));
      const body = { from: exchange.slot() + 22, to: exchange.slot() + 30, cards: 3 };
      return { by: alpha, params: { offer }, body, other: { ...body, cards: 4 } };
    },
  ],
  [
    operations.reclaimOffer,
    async (exchange) => {
      await openCenter(exchange, alpha, center);
      const lent = newOffer(exchange, center, { reclaimNotice: 2 });
      const { offer } = await succeeds(exchange.call(operations.postOffer, alpha, { body: lent }));
      const body = { from: exchange.slot() + 5, cards: 3 };
      return { by: alpha, params: { offer }, body, other: { ...body, cards: 4 } };
    },
  ],
  [
    operations.postJob,
    async (exchange) => {
      await openCenter(exchange, alpha, center);
      await openAccount(exchange, acme);
      return { by: acme, body: newJob(exchange, center), other: newJob(exchange, center, { cards: 3 }) };
    },
  ],
  [operations.joinNetwork, async () => ({ by: alpha, body: newCenter(center), other: newCenter(center, 3) })],
  [
    operations.contributeToDefaultFund,
    async () => ({ by: finance, body: { mills: "5" }, other: { mills: "6" } }),
  ],
  [operations.openAccount, async () => ({ by: acme, body: { account: "lab" }, other: { account: "lab-2" } })],
  [
    operations.reportCapacity,
    ofCenter({ pools: [{ product, working: 9, idle: 9 }] }, { pools: [{ product, working: 8, idle: 8 }] }),
  ],
  [
    operations.postGuarantee,
    async (exchange) => {
      await openCenter(exchange, alpha, center);
      return { by: finance, params: { center }, body: { mills: "5" }, other: { mills: "6" } };
    },
  ],
  [
    operations.depositFunds,
    async (exchange) => {
      const account = await openAccount(exchange, acme);
      return { by: finance, params: { account }, body: { mills: "5" }, other: { mills: "6" } };
    },
  ],
  [
    operations.payPayout,
    async (exchange) => {
      await closedPayout(exchange);
      const params = { center, period: "2026-03-02" };
      return { by: finance, params, body: { reference: "17" }, other: { reference: "18" } };
    },
  ],
  [operations.assignBreak, ofBreak({ assignee: "ann" }, { assignee: "bob" })],
  [operations.resolveBreak, ofBreak({ resolution: "accepted" }, { resolution: "explained" })],
  [
    operations.acceptPlacement,
    async (exchange) => {
      const { placement } = await placeJob(exchange);
      await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter("c-2") }));
      return { by: alpha, params: { placement }, body: { center }, other: { center: "c-2" } };
    },
  ],
  [
    operations.refusePlacement,
    async (exchange) => {
      const { placement } = await placeJob(exchange);
      await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter("c-2") }));
      return { by: alpha, params: { placement }, body: { center }, other: { center: "c-2" } };
    },
  ],
  [
    operations.startPlacement,
    ofPlacement(
      false,
      () => ({ center, run: 1 }),
      () => ({ center, run: 2 }),
    ),
  ],
  [
    operations.meterPlacement,
    ofPlacement(
      true,
      (from) => usage(from, 480),
      (from) => usage(from, 479),
    ),
  ],
  [
    operations.finishPlacement,
    ofPlacement(
      true,
      () => ({ center, run: 1, outcome: "completed" }),
      () => ({ center, run: 1, outcome: "failed" }),
    ),
  ],
];

describe.each(cases.map(([operation, prepare]) => [operation.id, operation, prepare] as const))(
  "%s with one Idempotency-Key",
  (_, operation, prepare) => {
    test("twice: the same answer and one commit; with another body: 422", async () => {
      const exchange = await startExchange();
      const { by, params = {}, body, other } = await prepare(exchange);
      const first = await exchange.call(operation, by, { params, body, key: "k" });
      expect(first.status).toBe(operation.success.status);
      const commits = await exchange.countCommits();
      const again = await exchange.call(operation, by, { params, body, key: "k" });
      expect(again).toEqual(first);
      const reordered = Object.fromEntries(Object.entries(body).reverse());
      expect(await exchange.call(operation, by, { params, body: reordered, key: "k" })).toEqual(first);
      const reused = await exchange.call(operation, by, { params, body: other, key: "k" });
      expect([reused.status, reused.problem.code]).toEqual([422, "idempotency-key-reused"]);
      expect(reused.problem.errors).toMatchObject([{ pointer: "header/Idempotency-Key" }]);
      expect(await exchange.countCommits()).toBe(commits);
    });

    test("at the same time: the same answer and one commit", async () => {
      const once = await startExchange();
      const alone = await prepare(once);
      const { params = {} } = alone;
      await succeeds(once.call(operation, alone.by, { params, body: alone.body, key: "k" }));
      const exchange = await startExchange();
      const { by, body } = await prepare(exchange);
      const replies = await Promise.all(
        [1, 2, 3].map(() => exchange.call(operation, by, { params, body, key: "k" })),
      );
      for (const { status, json } of replies) {
        expect(status).toBe(operation.success.status);
        expect(json).toEqual(replies[0]?.json);
      }
      expect(await exchange.countCommits()).toBe(await once.countCommits());
    });
  },
);

test("is covered for every operation that appends", () => {
  const posts = Object.values<Operation>(operations).filter(({ method }) => method === "POST");
  const covered = cases.map(([{ id }]) => id);
  // A quote changes nothing, and a close is no request's: the workflow that it starts has steps of its own.
  expect(posts.map(({ id }) => id).sort()).toEqual([...covered, "postQuote", "closePeriod"].sort());
});

test("a key that made a center makes no other one", async () => {
  const exchange = await startExchange();
  await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter("c-1"), key: "k" }));
  const other = await exchange.call(operations.joinNetwork, alpha, { body: newCenter("c-2"), key: "k" });
  expect([other.status, other.problem.code]).toEqual([422, "idempotency-key-reused"]);
});

test("a key whose request was refused is free for the right one", async () => {
  const exchange = await startExchange();
  await openCenter(exchange, beta, "taken");
  await openAccount(exchange, acme);
  const cases = [
    [operations.joinNetwork, newCenter("taken"), newCenter("c-3")],
    [operations.openAccount, { account: "acme" }, { account: "lab" }],
  ] as const;
  for (const [operation, wrong, right] of cases) {
    const asked: Operation = operation;
    const refused = await exchange.call(asked, alpha, { body: wrong, key: "k" });
    expect(refused.status).toBe(409);
    expect((await exchange.call(asked, alpha, { body: right, key: "k" })).status).toBe(201);
    expect((await exchange.call(asked, alpha, { body: wrong, key: "k" })).problem.code).toBe(
      "idempotency-key-reused",
    );
  }
});

test("a key whose request was too much for the log is free for less", async () => {
  let isTooMuch = true;
  const exchange = await startExchange((database) => ({
    ...database,
    async put(table, item, anyOf) {
      if (isTooMuch && table === testTables.log) throw new CommitTooLarge(String(item.pk), 100_001);
      return database.put(table, item, anyOf);
    },
  }));
  const open = (account: string) =>
    exchange.call(operations.openAccount, acme, { body: { account }, key: "k" });
  expect((await open("large")).problem).toMatchObject({
    status: 413,
    code: "commit-too-large",
    errors: [{ pointer: "" }],
  });
  isTooMuch = false;
  expect((await open("small")).status).toBe(201);
});

test("the same key of another owner, or for another resource, is another request", async () => {
  const exchange = await startExchange();
  await openCenter(exchange, alpha, center);
  await openCenter(exchange, beta, "b-1");
  const mine = { body: newOffer(exchange, center), key: "k" };
  const theirs = { body: newOffer(exchange, "b-1"), key: "k" };
  const [one, two] = [
    await succeeds(exchange.call(operations.postOffer, alpha, mine)),
    await succeeds(exchange.call(operations.postOffer, beta, theirs)),
  ];
  expect(one.offer).not.toBe(two.offer);
  await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter("c-2") }));
  for (const id of [center, "c-2"]) {
    const request = { params: { center: id }, body: { mills: "7" }, key: "k" };
    expect((await succeeds(exchange.call(operations.postGuarantee, finance, request))).guarantee).toBe("7");
  }
});

test("the same key for the same resource, its name written otherwise, is the same request", async () => {
  const exchange = await startExchange();
  const account = await openAccount(exchange, acme, "100");
  const operation = operations.depositFunds;
  const event = apiEvent(operation, finance, { params: { account }, body: { mills: "5" }, key: "k" });
  const escaped = { ...event, rawPath: event.rawPath.replace("acme", "%61cme") };
  const [first, again] = [
    await exchange.invoke(operation.id, event),
    await exchange.invoke(operation.id, escaped),
  ];
  expect(again).toEqual(first);
  const { available } = await succeeds(exchange.call(operations.getAccount, acme, { params: { account } }));
  expect(available).toBe("105");
});

test("a day's posts come to what a model says: each key counts once, with the body that it came with first", async () => {
  const post = fc.record({ key: fc.constantFrom("a", "b", "c"), cards: fc.integer({ min: 1, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(post, { maxLength: 12 }), async (posts) => {
      const exchange = await startExchange();
      await openCenter(exchange, alpha, center);
      const before = await exchange.countCommits();
      const model = new Map<string, { cards: number; offer: string }>();
      for (const { key, cards } of posts) {
        const body = newOffer(exchange, center, { cards });
        const reply = await exchange.call(operations.postOffer, alpha, { body, key });
        const known = model.get(key);
        if (known !== undefined && known.cards !== cards) expect(reply.status).toBe(422);
        else {
          expect(reply.body.cards).toBe(cards);
          if (known !== undefined) expect(reply.body.offer).toBe(known.offer);
          model.set(key, { cards, offer: reply.body.offer });
        }
      }
      expect(await exchange.countCommits()).toBe(before + model.size);
      expect(new Set([...model.values()].map(({ offer }) => offer)).size).toBe(model.size);
    }),
    { numRuns: 25 },
  );
});
