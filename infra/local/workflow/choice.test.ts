import { describe, expect, it } from "vitest";
import { compileChoiceRule, holds } from "./choice.ts";
import type { Json } from "./json.ts";

const input: Json = {
  text: "banana",
  five: 5,
  six: 6,
  yes: true,
  none: null,
  early: "2026-01-01T00:00:00Z",
  same: "2026-01-01T08:00:00+08:00",
};

function test(rule: Json): boolean {
  return holds(compileChoiceRule(rule), { input, context: () => ({}) });
}

const on = (Variable: string, operator: Record<string, Json>): Json => ({ Variable, ...operator });

describe("a choice rule", () => {
  it.each<[Json, boolean]>([
    [on("$.text", { StringEquals: "banana" }), true],
    [on("$.text", { StringLessThan: "cherry" }), true],
    [on("$.text", { StringGreaterThanEquals: "cherry" }), false],
    [on("$.text", { StringMatches: "b*n*" }), true],
    [on("$.text", { StringMatches: "b.n*" }), false],
    [on("$.text", { StringMatches: "\\*banana" }), false],
    [on("$.text", { NumericEquals: 5 }), false],
    [on("$.five", { NumericEquals: 5 }), true],
    [on("$.five", { NumericLessThan: 5 }), false],
    [on("$.five", { NumericLessThanEquals: 5 }), true],
    [on("$.five", { NumericGreaterThanEquals: 5.5 }), false],
    [on("$.five", { NumericLessThanPath: "$.six" }), true],
    [on("$.five", { StringLessThan: "z" }), false],
    [on("$.yes", { BooleanEquals: true }), true],
    [on("$.yes", { BooleanEqualsPath: "$.yes" }), true],
    [on("$.early", { TimestampEqualsPath: "$.same" }), true],
    [on("$.early", { TimestampLessThan: "2025-01-01T00:00:00Z" }), false],
    [on("$.none", { IsNull: true }), true],
    [on("$.none", { IsNull: false }), false],
    [on("$.none", { IsPresent: true }), true],
    [on("$.gone", { IsPresent: true }), false],
    [on("$.gone", { IsPresent: false }), true],
    [on("$.five", { IsNumeric: true }), true],
    [on("$.five", { IsString: true }), false],
    [on("$.early", { IsTimestamp: true }), true],
    [on("$.text", { IsTimestamp: false }), true],
    [on("$.yes", { IsBoolean: true }), true],
    [{ Not: on("$.yes", { BooleanEquals: true }) }, false],
    [{ And: [on("$.gone", { IsPresent: true }), on("$.gone", { NumericEquals: 1 })] }, false],
    [{ Or: [on("$.yes", { BooleanEquals: true }), on("$.gone", { NumericEquals: 1 })] }, true],
    [{ And: [{ Or: [on("$.five", { NumericEquals: 1 }), on("$.six", { NumericEquals: 6 })] }] }, true],
  ])("%j", (rule, expected) => {
    expect(test(rule)).toBe(expected);
  });

  it.each<Json>([
    on("$.gone", { NumericEquals: 1 }),
    on("$.gone", { IsNull: true }),
    on("$.five", { NumericEqualsPath: "$.gone" }),
    on("$.five", { NumericEqualsPath: "$.text" }),
  ])("fails the execution on %j", (rule) => {
    expect(() => test(rule)).toThrow(expect.objectContaining({ name: "States.Runtime" }));
  });
});
