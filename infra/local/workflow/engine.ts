import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { MarketClock } from "../clock.ts";
import { WorkflowError } from "./errors.ts";
import { type Outcome, taskThread } from "./execution.ts";
import { executionArn } from "./execution-arn.ts";
import { ExecutionRunner, type Invoke, type Running } from "./execution-runner.ts";
import type { Start } from "./interpreter.ts";
import { isTooLarge, PAYLOAD_LIMIT } from "./invocation-result.ts";
import { type Journal, openJournal } from "./journal.ts";
import type { Json } from "./json.ts";
import { type LoadedMachine, LoadedMachines, type MachineSource } from "./loaded-machines.ts";
import type { Machine } from "./machine.ts";
import { readTaskToken } from "./task-token.ts";

export interface WorkflowEngineOptions {
  readonly machines: Readonly<Record<string, MachineSource>>;
  /** A file of its own; made when it is not there. */
  readonly journalPath: string;
  readonly clock: MarketClock;
  readonly invoke: Invoke;
  /** Told of each end, once it is in the journal. */
  readonly ended?: (execution: EndedExecution) => void;
}

export interface EndedExecution {
  readonly stateMachineName: string;
  readonly name: string;
  readonly outcome: Outcome;
}

export interface StartExecutionInput {
  readonly stateMachineArn: string;
  readonly name?: string | undefined;
  /** JSON text; `{}` when not given. */
  readonly input?: string | undefined;
}

/** The Step Functions API for standard workflows, as far as the exchange uses it. */
export interface WorkflowEngine {
  /**
   * Starting a running execution again with the same input does nothing.
   * @throws WorkflowError StateMachineDoesNotExist, ExecutionAlreadyExists, InvalidName, InvalidExecutionInput.
   */
  startExecution(input: StartExecutionInput): Promise<void>;
  /** @throws WorkflowError InvalidToken, TaskDoesNotExist, TaskTimedOut (also when it has ended), InvalidOutput. */
  sendTaskSuccess(input: { readonly taskToken: string; readonly output: string }): Promise<void>;
  /** Goes on with what the journal holds: calls functions again and sets timers. Answers how many executions. */
  resume(): number;
  /** State transitions by machine name since the journal was made, retries counted: what AWS would charge. */
  transitions(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{C}]{1,80}$/u;

/** @throws InvalidDefinition for a machine that the engine cannot run in full; Error when the journal is in use. */
export function createWorkflowEngine(options: WorkflowEngineOptions): WorkflowEngine {
  const journal = openJournal(options.journalPath);
  try {
    return new JournaledEngine(options, journal);
  } catch (error) {
    journal.close();
    throw error;
  }
}

class JournaledEngine implements WorkflowEngine {
  readonly #journal: Journal;
  readonly #machines: LoadedMachines;
  readonly #runner: ExecutionRunner;
  readonly #byId = new Map<number, Running>();
  readonly #byArn = new Map<string, Running>();
  #nextId: number;
  #closed = false;

  constructor({ machines, clock, invoke, ended }: WorkflowEngineOptions, journal: Journal) {
    this.#journal = journal;
    this.#machines = new LoadedMachines(machines, journal);
    this.#nextId = journal.nextId;
    for (const kept of journal.running()) this.#track(this.#machines.revive(kept));
    this.#runner = new ExecutionRunner({
      journal,
      clock,
      invoke,
      ended: (running) => {
        this.#byId.delete(running.id);
        this.#byArn.delete(running.execution.id);
        tellEnd(running, ended);
      },
    });
  }

  async startExecution(input: StartExecutionInput): Promise<void> {
    const { stateMachineArn, name = randomUUID() } = input;
    this.#assertOpen();
    const loaded = this.#machines.byArn(stateMachineArn);
    if (!NAME.test(name)) throw new WorkflowError("InvalidName", `Invalid Name: '${name}'`);
    const start = {
      id: executionArn(stateMachineArn, name),
      name,
      input: parseJson(input.input ?? "{}", "InvalidExecutionInput"),
    };
    if (!this.#isSame(loaded.machine, start)) this.#start(loaded, start);
    await this.#runner.kept();
  }

  /** Whether a running execution began with this start; false when the name is free. */
  #isSame(machine: Machine, { id, name, input }: Start): boolean {
    const running = this.#byArn.get(id);
    if (running?.execution.outcome === null && isDeepStrictEqual(running.execution.input, input)) return true;
    if (running === undefined && this.#journal.status(machine.name, name) === undefined) return false;
    throw new WorkflowError("ExecutionAlreadyExists", `Execution Already Exists: '${id}'`);
  }

  #start({ machine, definition }: LoadedMachine, start: Start): void {
    this.#track(this.#runner.start(this.#nextId, machine, definition, start));
    this.#nextId += 1;
  }

  async sendTaskSuccess({ taskToken, output }: { readonly taskToken: string; readonly output: string }) {
    const { running, task } = this.#openTask(taskToken);
    const json = parseJson(output, "InvalidOutput");
    this.#runner.apply(running, { kind: "taskSucceeded", task, output: json });
    await this.#runner.kept();
  }

  #openTask(token: string): { readonly running: Running; readonly task: number } {
    this.#assertOpen();
    const reference = readTaskToken(this.#journal.secret, token);
    if (reference === "malformed") throw new WorkflowError("InvalidToken", `Invalid Token: '${token}'`);
    if (reference === "foreign")
      throw new WorkflowError("TaskDoesNotExist", `Task Does Not Exist: '${token}'`);
    const running = this.#byId.get(reference.execution);
    const open = running === undefined ? undefined : taskThread(running.execution, reference.task);
    if (running !== undefined && open !== undefined) return { running, task: reference.task };
    throw new WorkflowError("TaskTimedOut", `Task Timed Out: '${token}'`);
  }

  resume(): number {
    this.#assertOpen();
    for (const running of this.#byId.values()) this.#runner.resume(running);
    return this.#byId.size;
  }

  transitions(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#runner.transitions);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#runner.close(this.#byId.values());
    this.#closed = true;
    this.#journal.close();
  }

  #track(running: Running): void {
    this.#byId.set(running.id, running);
    this.#byArn.set(running.execution.id, running);
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error("the workflow engine is closed");
  }
}

function parseJson(text: string, problem: "InvalidExecutionInput" | "InvalidOutput"): Json {
  if (isTooLarge(text)) throw new WorkflowError(problem, `larger than ${PAYLOAD_LIMIT} bytes`);
  try {
    const json: Json = JSON.parse(text);
    return json;
  } catch {
    throw new WorkflowError(problem, `not JSON: '${text.slice(0, 200)}'`);
  }
}

function tellEnd({ execution, machine }: Running, ended: WorkflowEngineOptions["ended"]): void {
  const { name, outcome } = execution;
  if (outcome === null) return;
  ended?.({ stateMachineName: machine.name, name, outcome });
}
