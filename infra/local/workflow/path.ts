import { JSONPath } from "jsonpath-plus";
import { runtimeError, StatesError } from "./errors.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "./json.ts";

/** A path that names at most one place: `$.a['b c'][0]`. */
export type Segment = string | number;

/** A compiled JSONPath. `segments` for a path that names one place, `query` for one that may name many. */
export interface Path {
  readonly kind: "path";
  readonly text: string;
  readonly root: "input" | "context";
  readonly segments: readonly Segment[] | null;
  readonly query: string;
}

/** A compiled reference path into the state's input, as ResultPath takes it. */
export interface ReferencePath {
  readonly text: string;
  readonly segments: readonly Segment[];
}

/** What a path is read from. The context object is made only when a path asks for it. */
export interface Scope {
  readonly input: Json;
  readonly context: () => JsonObject;
}

const SEGMENT = /\.([^\s.[\]'"*()@?,:!^~`]+)|\[(-?\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;
/** Filters and scripts run code, `^`, `~` and the backtick belong to one library only. */
const UNSUPPORTED = /[()?@^~`!]/;
/** What of the context object exists here; a path elsewhere would only fail when it is run. */
const CONTEXT_FIELDS = [
  "Execution.Id",
  "Execution.Name",
  "Execution.Input",
  "Execution.StartTime",
  "State.Name",
  "State.EnteredTime",
  "State.RetryCount",
  "StateMachine.Id",
  "StateMachine.Name",
  "Task.Token",
  "Map.Item.Index",
  "Map.Item.Value",
];

/** @throws Error with the reason when the text is not a JSONPath that this engine runs. */
export function compilePath(text: string): Path {
  const root = text.startsWith("$$") ? "context" : "input";
  const query = root === "context" ? text.slice(1) : text;
  if (!query.startsWith("$")) throw new Error(`"${text}" is not a JSONPath`);
  const segments = definiteSegments(query);
  if (segments === null) assertQuery(query, text);
  if (root === "context") assertContextField(segments, text);
  return { kind: "path", text, root, segments, query };
}

/** @throws Error with the reason when the text does not name exactly one place in the state's input. */
export function compileReferencePath(text: string): ReferencePath {
  const path = compilePath(text);
  const segments = path.segments;
  if (path.root === "context" || segments === null || segments.some(isNegative)) {
    throw new Error(`"${text}" is not a reference path`);
  }
  return { text, segments };
}

function isNegative(segment: Segment): boolean {
  return typeof segment === "number" && segment < 0;
}

function definiteSegments(query: string): Segment[] | null {
  const segments: Segment[] = [];
  SEGMENT.lastIndex = 1;
  while (SEGMENT.lastIndex < query.length) {
    const match = SEGMENT.exec(query);
    if (match === null) return null;
    const [, dotted, index, single, double] = match;
    if (index !== undefined) segments.push(Number(index));
    else segments.push(dotted ?? (single ?? double ?? "").replace(/\\(.)/g, "$1"));
  }
  return segments;
}

function assertQuery(query: string, text: string): void {
  const outsideQuotes = query.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "q");
  if (UNSUPPORTED.test(outsideQuotes)) throw new Error(`"${text}" uses a JSONPath filter or function`);
  if (!/^\$(?:\.\.?(?:\*|[^\s.[\]*,:]+)|\.?\.?\[[^\]]+\])*$/.test(outsideQuotes)) {
    throw new Error(`"${text}" is not a JSONPath`);
  }
}

function assertContextField(segments: readonly Segment[] | null, text: string): void {
  if (segments === null) throw new Error(`"${text}" must name one field of the context object`);
  const asked = segments.join(".");
  const known = CONTEXT_FIELDS.some(
    (field) =>
      field === asked || field.startsWith(`${asked}.`) || asked.startsWith(`${field}.`) || asked === "",
  );
  if (!known) throw new Error(`"${text}" is not a field of the context object here`);
}

/** The value a path names, undefined when there is none. A path that may name many gives an array. */
export function findPath(path: Path, scope: Scope): Json | undefined {
  const json = path.root === "context" ? scope.context() : scope.input;
  if (path.segments === null) return queryPath(path.query, json);
  let value: Json | undefined = json;
  for (const segment of path.segments) {
    value = child(value, segment);
    if (value === undefined) return undefined;
  }
  return value;
}

function child(value: Json | undefined, segment: Segment): Json | undefined {
  if (typeof segment === "number") return isJsonArray(value) ? value.at(segment) : undefined;
  return isJsonObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

function queryPath(path: string, json: Json): Json {
  if (!isJsonArray(json) && !isJsonObject(json)) return [];
  return JSONPath<readonly Json[] | undefined>({ path, json, wrap: true, eval: false }) ?? [];
}

/** @throws StatesError States.Runtime when the path names nothing. */
export function readPath(path: Path, scope: Scope): Json {
  const value = findPath(path, scope);
  if (value === undefined) throw runtimeError(`The path '${path.text}' names nothing in the input`);
  return value;
}

/**
 * A copy of `input` with `value` at the path; objects missing on the way are made.
 * @throws StatesError States.ResultPathMatchFailure when something else is in the way.
 */
export function writePath(path: ReferencePath, input: Json, value: Json): Json {
  return writeAt(path, 0, input, value);
}

function writeAt(path: ReferencePath, depth: number, target: Json | undefined, value: Json): Json {
  const segment = path.segments[depth];
  if (segment === undefined) return value;
  if (typeof segment === "number") {
    if (!isJsonArray(target) || segment >= target.length) throw cannotPlace(path);
    return target.with(segment, writeAt(path, depth + 1, target[segment], value));
  }
  if (target !== undefined && !isJsonObject(target)) throw cannotPlace(path);
  const held = child(target, segment);
  return { ...target, [segment]: writeAt(path, depth + 1, held, value) };
}

function cannotPlace(path: ReferencePath): StatesError {
  return new StatesError(
    "States.ResultPathMatchFailure",
    `Unable to apply ResultPath '${path.text}' to the state's input`,
  );
}
