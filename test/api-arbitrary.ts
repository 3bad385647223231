import fc from "fast-check";
import { z } from "zod";
import { instant } from "../market/time.ts";
import { type DescribedOperation, type JsonSchema, resolved } from "./api-document.ts";

// Requests made from the published document: valid ones, ones that one mutation makes wrong, and hostile ones.

/** A request as text. `@@…@@` stands for what is known only when it is sent: an id, a slot, an instant. */
export interface DrawnRequest {
  /** Of the operation. */
  readonly id: string;
  /** Which of the members calls. */
  readonly by: number;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Sent so often at the same time. */
  readonly times: number;
}

/** What the stand-ins of a drawn request mean now. */
export interface Known {
  readonly ids: Readonly<Record<string, readonly string[]>>;
  readonly slot: number;
  /** ms since the Unix epoch. */
  readonly now: number;
}

const idKinds = ["center", "offer", "job", "account", "placement", "charge", "break", "product"] as const;
type IdKind = (typeof idKinds)[number];

/** Which kind of thing a member of this name names, where its schema is an id's. */
const kindOf: Readonly<Record<string, IdKind>> = {
  center: "center",
  home: "center",
  to: "center",
  offer: "offer",
  job: "job",
  parent: "job",
  account: "account",
  placement: "placement",
  charge: "charge",
  break: "break",
  product: "product",
};

/** Fills in what the stand-ins mean; in JSON a slot is a number. */
export function filledIn(text: string, { ids, slot, now }: Known): string {
  return text
    .replaceAll(/@@(\w+):(\d+)@@/g, (_, kind: string, index: string) => {
      const some = ids[kind] ?? [];
      return some[Number(index) % Math.max(some.length, 1)] ?? "none";
    })
    .replaceAll(/"@@slot([+-]\d+)@@"/g, (_, offset: string) => String(slot + Number(offset)))
    .replaceAll(/@@slot([+-]\d+)@@/g, (_, offset: string) => String(slot + Number(offset)))
    .replaceAll(/@@at([+-]\d+)@@/g, (_, offset: string) => instant(now + Number(offset) * 1000));
}

/** The first of a kind is the caller's own. */
const anId = (kind: IdKind) =>
  fc
    .oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) })
    .map((index) => `@@${kind}:${index}@@`);
const aSlot = (min: number, max: number) =>
  fc.integer({ min, max }).map((offset) => `@@slot${offset < 0 ? "" : "+"}${offset}@@`);
const anInstant = (min: number, max: number) =>
  fc.integer({ min, max }).map((offset) => `@@at${offset < 0 ? "" : "+"}${offset}@@`);

/** What makes sense to the market, by the name of the member: the document's types alone would seldom be taken. */
const sensible: Readonly<Record<string, (schema: JsonSchema) => fc.Arbitrary<unknown> | undefined>> = {
  // Soon, or behind what the next gate sells of a home reserve.
  from: (schema) =>
    schema.type === "integer" ? fc.oneof(aSlot(1, 5), aSlot(1, 5), aSlot(22, 30)) : anInstant(-60, -30),
  to: (schema) => (schema.type === "integer" ? aSlot(20, 40) : schema.format ? anInstant(-29, 0) : undefined),
  checkpointAt: () => anInstant(-60, 0),
  cardSeconds: () => fc.integer({ min: 0, max: 8 }),
  // A meter report seldom names them: fewer than awarded end a gang.
  cards: ({ minimum }) => (minimum === 0 ? fc.constant(undefined) : fc.integer({ min: 1, max: 8 })),
  steps: () => fc.constant(undefined),
  minRun: () => fc.integer({ min: 1, max: 10 }),
  working: () => fc.integer({ min: 8, max: 16 }),
  idle: () => fc.integer({ min: 0, max: 8 }),
  slots: () => fc.constant(10),
  maxSlots: () => fc.integer({ min: 10, max: 20 }),
  limit: (schema) => (schema.maximum === 10_000 ? fc.integer({ min: 50, max: 500 }) : undefined),
  mills: () => fc.integer({ min: 1, max: 9_999 }).map(String),
  regions: () => fc.constant(["CN-SX"]),
  kind: () => fc.constantFrom("block", "div"),
  split: () => fc.constant(undefined),
  floor: () => fc.constant(undefined),
  stageSlots: () => fc.constant(undefined),
  run: () => fc.integer({ min: 1, max: 2 }),
  after: () => fc.nat(9),
  cursor: () => fc.constant(undefined),
  period: () => fc.constantFrom("2026-03-01", "2026-03-02"),
  resolution: () => fc.constantFrom("accepted", "explained"),
  auction: () => fc.integer({ min: 1, max: 3 }),
};

/** A value of a schema of the document; `name`: of the member that holds it. */
function valid(given: JsonSchema, name: string): fc.Arbitrary<unknown> {
  const schema = resolved(given);
  const plain = ofType(schema, name);
  const known = kindOf[name];
  const isId =
    schema.type === "string" && typeof schema.pattern === "string" && schema.pattern.includes("A-Za-z0-9");
  const better = isId && known !== undefined ? anId(known) : sensible[name]?.(schema);
  return better === undefined
    ? plain
    : fc.oneof({ weight: 12, arbitrary: better }, { weight: 1, arbitrary: plain });
}

function ofType(schema: JsonSchema, name: string): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  const choices = z
    .array(z.record(z.string(), z.unknown()))
    .optional()
    .parse(schema.anyOf ?? schema.oneOf);
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valid(choice, name)));
  const { minimum = -1e6, maximum = 1e6 } = Bounds.parse(schema);
  switch (schema.type) {
    case "integer":
      return fc.oneof(fc.constantFrom(minimum, maximum), fc.integer({ min: minimum, max: maximum }));
    case "number":
      return fc.oneof(
        fc.constantFrom(minimum, maximum),
        fc.double({ min: minimum, max: maximum, noNaN: true, noDefaultInfinity: true }),
      );
    case "boolean":
      return fc.boolean();
    case "string":
      return text(schema);
    case "array":
      return list(schema, name);
    case "object":
      return object(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

const Bounds = z.object({ minimum: z.number().optional(), maximum: z.number().optional() });
const Lengths = z.object({
  minLength: z.int().default(0),
  maxLength: z.int().default(40),
  minItems: z.int().default(0),
  maxItems: z.int().default(3),
});

function text(schema: JsonSchema): fc.Arbitrary<string> {
  if (schema.format === "date-time") return anInstant(-100_000, 100_000);
  if (typeof schema.pattern === "string")
    return fc.stringMatching(new RegExp(schema.pattern), { size: "xsmall" });
  const { minLength, maxLength } = Lengths.parse(schema);
  const unit = fc.constantFrom<"grapheme" | "binary-ascii">("grapheme", "binary-ascii");
  return unit
    .chain((one) => fc.string({ unit: one, minLength, maxLength: Math.min(maxLength, 300) }))
    .map((some) => some.slice(0, maxLength));
}

function list(schema: JsonSchema, name: string): fc.Arbitrary<unknown[]> {
  const { minItems, maxItems } = Lengths.parse(schema);
  const items = z.record(z.string(), z.unknown()).default({}).parse(schema.items);
  const maxLength = Math.max(minItems, Math.min(maxItems, 2));
  return fc.array(valid(items, name), { minLength: minItems, maxLength });
}

const Members = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

function object(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  const { properties, required } = Members.parse(schema);
  const members = Object.entries(properties).map(([name, member]) => {
    const value = valid(member, name);
    const either = required.includes(name) ? value : fc.option(value, { nil: undefined, freq: 2 });
    return either.map((drawn) => [name, drawn] as const);
  });
  return fc
    .tuple(...members)
    .map((drawn) => Object.fromEntries(drawn.filter(([, value]) => value !== undefined)));
}

const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    -0,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    2 ** 53 + 2,
    Number.MIN_VALUE,
    "",
    "0",
    "-0",
    "007",
    "1e3",
    "0x10",
    "NaN",
    "Infinity",
    "null",
    "undefined",
    "1,000",
    "١٢",
    " 5 ",
    "../../etc/passwd",
    "' OR 1=1 --",
    "a\r\nx: y",
    "\u0000",
    "\ud800",
    "\udfff\ud800",
    "\u202eabc",
    "\ufeff",
    "e\u0301",
    "İ",
    "ﬃ",
    "👩‍👩‍👧‍👦",
    "x".repeat(100),
    "x".repeat(20_000),
    "9".repeat(40),
    `-${"9".repeat(31)}`,
    [],
    {},
    [[]],
    [null],
    { length: 3 },
    { toString: "x", valueOf: 1 },
    { constructor: { prototype: { admin: true } } },
    "__proto__",
    "constructor",
    "toString",
    "2026-02-30T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2026-03-02T02:00:30+08:00",
    "2026-99-99",
    "0000-00-00",
  ),
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.jsonValue({ maxDepth: 3 }),
  anId("job"),
  anId("center"),
);

/** Every place of a JSON value, from the outside in. */
function placesIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const inside =
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([name, member]) =>
          placesIn(member, [...path, Array.isArray(value) ? Number(name) : name]),
        )
      : [];
  return [path, ...inside];
}

type Mutation = "replace" | "remove" | "add" | "repeat";

function mutated(
  value: unknown,
  [name, ...rest]: readonly (string | number)[],
  how: Mutation,
  by: unknown,
): unknown {
  if (name === undefined) {
    if (how === "add" && typeof value === "object" && value !== null && !Array.isArray(value))
      return { ...value, [typeof by === "string" ? by.slice(0, 50) : "more"]: by };
    if (how === "repeat" && Array.isArray(value)) return [...value, ...value, ...value];
    return how === "remove" ? undefined : by;
  }
  if (Array.isArray(value))
    return value.map((member, index) => (index === name ? mutated(member, rest, how, by) : member));
  const members: Record<string, unknown> = Object(value);
  return { ...members, [name]: mutated(members[name], rest, how, by) };
}

/** The value, wrong in one place. */
function oneMutation(of: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const how = fc.constantFrom<Mutation>("replace", "replace", "remove", "add", "repeat");
  return fc.tuple(of, fc.nat(1000), how, nasty).map(([value, place, mutation, by]) => {
    const places = placesIn(value);
    return mutated(value, places[place % places.length] ?? [], mutation, by);
  });
}

const json = (value: unknown) => JSON.stringify(value) ?? "";

/** Texts that no client of good will sends. */
function hostileBody(of: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const ofText = of.map(json);
  return fc.oneof(
    fc.constantFrom(
      "",
      " ",
      "null",
      "[]",
      "{}",
      "NaN",
      "{'a':1}",
      "{a:1}",
      "[1,]",
      '{"a":1e400}',
      '"\\ud800"',
      "\ufeff{}",
      '{"__proto__":{"center":"c-left"}}',
      '{"constructor":{"prototype":{"owner":"bolt"}}}',
      "[".repeat(5_000),
      `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      `${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}`,
      `{"name":"${"x".repeat(300_000)}"}`,
      `{${Array.from({ length: 5_000 }, (_, n) => `"f${n}":${n}`).join(",")}}`,
      `[${"1,".repeat(50_000)}1]`,
    ),
    fc.string({ unit: "binary" }),
    // Members that nobody looks at, of a depth that nobody can walk.
    ofText.map((text) => text.replace(/(?<=.)\{/, `{"more":${"[".repeat(20_000)}${"]".repeat(20_000)},`)),
    // Members twice, and a prototype of one's own.
    fc.tuple(ofText, ofText).map(([one, other]) => `${one.slice(0, -1)},${other.slice(1)}`),
    ofText.map((text) => text.replace("{", '{"__proto__":{"cards":1,"run":1,"mills":"1"},')),
    fc.tuple(ofText, fc.nat()).map(([text, at]) => text.slice(0, at % Math.max(text.length, 1))),
    ofText.map((text) => text.replaceAll(/:(\d+)/g, ":$1e300")),
    ofText.map((text) => text.replaceAll(/:(\d+)/g, ":$1.5")),
    ofText.map((text) => text.replaceAll(/:(\d+)/g, ":-$1")),
    ofText.map((text) => text.replaceAll(/:(\d+)/g, ':"$1"')),
  );
}

export type Temper = "valid" | "nearly" | "hostile";

const asText = (value: unknown) => (typeof value === "string" ? value : json(value));

/** Parameters of one kind. A path is never without its parameters: the gateway would find no route. */
function parameters(
  operation: DescribedOperation,
  where: "path" | "query",
  temper: Temper,
): fc.Arbitrary<Record<string, string>> {
  const own = operation.parameters.filter((one) => one.in === where);
  const drawn = own.map(({ name, schema, required }) => {
    const good = valid(schema, name).map((value) => (value === undefined ? undefined : asText(value)));
    const bad = nasty.map(asText);
    const either =
      temper === "valid"
        ? good
        : fc.oneof({ weight: temper === "nearly" ? 9 : 1, arbitrary: good }, { weight: 1, arbitrary: bad });
    const maybe = required || where === "path" ? either : fc.option(either, { nil: undefined, freq: 1 });
    return maybe.map((value) => [name, where === "path" ? (value ?? "x") || "x" : value] as const);
  });
  const extra =
    temper === "hostile" && where === "query"
      ? fc.dictionary(
          fc.constantFrom("__proto__", "limit", "cursor", "admin", "owner", ""),
          nasty.map(asText),
          { maxKeys: 3 },
        )
      : fc.constant({});
  return fc.tuple(fc.tuple(...drawn), extra).map(([members, more]) => ({
    ...Object.fromEntries(
      members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    ),
    ...more,
  }));
}

const keys = fc.oneof(
  { weight: 20, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.constantFrom("k-1", "k-2") },
);
const nastyHeader = fc.constantFrom(
  "",
  " ",
  "schlüssel",
  "a b",
  "x".repeat(256),
  '"',
  "\u0000",
  '"1"',
  'W/"1"',
  "*",
  '"1", "2"',
  '"999999999"',
  '"-1"',
  "__proto__",
);

function headers(operation: DescribedOperation, temper: Temper): fc.Arbitrary<Record<string, string>> {
  const key = operation.method === "POST" ? keys.map((one) => ({ "idempotency-key": one })) : fc.constant({});
  const json = fc.constant({ "content-type": "application/json" });
  const strange = fc.oneof(
    nastyHeader.map((value) => ({ "idempotency-key": value })),
    nastyHeader.map((value) => ({ "if-match": value })),
    fc
      .constantFrom("text/xml", "application/json; charset=utf-7", "", "multipart/form-data")
      .map((value) => ({ "content-type": value })),
    nastyHeader.map((value) => ({
      "x-forwarded-for": value,
      "x-amzn-trace-id": value,
      __proto__: value,
      host: value,
    })),
    fc.constant({ "x-http-method-override": "DELETE", "x-original-url": "/feed", "content-length": "-1" }),
  );
  const ifMatch = fc.option(
    fc.constantFrom({ "if-match": '"1"' }, { "if-match": '"2"' }, { "if-match": "*" }),
    { nil: {}, freq: 4 },
  );
  if (temper === "valid") return fc.tuple(key, json).map((parts) => Object.assign({}, ...parts));
  const often = temper === "nearly" ? fc.constant({}) : fc.option(strange, { nil: {}, freq: 2 });
  return fc.tuple(key, json, ifMatch, often).map((parts) => Object.assign({}, ...parts));
}

/** What a body names anew mostly has a name that nobody has. */
function withNewNames(of: fc.Arbitrary<unknown>, names: DescribedOperation["names"]): fc.Arbitrary<unknown> {
  const places = Object.keys(names).filter((at) => names[at] === "new");
  return fc
    .tuple(of, fc.integer({ min: 0, max: 99 }))
    .map(([body, n]) =>
      n < 70
        ? { ...Object(body), ...Object.fromEntries(places.map((at) => [at.slice(1), `new-${n}`])) }
        : body,
    );
}

function bodyOf({ body, names }: DescribedOperation, temper: Temper): fc.Arbitrary<string | undefined> {
  if (body === undefined)
    return temper === "hostile" ? fc.option(nasty.map(json), { nil: undefined }) : fc.constant(undefined);
  const good = withNewNames(valid(body, ""), names);
  switch (temper) {
    case "valid":
      return good.map(json);
    case "nearly":
      return oneMutation(good).map(json);
    case "hostile":
      return hostileBody(good);
    default:
      return temper satisfies never;
  }
}

/** @param callers which members each operation may be called by; others call it as well, but seldom */
export function requestOf(
  operation: DescribedOperation,
  temper: Temper,
  callers: readonly number[],
  members: number,
): fc.Arbitrary<DrawnRequest> {
  const any = fc.nat(members - 1);
  const right = callers.length === 0 ? any : fc.constantFrom(...callers);
  return fc.record({
    id: fc.constant(operation.id),
    by: temper === "valid" ? right : fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: any }),
    params: parameters(operation, "path", temper),
    query: parameters(operation, "query", temper),
    headers: headers(operation, temper),
    body: bodyOf(operation, temper),
    times: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(3) }),
  });
}
