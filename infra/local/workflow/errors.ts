/** An error inside an execution, which Retry and Catch can match by its Amazon States Language error name. */
export class StatesError extends Error {
  override readonly name: string;
  /** What Catch hands on as `Cause`; the message itself. */
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

export function runtimeError(cause: string): StatesError {
  return new StatesError("States.Runtime", cause);
}

/** A definition that the engine refuses to load. */
export class InvalidDefinition extends Error {
  override readonly name = "InvalidDefinition";
  constructor(where: Where, problem: string) {
    const state = where.state === undefined ? "" : `, state "${where.state}"`;
    const field = where.field === undefined ? "" : `, field "${where.field}"`;
    super(`state machine "${where.machine}"${state}${field}: ${problem}`);
  }
}

/** The place in a definition that a refusal names. */
export interface Where {
  readonly machine: string;
  readonly state?: string | undefined;
  readonly field?: string | undefined;
}

type WorkflowErrorName =
  | "ExecutionAlreadyExists"
  | "InvalidExecutionInput"
  | "InvalidName"
  | "InvalidOutput"
  | "InvalidToken"
  | "StateMachineDoesNotExist"
  | "TaskDoesNotExist"
  | "TaskTimedOut";

/** What a call of the engine's API throws; `name` is the exception's name in the Step Functions API. */
export class WorkflowError extends Error {
  override readonly name: WorkflowErrorName;
  constructor(name: WorkflowErrorName, message: string) {
    super(message);
    this.name = name;
  }
}
