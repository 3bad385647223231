import { describe, expect, it } from "vitest";
import { functionArn, namedError, runPure } from "../../../test/pure-workflow.ts";

const ask = functionArn("ask");
const byToken = {
  Type: "Task",
  Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
  Parameters: { FunctionName: ask, Payload: { "token.$": "$$.Task.Token", "job.$": "$.job" } },
};
const called = (name: string, more: Record<string, unknown> = { End: true }) => ({
  Type: "Task",
  Resource: functionArn(name),
  ...more,
});
const names = (_: unknown, name: string) => name;

function machine<States extends Record<string, unknown>>(states: States) {
  return { StartAt: Object.keys(states)[0], States: states };
}

function distributed(flow: object) {
  return { ...flow, ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" } };
}

function succeeded(output: unknown, afterMs = 0) {
  return { status: "SUCCEEDED", output, endedAt: Date.UTC(2026, 0, 1) + afterMs };
}

function failed(error: string, cause: unknown = expect.any(String)) {
  return expect.objectContaining({ status: "FAILED", error, cause });
}

describe("Parameters", () => {
  it("are filled in from the input", () => {
    const parameters = { "x.$": "$.v.w", "all.$": "$", fixed: [1, { "y.$": "$.v.w" }], n: null };
    const run = runPure(machine({ T: called("ask", { Parameters: parameters, End: true }) }), {
      v: { w: null },
    });
    const filled = { x: null, all: { v: { w: null } }, fixed: [1, { y: null }], n: null };
    expect(run.outcome).toEqual(succeeded(filled));
  });

  it.each(["$.gone", "$$.Task.Token"])("fail when they name %s, which is not there", (path) => {
    const run = runPure(machine({ T: called("ask", { Parameters: { "x.$": path }, End: true }) }), {});
    expect(run.outcome).toEqual(failed("States.ParameterPathFailure"));
    expect(run.calls).toEqual([]);
  });
});

describe("Succeed", () => {
  it("ends with its input", () => {
    expect(runPure(machine({ S: { Type: "Succeed" } }), { a: [1] }).outcome).toEqual(succeeded({ a: [1] }));
  });
});

describe("Choice", () => {
  const choice = machine({
    C: {
      Type: "Choice",
      Choices: [
        { Variable: "$.n", NumericLessThanPath: "$.limit", Next: "Less" },
        { Variable: "$.limit", StringEquals: "none", Next: "None" },
      ],
      Default: "More",
    },
    Less: called("less"),
    None: called("none"),
    More: called("more"),
  });

  it("takes the first rule that holds, else the default", () => {
    expect(runPure(choice, { n: 4, limit: 5 }, names).outcome).toEqual(succeeded("less"));
    expect(runPure(choice, { n: 5, limit: 5 }, names).outcome).toEqual(succeeded("more"));
    expect(runPure(choice, { n: 5, limit: "none" }, names).outcome).toEqual(failed("States.Runtime"));
  });

  it("fails when no rule holds and there is no default", () => {
    const rules = [{ Variable: "$.n", StringEquals: "1", Next: "S" }];
    const run = runPure(machine({ C: { Type: "Choice", Choices: rules }, S: { Type: "Succeed" } }), { n: 2 });
    expect(run.outcome).toEqual(failed("States.NoChoiceMatched"));
  });

  it("ends a loop that never waits", () => {
    const rules = [{ Variable: "$.n", StringEquals: "1", Next: "C" }];
    const run = runPure(machine({ C: { Type: "Choice", Choices: rules } }), { n: "1" });
    expect(run.outcome).toEqual(failed("States.Runtime", expect.stringContaining("history")));
  });
});

describe("Task", () => {
  it("gives a function its input and goes on with its result", () => {
    const run = runPure(machine({ T: called("ask") }), { a: 2 }, () => ({ sum: 3 }));
    expect(run.calls).toEqual([{ functionName: "ask", payload: { a: 2 }, atMs: 0 }]);
    expect(run.outcome).toEqual(succeeded({ sum: 3 }));
    expect(run.transitions).toBe(1);
  });

  it("goes on with its input where the ResultPath is null", () => {
    const run = runPure(machine({ T: called("ask", { ResultPath: null, End: true }) }), { a: 2 }, () => 3);
    expect(run.outcome).toEqual(succeeded({ a: 2 }));
  });

  it("tells of a function's error as Lambda does", () => {
    const run = runPure(machine({ T: called("ask") }), {}, () => {
      throw new RangeError("too far");
    });
    expect(run.outcome).toEqual(
      failed("RangeError", JSON.stringify({ errorType: "RangeError", errorMessage: "too far" })),
    );
  });

  it("fails when a result is larger than Step Functions takes", () => {
    const run = runPure(machine({ T: called("ask") }), {}, () => "a".repeat(262_143));
    expect(run.outcome).toEqual(failed("States.DataLimitExceeded"));
  });

  it("waits for the answer to its token", () => {
    const run = runPure(machine({ T: { ...byToken, End: true } }), { job: "j1" }, () => "not the result", [
      { afterMs: 5000, token: "token-1", output: { done: true } },
    ]);
    expect(run.calls).toMatchObject([{ functionName: "ask", payload: { token: "token-1", job: "j1" } }]);
    expect(run.outcome).toEqual(succeeded({ done: true }, 5000));
  });

  it("goes on waiting while nobody answers the token", () => {
    const run = runPure(machine({ T: { ...byToken, End: true } }), { job: "j1" });
    expect(run.outcome).toBeNull();
    expect(run.execution.threads[0]?.waiting).toMatchObject({ kind: "task", delivered: true });
  });

  it("fails with what its function threw instead of asking", () => {
    const run = runPure(machine({ T: { ...byToken, End: true } }), { job: 1 }, () => {
      throw namedError("Down", "no");
    });
    expect(run.outcome).toEqual(failed("Down"));
  });

  it("times out after the seconds that its input names", () => {
    const task = { ...byToken, TimeoutSecondsPath: "$.limit", End: true };
    const run = runPure(machine({ T: task }), { job: 1, limit: 9 });
    expect(run.outcome).toEqual(failed("States.Timeout"));
    expect(run.outcome?.endedAt).toBe(Date.UTC(2026, 0, 1) + 9000);
  });

  it.each([0, -1, 1.5, "9", null, undefined])("fails on a limit of %j seconds", (limit) => {
    const task = { ...byToken, TimeoutSecondsPath: "$.limit", End: true };
    const run = runPure(machine({ T: task }), { job: 1, ...(limit === undefined ? {} : { limit }) });
    expect(run.outcome).toEqual(failed("States.Runtime"));
  });

  it("ignores an answer that comes after the timeout", () => {
    const states = {
      T: {
        ...byToken,
        TimeoutSecondsPath: "$.limit",
        Catch: [{ ErrorEquals: ["States.Timeout"], ResultPath: null, Next: "U" }],
        End: true,
      },
      U: { ...byToken, End: true },
    };
    const run = runPure(machine(states), { job: 1, limit: 5 }, () => null, [
      { afterMs: 6000, token: "token-1", output: "late" },
      { afterMs: 7000, token: "token-2", output: "in time" },
    ]);
    expect(run.outcome).toEqual(succeeded("in time", 7000));
  });
});

describe("Retry and Catch", () => {
  const failing = (times: number, name = "Boom") => {
    let calls = 0;
    return () => {
      calls += 1;
      if (calls <= times) throw namedError(name, "no");
      return "fine";
    };
  };
  const task = (fields: Record<string, unknown>) =>
    machine({ T: { Type: "Task", Resource: ask, ...fields, End: true } });

  it("backs off, each retry a transition", () => {
    const retry = [{ ErrorEquals: ["Boom"], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 4 }];
    const run = runPure(task({ Retry: retry }), {}, failing(3));
    expect(run.calls.map(({ atMs }) => atMs)).toEqual([0, 2000, 8000, 26_000]);
    expect(run.outcome).toEqual(succeeded("fine", 26_000));
    expect(run.transitions).toBe(4);
  });

  it("retries three times after 1, 2 and 4 seconds when nothing else is said", () => {
    const run = runPure(task({ Retry: [{ ErrorEquals: ["Boom"] }] }), {}, failing(9));
    expect(run.calls.map(({ atMs }) => atMs)).toEqual([0, 1000, 3000, 7000]);
    expect(run.outcome).toEqual(failed("Boom"));
  });

  it("counts the attempts of each retrier for itself", () => {
    let call = 0;
    const retry = [
      { ErrorEquals: ["A"], MaxAttempts: 1, IntervalSeconds: 1 },
      { ErrorEquals: ["B"], MaxAttempts: 1, IntervalSeconds: 1 },
    ];
    const run = runPure(task({ Retry: retry }), {}, () => {
      throw namedError("AB"[call++ % 2] ?? "", "no");
    });
    expect(run.calls).toHaveLength(3);
    expect(run.outcome).toEqual(failed("A"));
  });

  it.each([
    ["in place of the input", {}, (error: object) => error],
    ["and drops it where the ResultPath is null", { ResultPath: null }, () => ({ a: 1 })],
  ])("catches what retries did not mend, %s", (_, field, output) => {
    const states = {
      T: called("ask", {
        Retry: [{ ErrorEquals: ["States.TaskFailed"], MaxAttempts: 1 }],
        Catch: [{ ErrorEquals: ["States.ALL"], Next: "S", ...field }],
        End: true,
      }),
      S: { Type: "Succeed" },
    };
    const run = runPure(machine(states), { a: 1 }, failing(9));
    const cause = JSON.stringify({ errorType: "Boom", errorMessage: "no" });
    expect(run.outcome).toEqual(succeeded(output({ Error: "Boom", Cause: cause }), 1000));
    expect(run.calls).toHaveLength(2);
  });

  it("never takes States.Runtime, and takes a timeout only as one", () => {
    const all = [{ ErrorEquals: ["States.ALL"], Next: "S" }];
    const states = {
      P: {
        Type: "Map",
        ItemsPath: "$.gone",
        Catch: all,
        ItemProcessor: distributed(machine({ X: { Type: "Succeed" } })),
        End: true,
      },
    };
    expect(runPure(machine({ ...states, S: { Type: "Succeed" } }), {}).outcome).toEqual(
      failed("States.Runtime"),
    );
    const timed = {
      T: {
        ...byToken,
        TimeoutSecondsPath: "$.job",
        Catch: [{ ErrorEquals: ["States.TaskFailed"], Next: "S" }],
        End: true,
      },
      S: { Type: "Succeed" },
    };
    expect(runPure(machine(timed), { job: 1 }).outcome).toEqual(failed("States.Timeout"));
  });
});

describe("Map", () => {
  const map = (more: Record<string, unknown> = {}) =>
    machine({
      M: {
        Type: "Map",
        ItemsPath: "$",
        ItemProcessor: distributed(machine({ X: called("each") })),
        ...more,
        End: true,
      },
    });

  it("runs each item, its results in the items' order", () => {
    const run = runPure(map({ ItemsPath: "$.list" }), { list: ["a", null] }, (item) => [item]);
    expect(run.outcome).toEqual(succeeded([["a"], [null]]));
    expect(run.transitions).toBe(3);
  });

  it("gives an empty array for no items", () => {
    expect(runPure(map(), []).outcome).toEqual(succeeded([]));
  });

  it("fails when its ItemsPath names no array", () => {
    expect(runPure(map(), { a: 1 }).outcome).toEqual(failed("States.Runtime"));
  });

  it("runs one item after another, whatever its MaxConcurrency", () => {
    const waits = called("each", { Retry: [{ ErrorEquals: ["Busy"], IntervalSeconds: 10 }], End: true });
    const seen = new Set<unknown>();
    const run = runPure(
      map({ ItemProcessor: distributed(machine({ W: waits })), MaxConcurrency: 8 }),
      [1, 2, 3],
      (n) => {
        if (!seen.has(n)) {
          seen.add(n);
          throw namedError("Busy", "later");
        }
        return n;
      },
    );
    expect(run.outcome).toEqual(succeeded([1, 2, 3], 30_000));
    expect(run.calls.map(({ payload }) => payload)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it("runs a Map inside a Map", () => {
    const inner = { ...map().States.M, ItemProcessor: distributed(machine({ Y: called("each") })) };
    const run = runPure(map({ ItemProcessor: distributed(machine({ Inner: inner })) }), [[1, 2], [], [3]]);
    expect(run.outcome).toEqual(succeeded([[1, 2], [], [3]]));
  });

  it("fails by a name of its own, whatever an item failed of", () => {
    const run = runPure(map(), [2, 3, 4], odd);
    expect(run.outcome).toMatchObject({
      status: "FAILED",
      error: "States.ExceedToleratedFailureThreshold",
      cause: expect.stringContaining("Odd"),
    });
    expect(run.calls.map(({ payload }) => payload)).toEqual([2, 3]);
    expect(run.execution.threads).toEqual({});
  });

  it("catches that, and starts all its items again when it is retried", () => {
    const error = ["States.ExceedToleratedFailureThreshold"];
    const states = {
      ...map({
        Retry: [{ ErrorEquals: error, MaxAttempts: 1 }],
        Catch: [{ ErrorEquals: error, ResultPath: null, Next: "S" }],
      }).States,
      S: { Type: "Succeed" },
    };
    const run = runPure(machine(states), [2, 3, 4], odd);
    expect(run.outcome).toEqual(succeeded([2, 3, 4], 1000));
    expect(run.calls.map(({ payload }) => payload)).toEqual([2, 3, 2, 3]);
  });
});

function odd(n: unknown): unknown {
  if (n === 3) throw namedError("Odd", "no");
  return n;
}
