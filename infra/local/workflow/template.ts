import { StatesError } from "./errors.ts";
import { isJsonArray, isJsonObject, type Json } from "./json.ts";
import { compilePath, findPath, type Path } from "./path.ts";

/** A compiled payload template, as a Task has it in its Parameters. */
export type Template =
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "token" }
  | { readonly kind: "array"; readonly items: readonly Template[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, Template])[] };

/** The one field of the context object (`$$`) that the engine fills in. */
const TASK_TOKEN = "$$.Task.Token";

/** @throws Error with the reason. */
export function compileTemplate(json: Json): Template {
  if (isJsonArray(json)) return { kind: "array", items: json.map(compileTemplate) };
  if (!isJsonObject(json)) return { kind: "literal", value: json };
  const entries = Object.entries(json).map(([key, value]) => compileEntry(key, value));
  const names = new Set(entries.map(([key]) => key));
  if (names.size !== entries.length) throw new Error("a key stands both with and without .$");
  return { kind: "object", entries };
}

function compileEntry(key: string, value: Json): readonly [string, Template] {
  if (!key.endsWith(".$")) return [key, compileTemplate(value)];
  const name = key.slice(0, -2);
  if (value === TASK_TOKEN) return [name, { kind: "token" }];
  if (typeof value !== "string") throw new Error(`"${key}" must be a path`);
  return [name, { kind: "path", path: compilePath(value) }];
}

/**
 * @param token absent: the task is not answered by one
 * @throws StatesError States.ParameterPathFailure.
 */
export function fillTemplate(template: Template, input: Json, token?: string): Json {
  switch (template.kind) {
    case "literal":
      return template.value;
    case "path":
      return found(findPath(template.path, input), template.path.text);
    case "token":
      return found(token, TASK_TOKEN);
    case "array":
      return template.items.map((item) => fillTemplate(item, input, token));
    case "object":
      return Object.fromEntries(
        template.entries.map(([key, part]) => [key, fillTemplate(part, input, token)]),
      );
    default:
      return template satisfies never;
  }
}

function found(value: Json | undefined, path: string): Json {
  if (value !== undefined) return value;
  throw new StatesError(
    "States.ParameterPathFailure",
    `The JSONPath '${path}' could not be found in the input`,
  );
}
