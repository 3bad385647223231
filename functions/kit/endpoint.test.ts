import { APIGatewayProxyEventV2Schema } from "@aws-lambda-powertools/parser/schemas";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  apiEvent,
  contextOf,
  type InMemoryExchange,
  type Member,
  newCenter,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { type Operation, roles } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";
import { handler as getJob } from "../jobs/get-job.ts";
import { handler as health } from "../service/get-health.ts";
import { problem as problemOf } from "./problems.ts";

const all: readonly Operation[] = Object.values(operations);
const closed = all.filter((operation) => operation.roles !== "public");
const named = (some: readonly Operation[]) => some.map((operation) => [operation.id, operation] as const);

/** Parameters of the right form for any path. */
const forms: Readonly<Record<string, string | number>> = {
  offer: "o1",
  job: "j1",
  center: "c1",
  account: "a1",
  placement: "j1.1",
  auction: 1,
  period: "2026-03-02",
};
const paramsOf = ({ params }: Operation) =>
  Object.fromEntries(Object.keys(params?.shape ?? {}).map((name) => [name, forms[name] ?? "x"]));
/** What a list of prices cannot do without. */
const queryOf = ({ id }: Operation) =>
  id === "listPrices" ? { query: { center: "c1", product: "p1", from: 1, to: 2 } } : {};
const member = ({ roles: allowed }: Operation): Member => ({
  owner: "someone",
  roles: allowed === "public" ? [] : allowed,
});

let exchange: InMemoryExchange;
beforeAll(async () => {
  exchange = await startExchange();
});

describe("a caller", () => {
  test.each(named(closed))("%s: a token that names no organisation is none", async (_, operation) => {
    const { status, problem } = await exchange.call(operation, undefined, {
      params: paramsOf(operation),
      ...queryOf(operation),
    });
    expect([status, problem.code]).toEqual([401, "token-without-owner"]);
  });

  test.each(named(closed))("%s: is refused without one of its roles", async (_, operation) => {
    const wrong = roles.filter((role) => !operation.roles.includes(role));
    for (const some of [[], wrong]) {
      const request = { params: paramsOf(operation), ...queryOf(operation) };
      const refused = await exchange.call(operation, { owner: "someone", roles: some }, request);
      expect([refused.status, refused.problem.code]).toEqual([403, "role-missing"]);
      for (const role of operation.roles) expect(refused.problem.detail).toContain(role);
    }
    expect(await exchange.countCommits()).toBe(0);
  });
});

test.each([
  [400, "Bad Request"],
  [409, "Conflict"],
  [413, "Content Too Large"],
  [422, "Unprocessable Content"],
])("a problem of status %i has the title that RFC 9110 gives it", (status, title) => {
  expect(problemOf(status, "some-code", "What to do.").problem.title).toBe(title);
});

describe("Idempotency-Key", () => {
  const posts = closed.filter(({ method }) => method === "POST");

  test.each(named(posts))("%s: is needed, and the answer says so", async (_, operation) => {
    const request = { params: paramsOf(operation), body: {}, key: null };
    const { status, problem } = await exchange.call(operation, member(operation), request);
    expect([status, problem.code]).toEqual([400, "idempotency-key-missing"]);
    expect(problem.errors).toEqual([{ pointer: "header/Idempotency-Key", detail: problem.detail }]);
    expect(problem.detail).toContain("Idempotency-Key");
    expect(await exchange.countCommits()).toBe(0);
  });

  test.each([[""], ["two words"], ["schlüssel"], ["x".repeat(256)]])("%s is none", async (key) => {
    const { status, problem } = await exchange.call(operations.postOffer, alpha, { body: {}, key });
    expect([status, problem.code]).toEqual([400, "idempotency-key-invalid"]);
  });
});

describe("a body", () => {
  const withBody = closed.filter(({ body }) => body !== undefined);

  test.each(named(withBody))("%s: anything but its form is refused, field by field", async (_, operation) => {
    const call = (body: unknown) =>
      exchange.call(operation, member(operation), { params: paramsOf(operation), body });
    expect((await call(undefined)).problem).toMatchObject({ status: 400, code: "body-missing" });
    expect((await call('{"half":')).problem).toMatchObject({ status: 400, code: "body-not-json" });
    expect((await call([1])).problem).toMatchObject({ status: 400, code: "invalid-request" });
    const { problem } = await call({ "no~such/field": 1 });
    expect(problem).toMatchObject({ status: 400, code: "invalid-request" });
    expect(problem.errors).toContainEqual({
      pointer: "/no~0such~1field",
      detail: "There is no such field: remove it or correct its name.",
    });
    for (const { detail } of problem.errors ?? []) expect(detail).not.toBe("");
    expect(await exchange.countCommits()).toBe(0);
  });

  test("points at the field inside a list, and says what is expected there", async () => {
    const body = { ...newCenter("c-1"), pools: [{ product: "a100-80g", cards: 2.5 }] };
    const { problem } = await exchange.call(operations.joinNetwork, alpha, { body });
    expect(problem.errors).toEqual([
      { pointer: "/pools/0/cards", detail: expect.stringContaining("expected int") },
    ]);
    expect(problem.detail).toContain("/pools/0/cards");
  });

  test("says of a field that is not there that it is missing, as of a part of the query", async () => {
    const { center: _, ...body } = newCenter("c-1");
    expect((await exchange.call(operations.joinNetwork, alpha, { body })).problem.errors).toEqual([
      { pointer: "/center", detail: "Missing: expected string" },
    ]);
    const query = { center: "c-1", to: 9 };
    const { problem } = await exchange.call(operations.listPrices, alpha, { query });
    expect(problem.errors).toEqual([
      { pointer: "query/product", detail: "Missing: expected string" },
      { pointer: "query/from", detail: "Missing, or no number: expected number" },
    ]);
  });

  test("whatever it is, it never ends in a fault of the exchange", async () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const posts = fc.constantFrom(...withBody);
    await fc.assert(
      fc.asyncProperty(posts, json, async (operation, body) => {
        const request = { params: paramsOf(operation), body: JSON.stringify(body) };
        const { status } = await exchange.call(operation, member(operation), request);
        expect([201, 200, 400, 404, 422]).toContain(status);
      }),
      { numRuns: 300 },
    );
  });

  test("of more than 256 KB is refused, in text and in base64, and one byte less is read", async () => {
    const name = (bytes: number) => JSON.stringify({ name: "x".repeat(bytes - '{"name":""}'.length) });
    for (const base64 of [false, true]) {
      const post = (bytes: number) =>
        exchange.call(operations.joinNetwork, alpha, { body: name(bytes), base64 });
      expect((await post(256 * 1024)).problem).toMatchObject({ status: 400, code: "invalid-request" });
      expect((await post(256 * 1024 + 1)).problem).toMatchObject({ status: 413, code: "body-too-large" });
    }
  });

  test.each([
    ["lists", "[".repeat(100_000) + "]".repeat(100_000)],
    ["objects", `${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}`],
    ["lists inside a field", JSON.stringify({ products: [] }).replace("[]", "[".repeat(60_000))],
  ])("of %s inside one another is refused before anything walks it", async (_, body) => {
    const { problem } = await exchange.call(operations.postJob, acme, { body });
    expect(problem).toMatchObject({ status: 400, code: "body-too-deep" });
  });

  test("may hold as many brackets as it likes inside its texts", async () => {
    const body = { ...newCenter("c-brackets"), name: `${"[{".repeat(90)}"\\"[` };
    const fresh = await startExchange();
    expect((await fresh.call(operations.joinNetwork, alpha, { body })).body.name).toBe(body.name);
  });

  test("that is no text is refused", async () => {
    const event = apiEvent(operations.joinNetwork, alpha, { body: "{}", key: "k" });
    const bytes = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const answer = await exchange.invoke("joinNetwork", {
      ...event,
      body: bytes.toString("base64"),
      isBase64Encoded: true,
    });
    expect(answer).toMatchObject({ statusCode: 400, body: expect.stringContaining("body-not-utf8") });
  });

  test("may come in base64", async () => {
    const fresh = await startExchange();
    const request = { body: newCenter("c-1"), base64: true };
    expect((await fresh.call(operations.joinNetwork, alpha, request)).status).toBe(201);
  });
});

describe("parameters", () => {
  test.each(named(closed.filter(({ params }) => params !== undefined)))(
    "%s: one of the wrong form is named",
    async (_, operation) => {
      const [name = ""] = Object.keys(operation.params?.shape ?? {});
      const request = { params: { ...paramsOf(operation), [name]: "!" }, ...queryOf(operation), body: {} };
      const { problem } = await exchange.call(operation, member(operation), request);
      expect(problem).toMatchObject({ status: 400, code: "invalid-request" });
      expect(problem.errors?.map(({ pointer }) => pointer)).toEqual([`path/${name}`]);
    },
  );

  const lists = closed.filter(({ query }) => query?.shape.limit !== undefined);
  test.each(named(lists))("%s: a limit is a whole number above 0", async (_, operation) => {
    for (const limit of [0, -1, 1.5, 1_000_000, "many"]) {
      const request = { params: paramsOf(operation), query: { limit } };
      const { problem } = await exchange.call(operation, member(operation), request);
      expect(problem).toMatchObject({ status: 400, errors: [{ pointer: "query/limit" }] });
    }
  });

  const bodies: Readonly<Record<string, object>> = {
    drawReserve: { from: 1, to: 2, cards: 1 },
    reclaimOffer: { from: 1 },
    postGuarantee: { mills: "5" },
    reduceGuarantee: { mills: "5" },
    assignBreak: { assignee: "ann" },
    resolveBreak: { resolution: "accepted" },
  };
  const versioned = closed.filter(({ problems = [] }) => problems.includes(412));
  test.each(named(versioned))("%s: If-Match takes an ETag as it was answered", async (_, operation) => {
    for (const ifMatch of ["3", 'W/"3"', '"x"', '"1", "2"']) {
      const body = bodies[operation.id] ?? { links: [] };
      const request = { params: paramsOf(operation), body, ifMatch };
      const { problem } = await exchange.call(operation, member(operation), request);
      expect(problem).toMatchObject({
        status: 400,
        code: "if-match-invalid",
        errors: [{ pointer: "header/If-Match" }],
      });
    }
  });
});

describe("a fault", () => {
  const crashing = (message: string) =>
    startExchange((database) => ({
      ...database,
      query: async () => {
        throw new Error(message);
      },
    }));

  test("is told without its inside, and may be repeated", async () => {
    const faulty = await crashing("table suanwang-log is on fire");
    const reply = await faulty.call(operations.getOffer, alpha, { params: { offer: "o1" } });
    expect(reply.problem).toMatchObject({
      status: 500,
      code: "internal-error",
      title: "Internal Server Error",
    });
    expect(JSON.stringify(reply.json)).not.toContain("fire");
    expect(reply.problem.detail).toContain("Idempotency-Key");
  });

  test("of a resource that others write to all the time is a wait", async () => {
    const busy = await startExchange((database) => ({
      ...database,
      put: async (table, ...what) => (table === testTables.log ? false : database.put(table, ...what)),
    }));
    const reply = await busy.call(operations.joinNetwork, alpha, { body: newCenter("c-1") });
    expect(reply.problem).toMatchObject({ status: 503, code: "busy" });
    expect(reply.headers["retry-after"]).toBe("1");
    expect(await busy.countCommits()).toBe(0);
  });
});

describe("on AWS", () => {
  beforeEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test("the events of these tests are of the gateway's form", () => {
    for (const operation of all) {
      const event = apiEvent(operation, acme, { params: paramsOf(operation), body: {}, key: "k" });
      expect(APIGatewayProxyEventV2Schema.safeParse(event).error).toBeUndefined();
    }
  });

  test("a function opens its world at its first call, from its variables", async () => {
    const event = apiEvent(operations.getHealth, undefined, {});
    vi.stubEnv("AWS_REGION", "");
    expect(() => getJob(event, contextOf("getJob"))).toThrow("variable AWS_REGION is not set");
    // Health reads nothing that lies at AWS.
    // Market time stands at noon of a day long ago, and hardly moves.
    vi.stubEnv("MARKET_CLOCK", `0,${Date.parse("2020-01-01T12:00:00Z")},0.000000001`);
    const { statusCode, body } = await health(event, contextOf("getHealth"));
    expect([statusCode, JSON.parse(body)]).toEqual([
      200,
      expect.objectContaining({ status: "ok", marketTime: expect.stringMatching(/^2020-01-01T12:00:0/) }),
    ]);
  });
});

test("a client that has read an answer finds its version in the ETag", async () => {
  const fresh = await startExchange();
  const joined = await fresh.call(operations.joinNetwork, alpha, { body: newCenter("c-1") });
  expect(joined.headers).toMatchObject({ etag: '"1"', location: "/centers/c-1" });
  const read = await fresh.call(operations.getCenter, alpha, { params: { center: "c-1" } });
  expect(read.headers.etag).toBe(`"${read.body.version}"`);
  expect(read.body).toEqual(joined.body);
  await succeeds(fresh.call(operations.getHealth, undefined));
});
