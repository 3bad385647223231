import { describe, expect, it } from "vitest";
import { functionArn, MACHINE_ARN, namedError, runPure } from "../../../test/pure-workflow.ts";

const ask = functionArn("ask");
const byToken = {
  Type: "Task",
  Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
  Parameters: { FunctionName: ask, Payload: { "token.$": "$$.Task.Token", "job.$": "$.job" } },
};

function machine(states: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return { StartAt: Object.keys(states)[0], States: states, ...more };
}

function succeeded(output: unknown, afterMs = 0) {
  return { status: "SUCCEEDED", output, endedAt: Date.UTC(2026, 0, 1) + afterMs };
}

function failed(error: string, cause: unknown = expect.any(String)) {
  return expect.objectContaining({ status: "FAILED", error, cause });
}

describe("Pass", () => {
  it("gives its result at the ResultPath, next to the input", () => {
    const run = runPure(
      machine({ P: { Type: "Pass", Result: { x: 1 }, ResultPath: "$.made.here", End: true } }),
      {
        a: 1,
      },
    );
    expect(run.outcome).toEqual(succeeded({ a: 1, made: { here: { x: 1 } } }));
    expect(run.transitions).toBe(1);
  });

  it("applies InputPath, Parameters, ResultPath and OutputPath in this order", () => {
    const pass = {
      Type: "Pass",
      InputPath: "$.in",
      Parameters: { "x.$": "$.v", fixed: [1, { "y.$": "$.v" }] },
      ResultPath: "$.out",
      OutputPath: "$.out",
      End: true,
    };
    const run = runPure(machine({ P: pass }), { in: { v: 7 } });
    expect(run.outcome).toEqual(succeeded({ x: 7, fixed: [1, { y: 7 }] }));
  });

  it.each([
    ["InputPath", { InputPath: null }, {}],
    ["ResultPath", { Result: 5, ResultPath: null }, { a: 1 }],
    ["OutputPath", { OutputPath: null }, {}],
  ])("takes a null %s as the language says", (_, fields, output) => {
    expect(runPure(machine({ P: { Type: "Pass", ...fields, End: true } }), { a: 1 }).outcome).toEqual(
      succeeded(output),
    );
  });

  it("keeps a Result of false", () => {
    expect(runPure(machine({ P: { Type: "Pass", Result: false, End: true } }), {}).outcome).toEqual(
      succeeded(false),
    );
  });

  it("fails when a value stands where the ResultPath needs an object", () => {
    const run = runPure(machine({ P: { Type: "Pass", Result: 1, ResultPath: "$.a.b", End: true } }), {
      a: "text",
    });
    expect(run.outcome).toEqual(failed("States.ResultPathMatchFailure"));
  });

  it("fails when Parameters name something that is not there", () => {
    const run = runPure(machine({ P: { Type: "Pass", Parameters: { "x.$": "$.gone" }, End: true } }), {});
    expect(run.outcome).toEqual(failed("States.ParameterPathFailure"));
  });
});

describe("the context object", () => {
  it("tells of execution, state machine and state", () => {
    const run = runPure(
      machine({
        Later: { Type: "Wait", Seconds: 90, Next: "P" },
        P: { Type: "Pass", Parameters: { "context.$": "$$" }, End: true },
      }),
      { a: 1 },
    );
    const context = {
      Execution: {
        Id: "arn:aws:states:cn-north-1:000000000000:execution:tested:one",
        Name: "one",
        Input: { a: 1 },
        StartTime: "2026-01-01T00:00:00.000Z",
      },
      StateMachine: { Id: MACHINE_ARN, Name: "tested" },
      State: { Name: "P", EnteredTime: "2026-01-01T00:01:30.000Z", RetryCount: 0 },
    };
    expect(run.outcome).toEqual(succeeded({ context }, 90_000));
  });
});

describe("Wait", () => {
  it.each([
    ["Seconds", { Seconds: 30 }, 30_000],
    ["SecondsPath", { SecondsPath: "$.s" }, 12_000],
    ["Timestamp", { Timestamp: "2026-01-01T00:00:05Z" }, 5000],
    ["TimestampPath", { TimestampPath: "$.t" }, 7000],
    ["a Timestamp that has passed", { Timestamp: "2025-01-01T00:00:05Z" }, 0],
  ])("waits for %s", (_, fields, afterMs) => {
    const input = { s: 12, t: "2026-01-01T08:00:07+08:00" };
    expect(runPure(machine({ W: { Type: "Wait", ...fields, End: true } }), input).outcome).toEqual(
      succeeded(input, afterMs),
    );
  });

  it("fails on a path that names no time", () => {
    const run = runPure(machine({ W: { Type: "Wait", SecondsPath: "$.s", End: true } }), { s: -1 });
    expect(run.outcome).toEqual(failed("States.Runtime"));
  });
});

describe("Succeed and Fail", () => {
  it("ends with the selected output", () => {
    expect(runPure(machine({ S: { Type: "Succeed", OutputPath: "$.a" } }), { a: [1] }).outcome).toEqual(
      succeeded([1]),
    );
  });

  it("fails with error and cause, from the input or from a function where asked", () => {
    const fail = { Type: "Fail", ErrorPath: "$.e", CausePath: "States.Format('because {}', $.why)" };
    expect(runPure(machine({ F: { Type: "Fail", Error: "Sad", Cause: "so" } }), {}).outcome).toEqual(
      failed("Sad", "so"),
    );
    expect(runPure(machine({ F: fail }), { e: "Sad", why: "rain" }).outcome).toEqual(
      failed("Sad", "because rain"),
    );
  });
});

describe("Choice", () => {
  const choice = machine({
    C: {
      Type: "Choice",
      Choices: [{ Variable: "$.n", NumericGreaterThan: 5, Next: "Big" }],
      Default: "Small",
    },
    Big: { Type: "Pass", Result: "big", End: true },
    Small: { Type: "Pass", Result: "small", End: true },
  });

  it("takes the first rule that holds, else the default", () => {
    expect(runPure(choice, { n: 6 }).outcome).toEqual(succeeded("big"));
    expect(runPure(choice, { n: 5 }).outcome).toEqual(succeeded("small"));
    expect(runPure(choice, { n: "6" }).outcome).toEqual(succeeded("small"));
  });

  it("fails when no rule holds and there is no default", () => {
    const rules = [{ Variable: "$.n", NumericEquals: 1, Next: "S" }];
    const run = runPure(machine({ C: { Type: "Choice", Choices: rules }, S: { Type: "Succeed" } }), { n: 2 });
    expect(run.outcome).toEqual(failed("States.NoChoiceMatched"));
  });

  it("ends a loop that never waits", () => {
    const run = runPure(machine({ A: { Type: "Pass", Next: "B" }, B: { Type: "Pass", Next: "A" } }), {});
    expect(run.outcome).toEqual(failed("States.Runtime", expect.stringContaining("history")));
  });
});

describe("Task", () => {
  it("gives a function its input and takes its result", () => {
    const task = {
      Type: "Task",
      Resource: ask,
      ResultSelector: { "r.$": "$.sum" },
      ResultPath: "$.got",
      End: true,
    };
    const run = runPure(machine({ T: task }), { a: 2 }, () => ({ sum: 3, more: 4 }));
    expect(run.calls).toEqual([{ functionName: "ask", payload: { a: 2 }, atMs: 0 }]);
    expect(run.outcome).toEqual(succeeded({ a: 2, got: { r: 3 } }));
  });

  it("answers lambda:invoke as Lambda's Invoke does", () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Parameters: { FunctionName: "ask", "Payload.$": "$.a" },
      End: true,
    };
    const run = runPure(machine({ T: task }), { a: [2] }, () => undefined);
    expect(run.calls).toMatchObject([{ functionName: "ask", payload: [2] }]);
    expect(run.outcome).toEqual(succeeded({ ExecutedVersion: "$LATEST", Payload: null, StatusCode: 200 }));
  });

  it("tells of a function's error as Lambda does", () => {
    const run = runPure(machine({ T: { Type: "Task", Resource: ask, End: true } }), {}, () => {
      throw new RangeError("too far");
    });
    expect(run.outcome).toEqual(
      failed("RangeError", JSON.stringify({ errorType: "RangeError", errorMessage: "too far" })),
    );
  });

  it("fails when a result is larger than Step Functions takes", () => {
    const run = runPure(machine({ T: { Type: "Task", Resource: ask, End: true } }), {}, () =>
      "a".repeat(262_143),
    );
    expect(run.outcome).toEqual(failed("States.DataLimitExceeded"));
  });

  it("waits for the answer to its token", () => {
    const run = runPure(machine({ T: { ...byToken, End: true } }), { job: "j1" }, () => "not the result", [
      { afterMs: 5000, token: "token-1", happening: "success", output: { done: true } },
    ]);
    expect(run.calls).toMatchObject([{ functionName: "ask", payload: { token: "token-1", job: "j1" } }]);
    expect(run.outcome).toEqual(succeeded({ done: true }, 5000));
  });

  it("goes on waiting while nobody answers the token", () => {
    const run = runPure(machine({ T: { ...byToken, End: true } }), { job: "j1" });
    expect(run.outcome).toBeNull();
    expect(run.execution.threads[0]?.waiting).toMatchObject({ kind: "task", delivered: true });
  });

  it("fails with what was sent for its token, or what its function threw", () => {
    const told = runPure(machine({ T: { ...byToken, End: true } }), { job: 1 }, () => null, [
      { afterMs: 1, token: "token-1", happening: "failure" },
    ]);
    expect(told.outcome).toEqual(failed("TokenFailed", "told so"));
    const thrown = runPure(machine({ T: { ...byToken, End: true } }), { job: 1 }, () => {
      throw namedError("Down", "no");
    });
    expect(thrown.outcome).toEqual(failed("Down"));
  });

  it.each([
    ["TimeoutSeconds", { TimeoutSeconds: 20 }, "States.Timeout", 20_000],
    ["TimeoutSecondsPath", { TimeoutSecondsPath: "$.limit" }, "States.Timeout", 9000],
    ["HeartbeatSeconds", { HeartbeatSeconds: 5 }, "States.HeartbeatTimeout", 5000],
    ["HeartbeatSecondsPath", { HeartbeatSecondsPath: "$.limit", TimeoutSeconds: 9 }, "States.Timeout", 9000],
  ])("times out after %s", (_, fields, error, afterMs) => {
    const run = runPure(machine({ T: { ...byToken, ...fields, End: true } }), { job: 1, limit: 9 });
    expect(run.outcome).toEqual(failed(error));
    expect(run.outcome?.endedAt).toBe(Date.UTC(2026, 0, 1) + afterMs);
  });

  it("is kept alive by heartbeats, not beyond its timeout", () => {
    const task = { ...byToken, HeartbeatSeconds: 5, TimeoutSeconds: 12, End: true };
    const beats = [4000, 8000, 11_000].map(
      (afterMs) => ({ afterMs, token: "token-1", happening: "heartbeat" }) as const,
    );
    const run = runPure(machine({ T: task }), { job: 1 }, () => null, beats);
    expect(run.outcome).toEqual(
      expect.objectContaining({ error: "States.Timeout", endedAt: Date.UTC(2026, 0, 1) + 12_000 }),
    );
  });

  it("ignores an answer that comes after the timeout", () => {
    const states = {
      T: {
        ...byToken,
        TimeoutSeconds: 5,
        Catch: [{ ErrorEquals: ["States.Timeout"], Next: "W" }],
        End: true,
      },
      W: { Type: "Wait", Seconds: 10, End: true },
    };
    const run = runPure(machine(states), { job: 1 }, () => null, [
      { afterMs: 6000, token: "token-1", happening: "success", output: "late" },
    ]);
    expect(run.outcome).toEqual(succeeded({ Error: "States.Timeout", Cause: expect.any(String) }, 15_000));
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

  it("backs off up to the greatest delay, each retry a transition", () => {
    const retry = [
      { ErrorEquals: ["Boom"], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 10 },
    ];
    const run = runPure(task({ Retry: retry }), {}, failing(4));
    expect(run.calls.map(({ atMs }) => atMs)).toEqual([0, 2000, 8000, 18_000, 28_000]);
    expect(run.outcome).toEqual(succeeded("fine", 28_000));
    expect(run.transitions).toBe(5);
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

  it("catches what retries did not mend, beside the input", () => {
    const states = {
      T: {
        Type: "Task",
        Resource: ask,
        Retry: [{ ErrorEquals: ["States.TaskFailed"], MaxAttempts: 1 }],
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "S" }],
        End: true,
      },
      S: { Type: "Succeed" },
    };
    const run = runPure(machine(states), { a: 1 }, failing(9));
    const cause = JSON.stringify({ errorType: "Boom", errorMessage: "no" });
    expect(run.outcome).toEqual(succeeded({ a: 1, error: { Error: "Boom", Cause: cause } }, 1000));
    expect(run.calls).toHaveLength(2);
  });

  it("never takes States.Runtime, and takes a timeout only as one", () => {
    const all = [{ ErrorEquals: ["States.ALL"], Next: "S" }];
    const states = {
      P: {
        Type: "Map",
        ItemsPath: "$.gone",
        Catch: all,
        ItemProcessor: machine({ X: { Type: "Succeed" } }),
        End: true,
      },
    };
    expect(runPure(machine({ ...states, S: { Type: "Succeed" } }), {}).outcome).toEqual(
      failed("States.Runtime"),
    );
    const timed = {
      T: {
        ...byToken,
        TimeoutSeconds: 1,
        Catch: [{ ErrorEquals: ["States.TaskFailed"], Next: "S" }],
        End: true,
      },
      S: { Type: "Succeed" },
    };
    expect(runPure(machine(timed), { job: 1 }).outcome).toEqual(failed("States.Timeout"));
  });
});

describe("Parallel", () => {
  const branch = (name: string) =>
    machine({ [name]: { Type: "Task", Resource: functionArn(name), End: true } });
  const parallel = (more: Record<string, unknown> = {}) =>
    machine({ P: { Type: "Parallel", Branches: [branch("left"), branch("right")], ...more, End: true } });

  it("gives the branches' outputs in their order", () => {
    const run = runPure(parallel({ ResultPath: "$.both" }), { a: 1 }, (_, name) => name);
    expect(run.outcome).toEqual(succeeded({ a: 1, both: ["left", "right"] }));
    expect(run.transitions).toBe(3);
  });

  it("fails as a whole with the first branch that fails, and drops the others", () => {
    const run = runPure(parallel(), {}, (_, name) => {
      if (name === "left") throw namedError("Left", "no");
      return name;
    });
    expect(run.outcome).toEqual(failed("Left"));
    expect(run.execution.threads).toEqual({});
  });

  it("starts all its branches again when it is retried", () => {
    let calls = 0;
    const run = runPure(parallel({ Retry: [{ ErrorEquals: ["States.ALL"] }] }), {}, (_, name) => {
      calls += 1;
      if (calls === 2) throw namedError("Once", "no");
      return name;
    });
    expect(run.outcome).toEqual(succeeded(["left", "right"], 1000));
    expect(run.calls.map(({ functionName }) => functionName)).toEqual(["left", "right", "left", "right"]);
  });

  it("does not call a branch's function when its neighbour has failed in the same step", () => {
    const branches = [branch("left"), machine({ F: { Type: "Fail", Error: "Now", Cause: "" } })];
    const run = runPure(machine({ P: { Type: "Parallel", Branches: branches, End: true } }), {});
    expect(run.calls).toEqual([]);
    expect(run.outcome).toEqual(failed("Now", ""));
  });
});

describe("Map", () => {
  const iteration = machine({ X: { Type: "Task", Resource: functionArn("each"), End: true } });
  const map = (more: Record<string, unknown>) =>
    machine({
      M: {
        Type: "Map",
        ItemProcessor: { ...iteration, ProcessorConfig: { Mode: "INLINE" } },
        ...more,
        End: true,
      },
    });

  it("runs each item, its results in the items' order", () => {
    const selector = { "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "k.$": "$.k" };
    const run = runPure(map({ ItemsPath: "$.list", ItemSelector: selector }), { list: ["a", "b"], k: 9 });
    expect(run.outcome).toEqual(
      succeeded([
        { i: 0, v: "a", k: 9 },
        { i: 1, v: "b", k: 9 },
      ]),
    );
  });

  it("gives an empty array for no items", () => {
    expect(runPure(map({}), []).outcome).toEqual(succeeded([]));
  });

  it("starts no more than MaxConcurrency, and 40, at once", () => {
    const waits = machine({ W: { Type: "Wait", Seconds: 10, End: true } });
    const items = Array.from({ length: 100 }, (_, i) => i);
    const three = runPure(map({ MaxConcurrency: 30, ItemProcessor: waits }), items);
    const forty = runPure(map({ ItemProcessor: waits }), items);
    expect(three.outcome).toEqual(succeeded(items, 40_000));
    expect(forty.outcome).toEqual(succeeded(items, 30_000));
  });

  it("shows the item to the states inside, and an outer one past an inner Parallel", () => {
    const look = machine({
      L: { Type: "Pass", Parameters: { "v.$": "$$.Map.Item.Value" }, OutputPath: "$.v", End: true },
    });
    const inside = machine({ P: { Type: "Parallel", Branches: [look], End: true } });
    expect(runPure(map({ ItemProcessor: inside }), [5, 6]).outcome).toEqual(succeeded([[5], [6]]));
  });

  it("fails with an iteration, and can catch that", () => {
    const states = {
      M: {
        Type: "Map",
        ItemProcessor: iteration,
        Catch: [{ ErrorEquals: ["Odd"], ResultPath: null, Next: "S" }],
        End: true,
      },
      S: { Type: "Succeed" },
    };
    const run = runPure(machine(states), [2, 3, 4], (n) => {
      if (n === 3) throw namedError("Odd", "no");
      return n;
    });
    expect(run.outcome).toEqual(succeeded([2, 3, 4]));
  });

  describe("distributed", () => {
    const distributed = (body: object) => ({
      ...body,
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
    });

    it("runs one item after another", () => {
      const waits = machine({ W: { Type: "Wait", Seconds: 10, End: true } });
      const run = runPure(map({ ItemProcessor: distributed(waits), MaxConcurrency: 8 }), [1, 2, 3]);
      expect(run.outcome).toEqual(succeeded([1, 2, 3], 30_000));
    });

    it("fails by a name of its own, whatever an item failed of", () => {
      const run = runPure(map({ ItemProcessor: distributed(iteration) }), [2, 3, 4], (n) => {
        if (n === 3) throw namedError("Odd", "no");
        return n;
      });
      expect(run.outcome).toMatchObject({
        status: "FAILED",
        error: "States.ExceedToleratedFailureThreshold",
        cause: expect.stringContaining("Odd"),
      });
      expect(run.calls.map(({ payload }) => payload)).toEqual([2, 3]);
    });
  });
});

describe("TimeoutSeconds of the machine", () => {
  it("ends everything", () => {
    const run = runPure(machine({ T: { ...byToken, End: true } }, { TimeoutSeconds: 60 }), { job: 1 });
    expect(run.outcome).toMatchObject({ status: "TIMED_OUT", error: "States.Timeout" });
    expect(run.outcome?.endedAt).toBe(Date.UTC(2026, 0, 1) + 60_000);
  });
});
