import type { z } from "zod";
import type { ChoiceRule } from "./choice.ts";
import {
  type ChoiceRuleSyntax,
  type FlowSyntax,
  type MapSyntax,
  machineSyntax,
  processorSyntax,
  type RetrierSyntax,
  type StateSyntax,
  stateSyntax,
  type TaskSyntax,
  type WorkSyntax,
} from "./definition.ts";
import { InvalidDefinition, type Where } from "./errors.ts";
import type { Flow, Machine, MapState, Retrier, State, TaskState } from "./machine.ts";
import { compileTaskResource } from "./task-resource.ts";
import { compileTemplate } from "./template.ts";

/**
 * Checks and compiles a definition in the Amazon States Language (JSONPath).
 * @throws InvalidDefinition naming machine, state and field of the first thing that the engine cannot run.
 */
export function loadMachine(name: string, arn: string, definition: unknown): Machine {
  const where = { machine: name };
  const syntax = parse(machineSyntax, definition, where);
  return { name, arn, flow: compileFlow(syntax, where, new Set()) };
}

/** `names` holds the state names of the whole machine, which must differ even inside a Map. */
function compileFlow(syntax: FlowSyntax, where: Where, names: Set<string>): Flow {
  const states = new Map<string, State>();
  for (const [name, body] of Object.entries(syntax.States)) {
    const at = { machine: where.machine, state: name };
    if (names.has(name)) throw new InvalidDefinition(at, "two states have this name");
    names.add(name);
    states.set(name, compileState(name, parse(stateSyntax, body, at), at, names));
  }
  assertConnected(syntax.StartAt, states, where);
  return { startAt: syntax.StartAt, states };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: Where): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue === undefined) throw new InvalidDefinition(where, "is not valid");
  const keys = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const field = [...(where.field === undefined ? [] : [where.field]), ...issue.path, ...keys]
    .map(String)
    .join(".");
  const reason = issue.code === "unrecognized_keys" ? "is not supported" : issue.message;
  throw new InvalidDefinition({ ...where, field: field || undefined }, reason);
}

function assertConnected(startAt: string, states: ReadonlyMap<string, State>, where: Where): void {
  const reached = new Set<string>();
  const ahead: { readonly to: string; readonly from: Where }[] = [
    { to: startAt, from: { ...where, field: "StartAt" } },
  ];
  for (let step = ahead.pop(); step !== undefined; step = ahead.pop()) {
    const state = states.get(step.to);
    if (state === undefined) throw new InvalidDefinition(step.from, `there is no state "${step.to}"`);
    if (reached.has(step.to)) continue;
    reached.add(step.to);
    const from = { machine: where.machine, state: step.to, field: "Next" };
    ahead.push(...successors(state).map((to) => ({ to, from })));
  }
  for (const state of states.keys()) {
    if (!reached.has(state)) throw new InvalidDefinition({ ...where, state }, "no state leads here");
  }
}

function successors(state: State): string[] {
  switch (state.type) {
    case "Choice":
      return [
        ...state.choices.map((c) => c.next),
        ...(state.defaultNext === undefined ? [] : [state.defaultNext]),
      ];
    case "Succeed":
      return [];
    default:
      return [...state.catch.map((c) => c.next), ...(state.next === null ? [] : [state.next])];
  }
}

function compileState(name: string, syntax: StateSyntax, where: Where, names: Set<string>): State {
  switch (syntax.Type) {
    case "Succeed":
      return { type: "Succeed", name };
    case "Choice": {
      const choices = syntax.Choices.map((rule, i) => ({
        rule: compileChoiceRule(rule, { ...where, field: `Choices.${i}` }),
        next: rule.Next,
      }));
      return { type: "Choice", name, choices, defaultNext: syntax.Default };
    }
    case "Task":
      return compileTask(name, syntax, where);
    case "Map":
      return compileMap(name, syntax, where, names);
    default:
      return syntax satisfies never;
  }
}

function compileChoiceRule(syntax: ChoiceRuleSyntax, where: Where): ChoiceRule {
  const { Variable: variable, StringEquals: text, NumericLessThanPath: limit } = syntax;
  if (text !== undefined && limit === undefined) return { kind: "stringEquals", variable, text };
  if (limit !== undefined && text === undefined) return { kind: "numericLessThanPath", variable, limit };
  throw new InvalidDefinition(where, "a choice rule needs either StringEquals or NumericLessThanPath");
}

function compileTask(name: string, syntax: TaskSyntax, where: Where): TaskState {
  const { functionName, byToken, payload } = refusing(where, "Resource", () =>
    compileTaskResource(syntax.Resource, syntax.Parameters),
  );
  return {
    type: "Task",
    name,
    ...compileWork(syntax, where),
    functionName,
    byToken,
    payload:
      payload === undefined ? undefined : refusing(where, "Parameters", () => compileTemplate(payload)),
    timeoutSeconds: syntax.TimeoutSecondsPath,
  };
}

function compileMap(name: string, syntax: MapSyntax, where: Where, names: Set<string>): MapState {
  const at = { ...where, field: "ItemProcessor" };
  const processor = parse(processorSyntax, syntax.ItemProcessor, at);
  return {
    type: "Map",
    name,
    ...compileWork(syntax, where),
    itemsPath: syntax.ItemsPath,
    processor: compileFlow(processor, at, names),
  };
}

function compileWork(syntax: WorkSyntax, where: Where) {
  if ((syntax.Next === undefined) === (syntax.End === undefined)) {
    throw new InvalidDefinition({ ...where, field: "Next" }, "a state needs either Next or End");
  }
  const { Retry = [], Catch = [] } = syntax;
  assertErrors(Retry, where, "Retry");
  assertErrors(Catch, where, "Catch");
  return {
    next: syntax.Next ?? null,
    discardsResult: syntax.ResultPath === null,
    retry: Retry.map(compileRetrier),
    catch: Catch.map(({ ErrorEquals, Next, ResultPath }) => {
      return { errors: ErrorEquals, next: Next, discardsError: ResultPath === null };
    }),
  };
}

function assertErrors(
  handlers: readonly { readonly ErrorEquals: readonly string[] }[],
  where: Where,
  field: string,
): void {
  for (const [i, { ErrorEquals }] of handlers.entries()) {
    if (!ErrorEquals.includes("States.ALL")) continue;
    if (ErrorEquals.length === 1 && i === handlers.length - 1) continue;
    const at = { ...where, field: `${field}.${i}.ErrorEquals` };
    throw new InvalidDefinition(at, "States.ALL must stand alone and last");
  }
}

/** Defaults as in the Amazon States Language. */
function compileRetrier(syntax: RetrierSyntax): Retrier {
  return {
    errors: syntax.ErrorEquals,
    intervalSeconds: syntax.IntervalSeconds ?? 1,
    maxAttempts: syntax.MaxAttempts ?? 3,
    backoffRate: syntax.BackoffRate ?? 2,
  };
}

/** Turns the reason of a refusal into one that names the place. */
function refusing<T>(where: Where, field: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    throw new InvalidDefinition({ ...where, field }, error instanceof Error ? error.message : String(error));
  }
}
