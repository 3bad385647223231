import { StatesError } from "./errors.ts";
import type { Json } from "./json.ts";
import { compilePath, findPath, type Path, type Scope } from "./path.ts";

/** A compiled intrinsic function. String literals keep their escapes, which States.Format reads itself. */
export interface IntrinsicCall {
  readonly kind: "call";
  readonly name: IntrinsicName;
  readonly args: readonly IntrinsicArgument[];
}

type IntrinsicArgument =
  | Path
  | IntrinsicCall
  | { readonly kind: "text"; readonly raw: string }
  | { readonly kind: "value"; readonly value: null | boolean | number };

const ARGUMENTS = {
  "States.Format": { min: 1, max: Number.POSITIVE_INFINITY },
  "States.StringToJson": { min: 1, max: 1 },
  "States.JsonToString": { min: 1, max: 1 },
  "States.Array": { min: 0, max: Number.POSITIVE_INFINITY },
  "States.MathAdd": { min: 2, max: 2 },
} as const;

type IntrinsicName = keyof typeof ARGUMENTS;

interface Cursor {
  readonly text: string;
  at: number;
}

/** @throws Error with the reason when the text is not a call of a supported intrinsic function. */
export function compileIntrinsic(text: string): IntrinsicCall {
  const cursor = { text, at: 0 };
  const call = parseCall(cursor);
  skipSpace(cursor);
  if (cursor.at !== text.length) throw new Error(`"${text}" goes on after the intrinsic function`);
  return call;
}

function parseCall(cursor: Cursor): IntrinsicCall {
  const name = take(cursor, /\s*(States\.\w+)\s*\(/y);
  if (name === undefined) throw new Error(`"${cursor.text}" is not an intrinsic function`);
  if (!isIntrinsicName(name)) throw new Error(`the intrinsic function ${name} is not supported`);
  const args = parseArguments(cursor);
  const { min, max } = ARGUMENTS[name];
  if (args.length < min || args.length > max) throw new Error(`${name} cannot take ${args.length} arguments`);
  return { kind: "call", name, args };
}

function isIntrinsicName(name: string): name is IntrinsicName {
  return Object.hasOwn(ARGUMENTS, name);
}

function parseArguments(cursor: Cursor): IntrinsicArgument[] {
  const args: IntrinsicArgument[] = [];
  if (take(cursor, /\s*(\))/y) !== undefined) return args;
  while (true) {
    args.push(parseArgument(cursor));
    const next = take(cursor, /\s*([,)])/y);
    if (next === undefined) throw new Error(`"${cursor.text}" has no , or ) at ${cursor.at}`);
    if (next === ")") return args;
  }
}

function parseArgument(cursor: Cursor): IntrinsicArgument {
  skipSpace(cursor);
  const raw = take(cursor, /'((?:[^'\\]|\\.)*)'/y);
  if (raw !== undefined) return { kind: "text", raw };
  const path = take(cursor, /(\$(?:\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^'"\]])*\]|[^\s,()[\]'"])*)/y);
  if (path !== undefined) return compilePath(path);
  const number = take(cursor, /(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y);
  if (number !== undefined) return { kind: "value", value: Number(number) };
  const word = take(cursor, /(true|false|null)\b/y);
  if (word !== undefined) return { kind: "value", value: word === "null" ? null : word === "true" };
  return parseCall(cursor);
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at = pattern.lastIndex;
  return match[1];
}

function skipSpace(cursor: Cursor): void {
  take(cursor, /(\s*)/y);
}

/** @throws StatesError States.IntrinsicFailure when an argument is missing or of the wrong kind. */
export function callIntrinsic(call: IntrinsicCall, scope: Scope): Json {
  switch (call.name) {
    case "States.Format":
      return format(call, scope);
    case "States.Array":
      return call.args.map((arg) => argumentValue(arg, scope));
    case "States.JsonToString":
      return JSON.stringify(onlyArgument(call, scope));
    case "States.StringToJson":
      return parseJson(onlyArgument(call, scope));
    case "States.MathAdd":
      return add(call.args.map((arg) => argumentValue(arg, scope)));
    default:
      return call.name satisfies never;
  }
}

function argumentValue(arg: IntrinsicArgument, scope: Scope): Json {
  switch (arg.kind) {
    case "text":
      return arg.raw.replace(/\\(.)/g, "$1");
    case "value":
      return arg.value;
    case "call":
      return callIntrinsic(arg, scope);
    case "path": {
      const value = findPath(arg, scope);
      if (value === undefined) throw failure(`The path '${arg.text}' names nothing in the input`);
      return value;
    }
    default:
      return arg satisfies never;
  }
}

function onlyArgument(call: IntrinsicCall, scope: Scope): Json {
  const [arg] = call.args;
  if (arg === undefined) throw failure(`${call.name} takes an argument`);
  return argumentValue(arg, scope);
}

function parseJson(text: Json): Json {
  if (typeof text !== "string") throw failure("States.StringToJson takes a string");
  try {
    const parsed: Json = JSON.parse(text);
    return parsed;
  } catch {
    throw failure("States.StringToJson was given a string that is not JSON");
  }
}

/** Step Functions rounds each argument to an integer first. */
function add([a, b]: readonly Json[]): number {
  if (typeof a !== "number" || typeof b !== "number") throw failure("States.MathAdd takes two numbers");
  return Math.round(a) + Math.round(b);
}

function format(call: IntrinsicCall, scope: Scope): string {
  const [template, ...rest] = call.args;
  const raw = template?.kind === "text" ? template.raw : onlyArgument(call, scope);
  if (typeof raw !== "string") throw failure("States.Format takes a string first");
  const values = rest.map((arg) => printable(argumentValue(arg, scope)));
  let used = 0;
  const text = raw.replace(/\\(.)|\{\}/g, (_match, escaped?: string) => {
    if (escaped !== undefined) return escaped;
    const value = values[used++];
    if (value === undefined) throw failure("States.Format has more {} than arguments");
    return value;
  });
  if (used !== values.length) throw failure("States.Format has more arguments than {}");
  return text;
}

function printable(value: Json): string {
  if (typeof value === "object" && value !== null) throw failure("States.Format takes no objects or arrays");
  return String(value);
}

function failure(cause: string): StatesError {
  return new StatesError("States.IntrinsicFailure", cause);
}
