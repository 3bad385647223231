import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { isConsistent, isIncluded, type LogHead, leafHash } from "../../cli/merkle-verifier.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { hashBytes, pageBytes } from "../../events/store/chain.ts";
import { chargeJobs, chargeOf, closeToday } from "../../test/closed-day.ts";
import { offerCommit } from "../../test/commits.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  bolt,
  finance,
  type Member,
  newOffer,
  operator,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { type SeededExchange, seedExchange } from "../../test/seeded-exchange.ts";
import { operations } from "../contract/operations.ts";
import { viewsCheckpoint } from "../kit/views.ts";

const { getFeedHead, proveCharge, getPeriod, readFeed } = operations;
let world: SeededExchange;
beforeEach(async () => {
  world = await seedExchange();
});

const askHead = (by: Member, from?: number) =>
  world.exchange.call(getFeedHead, by, from === undefined ? {} : { query: { from } });
const headFor = async (by: Member) => (await succeeds(askHead(by))).head;
const prove = (by: Member, charge = chargeOf(world.left)) =>
  world.exchange.call(proveCharge, by, { params: { charge } });
const Charged = z.object({
  stream: z.string(),
  events: z.array(z.object({ type: z.string(), data: z.looseObject({}) })),
});

describe("the head of the log", () => {
  test("is empty before the first fact, and then that of all commits", async () => {
    const empty = await startExchange();
    const { head } = await succeeds(empty.call(getFeedHead, finance));
    expect(head).toMatchObject({ size: 0, position: 0 });
    const { position, hash, size } = await headFor(finance);
    const { pages } = await succeeds(
      world.exchange.call(readFeed, finance, { query: { after: position - 1 } }),
    );
    expect(pages).toMatchObject([{ position, hash }]);
    expect(size).toBe(await world.exchange.countCommits());
    expect(await headFor(operator)).toEqual(await headFor(finance));
  });

  test("is told to members at the close of a day, and no newer one", async () => {
    for (const by of [acme, alpha])
      expect((await askHead(by)).problem).toMatchObject({ status: 404, code: "no-head" });
    await closeToday(world.exchange);
    const params = { period: "2026-03-02" };
    const { position, feedHash } = await succeeds(world.exchange.call(getPeriod, finance, { params }));
    const told = await headFor(acme);
    expect(told).toMatchObject({ period: "2026-03-02", position, hash: feedHash });
    const newest = await headFor(finance);
    expect(newest.size).toBeGreaterThan(told.size);
    await succeeds(
      world.exchange.call(operations.postOffer, alpha, { body: newOffer(world.exchange, "c-left") }),
    );
    await world.exchange.pump();
    expect(await headFor(alpha)).toEqual(told);
    expect((await headFor(finance)).size).toBe(newest.size + 1);
  });

  test("comes with the proof that it begins with one that was kept", async () => {
    const kept: LogHead[] = [];
    for (let n = 0; n < 5; n++) {
      kept.push(await headFor(finance));
      await succeeds(
        world.exchange.call(operations.postOffer, alpha, { body: newOffer(world.exchange, "c-left") }),
      );
      await world.exchange.pump();
      for (const older of kept) {
        const { head, consistency = [] } = await succeeds(askHead(finance, older.size));
        expect(isConsistent(older, head, consistency)).toBe(true);
        expect(isConsistent({ ...older, root: "0".repeat(64) }, head, consistency)).toBe(false);
      }
    }
  });

  test("has no proof of a head that is longer", async () => {
    await closeToday(world.exchange);
    const { size } = await headFor(finance);
    expect((await askHead(finance, size + 1)).problem).toMatchObject({
      status: 422,
      code: "head-too-short",
      errors: [{ pointer: "query/from" }],
    });
    // To a member what is not published is not there.
    expect((await askHead(acme, size)).problem).toMatchObject({ status: 422 });
    expect((await askHead(acme, 0)).problem).toMatchObject({
      status: 400,
      errors: [{ pointer: "query/from" }],
    });
  });
});

test("a page that does not continue the feed stops the tree, and not the lists", async () => {
  const { database } = world.exchange;
  const { position } = await headFor(finance);
  const bytes = pageBytes({ position, hash: "0".repeat(64) }, [
    canonicalJson(offerCommit("offer-forged", 1)),
  ]);
  const forged = { pk: "feed", sk: position + 1 };
  await database.put(testTables.feed, { ...forged, hash: hashBytes(bytes), bytes });
  await expect(world.exchange.wake("project-views", [forged])).rejects.toThrow("does not follow");
  const asOf = await database.get(testTables.views, viewsCheckpoint());
  expect(asOf?.position).toBe(position + 1);
  expect((await askHead(finance)).problem).toMatchObject({ status: 500 });
});

describe("a charge", () => {
  test("is proven to its tenant once the day is closed, and to finance at once", async () => {
    await chargeJobs(world);
    expect((await prove(acme)).problem).toMatchObject({ status: 409, code: "charge-not-published" });
    for (const [by, close] of [
      [finance, false],
      [acme, true],
      [operator, true],
    ] as const) {
      if (close) await closeToday(world.exchange);
      const { charge, head, leaf, path, commit } = await succeeds(prove(by));
      expect(head).toEqual(await headFor(by));
      expect(isIncluded(leafHash(commit), leaf, path, head)).toBe(true);
      expect(isIncluded(leafHash(`${commit} `), leaf, path, head)).toBe(false);
      expect(isIncluded(leafHash(commit), leaf + 1, path, head)).toBe(false);
      const { stream, events } = Charged.parse(JSON.parse(commit));
      expect(stream).toBe(`job-${world.left.placedJob}`);
      expect(events).toContainEqual(
        expect.objectContaining({ type: "ChargePosted", data: expect.objectContaining({ charge }) }),
      );
    }
  });

  test("of another, or that there is not, is not there", async () => {
    await chargeJobs(world);
    await closeToday(world.exchange);
    const refused = await prove(bolt);
    expect(refused.problem).toMatchObject({ status: 404, code: "not-found" });
    const absent = chargeOf({ ...world.left, from: 5 });
    expect(JSON.stringify((await prove(acme, absent)).json).replaceAll(absent, "ID")).toBe(
      JSON.stringify(refused.json).replaceAll(chargeOf(world.left), "ID"),
    );
    expect((await prove(acme, "what")).problem).toMatchObject({
      status: 400,
      errors: [{ pointer: "path/charge" }],
    });
    expect((await prove(alpha)).status).toBe(403);
  });
});
