import type { Environment, Invocation } from "../infra/local/workflow/draft.ts";
import { type Execution, nextDue, type Outcome } from "../infra/local/workflow/execution.ts";
import {
  type Happening,
  type Step,
  startExecution,
  stepExecution,
} from "../infra/local/workflow/interpreter.ts";
import { failureOf, resultOf } from "../infra/local/workflow/invocation-result.ts";
import type { Json } from "../infra/local/workflow/json.ts";
import { loadMachine } from "../infra/local/workflow/load.ts";

export const MACHINE_ARN = "arn:aws:states:cn-north-1:000000000000:stateMachine:tested";
export const START = Date.parse("2026-01-01T00:00:00.000Z");

export function functionArn(name: string): string {
  return `arn:aws:lambda:cn-north-1:000000000000:function:${name}`;
}

/** A function under test; what it throws is its error. */
export type TestFunction = (payload: Json, functionName: string) => unknown;

/** What reaches the execution by its tokens, in the order given, each at a ms offset from the start. */
export interface TokenAnswer {
  readonly afterMs: number;
  readonly token: string;
  readonly output: Json;
}

export interface PureRun {
  readonly outcome: Outcome | null;
  readonly calls: readonly { readonly functionName: string; readonly payload: Json; readonly atMs: number }[];
  readonly transitions: number;
  readonly execution: Execution;
}

/**
 * Runs a machine by the interpreter alone. Functions answer at once, one after another; time jumps to whatever
 * is due next. Every state goes through JSON, as it does in the journal. Ends when nothing more can happen.
 */
export function runPure(
  definition: unknown,
  input: Json,
  functions: TestFunction = (payload) => payload,
  answers: readonly TokenAnswer[] = [],
): PureRun {
  const machine = loadMachine("tested", MACHINE_ARN, definition);
  let now = START;
  const environment = (): Environment => ({ now, token: (task) => `token-${task}` });
  const calls: { functionName: string; payload: Json; atMs: number }[] = [];
  const waiting: Invocation[] = [];
  const outside = [...answers];
  let transitions = 0;
  const take = (step: Step): Execution => {
    transitions += step.transitions;
    waiting.push(...step.invocations);
    const kept: Execution = JSON.parse(JSON.stringify(step.execution));
    return kept;
  };
  const start = { id: "arn:aws:states:cn-north-1:000000000000:execution:tested:one", name: "one", input };
  let execution = take(startExecution(machine, start, environment()));
  for (let happening = next(); happening !== undefined; happening = next()) {
    execution = take(stepExecution(machine, execution, happening, environment()));
  }
  return { outcome: execution.outcome, calls, transitions, execution };

  function next(): Happening | undefined {
    if (execution.outcome !== null) return undefined;
    const invocation = waiting.shift();
    if (invocation !== undefined) return call(invocation);
    const due = nextDue(execution) ?? Number.POSITIVE_INFINITY;
    const answer = outside[0];
    if (answer !== undefined && START + answer.afterMs <= due) {
      outside.shift();
      now = Math.max(now, START + answer.afterMs);
      return answered(answer);
    }
    if (!Number.isFinite(due)) return undefined;
    now = Math.max(now, due);
    return { kind: "timeReached" };
  }

  function call({ task, functionName, payload, byToken }: Invocation): Happening {
    calls.push({ functionName, payload, atMs: now - START });
    try {
      const result = functions(payload, functionName);
      return byToken ? { kind: "taskDelivered", task } : resultOf(task, result);
    } catch (error) {
      return failureOf(task, error);
    }
  }
}

function answered({ token, output }: TokenAnswer): Happening {
  return { kind: "taskSucceeded", task: Number(token.replace("token-", "")), output };
}

/** An error with a name, as a function throws it. */
export function namedError(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
