import fc from "fast-check";
import type { Json } from "../infra/local/workflow/json.ts";
import { functionArn } from "./pure-workflow.ts";

/**
 * Machines and inputs that both this engine and aws-local-stepfunctions claim to run. Left out on purpose, because the
 * judge is known to differ from Step Functions there: comparing values of different types, and what a distributed Map
 * fails of.
 */

/** A state before it has a name and a successor. */
type Body = (name: string) => Record<string, unknown>;
type Flow = (prefix: string) => Record<string, unknown>;

export const words = ["red", "green", "blue"] as const;

const word = fc.constantFrom(...words);
const count = fc.integer({ min: 0, max: 5 });

export const inputs: fc.Arbitrary<Json> = fc.record({
  word,
  n: fc.record({ x: count }),
  limit: count,
  list: fc.array(count, { maxLength: 4 }),
});

const path = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom("$", "$.list", "$.n", "$.n.x", "$.word") },
  { weight: 1, arbitrary: fc.constant("$.nowhere") },
);

const someParameters = fc.oneof(
  fc.constant({}),
  fc
    .record({ value: path, deep: path, fixed: fc.oneof(word, count, fc.constant(null)) })
    .map(({ value, deep, fixed }) => ({
      Parameters: { "a.$": value, b: { "x.$": deep, fixed }, c: [1, { "y.$": "$" }] },
    })),
);

const someResultPath = fc.constantFrom({}, {}, { ResultPath: null });

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
      more: someResultPath,
    }),
  },
);

function task(functions: readonly string[]): fc.Arbitrary<Body> {
  return fc
    .record({
      functionName: fc.constantFrom(...functions),
      parameters: someParameters,
      resultPath: someResultPath,
      retry: someRetry,
    })
    .map(({ functionName, parameters, resultPath, retry }) => (name) => ({
      Type: "Task",
      Resource: functionArn(`${functionName}-${name}`),
      ...parameters,
      ...resultPath,
      ...retry,
    }));
}

/** Its items cannot fail: an echo of whatever they are. */
const map: fc.Arbitrary<Body> = fc
  .record({ resultPath: someResultPath, length: fc.constantFrom(1, 2) })
  .map(({ resultPath, length }) => (name) => {
    const inner = (i: number) => `${name}-i${i}`;
    const echo = (i: number) => ({ Type: "Task", Resource: functionArn(`echo-${inner(i)}`) });
    const States =
      length === 1
        ? { [inner(0)]: { ...echo(0), End: true } }
        : {
            [inner(0)]: { ...echo(0), Parameters: { "item.$": "$" }, Next: inner(1) },
            [inner(1)]: { ...echo(1), ResultPath: null, End: true },
          };
    return {
      Type: "Map",
      ItemsPath: "$.list",
      MaxConcurrency: 1,
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: inner(0),
        States,
      },
      ...resultPath,
    };
  });

const rule = fc.oneof(
  fc
    .tuple(fc.constantFrom("$.word", "$.word", "$.n", "$.a"), word)
    .map(([Variable, StringEquals]) => ({ Variable, StringEquals })),
  fc.constantFrom(
    { Variable: "$.n.x", NumericLessThanPath: "$.limit" },
    { Variable: "$.limit", NumericLessThanPath: "$.n.x" },
  ),
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

type Caught = { readonly errors: readonly string[]; readonly more: object } | undefined;
type Piece =
  | { readonly kind: "work"; readonly body: Body; readonly caught: Caught }
  | { readonly kind: "choice"; readonly choice: Choice };

const FUNCTIONS = ["echo", "echo", "echo", "echo", "flaky", "flaky", "odd", "boom"] as const;

const piece: fc.Arbitrary<Piece> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.oneof({ weight: 4, arbitrary: task(FUNCTIONS) }, { weight: 1, arbitrary: map }), someCatch)
      .map(([body, caught]) => ({ kind: "work", body, caught }) as const),
  },
  { weight: 1, arbitrary: choice.map((rules) => ({ kind: "choice", choice: rules }) as const) },
);

function echoing(name: string, next: object): object {
  return { Type: "Task", Resource: functionArn(`echo-${name}`), ...next };
}

const flow: fc.Arbitrary<Flow> = fc
  .record({ parts: fc.array(piece, { minLength: 1, maxLength: 4 }), endsByItself: fc.boolean() })
  .map(
    ({ parts, endsByItself }) =>
      (prefix) =>
        chain(parts, endsByItself, prefix),
  );

function chain(parts: readonly Piece[], endsByItself: boolean, prefix: string): Record<string, unknown> {
  const name = (i: number) => `${prefix}-${i}`;
  const last = name(parts.length);
  const states: Record<string, unknown> = {
    [last]: endsByItself ? { Type: "Succeed" } : echoing(last, { End: true }),
  };
  parts.forEach((part, i) => {
    const Next = name(i + 1);
    if (part.kind === "choice") addChoice(states, part.choice, name(i), Next);
    else addWork(states, part, name(i), Next);
  });
  return { StartAt: name(0), States: states };
}

function addWork(
  states: Record<string, unknown>,
  { body, caught }: Extract<Piece, { kind: "work" }>,
  name: string,
  Next: string,
): void {
  states[name] = { ...body(name), Next };
  if (caught === undefined) return;
  const caughtBy = `${name}-caught`;
  const Catch = [{ ErrorEquals: caught.errors, ...caught.more, Next: caughtBy }];
  states[name] = { ...body(name), Next, Catch };
  states[caughtBy] = echoing(caughtBy, { Next });
}

function addChoice(
  states: Record<string, unknown>,
  { rules, hasDefault }: Choice,
  name: string,
  Next: string,
): void {
  const chosen = `${name}-chosen`;
  const last = { Variable: "$.word", StringEquals: words[0], Next };
  const Choices = [...rules.map((given, i) => ({ ...given, Next: i % 2 === 0 ? chosen : Next })), last];
  states[name] = { Type: "Choice", Choices, ...(hasDefault ? { Default: Next } : {}) };
  states[chosen] = echoing(chosen, { Next });
}

export const machines: fc.Arbitrary<Record<string, unknown>> = flow.map((made) => made("s"));
