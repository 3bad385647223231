import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { MarketClock } from "../clock.ts";
import { WorkflowError } from "./errors.ts";
import { type Outcome, taskThread } from "./execution.ts";
import { executionArn, readExecutionArn } from "./execution-arn.ts";
import { ExecutionRunner, type Invoke, type Running } from "./execution-runner.ts";
import type { Start } from "./interpreter.ts";
import { isTooLarge, PAYLOAD_LIMIT } from "./invocation-result.ts";
import { type ExecutionStatus, type ExecutionSummary, type Journal, openJournal } from "./journal.ts";
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
  readonly executionArn: string;
  readonly stateMachineName: string;
  readonly name: string;
  readonly outcome: Outcome;
}

export interface ExecutionDescription {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startDate: Date;
  readonly stopDate?: Date;
  readonly error?: string;
  readonly cause?: string;
}

export interface ListExecutionsInput {
  readonly stateMachineArn: string;
  readonly statusFilter?: ExecutionStatus;
  /** At most 1,000, as in the Step Functions API; 100 when not given. */
  readonly maxResults?: number;
  readonly nextToken?: string;
}

export interface StartExecutionInput {
  readonly stateMachineArn: string;
  readonly name?: string | undefined;
  /** JSON text; `{}` when not given. */
  readonly input?: string | undefined;
}

export interface SendTaskFailureInput {
  readonly taskToken: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** The Step Functions API for standard workflows, as far as the exchange uses it. Dates are market time. */
export interface WorkflowEngine {
  /**
   * Starting a running execution again with the same input answers as the first time.
   * @throws WorkflowError StateMachineDoesNotExist, ExecutionAlreadyExists, InvalidName, InvalidExecutionInput.
   */
  startExecution(
    input: StartExecutionInput,
  ): Promise<{ readonly executionArn: string; readonly startDate: Date }>;
  /** Of an ended execution its input and output are gone. @throws WorkflowError ExecutionDoesNotExist. */
  describeExecution(input: { readonly executionArn: string }): Promise<ExecutionDescription>;
  /** The newest first. @throws WorkflowError StateMachineDoesNotExist. */
  listExecutions(input: ListExecutionsInput): Promise<{
    readonly executions: readonly ExecutionDescription[];
    readonly nextToken?: string;
  }>;
  /** @throws WorkflowError InvalidToken, TaskDoesNotExist, TaskTimedOut (also when it has ended), InvalidOutput. */
  sendTaskSuccess(input: { readonly taskToken: string; readonly output: string }): Promise<void>;
  /** @throws WorkflowError InvalidToken, TaskDoesNotExist, TaskTimedOut. */
  sendTaskFailure(input: SendTaskFailureInput): Promise<void>;
  /** @throws WorkflowError InvalidToken, TaskDoesNotExist, TaskTimedOut. */
  sendTaskHeartbeat(input: { readonly taskToken: string }): Promise<void>;
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

  async startExecution(input: StartExecutionInput) {
    const { stateMachineArn, name = randomUUID() } = input;
    this.#assertOpen();
    const loaded = this.#machines.byArn(stateMachineArn);
    if (!NAME.test(name)) throw new WorkflowError("InvalidName", `Invalid Name: '${name}'`);
    const start = {
      id: executionArn(stateMachineArn, name),
      name,
      input: parseJson(input.input ?? "{}", "InvalidExecutionInput"),
    };
    const running = this.#same(loaded.machine, start) ?? this.#start(loaded, start);
    await this.#runner.kept();
    return { executionArn: start.id, startDate: new Date(running.execution.startedAt) };
  }

  /** The running execution that this start began; undefined when the name is free. */
  #same(machine: Machine, { id, name, input }: Start): Running | undefined {
    const running = this.#byArn.get(id);
    const isSame = running?.execution.outcome === null && isDeepStrictEqual(running.execution.input, input);
    if (isSame) return running;
    if (running === undefined && this.#journal.find(machine.name, name) === undefined) return undefined;
    throw new WorkflowError("ExecutionAlreadyExists", `Execution Already Exists: '${id}'`);
  }

  #start({ machine, definition }: LoadedMachine, start: Start): Running {
    const running = this.#runner.start(this.#nextId, machine, definition, start);
    this.#nextId += 1;
    this.#track(running);
    return running;
  }

  async describeExecution({ executionArn: arn }: { readonly executionArn: string }) {
    this.#assertOpen();
    this.#runner.commit();
    const { machineArn = "", name = "" } = readExecutionArn(arn) ?? {};
    const machine = this.#machines.find(machineArn);
    const kept = machine && this.#journal.find(machine.name, name);
    if (kept === undefined)
      throw new WorkflowError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
    return describe(machineArn, kept);
  }

  async listExecutions(input: ListExecutionsInput) {
    const { stateMachineArn, statusFilter: status, maxResults = 100 } = input;
    this.#assertOpen();
    this.#runner.commit();
    const { machine } = this.#machines.byArn(stateMachineArn);
    const limit = Math.min(Math.max(maxResults, 1), 1000);
    const below = input.nextToken === undefined ? this.#nextId : Number.parseInt(input.nextToken, 36);
    if (Number.isNaN(below)) throw new WorkflowError("InvalidToken", `Invalid Token: '${input.nextToken}'`);
    const found = this.#journal.list({ machine: machine.name, status, below, limit });
    const last = found.length === limit ? found.at(-1) : undefined;
    const executions = found.map((kept) => describe(stateMachineArn, kept));
    return last === undefined ? { executions } : { executions, nextToken: last.id.toString(36) };
  }

  async sendTaskSuccess({ taskToken, output }: { readonly taskToken: string; readonly output: string }) {
    const { running, task } = this.#openTask(taskToken);
    const json = parseJson(output, "InvalidOutput");
    this.#runner.apply(running, { kind: "taskSucceeded", task, output: json });
    await this.#runner.kept();
  }

  async sendTaskFailure(input: SendTaskFailureInput) {
    const { taskToken, error = "States.TaskFailed", cause = "" } = input;
    const { running, task } = this.#openTask(taskToken);
    this.#runner.apply(running, { kind: "taskFailed", task, error, cause });
    await this.#runner.kept();
  }

  async sendTaskHeartbeat({ taskToken }: { readonly taskToken: string }) {
    const { running, task } = this.#openTask(taskToken);
    this.#runner.apply(running, { kind: "taskHeartbeat", task });
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

function describe(stateMachineArn: string, kept: ExecutionSummary): ExecutionDescription {
  return {
    executionArn: executionArn(stateMachineArn, kept.name),
    stateMachineArn,
    name: kept.name,
    status: kept.status,
    startDate: new Date(kept.startedAt),
    ...(kept.endedAt === null ? {} : { stopDate: new Date(kept.endedAt) }),
    ...(kept.error === null ? {} : { error: kept.error }),
    ...(kept.cause === null ? {} : { cause: kept.cause }),
  };
}

function tellEnd({ execution, machine }: Running, ended: WorkflowEngineOptions["ended"]): void {
  const { id, name, outcome } = execution;
  if (outcome === null) return;
  ended?.({ executionArn: id, stateMachineName: machine.name, name, outcome });
}
