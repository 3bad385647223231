import { z } from "zod";
import { compilePath, PATH } from "./path.ts";

/**
 * The part of the Amazon States Language that the engine runs, as it is written: what the state machines of
 * infra/workflows.ts use. Objects are strict, so that a field which is not here is refused by name instead of being
 * passed over.
 */

const path = z.string().regex(PATH, "is not supported: only paths like $.a.b are").transform(compilePath);
const seconds = z.int().min(1).max(99_999_999);
const errorNames = z.array(z.string()).min(1);
/** null throws away; other places than the whole input are not supported. */
const nothing = z.null("is not supported but as null").optional();

const retrier = z.strictObject({
  ErrorEquals: errorNames,
  IntervalSeconds: seconds.optional(),
  MaxAttempts: z.int().min(0).max(99_999_999).optional(),
  BackoffRate: z.number().min(1).optional(),
});

const catcher = z.strictObject({
  ErrorEquals: errorNames,
  Next: z.string(),
  ResultPath: nothing,
});

const work = {
  Next: z.string().optional(),
  End: z.literal(true).optional(),
  ResultPath: nothing,
  Retry: z.array(retrier).optional(),
  Catch: z.array(catcher).optional(),
};

const task = z.strictObject({
  ...work,
  Type: z.literal("Task"),
  Resource: z.string(),
  Parameters: z.json().optional(),
  TimeoutSecondsPath: path.optional(),
});

const flow = {
  StartAt: z.string(),
  /** Read one by one, so that a refusal can name the state. */
  States: z.record(z.string().min(1).max(80), z.unknown()),
};

export const machineSyntax = z.strictObject(flow);

export const processorSyntax = z.strictObject({
  ...flow,
  ProcessorConfig: z.strictObject({ Mode: z.literal("DISTRIBUTED"), ExecutionType: z.literal("STANDARD") }),
});

const map = z.strictObject({
  ...work,
  Type: z.literal("Map"),
  ItemsPath: path,
  /** For the cloud; here items go one by one, for each may be large. */
  MaxConcurrency: z.int().min(0).optional(),
  ItemProcessor: z.unknown(),
});

const choiceRule = z.strictObject({
  Variable: path,
  StringEquals: z.string().optional(),
  NumericLessThanPath: path.optional(),
  Next: z.string(),
});

const choice = z.strictObject({
  Type: z.literal("Choice"),
  Choices: z.array(choiceRule).min(1),
  Default: z.string().optional(),
});

const succeed = z.strictObject({ Type: z.literal("Succeed") });

export const stateSyntax = z.discriminatedUnion("Type", [task, map, choice, succeed], {
  error: "is not supported: only Task, Map, Choice and Succeed are",
});

export type StateSyntax = z.infer<typeof stateSyntax>;
export type FlowSyntax = z.infer<typeof machineSyntax>;
export type WorkSyntax = z.infer<typeof task> | z.infer<typeof map>;
export type TaskSyntax = z.infer<typeof task>;
export type MapSyntax = z.infer<typeof map>;
export type ChoiceRuleSyntax = z.infer<typeof choiceRule>;
export type RetrierSyntax = z.infer<typeof retrier>;
