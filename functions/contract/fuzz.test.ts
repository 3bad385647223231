import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { slotStart } from "../../market/time.ts";
import { type DrawnRequest, filledIn, type Known, requestOf, type Temper } from "../../test/api-arbitrary.ts";
import {
  type ApiResult,
  type DescribedOperation,
  described,
  expectDescribed,
} from "../../test/api-document.ts";
import { chargeJobs, chargeOf, closeTwoDays } from "../../test/closed-day.ts";
import { testTables } from "../../test/dynalite.ts";
import {
  acme,
  alpha,
  apiEvent,
  beta,
  bolt,
  finance,
  type InMemoryExchange,
  type Member,
  operator,
} from "../../test/exchange-in-memory.ts";
import { breakIdFor, breakOf, record } from "../../test/found-breaks.ts";
import { beginRun, type SeededExchange, type Side, seedExchange } from "../../test/seeded-exchange.ts";

// Whatever is asked, and by whom: the answer is one that docs/openapi.json describes, no request makes the exchange
// fail, a refused one leaves no trace, and a repeat of an accepted one is answered alike and adds nothing.
// FUZZ_RUNS runs more than CI does, FUZZ_SEED runs a run again.

const everything: Member = { owner: "acme", roles: ["center", "tenant", "finance", "operator"] };
const nothing: Member = { owner: "nobody", roles: [] };
const members: readonly (Member | undefined)[] = [
  alpha,
  acme,
  beta,
  bolt,
  finance,
  operator,
  everything,
  nothing,
  undefined,
];

type Step = DrawnRequest | "gate";

const callersOf = ({ roles }: DescribedOperation) =>
  members.flatMap((member, index) => (member?.roles.some((role) => roles.includes(role)) ? [index] : []));

function requests(temper: Temper): fc.Arbitrary<DrawnRequest> {
  return fc.oneof(
    ...described.map((operation) => ({
      weight: operation.method === "GET" ? 1 : 2,
      arbitrary: requestOf(operation, temper, callersOf(operation), members.length),
    })),
  );
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: requests("valid") },
  { weight: 4, arbitrary: requests("nearly") },
  { weight: 3, arbitrary: requests("hostile") },
  { weight: 1, arbitrary: fc.constant("gate" as const) },
);

const Ids = z.record(z.string(), z.unknown());

type Things = Readonly<Record<string, readonly string[]>>;

/** The things of both sides, and those that answers have named since. */
interface World extends SeededExchange {
  readonly named: Record<string, string[]>;
}

const thingsOf = (side: Side): Things => ({
  center: [side.center],
  offer: [side.reserve, side.offer],
  job: [side.openJob, side.placedJob],
  account: [side.tenant.owner, side.owner.owner],
  placement: [side.placement],
  charge: [chargeOf(side)],
  break: [],
  product: ["a100-80g"],
});

/** Those of the caller's side come first. */
function idsFor({ left, right, named }: World, member: Member | undefined): Things {
  const isRight = member === beta || member === bolt;
  const [own, others] = [thingsOf(isRight ? right : left), thingsOf(isRight ? left : right)];
  return Object.fromEntries(
    Object.entries(own).map(([kind, ids]) => [
      kind,
      [...ids, ...(others[kind] ?? []), ...(named[kind] ?? [])],
    ]),
  );
}

async function begin(): Promise<World> {
  const seeded = await seedExchange();
  await beginRun(seeded.exchange, seeded.left);
  return { ...seeded, named: {} };
}

/** The runs of both sides are over and charged. */
async function beginCharged(): Promise<World> {
  const seeded = await seedExchange();
  await chargeJobs(seeded);
  return { ...seeded, named: {} };
}

function learn({ named }: World, { statusCode, body }: ApiResult): void {
  if (statusCode !== 201) return;
  for (const [kind, id] of Object.entries(Ids.parse(JSON.parse(body))))
    if (typeof id === "string") named[kind] = [...new Set([...(named[kind] ?? []), id])];
}

/** The gateway's event; what it is made of need not be well-formed text. */
function eventOf(
  operation: DescribedOperation,
  { by, params, query, headers, body }: DrawnRequest,
  known: Known,
) {
  const filled = (of: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(of).map(([name, text]) => [name, filledIn(text, known)]));
  const pathParameters = filled(params);
  const rawPath = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent((pathParameters[name] ?? "").toWellFormed()),
  );
  return {
    ...apiEvent(operation, members[by], {}),
    rawPath,
    headers: { host: "exchange.test", ...headers },
    ...(Object.keys(params).length === 0 ? {} : { pathParameters }),
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: filled(query) }),
    ...(body === undefined ? {} : { body: filledIn(body, known) }),
  };
}

async function traces({ database }: InMemoryExchange): Promise<number> {
  let items = 0;
  for (const table of [testTables.log, testTables.operations])
    for await (const some of database.scan(table, ["pk"])) items += some.length;
  return items;
}

/** Recorded although it is answered 409: a run that was superseded must stop, and what it used is kept unpaid. */
const Superseded = z.object({ code: z.literal("run-superseded") });
const isKept = ({ id }: DescribedOperation, { body }: ApiResult) =>
  id === "meterPlacement" && Superseded.safeParse(JSON.parse(body)).success;

async function carryOut(world: World, request: DrawnRequest): Promise<ApiResult> {
  const { exchange } = world;
  const operation = described.find(({ id }) => id === request.id);
  if (operation === undefined) throw new Error(`the document has no ${request.id}`);
  const { times } = request;
  const known = { ids: idsFor(world, members[request.by]), slot: exchange.slot(), now: exchange.clock.now() };
  const event = eventOf(operation, request, known);
  const before = await traces(exchange);
  const send = async () => expectDescribed(operation, await exchange.invoke(operation.id, event));
  const answers = await Promise.all(Array.from({ length: times }, send));
  const [answer] = answers;
  if (answer === undefined) throw new Error("nothing was sent");
  expect(answer.statusCode, answer.body).toBeLessThan(500);
  for (const other of operation.method === "GET" || operation.method === "POST" ? answers : [])
    expect(other, "sent at the same time").toEqual(answer);
  const after = await traces(exchange);
  if (answer.statusCode >= 400 && !isKept(operation, answer))
    expect(after, "a refused request leaves no trace").toBe(before);
  if (operation.method === "GET") expect(after, "reading changes nothing").toBe(before);
  if (operation.method === "POST") {
    expect(await send(), "sent again").toEqual(answer);
    expect(await traces(exchange), "a repeat adds nothing").toBe(after);
  }
  learn(world, answer);
  return answer;
}

async function passGate({ exchange, left, right }: World): Promise<void> {
  await exchange.pump();
  exchange.clock.set(slotStart(exchange.slot() + 1) + 30_000);
  for (const { center } of [left, right])
    await exchange.invoke(
      "renewLease",
      apiEvent({ method: "PUT", path: "/centers/{center}/lease" }, center === left.center ? alpha : beta, {
        params: { center },
      }),
    );
  await exchange.runAuctions();
  await exchange.pump();
}

/** Days of which there are statements. */
async function beginClosed(): Promise<World> {
  const seeded = await seedExchange();
  await closeTwoDays(seeded);
  return { ...seeded, named: {} };
}

/** The match of both sides' charges found something. */
async function beginBroken(): Promise<World> {
  const world = await beginCharged();
  const sides = [world.left, world.right];
  await record(world.exchange, { breaks: sides.map((side) => breakOf(world, side)) });
  return { ...world, named: { break: sides.map((side) => breakIdFor(world, side)) } };
}

const beginnings: Readonly<Record<string, () => Promise<World>>> = {
  getBreak: beginBroken,
  assignBreak: beginBroken,
  resolveBreak: beginBroken,
  proveCharge: beginCharged,
  closePeriod: beginClosed,
  getLedger: beginClosed,
  getInvoice: beginClosed,
  getPayout: beginClosed,
  payPayout: beginClosed,
};

const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) };

test("no request makes the exchange fail, answer what its document does not describe, or keep what it refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: "max" }), async (steps) => {
      const world = await begin();
      for (const one of steps) {
        if (one === "gate") await passGate(world);
        else await carryOut(world, one);
      }
      expect(Object.prototype).not.toHaveProperty("center");
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 60), ...seed },
  );
});

test("the requests that are meant to be valid are: each operation takes some of them", async () => {
  const taken = new Set<string>();
  for (const operation of described) {
    const drawn = fc.sample(requestOf(operation, "valid", callersOf(operation), members.length), {
      numRuns: 120,
      seed: 7,
    });
    const world = await (beginnings[operation.id] ?? begin)();
    await world.exchange.invoke("begin-close", {});
    await world.exchange.pump();
    for (const request of drawn) {
      if (taken.has(operation.id)) break;
      if ((await carryOut(world, request)).statusCode === operation.success) taken.add(operation.id);
    }
  }
  expect([...taken].sort()).toEqual(described.map(({ id }) => id).sort());
});
