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
import {
  type Execution,
  nextDue,
  type Thread,
  taskThread,
  threadDue,
  type WaitingForTask,
} from "./execution.ts";
import { complete, enter, fail } from "./flow-control.ts";
import type { Json } from "./json.ts";
import type { Machine } from "./machine.ts";
import { endWait, invocationOf, runState } from "./state-run.ts";

/**
 * The Amazon States Language as a function: an execution and what happened to it give the execution that comes
 * next and the functions to call. Nothing here waits, reads a clock or keeps anything.
 */

/** What can happen to an execution. Something that comes too late for its task changes nothing. */
export type Happening =
  | { readonly kind: "taskSucceeded"; readonly task: number; readonly output: Json }
  | { readonly kind: "taskFailed"; readonly task: number; readonly error: string; readonly cause: string }
  | { readonly kind: "taskHeartbeat"; readonly task: number }
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
    enteredAt: now,
    retries: [],
    waiting: { kind: "nothing" },
  };
  const execution: Execution = {
    ...start,
    startedAt: now,
    timeoutAt: machine.timeoutSeconds === undefined ? null : now + machine.timeoutSeconds * 1000,
    sequence: ROOT,
    history: 1,
    threads: { [ROOT]: root },
    outcome: null,
  };
  const draft = openDraft(machine, execution, environment);
  enter(draft, root, machine.flow.startAt, start.input);
  return settle(draft);
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
  for (let id = draft.ready.shift(); id !== undefined; id = draft.ready.shift()) {
    if (draft.outcome !== null) break;
    const thread = draft.threads[id];
    if (thread?.waiting.kind === "nothing") runCounted(draft, thread);
  }
  const execution = closeDraft(draft);
  // A task may have ended in the step that scheduled it, as a branch does when its neighbour fails.
  const invocations = draft.scheduled.filter(({ task }) => taskThread(execution, task) !== undefined);
  return { execution, invocations, transitions: draft.transitions };
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
      complete(draft, thread, taskResult(draft, thread, happening.output));
      return true;
    case "taskFailed":
      fail(draft, thread, new StatesError(happening.error, happening.cause));
      return true;
    case "taskDelivered":
      putThread(draft, { ...thread, waiting: { ...waiting, delivered: true } });
      return true;
    case "taskHeartbeat": {
      if (waiting.heartbeatMs === null) return false;
      const heartbeatAt = draft.environment.now + waiting.heartbeatMs;
      putThread(draft, { ...thread, waiting: { ...waiting, heartbeatAt } });
      return true;
    }
    default:
      return happening satisfies never;
  }
}

/** `lambda:invoke` answers as Lambda's Invoke does. */
function taskResult(draft: Draft, thread: Thread, output: Json): Json {
  const state = stateOf(draft, thread);
  if (state.type !== "Task" || state.resource.integration !== "invoke") return output;
  return { ExecutedVersion: "$LATEST", Payload: output, StatusCode: 200 };
}

/** Moves everything on whose instant has come, the earliest first. */
function passTime(draft: Draft): boolean {
  const { now } = draft.environment;
  const { before } = draft;
  if ((nextDue(before) ?? Number.POSITIVE_INFINITY) > now) return false;
  if (before.timeoutAt !== null && before.timeoutAt <= now) {
    draft.outcome = { status: "TIMED_OUT", endedAt: now, error: "States.Timeout", cause: undefined };
    return true;
  }
  const due = Object.values(before.threads).filter((thread) => threadDue(thread) <= now);
  for (const { id } of due.sort((a, b) => threadDue(a) - threadDue(b) || a.id - b.id)) {
    const thread = draft.threads[id];
    if (thread !== undefined && threadDue(thread) <= now) passDue(draft, thread);
  }
  return true;
}

function passDue(draft: Draft, thread: Thread): void {
  const { waiting } = thread;
  if (waiting.kind === "instant") endWait(draft, thread);
  if (waiting.kind === "task")
    fail(draft, thread, new StatesError(timeoutName(waiting), "the task timed out"));
  if (waiting.kind === "retry") {
    putThread(draft, { ...thread, waiting: { kind: "nothing" } });
    draft.ready.push(thread.id);
  }
}

function timeoutName({ timeoutAt, heartbeatAt }: WaitingForTask): string {
  const beatsFirst = heartbeatAt !== null && (timeoutAt === null || heartbeatAt < timeoutAt);
  return beatsFirst ? "States.HeartbeatTimeout" : "States.Timeout";
}
