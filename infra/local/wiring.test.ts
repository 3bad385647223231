import { describe, expect, test } from "vitest";
import { tableKeys } from "../../events/store/tables.ts";
import { functions } from "../../functions/manifest.ts";
import { namedError, runPure } from "../../test/pure-workflow.ts";
import { readCron } from "./cron.ts";
import { matches } from "./event-pattern.ts";
import type { Json, JsonObject } from "./resources.ts";
import { synthesize } from "./synth.ts";
import { readWiring } from "./wiring.ts";

const arnOf = (id: string) => ({ "Fn::GetAtt": [id, "Arn"] });

function lambda(name: string, more: JsonObject = {}): JsonObject {
  const Environment = { Variables: { SUANWANG_FUNCTION: name } };
  return { Type: "AWS::Lambda::Function", Properties: { Environment, ...more } };
}

const work = lambda("do-work", { Timeout: 60 });
const pattern = { source: ["suanwang"] };
const inserts = { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] };

const table = (attributes: Readonly<Record<string, string>>, more: JsonObject = {}): JsonObject => ({
  Type: "AWS::DynamoDB::GlobalTable",
  Properties: {
    AttributeDefinitions: Object.entries(attributes).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    ...more,
  },
});
const streamed = { StreamSpecification: { StreamViewType: "KEYS_ONLY" } };

const queue = (properties: JsonObject = {}): JsonObject => ({
  Type: "AWS::SQS::Queue",
  Properties: properties,
});

const consumer = (more: JsonObject = {}): JsonObject => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: {
    EventSourceArn: arnOf("Queue"),
    FunctionName: { Ref: "Work" },
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    ...more,
  },
});

const stream = (more: JsonObject = {}): JsonObject => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: {
    EventSourceArn: { "Fn::GetAtt": ["Log", "StreamArn"] },
    FunctionName: { Ref: "Work" },
    FilterCriteria: inserts,
    DestinationConfig: { OnFailure: { Destination: arnOf("Dead") } },
    ...more,
  },
});

const rule = (more: JsonObject = {}): JsonObject => ({
  Type: "AWS::Events::Rule",
  Properties: { EventPattern: pattern, Targets: [{ Id: "Target0", Arn: arnOf("Queue") }], ...more },
});

const schedule = (more: JsonObject = {}): JsonObject => ({
  Type: "AWS::Scheduler::Schedule",
  Properties: {
    ScheduleExpression: "cron(0/6 * * * ? *)",
    ScheduleExpressionTimezone: "Asia/Shanghai",
    Target: { Arn: arnOf("Work"), Input: "{}" },
    ...more,
  },
});

const route = (more: JsonObject = {}): JsonObject => ({
  Type: "AWS::ApiGatewayV2::Route",
  Properties: {
    RouteKey: "GET /jobs/{job}",
    Target: { "Fn::Join": ["", ["integrations/", { Ref: "Integration" }]] },
    ...more,
  },
});
const integration: JsonObject = {
  Type: "AWS::ApiGatewayV2::Integration",
  Properties: { IntegrationUri: arnOf("Work") },
};

const machine = (definition: Json): JsonObject => ({
  Type: "AWS::StepFunctions::StateMachine",
  Properties: { StateMachineName: "Test-job", DefinitionString: definition },
});

const read = (resources: JsonObject) => readWiring({ Resources: resources });

describe("a function", () => {
  test("is called what the manifest calls it, with its variables and its time", () => {
    const Environment = { Variables: { SUANWANG_FUNCTION: "do-work", LOG_TABLE: { Ref: "Log" } } };
    const resources = { Work: lambda("do-work", { Timeout: 60, Environment }), Log: table({ pk: "S" }) };
    expect(read(resources).functions).toEqual([
      { name: "do-work", variables: { SUANWANG_FUNCTION: "do-work", LOG_TABLE: "Log" }, timeoutSeconds: 60 },
    ]);
  });

  test("without a time of its own has the three seconds that Lambda gives", () => {
    expect(read({ Work: lambda("do-work") }).functions[0]?.timeoutSeconds).toBe(3);
  });

  test("knows a state machine by its ARN", () => {
    const Variables = { SUANWANG_FUNCTION: "do-work", A: { Ref: "Machine" }, B: arnOf("Machine") };
    const resources = { Work: lambda("do-work", { Environment: { Variables } }), Machine: machine("{}") };
    const [found] = read(resources).functions;
    const arn = "arn:aws:states:local:000000000000:stateMachine:Test-job";
    expect(found?.variables).toEqual({ SUANWANG_FUNCTION: "do-work", A: arn, B: arn });
    expect(read(resources).machines["Test-job"]?.arn).toBe(arn);
  });

  test.each<[string, JsonObject]>([
    ["no name in its variables", { Environment: { Variables: {} } }],
    ["a variable that is no text", { Environment: { Variables: { SUANWANG_FUNCTION: "do-work", SIZE: 3 } } }],
    ["no variables", { Environment: {} }],
    ["a time that is no number", { Timeout: "60" }],
  ])("with %s stops the start", (_, properties) => {
    expect(() => read({ Work: lambda("do-work", properties) })).toThrow("Work");
  });
});

describe("a route", () => {
  const found = (resource: JsonObject) =>
    read({ Work: work, Integration: integration, Route: resource }).routes;

  test("leads through its integration to a function", () => {
    expect(found(route({ AuthorizationType: "JWT" }))).toEqual([
      { method: "GET", path: "/jobs/{job}", functionName: "do-work", public: false },
    ]);
  });

  test.each<[JsonObject, boolean]>([
    [{ AuthorizationType: "NONE" }, true],
    [{}, true],
    [{ AuthorizationType: "JWT" }, false],
  ])("with %j is open to all: %s", (more, open) => {
    expect(found(route(more))[0]?.public).toBe(open);
  });

  test("to no integration stops the start", () => {
    expect(() => read({ Work: work, Route: route({ Target: "integrations/None" }) })).toThrow(
      "route GET /jobs/{job} has no integration",
    );
  });

  test.each(["AWS_IAM", "CUSTOM"])("that asks for %s stops the start, rather than be open", (type) => {
    expect(() => found(route({ AuthorizationType: type }))).toThrow(`route /jobs/{job} asks for ${type}`);
  });
});

describe("a state machine", () => {
  test("is called by its name and has its definition, with what it refers to put in", () => {
    const definition = {
      "Fn::Join": ["", ['{"StartAt":"A","States":{"A":{"Resource":"', arnOf("Work"), '","n":1}}}']],
    };
    expect(read({ Work: work, Machine: machine(definition) }).machines).toEqual({
      "Test-job": {
        arn: "arn:aws:states:local:000000000000:stateMachine:Test-job",
        definition: {
          StartAt: "A",
          States: { A: { Resource: "arn:aws:lambda:local:000000000000:function:do-work", n: 1 } },
        },
      },
    });
  });

  test("whose definition is no JSON stops the start", () => {
    expect(() => read({ Machine: machine("{") })).toThrow(SyntaxError);
  });
});

describe("a table", () => {
  test.each([
    [{ pk: "S" }, { pk: "S" }],
    [
      { pk: "S", sk: "N" },
      { pk: "S", sk: "N" },
    ],
    [
      { sk: "S", pk: "N" },
      { pk: "N", sk: "S" },
    ],
  ])("of %j has the keys %j", (attributes, keys) => {
    expect(read({ Log: table(attributes) }).tables).toMatchObject([{ name: "Log", keys }]);
  });

  test.each([
    ["pk", "undefined", { sk: "S" }],
    ["pk", "B", { pk: "B" }],
    ["sk", "B", { pk: "S", sk: "B" }],
  ])("whose %s is %s stops the start", (key, type, attributes) => {
    expect(() => read({ Log: table(attributes) })).toThrow(`key ${key} of table Log is ${type}`);
  });
});

describe("a stream", () => {
  const found = (more: JsonObject, log = table({ pk: "S", sk: "N" }, streamed)) =>
    read({ Work: work, Log: log, Dead: queue(), Stream: stream(more) });

  test("wakes its function, and leaves what it cannot do in a queue", () => {
    const { streams, consumers } = found({ BatchSize: 1000, MaximumRetryAttempts: 2 });
    expect(streams).toEqual([
      {
        ...{ table: "Log", functionName: "do-work", batchSize: 1000, windowSeconds: 0, dead: "Dead" },
        ...{ retries: 2, maxAgeMs: Number.POSITIVE_INFINITY },
      },
    ]);
    expect(consumers).toEqual([]);
  });

  test("without numbers of its own has batches of 100, and tries without an end", () => {
    const endless = { retries: Number.POSITIVE_INFINITY, maxAgeMs: Number.POSITIVE_INFINITY };
    expect(found({}).streams).toMatchObject([{ batchSize: 100, windowSeconds: 0, ...endless }]);
    const said = { MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1 };
    expect(found(said).streams).toMatchObject([endless]);
  });

  test("may be bound by the age of its records", () => {
    expect(found({ MaximumRecordAgeInSeconds: 60 }).streams).toMatchObject([{ maxAgeMs: 60_000 }]);
  });

  test("of a table that has none stops the start", () => {
    expect(() => found({}, table({ pk: "S", sk: "N" }))).toThrow("table Log has no stream");
  });

  test.each<[string, Json]>([
    ["none", {}],
    ["another", { Filters: [{ Pattern: '{"eventName":["REMOVE"]}' }] }],
    ["one more", { Filters: [...inserts.Filters, { Pattern: '{"eventName":["MODIFY"]}' }] }],
  ])("with a filter other than for new items stops the start: %s", (_, FilterCriteria) => {
    expect(() => found({ FilterCriteria })).toThrow("the local exchange cannot do the filter");
  });

  test("without a queue for what fails stops the start", () => {
    expect(() => found({ DestinationConfig: {} })).toThrow("Stream");
  });
});

describe("a queue", () => {
  test("has what SQS gives where it says nothing", () => {
    expect(read({ Queue: queue() }).queues).toEqual([
      { name: "Queue", visibilitySeconds: 30, delaySeconds: 0 },
    ]);
  });

  test("has its times and its dead letters", () => {
    const resources = {
      Queue: queue({
        VisibilityTimeout: 360,
        DelaySeconds: 60,
        RedrivePolicy: { deadLetterTargetArn: arnOf("Dead"), maxReceiveCount: 5 },
      }),
      Dead: queue(),
    };
    expect(read(resources).queues[0]).toEqual({
      name: "Queue",
      visibilitySeconds: 360,
      delaySeconds: 60,
      dead: { queue: "Dead", maxReceiveCount: 5 },
    });
  });

  test("that gives up after no number of times stops the start", () => {
    const RedrivePolicy = { deadLetterTargetArn: arnOf("Dead") };
    expect(() => read({ Queue: queue({ RedrivePolicy }), Dead: queue() })).toThrow("Queue");
  });
});

describe("a queue's reader", () => {
  const found = (more: JsonObject) => read({ Work: work, Queue: queue(), Consumer: consumer(more) });

  test("is a function with the size of its batches, by default ten", () => {
    expect(found({ BatchSize: 3 }).consumers).toEqual([
      { queue: "Queue", functionName: "do-work", batchSize: 3 },
    ]);
    expect(found({}).consumers[0]?.batchSize).toBe(10);
    expect(found({}).streams).toEqual([]);
  });

  test.each<[string, JsonObject]>([
    ["none", { FunctionResponseTypes: [] }],
    ["another", { FunctionResponseTypes: ["Other"] }],
  ])("that does not report which messages failed stops the start: %s", (_, more) => {
    expect(() => found(more)).toThrow("Consumer must report partial batches");
  });

  test("with a filter stops the start, rather than get what the filter keeps off", () => {
    expect(() => found({ FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] } })).toThrow(
      "the local exchange cannot do the filter of Consumer",
    );
  });
});

describe("a rule", () => {
  const found = (more: JsonObject) => read({ Queue: queue(), Other: queue(), Rule: rule(more) }).rules;

  test("brings what matches its pattern to all of its queues", () => {
    const [read] = found({ Targets: [{ Arn: arnOf("Queue") }, { Arn: arnOf("Other") }] });
    expect(read?.queues).toEqual(["Queue", "Other"]);
    expect(matches(read?.pattern ?? [], { source: "suanwang" })).toBe(true);
    expect(matches(read?.pattern ?? [], { source: "other" })).toBe(false);
  });

  test("whose pattern the local exchange does not know stops the start", () => {
    expect(() => found({ EventPattern: { source: [{ prefix: "s" }] } })).toThrow("only knows exact values");
  });

  test("without a pattern, as one on a schedule, stops the start, rather than match every event", () => {
    const properties = { ScheduleExpression: "rate(1 hour)", Targets: [{ Arn: arnOf("Queue") }] };
    const resources = { Queue: queue(), Rule: { Type: "AWS::Events::Rule", Properties: properties } };
    expect(() => read(resources)).toThrow("Rule");
  });
});

describe("a schedule", () => {
  const found = (more: JsonObject) =>
    read({ Work: work, Machine: machine("{}"), Tick: schedule(more) }).schedules;

  test("calls a function with its input", () => {
    expect(found({ Target: { Arn: arnOf("Work"), Input: '{"a":1}' } })).toEqual([
      {
        name: "Tick",
        cron: "0/6 * * * ? *",
        input: '{"a":1}',
        target: { kind: "function", name: "do-work" },
      },
    ]);
  });

  test("starts a state machine, with an empty input if it has none", () => {
    const arn = "arn:aws:states:local:000000000000:stateMachine:Test-job";
    expect(found({ Target: { Arn: arnOf("Machine") } })).toEqual([
      { name: "Tick", cron: "0/6 * * * ? *", input: "{}", target: { kind: "machine", arn } },
    ]);
  });

  test.each<[string, JsonObject]>([
    ["in another time zone", { ScheduleExpressionTimezone: "UTC" }],
    ["in no time zone", { ScheduleExpressionTimezone: null }],
  ])("%s stops the start", (_, more) => {
    expect(() => found(more)).toThrow("schedule Tick is not in market time");
  });

  test.each(["rate(6 minutes)", "at(2026-01-05T00:00:00)", "0/6 * * * ? *"])(
    "of %s stops the start",
    (text) => {
      expect(() => found({ ScheduleExpression: text })).toThrow(`cannot do the schedule ${text}`);
    },
  );
});

describe("a template", () => {
  test("of nothing wires nothing", () => {
    const nothing = {
      functions: [],
      routes: [],
      machines: {},
      tables: [],
      streams: [],
      queues: [],
      consumers: [],
      rules: [],
      schedules: [],
    };
    expect(read({})).toEqual(nothing);
    // Kinds that mean nothing on one machine.
    const Role = { Type: "AWS::IAM::Role", Properties: { anything: { "Fn::Select": [0, []] } } };
    expect(read({ Role, Meta: { Type: "AWS::CDK::Metadata" } })).toEqual(nothing);
  });

  test("with a kind of resource that is not wired here stops the start by its name", () => {
    const resources = { Topic: { Type: "AWS::SNS::Topic", Properties: {} } };
    expect(() => read(resources)).toThrow("the local exchange cannot do AWS::SNS::Topic (Topic)");
  });

  test.each<[string, Json]>([
    ["a name that there is not", { Ref: "Nowhere" }],
    ["a part of what there is not", { "Fn::GetAtt": ["Nowhere", "Arn"] }],
    ["a choice", { "Fn::Select": [0, ["a", "b"]] }],
    ["an import", { "Fn::ImportValue": "other-stack" }],
  ])("that refers to %s stops the start", (_, value) => {
    const Variables = { SUANWANG_FUNCTION: "do-work", X: value };
    expect(() => read({ Work: lambda("do-work", { Environment: { Variables } }) })).toThrow(
      "the local exchange cannot do",
    );
  });

  test.each<[string, unknown]>([
    ["resources that are no object", { Resources: [] }],
    ["no resources", {}],
    ["a resource without a type", { Resources: { A: {} } }],
    ["a resource that is none", { Resources: { A: "AWS::SQS::Queue" } }],
  ])("with %s stops the start", (_, template) => {
    expect(() => readWiring(template)).toThrow("of the template is no");
  });
});

describe("the template of the CDK app", () => {
  const wiring = readWiring(synthesize());
  const sorted = (names: readonly string[]) => names.toSorted();
  const named = (kind: string) =>
    functions.filter(({ trigger }) => trigger.kind === kind).map(({ name }) => name);

  test("has each function of the manifest with its time", () => {
    const times = (all: readonly { name: string; timeoutSeconds: number }[]) =>
      Object.fromEntries(all.map(({ name, timeoutSeconds }) => [name, timeoutSeconds]));
    expect(times(wiring.functions)).toEqual(times(functions));
    expect(wiring.functions).toHaveLength(functions.length);
  });

  test("has the route of each operation, open to those that the contract says", () => {
    const wanted = functions.flatMap(({ name, trigger }) => {
      if (trigger.kind !== "http") return [];
      const { method, path, roles } = trigger.operation;
      return [{ method, path, functionName: name, public: roles === "public" }];
    });
    const inOrder = (routes: readonly { functionName: string }[]) =>
      routes.toSorted((a, b) => a.functionName.localeCompare(b.functionName));
    expect(inOrder(wiring.routes)).toEqual(inOrder(wanted));
  });

  test("closes a day once its lists have caught up, and fails if they have not in an hour", () => {
    const close = (timesBehind: number) => {
      let asks = 0;
      return runPure(wiring.machines["Suanwang-period"]?.definition, {}, (payload, name) => {
        if (name.endsWith("begin-close"))
          return asks > timesBehind
            ? { next: "none" }
            : { next: "charge", period: "2026-03-02", cursor: "", upTo: 7 };
        if (!name.endsWith("charge-day")) return { cursor: "end", period: "2026-03-02", ...closed };
        expect(payload).toEqual({ period: "2026-03-02", cursor: "", upTo: 7 });
        if (asks++ < timesBehind) throw namedError("ViewsBehind", "page 6");
        return { period: "2026-03-02", cursor: "end", upTo: 7 };
      });
    };
    const closed = { next: "fold", parts: 1, ranges: [], buckets: [] };
    const times = ({ calls }: ReturnType<typeof close>) =>
      calls.filter(({ functionName }) => functionName.endsWith("charge-day")).map(({ atMs }) => atMs / 1000);
    const late = close(3);
    expect(late.outcome?.status).toBe("SUCCEEDED");
    expect(times(late)).toEqual([0, 15, 30, 45]);
    const never = close(Number.POSITIVE_INFINITY);
    expect(never.outcome).toMatchObject({ status: "FAILED", error: "ViewsBehind" });
    expect(times(never)).toHaveLength(241);
    expect(times(never).at(-1)).toBe(3_600);
  });

  test("has the tables with their keys, and every variable that means one names it", () => {
    const keys = wiring.tables.map((one) => JSON.stringify(one.keys));
    expect(sorted(keys)).toEqual(sorted(Object.values(tableKeys).map((one) => JSON.stringify(one))));
    const tables = new Set(wiring.tables.map(({ name }) => name));
    const meant = wiring.functions.flatMap(({ variables }) =>
      Object.entries(variables).filter(([name]) => name.endsWith("_TABLE")),
    );
    expect(meant.length).toBeGreaterThan(0);
    expect(meant.filter(([, name]) => !tables.has(name))).toEqual([]);
  });

  test("wakes, feeds and calls the functions that the manifest says", () => {
    expect(sorted(wiring.streams.map(({ functionName }) => functionName))).toEqual(sorted(named("stream")));
    expect(sorted(wiring.consumers.map(({ functionName }) => functionName))).toEqual(sorted(named("events")));
    const called = wiring.schedules.flatMap(({ target }) =>
      target.kind === "function" ? [target.name] : [],
    );
    expect(sorted(called)).toEqual(sorted(named("schedule")));
  });

  test("wakes functions by puts to the table that the manifest says", () => {
    const tableOf = new Map(wiring.streams.map((source) => [source.functionName, source.table]));
    for (const { name, trigger } of functions)
      if (trigger.kind === "stream") expect(tableOf.get(name)).toMatch(new RegExp(`^${trigger.table}`));
  });

  test("brings each event to the functions that subscribe to it, and to no other", () => {
    const readerOf = new Map(wiring.consumers.map((one) => [one.queue, one.functionName]));
    const names = functions.flatMap(({ trigger }) => (trigger.kind === "events" ? trigger.names : []));
    for (const type of [...names, "OfferPosted"]) {
      const subscribed = functions.flatMap(({ name, trigger }) =>
        trigger.kind === "events" && trigger.names.includes(type) ? [name] : [],
      );
      const reached = (source: string) =>
        wiring.rules
          .filter((one) => matches(one.pattern, { source, "detail-type": type }))
          .flatMap(({ queues }) => queues.map((one) => readerOf.get(one) ?? one));
      expect(sorted(reached("suanwang"))).toEqual(sorted(subscribed));
      expect(reached("aws.ec2")).toEqual([]);
    }
  });

  test("has delays and times of being unseen that fit the functions", () => {
    const queueOf = new Map(wiring.queues.map((one) => [one.name, one]));
    for (const { queue: name, functionName } of wiring.consumers) {
      const found = queueOf.get(name);
      const spec = functions.find((one) => one.name === functionName);
      const delay = spec?.trigger.kind === "events" ? (spec.trigger.delaySeconds ?? 0) : undefined;
      expect(found?.delaySeconds, name).toBe(delay);
      // A message may not come again while its function is still at it.
      expect(found?.visibilitySeconds, name).toBeGreaterThanOrEqual(spec?.timeoutSeconds ?? 900);
    }
  });

  test("names only what it has", () => {
    const queues = new Set(wiring.queues.map(({ name }) => name));
    const functionNames = new Set(wiring.functions.map(({ name }) => name));
    const arns = new Set(Object.values(wiring.machines).map(({ arn }) => arn));
    const queuesMeant = [
      ...wiring.rules.flatMap((one) => one.queues),
      ...wiring.streams.map(({ dead }) => dead),
      ...wiring.consumers.map((one) => one.queue),
      ...wiring.queues.flatMap(({ dead }) => dead?.queue ?? []),
    ];
    expect(queuesMeant.filter((name) => !queues.has(name))).toEqual([]);
    const functionsMeant = [...wiring.streams, ...wiring.consumers, ...wiring.routes];
    expect(functionsMeant.filter(({ functionName }) => !functionNames.has(functionName))).toEqual([]);
    const machinesMeant = [
      ...wiring.schedules.flatMap(({ target }) => (target.kind === "machine" ? [target.arn] : [])),
      ...wiring.functions.flatMap(({ variables }) =>
        Object.entries(variables).flatMap(([name, value]) => (name.endsWith("_MACHINE_ARN") ? [value] : [])),
      ),
    ];
    expect(machinesMeant.length).toBeGreaterThan(0);
    expect(machinesMeant.filter((arn) => !arns.has(arn))).toEqual([]);
  });

  test("gives up on every message some day, and into a queue that nobody empties", () => {
    const read = new Set(wiring.consumers.map((one) => one.queue));
    for (const { name, dead } of wiring.queues) expect(dead !== undefined, name).toBe(read.has(name));
  });

  test("has schedules that come, the gates of both sessions and the daily close among them", () => {
    const due = (name: string) =>
      wiring.schedules.flatMap(({ cron, target }) =>
        target.kind === "machine" && target.arn.endsWith(name) ? [cron] : [],
      );
    expect(due("-auction")).toEqual(["0/6 * * * ? *", "48 * * * ? *"]);
    expect(due("-period")).toEqual(["3 0 * * ? *"]);
    const now = Date.parse("2026-01-05T00:00:00Z");
    for (const { cron } of wiring.schedules) expect(readCron(cron).next(now)).toBeGreaterThan(now);
  });

  test("is the same each time", () => {
    expect(readWiring(synthesize())).toEqual(wiring);
  });
});
