import { beforeEach, describe, expect, test } from "vitest";
import { slotStart } from "../../market/time.ts";
import {
  acme,
  alpha,
  beta,
  finance,
  type InMemoryExchange,
  type Member,
  newCenter,
  openCenter,
  openingTime,
  operator,
  placeJob,
  product,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";

const { joinNetwork, getCenter, declareLinks, reportCapacity, postGuarantee, reduceGuarantee, renewLease } =
  operations;
const center = "c-1";
const params = { center };
let exchange: InMemoryExchange;
beforeEach(async () => {
  exchange = await startExchange();
});

const join = (by = alpha, more: Readonly<Record<string, unknown>> = {}) =>
  exchange.call(joinNetwork, by, { body: { ...newCenter(center), ...more } });
const read = () => succeeds(exchange.call(getCenter, alpha, { params }));

describe("POST /centers", () => {
  test("joins, and its owner reads the center at once", async () => {
    const joined = await join();
    expect(joined.status).toBe(201);
    expect(joined.body).toMatchObject({
      center,
      owner: "alpha",
      links: [],
      guarantee: "0",
      status: "joined",
    });
    expect(joined.headers).toMatchObject({ etag: '"1"', location: "/centers/c-1" });
    expect(await read()).toEqual(joined.body);
    // Whoever lost the answer and its key may ask again.
    expect(await join()).toEqual(joined);
  });

  test("of a name that is taken is refused, whoever asks", async () => {
    await join();
    for (const refused of [await join(beta), await join(alpha, { puePermille: 1100 })])
      expect(refused.problem).toMatchObject({
        status: 409,
        code: "center-exists",
        errors: [{ pointer: "/center" }],
      });
    expect(await exchange.countCommits()).toBe(1);
    expect((await exchange.call(getCenter, beta, { params })).status).toBe(404);
  });

  test.each([
    [[{ product: "abacus", cards: 1 }], "product-unknown", "/pools/0/product"],
    [
      [
        { product, cards: 1 },
        { product, cards: 2 },
      ],
      "product-twice",
      "/pools",
    ],
  ])("with pools %o is refused", async (pools, code, pointer) => {
    const { problem } = await join(alpha, { pools });
    expect(problem).toMatchObject({ status: 422, code, errors: [{ pointer }] });
    expect(await exchange.countCommits()).toBe(0);
  });
});

describe("another owner's center", () => {
  const calls: readonly (readonly [Operation, unknown])[] = [
    [getCenter, undefined],
    [declareLinks, { links: [] }],
    [reportCapacity, { pools: [{ product, working: 1, idle: 1 }] }],
    [reduceGuarantee, { mills: "5" }],
    [renewLease, undefined],
    [operations.listAssignments, undefined],
  ];
  test.each(calls.map(([operation, body]) => [operation.id, operation, body] as const))(
    "%s: is as one that does not exist",
    async (_, operation, body) => {
      await join();
      const at = (id: string) =>
        exchange.call(operation, beta, { params: { center: id }, ...(body === undefined ? {} : { body }) });
      const [foreign, absent] = [await at(center), await at("nowhere")];
      expect(foreign.status).toBe(404);
      expect(foreign.headers).toEqual(absent.headers);
      expect(JSON.stringify(foreign.json)).toBe(JSON.stringify(absent.json).replaceAll("nowhere", center));
      expect(await exchange.countCommits()).toBe(1);
    },
  );

  test("is seen by operators and finance", async () => {
    await join();
    for (const member of [operator, finance])
      expect((await exchange.call(getCenter, member, { params })).status).toBe(200);
    expect((await exchange.call(getCenter, operator, { params: { center: "nowhere" } })).status).toBe(404);
    expect((await exchange.call(getCenter, acme, { params })).status).toBe(403);
  });
});

describe("PUT /centers/{center}/links", () => {
  const link = (to: string, gbps = 100) => ({ to, gbps, latencyMs: 5, perGB: 10 });
  const declare = (links: readonly unknown[], ifMatch?: string) =>
    exchange.call(declareLinks, alpha, {
      params,
      body: { links },
      ...(ifMatch === undefined ? {} : { ifMatch }),
    });

  test("replaces the list before, at the version that is meant only", async () => {
    await join();
    const first = await declare([link("b-1")], '"1"');
    expect([first.status, first.headers.etag]).toEqual([200, '"2"']);
    expect(first.body.links).toEqual([link("b-1")]);
    const stale = await declare([link("b-2")], '"1"');
    expect(stale.problem).toMatchObject({
      status: 412,
      code: "version-stale",
      errors: [{ pointer: "header/If-Match" }],
    });
    expect((await read()).links).toEqual([link("b-1")]);
    expect((await declare([link("b-2")], first.headers.etag)).status).toBe(200);
    expect(await read()).toMatchObject({ links: [link("b-2")], version: 3 });
    expect((await declare([link("b-3")])).headers.etag).toBe('"4"');
  });

  test("of the same list is no change", async () => {
    await join();
    await declare([link("b-1")]);
    const commits = await exchange.countCommits();
    expect((await declare([link("b-1")])).headers.etag).toBe('"2"');
    expect(await exchange.countCommits()).toBe(commits);
  });

  test("may be made safe by a key like a POST", async () => {
    await join();
    const put = (links: readonly unknown[]) =>
      exchange.call(declareLinks, alpha, { params, body: { links }, key: "k" });
    const first = await put([link("b-1")]);
    await declare([]);
    // The key stands for what it was first sent with, and that is done.
    expect((await put([link("b-1")])).body).toMatchObject({ links: [], version: 3 });
    expect((await put([link("b-2")])).problem).toMatchObject({ status: 422, code: "idempotency-key-reused" });
    expect(first.body.version).toBe(2);
  });

  test.each([
    [["c-1"], "link-to-itself", "/links/0/to"],
    [["b-1", "b-1"], "link-twice", "/links"],
  ])("to %o is refused", async (targets, code, pointer) => {
    await join();
    const { problem } = await declare(targets.map((to) => link(to)));
    expect(problem).toMatchObject({ status: 422, code, errors: [{ pointer }] });
  });
});

describe("POST /centers/{center}/capacity", () => {
  const report = (working: number, idle: number, of = product) =>
    exchange.call(reportCapacity, alpha, { params, body: { pools: [{ product: of, working, idle }] } });

  test("records what is news, and nothing else", async () => {
    await join();
    expect((await succeeds(report(60, 10))).slot).toBe(exchange.slot());
    await succeeds(report(60, 10));
    expect(await exchange.countCommits()).toBe(2);
    await succeeds(report(59, 10));
    expect(await exchange.countCommits()).toBe(3);
    exchange.clock.set(openingTime + 86_400_000);
    await succeeds(report(59, 10));
    expect((await exchange.commits("capacity-c-1-2026-03-03")).length).toBe(1);
  });

  test("is one of the slot in which it was first sent, however late it is sent again", async () => {
    await join();
    const pools = (working: number) => ({ pools: [{ product, working, idle: 0 }] });
    const send = (working: number, key: string) =>
      exchange.call(reportCapacity, alpha, { params, body: pools(working), key });
    const first = await succeeds(send(2, "a"));
    exchange.clock.set(openingTime + 360_000);
    await succeeds(send(64, "b"));
    const commits = await exchange.countCommits();
    for (const days of [0, 1, 3]) {
      exchange.clock.set(openingTime + days * 86_400_000 + 720_000);
      expect(await succeeds(send(2, "a"))).toEqual(first);
      expect((await send(9, "a")).problem).toMatchObject({ status: 422, code: "idempotency-key-reused" });
    }
    expect(await exchange.countCommits()).toBe(commits);
  });

  test("that was refused leaves its key free, and names each pool once", async () => {
    await join();
    const pool = (working: number) => ({ product, working, idle: 0 });
    const send = (...pools: readonly object[]) =>
      exchange.call(reportCapacity, alpha, { params, body: { pools }, key: "k" });
    expect((await send(pool(3), pool(5))).problem).toMatchObject({
      status: 422,
      code: "product-twice",
      errors: [{ pointer: "/pools/1/product" }],
    });
    expect(await succeeds(send(pool(5)))).toMatchObject({ pools: [pool(5)] });
  });

  test.each([
    [65, 1, product, "beyond-pool", "/pools/0/working"],
    [10, 11, product, "idle-beyond-working", "/pools/0/idle"],
    [1, 1, "ascend910", "pool-unknown", "/pools/0/product"],
  ])("of %i working and %i idle %s is refused", async (working, idle, of, code, pointer) => {
    await join();
    const { problem } = await report(working, idle, of);
    expect(problem).toMatchObject({ status: 422, code, errors: [{ pointer }] });
    expect(await exchange.countCommits()).toBe(1);
  });
});

describe("a guarantee", () => {
  type ByGuarantee = typeof postGuarantee | typeof reduceGuarantee;
  const ask = (operation: ByGuarantee, member: Member, mills: string, ifMatch?: string) =>
    exchange.call(operation, member, {
      params,
      body: { mills },
      ...(ifMatch === undefined ? {} : { ifMatch }),
    });

  test("is posted by finance as it comes in, in mills, and heeds If-Match", async () => {
    await join();
    expect((await ask(postGuarantee, finance, "500", '"7"')).problem.status).toBe(412);
    const posted = await ask(postGuarantee, finance, "500", '"1"');
    expect([posted.status, posted.body.guarantee, posted.headers.etag]).toEqual([201, "500", '"2"']);
    expect((await ask(postGuarantee, finance, "0")).problem).toMatchObject({
      status: 422,
      code: "guarantee-not-positive",
    });
    await succeeds(ask(postGuarantee, finance, "200"));
    expect((await read()).guarantee).toBe("700");
  });

  test("is stated by no center of itself, which may ask for less to be left", async () => {
    await join();
    expect((await ask(postGuarantee, alpha, "500")).status).toBe(403);
    await succeeds(ask(postGuarantee, finance, "500"));
    const { problem } = await ask(reduceGuarantee, alpha, "501");
    expect(problem).toMatchObject({
      status: 409,
      code: "guarantee-not-received",
      errors: [{ pointer: "/mills" }],
    });
    const asked = await succeeds(ask(reduceGuarantee, alpha, "100"));
    expect(asked).toMatchObject({ guarantee: "500", guaranteeNext: "100" });
    expect(await succeeds(ask(reduceGuarantee, alpha, "500"))).not.toHaveProperty("guaranteeNext");
    expect((await ask(reduceGuarantee, alpha, "-1")).problem).toMatchObject({ code: "guarantee-negative" });
  });

  test("of a center that is not there is not posted", async () => {
    expect((await ask(postGuarantee, finance, "500")).problem).toMatchObject({ status: 404 });
    expect(await exchange.countCommits()).toBe(0);
  });
});

describe("a lease", () => {
  const renew = () => succeeds(exchange.call(renewLease, alpha, { params }));

  test("holds for its length from when it was renewed, and states no fact", async () => {
    await join();
    const { until, seconds } = await renew();
    expect(Date.parse(until)).toBe(openingTime + seconds * 1000);
    exchange.clock.set(openingTime + 60_000);
    expect(Date.parse((await renew()).until)).toBe(openingTime + 60_000 + seconds * 1000);
    expect(await exchange.countCommits()).toBe(1);
  });

  test("that ran out loses the center, which returns with the next one", async () => {
    const { job } = await placeJob(exchange);
    const { seconds } = await renew();
    exchange.clock.set(openingTime + (seconds * 1000) / 2);
    await exchange.runAuctions();
    exchange.clock.set(openingTime + seconds * 1000 - 1);
    await exchange.runAuctions();
    await exchange.pump();
    await exchange.invoke("sweep-leases", {});
    expect((await read()).status).toBe("joined");
    exchange.clock.set(openingTime + seconds * 1000);
    await exchange.invoke("sweep-leases", {});
    expect((await read()).status).toBe("lost");
    const displaced = await succeeds(exchange.call(operations.getJob, acme, { params: { job } }));
    expect(displaced).toMatchObject({ status: "open", reason: "centerLost" });
    await exchange.pump();
    await renew();
    expect((await read()).status).toBe("joined");
    await exchange.pump();
    await exchange.invoke("sweep-leases", {});
    expect((await read()).status).toBe("joined");
  });

  test("keeps a center that never took one off the market", async () => {
    await join();
    await exchange.pump();
    await exchange.invoke("sweep-leases", {});
    expect((await read()).status).toBe("lost");
  });

  test("of one center is none of another's", async () => {
    await openCenter(exchange, alpha, center);
    await openCenter(exchange, beta, "b-1");
    await exchange.pump();
    exchange.clock.set(slotStart(exchange.slot() + 3));
    await renew();
    await exchange.invoke("sweep-leases", {});
    expect((await read()).status).toBe("joined");
    const other = await succeeds(exchange.call(getCenter, beta, { params: { center: "b-1" } }));
    expect(other.status).toBe("lost");
  });
});
