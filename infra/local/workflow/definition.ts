import { z } from "zod";

/**
 * The part of the Amazon States Language that the engine runs, as it is written (JSONPath only). Objects are
 * strict, so that a field which is not here is refused by name instead of being passed over.
 */

const path = z.string().startsWith("$");
const nullablePath = path.nullable();
const seconds = z.int().min(1).max(99_999_999);

const base = {
  Comment: z.string().optional(),
  QueryLanguage: z.literal("JSONPath").optional(),
  InputPath: nullablePath.optional(),
  OutputPath: nullablePath.optional(),
};

const step = {
  ...base,
  Next: z.string().optional(),
  End: z.literal(true).optional(),
};

const retrier = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: z.array(z.string()).min(1),
  IntervalSeconds: seconds.optional(),
  MaxAttempts: z.int().min(0).max(99_999_999).optional(),
  BackoffRate: z.number().min(1).optional(),
  MaxDelaySeconds: z.int().min(1).max(31_622_400).optional(),
  JitterStrategy: z.literal("NONE").optional(),
});

const catcher = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: z.array(z.string()).min(1),
  Next: z.string(),
  ResultPath: nullablePath.optional(),
});

const work = {
  ...step,
  Parameters: z.json().optional(),
  ResultSelector: z.record(z.string(), z.json()).optional(),
  ResultPath: nullablePath.optional(),
  Retry: z.array(retrier).optional(),
  Catch: z.array(catcher).optional(),
};

const task = z.strictObject({
  ...work,
  Type: z.literal("Task"),
  Resource: z.string(),
  TimeoutSeconds: seconds.optional(),
  TimeoutSecondsPath: path.optional(),
  HeartbeatSeconds: seconds.optional(),
  HeartbeatSecondsPath: path.optional(),
});

const flow = {
  Comment: z.string().optional(),
  QueryLanguage: z.literal("JSONPath").optional(),
  StartAt: z.string(),
  /** Read one by one, so that a refusal can name the state. */
  States: z.record(z.string().min(1).max(80), z.unknown()),
};

export const branchSyntax = z.strictObject(flow);

export const processorSyntax = z.strictObject({
  ...flow,
  /** Distributed: each item is an execution of its own in the cloud. */
  ProcessorConfig: z
    .strictObject({
      Mode: z.enum(["INLINE", "DISTRIBUTED"]).optional(),
      ExecutionType: z.literal("STANDARD").optional(),
    })
    .optional(),
});

export const machineSyntax = z.strictObject({
  ...flow,
  Version: z.literal("1.0").optional(),
  TimeoutSeconds: seconds.optional(),
});

const parallel = z.strictObject({
  ...work,
  Type: z.literal("Parallel"),
  Branches: z.array(z.unknown()).min(1),
});

const map = z.strictObject({
  ...work,
  Type: z.literal("Map"),
  ItemsPath: path.optional(),
  ItemSelector: z.record(z.string(), z.json()).optional(),
  MaxConcurrency: z.int().min(0).optional(),
  ItemProcessor: z.unknown().optional(),
  Iterator: z.unknown().optional(),
});

const pass = z.strictObject({
  ...step,
  Type: z.literal("Pass"),
  Result: z.json().optional(),
  Parameters: z.json().optional(),
  ResultPath: nullablePath.optional(),
});

const wait = z.strictObject({
  ...step,
  Type: z.literal("Wait"),
  Seconds: z.int().min(0).max(99_999_999).optional(),
  SecondsPath: path.optional(),
  Timestamp: z.iso.datetime({ offset: true }).optional(),
  TimestampPath: path.optional(),
});

const choice = z.strictObject({
  ...base,
  Type: z.literal("Choice"),
  /** Each rule is read by choice.ts, which knows the operators. */
  Choices: z.array(z.record(z.string(), z.json())).min(1),
  Default: z.string().optional(),
});

const succeed = z.strictObject({ ...base, Type: z.literal("Succeed") });

const fail = z.strictObject({
  Comment: z.string().optional(),
  QueryLanguage: z.literal("JSONPath").optional(),
  Type: z.literal("Fail"),
  Error: z.string().optional(),
  ErrorPath: z.string().optional(),
  Cause: z.string().optional(),
  CausePath: z.string().optional(),
});

export const stateSyntax = z.discriminatedUnion("Type", [
  task,
  parallel,
  map,
  pass,
  wait,
  choice,
  succeed,
  fail,
]);

export type StateSyntax = z.infer<typeof stateSyntax>;
export type FlowSyntax = z.infer<typeof branchSyntax>;
export type WorkSyntax = z.infer<typeof task> | z.infer<typeof parallel> | z.infer<typeof map>;
export type TaskSyntax = z.infer<typeof task>;
export type MapSyntax = z.infer<typeof map>;
export type WaitSyntax = z.infer<typeof wait>;
export type ChoiceSyntax = z.infer<typeof choice>;
export type FailSyntax = z.infer<typeof fail>;
export type RetrierSyntax = z.infer<typeof retrier>;
export type CatcherSyntax = z.infer<typeof catcher>;
