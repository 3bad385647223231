import type { MarketClock } from "../clock.ts";
import type { Environment, Invocation } from "./draft.ts";
import { type Execution, nextDue } from "./execution.ts";
import {
  type Happening,
  openInvocations,
  type Start,
  type Step,
  startExecution,
  stepExecution,
} from "./interpreter.ts";
import { failureOf, resultOf } from "./invocation-result.ts";
import type { Journal } from "./journal.ts";
import type { Json } from "./json.ts";
import type { Machine } from "./machine.ts";
import { makeTaskToken } from "./task-token.ts";

/** Calls a Lambda function by its name; what it throws is the function's error. */
export type Invoke = (functionName: string, payload: Json) => Promise<unknown>;

/** An execution that has not ended, or whose end is not yet in the journal. */
export interface Running {
  /** Its id in the journal. */
  readonly id: number;
  readonly machine: Machine;
  /** Hash of the definition it was started with. */
  readonly definition: string;
  execution: Execution;
  /** Tasks whose function is being called by this process. */
  readonly calling: Set<number>;
  /** The instant that the clock calls back at, and how to stop it. */
  alarm: { readonly at: number; readonly cancel: () => void } | undefined;
}

export interface RunnerOptions {
  readonly journal: Journal;
  readonly clock: MarketClock;
  readonly invoke: Invoke;
  /** Told once of each end, after it is in the journal. */
  readonly ended: (running: Running) => void;
}

/**
 * Moves executions on. What happens is applied at once in memory; at the end of the event loop's turn all that
 * changed goes into the journal in one transaction, and only then functions are called, clocks set and callers
 * answered. So whatever the outside can know of is in the journal.
 */
export class ExecutionRunner {
  readonly #options: RunnerOptions;
  readonly #changed = new Map<Running, Invocation[]>();
  readonly #transitions: Map<string, number>;
  readonly #counted = new Map<string, number>();
  #turn: PromiseWithResolvers<void> | undefined;
  #endHold: (() => void) | undefined;
  #underWay = 0;
  #closed = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#transitions = new Map(options.journal.transitionCounts());
  }

  /** State transitions so far, by machine name. */
  get transitions(): ReadonlyMap<string, number> {
    return this.#transitions;
  }

  start(id: number, machine: Machine, definition: string, start: Start): Running {
    const step = startExecution(machine, start, this.#environment(id));
    const { execution } = step;
    const running: Running = { id, machine, definition, execution, calling: new Set(), alarm: undefined };
    this.#take(running, step);
    return running;
  }

  apply(running: Running, happening: Happening): void {
    if (this.#closed) return;
    const step = stepExecution(running.machine, running.execution, happening, this.#environment(running.id));
    if (step.execution !== running.execution) this.#take(running, step);
  }

  /** Sets the clock and calls the functions that an execution from the journal waits for. */
  resume(running: Running): void {
    this.#setAlarm(running);
    for (const invocation of openInvocations(
      running.machine,
      running.execution,
      this.#environment(running.id),
    )) {
      if (!running.calling.has(invocation.task)) void this.#call(running, invocation);
    }
  }

  /** Settles when all that has been applied is in the journal. */
  kept(): Promise<void> {
    return this.#turn?.promise ?? Promise.resolve();
  }

  /** The task's token. */
  token(id: number, task: number): string {
    return makeTaskToken(this.#options.journal.secret, { execution: id, task });
  }

  #environment(id: number): Environment {
    return { now: this.#options.clock.now(), token: (task) => this.token(id, task) };
  }

  #take(running: Running, step: Step): void {
    running.execution = step.execution;
    const { name } = running.machine;
    const total = (this.#transitions.get(name) ?? 0) + step.transitions;
    this.#transitions.set(name, total);
    this.#counted.set(name, total);
    const invocations = this.#changed.get(running);
    if (invocations === undefined) this.#changed.set(running, [...step.invocations]);
    else invocations.push(...step.invocations);
    this.#scheduleCommit();
  }

  #scheduleCommit(): void {
    if (this.#turn !== undefined) return;
    this.#turn = Promise.withResolvers();
    // Who does not wait for the commit still learns of its failure: commit() throws it in its own turn.
    this.#turn.promise.catch(() => undefined);
    this.#beginWork();
    setImmediate(() => this.commit());
  }

  /** Writes what changed, then lets the outside know. @throws Error when the journal cannot be written. */
  commit(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    const changed = [...this.#changed];
    const { journal } = this.#options;
    try {
      const kept = changed.map(([running]) => ({ ...running, machine: running.machine.name }));
      journal.commit(kept, this.#counted);
    } catch (error) {
      this.#closed = true;
      turn.reject(error);
      throw error;
    }
    this.#turn = undefined;
    this.#changed.clear();
    this.#counted.clear();
    for (const [running, invocations] of changed) this.#publish(running, invocations);
    turn.resolve();
    this.#endWork();
  }

  #publish(running: Running, invocations: readonly Invocation[]): void {
    this.#setAlarm(running);
    if (running.execution.outcome !== null) this.#options.ended(running);
    for (const invocation of invocations) void this.#call(running, invocation);
  }

  #setAlarm(running: Running): void {
    const due = nextDue(running.execution);
    if (due === running.alarm?.at) return;
    running.alarm?.cancel();
    running.alarm = undefined;
    if (due === undefined) return;
    running.alarm = { at: due, cancel: this.#options.clock.at(due, () => this.#ring(running)) };
  }

  #ring(running: Running): void {
    running.alarm = undefined;
    if (this.#closed) return;
    this.apply(running, { kind: "timeReached" });
    if (!this.#changed.has(running)) this.#setAlarm(running);
  }

  async #call(running: Running, invocation: Invocation): Promise<void> {
    this.#beginWork();
    running.calling.add(invocation.task);
    try {
      this.apply(running, await this.#answer(invocation));
    } finally {
      running.calling.delete(invocation.task);
      this.#endWork();
    }
  }

  async #answer({ task, functionName, byToken, payload }: Invocation): Promise<Happening> {
    try {
      // A copy: what a function does to its event must not reach the execution.
      const result = await this.#options.invoke(functionName, structuredClone(payload));
      return byToken ? { kind: "taskDelivered", task } : resultOf(task, result);
    } catch (error) {
      return failureOf(task, error);
    }
  }

  /** Work under way holds the clock. */
  #beginWork(): void {
    if (this.#underWay === 0) this.#endHold = this.#options.clock.hold();
    this.#underWay += 1;
  }

  #endWork(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    this.#endHold?.();
    this.#endHold = undefined;
  }

  /** Stops; calls under way are made again after the next start. */
  close(running: Iterable<Running>): void {
    this.commit();
    this.#closed = true;
    for (const { alarm } of running) alarm?.cancel();
    this.#endHold?.();
  }
}
