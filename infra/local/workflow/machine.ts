import type { ChoiceRule } from "./choice.ts";
import type { Path } from "./path.ts";
import type { Template } from "./template.ts";

/** A state machine, checked and compiled. */
export interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly flow: Flow;
}

/** States with a start: a whole machine, or the processor of a Map. */
export interface Flow {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export type State = TaskState | MapState | ChoiceState | SucceedState;

/** A state whose work may fail. */
interface Work {
  readonly name: string;
  /** null ends the flow. */
  readonly next: string | null;
  /** Goes on with the state's input instead. */
  readonly discardsResult: boolean;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export type WorkState = TaskState | MapState;

export interface TaskState extends Work {
  readonly type: "Task";
  readonly functionName: string;
  /** The result is what SendTaskSuccess brings, not what the function returned. */
  readonly byToken: boolean;
  /** What the function is given; absent: the state's input. */
  readonly payload: Template | undefined;
  /** Where the input has the seconds that the task may take. */
  readonly timeoutSeconds: Path | undefined;
}

/** A distributed Map: each item is an execution of its own in the cloud; here they run one after another. */
export interface MapState extends Work {
  readonly type: "Map";
  readonly itemsPath: Path;
  readonly processor: Flow;
}

export interface ChoiceState {
  readonly type: "Choice";
  readonly name: string;
  readonly choices: readonly { readonly rule: ChoiceRule; readonly next: string }[];
  readonly defaultNext: string | undefined;
}

export interface SucceedState {
  readonly type: "Succeed";
  readonly name: string;
}

export interface Retrier {
  readonly errors: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
}

export interface Catcher {
  readonly errors: readonly string[];
  readonly next: string;
  /** Goes on with the state's input, not with the error. */
  readonly discardsError: boolean;
}
