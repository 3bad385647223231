import { runtimeError } from "./errors.ts";
import type { Execution, Outcome, Thread } from "./execution.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Flow, Machine, MapState, ParallelState, State } from "./machine.ts";

/** A function to call for a task. */
export interface Invocation {
  readonly task: number;
  readonly functionName: string;
  readonly payload: Json;
  /** The result is not the task's; SendTaskSuccess brings that. */
  readonly byToken: boolean;
}

/** What a step may use of the outside. */
export interface Environment {
  /** Market time, ms since the epoch. */
  readonly now: number;
  /** The task token of a task of this execution; the same one at each call. */
  readonly token: (task: number) => string;
}

/** The next state of an execution while one step makes it. Changed in place; never leaves the step. */
export interface Draft {
  readonly machine: Machine;
  readonly environment: Environment;
  readonly before: Execution;
  readonly threads: Record<number, Thread>;
  /** Threads that can go on, first come first. */
  readonly ready: number[];
  /** Calls for the tasks scheduled in this step. */
  readonly scheduled: Invocation[];
  sequence: number;
  history: number;
  transitions: number;
  outcome: Outcome | null;
}

export function openDraft(machine: Machine, execution: Execution, environment: Environment): Draft {
  return {
    machine,
    environment,
    before: execution,
    threads: { ...execution.threads },
    ready: [],
    scheduled: [],
    sequence: execution.sequence,
    history: execution.history,
    transitions: 0,
    outcome: execution.outcome,
  };
}

export function closeDraft(draft: Draft): Execution {
  const { threads, sequence, history, outcome } = draft;
  return { ...draft.before, threads: outcome === null ? threads : {}, sequence, history, outcome };
}

export function nextNumber(draft: Draft): number {
  draft.sequence += 1;
  return draft.sequence;
}

/** @throws Error when the thread is gone, which would be a fault of the interpreter. */
export function threadOf(draft: Pick<Draft, "threads">, id: number): Thread {
  const thread = draft.threads[id];
  if (thread === undefined) throw new Error(`thread ${id} is gone`);
  return thread;
}

export function putThread(draft: Draft, thread: Thread): Thread {
  draft.threads[thread.id] = thread;
  return thread;
}

/** Ends every thread below this one. */
export function dropChildren(draft: Draft, parent: number): void {
  for (const thread of Object.values(draft.threads)) {
    if (thread.parent !== parent) continue;
    delete draft.threads[thread.id];
    dropChildren(draft, thread.id);
  }
}

/** @throws StatesError States.Runtime when the machine has no such state. */
export function stateOf(draft: Pick<Draft, "machine" | "threads">, thread: Thread): State {
  const state = flowOf(draft, thread).states.get(thread.state);
  if (state === undefined) throw runtimeError(`there is no state "${thread.state}"`);
  return state;
}

function flowOf(draft: Pick<Draft, "machine" | "threads">, thread: Thread): Flow {
  if (thread.parent === null) return draft.machine.flow;
  const parent = stateOf(draft, threadOf(draft, thread.parent));
  if (parent.type === "Map" || parent.type === "Parallel") return childFlow(parent, thread.index);
  throw runtimeError(`"${parent.name}" has no branches`);
}

export function childFlow(state: ParallelState | MapState, index: number): Flow {
  const flow = state.type === "Map" ? state.processor : state.branches[index];
  if (flow === undefined) throw runtimeError(`"${state.name}" has no branch ${index}`);
  return flow;
}

/** The context object (`$$`) as a thread sees it. `item` overrides the Map item that the thread is in. */
export function contextOf(
  draft: Draft,
  thread: Thread,
  more: { readonly task?: number; readonly item?: JsonObject } = {},
): JsonObject {
  const { before, machine, environment } = draft;
  const item = more.item ?? mapItem(draft, thread);
  return {
    Execution: {
      Id: before.id,
      Name: before.name,
      Input: before.input,
      StartTime: new Date(before.startedAt).toISOString(),
    },
    StateMachine: { Id: machine.arn, Name: machine.name },
    State: {
      Name: thread.state,
      EnteredTime: new Date(thread.enteredAt).toISOString(),
      RetryCount: thread.retries.reduce((sum, count) => sum + count, 0),
    },
    ...(item === undefined ? {} : { Map: { Item: item } }),
    ...(more.task === undefined ? {} : { Task: { Token: environment.token(more.task) } }),
  };
}

/** The item of the innermost Map around a thread. */
function mapItem(draft: Draft, thread: Thread): JsonObject | undefined {
  if (thread.parent === null) return undefined;
  const parent = threadOf(draft, thread.parent);
  if (parent.waiting.kind !== "children" || parent.waiting.items === null) return mapItem(draft, parent);
  return { Index: thread.index, Value: parent.waiting.items[thread.index] ?? null };
}
