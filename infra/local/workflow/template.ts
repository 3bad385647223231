import { StatesError } from "./errors.ts";
import { callIntrinsic, compileIntrinsic, type IntrinsicCall } from "./intrinsic.ts";
import { isJsonArray, isJsonObject, type Json } from "./json.ts";
import { compilePath, findPath, type Path, type Scope } from "./path.ts";

/** What stands behind a key that ends in `.$`, and in ErrorPath and CausePath. */
export type Expression = Path | IntrinsicCall;

/** A compiled payload template (Parameters, ResultSelector, ItemSelector). */
export type Template =
  | Expression
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "array"; readonly items: readonly Template[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, Template])[] };

/** @throws Error with the reason when the text is neither a JSONPath nor an intrinsic function. */
export function compileExpression(text: string): Expression {
  return text.startsWith("$") ? compilePath(text) : compileIntrinsic(text);
}

/** @throws Error with the reason, starting with the key where it was found. */
export function compileTemplate(json: Json): Template {
  if (isJsonArray(json)) return foldLiteral(json, { kind: "array", items: json.map(compileTemplate) });
  if (!isJsonObject(json)) return { kind: "literal", value: json };
  const entries = Object.entries(json).map(([key, value]) => compileEntry(key, value));
  const names = new Set(entries.map(([key]) => key));
  if (names.size !== entries.length) throw new Error("a key stands both with and without .$");
  return foldLiteral(json, { kind: "object", entries });
}

function compileEntry(key: string, value: Json): readonly [string, Template] {
  if (!key.endsWith(".$")) return [key, compileTemplate(value)];
  if (typeof value !== "string") throw new Error(`"${key}" must be a JSONPath or an intrinsic function`);
  return [key.slice(0, -2), compileExpression(value)];
}

/** A part without paths is kept as it is, so that filling it in costs nothing. */
function foldLiteral(json: Json, template: Template): Template {
  const parts =
    template.kind === "array"
      ? template.items
      : template.kind === "object"
        ? template.entries.map((e) => e[1])
        : [];
  return parts.every((part) => part.kind === "literal") ? { kind: "literal", value: json } : template;
}

/** @throws StatesError States.ParameterPathFailure, or States.IntrinsicFailure. */
export function fillTemplate(template: Template, scope: Scope): Json {
  switch (template.kind) {
    case "literal":
      return template.value;
    case "path":
    case "call":
      return evaluate(template, scope);
    case "array":
      return template.items.map((item) => fillTemplate(item, scope));
    case "object":
      return Object.fromEntries(template.entries.map(([key, part]) => [key, fillTemplate(part, scope)]));
    default:
      return template satisfies never;
  }
}

/** @throws StatesError States.ParameterPathFailure, or States.IntrinsicFailure. */
export function evaluate(expression: Expression, scope: Scope): Json {
  if (expression.kind === "call") return callIntrinsic(expression, scope);
  const value = findPath(expression, scope);
  if (value !== undefined) return value;
  throw new StatesError(
    "States.ParameterPathFailure",
    `The JSONPath '${expression.text}' could not be found in the input`,
  );
}
