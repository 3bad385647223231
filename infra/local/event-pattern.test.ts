import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matches, readPattern } from "./event-pattern.ts";
import { isObject, type Json, type JsonObject } from "./resources.ts";

const event: JsonObject = {
  version: "0",
  source: "suanwang",
  "detail-type": "JobPlaced",
  resources: [],
  detail: { stream: "job-a", version: 3, final: false, note: null, data: { center: "alpha" } },
};

const seen = (pattern: Json, by: Json = event) => matches(readPattern(pattern), by);

/** Field names with those that every object inherits. */
const names = fc.oneof(
  fc.string({ maxLength: 8 }).filter((name) => !name.startsWith("$")),
  fc.constantFrom("source", "detail", "constructor", "toString", "__proto__"),
);
const scalars: fc.Arbitrary<string | number | boolean> = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.integer(),
  fc.boolean(),
);

/** Objects of scalars in objects, as JSON has them: `__proto__` is a name like any other. */
function eventsTo(depth: number): fc.Arbitrary<JsonObject> {
  const value: fc.Arbitrary<Json> = depth === 0 ? scalars : fc.oneof(scalars, eventsTo(depth - 1));
  return fc
    .uniqueArray(fc.tuple(names, value), { minLength: 1, maxLength: 4, selector: ([name]) => name })
    .map((fields) => Object.fromEntries(fields));
}
const events = eventsTo(3);

/** The pattern that lists each value of the event, among others. */
function patternOf(value: Json, others: readonly Json[] = []): Json {
  if (!isObject(value)) return [...others, value];
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, patternOf(part, others)]));
}

/** The event with one of its scalars, counted from the front, changed by `change`. */
function changed(value: JsonObject, nth: number, change: (scalar: Json) => readonly Json[]): JsonObject {
  let count = nth;
  const inside = (part: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(part).flatMap(([name, field]): [string, Json][] => {
        if (isObject(field)) return [[name, inside(field)]];
        const now = count-- === 0 ? change(field) : [field];
        return now.map((kept) => [name, kept]);
      }),
    );
  return inside(value);
}

function scalarsOf(value: Json): Json[] {
  return isObject(value) ? Object.values(value).flatMap(scalarsOf) : [value];
}

const eventAndPlace = events.chain((made) =>
  fc.tuple(fc.constant(made), fc.nat({ max: scalarsOf(made).length - 1 })),
);

describe("an event", () => {
  test.each<[string, Json]>([
    ["its one value is listed", { source: ["suanwang"] }],
    ["its value is one of several", { "detail-type": ["JobAccepted", "JobPlaced"] }],
    ["all fields of the pattern are", { source: ["suanwang"], "detail-type": ["JobPlaced"] }],
    ["fields inside fields are", { detail: { stream: ["job-a"], data: { center: ["beta", "alpha"] } } }],
    ["a number is", { detail: { version: [3] } }],
    ["a boolean is", { detail: { final: [false] } }],
    ["nothing is asked for", {}],
  ])("matches where %s", (_, pattern) => expect(seen(pattern)).toBe(true));

  test.each<[string, Json]>([
    ["its value is another", { source: ["aws.ec2"] }],
    ["only one of two fields is as wanted", { source: ["suanwang"], "detail-type": ["JobAccepted"] }],
    ["it has no such field", { account: ["000000000000"] }],
    ["it has no such field inside", { detail: { data: { region: ["north"] } } }],
    ["the field is no object to look into", { source: { name: ["suanwang"] } }],
    ["the field is null", { detail: { note: { of: ["x"] } } }],
    ["the field is an object", { detail: ["job-a"] }],
    ["the number is wanted as text", { detail: { version: ["3"] } }],
    ["the boolean is wanted as text", { detail: { final: ["false"] } }],
    ["letters differ in case", { source: ["Suanwang"] }],
    ["it only begins so", { source: ["suan"] }],
    ["no value would do", { source: [] }],
  ])("does not match where %s", (_, pattern) => expect(seen(pattern)).toBe(false));

  test.each(["constructor", "toString", "__proto__"])("has no %s of its own", (name) => {
    const pattern = Object.fromEntries([[name, { name: ["Object"] }]]);
    expect(seen(pattern)).toBe(false);
    expect(seen(Object.fromEntries([[name, ["Object"]]]))).toBe(false);
  });

  test.each<Json>([null, "suanwang", 1, [], ["suanwang"]])(
    "that is %j matches no pattern with a field",
    (odd) => {
      expect(seen({ source: ["suanwang"] }, odd)).toBe(false);
    },
  );

  test("matches the pattern that is made from it, among whatever other values", () => {
    fc.assert(
      fc.property(events, fc.array(scalars, { maxLength: 3 }), (made, others) => {
        expect(seen(patternOf(made), made)).toBe(true);
        expect(seen(patternOf(made, others), made)).toBe(true);
      }),
    );
  });

  test("matches with more fields than the pattern has", () => {
    fc.assert(
      fc.property(events, events, (made, more) => {
        expect(seen(patternOf(made), { ...more, ...made })).toBe(true);
      }),
    );
  });

  test("with one value changed or left out matches its old pattern no more", () => {
    fc.assert(
      fc.property(eventAndPlace, fc.option(scalars, { nil: undefined }), ([made, nth], scalar) => {
        const was = scalarsOf(made)[nth];
        fc.pre(was !== undefined && was !== scalar);
        const other = changed(made, nth, () => (scalar === undefined ? [] : [scalar]));
        expect(seen(patternOf(made), other)).toBe(false);
      }),
    );
  });

  test("matches two patterns of different fields in one exactly if it matches both", () => {
    const wanted = fc.array(fc.constantFrom("suanwang", "JobPlaced", "x"), { maxLength: 2 });
    fc.assert(
      fc.property(wanted, wanted, (sources, types) => {
        const both = { source: sources, "detail-type": types };
        expect(seen(both)).toBe(seen({ source: sources }) && seen({ "detail-type": types }));
      }),
    );
  });
});

describe("a pattern", () => {
  test.each<[string, Json, string]>([
    ["a prefix", { detail: { stream: [{ prefix: "job-" }] } }, "detail.stream"],
    ["anything but", { source: ["a", { "anything-but": "suanwang" }] }, "source"],
    ["a field that is there", { detail: { note: [{ exists: true }] } }, "detail.note"],
    ["a range of numbers", { detail: { version: [{ numeric: [">", 1] }] } }, "detail.version"],
    ["null", { detail: { note: [null] } }, "detail.note"],
    ["a list in the list", { source: [["suanwang"]] }, "source"],
    ["either of two", { $or: [{ source: ["a"] }, { "detail-type": ["b"] }] }, "$or"],
    ["none of nothing", { $or: [] }, "$or"],
    ["either of two inside", { detail: { $or: [{ stream: ["a"] }] } }, "detail.$or"],
  ])("with %s is refused with its place", (_, pattern, place) => {
    expect(() => readPattern(pattern)).toThrow(`only knows exact values, not those of ${place}`);
  });

  test.each<[Json, string]>([
    [{ source: "suanwang" }, "source must be an object"],
    [{ detail: { version: 3 } }, "detail.version must be an object"],
    [{ detail: { note: null } }, "detail.note must be an object"],
    ["suanwang", "must be an object"],
    [["suanwang"], "must be an object"],
    [null, "must be an object"],
  ])("%j without lists is refused", (pattern, message) => {
    expect(() => readPattern(pattern)).toThrow(message);
  });
});
