import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CenterId, ProductId } from "../functions/contract/identifiers.ts";
import { operations } from "../functions/contract/operations.ts";
import { type Problem, problemContentType } from "../functions/contract/problem.ts";
import { createClient, createSlots, Refused } from "./client.ts";

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
type Answer = (response: ServerResponse) => void;

const json =
  (status: number, content: unknown, type = "application/json"): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": type }).end(JSON.stringify(content));
const problem = (content: Problem): Answer => json(content.status, content, problemContentType);
const unavailable = problem({
  type: "about:blank",
  title: "Service Unavailable",
  status: 503,
  detail: "Try again in a moment.",
  code: "busy",
});
/** The connection ends before there is an answer. */
const cutOff: Answer = (response) => response.destroy();

let server: Server;
let baseUrl: string;
let asked: Asked[];
/** In order; the last one is given again and again. */
let answers: readonly Answer[];

beforeEach(async () => {
  asked = [];
  answers = [];
  server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ method, url, headers, body: await text(request) });
    answer?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  baseUrl = `http://127.0.0.1:${address.port}`;
});
afterEach(() => stop());

async function stop() {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

const client = () => createClient(baseUrl, "token-1", createSlots(4));

const body = {
  center: CenterId.parse("c-1"),
  product: ProductId.parse("a100-80g"),
  from: 100,
  to: 340,
  cards: 16,
  reserve: 100,
};
const offer = { ...body, offer: "o-1", owner: "alpha", status: "open", version: 1 };
const postOffer = () => client().call(operations.postOffer, { body, key: "offer-1" });

/** The error of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call did not fail");
}

describe("a request", () => {
  test("carries token, key and body, and gives the answer", async () => {
    answers = [json(201, offer)];
    expect(await postOffer()).toEqual(offer);
    expect(asked).toMatchObject([
      {
        method: "POST",
        url: "/offers",
        headers: {
          authorization: "Bearer token-1",
          "idempotency-key": "offer-1",
          "content-type": "application/json",
        },
      },
    ]);
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual(body);
  });

  test("puts names into the path and the query as they are", async () => {
    answers = [json(200, { changes: [], position: 7, more: false })];
    const params = { center: "c 1/ü?" };
    const query = { after: 5, limit: 1000 };
    await client().call(operations.listAssignments, { params, query });
    const { method, url = "", headers, body: sent } = asked[0] ?? {};
    const { pathname, searchParams } = new URL(url, baseUrl);
    expect([method, sent]).toEqual(["GET", ""]);
    expect(pathname.split("/").map(decodeURIComponent)).toEqual(["", "centers", "c 1/ü?", "assignments"]);
    expect(Object.fromEntries(searchParams)).toEqual({ after: "5", limit: "1000" });
    for (const absent of ["idempotency-key", "content-type"]) expect(headers).not.toHaveProperty(absent);
  });
});

describe("what may have been lost is asked again", () => {
  test.each([
    ["the exchange is busy", unavailable],
    ["it was asked too often", json(429, { message: "Too Many Requests" })],
    ["a gateway fails", json(502, { message: "Bad Gateway" })],
    [
      "a gateway fails without a word of JSON",
      (response: ServerResponse) => response.writeHead(504).end("<p>"),
    ],
    ["the connection is cut off", cutOff],
  ])("when %s: with the same key and body, for it may have been done", async (_, lost) => {
    answers = [lost, lost, json(201, offer)];
    expect(await postOffer()).toEqual(offer);
    expect(asked).toHaveLength(3);
    const sent = asked.map(({ method, url, headers, body: content }) => ({
      method,
      url,
      content,
      key: headers["idempotency-key"],
    }));
    expect(new Set(sent.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(sent[0]?.key).toBe("offer-1");
  });

  test("six times at most, and then it says what it was told last", async () => {
    answers = [cutOff, unavailable];
    const error = await failure(postOffer());
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ problem: { status: 503, code: "busy" } });
    expect(asked).toHaveLength(6);
  });

  test("and an exchange that cannot be reached is no refusal", async () => {
    await stop();
    const error = await failure(postOffer());
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(Refused);
  });
});

describe("what the exchange refuses", () => {
  const refused: Problem = {
    type: "about:blank",
    title: "Unprocessable Content",
    status: 422,
    detail: "The pool has 8 cards: offer at most 8.",
    code: "more-than-pool",
    errors: [{ pointer: "/cards", detail: "at most 8" }],
  };

  test("is an error that names the field and the fix, and is not asked again", async () => {
    answers = [problem(refused), json(201, offer)];
    const error = await failure(postOffer());
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({
      name: "Refused",
      message: "postOffer: 422 more-than-pool: The pool has 8 cards: offer at most 8.",
      problem: refused,
    });
    expect(asked).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 409, 412])("is final: %d", async (status) => {
    answers = [problem({ ...refused, status }), json(201, offer)];
    expect(await failure(postOffer())).toMatchObject({ problem: { status, code: "more-than-pool" } });
    expect(asked).toHaveLength(1);
  });

  test("by its gateway, which knows no problem documents, is one all the same", async () => {
    answers = [json(403, { message: "Forbidden" })];
    const error = await failure(postOffer());
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({
      problem: { status: 403, code: "http-403", detail: '{"message":"Forbidden"}' },
    });
  });

  test("is told from an answer that is not what the contract says", async () => {
    answers = [json(201, { ...offer, status: "sold" })];
    const error = await failure(postOffer());
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(Refused);
    // Another success than the operation's is none either.
    answers = [json(200, offer)];
    expect(await failure(postOffer())).toMatchObject({ problem: { status: 200, code: "http-200" } });
  });
});

describe("slots", () => {
  test("never are more requests under way than there are slots, and whoever waits longest is next", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { maxLength: 12 }),
        fc.scheduler(),
        async (limit, succeeding, scheduler) => {
          const slots = createSlots(limit);
          const begun: number[] = [];
          let [underWay, most] = [0, 0];
          const works = succeeding.map((succeeds, index) =>
            slots.take(async () => {
              begun.push(index);
              underWay += 1;
              most = Math.max(most, underWay);
              await scheduler.schedule(Promise.resolve());
              underWay -= 1;
              if (!succeeds) throw new Error(`${index} failed`);
              return index;
            }),
          );
          const ended = await scheduler.waitFor(Promise.allSettled(works));
          expect(begun).toEqual(succeeding.map((_, index) => index));
          expect(most).toBe(Math.min(limit, succeeding.length));
          expect(ended.map(({ status }) => status === "fulfilled")).toEqual(succeeding);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("are shared by clients, and free while a request waits for its next try", async () => {
    const slots = createSlots(1);
    answers = [unavailable, json(200, { changes: [], position: 0, more: false }), json(201, offer)];
    const [one, other] = [createClient(baseUrl, "a", slots), createClient(baseUrl, "b", slots)];
    await Promise.all([
      one.call(operations.postOffer, { body, key: "offer-1" }),
      other.call(operations.listAssignments, { params: { center: "c-1" } }),
    ]);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer a", "Bearer b", "Bearer a"]);
  });
});
