import { runtimeError } from "./errors.ts";
import type { Json } from "./json.ts";
import { type Path, readPath } from "./path.ts";

/** A compiled rule of a Choice state; the operators that the exchange's state machines use. */
export type ChoiceRule =
  | { readonly kind: "stringEquals"; readonly variable: Path; readonly text: string }
  | { readonly kind: "numericLessThanPath"; readonly variable: Path; readonly limit: Path };

/**
 * Whether the rule holds. A variable of another type than the operator's never does.
 * @throws StatesError States.Runtime when a path names nothing, or a limit is not a number.
 */
export function holds(rule: ChoiceRule, input: Json): boolean {
  const value = readPath(rule.variable, input);
  switch (rule.kind) {
    case "stringEquals":
      return value === rule.text;
    case "numericLessThanPath":
      return isLess(value, rule.limit, input);
    default:
      return rule satisfies never;
  }
}

function isLess(value: Json, limit: Path, input: Json): boolean {
  const other = readPath(limit, input);
  if (typeof other !== "number") throw runtimeError(`Choice cannot compare with ${JSON.stringify(other)}`);
  return typeof value === "number" && value < other;
}
