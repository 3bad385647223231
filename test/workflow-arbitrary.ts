import fc from "fast-check";
import type { Json } from "../infra/local/workflow/json.ts";
import { functionArn } from "./pure-workflow.ts";

/**
 * Machines and inputs that both this engine and aws-local-stepfunctions claim to run. Left out on purpose,
 * because the judge is known to differ from Step Functions there: a Pass with a falsy Result, IsPresent false,
 * ordering values of different types, a ResultPath through something that is no object, backslashes in
 * intrinsic functions, a ResultPath of `$` (absence means the same) or in brackets, a wildcard path with fewer than two matches, `$$` inside a branch.
 */

/** A state before it has a name and a successor. */
type Body = (name: string) => Record<string, unknown>;
type Flow = (prefix: string) => Record<string, unknown>;

const key = fc.constantFrom("a", "b", "c");
const word = fc.constantFrom("red", "green", "blue", "re");
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: -3, max: 9 }),
  word,
  fc.boolean(),
  fc.constant(null),
);
const list = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });

export const inputs: fc.Arbitrary<Json> = fc.record(
  { a: scalar, b: scalar, c: fc.oneof(scalar, fc.record({ x: scalar })), list, n: fc.record({ x: scalar }) },
  { requiredKeys: ["a", "list", "n"] },
);

const dataPath = fc.oneof(
  { weight: 3, arbitrary: fc.constant("$") },
  { weight: 1, arbitrary: fc.constantFrom("$.n", "$['n']", "$.list[0]", "$.nowhere") },
);

const resultPath = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("$.r", "$.s", "$.a", "$.n.x", "$.t") },
  { weight: 1, arbitrary: fc.constant(null) },
);

const expression = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("$", "$.list", "$.n", "$.a") },
  { weight: 1, arbitrary: key.map((k) => `$.${k}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "States.Format('a {} b', $.a)",
      "States.Array(1, 'two', true, null, $.list)",
      "States.JsonToString($.list)",
      "States.StringToJson('[1, 2]')",
      "States.MathAdd(3, -5)",
      "States.MathAdd($.a, 1)",
      "States.Array(States.MathAdd(1, 2), States.Format('x'))",
    ),
  },
);

const template = fc
  .record({ value: expression, fixed: fc.oneof(scalar, list), deep: expression, keep: fc.constant("$.list") })
  .map(({ value, fixed, deep, keep }) => ({
    "a.$": value,
    b: fixed,
    c: { "x.$": deep },
    "list.$": keep,
  }));

const dataFields = fc.record(
  {
    InputPath: fc.oneof({ weight: 5, arbitrary: dataPath }, { weight: 1, arbitrary: fc.constant(null) }),
    OutputPath: fc.oneof({ weight: 6, arbitrary: fc.constant("$") }, { weight: 1, arbitrary: dataPath }),
  },
  { requiredKeys: [] },
);

const rarelyData = fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: dataFields });
const someParameters = fc.oneof(
  fc.constant({}),
  template.map((Parameters) => ({ Parameters })),
);
const someResultPath = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 5, arbitrary: resultPath.map((ResultPath) => ({ ResultPath })) },
);
const someSelector = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ ResultSelector: { "all.$": "$", n: { x: 1 } } }) },
);

const errorList = fc.constantFrom(["Boom"], ["Other"], ["Other", "Boom"], ["States.Timeout"]);
const retrier = fc.record(
  { ErrorEquals: errorList, MaxAttempts: fc.integer({ min: 0, max: 3 }), IntervalSeconds: fc.constant(2) },
  { requiredKeys: ["ErrorEquals"] },
);
const someRetry = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.array(retrier, { maxLength: 2 }), fc.boolean()).map(([own, all]) => ({
      Retry: all ? [...own, { ErrorEquals: ["States.ALL"], MaxAttempts: 1 }] : own,
    })),
  },
);

/** A Catch goes to a state of its own, so that it can be told from the way without one. */
const someCatch = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({
      errors: fc.oneof(errorList, fc.constant(["States.ALL"])),
      path: fc.constantFrom("$.error", undefined, null),
    }),
  },
);

const work = fc.record({ data: rarelyData, path: someResultPath, selector: someSelector, retry: someRetry });

/** `flaky` fails its first two calls, so it stands only where calls have one order. */
function task(functions: readonly string[]): fc.Arbitrary<Body> {
  return fc
    .record({ functionName: fc.constantFrom(...functions), work, parameters: someParameters })
    .map(({ functionName, work: { data, path, selector, retry }, parameters }) => (name) => ({
      Type: "Task",
      Resource: functionArn(`${functionName}-${name}`),
      ...data,
      ...parameters,
      ...selector,
      ...path,
      ...retry,
    }));
}

const pass: fc.Arbitrary<Body> = fc
  .record({
    data: rarelyData,
    path: someResultPath,
    more: fc.oneof(
      fc.constant({}),
      template.map((Parameters) => ({ Parameters })),
      fc.constantFrom({ Result: 7 }, { Result: { x: "y" } }, { Result: [1, 2] }),
    ),
  })
  .map(({ data, path, more }) => () => ({ Type: "Pass", ...data, ...path, ...more }));

const wait: fc.Arbitrary<Body> = fc.constant(() => ({ Type: "Wait", Seconds: 30 }));

const test = fc
  .record({
    Variable: fc.constantFrom("$.a", "$.b", "$.c", "$.n.x", "$.list[0]", "$.r"),
    test: fc.oneof(
      word.map((StringEquals) => ["IsString", { StringEquals }] as const),
      fc.constantFrom("re*", "*e", "g*n").map((StringMatches) => ["IsString", { StringMatches }] as const),
      word.map((StringGreaterThanEquals) => ["IsString", { StringGreaterThanEquals }] as const),
      fc
        .constantFrom("NumericLessThan", "NumericGreaterThan", "NumericLessThanEquals", "NumericEquals")
        .chain((op) => fc.integer({ min: -1, max: 6 }).map((n) => ["IsNumeric", { [op]: n }] as const)),
      fc.boolean().map((BooleanEquals) => ["IsBoolean", { BooleanEquals }] as const),
      fc.constant(["IsNull", { IsNull: true }] as const),
      fc.constant(["IsPresent", { NumericEqualsPath: "$.list[0]" }] as const),
    ),
  })
  .map(({ Variable, test: [type, operator] }) => ({
    And: [
      { Variable, IsPresent: true },
      { Variable, [type]: true },
      { Variable, ...operator },
    ],
  }));

const rule = fc.oneof(
  test,
  test.map((Not) => ({ Not })),
  fc.tuple(test, test).map((Or) => ({ Or })),
  key.map((k) => ({ Variable: `$.${k}`, IsPresent: true })),
  fc.constant({ Variable: "$.a", StringEquals: "red" }),
);

interface Choice {
  readonly rules: readonly object[];
  readonly hasDefault: boolean;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  hasDefault: fc.oneof(
    { weight: 6, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});

type Caught = { readonly errors: readonly string[]; readonly path: string | null | undefined } | undefined;
type Piece =
  | { readonly kind: "step"; readonly body: Body }
  | { readonly kind: "work"; readonly body: Body; readonly caught: Caught }
  | { readonly kind: "choice"; readonly choice: Choice };

/** How many branches and iterations may run at once: with several, it is open whose failure ends the others. */
type Children = "one at a time" | "several";

function pieces(depth: number, children: Children, functions: readonly string[]): fc.Arbitrary<Piece> {
  const plain = fc.oneof({ weight: 3, arbitrary: pass }, { weight: 1, arbitrary: wait });
  const works =
    depth === 0
      ? [task(functions)]
      : [task(functions), task(functions), parallel(depth - 1, children), map(depth - 1, children)];
  return fc.oneof(
    { weight: 2, arbitrary: plain.map((body) => ({ kind: "step", body }) as const) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.oneof(...works), someCatch)
        .map(([body, caught]) => ({ kind: "work", body, caught }) as const),
    },
    { weight: 1, arbitrary: choice.map((rules) => ({ kind: "choice", choice: rules }) as const) },
  );
}

/** Inside a Parallel or Map only functions whose answer does not depend on the order of calls. */
const ORDERLESS = ["echo", "echo", "echo", "echo", "odd", "boom"] as const;

function parallel(depth: number, children: Children): fc.Arbitrary<Body> {
  return fc
    .record({
      branches: fc.array(flow(depth, children, ORDERLESS), {
        minLength: 1,
        maxLength: children === "several" ? 3 : 1,
      }),
      work,
    })
    .map(({ branches, work: { data, path, selector, retry } }) => (name) => ({
      Type: "Parallel",
      Branches: branches.map((branch, i) => branch(`${name}-${i}`)),
      ...data,
      ...selector,
      ...path,
      ...retry,
    }));
}

function map(depth: number, children: Children): fc.Arbitrary<Body> {
  const selector = fc.oneof(
    fc.constant({}),
    fc.constant({
      ItemSelector: { "a.$": "$$.Map.Item.Value", "b.$": "$$.Map.Item.Index", "list.$": "$.list" },
    }),
  );
  return fc
    .record({
      processor: flow(depth, children, ORDERLESS),
      work,
      selector,
      limit: children === "several" ? fc.integer({ min: 0, max: 3 }) : fc.constant(1),
    })
    .map(({ processor, work: { path, selector: result, retry }, selector: item, limit }) => (name) => ({
      Type: "Map",
      ItemsPath: "$.list",
      MaxConcurrency: limit,
      ItemProcessor: processor(`${name}-i`),
      ...item,
      ...result,
      ...path,
      ...retry,
    }));
}

const end = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ Type: "Succeed" }) },
  { weight: 1, arbitrary: fc.constant({ Type: "Fail", Error: "Boom", Cause: "failed" }) },
);

function flow(depth: number, children: Children, functions: readonly string[]): fc.Arbitrary<Flow> {
  return fc
    .record({ parts: fc.array(pieces(depth, children, functions), { minLength: 1, maxLength: 4 }), end })
    .map(
      ({ parts, end: last }) =>
        (prefix) =>
          chain(parts, last, prefix),
    );
}

function chain(parts: readonly Piece[], last: object, prefix: string): Record<string, unknown> {
  const name = (i: number) => `${prefix}-${i}`;
  const states: Record<string, unknown> = { [name(parts.length)]: last };
  parts.forEach((part, i) => {
    const Next = name(i + 1);
    if (part.kind === "choice") {
      addChoice(states, part.choice, name(i), Next);
      return;
    }
    const body = { ...part.body(name(i)), Next };
    const caught = part.kind === "work" ? part.caught : undefined;
    if (caught === undefined) {
      states[name(i)] = body;
      return;
    }
    const caughtBy = `${name(i)}-caught`;
    states[name(i)] = {
      ...body,
      Catch: [{ ErrorEquals: caught.errors, ResultPath: caught.path, Next: caughtBy }],
    };
    states[caughtBy] = { Type: "Pass", Result: "caught", ResultPath: "$.caught", Next };
  });
  return { StartAt: name(0), States: states };
}

function addChoice(
  states: Record<string, unknown>,
  { rules, hasDefault }: Choice,
  name: string,
  Next: string,
): void {
  const chosen = `${name}-chosen`;
  const Choices = rules.map((given, i) => ({ ...given, Next: i % 2 === 0 ? chosen : Next }));
  states[name] = { Type: "Choice", Choices: [...Choices, { Variable: "$.r", IsPresent: true, Next }] };
  if (hasDefault) states[name] = { ...(states[name] as object), Default: Next };
  states[chosen] = { Type: "Pass", Result: "chosen", ResultPath: "$.b", Next };
}

export function machines(children: Children): fc.Arbitrary<Record<string, unknown>> {
  return flow(2, children, ["echo", "echo", "echo", "echo", "flaky", "flaky", "odd", "boom"]).map((made) =>
    made("s"),
  );
}
