import { runtimeError } from "./errors.ts";
import { isJsonArray, isJsonObject, type Json } from "./json.ts";
import { compilePath, findPath, type Path, readPath, type Scope } from "./path.ts";

/** A compiled rule of a Choice state. */
export type ChoiceRule =
  | { readonly kind: "and" | "or"; readonly rules: readonly ChoiceRule[] }
  | { readonly kind: "not"; readonly rule: ChoiceRule }
  | { readonly kind: "present"; readonly variable: Path; readonly expected: boolean }
  | { readonly kind: "type"; readonly variable: Path; readonly expected: boolean; readonly type: TypeTest }
  | {
      readonly kind: "compare";
      readonly variable: Path;
      readonly type: ComparedType;
      readonly relation: Relation;
      readonly operand: Compared | Path;
    };

type TypeTest = "IsNull" | "IsNumeric" | "IsString" | "IsBoolean" | "IsTimestamp";
type ComparedType = "String" | "Numeric" | "Boolean" | "Timestamp";
type Relation = "Equals" | "LessThan" | "GreaterThan" | "LessThanEquals" | "GreaterThanEquals" | "Matches";
type Compared = string | number | boolean;

const TYPE_TESTS: readonly string[] = ["IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"];
const COMPARISON =
  /^(String|Numeric|Timestamp|Boolean)(Equals|LessThanEquals|GreaterThanEquals|LessThan|GreaterThan|Matches)(Path)?$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** @throws Error with the reason, naming the operator, when a rule is not one that the engine runs. */
export function compileChoiceRule(rule: Json): ChoiceRule {
  if (!isJsonObject(rule)) throw new Error("a choice rule must be an object");
  const { Variable, Comment: _, ...rest } = rule;
  const [operator, ...more] = Object.keys(rest);
  if (operator === undefined) throw new Error("a choice rule has no operator");
  if (more.length > 0) throw new Error(`a choice rule has both "${operator}" and "${more.join('", "')}"`);
  const operand = rest[operator];
  if (operator === "And" || operator === "Or" || operator === "Not") {
    if (Variable !== undefined) throw new Error(`"${operator}" takes no Variable`);
    return compileBoolean(operator, operand);
  }
  if (typeof Variable !== "string") throw new Error(`"${operator}" needs a Variable`);
  return compileTest(operator, compilePath(Variable), operand);
}

function compileBoolean(operator: "And" | "Or" | "Not", operand: Json | undefined): ChoiceRule {
  if (operator === "Not") return { kind: "not", rule: compileChoiceRule(operand ?? null) };
  if (!isJsonArray(operand) || operand.length === 0) throw new Error(`"${operator}" needs an array of rules`);
  return { kind: operator === "And" ? "and" : "or", rules: operand.map(compileChoiceRule) };
}

function compileTest(operator: string, variable: Path, operand: Json | undefined): ChoiceRule {
  if (operator === "IsPresent" || isTypeTest(operator)) {
    if (typeof operand !== "boolean") throw new Error(`"${operator}" needs true or false`);
    return operator === "IsPresent"
      ? { kind: "present", variable, expected: operand }
      : { kind: "type", variable, expected: operand, type: operator };
  }
  const [, type, relation, byPath] = COMPARISON.exec(operator) ?? [];
  if (!isComparedType(type) || !isRelation(relation) || !isOperator(type, relation, byPath !== undefined)) {
    throw new Error(`the operator "${operator}" is not supported`);
  }
  return {
    kind: "compare",
    variable,
    type,
    relation,
    operand: compileOperand(operator, type, operand, byPath),
  };
}

function compileOperand(
  operator: string,
  type: ComparedType,
  operand: Json | undefined,
  byPath: string | undefined,
): Compared | Path {
  if (byPath === undefined) {
    const value = comparable(type, operand);
    if (value === undefined) throw new Error(`"${operator}" cannot compare with ${JSON.stringify(operand)}`);
    return type === "Timestamp" ? String(operand) : value;
  }
  if (typeof operand !== "string") throw new Error(`"${operator}" needs a path`);
  return compilePath(operand);
}

function isTypeTest(operator: string): operator is TypeTest {
  return TYPE_TESTS.includes(operator);
}

function isComparedType(type: string | undefined): type is ComparedType {
  return type === "String" || type === "Numeric" || type === "Boolean" || type === "Timestamp";
}

function isRelation(relation: string | undefined): relation is Relation {
  return relation !== undefined;
}

function isOperator(type: ComparedType, relation: Relation, byPath: boolean): boolean {
  if (type === "Boolean") return relation === "Equals";
  return relation !== "Matches" || (type === "String" && !byPath);
}

/**
 * Whether the rule holds. A value of another type than the operator's never compares as true.
 * @throws StatesError States.Runtime when a path names nothing, IsPresent excepted.
 */
export function holds(rule: ChoiceRule, scope: Scope): boolean {
  switch (rule.kind) {
    case "and":
      return rule.rules.every((inner) => holds(inner, scope));
    case "or":
      return rule.rules.some((inner) => holds(inner, scope));
    case "not":
      return !holds(rule.rule, scope);
    case "present":
      return (findPath(rule.variable, scope) !== undefined) === rule.expected;
    case "type":
      return isOfType(rule.type, readPath(rule.variable, scope)) === rule.expected;
    case "compare": {
      const left = comparable(rule.type, readPath(rule.variable, scope));
      const right = operandValue(rule.type, rule.operand, scope);
      return left !== undefined && compare(rule.relation, left, right);
    }
    default:
      return rule satisfies never;
  }
}

function operandValue(type: ComparedType, operand: Compared | Path, scope: Scope): Compared {
  const json = typeof operand === "object" ? readPath(operand, scope) : operand;
  const value = comparable(type, json);
  if (value === undefined)
    throw runtimeError(`Choice cannot compare with ${JSON.stringify(json)} as ${type}`);
  return value;
}

/** The value as the operator's type compares it, undefined when it is of another type. */
function comparable(type: ComparedType, value: Json | undefined): Compared | undefined {
  switch (type) {
    case "String":
      return typeof value === "string" ? value : undefined;
    case "Numeric":
      return typeof value === "number" ? value : undefined;
    case "Boolean":
      return typeof value === "boolean" ? value : undefined;
    case "Timestamp":
      return typeof value === "string" && TIMESTAMP.test(value) ? Date.parse(value) : undefined;
    default:
      return type satisfies never;
  }
}

function isOfType(type: TypeTest, value: Json): boolean {
  switch (type) {
    case "IsNull":
      return value === null;
    case "IsNumeric":
      return typeof value === "number";
    case "IsString":
      return typeof value === "string";
    case "IsBoolean":
      return typeof value === "boolean";
    case "IsTimestamp":
      return comparable("Timestamp", value) !== undefined;
    default:
      return type satisfies never;
  }
}

function compare(relation: Relation, left: Compared, right: Compared): boolean {
  switch (relation) {
    case "Equals":
      return left === right;
    case "LessThan":
      return left < right;
    case "GreaterThan":
      return left > right;
    case "LessThanEquals":
      return left <= right;
    case "GreaterThanEquals":
      return left >= right;
    case "Matches":
      return matches(String(right), String(left));
    default:
      return relation satisfies never;
  }
}

/** `*` stands for any characters, `\*` for the star itself, `\\` for the backslash. */
function matches(pattern: string, text: string): boolean {
  const source = pattern.replace(/\\([\\*])|\*|[\\^$.|?+()[\]{}]/g, (found, escaped?: string) => {
    if (found === "*") return "[^]*";
    return `\\${escaped ?? found}`;
  });
  return new RegExp(`^${source}$`).test(text);
}
