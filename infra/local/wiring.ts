import type { KeyType, TableKeys } from "../../events/store/tables.ts";
import { type EventPattern, readPattern } from "./event-pattern.ts";
import {
  asList,
  asNumber,
  asObject,
  asText,
  createResolver,
  functionName,
  type Json,
  type JsonObject,
  machineArn,
  type Resource,
  resourcesOf,
} from "./resources.ts";

/** All that the template says of how the parts are wired, in the local exchange's words. */
export interface Wiring {
  readonly functions: readonly WiredFunction[];
  readonly routes: readonly Route[];
  readonly machines: Readonly<Record<string, { readonly arn: string; readonly definition: Json }>>;
  readonly tables: readonly { readonly name: string; readonly keys: TableKeys }[];
  readonly streams: readonly StreamSource[];
  readonly queues: readonly WiredQueue[];
  readonly consumers: readonly {
    readonly queue: string;
    readonly functionName: string;
    readonly batchSize: number;
  }[];
  readonly rules: readonly { readonly pattern: EventPattern; readonly queues: readonly string[] }[];
  readonly schedules: readonly WiredSchedule[];
}

export interface WiredFunction {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface Route {
  readonly method: string;
  /** Segments; one in braces is a parameter. */
  readonly path: string;
  readonly functionName: string;
  readonly public: boolean;
}

export interface StreamSource {
  readonly table: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Infinity: a batch is tried until its records are too old. */
  readonly retries: number;
  /** Real time. */
  readonly maxAgeMs: number;
  /** Queue of what could not be done. */
  readonly dead: string;
}

export interface WiredQueue {
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly delaySeconds: number;
  readonly dead?: { readonly queue: string; readonly maxReceiveCount: number };
}

export interface WiredSchedule {
  readonly name: string;
  readonly cron: string;
  readonly input: string;
  readonly target:
    | { readonly kind: "function"; readonly name: string }
    | { readonly kind: "machine"; readonly arn: string };
}

/** Kinds of resources that are wired here, and kinds that mean nothing on one machine. Any other stops the start. */
const known: ReadonlySet<string> = new Set([
  "AWS::Lambda::Function",
  "AWS::Lambda::EventSourceMapping",
  "AWS::DynamoDB::GlobalTable",
  "AWS::StepFunctions::StateMachine",
  "AWS::SQS::Queue",
  "AWS::Events::EventBus",
  "AWS::Events::Rule",
  "AWS::Scheduler::Schedule",
  "AWS::ApiGatewayV2::Api",
  "AWS::ApiGatewayV2::Stage",
  "AWS::ApiGatewayV2::Integration",
  "AWS::ApiGatewayV2::Route",
  "AWS::ApiGatewayV2::Authorizer",
  "AWS::Cognito::UserPool",
  "AWS::Cognito::UserPoolClient",
  "AWS::Cognito::UserPoolGroup",
  "AWS::IAM::Role",
  "AWS::IAM::Policy",
  "AWS::Logs::LogGroup",
  "AWS::SQS::QueuePolicy",
  "AWS::CDK::Metadata",
]);

/** Reads the whole wiring. @throws Error naming whatever the local exchange cannot do. */
export function readWiring(template: unknown): Wiring {
  const resources = resourcesOf(template);
  const unknown = [...resources.values()].find(({ type }) => !known.has(type));
  if (unknown !== undefined) throw new Error(`the local exchange cannot do ${unknown.type} (${unknown.id})`);
  const resolve = createResolver(resources);
  const of = (type: string): Resource[] =>
    [...resources.values()]
      .filter((resource) => resource.type === type)
      .map((resource) => ({ ...resource, properties: asObject(resolve(resource.properties), resource.id) }));
  const mappings = of("AWS::Lambda::EventSourceMapping");
  const tables = of("AWS::DynamoDB::GlobalTable").map(readTable);
  return {
    functions: of("AWS::Lambda::Function").map(readFunction),
    routes: readRoutes(of("AWS::ApiGatewayV2::Route"), of("AWS::ApiGatewayV2::Integration")),
    machines: Object.fromEntries(of("AWS::StepFunctions::StateMachine").map(readMachine)),
    tables,
    streams: mappings.flatMap((mapping) => readStream(mapping, tables)),
    queues: of("AWS::SQS::Queue").map(readQueue),
    consumers: mappings.flatMap(readConsumer),
    rules: of("AWS::Events::Rule").map(readRule),
    schedules: of("AWS::Scheduler::Schedule").map(readSchedule),
  };
}

function readFunction(resource: Resource): WiredFunction {
  const { id, properties } = resource;
  const variables = asObject(asObject(properties.Environment, id).Variables, id);
  return {
    name: functionName(resource),
    variables: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, asText(value, `${id}.${name}`)]),
    ),
    timeoutSeconds: asNumber(properties.Timeout, `${id}.Timeout`, 3),
  };
}

function readRoutes(routes: readonly Resource[], integrations: readonly Resource[]): Route[] {
  const targets = new Map(
    integrations.map(({ id, properties }) => [id, nameInArn(properties.IntegrationUri, id)]),
  );
  return routes.map(({ id, properties }) => {
    const [method = "", path = ""] = asText(properties.RouteKey, id).split(" ");
    const target = asText(properties.Target, id).replace("integrations/", "");
    const name = targets.get(target);
    if (name === undefined) throw new Error(`route ${method} ${path} has no integration`);
    const authorization = asText(properties.AuthorizationType ?? "NONE", id);
    if (authorization !== "NONE" && authorization !== "JWT")
      throw new Error(`route ${path} asks for ${authorization}`);
    return { method, path, functionName: name, public: authorization === "NONE" };
  });
}

function readMachine({ id, properties }: Resource): [string, { arn: string; definition: Json }] {
  const name = asText(properties.StateMachineName, id);
  return [name, { arn: machineArn(name), definition: JSON.parse(asText(properties.DefinitionString, id)) }];
}

function readTable({ id, properties }: Resource): { name: string; keys: TableKeys; streamed: boolean } {
  const types = new Map(
    asList(properties.AttributeDefinitions, id).map((definition) => {
      const { AttributeName, AttributeType } = asObject(definition, id);
      return [asText(AttributeName, id), asText(AttributeType, id)];
    }),
  );
  const keyOf = (name: string): KeyType => {
    const type = types.get(name);
    if (type !== "S" && type !== "N") throw new Error(`key ${name} of table ${id} is ${type}`);
    return type;
  };
  const keys = types.has("sk") ? { pk: keyOf("pk"), sk: keyOf("sk") } : { pk: keyOf("pk") };
  return { name: id, keys, streamed: properties.StreamSpecification !== undefined };
}

function readStream(
  { id, properties }: Resource,
  tables: readonly { name: string; streamed: boolean }[],
): StreamSource[] {
  const source = asText(properties.EventSourceArn, id);
  if (!source.endsWith(".StreamArn")) return [];
  const table = source.slice(0, -".StreamArn".length);
  if (!tables.some(({ name, streamed }) => name === table && streamed))
    throw new Error(`table ${table} has no stream`);
  const filters = JSON.stringify(asObject(properties.FilterCriteria ?? {}, id));
  // Puts of new items are all that these tables know.
  if (filters !== JSON.stringify({ Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] }))
    throw new Error(`the local exchange cannot do the filter ${filters}`);
  const failure = asObject(asObject(properties.DestinationConfig, id).OnFailure, id);
  return [
    {
      table,
      functionName: asText(properties.FunctionName, id),
      batchSize: asNumber(properties.BatchSize, id, 100),
      windowSeconds: asNumber(properties.MaximumBatchingWindowInSeconds, id, 0),
      retries: orEndless(asNumber(properties.MaximumRetryAttempts, id, -1)),
      maxAgeMs: orEndless(asNumber(properties.MaximumRecordAgeInSeconds, id, -1)) * 1000,
      dead: beforeDot(failure.Destination, id),
    },
  ];
}

/** Lambda's -1, which is its default as well. */
function orEndless(bound: number): number {
  return bound === -1 ? Number.POSITIVE_INFINITY : bound;
}

function readConsumer({ id, properties }: Resource): Wiring["consumers"][number][] {
  const source = asText(properties.EventSourceArn, id);
  if (source.endsWith(".StreamArn")) return [];
  const responses = asList(properties.FunctionResponseTypes ?? [], id);
  if (!responses.includes("ReportBatchItemFailures")) throw new Error(`${id} must report partial batches`);
  if (properties.FilterCriteria !== undefined)
    throw new Error(`the local exchange cannot do the filter of ${id}`);
  const batchSize = asNumber(properties.BatchSize, id, 10);
  return [{ queue: beforeDot(source, id), functionName: asText(properties.FunctionName, id), batchSize }];
}

function readQueue({ id, properties }: Resource): WiredQueue {
  const redrive = properties.RedrivePolicy;
  const queue = {
    name: id,
    visibilitySeconds: asNumber(properties.VisibilityTimeout, id, 30),
    delaySeconds: asNumber(properties.DelaySeconds, id, 0),
  };
  if (redrive === undefined) return queue;
  const { deadLetterTargetArn, maxReceiveCount } = asObject(redrive, id);
  const dead = { queue: beforeDot(deadLetterTargetArn, id), maxReceiveCount: asNumber(maxReceiveCount, id) };
  return { ...queue, dead };
}

function readRule({ id, properties }: Resource): Wiring["rules"][number] {
  const targets = asList(properties.Targets, id).map((target) => beforeDot(asObject(target, id).Arn, id));
  return { pattern: readPattern(asObject(properties.EventPattern, id)), queues: targets };
}

function readSchedule({ id, properties }: Resource): WiredSchedule {
  if (properties.ScheduleExpressionTimezone !== "Asia/Shanghai")
    throw new Error(`schedule ${id} is not in market time`);
  const expression = asText(properties.ScheduleExpression, id);
  const cron = /^cron\((.*)\)$/.exec(expression)?.[1];
  if (cron === undefined) throw new Error(`the local exchange cannot do the schedule ${expression}`);
  const target: JsonObject = asObject(properties.Target, id);
  const arn = asText(target.Arn, id);
  return {
    name: id,
    cron,
    input: asText(target.Input ?? "{}", id),
    target: arn.includes(":stateMachine:")
      ? { kind: "machine", arn }
      : { kind: "function", name: nameInArn(arn, id) },
  };
}

function nameInArn(arn: Json | undefined, where: string): string {
  return asText(arn, where).split(":").at(-1) ?? "";
}

function beforeDot(reference: Json | undefined, where: string): string {
  return asText(reference, where).split(".")[0] ?? "";
}
