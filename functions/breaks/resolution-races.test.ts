import { beforeEach, describe, expect, test } from "vitest";
import type { Database, Item } from "../../events/store/dynamo.ts";
import { chargeJobs, chargeOf } from "../../test/closed-day.ts";
import { finance, succeeds } from "../../test/exchange-in-memory.ts";
import { breakIdFor, breakOf, record } from "../../test/found-breaks.ts";
import { type SeededExchange, seedExchange } from "../../test/seeded-exchange.ts";
import { operations } from "../contract/operations.ts";
import { breakIdOf } from "./record-breaks.ts";

const { getBreak, listBreaks, resolveBreak } = operations;

/** What happens as soon as something is about to be written to a stream, once. */
let before: { stream: string; does: () => Promise<unknown> } | undefined;
let world: SeededExchange;
let id: string;

const watched = (database: Database): Database => ({
  ...database,
  async put(table: string, item: Item, anyOf) {
    const now = before;
    if (now !== undefined && item.pk === now.stream) {
      before = undefined;
      await now.does();
    }
    return database.put(table, item, anyOf);
  },
});
const next = (stream: string, does: () => Promise<unknown>) => {
  before = { stream, does };
};
const crash = async () => {
  throw new Error("killed");
};

beforeEach(async () => {
  before = undefined;
  world = await seedExchange(watched);
  await chargeJobs(world);
  await record(world.exchange, { breaks: [breakOf(world, world.left)] });
  await world.exchange.pump();
  id = breakIdFor(world, world.left);
});

/** Lines that give back so many mills of what the job was charged. */
const refundOf = (mills: string) => {
  const { center, tenant } = world.left;
  return [{ kind: "compute", row: 3, from: `center:${center}`, to: `tenant:${tenant.owner}`, mills }];
};
const resolve = (body: object, key: string, of = id) =>
  world.exchange.call(resolveBreak, finance, { params: { break: of }, body, key });
const corrects = (mills = "100", key = "corrects") =>
  resolve({ resolution: "corrected", correction: { lines: refundOf(mills) } }, key);
const accepts = () => resolve({ resolution: "accepted" }, "accepts");
const shown = () => succeeds(world.exchange.call(getBreak, finance, { params: { break: id } }));
const eventsOf = async (stream: string) =>
  (await world.exchange.commits(stream)).flatMap(({ events }) => events);
const corrections = async () =>
  (await eventsOf(`job-${world.left.placedJob}`)).filter(({ type }) => type === "CorrectionPosted");
const breakStream = () => `break-${id}`;
const jobStream = () => `job-${world.left.placedJob}`;
/** The bus tells of the break's last event, twice. */
const told = async () => {
  const place = { stream: breakStream(), version: (await eventsOf(breakStream())).length };
  return world.exchange.deliver("finish-corrections", place, place);
};

describe("of two who resolve one break at the same moment", () => {
  test("the one who accepts it first wins: the charge is not amended", async () => {
    next(breakStream(), accepts);
    const answer = await corrects();
    expect([answer.status, answer.problem.code]).toEqual([409, "break-resolved"]);
    expect(await shown()).toMatchObject({ resolution: "accepted" });
    expect(await corrections()).toEqual([]);
  });

  test("the one who corrects it first wins: the charge is amended once", async () => {
    next(breakStream(), () => corrects());
    const answer = await accepts();
    expect([answer.status, answer.problem.code]).toEqual([409, "break-resolved"]);
    expect(await shown()).toMatchObject({ resolution: "corrected", correction: `break-${id}` });
    expect(await corrections()).toMatchObject([{ data: { tenantPays: "-100", break: id } }]);
  });

  test("the one whose correction is the first wins: another one is refused, the same one is not", async () => {
    next(breakStream(), () => corrects("7", "first"));
    expect((await corrects("9", "second")).problem.code).toBe("break-resolved");
    expect((await corrects("7", "third")).status).toBe(200);
    expect(await corrections()).toMatchObject([{ data: { tenantPays: "-7" } }]);
  });
});

describe("a correction that a crash kept from its charge", () => {
  beforeEach(async () => {
    next(jobStream(), crash);
    expect((await corrects()).status).toBe(500);
    expect(await shown()).toMatchObject({ resolution: "corrected" });
    expect(await corrections()).toEqual([]);
  });

  test("is posted when the bus tells of the resolution, once however often it does", async () => {
    expect(await told()).toEqual({ batchItemFailures: [] });
    expect(await corrections()).toMatchObject([{ data: { tenantPays: "-100", break: id } }]);
    await told();
    expect((await corrects()).status).toBe(200);
    expect(await corrections()).toHaveLength(1);
  });

  test("is posted when the request is repeated", async () => {
    expect((await corrects()).status).toBe(200);
    await told();
    expect(await corrections()).toHaveLength(1);
  });

  test("is nobody's to accept meanwhile", async () => {
    expect((await accepts()).problem.code).toBe("break-resolved");
  });
});

describe("a correction whose charge was given back between the resolution and it", () => {
  /** What the charge has for cards: 8 for a slot at 100 fen. */
  const cardsPaid = "800";
  /** All of the charge goes back for the sake of another break of it. */
  const givesAllBack = async () => {
    const found = { ...breakOf(world, world.left), about: "another" };
    await record(world.exchange, { breaks: [found] });
    const correction = { lines: refundOf(cardsPaid) };
    const answer = await resolve({ resolution: "corrected", correction }, "another", breakIdOf(found));
    expect(answer.status).toBe(200);
  };
  beforeEach(() => {
    next(jobStream(), givesAllBack);
  });

  test("is refused for good, and the break is open again and says why", async () => {
    const answer = await corrects();
    expect([answer.status, answer.problem.code]).toEqual([422, "correction-refused"]);
    expect(await corrections()).toHaveLength(1);
    expect(await shown()).toMatchObject({ status: "open", reopened: expect.stringContaining("is left") });
    expect((await eventsOf(jobStream())).at(-1)).toMatchObject({
      type: "CorrectionRefused",
      data: { correction: `break-${id}`, corrects: chargeOf(world.left), break: id },
    });
    await world.exchange.pump();
    const { items } = await succeeds(world.exchange.call(listBreaks, finance));
    expect(items).toContainEqual(await shown());
    const commits = await world.exchange.countCommits();
    await told();
    expect(await world.exchange.countCommits()).toBe(commits);
    expect(await succeeds(accepts())).toMatchObject({ status: "resolved", resolution: "accepted" });
  });

  test("lets the break be corrected in another way, under an id of its own", async () => {
    await corrects();
    const lines = refundOf("5").map(({ from, to, ...line }) => ({ ...line, from: to, to: from }));
    const body = { resolution: "corrected", correction: { lines } };
    expect(await succeeds(resolve(body, "again"))).toMatchObject({ correction: `break-${id}-2` });
    expect((await corrections()).at(-1)).toMatchObject({
      data: { tenantPays: "5", correction: `break-${id}-2` },
    });
  });

  test("reopens the break even if the exchange dies once the job has refused", async () => {
    const thenCrashes = async () => next(breakStream(), crash);
    next(jobStream(), async () => {
      await givesAllBack();
      next(jobStream(), thenCrashes);
    });
    expect((await corrects()).status).toBe(500);
    expect(await shown()).toMatchObject({ status: "resolved" });
    await told();
    expect(await shown()).toMatchObject({ status: "open" });
  });
});
