import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { instant, slotStart } from "../../market/time.ts";
import { type ApiResult, described, expectDescribed } from "../../test/api-document.ts";
import { chargeJobs, chargeOf } from "../../test/closed-day.ts";
import {
  type ApiRequest,
  acme,
  alpha,
  apiEvent,
  beta,
  finance,
  type InMemoryExchange,
  type Member,
  newCenter,
  newJob,
  newOffer,
  product,
} from "../../test/exchange-in-memory.ts";
import { acceptPlacement, beginRun, type SeededExchange, seedExchange } from "../../test/seeded-exchange.ts";
import { type ServedExchange, serveExchange } from "../../test/served-exchange.ts";
import type { OperationId } from "./operations.ts";
import { Problem } from "./problem.ts";

// Everything that a client can get wrong, with its own error: what is wrong, where, and that nothing came of it.

interface Case {
  readonly says: string;
  readonly operation: OperationId;
  readonly by: Member;
  /** What happens first. */
  readonly given?: (world: SeededExchange) => Promise<unknown>;
  readonly when: (world: SeededExchange) => ApiRequest;
  /** Status, code and the field at fault. */
  readonly answers: readonly [status: number, code: string, pointer?: string];
}

const job = ({ exchange, left }: SeededExchange, more: object) => newJob(exchange, left.center, { ...more });
const wrongJob = (says: string, more: (slot: number) => object, answers: Case["answers"]): Case => ({
  says: `a job ${says}`,
  operation: "postJob",
  by: acme,
  when: (world) => ({ body: job(world, more(world.exchange.slot())) }),
  answers,
});
const wrongOffer = (
  says: string,
  more: (slot: number) => Record<string, unknown>,
  answers: Case["answers"],
): Case => ({
  says: `an offer ${says}`,
  operation: "postOffer",
  by: alpha,
  when: ({ exchange, left }) => ({ body: newOffer(exchange, left.center, more(exchange.slot())) }),
  answers,
});
const wrongQuote = (says: string, more: (slot: number) => object, answers: Case["answers"]): Case => ({
  says: `a quote ${says}`,
  operation: "postQuote",
  by: acme,
  when: ({ exchange }) => {
    const { session, products, cards, slots, from, to } = newJob(exchange, "c-left");
    return { body: { session, products, cards, slots, from, to, ...more(exchange.slot()) } };
  },
  answers,
});

const started = ({ exchange, left }: SeededExchange) => beginRun(exchange, left);
const accepted = ({ exchange, left }: SeededExchange) => acceptPlacement(exchange, left);
const say = (operation: OperationId, body: object) => async (world: SeededExchange) => {
  const request = {
    params: { placement: world.left.placement },
    body: { center: world.left.center, ...body },
  };
  const { statusCode, body: text } = await ask(world.exchange, operation, alpha, request);
  if (statusCode >= 300) throw new Error(text);
};
const after =
  (...steps: readonly ((world: SeededExchange) => Promise<unknown>)[]) =>
  async (world: SeededExchange) => {
    for (const step of steps) await step(world);
  };
const later =
  (seconds: number) =>
  async ({ exchange }: SeededExchange) =>
    exchange.clock.set(exchange.clock.now() + seconds * 1000);

/** A center's call, seconds after the placement's first slot began. */
const usage =
  (from: number, to: number, cardSeconds: number, run = 1) =>
  (world: SeededExchange): ApiRequest => {
    const at = (seconds: number) => instant(slotStart(world.left.from) + seconds * 1000);
    const body = { center: world.left.center, run, from: at(from), to: at(to), cardSeconds };
    return { params: { placement: world.left.placement }, body };
  };
const ofPlacement =
  (body: object) =>
  ({ left }: SeededExchange): ApiRequest => ({
    params: { placement: left.placement },
    body: { center: left.center, ...body },
  });

const timed = [{ product, limit: 500, slots: 4 }];
let groupedParent = "";

const cases: readonly Case[] = [
  // Text that is no request.
  {
    says: "half a JSON",
    operation: "postJob",
    by: acme,
    when: () => ({ body: '{"cards":' }),
    answers: [400, "body-not-json", ""],
  },
  {
    says: "NaN",
    operation: "postJob",
    by: acme,
    when: () => ({ body: '{"cards":NaN}' }),
    answers: [400, "body-not-json", ""],
  },
  { says: "no body", operation: "postJob", by: acme, when: () => ({}), answers: [400, "body-missing", ""] },
  {
    says: "a list for an object",
    operation: "postJob",
    by: acme,
    when: () => ({ body: [] }),
    answers: [400, "invalid-request", ""],
  },
  {
    says: "a bottomless body",
    operation: "postJob",
    by: acme,
    when: () => ({ body: "[".repeat(9_999) }),
    answers: [400, "body-too-deep", ""],
  },
  {
    says: "more than 256 KB",
    operation: "postJob",
    by: acme,
    when: (world) => ({ body: job(world, { name: "x".repeat(262_144) }) }),
    answers: [413, "body-too-large", ""],
  },
  {
    says: "no Idempotency-Key",
    operation: "postJob",
    by: acme,
    when: (world) => ({ body: job(world, {}), key: null }),
    answers: [400, "idempotency-key-missing", "header/Idempotency-Key"],
  },
  {
    says: "an If-Match that is no ETag",
    operation: "cancelJob",
    by: acme,
    when: ({ left }) => ({ params: { job: left.openJob }, ifMatch: "three" }),
    answers: [400, "if-match-invalid", "header/If-Match"],
  },
  // Values of a wrong type or size.
  wrongJob("of negative cards", () => ({ cards: -1 }), [400, "invalid-request", "/cards"]),
  wrongJob("of no cards", () => ({ cards: 0 }), [400, "invalid-request", "/cards"]),
  wrongJob("of fractional cards", () => ({ cards: 1.5 }), [400, "invalid-request", "/cards"]),
  wrongJob("of cards in a text", () => ({ cards: "8" }), [400, "invalid-request", "/cards"]),
  wrongJob("of more cards than there can be", () => ({ cards: 1e12 }), [400, "invalid-request", "/cards"]),
  {
    says: "a job of endless cards",
    operation: "postJob",
    by: acme,
    when: (world) => ({ body: JSON.stringify(job(world, { cards: 77 })).replace("77", "1e999") }),
    answers: [400, "invalid-request", "/cards"],
  },
  wrongJob("of a negative limit", () => ({ products: [{ product, limit: -1 }] }), [
    400,
    "invalid-request",
    "/products/0/limit",
  ]),
  wrongJob("of a limit above the cap", () => ({ products: [{ product, limit: 10_001 }] }), [
    400,
    "invalid-request",
    "/products/0/limit",
  ]),
  wrongJob("with a field that is none", () => ({ card: 8 }), [400, "invalid-request", "/card"]),
  wrongJob("with a field that is none of a product", () => ({ products: [{ product, limit: 5, slot: 4 }] }), [
    400,
    "invalid-request",
    "/products/0/slot",
  ]),
  wrongOffer("of fractional cards", () => ({ cards: 0.5 }), [400, "invalid-request", "/cards"]),
  {
    says: "a deposit of a number",
    operation: "depositFunds",
    by: finance,
    when: () => ({ params: { account: "acme" }, body: { mills: 5 } }),
    answers: [400, "invalid-request", "/mills"],
  },
  {
    says: "a deposit of fractions",
    operation: "depositFunds",
    by: finance,
    when: () => ({ params: { account: "acme" }, body: { mills: "1.5" } }),
    answers: [400, "invalid-request", "/mills"],
  },
  {
    says: "a deposit of nothing",
    operation: "depositFunds",
    by: finance,
    when: () => ({ params: { account: "acme" }, body: { mills: "0" } }),
    answers: [422, "deposit-not-positive", "/mills"],
  },
  {
    says: "a negative deposit",
    operation: "depositFunds",
    by: finance,
    when: () => ({ params: { account: "acme" }, body: { mills: "-1" } }),
    answers: [422, "deposit-not-positive", "/mills"],
  },
  {
    says: "a deposit of more than there is money",
    operation: "depositFunds",
    by: finance,
    when: () => ({ params: { account: "acme" }, body: { mills: `1${"0".repeat(16)}` } }),
    answers: [400, "invalid-request", "/mills"],
  },
  {
    says: "a guarantee of more than there is money",
    operation: "postGuarantee",
    by: finance,
    when: ({ left }) => ({ params: { center: left.center }, body: { mills: "9".repeat(31) } }),
    answers: [400, "invalid-request", "/mills"],
  },
  {
    says: "a contribution of more than there is money",
    operation: "contributeToDefaultFund",
    by: finance,
    when: () => ({ body: { mills: "9".repeat(31) } }),
    answers: [400, "invalid-request", "/mills"],
  },
  {
    says: "a page of too many",
    operation: "listJobs",
    by: acme,
    when: () => ({ query: { limit: 201 } }),
    answers: [400, "invalid-request", "query/limit"],
  },
  {
    says: "a parameter that is none of the list's",
    operation: "listInvoices",
    by: finance,
    when: () => ({ query: { acount: "acme" } }),
    answers: [400, "invalid-request", "query/acount"],
  },
  {
    says: "a damaged cursor",
    operation: "listJobs",
    by: acme,
    when: () => ({ query: { cursor: "AAAA" } }),
    answers: [400, "cursor-invalid", "query/cursor"],
  },
  {
    says: "an id that is none",
    operation: "getJob",
    by: acme,
    when: () => ({ params: { job: "a b" } }),
    answers: [400, "invalid-request", "path/job"],
  },
  // Windows.
  wrongJob("whose window is reversed", (slot) => ({ from: slot + 20, to: slot + 10 }), [
    422,
    "window-reversed",
    "/to",
  ]),
  wrongJob("whose window has passed", (slot) => ({ from: slot - 40, to: slot - 10 }), [
    422,
    "window-passed",
    "/to",
  ]),
  wrongJob(
    "whose only start was sold by the gate of the slot",
    (slot) => ({ from: slot + 1, to: slot + 11 }),
    [422, "window-passed", "/to"],
  ),
  wrongJob("whose window is too short", (slot) => ({ from: slot + 1, to: slot + 5 }), [
    422,
    "window-too-short",
    "/to",
  ]),
  wrongOffer("whose window is reversed", (slot) => ({ from: slot + 20, to: slot + 10 }), [
    422,
    "window-reversed",
    "/to",
  ]),
  wrongOffer("whose window has passed", (slot) => ({ from: slot - 40, to: slot - 10 }), [
    422,
    "window-passed",
    "/to",
  ]),
  wrongOffer("of more than a year", (slot) => ({ from: slot + 1, to: slot + 99_999 }), [
    422,
    "window-too-long",
    "/to",
  ]),
  wrongQuote("whose window is reversed", (slot) => ({ from: slot + 20, to: slot + 10 }), [
    422,
    "window-reversed",
    "/to",
  ]),
  wrongQuote("whose window has passed", (slot) => ({ from: slot - 40, to: slot - 10 }), [
    422,
    "window-passed",
    "/to",
  ]),
  wrongQuote("whose window is too short", (slot) => ({ from: slot + 1, to: slot + 5 }), [
    422,
    "window-too-short",
    "/to",
  ]),
  wrongQuote("over months", (slot) => ({ to: slot + 9_999 }), [422, "window-too-long", "/to"]),
  {
    says: "prices of a reversed window",
    operation: "listPrices",
    by: acme,
    when: () => ({ query: { center: "c-left", product, from: 9, to: 8 } }),
    answers: [422, "window-reversed", "query/to"],
  },
  // Names that nobody knows.
  wrongJob(
    "of an unknown product",
    () => ({
      products: [
        { product, limit: 1 },
        { product: "b200", limit: 1 },
      ],
    }),
    [422, "product-unknown", "/products/1/product"],
  ),
  wrongJob("for an unknown region", () => ({ regions: ["CN-SX", "atlantis"] }), [
    422,
    "region-unknown",
    "/regions/1",
  ]),
  wrongJob("with data at an unknown center", () => ({ home: "nowhere" }), [422, "home-unknown", "/home"]),
  wrongJob("on an unknown account", () => ({ account: "nobodys" }), [422, "account-unknown", "/account"]),
  wrongQuote("of an unknown product", () => ({ products: [{ product: "b200", limit: 1 }] }), [
    422,
    "product-unknown",
    "/products/0/product",
  ]),
  wrongQuote("for an unknown region", () => ({ regions: ["atlantis"] }), [
    422,
    "region-unknown",
    "/regions/0",
  ]),
  wrongOffer("of a pool that the center has not", () => ({ product: "ascend910" }), [
    422,
    "pool-unknown",
    "/product",
  ]),
  wrongOffer("of more cards than the pool has", () => ({ cards: 65 }), [422, "cards-beyond-pool", "/cards"]),
  {
    says: "a center with an unknown product",
    operation: "joinNetwork",
    by: alpha,
    when: () => ({ body: { ...newCenter("c-3"), pools: [{ product: "b200", cards: 1, frameworks: [] }] } }),
    answers: [422, "product-unknown", "/pools/0/product"],
  },
  {
    says: "a center whose name is taken",
    operation: "joinNetwork",
    by: alpha,
    when: () => ({ body: newCenter("c-right") }),
    answers: [409, "center-exists", "/center"],
  },
  {
    says: "an account whose name is taken",
    operation: "openAccount",
    by: acme,
    when: () => ({ body: { account: "bolt" } }),
    answers: [409, "account-taken", "/account"],
  },
  {
    says: "a report of more working cards than the pool has",
    operation: "reportCapacity",
    by: alpha,
    when: ({ left }) => ({
      params: { center: left.center },
      body: { pools: [{ product, working: 65, idle: 0 }] },
    }),
    answers: [422, "beyond-pool", "/pools/0/working"],
  },
  // Shapes that no auction could award.
  wrongJob("that splits without saying how", () => ({ kind: "split" }), [422, "split-missing", "/split"]),
  wrongJob(
    "that serves without a floor",
    (slot) => ({ kind: "service", slots: 10, maxSlots: 10, from: slot + 5, to: slot + 15 }),
    [422, "floor-missing", "/floor"],
  ),
  wrongJob(
    "that serves a part of its window",
    (slot) => ({ kind: "service", floor: 1, slots: 10, from: slot + 1, to: slot + 21 }),
    [422, "slots-not-window", "/slots"],
  ),
  wrongJob("that stages nothing", () => ({ dataGB: 0, stageSlots: 2 }), [
    422,
    "nothing-to-stage",
    "/stageSlots",
  ]),
  wrongQuote("with a floor above its ceiling", () => ({ floor: 1000 }), [422, "floor-above-cards", "/floor"]),
  wrongJob("with more slots than it may have", () => ({ maxSlots: 9 }), [
    422,
    "max-slots-too-low",
    "/maxSlots",
  ]),
  wrongJob("of half an hour in forward", () => ({ session: "forward", slots: 5 }), [
    422,
    "not-whole-hours",
    "/slots",
  ]),
  wrongJob("longer than spot sells", (slot) => ({ slots: 100, maxSlots: 100, to: slot + 200 }), [
    422,
    "too-long",
    "/slots",
  ]),
  wrongJob("whose length on a product is its own, and divisible", () => ({ kind: "div", products: timed }), [
    422,
    "slots-not-of-gang",
    "/products/0/slots",
  ]),
  wrongJob("behind a parent that is not there", () => ({ parent: "nobodys" }), [
    422,
    "parent-unknown",
    "/parent",
  ]),
  {
    says: "a divisible job behind a parent",
    operation: "postJob",
    by: acme,
    when: (world) => ({ body: job(world, { kind: "div", parent: world.left.openJob }) }),
    answers: [422, "parent-not-gang", "/parent"],
  },
  {
    says: "a job behind a parent that was withdrawn",
    operation: "postJob",
    by: acme,
    given: async ({ exchange, left }) => ask(exchange, "cancelJob", acme, { params: { job: left.openJob } }),
    when: (world) => ({ body: job(world, { parent: world.left.openJob }) }),
    answers: [422, "parent-ended", "/parent"],
  },
  {
    says: "a job in the group of its parent",
    operation: "postJob",
    by: acme,
    given: async (world) => {
      const body = job(world, { group: "either" });
      const { body: text } = await ask(world.exchange, "postJob", acme, { body, key: "parent" });
      groupedParent = z.object({ job: z.string() }).parse(JSON.parse(text)).job;
    },
    when: (world) => ({ body: job(world, { group: "either", parent: groupedParent }) }),
    answers: [422, "parent-in-group", "/group"],
  },
  wrongJob("in a group without a name", () => ({ group: "" }), [400, "invalid-request", "/group"]),
  // Keys and versions.
  {
    says: "a key that was used with another body",
    operation: "postJob",
    by: acme,
    given: async (world) => ask(world.exchange, "postJob", acme, { body: job(world, {}), key: "used" }),
    when: (world) => ({ body: job(world, { cards: 3 }), key: "used" }),
    answers: [422, "idempotency-key-reused", "header/Idempotency-Key"],
  },
  {
    says: "a stale If-Match",
    operation: "cancelJob",
    by: acme,
    when: ({ left }) => ({ params: { job: left.openJob }, ifMatch: '"1"' }),
    answers: [412, "version-stale", "header/If-Match"],
  },
  {
    says: "a withdrawal of what is over",
    operation: "cancelJob",
    by: acme,
    given: after(started, say("finishPlacement", { run: 1, outcome: "completed" })),
    when: ({ left }) => ({ params: { job: left.placedJob } }),
    answers: [409, "job-ended"],
  },
  // Runs.
  {
    says: "a start before it was accepted",
    operation: "startPlacement",
    by: alpha,
    when: ofPlacement({ run: 1 }),
    answers: [409, "not-accepted"],
  },
  {
    says: "a start before its first slot",
    operation: "startPlacement",
    by: alpha,
    given: say("acceptPlacement", {}),
    when: ofPlacement({ run: 1 }),
    answers: [409, "start-too-early"],
  },
  {
    says: "a start of run 2 first",
    operation: "startPlacement",
    by: alpha,
    given: accepted,
    when: ofPlacement({ run: 2 }),
    answers: [409, "run-unknown", "/run"],
  },
  {
    says: "a second run while the first goes on",
    operation: "startPlacement",
    by: alpha,
    given: started,
    when: ofPlacement({ run: 2 }),
    answers: [409, "run-in-progress", "/run"],
  },
  {
    says: "a finish before a start",
    operation: "finishPlacement",
    by: alpha,
    given: accepted,
    when: ofPlacement({ run: 1, outcome: "completed" }),
    answers: [409, "run-not-begun", "/run"],
  },
  {
    says: "a meter before a start",
    operation: "meterPlacement",
    by: alpha,
    given: after(accepted, later(60)),
    when: usage(0, 60, 480),
    answers: [409, "run-not-begun", "/run"],
  },
  {
    says: "a run that cannot start after it did",
    operation: "finishPlacement",
    by: alpha,
    given: started,
    when: ofPlacement({ run: 1, outcome: "notStartable" }),
    answers: [409, "already-started", "/outcome"],
  },
  {
    says: "usage above the award",
    operation: "meterPlacement",
    by: alpha,
    given: started,
    when: usage(0, 60, 481),
    answers: [422, "usage-beyond-award", "/cardSeconds"],
  },
  {
    says: "negative usage",
    operation: "meterPlacement",
    by: alpha,
    given: started,
    when: usage(0, 60, -1),
    answers: [400, "invalid-request", "/cardSeconds"],
  },
  {
    says: "usage that ends before it begins",
    operation: "meterPlacement",
    by: alpha,
    given: started,
    when: usage(60, 30, 1),
    answers: [422, "usage-reversed", "/to"],
  },
  {
    says: "usage of the future",
    operation: "meterPlacement",
    by: alpha,
    given: started,
    when: usage(0, 90, 1),
    answers: [422, "usage-in-future", "/to"],
  },
  {
    says: "usage that was metered in part",
    operation: "meterPlacement",
    by: alpha,
    given: after(started, async (world) =>
      ask(world.exchange, "meterPlacement", alpha, usage(0, 40, 1)(world)),
    ),
    when: usage(30, 60, 1),
    answers: [409, "usage-overlaps", "/from"],
  },
  {
    says: "a meter for a run that has finished",
    operation: "meterPlacement",
    by: alpha,
    given: after(started, say("finishPlacement", { run: 1, outcome: "completed" }), later(60)),
    when: usage(0, 120, 1),
    answers: [409, "run-ended", "/to"],
  },
  {
    says: "a finish of a run that another one has followed",
    operation: "finishPlacement",
    by: alpha,
    given: after(
      started,
      say("finishPlacement", { run: 1, outcome: "failed" }),
      say("startPlacement", { run: 2 }),
    ),
    when: ofPlacement({ run: 1, outcome: "completed" }),
    answers: [409, "run-superseded", "/run"],
  },
  {
    says: "an answer to a placement that its center has refused",
    operation: "acceptPlacement",
    by: alpha,
    given: say("refusePlacement", {}),
    when: ofPlacement({}),
    answers: [409, "placement-ended", "/placement"],
  },
  // Proofs.
  {
    says: "a head before the first day is closed",
    operation: "getFeedHead",
    by: acme,
    when: () => ({}),
    answers: [404, "no-head"],
  },
  {
    says: "a head that is longer than the log",
    operation: "getFeedHead",
    by: finance,
    when: () => ({ query: { from: 1_000_000 } }),
    answers: [422, "head-too-short", "query/from"],
  },
  {
    says: "no size of a head",
    operation: "getFeedHead",
    by: finance,
    when: () => ({ query: { from: 0 } }),
    answers: [400, "invalid-request", "query/from"],
  },
  {
    says: "the proof of a charge of today",
    operation: "proveCharge",
    by: acme,
    given: chargeJobs,
    when: ({ left }) => ({ params: { charge: chargeOf(left) } }),
    answers: [409, "charge-not-published"],
  },
  {
    says: "the proof of another's charge",
    operation: "proveCharge",
    by: acme,
    given: chargeJobs,
    when: ({ right }) => ({ params: { charge: chargeOf(right) } }),
    answers: [404, "not-found"],
  },
  {
    says: "the proof of what is no charge",
    operation: "proveCharge",
    by: acme,
    when: ({ left }) => ({ params: { charge: left.placement } }),
    answers: [400, "invalid-request", "path/charge"],
  },
  // Another's.
  {
    says: "a lease of another owner's center",
    operation: "renewLease",
    by: beta,
    when: ({ left }) => ({ params: { center: left.center } }),
    answers: [404, "not-found"],
  },
  {
    says: "a placement at another center",
    operation: "acceptPlacement",
    by: beta,
    when: ({ left, right }) => ({ params: { placement: left.placement }, body: { center: right.center } }),
    answers: [404, "not-found"],
  },
  {
    says: "a tenant on a center's route",
    operation: "renewLease",
    by: acme,
    when: ({ left }) => ({ params: { center: left.center } }),
    answers: [403, "role-missing"],
  },
  // Days that no calendar has.
  {
    says: "a thirteenth month to close",
    operation: "closePeriod",
    by: finance,
    when: () => ({ params: { period: "2026-13-01" } }),
    answers: [400, "invalid-request", "path/period"],
  },
  {
    says: "invoices of a thirtieth of February",
    operation: "listInvoices",
    by: finance,
    when: () => ({ query: { period: "2026-02-30" } }),
    answers: [400, "invalid-request", "query/period"],
  },
  {
    says: "a currency that there is not",
    operation: "openAccount",
    by: acme,
    when: () => ({ body: { account: "purse", currency: "XYZ" } }),
    answers: [422, "currency-unknown", "/currency"],
  },
];

async function ask(
  exchange: InMemoryExchange,
  id: OperationId,
  by: Member,
  request: ApiRequest,
): Promise<ApiResult> {
  const operation = described.find((one) => one.id === id);
  if (operation === undefined) throw new Error(`the document has no ${id}`);
  const sent =
    operation.method === "POST" && request.key === undefined
      ? { ...request, key: `${id}-${++asked}` }
      : request;
  return expectDescribed(
    operation,
    await exchange.invoke(id, apiEvent(operation, by, { ...sent, key: sent.key ?? null })),
  );
}
let asked = 0;

describe("refused, with what is wrong and where, and without a trace:", () => {
  test.each(cases.map((one) => [one.says, one] as const))("%s", async (_, one) => {
    const world = await seedExchange();
    await one.given?.(world);
    const before = await world.exchange.countCommits();
    const answer = await ask(world.exchange, one.operation, one.by, one.when(world));
    const problem = Problem.parse(JSON.parse(answer.body));
    const [status, code, pointer] = one.answers;
    expect([problem.status, problem.code]).toEqual([status, code]);
    if (pointer !== undefined) expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
    expect(problem.detail.length).toBeGreaterThan(10);
    expect(await world.exchange.countCommits()).toBe(before);
  });

  test("but for the usage of a superseded run: its center is told to stop, and what it used is kept, unpaid", async () => {
    const world = await seedExchange();
    await after(
      started,
      say("finishPlacement", { run: 1, outcome: "failed" }),
      say("startPlacement", { run: 2 }),
    )(world);
    const before = await world.exchange.commits(`job-${world.left.placedJob}`);
    const answer = await ask(world.exchange, "meterPlacement", alpha, usage(0, 60, 480)(world));
    expect(JSON.parse(answer.body)).toMatchObject({ status: 409, code: "run-superseded" });
    const added = (await world.exchange.commits(`job-${world.left.placedJob}`)).slice(before.length);
    expect(added.flatMap(({ events }) => events.map(({ type }) => type))).toEqual(["JobMetered"]);
  });
});

describe("over the wire", () => {
  let world: SeededExchange;
  let served: ServedExchange;
  beforeAll(async () => {
    world = await seedExchange();
    served = await serveExchange(world.exchange);
  });
  afterAll(() => served.close());

  async function post(body: string | Uint8Array<ArrayBuffer>, key: string): Promise<ApiResult> {
    const token = await served.issuer.mint({ owner: "acme", roles: ["tenant"], seconds: 60 });
    const response = await fetch(`${served.front.url}/jobs`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "idempotency-key": key,
        "content-type": "application/json",
      },
      body,
    });
    const operation = described.find(({ id }) => id === "postJob");
    if (operation === undefined) throw new Error("the document has no postJob");
    const headers = Object.fromEntries(response.headers);
    return expectDescribed(operation, { statusCode: response.status, headers, body: await response.text() });
  }

  test.each([
    [
      "of more than 256 KB",
      () => JSON.stringify(job(world, { name: "x".repeat(300_000) })),
      413,
      "body-too-large",
    ],
    ["of a few megabytes", () => "x".repeat(5_000_000), 413, "body-too-large"],
    ["that is cut", () => JSON.stringify(job(world, {})).slice(0, -9), 400, "body-not-json"],
    ["that is empty", () => "", 400, "body-missing"],
    ["of bytes that are no text", () => new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 400, "body-not-utf8"],
  ])("a body %s is refused in the document's words", async (_, body, status, code) => {
    const before = await world.exchange.countCommits();
    const answer = await post(body(), "wire");
    expect(JSON.parse(answer.body)).toMatchObject({ status, code });
    expect(await world.exchange.countCommits()).toBe(before);
  });

  test("identical requests at the same time are one: the same answer to each, one job, one hold", async () => {
    const body = JSON.stringify(job(world, { cards: 2 }));
    const before = await world.exchange.countCommits();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(body, "twenty")));
    const Posted = z.object({ job: z.string() });
    expect(new Set(answers.map((answer) => `${answer.statusCode} ${answer.body}`)).size).toBe(1);
    expect(answers[0]?.statusCode).toBe(201);
    const { job: id } = Posted.parse(JSON.parse(answers[0]?.body ?? ""));
    const stream = await world.exchange.commits(`job-${id}`);
    expect(stream.flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
      "JobRequested",
      "JobAdmitted",
    ]);
    // The request, the hold and the admission.
    expect(await world.exchange.countCommits()).toBe(before + 3);
  });
});
