import { describe, expect, it } from "vitest";
import { functionArn, MACHINE_ARN } from "../../../test/pure-workflow.ts";
import { loadMachine } from "./load.ts";

const end = { Type: "Succeed" };
const inner = { StartAt: "In", States: { In: end } };

/** One state called X, and whatever else it needs. */
function refusal(x: Record<string, unknown>, more: Record<string, unknown> = {}): () => unknown {
  return () => loadMachine("m", MACHINE_ARN, { StartAt: "X", States: { X: x, ...more } });
}

function task(more: Record<string, unknown>): Record<string, unknown> {
  return { Type: "Task", Resource: functionArn("f"), End: true, ...more };
}

function invoke(Parameters: unknown): Record<string, unknown> {
  return { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters, End: true };
}

describe("a definition that the engine cannot run in full", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["JSONata", { Type: "Pass", QueryLanguage: "JSONata", End: true }, "QueryLanguage"],
    ["JSONata's Arguments", task({ Arguments: {} }), "Arguments"],
    ["JSONata's Output", { Type: "Pass", Output: "{% 1 %}", End: true }, "Output"],
    ["variables", { Type: "Pass", Assign: { a: 1 }, End: true }, "Assign"],
    ["credentials", task({ Credentials: { RoleArn: "r" } }), "Credentials"],
    ["jitter", task({ Retry: [{ ErrorEquals: ["A"], JitterStrategy: "FULL" }] }), "Retry.0.JitterStrategy"],
    ["an unknown field of a retrier", task({ Retry: [{ ErrorEquals: ["A"], Delay: 1 }] }), "Retry.0.Delay"],
    [
      "States.ALL among others",
      task({ Retry: [{ ErrorEquals: ["A", "States.ALL"] }] }),
      "Retry.0.ErrorEquals",
    ],
    ["a timeout twice", task({ TimeoutSeconds: 1, TimeoutSecondsPath: "$.t" }), "TimeoutSeconds"],
    ["a timeout of no seconds", task({ TimeoutSeconds: 0 }), "TimeoutSeconds"],
    ["a service of the SDK", task({ Resource: "arn:aws:states:::aws-sdk:dynamodb:getItem" }), "Resource"],
    ["EventBridge", task({ Resource: "arn:aws:states:::events:putEvents" }), "Resource"],
    ["an activity", task({ Resource: "arn:aws:states:cn-north-1:000000000000:activity:a" }), "Resource"],
    ["a nested execution", task({ Resource: "arn:aws:states:::states:startExecution.sync" }), "Resource"],
    ["lambda:invoke without a function", invoke({ Payload: {} }), "Resource"],
    ["a function named by a path", invoke({ "FunctionName.$": "$.f" }), "Resource"],
    ["an asynchronous call", invoke({ FunctionName: "f", InvocationType: "Event" }), "Resource"],
    ["a qualifier", invoke({ FunctionName: "f", Qualifier: "1" }), "Resource"],
    ["a filter in a path", { Type: "Pass", InputPath: "$.a[?(@.b == 1)]", End: true }, "InputPath"],
    ["a function in a path", { Type: "Pass", OutputPath: "$.a.length()", End: true }, "OutputPath"],
    ["a ResultPath to many places", { Type: "Pass", ResultPath: "$.a[*]", End: true }, "ResultPath"],
    ["a ResultPath to the context", { Type: "Pass", ResultPath: "$$.State", End: true }, "ResultPath"],
    [
      "a field the context has not",
      { Type: "Pass", Parameters: { "a.$": "$$.Execution.RoleArn" }, End: true },
      "Parameters",
    ],
    [
      "an intrinsic function",
      { Type: "Pass", Parameters: { "a.$": "States.UUID()" }, End: true },
      "Parameters",
    ],
    ["a template of plain text", { Type: "Pass", Parameters: { "a.$": "text" }, End: true }, "Parameters"],
    ["a Wait for two times", { Type: "Wait", Seconds: 1, SecondsPath: "$.s", End: true }, "Seconds"],
    ["a Wait for nothing", { Type: "Wait", End: true }, "Seconds"],
    [
      "a Timestamp without a zone",
      { Type: "Wait", Timestamp: "2026-01-01T00:00:00", End: true },
      "Timestamp",
    ],
    [
      "an unknown operator",
      { Type: "Choice", Choices: [{ Variable: "$", StringContains: "a", Next: "X" }] },
      "Choices.0",
    ],
    [
      "two operators",
      { Type: "Choice", Choices: [{ Variable: "$", IsNull: true, IsPresent: true, Next: "X" }] },
      "Choices.0",
    ],
    [
      "a comparison with another type",
      { Type: "Choice", Choices: [{ Variable: "$", NumericEquals: "1", Next: "X" }] },
      "Choices.0",
    ],
    ["a rule without Next", { Type: "Choice", Choices: [{ Variable: "$", IsNull: true }] }, "Choices.0"],
    ["both Next and End", { Type: "Pass", Next: "X", End: true }, "Next"],
    ["neither Next nor End", { Type: "Pass" }, "Next"],
    ["a way to nowhere", { Type: "Pass", Next: "Y" }, "Next"],
    ["a Catch to nowhere", task({ Catch: [{ ErrorEquals: ["A"], Next: "Y" }] }), "Next"],
    ["an unknown type", { Type: "Activity" }, "Type"],
    ["a Fail with an Error twice", { Type: "Fail", Error: "A", ErrorPath: "$.e" }, "Error"],
    ["a Map without a processor", { Type: "Map", End: true }, "ItemProcessor"],
    [
      "a distributed Map of express executions",
      {
        Type: "Map",
        ItemProcessor: { ...inner, ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" } },
        End: true,
      },
      "ProcessorConfig.ExecutionType",
    ],
    ["an ItemReader", { Type: "Map", ItemReader: {}, ItemProcessor: inner, End: true }, "ItemReader"],
    [
      "tolerated failures",
      { Type: "Map", ToleratedFailureCount: 1, ItemProcessor: inner, End: true },
      "ToleratedFailureCount",
    ],
    [
      "a branch with a timeout",
      { Type: "Parallel", Branches: [{ ...inner, TimeoutSeconds: 1 }], End: true },
      "Branches.0",
    ],
  ])("refuses %s, naming state and field", (_, state, field) => {
    expect(refusal(state)).toThrow(
      expect.objectContaining({
        name: "InvalidDefinition",
        message: expect.stringContaining(`state machine "m", state "X", field "${field}`),
      }),
    );
  });

  it("names a state inside a branch", () => {
    const branch = { StartAt: "In", States: { In: { Type: "Pass", Assign: {}, End: true } } };
    expect(refusal({ Type: "Parallel", Branches: [branch], End: true })).toThrow(
      'state "In", field "Assign"',
    );
  });

  it("refuses fields of the machine itself", () => {
    const load = () => loadMachine("m", MACHINE_ARN, { ...inner, QueryLanguage: "JSONata" });
    expect(load).toThrow('state machine "m", field "QueryLanguage"');
  });

  it("refuses a state that nothing leads to, and a name used twice", () => {
    expect(refusal(end, { Y: end })).toThrow('state "Y": no state leads here');
    const branch = { StartAt: "X", States: { X: end } };
    expect(refusal({ Type: "Parallel", Branches: [branch], End: true })).toThrow('state "X": two states');
  });

  it("refuses a StartAt that is not there", () => {
    expect(() => loadMachine("m", MACHINE_ARN, { StartAt: "A", States: { B: end } })).toThrow(
      'field "StartAt"',
    );
  });
});
