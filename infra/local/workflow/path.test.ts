import { describe, expect, it } from "vitest";
import type { Json } from "./json.ts";
import { compilePath, compileReferencePath, findPath, writePath } from "./path.ts";

const input: Json = {
  a: { b: [10, 20, { c: "deep" }], "odd key": 1, "it's": 2 },
  list: [{ v: 1 }, { v: 2 }],
  none: null,
};

function find(path: string, json: Json = input): Json | undefined {
  return findPath(compilePath(path), { input: json, context: () => ({ State: { Name: "here" } }) });
}

describe("a path that names one place", () => {
  it.each<[string, Json | undefined]>([
    ["$", input],
    ["$.a.b[1]", 20],
    ["$.a.b[-1].c", "deep"],
    ["$['a']['odd key']", 1],
    ['$["a"].b[0]', 10],
    ["$.a['it\\'s']", 2],
    ["$.none", null],
    ["$.none.x", undefined],
    ["$.a.gone", undefined],
    ["$.a.b.c", undefined],
    ["$.a.b[9]", undefined],
    ["$.toString", undefined],
    ["$.list.length", undefined],
    ["$$.State.Name", "here"],
  ])("%s", (path, value) => {
    expect(find(path)).toEqual(value);
  });
});

describe("a path that may name many places", () => {
  it.each<[string, Json]>([
    ["$.list[*].v", [1, 2]],
    ["$.list[0:1].v", [1]],
    ["$.list[0,1].v", [1, 2]],
    ["$..v", [1, 2]],
    ["$.list[*].gone", []],
    ["$.gone[*]", []],
  ])("%s always gives an array", (path, value) => {
    expect(find(path)).toEqual(value);
  });

  it("finds nothing in a scalar", () => {
    expect(find("$.*", 0)).toEqual([]);
    expect(find("$..a", null)).toEqual([]);
  });
});

describe("writing at a reference path", () => {
  it.each<[string, Json, Json]>([
    ["$", { a: 1 }, "new"],
    ["$.a", { a: 1, b: 2 }, { a: "new", b: 2 }],
    ["$.x.y", { a: 1 }, { a: 1, x: { y: "new" } }],
    ["$['x y']", {}, { "x y": "new" }],
    ["$.list[1]", { list: [1, 2, 3] }, { list: [1, "new", 3] }],
  ])("%s", (path, json, output) => {
    const before = structuredClone(json);
    expect(writePath(compileReferencePath(path), json, "new")).toEqual(output);
    expect(json).toEqual(before);
  });

  it.each<[string, Json]>([
    ["$.a", []],
    ["$.a", "text"],
    ["$.a", null],
    ["$.a.b", { a: 1 }],
    ["$.list[3]", { list: [1, 2, 3] }],
    ["$.list[0]", { list: {} }],
  ])("%s does not fit %j", (path, json) => {
    expect(() => writePath(compileReferencePath(path), json, "new")).toThrow(
      expect.objectContaining({ name: "States.ResultPathMatchFailure" }),
    );
  });

  it("makes a key of its own even of __proto__", () => {
    const output = writePath(compileReferencePath("$['__proto__']"), {}, { polluted: true });
    expect(Object.keys(output ?? {})).toEqual(["__proto__"]);
    expect("polluted" in {}).toBe(false);
  });
});
