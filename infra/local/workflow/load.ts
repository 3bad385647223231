import type { z } from "zod";
import { compileChoiceRule } from "./choice.ts";
import {
  branchSyntax,
  type CatcherSyntax,
  type ChoiceSyntax,
  type FailSyntax,
  type FlowSyntax,
  type MapSyntax,
  machineSyntax,
  processorSyntax,
  type RetrierSyntax,
  type StateSyntax,
  stateSyntax,
  type TaskSyntax,
  type WaitSyntax,
  type WorkSyntax,
} from "./definition.ts";
import { InvalidDefinition, type Where } from "./errors.ts";
import type { Json } from "./json.ts";
import type * as compiled from "./machine.ts";
import { compilePath, compileReferencePath, type Path, type ReferencePath } from "./path.ts";
import { compileTaskResource } from "./task-resource.ts";
import { compileExpression, compileTemplate, type Expression, type Template } from "./template.ts";

/**
 * Checks and compiles a definition in the Amazon States Language (JSONPath).
 * @throws InvalidDefinition naming machine, state and field of the first thing that the engine cannot run.
 */
export function loadMachine(name: string, arn: string, definition: unknown): compiled.Machine {
  const where = { machine: name };
  const syntax = parse(machineSyntax, definition, where);
  const names = new Set<string>();
  return { name, arn, timeoutSeconds: syntax.TimeoutSeconds, flow: compileFlow(syntax, where, names) };
}

/** `names` holds the state names of the whole machine, which must differ even across branches. */
function compileFlow(syntax: FlowSyntax, where: Where, names: Set<string>): compiled.Flow {
  const states = new Map<string, compiled.State>();
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
  const field = [...issue.path, ...keys].map(String).join(".");
  const reason = issue.code === "unrecognized_keys" ? "is not supported" : issue.message;
  throw new InvalidDefinition({ ...where, field: where.field ?? (field || undefined) }, reason);
}

function assertConnected(startAt: string, states: ReadonlyMap<string, compiled.State>, where: Where): void {
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

function successors(state: compiled.State): string[] {
  switch (state.type) {
    case "Choice":
      return [
        ...state.choices.map((c) => c.next),
        ...(state.defaultNext === undefined ? [] : [state.defaultNext]),
      ];
    case "Succeed":
    case "Fail":
      return [];
    case "Pass":
    case "Wait":
      return state.next === null ? [] : [state.next];
    default:
      return [...state.catch.map((c) => c.next), ...(state.next === null ? [] : [state.next])];
  }
}

function compileState(name: string, syntax: StateSyntax, where: Where, names: Set<string>): compiled.State {
  if (syntax.Type === "Fail") return compileFail(name, syntax, where);
  const base = {
    name,
    inputPath: nullable(syntax.InputPath, where, "InputPath", compilePath, "$"),
    outputPath: nullable(syntax.OutputPath, where, "OutputPath", compilePath, "$"),
  };
  switch (syntax.Type) {
    case "Succeed":
      return { type: "Succeed", ...base };
    case "Choice":
      return { type: "Choice", ...base, ...compileChoice(syntax, where) };
    case "Wait":
      return { type: "Wait", ...base, next: compileNext(syntax, where), until: compileWait(syntax, where) };
    case "Pass": {
      const parameters = template(syntax.Parameters, where, "Parameters");
      return { type: "Pass", ...base, ...compileStep(syntax, where), parameters, result: syntax.Result };
    }
    case "Task":
      return { type: "Task", ...base, ...compileWork(syntax, where), ...compileTask(syntax, where) };
    case "Parallel": {
      const branches = syntax.Branches.map((body, index) => {
        const at = { ...where, field: `Branches.${index}` };
        return compileFlow(parse(branchSyntax, body, at), at, names);
      });
      return { type: "Parallel", ...base, ...compileWork(syntax, where), branches };
    }
    case "Map":
      return { type: "Map", ...base, ...compileMap(syntax, where, names) };
    default:
      return syntax satisfies never;
  }
}

function compileNext(
  syntax: { Next?: string | undefined; End?: true | undefined },
  where: Where,
): string | null {
  if ((syntax.Next === undefined) === (syntax.End === undefined)) {
    throw new InvalidDefinition({ ...where, field: "Next" }, "a state needs either Next or End");
  }
  return syntax.Next ?? null;
}

function compileStep(
  syntax: { Next?: string | undefined; End?: true | undefined; ResultPath?: string | null | undefined },
  where: Where,
): { readonly next: string | null; readonly resultPath: ReferencePath | null } {
  const resultPath = nullable(syntax.ResultPath, where, "ResultPath", compileReferencePath, "$");
  return { next: compileNext(syntax, where), resultPath };
}

function compileWork(syntax: WorkSyntax, where: Where) {
  return {
    ...compileStep(syntax, where),
    parameters: template(syntax.Parameters, where, "Parameters"),
    resultSelector: template(syntax.ResultSelector, where, "ResultSelector"),
    retry: (syntax.Retry ?? []).map((retrier, i, all) => {
      assertErrors(retrier.ErrorEquals, i === all.length - 1, { ...where, field: `Retry.${i}.ErrorEquals` });
      return compileRetrier(retrier);
    }),
    catch: (syntax.Catch ?? []).map((catcher, i, all) => {
      assertErrors(catcher.ErrorEquals, i === all.length - 1, { ...where, field: `Catch.${i}.ErrorEquals` });
      return compileCatcher(catcher, where, `Catch.${i}.ResultPath`);
    }),
  };
}

function assertErrors(errors: readonly string[], last: boolean, where: Where): void {
  if (!errors.includes("States.ALL")) return;
  if (errors.length > 1 || !last) throw new InvalidDefinition(where, "States.ALL must stand alone and last");
}

/** Defaults as in the Amazon States Language. */
function compileRetrier(syntax: RetrierSyntax): compiled.Retrier {
  return {
    errors: syntax.ErrorEquals,
    intervalSeconds: syntax.IntervalSeconds ?? 1,
    maxAttempts: syntax.MaxAttempts ?? 3,
    backoffRate: syntax.BackoffRate ?? 2,
    maxDelaySeconds: syntax.MaxDelaySeconds ?? Number.POSITIVE_INFINITY,
  };
}

function compileCatcher(syntax: CatcherSyntax, where: Where, field: string): compiled.Catcher {
  const resultPath = nullable(syntax.ResultPath, where, field, compileReferencePath, "$");
  return { errors: syntax.ErrorEquals, next: syntax.Next, resultPath };
}

function compileTask(syntax: TaskSyntax, where: Where) {
  const { resource, parameters } = refusing(where, "Resource", () =>
    compileTaskResource(syntax.Resource, syntax.Parameters),
  );
  return {
    resource,
    parameters: template(parameters, where, "Parameters"),
    timeoutSeconds: either(syntax.TimeoutSeconds, syntax.TimeoutSecondsPath, where, "TimeoutSeconds"),
    heartbeatSeconds: either(syntax.HeartbeatSeconds, syntax.HeartbeatSecondsPath, where, "HeartbeatSeconds"),
  };
}

function compileMap(syntax: MapSyntax, where: Where, names: Set<string>) {
  const field = syntax.Iterator === undefined ? "ItemProcessor" : "Iterator";
  const body = syntax.ItemProcessor ?? syntax.Iterator;
  if (body === undefined) throw new InvalidDefinition({ ...where, field }, "a Map needs an ItemProcessor");
  const selector = syntax.ItemSelector ?? syntax.Parameters;
  if (syntax.ItemSelector !== undefined && syntax.Parameters !== undefined) {
    throw new InvalidDefinition({ ...where, field: "Parameters" }, "stands beside ItemSelector");
  }
  const processor = parse(processorSyntax, body, { ...where, field: undefined });
  return {
    ...compileWork({ ...syntax, Parameters: undefined }, where),
    itemsPath: refusing(where, "ItemsPath", () => compilePath(syntax.ItemsPath ?? "$")),
    itemSelector: template(selector, where, "ItemSelector"),
    maxConcurrency: syntax.MaxConcurrency ?? 0,
    distributed: processor.ProcessorConfig?.Mode === "DISTRIBUTED",
    processor: compileFlow(processor, { ...where, field }, names),
  };
}

function compileChoice(syntax: ChoiceSyntax, where: Where) {
  const choices = syntax.Choices.map(({ Next, ...rule }, index) => {
    const field = `Choices.${index}`;
    if (typeof Next !== "string")
      throw new InvalidDefinition({ ...where, field }, "a choice rule needs Next");
    return { next: Next, rule: refusing(where, field, () => compileChoiceRule(rule)) };
  });
  return { choices, defaultNext: syntax.Default };
}

function compileWait(syntax: WaitSyntax, where: Where): compiled.WaitUntil {
  const given = [syntax.Seconds, syntax.SecondsPath, syntax.Timestamp, syntax.TimestampPath];
  if (given.filter((field) => field !== undefined).length !== 1) {
    throw new InvalidDefinition({ ...where, field: "Seconds" }, "a Wait needs exactly one time to wait for");
  }
  const seconds = either(syntax.Seconds, syntax.SecondsPath, where, "Seconds");
  if (seconds !== undefined) return { kind: "seconds", seconds };
  const timestamp = either(syntax.Timestamp, syntax.TimestampPath, where, "Timestamp");
  if (timestamp !== undefined) return { kind: "timestamp", timestamp };
  throw new InvalidDefinition(where, "a Wait needs a time to wait for");
}

function compileFail(name: string, syntax: FailSyntax, where: Where): compiled.FailState {
  const text = (
    value: string | undefined,
    path: string | undefined,
    field: string,
  ): string | Expression | undefined => {
    if (value !== undefined && path !== undefined) {
      throw new InvalidDefinition({ ...where, field }, `stands beside ${field}Path`);
    }
    return path === undefined ? value : refusing(where, `${field}Path`, () => compileExpression(path));
  };
  return {
    type: "Fail",
    name,
    error: text(syntax.Error, syntax.ErrorPath, "Error"),
    cause: text(syntax.Cause, syntax.CausePath, "Cause"),
  };
}

function either<T>(
  value: T | undefined,
  path: string | undefined,
  where: Where,
  field: string,
): T | Path | undefined {
  if (value !== undefined && path !== undefined) {
    throw new InvalidDefinition({ ...where, field }, `stands beside ${field}Path`);
  }
  return path === undefined ? value : refusing(where, `${field}Path`, () => compilePath(path));
}

function nullable<T>(
  text: string | null | undefined,
  where: Where,
  field: string,
  compile: (text: string) => T,
  otherwise: string,
): T | null {
  return text === null ? null : refusing(where, field, () => compile(text ?? otherwise));
}

function template(json: Json | undefined, where: Where, field: string): Template | undefined {
  if (json === undefined) return undefined;
  return refusing(where, field, () => compileTemplate(json));
}

/** Turns the reason of a refusal into one that names the place. */
function refusing<T>(where: Where, field: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    throw new InvalidDefinition({ ...where, field }, error instanceof Error ? error.message : String(error));
  }
}
