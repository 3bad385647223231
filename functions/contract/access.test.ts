import { describe, expect, test } from "vitest";
import { instant, periodOf, slotOf, slotStart } from "../../market/time.ts";
import {
  type ApiResult,
  type DescribedOperation,
  described,
  expectDescribed,
  placesOf,
} from "../../test/api-document.ts";
import { chargeJobs, chargeOf, closeToday, closeTwoDays } from "../../test/closed-day.ts";
import {
  type ApiRequest,
  apiEvent,
  finance,
  type InMemoryExchange,
  type Member,
  newCenter,
  newJob,
  newOffer,
  openingTime,
  operator,
  product,
} from "../../test/exchange-in-memory.ts";
import { breakIdFor, breakOf, record } from "../../test/found-breaks.ts";
import {
  acceptPlacement,
  beginRun,
  type SeededExchange,
  type Side,
  seedExchange,
} from "../../test/seeded-exchange.ts";
import { roles } from "./operation.ts";

// Every route x role x own and foreign thing, as docs/openapi.json has them: `security` says which roles, `x-names`
// whose things each place of a request may name, `x-sees-all` to whom everybody's count as own.

interface Request extends ApiRequest {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: Record<string, unknown>;
}

/** The first of the days that are closed. */
const period = periodOf(slotOf(openingTime));

/** What each operation is asked, by the side whose things it is about. It must succeed. */
const requests: Readonly<Record<string, (world: SeededExchange, side: Side) => Request>> = {
  postOffer: ({ exchange }, { center }) => ({ body: newOffer(exchange, center) }),
  listOffers: () => ({}),
  getOffer: (_, { offer }) => ({ params: { offer } }),
  drawReserve: ({ exchange }, { reserve }) => ({
    params: { offer: reserve },
    body: { from: exchange.slot() + 22, to: exchange.slot() + 24, cards: 2 },
  }),
  withdrawOffer: (_, { offer }) => ({ params: { offer } }),
  reclaimOffer: ({ exchange }, { offer }) => ({ params: { offer }, body: { from: exchange.slot() + 22 } }),
  postJob: ({ exchange }, { center, tenant, openJob }) => ({
    body: newJob(exchange, center, { account: tenant.owner, parent: openJob }),
  }),
  listJobs: () => ({}),
  getJob: (_, { placedJob }) => ({ params: { job: placedJob } }),
  cancelJob: (_, { openJob }) => ({ params: { job: openJob } }),
  explainJob: (_, { openJob }) => ({ params: { job: openJob } }),
  postQuote: ({ exchange }) => {
    const { session, products, cards, slots, from, to } = newJob(exchange, "c-left");
    return { body: { session, products, cards, slots, from, to } };
  },
  listProducts: () => ({}),
  listCenters: () => ({}),
  listPublishedOffers: () => ({}),
  listPrices: ({ exchange }, { center }) => ({
    query: { center, product, from: exchange.slot(), to: exchange.slot() + 5 },
  }),
  listAuctions: () => ({}),
  getAuction: () => ({ params: { auction: 1 } }),
  getCurves: () => ({ params: { auction: 1 } }),
  joinNetwork: (_, { center }) => ({ body: newCenter(`${center}-2`) }),
  getCenter: (_, { center }) => ({ params: { center } }),
  declareLinks: (_, { center }) => ({
    params: { center },
    body: { links: [{ to: "c-elsewhere", gbps: 100, latencyMs: 5, perGB: 10 }] },
  }),
  reportCapacity: (_, { center }) => ({
    params: { center },
    body: { pools: [{ product, working: 60, idle: 3 }] },
  }),
  postGuarantee: (_, { center }) => ({ params: { center }, body: { mills: "5" } }),
  reduceGuarantee: (_, { center }) => ({ params: { center }, body: { mills: "0" } }),
  renewLease: (_, { center }) => ({ params: { center } }),
  listAssignments: (_, { center }) => ({ params: { center } }),
  acceptPlacement: (_, { placement, center }) => ({ params: { placement }, body: { center } }),
  refusePlacement: (_, { placement, center }) => ({ params: { placement }, body: { center } }),
  startPlacement: (_, { placement, center }) => ({ params: { placement }, body: { center, run: 1 } }),
  meterPlacement: (_, { placement, center, from }) => ({
    params: { placement },
    body: {
      center,
      run: 1,
      from: instant(slotStart(from)),
      to: instant(slotStart(from) + 60_000),
      cardSeconds: 480,
    },
  }),
  finishPlacement: (_, { placement, center }) => ({
    params: { placement },
    body: { center, run: 1, outcome: "completed" },
  }),
  openAccount: (_, { center }) => ({ body: { account: `savings-of-${center}` } }),
  getAccount: (_, { tenant }) => ({ params: { account: tenant.owner } }),
  depositFunds: (_, { tenant }) => ({ params: { account: tenant.owner }, body: { mills: "5" } }),
  setTaxRate: (_, { tenant }) => ({ params: { account: tenant.owner }, body: { taxRate: 600 } }),
  listHolds: (_, { tenant }) => ({ params: { account: tenant.owner } }),
  listEntries: (_, { tenant }) => ({ params: { account: tenant.owner } }),
  readFeed: () => ({}),
  listPeriods: () => ({}),
  getPeriod: ({ exchange }) => ({ params: { period: periodOf(exchange.slot()) } }),
  getFeedHead: () => ({}),
  proveCharge: (_, side) => ({ params: { charge: chargeOf(side) } }),
  getDefaultFund: () => ({}),
  contributeToDefaultFund: () => ({ body: { mills: "5" } }),
  closePeriod: () => ({ params: { period } }),
  getLedger: () => ({ query: { period } }),
  listLedgerEntries: (_, { center }) => ({ params: { account: `center:${center}:payable` } }),
  listInvoices: (_, { tenant }) => ({ query: { account: tenant.owner, period } }),
  getInvoice: (_, { tenant }) => ({ params: { account: tenant.owner, period } }),
  listPayouts: (_, { center }) => ({ query: { center, period } }),
  getPayout: (_, { center }) => ({ params: { center, period } }),
  payPayout: (_, { center }) => ({ params: { center, period }, body: { reference: "20260303-1" } }),
  listBreaks: () => ({}),
  getBreak: (world, side) => ({ params: { break: breakIdFor(world, side) } }),
  assignBreak: (world, side) => ({
    params: { break: breakIdFor(world, side) },
    body: { assignee: "ann" },
  }),
  resolveBreak: (world, side) => ({
    params: { break: breakIdFor(world, side) },
    body: { resolution: "explained", note: "as it should be" },
  }),
  getOpenApi: () => ({}),
  getHealth: () => ({}),
};

/** What must have happened before an operation can succeed. */
const before: Readonly<Record<string, (world: SeededExchange) => Promise<unknown>>> = {
  startPlacement: ({ exchange, left, right }) =>
    Promise.all([left, right].map((side) => acceptPlacement(exchange, side))),
  meterPlacement: ({ exchange, left, right }) =>
    Promise.all([left, right].map((side) => beginRun(exchange, side))),
  finishPlacement: ({ exchange, left, right }) =>
    Promise.all([left, right].map((side) => beginRun(exchange, side))),
  getPeriod: ({ exchange }) => exchange.invoke("begin-close", {}),
  getFeedHead: ({ exchange }) => closeToday(exchange),
  proveCharge: (world) => chargeJobs(world).then(() => closeToday(world.exchange)),
  closePeriod: async ({ exchange }) => exchange.clock.set(openingTime + 86_400_000),
  listPeriods: closeTwoDays,
  getLedger: closeTwoDays,
  listLedgerEntries: closeTwoDays,
  listInvoices: closeTwoDays,
  getInvoice: closeTwoDays,
  listPayouts: closeTwoDays,
  getPayout: closeTwoDays,
  payPayout: closeTwoDays,
  listBreaks: findBreaks,
  getBreak: findBreaks,
  assignBreak: findBreaks,
  resolveBreak: findBreaks,
};

async function findBreaks(world: SeededExchange): Promise<void> {
  await record(world.exchange, { breaks: [breakOf(world, world.left), breakOf(world, world.right)] });
  await world.exchange.pump();
}

/** A well-formed id that nobody has. */
const absentIds: Readonly<Record<string, string>> = {
  "path/placement": "nobodys.1",
  "path/charge": "nobodys.1:end:1-2",
};
const absentId = (at: string) => absentIds[at] ?? "nobodys";

const byName = described.map((operation) => [operation.id, operation] as const);
const closed = byName.filter(([, { roles: allowed }]) => allowed.length > 0);

async function worldFor({ id }: DescribedOperation): Promise<SeededExchange> {
  const world = await seedExchange();
  await before[id]?.(world);
  return world;
}

function requestOf({ id }: DescribedOperation, world: SeededExchange, side: Side): Request {
  const make = requests[id];
  if (make === undefined) throw new Error(`functions/contract/access.test.ts does not know how to ask ${id}`);
  return make(world, side);
}

function memberOf(role: string, { owner, tenant }: Side): Member {
  const members = { center: owner, tenant, finance, operator };
  const known = roles.find((one) => one === role);
  if (known === undefined) throw new Error(`there is no role ${role}`);
  return { owner: members[known].owner, roles: [known] };
}

/** The account of a side's member: a center has one as well. */
function ownAccount(role: string, request: Request, side: Side): Request {
  if (request.params?.account === undefined || role !== "center") return request;
  return { ...request, params: { ...request.params, account: side.owner.owner } };
}

/** Asks with the key "k", so that two answers differ by what was asked only. */
async function ask(
  { exchange }: { readonly exchange: InMemoryExchange },
  operation: DescribedOperation,
  member: Member | undefined,
  request: Request,
  key = "k",
): Promise<ApiResult> {
  const sent = operation.method === "POST" ? { key, ...request } : request;
  return expectDescribed(operation, await exchange.invoke(operation.id, apiEvent(operation, member, sent)));
}

/** The request with another value at a place. */
function withAt(request: Request, at: string, value: string): Request {
  const [where = "", name = "", ...rest] = at.split("/");
  if (where === "path") return { ...request, params: { ...request.params, [name]: value } };
  if (where === "query") return { ...request, query: { ...request.query, [name]: value } };
  return { ...request, body: Object(replaced(request.body, [name, ...rest], value)) };
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: string): unknown {
  if (name === undefined) return by;
  if (Array.isArray(value))
    return value.map((member, index) => (index === 0 ? replaced(member, rest, by) : member));
  const members: Record<string, unknown> = Object(value);
  return { ...members, [name]: replaced(members[name], rest, by) };
}

function valueAt(request: Request, at: string): unknown {
  const [where = "", ...names] = at.split("/");
  const start = where === "path" ? request.params : where === "query" ? request.query : request.body;
  return names.reduce<unknown>((value, name) => Object(value)[name === "*" ? 0 : name], start);
}

/** The two answers are the same, letter by letter, but for the id that the caller sent. */
function expectSame(one: ApiResult, id: string, other: ApiResult, otherId: string): void {
  const neutral = (answer: ApiResult, sent: string) => JSON.stringify(answer).replaceAll(sent, "{id}");
  expect(neutral(one, id)).toBe(neutral(other, otherId));
}

describe("the document", () => {
  const idPatterns = new Set(
    ["postOffer", "acceptPlacement"].flatMap((id) =>
      described
        .filter((operation) => operation.id === id)
        .flatMap(placesOf)
        .filter(({ at }) => at === "/center" || at === "path/placement")
        .map(({ schema }) => schema.pattern),
    ),
  );

  test("knows what an id looks like", () =>
    expect([...idPatterns].every(Boolean) && idPatterns.size).toBe(2));

  test.each(byName)("%s: has a rule for each place that names a thing, and for no other", (_, operation) => {
    const naming = placesOf(operation).filter(
      ({ at, schema }) => at.startsWith("path/") || at === "query/cursor" || idPatterns.has(schema.pattern),
    );
    expect(Object.keys(operation.names).sort()).toEqual(naming.map(({ at }) => at).sort());
    for (const role of operation.seesAll) expect(operation.roles).toContain(role);
  });

  test("names every route of this test, and this test every route of it", () => {
    expect(Object.keys(requests).sort()).toEqual(described.map(({ id }) => id).sort());
  });
});

describe.each(byName)("%s", (_, operation) => {
  test("is open to exactly its roles", async () => {
    const world = await worldFor(operation);
    const asked = requestOf(operation, world, world.left);
    const commits = await world.exchange.countCommits();
    if (operation.roles.length === 0) {
      for (const by of [undefined, ...roles.map((role) => memberOf(role, world.left))])
        expect((await ask(world, operation, by, asked)).statusCode).toBe(operation.success);
      return;
    }
    expect((await ask(world, operation, undefined, asked)).statusCode).toBe(401);
    const wrong = roles.filter((role) => !operation.roles.includes(role));
    for (const role of wrong) {
      const refused = await ask(world, operation, memberOf(role, world.left), asked);
      expect(refused.statusCode).toBe(403);
      // Whatever is named: nobody's, another's or the caller's own.
      const others = requestOf(operation, world, world.right);
      expect(await ask(world, operation, memberOf(role, world.left), others)).toEqual(refused);
    }
    expect(await world.exchange.countCommits()).toBe(commits);
    for (const role of operation.roles) {
      const fresh = await worldFor(operation);
      const own = ownAccount(role, requestOf(operation, fresh, fresh.left), fresh.left);
      expect((await ask(fresh, operation, memberOf(role, fresh.left), own)).statusCode).toBe(
        operation.success,
      );
    }
  });
});

const cells = closed.flatMap(([id, operation]) =>
  operation.roles.flatMap((role) =>
    Object.entries(operation.names).map(
      ([at, rule]) => [`${id} by ${role}, ${at}: ${rule}`, { operation, role, at, rule }] as const,
    ),
  ),
);

describe("a thing that a request names", () => {
  const things = cells.filter(([, { at }]) => at !== "query/cursor");

  test.each(things)("%s", async (_, { operation, role, at, rule }) => {
    const world = await worldFor(operation);
    const { left, right } = world;
    const member = memberOf(role, left);
    const own = ownAccount(role, requestOf(operation, world, left), left);
    const others = ownAccount(role, requestOf(operation, world, right), right);
    const foreignId = String(valueAt(others, at));
    if (rule === "published") {
      const answer = await ask(world, operation, member, withAt(own, at, foreignId));
      expect(answer.statusCode).toBe(operation.success);
      return;
    }
    if (rule === "new") {
      const taken = at === "/center" ? right.center : right.tenant.owner;
      const answer = await ask(world, operation, member, withAt(own, at, taken));
      expect(answer.statusCode).toBe(409);
      // That the name is taken is all that is told.
      for (const { owner } of [right.owner, right.tenant])
        expect(answer.body.replaceAll(taken, "")).not.toContain(owner);
      return;
    }
    const foreign = withAt(own, at, foreignId);
    if (operation.seesAll.includes(role)) {
      expect((await ask(world, operation, member, foreign)).statusCode).toBe(operation.success);
      return;
    }
    const commits = await world.exchange.countCommits();
    const absent = withAt(own, at, absentId(at));
    const answer = await ask(world, operation, member, foreign);
    expect([404, 422]).toContain(answer.statusCode);
    expectSame(answer, foreignId, await ask(world, operation, member, absent, "k2"), absentId(at));
    // Nor does it tell how the thing stands: everything else of the request is as its owner would send it.
    const asTheOwner = withAt(others, at, foreignId);
    const samePlaces = Object.entries(operation.names).filter(([place, of]) => of === "own" && place !== at);
    if (samePlaces.length === 0)
      expectSame(
        await ask(world, operation, member, asTheOwner, "k3"),
        foreignId,
        await ask(world, operation, member, withAt(others, at, absentId(at)), "k4"),
        absentId(at),
      );
    expect(await world.exchange.countCommits()).toBe(commits);
  });
});

describe("a cursor", () => {
  // Only tenants' bids hold funds: the list of a center's holds is empty.
  const isEmpty = ({ operation, role }: (typeof cells)[number][1]) =>
    operation.id === "listHolds" && role === "center";
  const cursors = cells.filter(([, cell]) => cell.at === "query/cursor" && !isEmpty(cell));

  test.each(cursors)("%s", async (_, { operation, role, rule }) => {
    const world = await worldFor(operation);
    const { left, right } = world;
    // Jobs, offers and entries of each side are two at least; of auctions, two are made here.
    world.exchange.clock.set(slotStart(world.exchange.slot() + 1));
    await world.exchange.runAuctions();
    await world.exchange.pump();
    const first = async (side: Side) => {
      const request = ownAccount(role, requestOf(operation, world, side), side);
      const answer = await ask(world, operation, memberOf(role, side), { ...request, query: { limit: 1 } });
      expect(answer.statusCode).toBe(200);
      const { next }: { next?: string } = JSON.parse(answer.body);
      if (next === undefined) throw new Error("the list has one page only");
      return { request, next };
    };
    const [own, others] = [await first(left), await first(right)];
    const follow = (cursor: string) =>
      ask(world, operation, memberOf(role, left), { ...own.request, query: { cursor } });
    expect((await follow(own.next)).statusCode).toBe(200);
    // Who sees all has one list of them, unless it is asked for somebody's.
    const isCommon = own.request.params === undefined && operation.seesAll.includes(role);
    if (rule === "published" || isCommon) {
      expect(await follow(others.next)).toEqual(await follow(own.next));
      return;
    }
    const refused = await follow(others.next);
    expect(refused.statusCode).toBe(400);
    for (const made of ["AAAA", "", "{}", Buffer.from('{"of":"x","after":"1"}').toString("base64url")])
      expect(await follow(made)).toEqual(refused);
  });
});

describe("another's Idempotency-Key", () => {
  const posts = closed.filter(([, { method }]) => method === "POST");

  test.each(posts)("%s: neither repeats nor tells what its owner did with it", async (_, operation) => {
    for (const role of operation.roles) {
      const used = await worldFor(operation);
      const unused = await worldFor(operation);
      const other =
        role === "finance" || role === "operator"
          ? { owner: "another-office", roles: memberOf(role, used.right).roles }
          : memberOf(role, used.right);
      const theirs = await ask(
        used,
        operation,
        other,
        ownAccount(role, requestOf(operation, used, used.right), used.right),
      );
      expect(theirs.statusCode).toBe(operation.success);
      const mine = (world: SeededExchange) =>
        ask(
          world,
          operation,
          memberOf(role, world.left),
          ownAccount(role, requestOf(operation, world, world.left), world.left),
        );
      const answer = await mine(used);
      expect(answer.statusCode).toBe(operation.success);
      expect(answer).toEqual(await mine(unused));
      if (Object.keys(operation.names).some((at) => operation.names[at] !== "published"))
        expect(answer.body).not.toBe(theirs.body);
    }
  });

  test.each(posts)("%s: nor does it open what is its owner's", async (_, operation) => {
    for (const role of operation.roles.filter((one) => !operation.seesAll.includes(one)))
      for (const [at] of Object.entries(operation.names).filter(([, rule]) => rule === "own")) {
        const world = await worldFor(operation);
        const theirs = ownAccount(role, requestOf(operation, world, world.right), world.right);
        await ask(world, operation, memberOf(role, world.right), theirs);
        const foreignId = String(valueAt(theirs, at));
        const member = memberOf(role, world.left);
        const foreign = await ask(world, operation, member, theirs);
        const absent = await ask(world, operation, member, withAt(theirs, at, absentId(at)));
        expect(foreign.statusCode).toBeGreaterThanOrEqual(400);
        const others = Object.entries(operation.names).filter(
          ([place, rule]) => rule === "own" && place !== at,
        );
        if (others.length === 0) expectSame(foreign, foreignId, absent, absentId(at));
      }
  });
});
