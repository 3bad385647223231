import { beforeEach, describe, expect, test } from "vitest";
import { AccountId, CenterId } from "../../events/catalog/values.ts";
import { slotStart } from "../../market/time.ts";
import { chargeJobs } from "../../test/closed-day.ts";
import {
  acme,
  alpha,
  finance,
  newJob,
  openAccount,
  openCenter,
  operator,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { breakIdFor, breakOf, record } from "../../test/found-breaks.ts";
import { type SeededExchange, seedExchange } from "../../test/seeded-exchange.ts";
import { operations } from "../contract/operations.ts";
import { breakIdOf } from "./record-breaks.ts";

const { listBreaks, getBreak, assignBreak, resolveBreak } = operations;

let world: SeededExchange;
let params: { break: string };
beforeEach(async () => {
  world = await seedExchange();
  await chargeJobs(world);
  const { exchange, left, right } = world;
  await record(exchange, { breaks: [breakOf(world, left), breakOf(world, right)] });
  await exchange.pump();
  params = { break: breakIdFor(world, left) };
});

const list = async (query = {}) => {
  const { items, ...page } = await succeeds(world.exchange.call(listBreaks, finance, { query }));
  return { ids: items.map((one) => one.break).sort(), ...page };
};
const resolve = (body: object, key = "k") =>
  world.exchange.call(resolveBreak, finance, { params, body, key });

describe("the queue", () => {
  test("holds what a match found, once however often it is recorded", async () => {
    const both = [breakIdFor(world, world.left), breakIdFor(world, world.right)].sort();
    expect(await list()).toMatchObject({ ids: both });
    const commits = await world.exchange.countCommits();
    await record(world.exchange, { breaks: [breakOf(world, world.left)] });
    expect(await world.exchange.countCommits()).toBe(commits);
  });

  test("is cut by code, day, status and who looks into it, page by page", async () => {
    await succeeds(world.exchange.call(assignBreak, operator, { params, body: { assignee: "ann" } }));
    await world.exchange.pump();
    expect((await list({ assignee: "ann" })).ids).toEqual([params.break]);
    expect((await list({ code: "missingSlots" })).ids).toEqual([]);
    expect((await list({ code: "wrongPrice", period: breakOf(world, world.left).period })).ids).toHaveLength(
      2,
    );
    expect((await list({ period: "2026-01-01" })).ids).toEqual([]);
    const first = await list({ limit: 1 });
    const second = await list({ limit: 1, cursor: first.next });
    expect([...first.ids, ...second.ids].sort()).toEqual((await list()).ids);
    expect(second.next).toBeUndefined();
    await succeeds(resolve({ resolution: "explained", note: "a test" }));
    await world.exchange.pump();
    expect((await list()).ids).toEqual([breakIdFor(world, world.right)]);
    expect((await list({ status: "resolved" })).ids).toEqual([params.break]);
  });

  test("lets go of what a later day's match finds healed", async () => {
    await record(world.exchange, { healed: [{ found: breakOf(world, world.left), note: "It came." }] });
    await world.exchange.pump();
    expect((await list()).ids).toEqual([breakIdFor(world, world.right)]);
    const healed = await succeeds(world.exchange.call(getBreak, finance, { params }));
    expect(healed).toMatchObject({ status: "resolved", resolution: "healed", note: "It came." });
  });

  test("is finance's: a tenant does not see it", async () => {
    expect((await world.exchange.call(listBreaks, acme, {})).status).toBe(403);
  });
});

describe("a resolution", () => {
  test("by a refund amends the charge, once, and names the correction", async () => {
    const body = { resolution: "corrected", note: "too dear", correction: { refund: "100" } };
    const { left, exchange } = world;
    const account = AccountId.parse(left.tenant.owner);
    const named = { ...breakOf(world, left), about: "with its account", account };
    await record(exchange, { breaks: [named] });
    params = { break: breakIdOf(named) };
    const resolved = await succeeds(resolve(body));
    expect(resolved).toMatchObject({
      status: "resolved",
      resolution: "corrected",
      correction: `break-${params.break}`,
    });
    const corrections = async () => {
      const commits = await exchange.commits(`job-${left.placedJob}`);
      return commits.flatMap(({ events }) => events).filter(({ type }) => type === "CorrectionPosted");
    };
    expect(await corrections()).toMatchObject([
      { data: { cause: "resolution", break: params.break, tenantPays: "-100", corrects: named.subject } },
    ]);
    // Repeated with the same key and with another one.
    expect(await succeeds(resolve(body))).toEqual(resolved);
    expect((await resolve(body, "another")).status).toBe(200);
    expect(await corrections()).toHaveLength(1);
  });

  test("by lines amends the charge as they say, and each names its center", async () => {
    const { left, exchange } = world;
    const [from, to] = [`center:${left.center}`, `tenant:${left.tenant.owner}`];
    const lines = [{ kind: "compute", row: 3, from, to, mills: "9" }];
    await succeeds(resolve({ resolution: "corrected", correction: { lines } }));
    const commits = await exchange.commits(`job-${left.placedJob}`);
    expect(commits.at(-1)?.events).toMatchObject([
      { type: "CorrectionPosted", data: { lines: [{ mills: "9", center: left.center }], tenantPays: "-9" } },
    ]);
  });

  test("has as many lines as fit, however long the names of its accounts are", async () => {
    const center = CenterId.parse("c".repeat(64));
    const tenant = { owner: "t".repeat(64), roles: ["tenant"] } as const;
    const exchange = await startExchange();
    await openCenter(exchange, alpha, center);
    await openAccount(exchange, tenant);
    const { job } = await succeeds(
      exchange.call(operations.postJob, tenant, { body: newJob(exchange, center) }),
    );
    await exchange.pump();
    await exchange.runAuctions();
    const at = { params: { job } };
    const [award] = (await succeeds(exchange.call(operations.getJob, tenant, at))).awards;
    if (award === undefined) throw new Error("the auction awarded nothing");
    const { placement, from } = award;
    const placed = { params: { placement }, body: { center } };
    await succeeds(exchange.call(operations.acceptPlacement, alpha, placed));
    exchange.clock.set(slotStart(from));
    const run = { ...placed, body: { center, run: 1 } };
    await succeeds(exchange.call(operations.startPlacement, alpha, run));
    exchange.clock.set(slotStart(from + 10));
    const completed = { ...placed, body: { ...run.body, outcome: "completed" } };
    await succeeds(exchange.call(operations.finishPlacement, alpha, completed));
    const events = (await exchange.commits(`job-${job}`)).flatMap((commit) => commit.events);
    const [posted] = events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : []));
    const [line] = posted?.lines ?? [];
    if (posted === undefined || line === undefined) throw new Error("nothing was charged");
    const found = { ...breakOf({ exchange }, { placedJob: job, placement, center, from }) };
    await record(exchange, { breaks: [{ ...found, about: posted.charge, subject: posted.charge }] });
    const back = { kind: line.kind, row: line.row, from: line.to, to: line.from, mills: "1" };
    const ask = (count: number) =>
      exchange.call(resolveBreak, finance, {
        params: { break: breakIdOf({ ...found, about: posted.charge }) },
        // Letters that take the most room in a commit.
        body: {
          resolution: "corrected",
          note: "\u0001".repeat(1000),
          correction: { lines: new Array(count).fill(back) },
        },
        key: "k",
      });
    expect((await ask(151)).problem).toMatchObject({
      status: 400,
      errors: [{ pointer: "/correction/lines" }],
    });
    expect(await succeeds(ask(150))).toMatchObject({ status: "resolved" });
    expect(await succeeds(ask(150))).toMatchObject({ status: "resolved" });
  });

  test("that takes back more than was charged is refused, and the break stays open", async () => {
    const line = { kind: "compute", row: 3, from: `center:${world.left.center}`, to: "tenant:acme" };
    const lines = [{ ...line, mills: "99999999" }];
    const answer = await resolve({ resolution: "corrected", correction: { lines } });
    expect(answer.status).toBe(422);
    expect(answer.problem).toMatchObject({
      code: "correction-beyond-charge",
      errors: [{ pointer: "/correction/lines/0/mills" }],
    });
    expect((await succeeds(world.exchange.call(getBreak, finance, { params }))).status).toBe("open");
  });

  test.each([
    [{ resolution: "corrected" }, 422, "correction-missing"],
    [{ resolution: "corrected", correction: {} }, 422, "correction-ambiguous"],
    [{ resolution: "corrected", correction: { refund: "1" } }, 422, "refund-unclear"],
    [{ resolution: "accepted", correction: { refund: "1" } }, 422, "correction-missing"],
    [{ resolution: "healed" }, 400, "invalid-request"],
  ])("%j is refused", async (body, status, code) => {
    const answer = await resolve(body);
    expect([answer.status, answer.problem.code]).toEqual([status, code]);
  });

  test("of a break that is about no charge is told where its job's charges are, and amends the one that is named", async () => {
    const { left, exchange } = world;
    const { subject, ...rest } = breakOf(world, left);
    const account = AccountId.parse(left.tenant.owner);
    const found = { ...rest, code: "missingSlots", about: "missing", account } as const;
    await record(exchange, { breaks: [found] });
    params = { break: breakIdOf(found) };
    const refused = await resolve({ resolution: "corrected", correction: { refund: "100" } });
    expect(refused.problem).toMatchObject({
      status: 422,
      code: "charge-missing",
      detail: `Name the charge that the correction amends: GET /accounts/${account}/entries?period=${found.period} has those of placement ${left.placement}.`,
    });
    const correction = { refund: "100", charge: subject };
    expect(await succeeds(resolve({ resolution: "corrected", correction }))).toMatchObject({
      status: "resolved",
    });
  });

  test("of a break that has changed since it was read amends no charge", async () => {
    const { exchange } = world;
    await succeeds(exchange.call(assignBreak, finance, { params, body: { assignee: "ann" } }));
    const commits = await exchange.countCommits();
    const [from, to] = [`center:${world.left.center}`, `tenant:${world.left.tenant.owner}`];
    const lines = [{ kind: "compute", row: 3, from, to, mills: "9" }];
    const body = { resolution: "corrected", correction: { lines } };
    const resolved = (ifMatch: string) =>
      exchange.call(resolveBreak, finance, { params, body, key: "k", ifMatch });
    expect((await resolved('"1"')).problem).toMatchObject({ status: 412, code: "version-stale" });
    expect(await exchange.countCommits()).toBe(commits);
    const first = await succeeds(resolved('"2"'));
    expect(first).toMatchObject({ status: "resolved" });
    // The version that it was read at is no longer the break's: a repeat is told the same all the same.
    expect(await succeeds(resolved('"2"'))).toEqual(first);
  });

  test("stands: another one is refused, and so is an assignment", async () => {
    await succeeds(resolve({ resolution: "accepted", note: "small" }));
    const other = await resolve({ resolution: "explained" }, "k2");
    expect([other.status, other.problem.code]).toEqual([409, "break-resolved"]);
    const assigned = await world.exchange.call(assignBreak, finance, { params, body: { assignee: "bo" } });
    expect([assigned.status, assigned.problem.code]).toEqual([409, "break-resolved"]);
  });

  test("of a break that nobody found is refused", async () => {
    params = { break: "nothing" };
    expect(await resolve({ resolution: "accepted" })).toMatchObject({ status: 404 });
  });
});
