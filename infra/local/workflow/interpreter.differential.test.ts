import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  functionArn,
  namedError,
  type PureRun,
  runPure,
  type TestFunction,
} from "../../../test/pure-workflow.ts";
import { inputs, machines, words } from "../../../test/workflow-arbitrary.ts";
import { type JudgedRun, judge } from "../../../test/workflow-judge.ts";
import { isJsonObject, type Json } from "./json.ts";

/**
 * Against aws-local-stepfunctions, an implementation of the Amazon States Language by others. Where the two
 * are known to differ, and why, stands with the generator in test/workflow-arbitrary.ts.
 */

/** What the judge always calls States.Runtime and the language has a name for. */
const RUNTIME = ["States.Runtime", "States.ParameterPathFailure"];

type Verdict = "succeeded" | "failed" | "beyond the judge";

/** Functions whose behaviour is in their name; a fresh set remembers no calls. */
function functionSet(): TestFunction {
  const calls = new Map<string, number>();
  return (payload, functionName) => {
    const [behaviour] = functionName.split("-");
    const call = (calls.get(functionName) ?? 0) + 1;
    calls.set(functionName, call);
    if (behaviour === "shorter") return shorter(payload);
    if (behaviour === "boom") throw namedError("Boom", "always");
    if (behaviour === "flaky" && call <= 2) throw namedError("Boom", `call ${call}`);
    const { length } = JSON.stringify(withoutOwnWords(payload));
    if (behaviour === "odd" && length % 2 === 1) throw namedError("Boom", "odd");
    return { of: payload, list: [1, 2], n: { x: length % 5 }, limit: 2, word: words[length % words.length] };
  };
}

/** One less is left; where none is, nothing is next. */
function shorter(payload: Json): Json {
  const { left } = z.object({ left: z.object({ length: z.number() }) }).parse(payload);
  const length = left.length - 1;
  return { left: { length }, zero: 0, next: length > 0 ? "page" : length === 0 ? "close" : "nothing" };
}

interface StateNames {
  readonly tasks: Record<string, string>;
  readonly retried: string[];
  hasItems: boolean;
}

function stateNames(definition: Json, found: StateNames): StateNames {
  if (!isJsonObject(definition) || !isJsonObject(definition.States)) throw new Error("not a definition");
  for (const [name, state] of Object.entries(definition.States)) {
    if (!isJsonObject(state)) continue;
    if (typeof state.Resource === "string") found.tasks[name] = state.Resource.split(":").at(-1) ?? "";
    if (state.Retry !== undefined) found.retried.push(name);
    if (state.ItemProcessor === undefined) continue;
    found.hasItems = true;
    stateNames(state.ItemProcessor, found);
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

function compareWork(ours: PureRun, theirs: JudgedRun, hasItems: boolean): void {
  // Some of what the judge calls States.Runtime may be retried and caught by its name in the language.
  if ("error" in theirs.ended && theirs.ended.error === "States.Runtime") return;
  expect(sorted(ours.calls)).toEqual(sorted(theirs.calls));
  // The judge's log may close before the last events from inside a Map reach it.
  if (!hasItems) expect(ours.transitions).toBe(theirs.transitions);
}

async function judgeBoth(definition: Json, input: Json): Promise<Verdict> {
  const names = stateNames(definition, { tasks: {}, retried: [], hasItems: false });
  const theirs = await judge(definition, input, names.tasks, names.retried, functionSet());
  const ours = runPure(definition, input, functionSet());
  const verdict = compareEnds(ours, theirs);
  if (verdict !== "beyond the judge") compareWork(ours, theirs, names.hasItems);
  return verdict;
}

function plain(definition: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(definition));
  return json;
}

const task = (name: string, more: Record<string, Json> = {}) => ({
  Type: "Task",
  Resource: functionArn(name),
  ...more,
});

/** Machines as the exchange has them, and what generated ones seldom reach. */
const written: Record<string, { readonly definition: Json; readonly inputs: readonly Json[] }> = {
  "a loop until there is nothing due": {
    definition: {
      StartAt: "Close",
      States: {
        Close: task("shorter-close", { Parameters: { "left.$": "$.left" }, Next: "Due" }),
        Due: {
          Type: "Choice",
          Choices: [
            { Variable: "$.next", StringEquals: "page", Next: "Page" },
            { Variable: "$.next", StringEquals: "close", Next: "Close" },
          ],
          Default: "End",
        },
        Page: task("shorter-page", { Next: "More" }),
        More: {
          Type: "Choice",
          Choices: [{ Variable: "$.zero", NumericLessThanPath: "$.left.length", Next: "Page" }],
          Default: "Close",
        },
        End: { Type: "Succeed" },
      },
    },
    inputs: [{ left: { length: 1 } }, { left: { length: 7 } }],
  },
  "retries that are used up, then a catch": {
    definition: {
      StartAt: "Try",
      States: {
        Try: task("flaky-try", {
          Retry: [{ ErrorEquals: ["States.TaskFailed"], MaxAttempts: 1, BackoffRate: 1.5 }],
          Catch: [
            { ErrorEquals: ["Other"], Next: "Wrong" },
            { ErrorEquals: ["States.ALL"], ResultPath: null, Next: "Again" },
          ],
          Next: "Wrong",
        }),
        Again: task("flaky-try", { Next: "End" }),
        Wrong: task("boom-wrong", { End: true }),
        End: { Type: "Succeed" },
      },
    },
    inputs: [{ a: 1 }, {}],
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
            States: { B: task("echo-b", { Next: "C" }), C: task("echo-c", { End: true }) },
          },
          ResultPath: null,
          Next: "After",
        },
        After: task("echo-after", { End: true }),
      },
    },
    inputs: [{ list: [4, 5, 6] }, { list: [] }, { list: [{ range: 1 }] }],
  },
};

const RUNS = 1000;

describe("against aws-local-stepfunctions", () => {
  it("ends generated machines alike, with the same calls and transitions", async () => {
    const verdicts: Record<Verdict, number> = { succeeded: 0, failed: 0, "beyond the judge": 0 };
    await fc.assert(
      fc.asyncProperty(machines, inputs, async (definition, input) => {
        verdicts[await judgeBoth(plain(definition), input)] += 1;
      }),
      { numRuns: RUNS },
    );
    // The comparison means something only while most machines get somewhere.
    expect(verdicts.succeeded).toBeGreaterThan(RUNS / 4);
    expect(verdicts.failed).toBeGreaterThan(RUNS / 20);
    expect(verdicts["beyond the judge"]).toBeLessThan(RUNS / 10);
  });

  it.each(Object.entries(written))("ends %s alike", async (_, { definition, inputs: given }) => {
    for (const input of given) expect(await judgeBoth(definition, input)).not.toBe("beyond the judge");
  });
});
