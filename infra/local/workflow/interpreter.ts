import {
  closeDraft,
  type Draft,
  type Environment,
  type Invocation,
  openDraft,
  putThread,
  stateOf,
} from "./draft.ts";
import { runtimeError, StatesError } from "./errors.ts";
import { type Execution, type Thread, taskThread, threadDue } from "./execution.ts";
import { complete, fail } from "./flow-control.ts";
import type { Json } from "./json.ts";
import type { Machine } from "./machine.ts";
import { invocationOf, runState } from "./state-run.ts";

/**
 * The Amazon States Language as a function: an execution and what happened to it give the execution that comes
 * next and the functions to call. Nothing here waits, reads a clock or keeps anything.
 */

/** What can happen to an execution. Something that comes too late for its task changes nothing. */
export type Happening =
  | { readonly kind: "taskSucceeded"; readonly task: number; readonly output: Json }
  | { readonly kind: "taskFailed"; readonly task: number; readonly error: string; readonly cause: string }
  /** A token task's function has returned, so it need not be called again. */
  | { readonly kind: "taskDelivered"; readonly task: number }
  /** Market time has reached `nextDue`. */
  | { readonly kind: "timeReached" };

export interface Step {
  readonly execution: Execution;
  readonly invocations: readonly Invocation[];
  /** States run, each retry again: what Step Functions charges. */
  readonly transitions: number;
}

export interface Start {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
}

/** Step Functions ends an execution at 25,000 history events, which also ends a loop that never waits. */
const HISTORY_LIMIT = 25_000;
const ROOT = 0;

export function startExecution(machine: Machine, start: Start, environment: Environment): Step {
  const { now } = environment;
  const root: Thread = {
    id: ROOT,
    parent: null,
    index: 0,
    state: machine.flow.startAt,
    input: start.input,
    retries: [],
    waiting: { kind: "nothing" },
  };
  const execution: Execution = {
    ...start,
    startedAt: now,
    sequence: ROOT,
    history: 1,
    threads: { [ROOT]: root },
    outcome: null,
  };
  return settle(openDraft(machine, execution, environment));
}

/** The very same execution is given back when what happened changes nothing. */
export function stepExecution(
  machine: Machine,
  execution: Execution,
  happening: Happening,
  environment: Environment,
): Step {
  const draft = openDraft(machine, execution, environment);
  const changed = execution.outcome === null && apply(draft, happening);
  return changed ? settle(draft) : { execution, invocations: [], transitions: 0 };
}

/** The calls that an execution waits for, to be made again after a restart. */
export function openInvocations(
  machine: Machine,
  execution: Execution,
  environment: Environment,
): readonly Invocation[] {
  const draft = openDraft(machine, execution, environment);
  return Object.values(execution.threads).flatMap((thread) => {
    const { waiting } = thread;
    const state = stateOf(draft, thread);
    if (waiting.kind !== "task" || waiting.delivered || state.type !== "Task") return [];
    return [invocationOf(draft, thread, state, waiting.task)];
  });
}

function settle(draft: Draft): Step {
  for (let thread = readyThread(draft); thread !== undefined; thread = readyThread(draft)) {
    runCounted(draft, thread);
  }
  return { execution: closeDraft(draft), invocations: draft.scheduled, transitions: draft.transitions };
}

/** The thread that can go on; there is never more than one, for the items of a Map wait for each other. */
function readyThread({ threads, outcome }: Draft): Thread | undefined {
  if (outcome !== null) return undefined;
  return Object.values(threads).find(({ waiting }) => waiting.kind === "nothing");
}

function runCounted(draft: Draft, thread: Thread): void {
  draft.transitions += 1;
  draft.history += 1;
  if (draft.history < HISTORY_LIMIT) runState(draft, thread);
  else fail(draft, thread, runtimeError(`the execution reached ${HISTORY_LIMIT} history events`));
}

/** Whether anything changed. */
function apply(draft: Draft, happening: Happening): boolean {
  if (happening.kind === "timeReached") return passTime(draft);
  const thread = taskThread(draft.before, happening.task);
  if (thread === undefined) return false;
  const { waiting } = thread;
  switch (happening.kind) {
    case "taskSucceeded":
      complete(draft, thread, happening.output);
      return true;
    case "taskFailed":
      fail(draft, thread, new StatesError(happening.error, happening.cause));
      return true;
    case "taskDelivered":
      putThread(draft, { ...thread, waiting: { ...waiting, delivered: true } });
      return true;
    default:
      return happening satisfies never;
  }
}

/** Moves the thread on whose instant has come. Whether there was one. */
function passTime(draft: Draft): boolean {
  const { now } = draft.environment;
  const due = Object.values(draft.threads).find((thread) => threadDue(thread) <= now);
  if (due === undefined) return false;
  if (due.waiting.kind === "task") fail(draft, due, new StatesError("States.Timeout", "the task timed out"));
  else putThread(draft, { ...due, waiting: { kind: "nothing" } });
  return true;
}
