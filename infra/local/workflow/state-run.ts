import { holds } from "./choice.ts";
import { contextOf, type Draft, type Invocation, nextNumber, putThread, stateOf } from "./draft.ts";
import { runtimeError, StatesError } from "./errors.ts";
import type { Thread } from "./execution.ts";
import { attempt, complete, effectiveInput, leave, selectedInput, startChildren } from "./flow-control.ts";
import { isJsonArray, isJsonObject, type JsonArray } from "./json.ts";
import type {
  ChoiceState,
  FailState,
  MapState,
  PassState,
  TaskState,
  WaitState,
  WaitUntil,
} from "./machine.ts";
import { type Path, readPath, type Scope, writePath } from "./path.ts";
import { type Expression, evaluate } from "./template.ts";

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Runs the state that a thread has entered, as far as it goes without waiting. */
export function runState(draft: Draft, thread: Thread): void {
  attempt(draft, thread, () => {
    const state = stateOf(draft, thread);
    switch (state.type) {
      case "Task":
        runTask(draft, thread, state);
        break;
      case "Parallel":
        runChildren(draft, thread, null, state.branches.length);
        break;
      case "Map":
        runMap(draft, thread, state);
        break;
      case "Pass":
        runPass(draft, thread, state);
        break;
      case "Wait":
        runWait(draft, thread, state);
        break;
      case "Choice":
        runChoice(draft, thread, state);
        break;
      case "Succeed":
        leave(draft, thread, state, null, selectedInput(draft, thread, state));
        break;
      case "Fail":
        runFail(draft, thread, state);
        break;
      default:
        state satisfies never;
    }
  });
}

function runTask(draft: Draft, thread: Thread, state: TaskState): void {
  const task = nextNumber(draft);
  const scope = selectedScope(draft, thread, state);
  const timeout = seconds(state.timeoutSeconds, scope, 1);
  const heartbeat = seconds(state.heartbeatSeconds, scope, 1);
  const invocation = invocationOf(draft, thread, state, task);
  const { now } = draft.environment;
  putThread(draft, {
    ...thread,
    waiting: {
      kind: "task",
      task,
      byToken: state.resource.integration === "token",
      delivered: false,
      timeoutAt: timeout === undefined ? null : now + timeout * 1000,
      heartbeatMs: heartbeat === undefined ? null : heartbeat * 1000,
      heartbeatAt: heartbeat === undefined ? null : now + heartbeat * 1000,
    },
  });
  draft.history += 3;
  draft.scheduled.push(invocation);
}

/** The call of a task; the same one whenever it is made again. */
export function invocationOf(draft: Draft, thread: Thread, state: TaskState, task: number): Invocation {
  const { functionName, integration } = state.resource;
  const byToken = integration === "token";
  const input = effectiveInput(draft, thread, state, byToken ? task : undefined);
  if (integration === "direct") return { task, functionName, payload: input, byToken };
  const payload = isJsonObject(input) ? input.Payload : undefined;
  return { task, functionName, payload: payload === undefined ? {} : payload, byToken };
}

function runMap(draft: Draft, thread: Thread, state: MapState): void {
  const items = readPath(state.itemsPath, selectedScope(draft, thread, state));
  if (!isJsonArray(items)) throw runtimeError(`ItemsPath '${state.itemsPath.text}' does not name an array`);
  if (items.length === 0) complete(draft, thread, []);
  else runChildren(draft, thread, items, items.length);
}

function runChildren(draft: Draft, thread: Thread, items: JsonArray | null, total: number): void {
  const results = Array.from({ length: total }, () => null);
  const waiting = { kind: "children", items, total, started: 0, done: 0, results } as const;
  startChildren(draft, putThread(draft, { ...thread, waiting }));
}

function runPass(draft: Draft, thread: Thread, state: PassState): void {
  const input = effectiveInput(draft, thread, state);
  const result = state.result === undefined ? input : state.result;
  const output = state.resultPath === null ? thread.input : writePath(state.resultPath, thread.input, result);
  leave(draft, thread, state, state.next, output);
}

function runWait(draft: Draft, thread: Thread, state: WaitState): void {
  const until = waitUntil(state.until, selectedScope(draft, thread, state), draft.environment.now);
  if (until <= draft.environment.now) endWait(draft, thread);
  else putThread(draft, { ...thread, waiting: { kind: "instant", until } });
}

/** Goes on after a Wait. */
export function endWait(draft: Draft, thread: Thread): void {
  attempt(draft, thread, () => {
    const state = stateOf(draft, thread);
    if (state.type !== "Wait") throw new Error(`"${state.name}" is not a Wait`);
    leave(draft, thread, state, state.next, selectedInput(draft, thread, state));
  });
}

function waitUntil(until: WaitUntil, scope: Scope, now: number): number {
  if (until.kind === "seconds") return now + (seconds(until.seconds, scope, 0) ?? 0) * 1000;
  const { timestamp } = until;
  const text = typeof timestamp === "string" ? timestamp : readPath(timestamp, scope);
  const instant = typeof text === "string" && TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) throw runtimeError(`${JSON.stringify(text)} is not a timestamp`);
  return instant;
}

function runChoice(draft: Draft, thread: Thread, state: ChoiceState): void {
  const scope = selectedScope(draft, thread, state);
  const next = state.choices.find(({ rule }) => holds(rule, scope))?.next ?? state.defaultNext;
  if (next === undefined)
    throw new StatesError("States.NoChoiceMatched", `no rule of "${state.name}" matched`);
  leave(draft, thread, state, next, scope.input);
}

function runFail(draft: Draft, thread: Thread, state: FailState): never {
  const scope: Scope = { input: thread.input, context: () => contextOf(draft, thread) };
  const error = failText(state.error, scope);
  throw new StatesError(error ?? "States.TaskFailed", failText(state.cause, scope) ?? "");
}

function failText(text: string | Expression | undefined, scope: Scope): string | undefined {
  if (text === undefined || typeof text === "string") return text;
  const value = evaluate(text, scope);
  if (typeof value !== "string") throw runtimeError("ErrorPath and CausePath must name a string");
  return value;
}

function selectedScope(
  draft: Draft,
  thread: Thread,
  state: WaitState | ChoiceState | TaskState | MapState,
): Scope {
  return { input: selectedInput(draft, thread, state), context: () => contextOf(draft, thread) };
}

function seconds(given: number | Path | undefined, scope: Scope, least: number): number | undefined {
  if (given === undefined || typeof given === "number") return given;
  const value = readPath(given, scope);
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw runtimeError(`The path '${given.text}' must name a whole number of seconds from ${least}`);
}
