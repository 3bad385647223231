import type { Json, JsonArray } from "./json.ts";

/**
 * An execution as the journal keeps it: plain JSON, and all there is. Instants are ms of market time since the
 * epoch.
 */
export interface Execution {
  /** The execution's ARN. */
  readonly id: string;
  readonly name: string;
  readonly input: Json;
  readonly startedAt: number;
  /** Numbers threads and tasks, each once. */
  readonly sequence: number;
  /** History events so far, counted as Step Functions does within a few. */
  readonly history: number;
  /** Everything that goes on, by thread id; the root is there until the end. */
  readonly threads: Readonly<Record<number, Thread>>;
  readonly outcome: Outcome | null;
}

/** A flow of control: the execution itself, or an item of a Map. */
export interface Thread {
  readonly id: number;
  /** The thread whose Map this is an item of. */
  readonly parent: number | null;
  /** Which item of the parent. */
  readonly index: number;
  readonly state: string;
  readonly input: Json;
  /** Retries so far, for each retrier of the state. */
  readonly retries: readonly number[];
  readonly waiting: Waiting;
}

export type Waiting =
  /** For nothing: it goes on within the step under way. */
  | { readonly kind: "nothing" }
  | WaitingForTask
  | { readonly kind: "retry"; readonly until: number }
  | WaitingForItems;

export interface WaitingForTask {
  readonly kind: "task";
  readonly task: number;
  /** Answered by its token, not by its function's result. */
  readonly byToken: boolean;
  /** A token task's function is known to have returned. */
  readonly delivered: boolean;
  readonly timeoutAt: number | null;
}

/** A Map runs its items one after another. */
export interface WaitingForItems {
  readonly kind: "children";
  readonly items: JsonArray;
  readonly done: number;
  /** null where not done. */
  readonly results: JsonArray;
}

export type Outcome =
  | { readonly status: "SUCCEEDED"; readonly endedAt: number; readonly output: Json }
  | {
      readonly status: "FAILED";
      readonly endedAt: number;
      readonly error: string;
      readonly cause: string;
    };

/** The earliest instant at which time itself moves the execution on, undefined when none does. */
export function nextDue(execution: Execution): number | undefined {
  if (execution.outcome !== null) return undefined;
  const threads = Object.values(execution.threads).map(threadDue);
  const due = Math.min(...threads);
  return Number.isFinite(due) ? due : undefined;
}

/** When time itself moves the thread on; Infinity when it does not. */
export function threadDue({ waiting }: Thread): number {
  switch (waiting.kind) {
    case "retry":
      return waiting.until;
    case "task":
      return waiting.timeoutAt ?? Number.POSITIVE_INFINITY;
    case "children":
    case "nothing":
      return Number.POSITIVE_INFINITY;
    default:
      return waiting satisfies never;
  }
}

/** The thread that waits for a task. */
export function taskThread(
  execution: Execution,
  task: number,
): (Thread & { waiting: WaitingForTask }) | undefined {
  for (const thread of Object.values(execution.threads)) {
    const { waiting } = thread;
    if (waiting.kind === "task" && waiting.task === task) return { ...thread, waiting };
  }
  return undefined;
}
