import type { ChoiceRule } from "./choice.ts";
import type { Json } from "./json.ts";
import type { Path, ReferencePath } from "./path.ts";
import type { Expression, Template } from "./template.ts";

/** A state machine, checked and compiled. */
export interface Machine {
  readonly name: string;
  readonly arn: string;
  /** Seconds of market time an execution may take. */
  readonly timeoutSeconds: number | undefined;
  readonly flow: Flow;
}

/** States with a start: a whole machine, a branch of a Parallel, the processor of a Map. */
export interface Flow {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export type State =
  | TaskState
  | ParallelState
  | MapState
  | PassState
  | WaitState
  | ChoiceState
  | SucceedState
  | FailState;

/** A path of null takes away everything and leaves `{}`. */
interface InputOutput {
  readonly name: string;
  readonly inputPath: Path | null;
  readonly outputPath: Path | null;
}

/** `next` null ends the flow. */
interface Step extends InputOutput {
  readonly next: string | null;
  /** null throws the result away and goes on with the state's input. */
  readonly resultPath: ReferencePath | null;
}

/** A state whose work may fail. */
interface Work extends Step {
  readonly parameters: Template | undefined;
  readonly resultSelector: Template | undefined;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export type WorkState = TaskState | ParallelState | MapState;

export interface TaskState extends Work {
  readonly type: "Task";
  readonly resource: TaskResource;
  readonly timeoutSeconds: number | Path | undefined;
  readonly heartbeatSeconds: number | Path | undefined;
}

export interface TaskResource {
  readonly functionName: string;
  /** `direct`: the result is what the function returned; `invoke`: wrapped as Lambda's Invoke answers; `token`: what SendTaskSuccess brings. */
  readonly integration: "direct" | "invoke" | "token";
}

export interface ParallelState extends Work {
  readonly type: "Parallel";
  readonly branches: readonly Flow[];
}

export interface MapState extends Work {
  readonly type: "Map";
  readonly itemsPath: Path;
  readonly itemSelector: Template | undefined;
  readonly maxConcurrency: number;
  /** Each item is an execution of its own; here they run one after another. */
  readonly distributed: boolean;
  readonly processor: Flow;
}

export interface PassState extends Step {
  readonly type: "Pass";
  readonly parameters: Template | undefined;
  readonly result: Json | undefined;
}

export interface WaitState extends InputOutput {
  readonly type: "Wait";
  readonly next: string | null;
  readonly until: WaitUntil;
}

export type WaitUntil =
  | { readonly kind: "seconds"; readonly seconds: number | Path }
  | { readonly kind: "timestamp"; readonly timestamp: string | Path };

export interface ChoiceState extends InputOutput {
  readonly type: "Choice";
  readonly choices: readonly { readonly rule: ChoiceRule; readonly next: string }[];
  readonly defaultNext: string | undefined;
}

export interface SucceedState extends InputOutput {
  readonly type: "Succeed";
}

export interface FailState {
  readonly type: "Fail";
  readonly name: string;
  readonly error: string | Expression | undefined;
  readonly cause: string | Expression | undefined;
}

export interface Retrier {
  readonly errors: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number;
}

export interface Catcher {
  readonly errors: readonly string[];
  readonly next: string;
  readonly resultPath: ReferencePath | null;
}
