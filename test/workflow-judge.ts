import { ExecutionError, StateMachine, type StateMachineDefinition } from "aws-local-stepfunctions";
import type { Json } from "../infra/local/workflow/json.ts";
import { namedError, type TestFunction } from "./pure-workflow.ts";

/** What aws-local-stepfunctions makes of a machine. */
export interface JudgedRun {
  readonly ended: { readonly output: unknown } | { readonly error: string; readonly cause: string };
  readonly calls: readonly { readonly functionName: string; readonly payload: Json }[];
  /** States entered and retries. */
  readonly transitions: number;
}

/** `tasks` gives the function name of each Task state. Retries take no time. */
export async function judge(
  definition: unknown,
  input: Json,
  tasks: Readonly<Record<string, string>>,
  retried: readonly string[],
  functions: TestFunction,
): Promise<JudgedRun> {
  const calls: { functionName: string; payload: Json }[] = [];
  const handlers = Object.entries(tasks).map(([state, functionName]) => {
    return [state, (payload: Json) => answer(functions, functionName, payload, calls)] as const;
  });
  const machine = new StateMachine(definition as StateMachineDefinition, {
    validationOptions: { noValidate: true },
  });
  const run = machine.run(structuredClone(input) as never, {
    overrides: {
      taskResourceLocalHandlers: Object.fromEntries(handlers) as never,
      retryIntervalOverrides: Object.fromEntries(retried.map((state) => [state, 0])),
    },
  });
  const transitions = countTransitions(run.eventLogs);
  const ended = await run.result.then((output) => ({ output }), failure);
  return { ended, calls, transitions: await transitions };
}

function answer(functions: TestFunction, functionName: string, payload: Json, calls: object[]): never {
  calls.push({ functionName, payload: structuredClone(payload) });
  try {
    return structuredClone(functions(payload, functionName)) as never;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // The judge hands on a bare message; Step Functions hands on what Lambda made of the error.
    throw namedError(error.name, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
  }
}

function failure(error: unknown): { error: string; cause: string } {
  const cause = error instanceof ExecutionError ? error.cause : error;
  return cause instanceof Error
    ? { error: cause.name, cause: cause.message }
    : { error: "?", cause: String(cause) };
}

async function countTransitions(events: AsyncIterable<{ readonly type: string }>): Promise<number> {
  let transitions = 0;
  for await (const { type } of events) {
    if (type === "StateEntered" || type === "StateRetried") transitions += 1;
  }
  return transitions;
}
