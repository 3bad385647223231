import { type Draft, dropChildren, nextNumber, putThread, stateOf, threadOf } from "./draft.ts";
import { grantRetry, matchesError } from "./error-match.ts";
import { StatesError } from "./errors.ts";
import type { Thread } from "./execution.ts";
import type { Json } from "./json.ts";
import type { State, WorkState } from "./machine.ts";

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
  putThread(draft, { ...thread, state, input, retries: [], waiting: { kind: "nothing" } });
}

/** Leaves a state for the next one; null ends the flow. */
export function leave(draft: Draft, thread: Thread, next: string | null, output: Json): void {
  draft.history += 1;
  if (next === null) finishThread(draft, thread, output);
  else enter(draft, thread, next, output);
}

/** Ends a Task or Map with its result. */
export function complete(draft: Draft, thread: Thread, result: Json): void {
  const state = stateOf(draft, thread);
  if (!isWork(state)) throw new Error(`"${state.name}" cannot have a result`);
  leave(draft, thread, state.next, state.discardsResult ? thread.input : result);
}

function isWork(state: State): state is WorkState {
  return state.type === "Task" || state.type === "Map";
}

function finishThread(draft: Draft, thread: Thread, output: Json): void {
  if (thread.parent === null) {
    draft.outcome = { status: "SUCCEEDED", endedAt: draft.environment.now, output };
    return;
  }
  delete draft.threads[thread.id];
  const parent = threadOf(draft, thread.parent);
  const { waiting } = parent;
  if (waiting.kind !== "children") throw new Error(`thread ${parent.id} waits for no items`);
  const results = waiting.results.with(thread.index, output);
  const done = waiting.done + 1;
  startItem(draft, putThread(draft, { ...parent, waiting: { ...waiting, results, done } }));
}

/** Starts the Map's item that is next; after the last one the Map is complete. */
export function startItem(draft: Draft, parent: Thread): void {
  const state = stateOf(draft, parent);
  const { waiting } = parent;
  if (state.type !== "Map" || waiting.kind !== "children") throw new Error(`"${state.name}" has no items`);
  const input = waiting.items[waiting.done];
  if (input === undefined) {
    complete(draft, parent, waiting.results);
    return;
  }
  putThread(draft, {
    id: nextNumber(draft),
    parent: parent.id,
    index: waiting.done,
    state: state.processor.startAt,
    input,
    retries: [],
    waiting: { kind: "nothing" },
  });
}

/** Gives an error to the thread's state, then to the Maps around it, until a Retry or Catch takes it. */
export function fail(draft: Draft, thread: Thread, error: StatesError): void {
  dropChildren(draft, thread.id);
  const state = stateOf(draft, thread);
  if (isWork(state) && isHandled(draft, thread, state, error)) return;
  draft.history += 1;
  if (thread.parent === null) {
    const { name, message } = error;
    draft.outcome = { status: "FAILED", endedAt: draft.environment.now, error: name, cause: message };
    return;
  }
  // A distributed Map fails by its own name for whatever ended one of its executions.
  const cause = `an item failed: ${error.name}: ${error.message}`;
  const ofMap = new StatesError("States.ExceedToleratedFailureThreshold", cause);
  fail(draft, threadOf(draft, thread.parent), ofMap);
}

/** Whether the state's Retry or Catch took the error. */
function isHandled(draft: Draft, thread: Thread, state: WorkState, error: StatesError): boolean {
  const granted = grantRetry(state.retry, thread.retries, error);
  if (granted !== undefined) {
    const retries = state.retry.map((_, i) => (thread.retries[i] ?? 0) + (i === granted.retrier ? 1 : 0));
    const until = draft.environment.now + granted.delayMs;
    putThread(draft, { ...thread, retries, waiting: { kind: "retry", until } });
    return true;
  }
  const catcher = state.catch.find(({ errors }) => matchesError(errors, error));
  if (catcher === undefined) return false;
  const output: Json = { Error: error.name, Cause: error.message };
  enter(draft, thread, catcher.next, catcher.discardsError ? thread.input : output);
  return true;
}
