import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  functionArn,
  namedError,
  type PureRun,
  runPure,
  type TestFunction,
} from "../../../test/pure-workflow.ts";
import { inputs, machines } from "../../../test/workflow-arbitrary.ts";
import { type JudgedRun, judge } from "../../../test/workflow-judge.ts";
import { isJsonArray, isJsonObject, type Json } from "./json.ts";

/**
 * Against aws-local-stepfunctions, an implementation of the Amazon States Language by others. Where the two
 * are known to differ, and why, stands with the generator in test/workflow-arbitrary.ts.
 */

/** What the judge always calls States.Runtime and the language has a name for. */
const RUNTIME = ["States.Runtime", "States.ParameterPathFailure", "States.IntrinsicFailure"];

type Verdict = "succeeded" | "failed" | "beyond the judge";

/** Functions whose behaviour is in their name; a fresh set remembers no calls. */
function functionSet(): TestFunction {
  const calls = new Map<string, number>();
  return (payload, functionName) => {
    const [behaviour] = functionName.split("-");
    const call = (calls.get(functionName) ?? 0) + 1;
    calls.set(functionName, call);
    if (behaviour === "boom") throw namedError("Boom", "always");
    if (behaviour === "flaky" && call <= 2) throw namedError("Boom", `call ${call}`);
    if (behaviour === "odd" && JSON.stringify(withoutOwnWords(payload)).length % 2 === 1)
      throw namedError("Boom", "odd");
    return { of: payload, list: [1, 2], n: { x: 1 } };
  };
}

interface StateNames {
  readonly tasks: Record<string, string>;
  readonly waits: string[];
  readonly retried: string[];
  hasChildren: boolean;
}

function stateNames(definition: Json, found: StateNames): StateNames {
  if (!isJsonObject(definition) || !isJsonObject(definition.States)) throw new Error("not a definition");
  for (const [name, state] of Object.entries(definition.States)) {
    if (!isJsonObject(state)) continue;
    if (typeof state.Resource === "string") found.tasks[name] = state.Resource.split(":").at(-1) ?? "";
    if (state.Type === "Wait") found.waits.push(name);
    if (state.Retry !== undefined) found.retried.push(name);
    const inner = [state.ItemProcessor, ...(isJsonArray(state.Branches) ? state.Branches : [])];
    for (const flow of inner.filter((part) => part !== undefined)) {
      found.hasChildren = true;
      stateNames(flow, found);
    }
  }
  return found;
}

/** Both put their own words into the Cause of an error that the language itself raises. */
function withoutOwnWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnWords);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([k, v]) => [k, withoutOwnWords(v)] as const);
  const made = Object.fromEntries(entries);
  const isOwn = typeof made.Error === "string" && made.Error.startsWith("States.");
  return isOwn && "Cause" in made ? { ...made, Cause: "" } : made;
}

function sorted(calls: readonly { readonly functionName: string; readonly payload: Json }[]): string[] {
  return calls.map(({ functionName, payload }) => `${functionName} ${JSON.stringify(payload)}`).sort();
}

function compareEnds(ours: PureRun, theirs: JudgedRun): Verdict {
  const { outcome } = ours;
  if (outcome === null) throw new Error("the execution has not ended");
  if ("error" in theirs.ended) {
    const { error, cause } = theirs.ended;
    if (error === "States.Runtime") {
      const agrees = outcome.status === "FAILED" && RUNTIME.includes(outcome.error ?? "");
      return agrees ? "failed" : "beyond the judge";
    }
    expect(outcome).toMatchObject({ status: "FAILED", error });
    if (!error.startsWith("States.")) expect(outcome).toMatchObject({ cause });
    return "failed";
  }
  expect(outcome.status).toBe("SUCCEEDED");
  if (outcome.status !== "SUCCEEDED") return "failed";
  expect(withoutOwnWords(outcome.output)).toEqual(withoutOwnWords(theirs.ended.output));
  return "succeeded";
}

function compareWork(ours: PureRun, theirs: JudgedRun, hasChildren: boolean): void {
  // How far branches get before a neighbour's failure ends them is left open.
  if (hasChildren && theirs.anyFailure) return;
  // Some of what the judge calls States.Runtime may be retried and caught by its name in the language.
  if ("error" in theirs.ended && theirs.ended.error === "States.Runtime") return;
  expect(sorted(ours.calls)).toEqual(sorted(theirs.calls));
  // The judge's log may close before the last events from inside a branch reach it.
  if (!hasChildren) expect(ours.transitions).toBe(theirs.transitions);
}

async function judgeBoth(definition: Json, input: Json): Promise<Verdict> {
  const names = stateNames(definition, { tasks: {}, waits: [], retried: [], hasChildren: false });
  const theirs = await judge(definition, input, names.tasks, names.waits, names.retried, functionSet());
  const ours = runPure(definition, input, functionSet());
  const verdict = compareEnds(ours, theirs);
  if (verdict !== "beyond the judge") compareWork(ours, theirs, names.hasChildren);
  return verdict;
}

function plain(definition: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(definition));
  return json;
}

/** Which of two failing branches is first is open; any other error is a fault. */
function raced(error: unknown): Verdict {
  if (error instanceof Error && error.name === "AssertionError") return "beyond the judge";
  throw error;
}

const task = (name: string, more: Record<string, Json> = {}) => ({
  Type: "Task",
  Resource: functionArn(name),
  ...more,
});

/** Machines as the exchange has them, and what generated ones seldom reach. */
const written: Record<string, { readonly definition: Json; readonly inputs: readonly Json[] }> = {
  "a loop over pages": {
    definition: {
      StartAt: "Start",
      States: {
        Start: { Type: "Pass", Parameters: { "left.$": "$.pages", done: 0 }, Next: "More" },
        More: {
          Type: "Choice",
          Choices: [{ Variable: "$.left", NumericLessThanEquals: 0, Next: "End" }],
          Default: "Page",
        },
        Page: task("echo-page", { ResultPath: "$.page", Next: "Count" }),
        Count: {
          Type: "Pass",
          Parameters: { "left.$": "States.MathAdd($.left, -1)", "done.$": "States.MathAdd($.done, 1)" },
          Next: "More",
        },
        End: { Type: "Succeed" },
      },
    },
    inputs: [{ pages: 1 }, { pages: 7 }],
  },
  "retries that are used up, then a catch": {
    definition: {
      StartAt: "Try",
      States: {
        Try: task("flaky-try", {
          Retry: [{ ErrorEquals: ["States.TaskFailed"], MaxAttempts: 1, BackoffRate: 1.5 }],
          Catch: [
            { ErrorEquals: ["Other"], Next: "Wrong" },
            { ErrorEquals: ["States.ALL"], ResultPath: "$.e", Next: "Again" },
          ],
          Next: "Wrong",
        }),
        Again: task("flaky-try", { ResultPath: "$.r", Next: "End" }),
        Wrong: { Type: "Fail", Error: "Wrong", Cause: "way" },
        End: { Type: "Succeed", OutputPath: "$.e" },
      },
    },
    inputs: [{ a: 1 }, {}],
  },
  "a map of parallels with its results selected": {
    definition: {
      StartAt: "Each",
      States: {
        Each: {
          Type: "Map",
          ItemsPath: "$.list",
          MaxConcurrency: 2,
          ItemSelector: { "v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "all.$": "$.list[*]" },
          ItemProcessor: {
            StartAt: "Both",
            States: {
              Both: {
                Type: "Parallel",
                Branches: [
                  { StartAt: "L", States: { L: task("echo-l", { End: true }) } },
                  { StartAt: "R", States: { R: { Type: "Pass", OutputPath: "$.v", End: true } } },
                ],
                ResultSelector: { "left.$": "$[0].of.i", "right.$": "$[1]" },
                End: true,
              },
            },
          },
          ResultPath: "$.made",
          Next: "Look",
        },
        Look: {
          Type: "Pass",
          Parameters: { "rights.$": "$.made[*].right", "first.$": "$.made[0]" },
          End: true,
        },
      },
    },
    inputs: [{ list: [4, 5, 6] }, { list: ["x", { y: 1 }] }],
  },
  "a distributed map over a list of the input": {
    definition: {
      StartAt: "Each",
      States: {
        Each: {
          Type: "Map",
          ItemsPath: "$.list",
          ItemProcessor: {
            ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
            StartAt: "B",
            States: { B: task("echo-b", { Next: "C" }), C: { Type: "Pass", OutputPath: "$.of", End: true } },
          },
          ResultPath: null,
          Next: "After",
        },
        After: task("echo-after", { End: true }),
      },
    },
    inputs: [{ list: [4, 5, 6] }, { list: [] }, { list: [{ range: 1 }] }],
  },
  "an error that leaves a map inside a parallel": {
    definition: {
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [
            {
              StartAt: "M",
              States: {
                M: {
                  Type: "Map",
                  ItemProcessor: { StartAt: "B", States: { B: task("boom-b", { End: true }) } },
                  End: true,
                },
              },
            },
          ],
          Retry: [{ ErrorEquals: ["Boom"], MaxAttempts: 2 }],
          Catch: [{ ErrorEquals: ["Boom"], Next: "End" }],
          Next: "End",
        },
        End: { Type: "Succeed" },
      },
    },
    inputs: [[1, 2], [7]],
  },
};

const RUNS = 1000;

describe("against aws-local-stepfunctions", () => {
  it("ends generated machines alike, with the same calls and transitions", async () => {
    const verdicts: Record<Verdict, number> = { succeeded: 0, failed: 0, "beyond the judge": 0 };
    await fc.assert(
      fc.asyncProperty(machines("one at a time"), inputs, async (definition, input) => {
        verdicts[await judgeBoth(plain(definition), input)] += 1;
      }),
      { numRuns: RUNS },
    );
    // The comparison means something only while most machines get somewhere.
    expect(verdicts.succeeded).toBeGreaterThan(RUNS / 4);
    expect(verdicts.failed).toBeGreaterThan(RUNS / 20);
    expect(verdicts["beyond the judge"]).toBeLessThan(RUNS / 10);
  });

  it("agrees on branches and iterations side by side, but for whose failure comes first", async () => {
    const verdicts: Record<Verdict, number> = { succeeded: 0, failed: 0, "beyond the judge": 0 };
    await fc.assert(
      fc.asyncProperty(machines("several"), inputs, async (definition, input) => {
        const verdict = await judgeBoth(plain(definition), input).catch(raced);
        verdicts[verdict] += 1;
      }),
      { numRuns: RUNS },
    );
    expect(verdicts.succeeded).toBeGreaterThan(RUNS / 4);
    expect(verdicts["beyond the judge"]).toBeLessThan(RUNS / 10);
  });

  it.each(Object.entries(written))("ends %s alike", async (_, { definition, inputs: given }) => {
    for (const input of given) expect(await judgeBoth(definition, input)).not.toBe("beyond the judge");
  });
});
