import { describe, expect, it } from "vitest";
import type { Json } from "./json.ts";
import { compilePath, findPath } from "./path.ts";

const input: Json = { a: { b: [10], c: { d: "deep" } }, none: null };

describe("a path", () => {
  it.each<[string, Json | undefined]>([
    ["$", input],
    ["$.a.b", [10]],
    ["$.a.c.d", "deep"],
    ["$.none", null],
    ["$.none.x", undefined],
    ["$.a.gone", undefined],
    ["$.a.gone.x", undefined],
    ["$.a.b.length", undefined],
    ["$.toString", undefined],
  ])("%s", (path, value) => {
    expect(findPath(compilePath(path), input)).toEqual(value);
  });

  it.each(["", "a", "$a", "$.", "$.a.", "$..a", "$.*", "$.a[0]", "$['a']", "$.a b", "$$.State.Name"])(
    "is not %j",
    (text) => {
      expect(() => compilePath(text)).toThrow(`"${text}" is not supported`);
    },
  );
});
