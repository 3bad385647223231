import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../test/manual-clock.ts";
import { functionArn, namedError } from "../../../test/pure-workflow.ts";
import { createWorkflowEngine, type EndedExecution, type WorkflowEngine } from "./engine.ts";
import type { Json } from "./json.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const ARN = "arn:aws:states:cn-north-1:000000000000:stateMachine:job";

const direct = { StartAt: "T", States: { T: { Type: "Task", Resource: functionArn("work"), End: true } } };

function byToken(more: Record<string, unknown> = {}, states: Record<string, unknown> = {}) {
  const task = {
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
    Parameters: { FunctionName: "ask", Payload: { "token.$": "$$.Task.Token" } },
    End: true,
    ...more,
  };
  return { StartAt: "T", States: { T: task, ...states } };
}

let folder: string;
let clock: ManualClock;
let ended: EndedExecution[];
let calls: { readonly name: string; readonly payload: Json }[];
let engine: WorkflowEngine | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workflow-engine-"));
  clock = new ManualClock(START);
  ended = [];
  calls = [];
});

afterEach(async () => {
  await engine?.close();
  engine = undefined;
  rmSync(folder, { recursive: true, force: true });
});

type Work = (payload: Json, name: string) => Promise<unknown> | unknown;

/** Opens an engine on the test's journal; one that was open is closed before, as a restart does. */
async function open(definition: unknown, work: Work = (payload) => payload): Promise<WorkflowEngine> {
  await engine?.close();
  engine = createWorkflowEngine({
    machines: { job: { arn: ARN, definition } },
    journalPath: join(folder, "data", "journal.sqlite"),
    clock,
    async invoke(name, payload) {
      calls.push({ name, payload });
      return await work(payload, name);
    },
    ended: (execution) => ended.push(execution),
  });
  engine.resume();
  return engine;
}

function token(index: number): string {
  const payload = calls[index]?.payload;
  if (typeof payload !== "object" || payload === null || !("token" in payload)) throw new Error("no token");
  return String(payload.token);
}

function named(name: string) {
  return expect.objectContaining({ name });
}

describe("startExecution", () => {
  it("runs to the end, and tells of it", async () => {
    const opened = await open(direct);
    await opened.startExecution({ stateMachineArn: ARN, name: "a.1", input: '{"x":1}' });
    await clock.idle();
    expect(calls).toEqual([{ name: "work", payload: { x: 1 } }]);
    expect(ended).toEqual([
      {
        stateMachineName: "job",
        name: "a.1",
        outcome: { status: "SUCCEEDED", output: { x: 1 }, endedAt: START },
      },
    ]);
  });

  it("takes the same start again while it runs, and starts it once", async () => {
    const opened = await open(byToken());
    const start = { stateMachineArn: ARN, name: "one", input: '{"a":1,"b":2}' };
    await Promise.all([opened.startExecution(start), opened.startExecution(start)]);
    await clock.advance(1000);
    await opened.startExecution({ ...start, input: '{"b":2,"a":1}' });
    expect(calls).toHaveLength(1);
  });

  it("refuses the name with another input, and for ever once it has ended", async () => {
    const opened = await open(byToken());
    await opened.startExecution({ stateMachineArn: ARN, name: "one", input: "{}" });
    await expect(opened.startExecution({ stateMachineArn: ARN, name: "one", input: "1" })).rejects.toEqual(
      named("ExecutionAlreadyExists"),
    );
    await clock.idle();
    await opened.sendTaskSuccess({ taskToken: token(0), output: "{}" });
    const again = () => opened.startExecution({ stateMachineArn: ARN, name: "one", input: "{}" });
    await expect(again()).rejects.toEqual(named("ExecutionAlreadyExists"));
    const reopened = await open(byToken());
    const restarted = reopened.startExecution({ stateMachineArn: ARN, name: "one", input: "{}" });
    await expect(restarted).rejects.toEqual(named("ExecutionAlreadyExists"));
  });

  it.each([
    ["StateMachineDoesNotExist", { stateMachineArn: `${ARN}x` }],
    ["InvalidName", { name: "a b" }],
    ["InvalidName", { name: "a".repeat(81) }],
    ["InvalidExecutionInput", { input: "{" }],
    ["InvalidExecutionInput", { input: JSON.stringify("a".repeat(262_143)) }],
  ])("throws %s for %o", async (error, more) => {
    const opened = await open(direct);
    await expect(opened.startExecution({ stateMachineArn: ARN, ...more })).rejects.toEqual(named(error));
  });

  it("makes a name when none is given", async () => {
    const opened = await open(byToken());
    await opened.startExecution({ stateMachineArn: ARN });
    await opened.startExecution({ stateMachineArn: ARN });
    await clock.idle();
    expect(calls).toHaveLength(2);
  });

  it("keeps a function's changes of its event to itself", async () => {
    const opened = await open(
      {
        StartAt: "A",
        States: { A: { Type: "Task", Resource: functionArn("a"), ResultPath: null, End: true } },
      },
      (payload) => Object.assign(payload ?? {}, { x: 2 }),
    );
    await opened.startExecution({ stateMachineArn: ARN, input: '{"x":1}' });
    await clock.idle();
    expect(ended).toMatchObject([{ outcome: { output: { x: 1 } } }]);
  });
});

describe("task tokens", () => {
  it("are answered once", async () => {
    const opened = await open(byToken({ End: undefined, Next: "U" }, { U: byToken().States.T }));
    await opened.startExecution({ stateMachineArn: ARN, name: "a" });
    await clock.idle();
    const taskToken = token(0);
    await opened.sendTaskSuccess({ taskToken, output: '{"ok":true}' });
    const again = () => opened.sendTaskSuccess({ taskToken, output: "1" });
    await expect(again()).rejects.toEqual(named("TaskTimedOut"));
    await clock.idle();
    await opened.sendTaskSuccess({ taskToken: token(1), output: '"ended"' });
    expect(ended).toMatchObject([{ outcome: { status: "SUCCEEDED", output: "ended" } }]);
    await expect(again()).rejects.toEqual(named("TaskTimedOut"));
  });

  it("are refused when they are none, another journal's, or answered with what is not JSON", async () => {
    const opened = await open(byToken());
    await opened.startExecution({ stateMachineArn: ARN });
    await clock.idle();
    const taskToken = token(0);
    const forged = taskToken.replace(/^[^-]+/, "zz");
    const answer = (given: string, output = "{}") => opened.sendTaskSuccess({ taskToken: given, output });
    await expect(answer("nonsense")).rejects.toEqual(named("InvalidToken"));
    await expect(answer(forged)).rejects.toEqual(named("TaskDoesNotExist"));
    await expect(answer(taskToken, "{")).rejects.toEqual(named("InvalidOutput"));
    await opened.sendTaskSuccess({ taskToken, output: "{}" });
  });

  it("can be answered by the function itself, before it returns", async () => {
    const opened = await open(byToken(), () =>
      engine?.sendTaskSuccess({ taskToken: token(0), output: '"early"' }),
    );
    await opened.startExecution({ stateMachineArn: ARN });
    await clock.idle();
    expect(ended).toMatchObject([{ outcome: { output: "early" } }]);
    expect(opened.transitions()).toEqual({ job: 1 });
  });

  it("time out in market time", async () => {
    const opened = await open(byToken({ TimeoutSecondsPath: "$.s" }));
    await opened.startExecution({ stateMachineArn: ARN, input: '{"s":18}' });
    await clock.advance(17_000);
    expect(ended).toEqual([]);
    await clock.advance(1000);
    const outcome = { status: "FAILED", error: "States.Timeout", endedAt: START + 18_000 };
    expect(ended).toMatchObject([{ outcome }]);
    const late = opened.sendTaskSuccess({ taskToken: token(0), output: "{}" });
    await expect(late).rejects.toEqual(named("TaskTimedOut"));
  });
});

describe("the clock", () => {
  it("is held while work is under way, not while only time or an answer is waited for", async () => {
    const { promise, resolve } = Promise.withResolvers<Json>();
    const waiting = byToken({ TimeoutSecondsPath: "$.s" }).States.T;
    const task = { Type: "Task", Resource: functionArn("work"), Next: "W" };
    const opened = await open({ StartAt: "T", States: { T: task, W: waiting } }, (_, name) =>
      name === "work" ? promise : null,
    );
    const starting = opened.startExecution({ stateMachineArn: ARN });
    expect(clock.isHeld).toBe(true);
    await starting;
    expect(clock.isHeld).toBe(true);
    resolve({ s: 5 });
    await clock.idle();
    expect(clock.isHeld).toBe(false);
    expect(clock.pending).toEqual([START + 5000]);
  });

  it("is not left with what nobody waits for any more", async () => {
    const opened = await open(byToken({ TimeoutSecondsPath: "$.s" }));
    await opened.startExecution({ stateMachineArn: ARN, input: '{"s":60}' });
    await clock.idle();
    expect(clock.pending).toEqual([START + 60_000]);
    await opened.sendTaskSuccess({ taskToken: token(0), output: "{}" });
    expect(clock.pending).toEqual([]);
  });
});

describe("after a restart", () => {
  it("calls a function again whose result had not come, and no other", async () => {
    const opened = await open(direct, () => new Promise(() => undefined));
    await opened.startExecution({ stateMachineArn: ARN, name: "a", input: '{"x":1}' });
    expect(calls).toHaveLength(1);
    await open(direct);
    await clock.idle();
    expect(calls).toEqual([
      { name: "work", payload: { x: 1 } },
      { name: "work", payload: { x: 1 } },
    ]);
  });

  it("keeps a token, and asks again only when the first asking may not have arrived", async () => {
    const opened = await open(byToken(), (_, name) =>
      calls.length === 2 ? new Promise(() => undefined) : name,
    );
    await opened.startExecution({ stateMachineArn: ARN, name: "told" });
    await opened.startExecution({ stateMachineArn: ARN, name: "perhaps" });
    const [told, perhaps] = [token(0), token(1)];
    const reopened = await open(byToken());
    await clock.idle();
    expect(calls).toHaveLength(3);
    expect(token(2)).toBe(perhaps);
    await reopened.sendTaskSuccess({ taskToken: told, output: "1" });
    await reopened.sendTaskSuccess({ taskToken: perhaps, output: "2" });
    expect(ended.map(({ name }) => name)).toEqual(["told", "perhaps"]);
  });

  it("sets its timers again, and at once does what fell due in between", async () => {
    const wait = byToken({ TimeoutSecondsPath: "$.s" });
    const opened = await open(wait);
    await opened.startExecution({ stateMachineArn: ARN, name: "soon", input: '{"s":10}' });
    await opened.startExecution({ stateMachineArn: ARN, name: "late", input: '{"s":100}' });
    await engine?.close();
    clock = new ManualClock(START + 50_000);
    await open(wait);
    await clock.idle();
    expect(ended.map(({ name }) => name)).toEqual(["soon"]);
    await clock.moveTo(START + 100_000);
    expect(ended.map(({ name }) => name)).toEqual(["soon", "late"]);
  });

  it("goes on with the definition that an execution was started with", async () => {
    const called = (name: string) => ({ Type: "Task", Resource: functionArn(name), End: true });
    const opened = await open(
      byToken({ End: undefined, Next: "Old" }, { Old: called("old") }),
      (_, name) => name,
    );
    await opened.startExecution({ stateMachineArn: ARN, name: "before" });
    await clock.idle();
    const reopened = await open({ StartAt: "New", States: { New: called("new") } }, (_, name) => name);
    await reopened.startExecution({ stateMachineArn: ARN, name: "after" });
    await clock.idle();
    await reopened.sendTaskSuccess({ taskToken: token(0), output: "1" });
    await clock.idle();
    const outputs = ended.map(({ name, outcome }) => [
      name,
      "output" in outcome ? outcome.output : undefined,
    ]);
    expect(outputs).toEqual([
      ["after", "new"],
      ["before", "old"],
    ]);
  });

  it("goes on counting transitions", async () => {
    const opened = await open(direct);
    await opened.startExecution({ stateMachineArn: ARN });
    await clock.idle();
    expect(opened.transitions()).toEqual({ job: 1 });
    const reopened = await open(direct);
    await reopened.startExecution({ stateMachineArn: ARN });
    await clock.idle();
    expect(reopened.transitions()).toEqual({ job: 2 });
  });
});

describe("the engine", () => {
  it("retries in market time what a function threw", async () => {
    const retry = [{ ErrorEquals: ["Busy"], IntervalSeconds: 60, MaxAttempts: 2 }];
    const task = { ...direct.States.T, Retry: retry };
    const opened = await open({ StartAt: "T", States: { T: task } }, () => {
      if (calls.length < 3) throw namedError("Busy", "later");
      return calls.length;
    });
    await opened.startExecution({ stateMachineArn: ARN });
    await clock.advance(179_999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toMatchObject([{ outcome: { output: 3, endedAt: START + 180_000 } }]);
    expect(opened.transitions()).toEqual({ job: 3 });
  });

  it("shares its journal with no other", async () => {
    await open(direct);
    const second = () =>
      createWorkflowEngine({
        machines: {},
        journalPath: join(folder, "data", "journal.sqlite"),
        clock,
        invoke: async () => null,
      });
    expect(second).toThrow("is another process using it?");
  });

  it("does not open when an execution's state machine is gone", async () => {
    const opened = await open(byToken());
    await opened.startExecution({ stateMachineArn: ARN });
    await opened.close();
    const journalPath = join(folder, "data", "journal.sqlite");
    const without = () =>
      createWorkflowEngine({ machines: {}, journalPath, clock, invoke: async () => null });
    expect(without).toThrow("its state machine is gone");
  });

  it("does nothing any more once it is closed", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const opened = await open(direct, () => promise);
    await opened.startExecution({ stateMachineArn: ARN });
    await opened.close();
    resolve("late");
    await clock.idle();
    expect(ended).toEqual([]);
    await expect(opened.startExecution({ stateMachineArn: ARN })).rejects.toThrow("closed");
  });
});
