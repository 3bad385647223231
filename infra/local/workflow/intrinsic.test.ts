import { describe, expect, it } from "vitest";
import { callIntrinsic, compileIntrinsic } from "./intrinsic.ts";
import type { Json } from "./json.ts";

const input: Json = { name: "Ada", n: 2.6, list: [1], "a, b": "comma", json: '{"x":[1]}', template: "<{}>" };

function call(text: string): Json {
  return callIntrinsic(compileIntrinsic(text), { input, context: () => ({ Execution: { Name: "run" } }) });
}

describe("an intrinsic function", () => {
  it.each<[string, Json]>([
    ["States.Format('Hello {}, {} {}', $.name, true, null)", "Hello Ada, true null"],
    ["States.Format('it\\'s \\{\\} \\\\ {}', 1)", "it's {} \\ 1"],
    ["States.Format($.template, 'x')", "<x>"],
    ["States.Format('{}', $['a, b'])", "comma"],
    ["States.Format('{}', $$.Execution.Name)", "run"],
    ["States.Array()", []],
    ["States.Array( 1 , -2.5, 'a, (b)', $.list, States.Array($.n))", [1, -2.5, "a, (b)", [1], [2.6]]],
    ["States.JsonToString($.list)", "[1]"],
    ["States.StringToJson($.json)", { x: [1] }],
    ["States.StringToJson(States.JsonToString($))", input],
    ["States.MathAdd(1, -3)", -2],
    ["States.MathAdd($.n, 1)", 4],
  ])("%s", (text, value) => {
    expect(call(text)).toEqual(value);
  });

  it.each([
    "States.Format('{} {}', 1)",
    "States.Format('{}', 1, 2)",
    "States.Format('{}', $.list)",
    "States.Format($.n)",
    "States.StringToJson('{')",
    "States.StringToJson(1)",
    "States.MathAdd('1', 2)",
    "States.JsonToString($.gone)",
  ])("%s fails", (text) => {
    expect(() => call(text)).toThrow(expect.objectContaining({ name: "States.IntrinsicFailure" }));
  });

  it.each([
    "States.Hash('a', 'MD5')",
    "States.MathAdd(1)",
    "States.Format()",
    "States.Array(1",
    "States.Array(1) more",
    "States.Array(1 2)",
    "States.Array(word)",
    "Other.Thing()",
  ])("%s is refused at load", (text) => {
    expect(() => compileIntrinsic(text)).toThrow(Error);
  });
});
