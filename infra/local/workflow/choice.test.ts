import { describe, expect, it } from "vitest";
import { type ChoiceRule, holds } from "./choice.ts";
import type { Json } from "./json.ts";
import { compilePath } from "./path.ts";

const input: Json = { text: "5", five: 5, six: 6 };

const equals = (variable: string, text: string): ChoiceRule => {
  return { kind: "stringEquals", variable: compilePath(variable), text };
};
const less = (variable: string, limit: string): ChoiceRule => {
  return { kind: "numericLessThanPath", variable: compilePath(variable), limit: compilePath(limit) };
};

describe("a choice rule", () => {
  it.each<[ChoiceRule, boolean]>([
    [equals("$.text", "5"), true],
    [equals("$.text", "6"), false],
    [equals("$.five", "5"), false],
    [less("$.five", "$.six"), true],
    [less("$.five", "$.five"), false],
    [less("$.six", "$.five"), false],
    [less("$.text", "$.six"), false],
  ])("%j holds: %s", (rule, expected) => {
    expect(holds(rule, input)).toBe(expected);
  });

  it.each([
    equals("$.gone", "5"),
    less("$.gone", "$.six"),
    less("$.five", "$.gone"),
    less("$.five", "$.text"),
  ])("fails the execution on %j", (rule) => {
    expect(() => holds(rule, input)).toThrow(expect.objectContaining({ name: "States.Runtime" }));
  });
});
