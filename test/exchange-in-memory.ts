import { readFileSync } from "node:fs";
import type { Context, SQSEvent } from "aws-lambda";
import { expect } from "vitest";
import { z } from "zod";
import type { Database, Item } from "../events/store/dynamo.ts";
import { createEventLog } from "../events/store/log.ts";
import { createMemoryDatabase } from "../events/store/memory-database.ts";
import type { BusEntry } from "../events/store/publisher.ts";
import type { TableName } from "../events/store/tables.ts";
import type { ParsedCommit } from "../events/upcasts.ts";
import type { Operation, Role } from "../functions/contract/operation.ts";
import { operations } from "../functions/contract/operations.ts";
import { Problem, problemContentType } from "../functions/contract/problem.ts";
import { answerLimit } from "../functions/kit/answer-size.ts";
import { type Create, createHost, type Env, type Host } from "../functions/kit/host.ts";
import type { NothingFailed } from "../functions/kit/wake.ts";
import type { StartInput, Workflows } from "../functions/kit/workflows.ts";
import { type FunctionSpec, functions, type Grant } from "../functions/manifest.ts";
import { slotOf } from "../market/time.ts";
import { createTables, testTables } from "./dynalite.ts";

/** An organisation in some of its roles, as a token would name it. */
export interface Member {
  readonly owner: string;
  readonly roles: readonly Role[];
}

export const alpha: Member = { owner: "alpha", roles: ["center"] };
export const beta: Member = { owner: "beta", roles: ["center"] };
export const acme: Member = { owner: "acme", roles: ["tenant"] };
export const bolt: Member = { owner: "bolt", roles: ["tenant"] };
export const finance: Member = { owner: "clearing-house", roles: ["finance"] };
export const operator: Member = { owner: "market-office", roles: ["operator"] };

/** An operation whose answers are of type `Body`. */
export interface Asked<Body> extends Omit<Operation, "success"> {
  readonly success: Omit<Operation["success"], "body"> & { readonly body: z.ZodType<Body> };
}

export interface ApiRequest {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  /** Sent as JSON; a string goes as it is. */
  readonly body?: unknown;
  /** Idempotency-Key; absent for a POST: one of its own. null: none is sent. */
  readonly key?: string | null;
  readonly ifMatch?: string;
  readonly base64?: boolean;
}

export interface Reply<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
  /** @throws Error if it was refused. */
  readonly body: Body;
  /** @throws Error if it was not refused. */
  readonly problem: Problem;
}

/** Key of an item that a table's stream tells of. */
export interface Added {
  readonly pk: string;
  readonly sk: number;
}

export interface InMemoryExchange {
  /** Market time, ms. */
  readonly clock: { now(): number; set(ms: number): void };
  readonly database: Database;
  /** What went to the bus, oldest first. */
  readonly published: BusEntry[];
  readonly started: StartInput[];
  readonly succeeded: { readonly token: string; readonly output: unknown }[];
  /** Commits that the relay was not woken for yet, and pages that their consumers were not. */
  readonly waiting: { readonly log: Added[]; readonly feed: Added[] };
  /** The slot that it is now. */
  slot(): number;
  /** Calls an operation; whatever it answers must be as the contract's document says. */
  call<Body>(operation: Asked<Body>, member: Member | undefined, request?: ApiRequest): Promise<Reply<Body>>;
  /** Calls any other function. */
  invoke(name: string, event: unknown): Promise<unknown>;
  /** Wakes a consumer of a table's stream. */
  wake(name: string, keys: readonly Added[]): Promise<NothingFailed>;
  /** Hands events of a stream's versions to a subscriber, through its queue; gives the messages that failed. */
  deliver(name: string, ...places: readonly { stream: string; version: number }[]): Promise<unknown>;
  /** Wakes relay, views, publisher and settlement until nothing is new. */
  pump(): Promise<void>;
  /** Every function in a new process: what the old ones kept in mind is gone. */
  restart(): void;
  /** Runs the auction workflow: closes, clears and seals whatever gate is due. */
  runAuctions(): Promise<void>;
  commits(stream: string): Promise<ParsedCommit[]>;
  /** Commits of the whole log. */
  countCommits(): Promise<number>;
}

/** Monday, half a minute after ten in Shanghai: a spot gate, and no forward one. */
export const openingTime = Date.parse("2026-03-02T02:00:30Z");

/**
 * The exchange without its machines: each function of the manifest in a process of its own, as on AWS, over tables in
 * memory, with the variables and rights that its grants give it. Nothing happens by itself.
 * @param around what the functions see of the database
 */
export async function startExchange(
  around: (database: Database) => Database = (database) => database,
): Promise<InMemoryExchange> {
  const waiting: InMemoryExchange["waiting"] = { log: [], feed: [] };
  const database = noting(createMemoryDatabase(), waiting);
  await createTables(database);
  let now = openingTime;
  const clock = {
    now: () => now,
    set: (ms: number) => {
      now = ms;
    },
  };
  const published: BusEntry[] = [];
  const started: StartInput[] = [];
  const succeeded: InMemoryExchange["succeeded"] = [];
  const workflows = recorded(started, succeeded);
  let ids = 0;
  const hostOf = (spec: FunctionSpec): Host =>
    createHost({
      clock,
      database: granted(around(database), spec),
      workflows,
      newId: () => `id-${++ids}`,
      random: () => 0,
      async putEvents(entries) {
        published.push(...entries);
        return { FailedEntryCount: 0 };
      },
    });
  const handlers = new Map<string, Promise<(event: unknown, context: Context) => Promise<unknown>>>();
  const handlerOf = (spec: FunctionSpec) => {
    const known = handlers.get(spec.name) ?? load(spec).then((create) => create(envOf(spec), hostOf(spec)));
    handlers.set(spec.name, known);
    return known;
  };
  const invoke = async (name: string, event: unknown) => {
    const spec = functions.find((one) => one.name === name);
    if (spec === undefined) throw new Error(`the manifest has no function ${name}`);
    return (await handlerOf(spec))(event, contextOf(name));
  };
  const log = createEventLog(database, testTables.log);
  let keys = 0;
  const exchange: InMemoryExchange = {
    clock,
    database,
    published,
    started,
    succeeded,
    waiting,
    slot: () => slotOf(now),
    async call(operation, member, request = {}) {
      const key = request.key === undefined && operation.method === "POST" ? `key-${++keys}` : request.key;
      const event = apiEvent(operation, member, { ...request, key: key ?? null });
      return checked(operation, await invoke(routeOf(operation.id).name, event));
    },
    invoke,
    async wake(name, added) {
      return NothingFailedShape.parse(await invoke(name, { Records: added.map(streamRecord) }));
    },
    async deliver(name, ...places) {
      return invoke(name, sqsEvent(places.map((place) => ({ detail: place }))));
    },
    async pump() {
      while (waiting.log.length > 0 || waiting.feed.length > 0) {
        const commits = waiting.log.splice(0);
        if (commits.length > 0) expect(await exchange.wake("relay-commits", commits)).toEqual(nothingFailed);
        const pages = waiting.feed.splice(0);
        for (const name of pages.length > 0 ? ["project-views", "publish-events", "settle-accounts"] : [])
          expect(await exchange.wake(name, pages)).toEqual(nothingFailed);
      }
    },
    restart: () => handlers.clear(),
    async runAuctions() {
      for (;;) {
        const { next, auction } = Next.parse(await invoke("close-gate", {}));
        if (next === "none") return;
        if (next === "close") continue;
        let at = Page.parse(await invoke("solve-auction", { auction }));
        while (at.page < at.pages) at = Page.parse(await invoke("publish-awards", at));
        await invoke("seal-auction", { auction });
      }
    },
    commits: (stream) => log.load(stream),
    async countCommits() {
      let count = 0;
      for await (const items of database.scan(testTables.log, ["pk"])) count += items.length;
      return count;
    },
  };
  return exchange;
}

const nothingFailed = { batchItemFailures: [] };
const NothingFailedShape = z.object({ batchItemFailures: z.array(z.never()) });
const Next = z.object({ next: z.enum(["solve", "close", "none"]), auction: z.int() });
const Page = z.object({ auction: z.int(), page: z.int(), pages: z.int() });

/** The function that serves an operation. */
export function routeOf(operationId: string): FunctionSpec {
  const [route, ...more] = functions.filter(
    ({ trigger }) => trigger.kind === "http" && trigger.operation.id === operationId,
  );
  if (route === undefined || more.length > 0) throw new Error(`${operationId} has not one route`);
  return route;
}

export async function load({ file }: FunctionSpec): Promise<Create<unknown, unknown>> {
  const module: { create?: Create<unknown, unknown> } = await import(
    new URL(`../${file}`, import.meta.url).href
  );
  if (module.create === undefined) throw new Error(`${file} exports no create`);
  return module.create;
}

/** A table and what may be done to it beside reading. */
type Writes = readonly ("put" | "update" | "remove" | "scan")[];

const tablesOf: Partial<Record<Grant, readonly [TableName, ...Writes]>> = {
  "log:read": ["log"],
  "log:scan": ["log", "scan"],
  "log:append": ["log", "put"],
  "feed:read": ["feed"],
  "feed:append": ["feed", "put"],
  "marks:write": ["marks", "put", "update"],
  "views:read": ["views"],
  "views:write": ["views", "put", "update", "remove"],
  "operations:read": ["operations"],
  "operations:write": ["operations", "put", "update", "remove"],
};

function grantsOf({ grants }: FunctionSpec) {
  return grants.flatMap((grant) => {
    const of = tablesOf[grant];
    return of === undefined ? [] : [of];
  });
}

/** The variables that the template would set. */
export function envOf(spec: FunctionSpec): Env {
  const may = (grant: Grant) => spec.grants.includes(grant);
  return {
    SUANWANG_FUNCTION: spec.name,
    LOG_LEVEL: "SILENT",
    ...Object.fromEntries(
      grantsOf(spec).map(([table]) => [`${table.toUpperCase()}_TABLE`, testTables[table]]),
    ),
    ...(may("bus:publish") ? { EVENT_BUS: "market" } : {}),
    ...(may("auctions:start") ? { AUCTION_MACHINE_ARN: "arn:auction" } : {}),
    ...(may("jobs:start") ? { JOB_MACHINE_ARN: "arn:job" } : {}),
    ...(may("periods:start") ? { PERIOD_MACHINE_ARN: "arn:period" } : {}),
  };
}

/** The database as AWS would let the function have it. */
function granted(database: Database, spec: FunctionSpec): Database {
  const rights = new Map<string, Set<string>>();
  for (const [table, ...writes] of grantsOf(spec)) {
    const name = testTables[table];
    rights.set(name, new Set(["read", ...writes, ...(rights.get(name) ?? [])]));
  }
  const assert = (table: string, action: string) => {
    if (rights.get(table)?.has(action) !== true)
      throw new Error(`AccessDenied: ${spec.name} may not ${action} ${table}`);
  };
  const allowing =
    <Rest extends readonly unknown[], Result>(
      action: string,
      call: (table: string, ...rest: Rest) => Promise<Result>,
    ) =>
    async (table: string, ...rest: Rest) => {
      assert(table, action);
      return call(table, ...rest);
    };
  return {
    get: allowing("read", database.get),
    getMany: allowing("read", database.getMany),
    query: allowing("read", database.query),
    put: allowing("put", database.put),
    update: allowing("update", database.update),
    remove: allowing("remove", database.remove),
    async *scan(table, attributes) {
      assert(table, "scan");
      yield* database.scan(table, attributes);
    },
    createTable: allowing("create", database.createTable),
    close: () => undefined,
  };
}

/** Notes what is added to log and feed, as their streams would tell. */
function noting(database: Database, waiting: InMemoryExchange["waiting"]): Database {
  const note = (table: string, { pk, sk }: Item) => {
    const to = table === testTables.log ? waiting.log : table === testTables.feed ? waiting.feed : undefined;
    to?.push({ pk: String(pk), sk: Number(sk) });
  };
  return {
    ...database,
    async put(table, item, anyOf) {
      const put = await database.put(table, item, anyOf);
      if (put) note(table, item);
      return put;
    },
  };
}

function recorded(started: StartInput[], succeeded: InMemoryExchange["succeeded"]): Workflows {
  return {
    async start(execution) {
      const { stateMachineArn, name } = execution;
      const taken = started.some((one) => one.stateMachineArn === stateMachineArn && one.name === name);
      if (!taken || name === undefined) started.push(execution);
      return !taken || name === undefined;
    },
    async succeed(token, output) {
      succeeded.push({ token, output });
      return true;
    },
  };
}

export function contextOf(name: string): Context {
  return {
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${name}`,
    memoryLimitInMB: "512",
    awsRequestId: "request-1",
    logGroupName: name,
    logStreamName: name,
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => 29_000,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}

function streamRecord({ pk, sk }: Added) {
  const Keys = { pk: { S: pk }, sk: { N: String(sk) } };
  return { eventName: "INSERT", dynamodb: { SequenceNumber: `seq-${pk}-${sk}`, Keys } };
}

/** A batch of a queue behind the bus; message ids count from 0. */
export function sqsEvent(bodies: readonly unknown[]): SQSEvent {
  return {
    Records: bodies.map((body, index) => ({
      messageId: String(index),
      receiptHandle: String(index),
      body: typeof body === "string" ? body : JSON.stringify(body),
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: "0",
        SenderId: "bus",
        ApproximateFirstReceiveTimestamp: "0",
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:local:000000000000:queue",
      awsRegion: "local",
    })),
  };
}

/** An HTTP API event, payload format 2.0, with claims as the JWT authorizer hands them on: every one as text. */
export function apiEvent(
  { method, path }: Pick<Operation, "method" | "path">,
  member: Member | undefined,
  { params = {}, query, body, key, ifMatch, base64 = false }: ApiRequest,
) {
  const rawPath = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const texts = (of: Readonly<Record<string, string | number>>) =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, String(value)]));
  const claims = member && {
    sub: `user-of-${member.owner}`,
    "custom:owner": member.owner,
    "cognito:groups": `[${member.roles.join(" ")}]`,
  };
  return {
    version: "2.0",
    routeKey: `${method} ${path}`,
    rawPath,
    rawQueryString: new URLSearchParams(texts(query ?? {})).toString(),
    headers: {
      host: "exchange.test",
      ...(text === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined || key === null ? {} : { "idempotency-key": key }),
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    },
    ...(query === undefined ? {} : { queryStringParameters: texts(query) }),
    ...(Object.keys(params).length === 0 ? {} : { pathParameters: texts(params) }),
    requestContext: {
      accountId: "000000000000",
      apiId: "api",
      domainName: "exchange.test",
      domainPrefix: "exchange",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" },
      requestId: "request-1",
      routeKey: `${method} ${path}`,
      stage: "$default",
      time: "02/Mar/2026:02:00:30 +0000",
      timeEpoch: openingTime,
      ...(claims === undefined ? {} : { authorizer: { jwt: { claims, scopes: null } } }),
    },
    ...(text === undefined ? {} : { body: base64 ? Buffer.from(text).toString("base64") : text }),
    isBase64Encoded: base64,
  };
}

const Result = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
  ),
});
const document = Document.parse(
  JSON.parse(readFileSync(new URL("../docs/openapi.json", import.meta.url), "utf8")),
);

/** An answer, held against the document that clients are made from. */
function checked<Body>(operation: Asked<Body>, result: unknown): Reply<Body> {
  const { statusCode: status, headers, body: text } = Result.parse(result);
  const json: unknown = JSON.parse(text);
  expect(Buffer.byteLength(JSON.stringify(result)), `${operation.id} for Lambda`).toBeLessThanOrEqual(
    answerLimit,
  );
  const responses = document.paths[operation.path]?.[operation.method.toLowerCase()]?.responses ?? {};
  expect(Object.keys(responses), `${operation.id} answered ${text}`).toContain(String(status));
  const isSuccess = status === operation.success.status;
  expect(headers["content-type"]).toBe(isSuccess ? "application/json" : problemContentType);
  expect(headers["cache-control"]).toBe("no-store");
  expect("etag" in headers).toBe(isSuccess && operation.etag === true);
  if (isSuccess)
    expect(json, "no more and no less than the contract names").toEqual(operation.success.body.parse(json));
  else expect(json).toEqual({ ...Problem.parse(json), status });
  return new CheckedReply(operation, status, headers, json);
}

/** A class, so that replies are compared by what was sent and not by its getters. */
class CheckedReply<Body> implements Reply<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
  readonly #operation: Asked<Body>;
  constructor(
    operation: Asked<Body>,
    status: number,
    headers: Readonly<Record<string, string>>,
    json: unknown,
  ) {
    this.#operation = operation;
    this.status = status;
    this.headers = headers;
    this.json = json;
  }

  get body(): Body {
    const { id, success } = this.#operation;
    if (this.status !== success.status) throw new Error(`${id} was refused: ${JSON.stringify(this.json)}`);
    return success.body.parse(this.json);
  }

  get problem(): Problem {
    const { id, success } = this.#operation;
    if (this.status === success.status)
      throw new Error(`${id} was not refused: ${JSON.stringify(this.json)}`);
    return Problem.parse(this.json);
  }
}

/** Cards of a product, with nothing for energy: prices are then what offers and limits say. */
export const product = "a100-80g";

export function newCenter(center: string, cards = 64) {
  return {
    center,
    name: `Center ${center}`,
    region: "CN-SX",
    homeRegions: [],
    pools: [{ product, cards, frameworks: ["PyTorch"] }],
    puePermille: 1250,
    energy: new Array<number>(24).fill(0),
    gridFactor: 0,
  };
}

/** From the next slot on, for a day. */
export function newOffer(
  exchange: InMemoryExchange,
  center: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  const from = exchange.slot() + 1;
  return { center, product, from, to: from + 240, cards: 16, reserve: 100, ...more };
}

/** A spot job of one hour that may start at once. */
export function newJob(
  exchange: InMemoryExchange,
  home: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  const from = exchange.slot() + 1;
  return {
    session: "spot",
    kind: "block",
    products: [{ product, limit: 500 }],
    cards: 8,
    slots: 10,
    from,
    to: from + 30,
    home,
    maxSlots: 10,
    ...more,
  };
}

/** A center that has joined, holds a lease and offers 16 cards at 100 fen. */
export async function openCenter(exchange: InMemoryExchange, owner: Member, center: string): Promise<string> {
  const params = { center };
  await succeeds(exchange.call(operations.joinNetwork, owner, { body: newCenter(center) }));
  await succeeds(exchange.call(operations.renewLease, owner, { params }));
  const offered = await succeeds(
    exchange.call(operations.postOffer, owner, { body: newOffer(exchange, center) }),
  );
  return offered.offer;
}

/** An account, named like its owner, with so many mills. */
export async function openAccount(
  exchange: InMemoryExchange,
  owner: Member,
  mills = "1000000",
): Promise<string> {
  const { account } = await succeeds(exchange.call(operations.openAccount, owner, { body: {} }));
  await succeeds(exchange.call(operations.depositFunds, finance, { params: { account }, body: { mills } }));
  return account;
}

/** The answer of a call that must succeed. */
export async function succeeds<Body>(call: Promise<Reply<Body>>): Promise<Body> {
  return (await call).body;
}

/** A job of acme's that an auction has placed at center `c-1` of alpha's, from the next slot on. */
export async function placeJob(
  exchange: InMemoryExchange,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ job: string; placement: string; from: number; to: number }> {
  await openCenter(exchange, alpha, "c-1");
  await openAccount(exchange, acme);
  const { job } = await succeeds(
    exchange.call(operations.postJob, acme, { body: newJob(exchange, "c-1", more) }),
  );
  await exchange.pump();
  await exchange.runAuctions();
  await exchange.pump();
  const { awards } = await succeeds(exchange.call(operations.getJob, acme, { params: { job } }));
  const [award] = awards;
  if (award === undefined) throw new Error("the auction awarded nothing");
  return { job, placement: award.placement, from: award.from, to: award.to };
}

/** All items of a list, page by page. */
export async function walk<Item>(
  exchange: InMemoryExchange,
  operation: Asked<{ items: Item[]; next?: string | undefined }>,
  member: Member,
  { query = {}, ...request }: ApiRequest,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined, pages = 0; pages < 1000; pages++) {
    const page = { ...query, ...(cursor === undefined ? {} : { cursor }) };
    const { items: some, next } = await succeeds(
      exchange.call(operation, member, { ...request, query: page }),
    );
    items.push(...some);
    if (next === undefined) return items;
    cursor = next;
    await between();
  }
  throw new Error("the list has no end");
}
