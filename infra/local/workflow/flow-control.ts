import {
  childFlow,
  contextOf,
  type Draft,
  dropChildren,
  nextNumber,
  putThread,
  stateOf,
  threadOf,
} from "./draft.ts";
import { grantRetry, matchesError } from "./error-match.ts";
import { StatesError } from "./errors.ts";
import type { Thread, WaitingForChildren } from "./execution.ts";
import type { Json, JsonObject } from "./json.ts";
import type {
  ChoiceState,
  MapState,
  ParallelState,
  PassState,
  State,
  SucceedState,
  WaitState,
  WorkState,
} from "./machine.ts";
import { readPath, type Scope, writePath } from "./path.ts";
import { fillTemplate } from "./template.ts";

/** An inline Map runs at most this many iterations at once (Step Functions' quota). */
const MAP_CONCURRENCY = 40;

type DataState = WorkState | PassState | WaitState | ChoiceState | SucceedState;

/** Does a part of a thread's work; what goes wrong in the execution is given to its Retry and Catch. */
export function attempt(draft: Draft, thread: Thread, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    fail(draft, thread, error);
  }
}

export function enter(draft: Draft, thread: Thread, state: string, input: Json): void {
  const enteredAt = draft.environment.now;
  putThread(draft, { ...thread, state, input, enteredAt, retries: [], waiting: { kind: "nothing" } });
  draft.ready.push(thread.id);
}

/** The state's input after InputPath. */
export function selectedInput(draft: Draft, thread: Thread, state: DataState): Json {
  if (state.inputPath === null) return {};
  return readPath(state.inputPath, { input: thread.input, context: () => contextOf(draft, thread) });
}

/** The state's input after InputPath and Parameters. */
export function effectiveInput(
  draft: Draft,
  thread: Thread,
  state: WorkState | PassState,
  task?: number,
): Json {
  const input = selectedInput(draft, thread, state);
  if (state.parameters === undefined) return input;
  const context = () => contextOf(draft, thread, task === undefined ? {} : { task });
  return fillTemplate(state.parameters, { input, context });
}

/** Leaves a state with its output before OutputPath. */
export function leave(
  draft: Draft,
  thread: Thread,
  state: DataState,
  next: string | null,
  output: Json,
): void {
  const scope: Scope = { input: output, context: () => contextOf(draft, thread) };
  const selected = state.outputPath === null ? {} : readPath(state.outputPath, scope);
  draft.history += 1;
  if (next === null) finishThread(draft, thread, selected);
  else enter(draft, thread, next, selected);
}

/** Ends a Task, Parallel or Map with its result. */
export function complete(draft: Draft, thread: Thread, result: Json): void {
  attempt(draft, thread, () => {
    const state = stateOf(draft, thread);
    if (!isWork(state)) throw new Error(`"${state.name}" cannot have a result`);
    const scope: Scope = { input: result, context: () => contextOf(draft, thread) };
    const selected = state.resultSelector === undefined ? result : fillTemplate(state.resultSelector, scope);
    const output =
      state.resultPath === null ? thread.input : writePath(state.resultPath, thread.input, selected);
    leave(draft, thread, state, state.next, output);
  });
}

export function isWork(state: State): state is WorkState {
  return state.type === "Task" || state.type === "Parallel" || state.type === "Map";
}

function finishThread(draft: Draft, thread: Thread, output: Json): void {
  if (thread.parent === null) {
    draft.outcome = { status: "SUCCEEDED", endedAt: draft.environment.now, output };
    return;
  }
  delete draft.threads[thread.id];
  const parent = threadOf(draft, thread.parent);
  const { waiting } = parent;
  if (waiting.kind !== "children") throw new Error(`thread ${parent.id} waits for no children`);
  const results = waiting.results.with(thread.index, output);
  const done = waiting.done + 1;
  const next = putThread(draft, { ...parent, waiting: { ...waiting, results, done } });
  if (done === waiting.total) complete(draft, next, results);
  else attempt(draft, next, () => startChildren(draft, next));
}

/** Starts the branches or iterations that may run now. */
export function startChildren(draft: Draft, parent: Thread): void {
  const state = stateOf(draft, parent);
  const { waiting } = parent;
  if (waiting.kind !== "children" || (state.type !== "Parallel" && state.type !== "Map")) return;
  const limit = childLimit(state);
  const upTo = Math.min(waiting.total, waiting.done + limit);
  putThread(draft, { ...parent, waiting: { ...waiting, started: upTo } });
  for (let index = waiting.started; index < upTo; index += 1) {
    startChild(draft, parent, state, waiting, index);
  }
}

function childLimit(state: ParallelState | MapState): number {
  if (state.type === "Parallel") return state.branches.length;
  // On one machine items that may each be large go one by one.
  if (state.distributed) return 1;
  return state.maxConcurrency === 0 ? MAP_CONCURRENCY : Math.min(state.maxConcurrency, MAP_CONCURRENCY);
}

function startChild(
  draft: Draft,
  parent: Thread,
  state: ParallelState | MapState,
  waiting: WaitingForChildren,
  index: number,
): void {
  const input = childInput(draft, parent, state, waiting, index);
  const thread: Thread = {
    id: nextNumber(draft),
    parent: parent.id,
    index,
    state: "",
    input,
    enteredAt: 0,
    retries: [],
    waiting: { kind: "nothing" },
  };
  enter(draft, thread, childFlow(state, index).startAt, input);
}

function childInput(
  draft: Draft,
  parent: Thread,
  state: ParallelState | MapState,
  waiting: WaitingForChildren,
  index: number,
): Json {
  if (state.type === "Parallel") return effectiveInput(draft, parent, state);
  const value = waiting.items?.[index] ?? null;
  if (state.itemSelector === undefined) return value;
  const item: JsonObject = { Index: index, Value: value };
  const input = effectiveInput(draft, parent, state);
  return fillTemplate(state.itemSelector, { input, context: () => contextOf(draft, parent, { item }) });
}

/** Gives an error to the thread's state, then to those around it, until a Retry or Catch takes it. */
export function fail(draft: Draft, thread: Thread, error: StatesError): void {
  dropChildren(draft, thread.id);
  const held = draft.threads[thread.id] ?? thread;
  const state = stateOf(draft, held);
  const unhandled = isWork(state) ? handle(draft, held, state, error) : error;
  if (unhandled === undefined) return;
  draft.history += 1;
  if (thread.parent !== null) {
    const parent = threadOf(draft, thread.parent);
    fail(draft, parent, asChildFailure(stateOf(draft, parent), unhandled));
    return;
  }
  const { name, message } = unhandled;
  draft.outcome = { status: "FAILED", endedAt: draft.environment.now, error: name, cause: message };
}

/** A distributed Map fails by its own name for whatever ended one of its executions. */
function asChildFailure(state: State, error: StatesError): StatesError {
  if (state.type !== "Map" || !state.distributed) return error;
  const cause = `an item failed: ${error.name}: ${error.message}`;
  return new StatesError("States.ExceedToleratedFailureThreshold", cause);
}

/** The error that is left: none when Retry or Catch took it, another when the Catch's ResultPath does not fit. */
function handle(draft: Draft, thread: Thread, state: WorkState, error: StatesError): StatesError | undefined {
  const granted = grantRetry(state.retry, thread.retries, error);
  if (granted !== undefined) {
    const retries = state.retry.map((_, i) => (thread.retries[i] ?? 0) + (i === granted.retrier ? 1 : 0));
    const until = draft.environment.now + granted.delayMs;
    putThread(draft, { ...thread, retries, waiting: { kind: "retry", until } });
    return undefined;
  }
  const catcher = state.catch.find(({ errors }) => matchesError(errors, error));
  if (catcher === undefined) return error;
  try {
    const output: Json = { Error: error.name, Cause: error.message };
    const input =
      catcher.resultPath === null ? thread.input : writePath(catcher.resultPath, thread.input, output);
    enter(draft, thread, catcher.next, input);
    return undefined;
  } catch (failed) {
    if (failed instanceof StatesError) return failed;
    throw failed;
  }
}
