import { once } from "node:events";
import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type HttpFront, startHttp } from "./http.ts";
import type { Issuer } from "./issuer.ts";
import type { Route } from "./wiring.ts";

const route = (method: string, path: string, functionName: string, open = false): Route => ({
  method,
  path,
  functionName,
  public: open,
});

const routes = [
  route("GET", "/health", "getHealth", true),
  route("GET", "/", "getRoot", true),
  route("GET", "/jobs", "listJobs"),
  route("POST", "/jobs", "postJob"),
  route("GET", "/jobs/{job}", "getJob"),
  route("GET", "/jobs/newest", "getNewest"),
  route("GET", "/jobs/{job}/stretches/{stretch}", "getStretch"),
  route("GET", "/{kind}/newest/stretches/{stretch}", "getSome"),
  route("POST", "/echo", "echo", true),
  route("GET", "/echo", "echo", true),
  route("GET", "/echo/{text}", "echo", true),
];

const claims = {
  sub: "u-1",
  "custom:owner": "acme",
  "cognito:groups": ["tenant", "finance"],
  exp: 1_767_542_400,
};

/** Knows one token. */
const issuer: Issuer = {
  jwks: { keys: [{ kty: "RSA", kid: "k1", n: "AQ", e: "AQAB" }] },
  mint: async () => "good",
  verify: async (token) => (token === "good" ? claims : undefined),
};

const Event = z.looseObject({
  version: z.literal("2.0"),
  routeKey: z.string(),
  rawPath: z.string(),
  rawQueryString: z.string(),
  headers: z.record(z.string(), z.string()),
  queryStringParameters: z.record(z.string(), z.string()).optional(),
  pathParameters: z.record(z.string(), z.string()).optional(),
  requestContext: z.looseObject({
    http: z.looseObject({ method: z.string(), path: z.string(), userAgent: z.string() }),
    requestId: z.string(),
    routeKey: z.string(),
    timeEpoch: z.number(),
    authorizer: z.unknown().optional(),
  }),
  body: z.string().optional(),
  isBase64Encoded: z.boolean(),
});

let front: HttpFront;
let calls: { readonly name: string; readonly event: z.infer<typeof Event> }[];
let answer: unknown;

beforeEach(async () => {
  calls = [];
  answer = { statusCode: 200, headers: { "content-type": "application/json" }, body: '{"ok":true}' };
  front = await startHttp({
    routes,
    issuer,
    port: 0,
    async invoke(name, event) {
      calls.push({ name, event: Event.parse(event) });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
});

afterEach(() => front.close(0));

const bearer = { authorization: "Bearer good" };

/** Asks the front; one that does not answer at all fails the test soon. */
async function ask(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(`${front.url}${path}`, { signal: AbortSignal.timeout(10_000), ...init });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/** The event of the last call. */
function last() {
  const call = calls.at(-1);
  if (call === undefined) throw new Error("no function was called");
  return call.event;
}

/** Sends these bytes on a connection of its own: the status line that comes back. */
async function raw(head: string): Promise<string> {
  const socket = connect(Number(new URL(front.url).port), "127.0.0.1");
  socket.end(`${head}\r\nHost: local\r\nConnection: close\r\n\r\n`);
  const reply = await textOf(socket);
  return reply.slice(0, reply.indexOf("\r\n"));
}

describe("a request", () => {
  test.each([
    ["GET", "/health", "getHealth"],
    ["GET", "/", "getRoot"],
    ["GET", "/jobs", "listJobs"],
    ["GET", "/jobs?limit=3", "listJobs"],
    ["POST", "/jobs", "postJob"],
    ["GET", "/jobs/train", "getJob"],
    ["GET", "/jobs/newest", "getNewest"],
    ["GET", "/jobs/train/stretches/2", "getStretch"],
    ["GET", "/offers/newest/stretches/2", "getSome"],
  ])("%s %s goes to the function %s", async (method, path, name) => {
    expect((await ask(path, { method, headers: bearer })).status).toBe(200);
    expect(calls.map((call) => call.name)).toEqual([name]);
  });

  test.each([
    ["of another method", "DELETE", "/jobs"],
    ["of no route", "GET", "/nothing"],
    ["of a route and more", "GET", "/jobs/train/more"],
    ["of a route with a slash behind it", "GET", "/jobs/"],
    ["of a route in other letters", "GET", "/Jobs"],
    ["with an empty parameter", "GET", "/jobs//stretches/2"],
  ])("%s is not found: %s %s", async (_, method, path) => {
    const { status, body, headers } = await ask(path, { method, headers: bearer });
    expect([status, JSON.parse(body)]).toEqual([404, { message: "Not Found" }]);
    expect(headers.get("content-type")).toBe("application/json");
    expect(calls).toEqual([]);
  });

  test.each(["//", "//health", "//local/health", "//local:99999/health"])(
    "whose path begins with two slashes is not found: %s",
    async (path) => {
      expect(await raw(`GET ${path} HTTP/1.1`)).toBe("HTTP/1.1 404 Not Found");
      expect(calls).toEqual([]);
    },
  );

  test("may name the whole address, as one through a proxy does", async () => {
    expect(await raw("GET http://local/health?a=1 HTTP/1.1")).toBe("HTTP/1.1 200 OK");
    expect(last()).toMatchObject({ rawPath: "/health", rawQueryString: "a=1" });
  });

  test("becomes an event of payload format 2.0", async () => {
    const url = `${front.url}/jobs/train/stretches/2?a=1&b=x%20y`;
    const headers = { ...bearer, "x-Thing": "T", "user-agent": "test" };
    await fetch(url, { headers });
    expect(last()).toEqual({
      version: "2.0",
      routeKey: "GET /jobs/{job}/stretches/{stretch}",
      rawPath: "/jobs/train/stretches/2",
      rawQueryString: "a=1&b=x%20y",
      headers: expect.objectContaining({ authorization: "Bearer good", "x-thing": "T" }),
      queryStringParameters: { a: "1", b: "x y" },
      pathParameters: { job: "train", stretch: "2" },
      requestContext: expect.objectContaining({
        http: expect.objectContaining({
          method: "GET",
          path: "/jobs/train/stretches/2",
          sourceIp: "127.0.0.1",
          userAgent: "test",
        }),
        routeKey: "GET /jobs/{job}/stretches/{stretch}",
        stage: "$default",
      }),
      isBase64Encoded: false,
    });
  });

  test("without parameters, query or body has none in its event", async () => {
    await ask("/health");
    expect(last()).not.toHaveProperty("pathParameters");
    expect(last()).not.toHaveProperty("queryStringParameters");
    expect(last()).not.toHaveProperty("body");
    expect(last().rawQueryString).toBe("");
  });

  test("has an id of its own", async () => {
    await ask("/health");
    await ask("/health");
    expect(new Set(calls.map(({ event }) => event.requestContext.requestId)).size).toBe(2);
  });

  test("hands a parameter of its path on, decoded, whatever it is", async () => {
    const texts = fc
      .string({ unit: "binary", minLength: 1 })
      .filter((text) => text.isWellFormed() && text !== "." && text !== "..");
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        await ask(`/echo/${encodeURIComponent(text)}`);
        expect(last().pathParameters).toEqual({ text });
      }),
    );
  });

  test("hands a parameter that is badly encoded on as it is", async () => {
    await ask("/echo/50%25%zz");
    expect(last().pathParameters).toEqual({ text: "50%25%zz" });
  });

  test("hands its query on, values of one name joined by a comma", async () => {
    const names = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 5 }),
      fc.constantFrom("a", "b", "toString", "constructor", "valueOf"),
    );
    const pairs = fc.array(fc.tuple(names, fc.string({ unit: "binary", maxLength: 5 })), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(pairs, async (given) => {
        // The search parameters replace what is no well-formed text.
        const search = new URLSearchParams(given);
        await ask(`/echo?${search}`);
        const wanted = [...new Set(search.keys())].map((name) => [name, search.getAll(name).join(",")]);
        expect(Object.entries(last().queryStringParameters ?? {}).toSorted()).toEqual(wanted.toSorted());
      }),
    );
  });
});

describe("a body", () => {
  test("is handed on byte by byte: text as it is, all else in base64", async () => {
    const bodies = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
      fc.constant(Buffer.from("\uFEFF{}")),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (sent) => {
        await ask("/echo", { method: "POST", body: new Uint8Array(sent) });
        const { body = "", isBase64Encoded } = last();
        expect(Buffer.from(body, isBase64Encoded ? "base64" : "utf8").equals(sent)).toBe(true);
      }),
    );
  });

  test.each<[string, Uint8Array<ArrayBuffer>, boolean]>([
    ["text", new TextEncoder().encode('{"名":"算网"}'), false],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00]), true],
  ])("of %s says whether it is in base64", async (_, body, isBase64Encoded) => {
    await ask("/echo", { method: "POST", body });
    expect(last().isBase64Encoded).toBe(isBase64Encoded);
  });

  test("may be 256 KiB and not a byte more", async () => {
    const most = "x".repeat(256 * 1024);
    expect((await ask("/echo", { method: "POST", body: most })).status).toBe(200);
    expect(last().body).toBe(most);
    const { status, body, headers } = await ask("/echo", { method: "POST", body: `${most}x` });
    expect([status, headers.get("content-type")]).toEqual([413, "application/problem+json"]);
    expect(JSON.parse(body)).toMatchObject({ status: 413, code: "body-too-large" });
    expect(calls).toHaveLength(1);
  });

  test("that the client breaks off reaches no function, and the next request is answered", async () => {
    const socket = connect(Number(new URL(front.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST /echo HTTP/1.1\r\nHost: local\r\nContent-Length: 100\r\n\r\nhalf");
    // An answer on the same server says that the half was read.
    await ask("/health");
    socket.destroy();
    await once(socket, "close");
    expect((await ask("/health")).status).toBe(200);
    expect(calls.map(({ name }) => name)).toEqual(["getHealth", "getHealth"]);
  });
});

describe("a token", () => {
  test.each<[string, Record<string, string>]>([
    ["none", {}],
    ["one that is not this exchange's", { authorization: "Bearer bad" }],
    ["an empty one", { authorization: "Bearer " }],
    ["another scheme", { authorization: "Basic good" }],
    ["no scheme", { authorization: "good" }],
    ["more behind it", { authorization: "Bearer good more" }],
  ])("is asked for where there is %s", async (_, headers) => {
    for (const init of [{}, { method: "POST", body: "x".repeat(300_000) }]) {
      const { status, body, headers: answered } = await ask("/jobs", { ...init, headers });
      expect([status, JSON.parse(body)]).toEqual([401, { message: "Unauthorized" }]);
      expect(answered.get("www-authenticate")).toBe("Bearer");
    }
    expect(calls).toEqual([]);
  });

  test("hands its claims on as the gateway does: all as text, a list in brackets", async () => {
    await ask("/jobs", { headers: { authorization: "bearer good" } });
    expect(last().requestContext.authorizer).toEqual({
      jwt: {
        claims: {
          sub: "u-1",
          "custom:owner": "acme",
          "cognito:groups": "[tenant finance]",
          exp: "1767542400",
        },
        scopes: null,
      },
    });
  });

  test.each<[string, Record<string, string>]>([
    ["without one", {}],
    ["with a bad one", { authorization: "Bearer bad" }],
    ["with a good one", bearer],
  ])("means nothing to a public route: %s", async (_, headers) => {
    expect((await ask("/health", { headers })).status).toBe(200);
    expect(last().requestContext).not.toHaveProperty("authorizer");
  });

  test("is not asked for where nothing is found", async () => {
    expect((await ask("/nothing")).status).toBe(404);
  });

  test("is verified by keys that anybody may read", async () => {
    const { status, body } = await ask("/.well-known/jwks.json");
    expect([status, JSON.parse(body)]).toEqual([200, issuer.jwks]);
  });
});

describe("an answer", () => {
  test.each([
    ["of quotes that Lambda hands on", '"'.repeat(3_145_000), 200],
    ["of quotes that come to more than Lambda hands on", '"'.repeat(3_146_000), 500],
    ["of letters that Lambda hands on", "计".repeat(2_097_000), 200],
    ["of letters that come to more than Lambda hands on", "计".repeat(2_098_000), 500],
  ])("%s has the status that the gateway gives it", async (_, body, status) => {
    answer = { statusCode: 200, headers: { "content-type": "text/plain" }, body };
    const given = await ask("/echo");
    expect(given.status).toBe(status);
    expect(given.body).toBe(status === 200 ? body : '{"message":"Internal Server Error"}');
  });

  test("is what the function gives: status, headers and body", async () => {
    answer = {
      statusCode: 409,
      headers: { "content-type": "application/problem+json", etag: '"7"', "retry-after": 3 },
      body: '{"code":"sold"}',
    };
    const { status, body, headers } = await ask("/health");
    expect([status, body]).toEqual([409, '{"code":"sold"}']);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(headers.get("etag")).toBe('"7"');
    expect(headers.get("retry-after")).toBe("3");
  });

  test("without headers is JSON", async () => {
    answer = { statusCode: 200, body: "{}" };
    expect((await ask("/health")).headers.get("content-type")).toBe("application/json");
  });

  test("has every letter of the body", async () => {
    answer = { statusCode: 200, body: "算网 ✓" };
    expect((await ask("/health")).body).toBe("算网 ✓");
  });

  test.each<[string, unknown]>([
    ["throws", new Error("secret detail")],
    ["gives nothing", undefined],
    ["gives null", null],
    ["gives a text", "done"],
    ["gives no status", { body: "{}" }],
    ["gives no body", { statusCode: 200 }],
    ["gives a status that is none", { statusCode: "fine", body: "{}" }],
    ["gives a status out of range", { statusCode: 1000, body: "{}" }],
    ["gives a header of two lines", { statusCode: 200, headers: { location: "/a\r\nx: y" }, body: "{}" }],
    [
      "gives a header in letters that none can have",
      { statusCode: 200, headers: { location: "/算" }, body: "{}" },
    ],
    ["gives a header without a name", { statusCode: 200, headers: { "": "x" }, body: "{}" }],
  ])("is the gateway's own where the function %s, and the next is the function's again", async (_, given) => {
    answer = given;
    const { status, body, headers } = await ask("/health");
    expect([status, JSON.parse(body)]).toEqual([500, { message: "Internal Server Error" }]);
    expect(headers.get("content-type")).toBe("application/json");
    answer = { statusCode: 200, body: "{}" };
    expect((await ask("/health")).status).toBe(200);
  });
});

describe("the front", () => {
  test("takes any free port for 0, on this machine only", async () => {
    const other = await startHttp({ routes, issuer, port: 0, invoke: async () => answer });
    expect(other.url).not.toBe(front.url);
    expect(new URL(other.url).hostname).toBe("127.0.0.1");
    await other.close(0);
  });

  test("does not start on a port that is taken", async () => {
    const port = Number(new URL(front.url).port);
    await expect(startHttp({ routes, issuer, port, invoke: async () => answer })).rejects.toThrow(
      `--port ${port} is in use: give another, or 0 for any that is free`,
    );
  });

  test("closes though connections are open and requests under way, and leaves its port", async () => {
    const port = Number(new URL(front.url).port);
    await front.close(0);
    const { promise: called, resolve: call } = Promise.withResolvers<void>();
    front = await startHttp({
      routes,
      issuer,
      port,
      invoke: () => {
        call();
        return new Promise(() => {});
      },
    });
    const pending = fetch(`${front.url}/health`);
    const cut = expect(pending).rejects.toThrow();
    await called;
    await front.close(0);
    await cut;
    front = await startHttp({ routes, issuer, port, invoke: async () => answer });
    expect((await ask("/health")).status).toBe(200);
  });

  test("answers what is under way when it closes, and takes nothing more", async () => {
    await front.close(0);
    const { promise: called, resolve: call } = Promise.withResolvers<void>();
    const { promise: done, resolve: finish } = Promise.withResolvers<unknown>();
    front = await startHttp({
      routes,
      issuer,
      port: 0,
      invoke: () => {
        call();
        return done;
      },
    });
    const pending = fetch(`${front.url}/health`);
    await called;
    const closed = front.close(60_000);
    await expect(fetch(`${front.url}/health`)).rejects.toThrow();
    finish({ statusCode: 202, body: "{}" });
    expect((await pending).status).toBe(202);
    await closed;
  });

  test("answers many requests at once, each its own", async () => {
    await front.close(0);
    front = await startHttp({
      routes,
      issuer,
      port: 0,
      invoke: async (_, event) => ({
        statusCode: 200,
        body: JSON.stringify(Event.parse(event).pathParameters),
      }),
    });
    const texts = Array.from({ length: 50 }, (_, i) => `t${i}`);
    const bodies = await Promise.all(texts.map(async (text) => (await ask(`/echo/${text}`)).body));
    expect(bodies.map((body) => JSON.parse(body))).toEqual(texts.map((text) => ({ text })));
  });
});
