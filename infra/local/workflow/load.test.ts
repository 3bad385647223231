import { describe, expect, it } from "vitest";
import { functionArn, MACHINE_ARN } from "../../../test/pure-workflow.ts";
import { loadMachine } from "./load.ts";

const end = { Type: "Succeed" };
const inner = {
  ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
  StartAt: "In",
  States: { In: end },
};

/** One state called X, and whatever else it needs. */
function refusal(x: Record<string, unknown>, more: Record<string, unknown> = {}): () => unknown {
  return () => loadMachine("m", MACHINE_ARN, { StartAt: "X", States: { X: x, ...more } });
}

function task(more: Record<string, unknown>): Record<string, unknown> {
  return { Type: "Task", Resource: functionArn("f"), End: true, ...more };
}

function invoke(Parameters: unknown): Record<string, unknown> {
  return { Type: "Task", Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken", Parameters, End: true };
}

function choice(rule: Record<string, unknown>): Record<string, unknown> {
  return { Type: "Choice", Choices: [{ Variable: "$", Next: "X", ...rule }] };
}

function map(more: Record<string, unknown>): Record<string, unknown> {
  return { Type: "Map", ItemsPath: "$", ItemProcessor: inner, End: true, ...more };
}

function processor(more: Record<string, unknown>): Record<string, unknown> {
  return map({ ItemProcessor: { ...inner, ...more } });
}

describe("a definition that the engine cannot run in full", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["a Pass", { Type: "Pass", End: true }, "Type"],
    ["a Wait", { Type: "Wait", Seconds: 1, End: true }, "Type"],
    ["a Fail", { Type: "Fail" }, "Type"],
    ["a Parallel", { Type: "Parallel", Branches: [inner], End: true }, "Type"],
    ["an unknown type", { Type: "Activity" }, "Type"],
    ["JSONata", task({ QueryLanguage: "JSONata" }), "QueryLanguage"],
    ["JSONata's Arguments", task({ Arguments: {} }), "Arguments"],
    ["variables", task({ Assign: { a: 1 } }), "Assign"],
    ["credentials", task({ Credentials: { RoleArn: "r" } }), "Credentials"],
    ["an InputPath", task({ InputPath: "$.a" }), "InputPath"],
    ["an OutputPath", { Type: "Succeed", OutputPath: "$.a" }, "OutputPath"],
    ["a ResultSelector", task({ ResultSelector: {} }), "ResultSelector"],
    ["a ResultPath into the input", task({ ResultPath: "$.a" }), "ResultPath"],
    [
      "a Catch's ResultPath into the input",
      task({ Catch: [{ ErrorEquals: ["A"], ResultPath: "$.e", Next: "X" }] }),
      "Catch.0.ResultPath",
    ],
    ["a heartbeat", task({ HeartbeatSeconds: 1 }), "HeartbeatSeconds"],
    ["a timeout that is no path", task({ TimeoutSeconds: 1 }), "TimeoutSeconds"],
    ["jitter", task({ Retry: [{ ErrorEquals: ["A"], JitterStrategy: "FULL" }] }), "Retry.0.JitterStrategy"],
    ["a greatest delay", task({ Retry: [{ ErrorEquals: ["A"], MaxDelaySeconds: 9 }] }), "Retry.0.MaxDelay"],
    [
      "States.ALL among others",
      task({ Retry: [{ ErrorEquals: ["A", "States.ALL"] }] }),
      "Retry.0.ErrorEquals",
    ],
    [
      "States.ALL before others",
      task({
        Catch: [
          { ErrorEquals: ["States.ALL"], Next: "X" },
          { ErrorEquals: ["A"], Next: "X" },
        ],
      }),
      "Catch.0.ErrorEquals",
    ],
    ["lambda:invoke that waits", task({ Resource: "arn:aws:states:::lambda:invoke" }), "Resource"],
    ["a service of the SDK", task({ Resource: "arn:aws:states:::aws-sdk:dynamodb:getItem" }), "Resource"],
    ["an activity", task({ Resource: "arn:aws:states:cn-north-1:000000000000:activity:a" }), "Resource"],
    ["a nested execution", task({ Resource: "arn:aws:states:::states:startExecution.sync" }), "Resource"],
    ["lambda:invoke without a function", invoke({ Payload: {} }), "Resource"],
    ["a function named by a path", invoke({ "FunctionName.$": "$.f" }), "Resource"],
    ["a payload named by a path", invoke({ FunctionName: "f", "Payload.$": "$.p" }), "Resource"],
    ["an asynchronous call", invoke({ FunctionName: "f", InvocationType: "Event" }), "Resource"],
    ["a path with brackets", task({ TimeoutSecondsPath: "$.a[0]" }), "TimeoutSecondsPath"],
    ["a wildcard in a template", task({ Parameters: { "a.$": "$.a[*]" } }), "Parameters"],
    ["the context beyond the token", task({ Parameters: { "a.$": "$$.Execution.Name" } }), "Parameters"],
    ["an intrinsic function", task({ Parameters: { "a.$": "States.UUID()" } }), "Parameters"],
    ["a path that is no text", task({ Parameters: { "a.$": 1 } }), "Parameters"],
    ["a key both with and without .$", task({ Parameters: { a: 1, "a.$": "$" } }), "Parameters"],
    ["another operator", choice({ NumericEquals: 1 }), "Choices.0.NumericEquals"],
    ["And", { Type: "Choice", Choices: [{ And: [], Next: "X" }] }, "Choices.0"],
    ["no operator", choice({}), "Choices.0"],
    ["two operators", choice({ StringEquals: "a", NumericLessThanPath: "$.n" }), "Choices.0"],
    ["a comparison with another type", choice({ StringEquals: 1 }), "Choices.0.StringEquals"],
    ["a rule without Next", choice({ StringEquals: "a", Next: undefined }), "Choices.0.Next"],
    ["both Next and End", task({ Next: "X" }), "Next"],
    ["neither Next nor End", task({ End: undefined }), "Next"],
    ["a way to nowhere", task({ End: undefined, Next: "Y" }), "Next"],
    ["a Catch to nowhere", task({ Catch: [{ ErrorEquals: ["A"], Next: "Y" }] }), "Next"],
    ["a Map without a processor", map({ ItemProcessor: undefined }), "ItemProcessor"],
    [
      "an inline Map",
      processor({ ProcessorConfig: { Mode: "INLINE" } }),
      "ItemProcessor.ProcessorConfig.Mode",
    ],
    [
      "a Map of express executions",
      processor({ ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" } }),
      "ItemProcessor.ProcessorConfig.ExecutionType",
    ],
    ["an ItemSelector", map({ ItemSelector: {} }), "ItemSelector"],
    ["an ItemReader", map({ ItemReader: {} }), "ItemReader"],
    ["tolerated failures", map({ ToleratedFailureCount: 1 }), "ToleratedFailureCount"],
    ["a processor with a timeout", processor({ TimeoutSeconds: 1 }), "ItemProcessor.TimeoutSeconds"],
  ])("refuses %s, naming state and field", (_, state, field) => {
    expect(refusal(state)).toThrow(
      expect.objectContaining({
        name: "InvalidDefinition",
        message: expect.stringContaining(`state machine "m", state "X", field "${field}`),
      }),
    );
  });

  it("says what is supported instead", () => {
    expect(refusal({ Type: "Pass", End: true })).toThrow("only Task, Map, Choice and Succeed are");
    expect(refusal(task({ TimeoutSecondsPath: "$.a[0]" }))).toThrow("only paths like $.a.b are");
    expect(refusal(task({ ResultPath: "$.a" }))).toThrow("is not supported but as null");
    expect(refusal(choice({ StringMatches: "a*" }))).toThrow("is not supported");
  });

  it("names a state inside a Map", () => {
    expect(refusal(processor({ States: { In: task({ Assign: {} }) } }))).toThrow(
      'state "In", field "Assign"',
    );
  });

  it("refuses fields of the machine itself", () => {
    const load = () =>
      loadMachine("m", MACHINE_ARN, { StartAt: "In", States: { In: end }, TimeoutSeconds: 1 });
    expect(load).toThrow('state machine "m", field "TimeoutSeconds"');
  });

  it("refuses a state that nothing leads to, and a name used twice", () => {
    expect(refusal(end, { Y: end })).toThrow('state "Y": no state leads here');
    expect(refusal(processor({ StartAt: "X", States: { X: end } }))).toThrow('state "X": two states');
  });

  it("refuses a StartAt that is not there", () => {
    expect(() => loadMachine("m", MACHINE_ARN, { StartAt: "A", States: { B: end } })).toThrow(
      'field "StartAt"',
    );
  });
});
