import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type TableName, tableKeys } from "../events/store/tables.ts";
import { roles } from "../functions/contract/operation.ts";
import { type FunctionSpec, functions, type Grant } from "../functions/manifest.ts";
import { createResolver, functionArn, machineArn, type Resource, resourcesOf } from "./local/resources.ts";
import { synthesize } from "./local/synth.ts";

// References are put in: a function goes by its name in the manifest, a state machine by its ARN, all else by its
// logical id.

const tableNames: readonly TableName[] = ["log", "feed", "marks", "views", "operations"];
const workflows = ["auction", "job", "period"] as const;
const workflowArn = (name: (typeof workflows)[number]) => machineArn(`Suanwang-${name}`);
const functionOf = (arn: string) => functions.find(({ name }) => functionArn(name) === arn)?.name;

const routes = functions.flatMap(({ name, trigger }) =>
  trigger.kind === "http" ? [{ name, operation: trigger.operation }] : [],
);
const streamed = functions.flatMap(({ name, trigger }) =>
  trigger.kind === "stream" ? [{ name, table: trigger.table }] : [],
);
const subscribed = functions.flatMap(({ name, trigger, timeoutSeconds }) =>
  trigger.kind === "events" ? [{ name, timeoutSeconds, ...trigger }] : [],
);
const unattended = functions.flatMap(({ name, trigger }) =>
  ["stream", "events", "schedule"].includes(trigger.kind) ? [name] : [],
);
const scheduled = functions.flatMap(({ name, trigger }) =>
  trigger.kind === "schedule" ? [{ name, expression: trigger.expression }] : [],
);
const steps = functions.flatMap(({ name, trigger }) => (trigger.kind === "step" ? [name] : []));

const text = z.string();
const texts = z.array(text);
const oneOrMore = z.union([text.transform((one) => [one]), texts]);
const Statement = z.object({
  Effect: z.enum(["Allow", "Deny"]),
  Action: oneOrMore,
  Resource: oneOrMore.default([]),
  Principal: z.record(text, text).optional(),
  Condition: z.record(text, z.record(text, text)).optional(),
});
type Statement = z.infer<typeof Statement>;
const Statements = z.object({ Statement: z.array(Statement) });

const shapes = {
  function: z.object({
    Role: text,
    Runtime: text,
    Timeout: z.int(),
    MemorySize: z.int(),
    LoggingConfig: z.object({ LogGroup: text, LogFormat: text }),
    TracingConfig: z.object({ Mode: text }),
    DeadLetterConfig: z.object({ TargetArn: text }).optional(),
    Environment: z.object({
      Variables: z.object({ SUANWANG_FUNCTION: text }).catchall(text),
    }),
  }),
  role: z.object({
    AssumeRolePolicyDocument: Statements,
    ManagedPolicyArns: texts.default([]),
    Policies: z.array(z.unknown()).default([]),
  }),
  policy: z.object({ PolicyDocument: Statements, Roles: texts }),
  mapping: z.object({
    FunctionName: text,
    EventSourceArn: text,
    FunctionResponseTypes: texts.default([]),
    MaximumRetryAttempts: z.int().optional(),
    MaximumRecordAgeInSeconds: z.int().optional(),
    BisectBatchOnFunctionError: z.boolean().optional(),
    StartingPosition: text.optional(),
    DestinationConfig: z.object({ OnFailure: z.object({ Destination: text }) }).optional(),
  }),
  queue: z.object({
    VisibilityTimeout: z.int().default(30),
    DelaySeconds: z.int().default(0),
    MessageRetentionPeriod: z.int().optional(),
    SqsManagedSseEnabled: z.boolean().optional(),
    RedrivePolicy: z.object({ deadLetterTargetArn: text, maxReceiveCount: z.int() }).optional(),
  }),
  queuePolicy: z.object({ Queues: texts, PolicyDocument: Statements }),
  rule: z.object({
    EventBusName: text,
    State: text,
    EventPattern: z.object({ source: texts, "detail-type": texts }),
    Targets: z.array(z.object({ Arn: text, DeadLetterConfig: z.object({ Arn: text }) })),
  }),
  logGroup: z.object({ RetentionInDays: z.int() }),
  stage: z.object({
    StageName: text,
    AutoDeploy: z.boolean(),
    DefaultRouteSettings: z.object({ ThrottlingRateLimit: z.number(), ThrottlingBurstLimit: z.int() }),
    AccessLogSettings: z.object({ DestinationArn: text, Format: text }),
  }),
  schedule: z.object({
    ScheduleExpression: text,
    ScheduleExpressionTimezone: text,
    State: text,
    FlexibleTimeWindow: z.object({ Mode: text }),
    Target: z.object({ Arn: text, RoleArn: text, Input: text }),
  }),
  route: z.object({ RouteKey: text, Target: text, AuthorizationType: text, AuthorizerId: text.optional() }),
  integration: z.object({ IntegrationUri: text, PayloadFormatVersion: text, CredentialsArn: text }),
  authorizer: z.object({
    AuthorizerType: text,
    IdentitySource: texts,
    JwtConfiguration: z.object({ Audience: texts, Issuer: text }),
  }),
  userPool: z.object({
    AdminCreateUserConfig: z.object({ AllowAdminCreateUserOnly: z.boolean() }),
    DeletionProtection: text,
  }),
  userGroup: z.object({ GroupName: text, UserPoolId: text }),
  userClient: z.object({
    ExplicitAuthFlows: texts,
    ReadAttributes: texts.default([]),
    WriteAttributes: texts.default([]),
  }),
  table: z.object({
    KeySchema: z.array(z.object({ AttributeName: text, KeyType: text })),
    AttributeDefinitions: z.array(z.object({ AttributeName: text, AttributeType: text })),
    Replicas: z.array(
      z.object({
        PointInTimeRecoverySpecification: z.object({ PointInTimeRecoveryEnabled: z.boolean() }),
        DeletionProtectionEnabled: z.boolean(),
        ResourcePolicy: z
          .object({
            PolicyDocument: z.object({
              Statement: z.array(
                z.object({
                  Effect: z.literal("Deny"),
                  Principal: z.literal("*"),
                  Action: texts,
                  Resource: text,
                }),
              ),
            }),
          })
          .optional(),
      }),
    ),
    SSESpecification: z.object({ SSEEnabled: z.boolean(), SSEType: text }),
    StreamSpecification: z.object({ StreamViewType: text }).optional(),
    TimeToLiveSpecification: z.object({ AttributeName: text, Enabled: z.boolean() }).optional(),
  }),
};

const Simple = z.object({
  Type: text,
  Resource: text.optional(),
  Parameters: z.looseObject({ FunctionName: text.optional() }).optional(),
  TimeoutSecondsPath: text.optional(),
  Retry: z.array(z.object({ ErrorEquals: texts, MaxAttempts: z.int() })).default([]),
  Catch: z.array(z.object({ ErrorEquals: texts, Next: text })).default([]),
});
type State = z.infer<typeof Simple>;
const State = Simple.extend({
  ItemProcessor: z.object({ States: z.record(text, Simple) }).optional(),
});
const Definition = z.object({ StartAt: text, States: z.record(text, State) });
const Machine = z.object({
  LoggingConfiguration: z.object({
    Destinations: z.array(z.object({ CloudWatchLogsLogGroup: z.object({ LogGroupArn: text }) })),
    IncludeExecutionData: z.boolean().default(false),
  }),
  TracingConfiguration: z.object({ Enabled: z.boolean() }),
  StateMachineName: text,
  StateMachineType: text,
  RoleArn: text,
  DefinitionString: text.transform((json) => Definition.parse(JSON.parse(json))),
});

const Template = z.object({
  Resources: z.record(
    text,
    z.object({ DeletionPolicy: text.optional(), UpdateReplacePolicy: text.optional() }),
  ),
});

let template: unknown;
let resources: ReadonlyMap<string, Resource>;
beforeAll(() => {
  template = synthesize();
  resources = resourcesOf(template);
});

/** Resources of a type by their logical ids, as far as the rules ask for them. */
function all<Shape>(type: string, shape: z.ZodType<Shape>): Map<string, Shape> {
  const resolve = createResolver(resources);
  const found = [...resources.values()].filter((resource) => resource.type === type);
  return new Map(found.map(({ id, properties }) => [id, shape.parse(resolve(properties))]));
}

const made = () =>
  [...all("AWS::Lambda::Function", shapes.function).values()].map((one) => ({
    ...one,
    name: one.Environment.Variables.SUANWANG_FUNCTION,
  }));
const mappings = () => [...all("AWS::Lambda::EventSourceMapping", shapes.mapping).values()];
const machines = () => [...all("AWS::StepFunctions::StateMachine", Machine).values()];
/** Its tasks, those inside of a Map too. */
const tasksOf = ({ DefinitionString: { States } }: z.infer<typeof Machine>) => {
  const inside = Object.values(States).flatMap(({ ItemProcessor }) =>
    Object.entries(ItemProcessor?.States ?? {}),
  );
  return [...Object.entries(States), ...inside].flatMap(([name, state]) =>
    state.Type === "Task" ? [{ name, ...state }] : [],
  );
};
const tasks = () => machines().flatMap(tasksOf);
const calledBy = ({ Resource, Parameters }: State) => functionOf(Parameters?.FunctionName ?? Resource ?? "");

/** Logical id of the one construct of a name: CDK adds a hash to it. */
function idOf(type: string, construct: string): string {
  const name = new RegExp(`^${construct.replaceAll("-", "")}[0-9A-F]{8}$`);
  const ids = [...resources.values()].filter((one) => one.type === type && name.test(one.id));
  const [only, ...more] = ids;
  if (only === undefined || more.length > 0)
    throw new Error(`${ids.length} of ${type} are named ${construct}`);
  return only.id;
}

const tableId = (name: TableName) => idOf("AWS::DynamoDB::GlobalTable", `${name}-table`);
const queueArn = (name: string) => `${idOf("AWS::SQS::Queue", name)}.Arn`;
const beforeDot = (arn: string) => arn.split(".")[0] ?? "";

/** What the policies of a role allow. */
function statementsOf(roleArn: string): Statement[] {
  return [...all("AWS::IAM::Policy", shapes.policy).values()]
    .filter(({ Roles }) => Roles.includes(beforeDot(roleArn)))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Effect }) => Effect === "Allow");
}

/** Actions by the resource that they are allowed on. */
function rightsOf(statements: readonly Statement[]): Map<string, string[]> {
  const rights = new Map<string, string[]>();
  for (const { Action, Resource } of statements)
    for (const on of Resource) rights.set(on, [...new Set([...(rights.get(on) ?? []), ...Action])].sort());
  return rights;
}

const names = (values: Iterable<string>) => [...values].sort();

describe("functions", () => {
  test("each one of the manifest exists once, on Node 24, with its time and memory", () => {
    const wanted = functions.map(({ name, timeoutSeconds, memoryMB }) => ({
      name,
      Runtime: "nodejs24.x",
      Timeout: timeoutSeconds,
      MemorySize: memoryMB,
    }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(
      made()
        .map(({ name, Runtime, Timeout, MemorySize }) => ({ name, Runtime, Timeout, MemorySize }))
        .sort(byName),
    ).toEqual(wanted.sort(byName));
  });

  test("each one behind a route answers before the gateway gives up", () => {
    const slow = routes.filter(({ name }) => made().some((one) => one.name === name && one.Timeout >= 30));
    expect(slow).toEqual([]);
  });
});

/** What each grant means: written down a second time, for a slip in it would be a hole. */
const reads = ["BatchGetItem", "GetItem", "Query"];
const granted: Record<Grant, { table: TableName; actions: string[] } | { action: string; on: () => string }> =
  {
    "log:read": { table: "log", actions: reads },
    "log:scan": { table: "log", actions: [...reads, "Scan"] },
    "log:append": { table: "log", actions: [...reads, "PutItem"] },
    "feed:read": { table: "feed", actions: reads },
    "feed:append": { table: "feed", actions: [...reads, "PutItem"] },
    "marks:write": { table: "marks", actions: [...reads, "PutItem", "UpdateItem"] },
    "views:read": { table: "views", actions: reads },
    "views:write": { table: "views", actions: [...reads, "PutItem", "UpdateItem", "DeleteItem"] },
    "operations:read": { table: "operations", actions: reads },
    "operations:write": { table: "operations", actions: [...reads, "PutItem", "UpdateItem", "DeleteItem"] },
    "bus:publish": {
      action: "events:PutEvents",
      on: () => `${idOf("AWS::Events::EventBus", "bus")}.Arn`,
    },
    "auctions:start": { action: "states:StartExecution", on: () => workflowArn("auction") },
    "jobs:start": { action: "states:StartExecution", on: () => workflowArn("job") },
    "periods:start": { action: "states:StartExecution", on: () => workflowArn("period") },
    "tasks:report": { action: "states:SendTaskSuccess", on: () => workflowArn("job") },
  };

function wantedRights({ grants }: FunctionSpec): Map<string, string[]> {
  return rightsOf(
    grants.map((grant): Statement => {
      const way = granted[grant];
      return "table" in way
        ? {
            Effect: "Allow",
            Action: way.actions.map((action) => `dynamodb:${action}`),
            Resource: [`${tableId(way.table)}.Arn`],
          }
        : { Effect: "Allow", Action: [way.action], Resource: [way.on()] };
    }),
  );
}

const toSqs = ["GetQueueAttributes", "GetQueueUrl", "SendMessage"];
const fromSqs = [
  "ChangeMessageVisibility",
  "DeleteMessage",
  "GetQueueAttributes",
  "GetQueueUrl",
  "ReceiveMessage",
];
const ofStream = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];

/** What a function must do to the stream and queues that its trigger is made of, and to its log and its traces. */
function sharesRole(
  a: Pick<FunctionSpec, "trigger" | "grants">,
  b: Pick<FunctionSpec, "trigger" | "grants">,
) {
  const wanted = ({ grants }: Pick<FunctionSpec, "grants">) => [...grants].sort().join();
  return a.trigger.kind === "http" && b.trigger.kind === "http" && wanted(a) === wanted(b);
}

function ownRights({ name, trigger, grants }: FunctionSpec): Map<string, string[]> {
  const all = (service: string, actions: readonly string[]) =>
    actions.map((action) => `${service}:${action}`);
  const alike = functions.filter((other) => other.name === name || sharesRole(other, { trigger, grants }));
  const rights = new Map([
    ...alike.map((other): [string, string[]] => [
      `${idOf("AWS::Logs::LogGroup", `${other.name}-log`)}.Arn`,
      all("logs", ["CreateLogStream", "PutLogEvents"]),
    ]),
    ["*", all("xray", ["PutTelemetryRecords", "PutTraceSegments"])],
  ]);
  switch (trigger.kind) {
    case "stream":
      return rights
        .set(`${tableId(trigger.table)}.StreamArn`, all("dynamodb", ofStream))
        .set(queueArn(`${name}-dead`), all("sqs", toSqs));
    case "events":
      return rights.set(queueArn(`${name}-queue`), all("sqs", fromSqs));
    case "schedule":
      return rights.set(queueArn(`${name}-dead`), ["sqs:SendMessage"]);
    case "http":
    case "step":
      return rights;
    default:
      return trigger satisfies never;
  }
}

describe("rights", () => {
  test("each function has a role that only Lambda may take: its own, or behind routes one for the same grants", () => {
    const roleOf = new Map(made().map(({ name, Role }) => [name, Role]));
    const taken = [...roleOf.values()];
    const sharing = Map.groupBy(functions, ({ name }) => roleOf.get(name));
    for (const [role, own] of sharing) {
      if (own.length === 1) continue;
      expect(
        own.map(({ trigger }) => trigger.kind).filter((kind) => kind !== "http"),
        role,
      ).toEqual([]);
      expect(new Set(own.map(({ grants }) => [...grants].sort().join())).size, role).toBe(1);
    }
    const known = all("AWS::IAM::Role", shapes.role);
    for (const role of taken)
      expect(known.get(beforeDot(role))?.AssumeRolePolicyDocument.Statement).toEqual([
        {
          Effect: "Allow",
          Action: ["sts:AssumeRole"],
          Resource: [],
          Principal: { Service: "lambda.amazonaws.com" },
        },
      ]);
  });

  test("a role has them from the policies of the stack alone", () => {
    for (const [id, { ManagedPolicyArns, Policies }] of all("AWS::IAM::Role", shapes.role))
      expect([...Policies, ...ManagedPolicyArns], id).toEqual([]);
    for (const [id, { Replicas }] of all("AWS::DynamoDB::GlobalTable", shapes.table))
      expect(Replicas, id).toHaveLength(1);
  });

  test.each(functions.map((spec) => [spec.name, spec] as const))(
    "%s has those that its grants name, and no other",
    (name, spec) => {
      const role = made().find((one) => one.name === name)?.Role ?? "";
      const statements = statementsOf(role);
      expect(statements.filter(({ Effect }) => Effect !== "Allow")).toEqual([]);
      expect(rightsOf(statements)).toEqual(new Map([...wantedRights(spec), ...ownRights(spec)]));
    },
  );

  test.each(functions.map((spec) => [spec.name, spec] as const))(
    "%s is told the names of what it may use, and no other",
    (name, { grants }) => {
      const variables = made().find((one) => one.name === name)?.Environment.Variables ?? {};
      const told = Object.entries(variables).filter(([key]) => /_TABLE$|_ARN$|^EVENT_BUS$/.test(key));
      const wanted = grants.flatMap((grant): [string, string][] => {
        const way = granted[grant];
        if ("table" in way) return [[`${way.table.toUpperCase()}_TABLE`, tableId(way.table)]];
        if (grant === "bus:publish") return [["EVENT_BUS", idOf("AWS::Events::EventBus", "bus")]];
        if (grant === "periods:start") return [["PERIOD_MACHINE_ARN", way.on()]];
        if (grant === "auctions:start") return [["AUCTION_MACHINE_ARN", way.on()]];
        return grant === "jobs:start" ? [["JOB_MACHINE_ARN", way.on()]] : [];
      });
      expect(new Map(told)).toEqual(new Map(wanted));
    },
  );

  test("nobody may change or take away what is in the log or the feed, or do anything at all to a table", () => {
    const policies = [...all("AWS::IAM::Policy", shapes.policy).values()];
    const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(
      statements.flatMap(({ Action }) => Action).filter((action) => /^(\*|dynamodb:\*)/.test(action)),
    ).toEqual([]);
    expect(
      statements.filter(
        ({ Action, Resource }) =>
          Resource.includes("*") && Action.some((action) => action.startsWith("dynamodb:")),
      ),
    ).toEqual([]);
    const rights = rightsOf(statements);
    const harmless = [...reads, "Scan", "PutItem"].map((action) => `dynamodb:${action}`);
    for (const name of ["log", "feed"] as const) {
      const actions = rights.get(`${tableId(name)}.Arn`) ?? [];
      expect(actions).toContain("dynamodb:PutItem");
      expect(actions.filter((action) => !harmless.includes(action))).toEqual([]);
    }
  });

  test("and should a role ever be given more, the tables of facts refuse it to everybody", () => {
    const tables = all("AWS::DynamoDB::GlobalTable", shapes.table);
    const changes = [
      "BatchWriteItem",
      "DeleteItem",
      "PartiQLDelete",
      "PartiQLInsert",
      "PartiQLUpdate",
      "UpdateItem",
      "UpdateTimeToLive",
    ];
    for (const name of tableNames) {
      const [replica] = tables.get(tableId(name))?.Replicas ?? [];
      const denied = replica?.ResourcePolicy?.PolicyDocument.Statement ?? [];
      const facts = name === "log" || name === "feed";
      expect(denied.flatMap(({ Action }) => Action).sort(), name).toEqual(
        facts ? changes.map((action) => `dynamodb:${action}`) : [],
      );
      for (const { Resource } of denied) expect(Resource).toBe("*");
    }
  });

  test("a state machine may call the functions of its own steps, and no other", () => {
    for (const machine of machines()) {
      const invoked = statementsOf(machine.RoleArn).filter(({ Action }) =>
        Action.some((action) => /^(lambda|\*)/.test(action)),
      );
      expect(
        invoked.flatMap(({ Action }) => Action).filter((action) => action !== "lambda:InvokeFunction"),
      ).toEqual([]);
      const called = new Set(tasksOf(machine).map(calledBy));
      const callable = invoked.flatMap(({ Resource }) => Resource).map(functionOf);
      expect(new Set(callable), machine.StateMachineName).toEqual(called);
    }
  });

  test("a schedule may start its target, and nothing else", () => {
    for (const [id, { Target }] of all("AWS::Scheduler::Schedule", shapes.schedule)) {
      const statements = statementsOf(Target.RoleArn);
      const targets = statements.flatMap(({ Resource }) => Resource);
      expect(new Set(targets), id).toEqual(new Set([Target.Arn]));
      const action = functionOf(Target.Arn) === undefined ? "states:StartExecution" : "lambda:InvokeFunction";
      expect(new Set(statements.flatMap(({ Action }) => Action)), id).toEqual(new Set([action]));
      const { AssumeRolePolicyDocument } =
        all("AWS::IAM::Role", shapes.role).get(beforeDot(Target.RoleArn)) ?? {};
      expect(AssumeRolePolicyDocument?.Statement.map(({ Principal }) => Principal)).toEqual([
        { Service: "scheduler.amazonaws.com" },
      ]);
    }
  });
});

describe("the API", () => {
  test("has each route of the manifest, behind the tokens of its members unless it is public", () => {
    const integrations = all("AWS::ApiGatewayV2::Integration", shapes.integration);
    const authorizer = idOf("AWS::ApiGatewayV2::Authorizer", "apimembers");
    const found = [...all("AWS::ApiGatewayV2::Route", shapes.route).values()].map((route) => {
      const integration = integrations.get(route.Target.replace("integrations/", ""));
      expect(integration?.PayloadFormatVersion).toBe("2.0");
      const name = functionOf(integration?.IntegrationUri ?? "");
      return [route.RouteKey, name, route.AuthorizationType, route.AuthorizerId].join(" ");
    });
    const wanted = routes.map(({ name, operation: { method, path, roles: allowed } }) =>
      [`${method} ${path}`, name, ...(allowed === "public" ? ["NONE", undefined] : ["JWT", authorizer])].join(
        " ",
      ),
    );
    expect(names(found)).toEqual(names(wanted));
  });

  test("is the only one that may call a route's function from outside, and calls no other function", () => {
    expect(all("AWS::Lambda::Permission", z.unknown()).size).toBe(0);
    const integrations = [...all("AWS::ApiGatewayV2::Integration", shapes.integration).values()];
    const [role = "", ...others] = new Set(integrations.map(({ CredentialsArn }) => CredentialsArn));
    expect(others).toEqual([]);
    const { AssumeRolePolicyDocument } = all("AWS::IAM::Role", shapes.role).get(beforeDot(role)) ?? {};
    expect(AssumeRolePolicyDocument?.Statement.map(({ Principal }) => Principal)).toEqual([
      { Service: "apigateway.amazonaws.com" },
    ]);
    const statements = statementsOf(role);
    expect(new Set(statements.flatMap(({ Action }) => Action))).toEqual(new Set(["lambda:InvokeFunction"]));
    const callable = statements.flatMap(({ Resource }) => Resource).map((arn) => functionOf(arn) ?? arn);
    expect(names(callable)).toEqual(names(routes.map(({ name }) => name)));
  });

  test("takes so many requests and no more, and writes down each: who, what, what came of it, and no secret", () => {
    const stages = [...all("AWS::ApiGatewayV2::Stage", shapes.stage).values()];
    expect(stages).toHaveLength(1);
    for (const { DefaultRouteSettings, AccessLogSettings } of stages) {
      // An account has 10,000 a second for all its APIs.
      expect(DefaultRouteSettings.ThrottlingRateLimit).toBeGreaterThan(0);
      expect(DefaultRouteSettings.ThrottlingRateLimit).toBeLessThanOrEqual(1000);
      expect(DefaultRouteSettings.ThrottlingBurstLimit).toBeLessThanOrEqual(2000);
      expect(AccessLogSettings.DestinationArn).toBe(`${idOf("AWS::Logs::LogGroup", "api-access-log")}.Arn`);
      const written = z.record(text, text).parse(JSON.parse(AccessLogSettings.Format));
      expect(Object.values(written)).toEqual(
        expect.arrayContaining(["$context.requestId", "$context.routeKey", "$context.status"]),
      );
      const secret = Object.values(written).filter((value) => /header|body|token|querystring/i.test(value));
      expect(secret).toEqual([]);
    }
  });

  test("takes the tokens of the stack's own users, whose groups are the contract's roles", () => {
    const [pool, ...pools] = all("AWS::Cognito::UserPool", shapes.userPool);
    const [client, ...clients] = all("AWS::Cognito::UserPoolClient", shapes.userClient);
    if (pool === undefined || client === undefined) throw new Error("the stack has no users");
    expect([pools, clients]).toEqual([[], []]);
    const [id, { AdminCreateUserConfig, DeletionProtection }] = pool;
    expect(AdminCreateUserConfig.AllowAdminCreateUserOnly).toBe(true);
    expect(DeletionProtection).toBe("ACTIVE");
    expect([...all("AWS::ApiGatewayV2::Authorizer", shapes.authorizer).values()]).toEqual([
      {
        AuthorizerType: "JWT",
        IdentitySource: ["$request.header.Authorization"],
        JwtConfiguration: { Audience: [client[0]], Issuer: `${id}.ProviderURL` },
      },
    ]);
    const groups = [...all("AWS::Cognito::UserPoolGroup", shapes.userGroup).values()];
    expect(names(groups.map(({ GroupName }) => GroupName))).toEqual(names(roles));
    for (const { UserPoolId } of groups) expect(UserPoolId).toBe(id);
  });

  test("never has a member send a password, but prove that it is known", () => {
    for (const { ExplicitAuthFlows } of all("AWS::Cognito::UserPoolClient", shapes.userClient).values())
      expect(names(ExplicitAuthFlows)).toEqual([
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_SRP_AUTH",
      ]);
  });

  test("hears in a token which organisation a user is of, and the user cannot change it", () => {
    for (const { ReadAttributes, WriteAttributes } of all(
      "AWS::Cognito::UserPoolClient",
      shapes.userClient,
    ).values()) {
      expect(ReadAttributes).toContain("custom:owner");
      // Left out, it would not mean none.
      expect(WriteAttributes).not.toEqual([]);
      expect(WriteAttributes.filter((attribute) => attribute.startsWith("custom:"))).toEqual([]);
    }
  });
});

describe("wake-ups", () => {
  test("each function of a stream hears its table from the first record, and what it cannot do is kept", () => {
    for (const { name, table } of streamed) {
      const own = mappings().filter(({ FunctionName }) => FunctionName === name);
      expect(own, name).toMatchObject([
        {
          EventSourceArn: `${tableId(table)}.StreamArn`,
          StartingPosition: "TRIM_HORIZON",
          BisectBatchOnFunctionError: true,
          FunctionResponseTypes: ["ReportBatchItemFailures"],
          DestinationConfig: { OnFailure: { Destination: queueArn(`${name}-dead`) } },
        },
      ]);
      // Without an end of tries, one bad record would hold up all that come after it. Later pages bring earlier ones with
      // them, but no later commit brings those of another stream: their wake-ups outlast an outage of the database.
      const { MaximumRetryAttempts, MaximumRecordAgeInSeconds } = own[0] ?? {};
      const tried = { MaximumRetryAttempts, MaximumRecordAgeInSeconds };
      const wanted =
        table === "log"
          ? { MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: 3_600 }
          : { MaximumRetryAttempts: 5, MaximumRecordAgeInSeconds: undefined };
      expect(tried, name).toEqual(wanted);
    }
  });

  test("each subscriber has a queue of its own that its events reach, and what it cannot do is kept", () => {
    const queues = all("AWS::SQS::Queue", shapes.queue);
    const bus = idOf("AWS::Events::EventBus", "bus");
    const rules = [...all("AWS::Events::Rule", shapes.rule)];
    for (const { name, names: types, delaySeconds, timeoutSeconds } of subscribed) {
      const arn = queueArn(`${name}-queue`);
      expect(
        mappings().filter(({ FunctionName }) => FunctionName === name),
        name,
      ).toMatchObject([{ EventSourceArn: arn, FunctionResponseTypes: ["ReportBatchItemFailures"] }]);
      const queue = queues.get(beforeDot(arn));
      expect(queue?.DelaySeconds, name).toBe(delaySeconds ?? 0);
      // As Lambda asks for it, so that no message comes again while its batch is tried.
      expect(queue?.VisibilityTimeout, name).toBeGreaterThanOrEqual(6 * timeoutSeconds);
      expect(queue?.RedrivePolicy?.deadLetterTargetArn, name).toBe(queueArn(`${name}-dead`));
      expect(queue?.RedrivePolicy?.maxReceiveCount, name).toBeGreaterThan(1);
      const leading = rules.filter(([, { Targets }]) => Targets.some((target) => target.Arn === arn));
      const kept = { DeadLetterConfig: { Arn: queueArn(`${name}-dead`) } };
      expect(leading.map(([, rule]) => rule)).toEqual([
        {
          EventBusName: bus,
          State: "ENABLED",
          EventPattern: { source: ["suanwang"], "detail-type": types },
          Targets: [{ Arn: arn, ...kept }],
        },
      ]);
    }
    expect(rules).toHaveLength(subscribed.length);
  });

  test("no function has any other source, and nobody takes dead letters away", () => {
    const fed = [...streamed, ...subscribed].map(({ name }) => name);
    expect(names(mappings().map(({ FunctionName }) => FunctionName))).toEqual(names(fed));
    const consumed = new Set(mappings().map(({ EventSourceArn }) => EventSourceArn));
    const dead = unattended.map((name) => queueArn(`${name}-dead`));
    expect(dead.filter((arn) => consumed.has(arn))).toEqual([]);
    const queues = [...dead, ...subscribed.map(({ name }) => queueArn(`${name}-queue`))].map(beforeDot);
    expect(names(all("AWS::SQS::Queue", shapes.queue).keys())).toEqual(names(queues));
  });

  test("each function on the clock, for which nobody waits, keeps calls that it could not do", () => {
    for (const { name, DeadLetterConfig } of made()) {
      const clocked = scheduled.some((one) => one.name === name);
      expect(DeadLetterConfig?.TargetArn, name).toBe(clocked ? queueArn(`${name}-dead`) : undefined);
    }
  });

  test("each queue keeps messages as long as one can, encrypted, from none but the rule that leads to it", () => {
    const rules = all("AWS::Events::Rule", shapes.rule);
    const policies = [...all("AWS::SQS::QueuePolicy", shapes.queuePolicy).values()];
    for (const [id, queue] of all("AWS::SQS::Queue", shapes.queue)) {
      expect(queue, id).toMatchObject({ MessageRetentionPeriod: 14 * 86_400, SqsManagedSseEnabled: true });
      const statements = policies
        .filter(({ Queues }) => Queues.includes(id))
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
      expect(statements.filter(({ Effect }) => Effect === "Deny")).toMatchObject([
        { Action: ["sqs:*"], Condition: { Bool: { "aws:SecureTransport": "false" } } },
      ]);
      const leading = [...rules].filter(([, { Targets }]) =>
        Targets.some((target) => [target.Arn, target.DeadLetterConfig.Arn].includes(`${id}.Arn`)),
      );
      const senders = statements
        .filter(({ Effect, Action }) => Effect === "Allow" && Action.includes("sqs:SendMessage"))
        .map(({ Principal, Condition }) => [Principal?.Service, Condition?.ArnEquals?.["aws:SourceArn"]]);
      expect(senders, id).toEqual(leading.map(([rule]) => ["events.amazonaws.com", `${rule}.Arn`]));
    }
  });
});

describe("schedules", () => {
  test("each one of the manifest is there, and the gates and the daily close, to the minute in market time", () => {
    const schedules = [...all("AWS::Scheduler::Schedule", shapes.schedule).values()];
    for (const { State: state, ScheduleExpressionTimezone, FlexibleTimeWindow } of schedules)
      expect([state, ScheduleExpressionTimezone, FlexibleTimeWindow.Mode]).toEqual([
        "ENABLED",
        "Asia/Shanghai",
        "OFF",
      ]);
    const found = schedules.map(({ ScheduleExpression, Target }) => `${ScheduleExpression} ${Target.Arn}`);
    expect(names(found)).toEqual(
      names([
        ...scheduled.map(({ name, expression }) => `${expression} ${functionArn(name)}`),
        `cron(0/6 * * * ? *) ${workflowArn("auction")}`,
        `cron(48 * * * ? *) ${workflowArn("auction")}`,
        `cron(3 0 * * ? *) ${workflowArn("period")}`,
      ]),
    );
  });
});

describe("tables", () => {
  test("each one has the keys of the store, and its items can be brought back", () => {
    const tables = all("AWS::DynamoDB::GlobalTable", shapes.table);
    expect(names(tables.keys())).toEqual(names(tableNames.map(tableId)));
    for (const name of tableNames) {
      const { pk, sk } = tableKeys[name];
      const keys = [["pk", "HASH", pk], ...(sk === undefined ? [] : [["sk", "RANGE", sk]])];
      const table = tables.get(tableId(name));
      const types = new Map(
        table?.AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
      );
      expect(
        table?.KeySchema.map(({ AttributeName, KeyType }) => [
          AttributeName,
          KeyType,
          types.get(AttributeName),
        ]),
        name,
      ).toEqual(keys);
      expect(table?.SSESpecification, name).toEqual({ SSEEnabled: true, SSEType: "KMS" });
      for (const { PointInTimeRecoverySpecification } of table?.Replicas ?? [])
        expect(PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, name).toBe(true);
    }
  });

  test("outlive the stack, all of them, as its users do, and cannot be deleted by one call", () => {
    const { Resources } = Template.parse(template);
    for (const id of [...tableNames.map(tableId), idOf("AWS::Cognito::UserPool", "users")])
      expect(Resources[id], id).toEqual({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    for (const [id, { Replicas }] of all("AWS::DynamoDB::GlobalTable", shapes.table))
      for (const { DeletionProtectionEnabled } of Replicas) expect(DeletionProtectionEnabled, id).toBe(true);
  });

  test("items end by themselves in operations alone, and streams tell keys, not facts", () => {
    const tables = all("AWS::DynamoDB::GlobalTable", shapes.table);
    for (const name of tableNames) {
      const table = tables.get(tableId(name));
      const ends = { AttributeName: "expiresAt", Enabled: true };
      expect(table?.TimeToLiveSpecification, name).toEqual(name === "operations" ? ends : undefined);
      const heard = streamed.some((one) => one.table === name);
      expect(table?.StreamSpecification, name).toEqual(heard ? { StreamViewType: "KEYS_ONLY" } : undefined);
    }
  });
});

describe("what is written down", () => {
  test("goes to a log group that is there, one for each writer, and not for ever", () => {
    const groups = all("AWS::Logs::LogGroup", shapes.logGroup);
    for (const [id, { RetentionInDays }] of groups) {
      expect(RetentionInDays, id).toBeGreaterThanOrEqual(30);
      expect(RetentionInDays, id).toBeLessThanOrEqual(400);
    }
    const written = [
      ...made().map(({ LoggingConfig }) => LoggingConfig.LogGroup),
      ...machines().flatMap(({ LoggingConfiguration: { Destinations } }) =>
        Destinations.map(({ CloudWatchLogsLogGroup }) => beforeDot(CloudWatchLogsLogGroup.LogGroupArn)),
      ),
      ...[...all("AWS::ApiGatewayV2::Stage", shapes.stage).values()].map(({ AccessLogSettings }) =>
        beforeDot(AccessLogSettings.DestinationArn),
      ),
    ];
    expect(names(written)).toEqual(names(groups.keys()));
    expect(made().filter(({ LoggingConfig }) => LoggingConfig.LogFormat !== "JSON")).toEqual([]);
  });

  test("has traces of every function and workflow, and no payload of a workflow", () => {
    expect(made().filter(({ TracingConfig }) => TracingConfig.Mode !== "Active")).toEqual([]);
    expect(machines().filter(({ TracingConfiguration }) => !TracingConfiguration.Enabled)).toEqual([]);
    const told = machines().filter(({ LoggingConfiguration }) => LoggingConfiguration.IncludeExecutionData);
    expect(told).toEqual([]);
  });
});

test("the stack keeps below the number of resources that CloudFormation takes", () => {
  expect(resources.size).toBeLessThanOrEqual(500);
});

/** How often a step is done again after an error, as Step Functions decides it: the first that matches counts. */
function retriesAfter({ Retry }: State, error: string): number {
  const matching = Retry.find(({ ErrorEquals }) => ErrorEquals.some((pattern) => matches(pattern, error)));
  return matching?.MaxAttempts ?? 0;
}

function matches(pattern: string, error: string): boolean {
  if (pattern === "States.ALL" || pattern === error) return true;
  return pattern === "States.TaskFailed" && error !== "States.Timeout";
}

/** Of Lambda's service, of Lambda's time limit, of the store, and of anything. */
const mishaps = [
  "Lambda.ServiceException",
  "Lambda.TooManyRequestsException",
  "Lambda.SdkClientException",
  "Lambda.Unknown",
  "Sandbox.Timedout",
  "ConflictError",
  "InternalServerError",
  "Error",
];

describe("state machines", () => {
  test("are the three of the exchange, and no execution is forgotten before its job may end", () => {
    expect(names(machines().map(({ StateMachineName }) => machineArn(StateMachineName)))).toEqual(
      names(workflows.map(workflowArn)),
    );
    for (const { StateMachineType } of machines()) expect(StateMachineType).toBe("STANDARD");
  });

  test("every task is a step of the manifest, and every step of the manifest is in one machine", () => {
    expect(tasks().filter((task) => calledBy(task) === undefined)).toEqual([]);
    const called = machines().flatMap((machine) => [...new Set(tasksOf(machine).map(calledBy))]);
    expect(names(called.flatMap((name) => name ?? []))).toEqual(names(steps));
  });

  test.each(mishaps)("every task is done again after %s, for what it appends is idempotent", (mishap) => {
    const givenUp = tasks().filter((task) => retriesAfter(task, mishap) < 1);
    expect(givenUp.map(({ name }) => name)).toEqual([]);
  });

  test("every wait ends, and then asks the decider instead of waiting again", () => {
    const waits = tasks().filter(({ Resource }) => Resource?.endsWith(":lambda:invoke.waitForTaskToken"));
    expect(waits.length).toBeGreaterThan(0);
    for (const wait of waits) {
      expect(wait.TimeoutSecondsPath, wait.name).toBe("$.timeoutSeconds");
      expect(retriesAfter(wait, "States.Timeout"), wait.name).toBe(0);
      const caught = wait.Catch.find(({ ErrorEquals }) =>
        ErrorEquals.some((pattern) => matches(pattern, "States.Timeout")),
      );
      const asked = tasks().find(({ name }) => name === caught?.Next);
      expect(asked === undefined ? undefined : calledBy(asked), wait.name).toBe("meet-deadline");
    }
  });
});
