import { runtimeError } from "./errors.ts";
import type { Execution, Outcome, Thread } from "./execution.ts";
import type { Json } from "./json.ts";
import type { Flow, Machine, State } from "./machine.ts";

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
export function threadOf(draft: Draft, id: number): Thread {
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
export function stateOf(draft: Draft, thread: Thread): State {
  const state = flowOf(draft, thread).states.get(thread.state);
  if (state === undefined) throw runtimeError(`there is no state "${thread.state}"`);
  return state;
}

function flowOf(draft: Draft, thread: Thread): Flow {
  if (thread.parent === null) return draft.machine.flow;
  const parent = stateOf(draft, threadOf(draft, thread.parent));
  if (parent.type === "Map") return parent.processor;
  throw runtimeError(`"${parent.name}" has no items`);
}
