import { Duration } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, LoggingFormat, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { FunctionSpec, Grant } from "../functions/manifest.ts";
import { answerFinding, answerTracing } from "./answered-finding.ts";
import { bundling } from "./bundling.ts";
import { nameIn, type WorkflowName } from "./names.ts";
import { createQueue, deadLetters } from "./queues.ts";
import type { Tables } from "./tables.ts";

/** What grants are made of. Workflows come as ARNs, for a workflow in turn needs the functions of its steps. */
export interface Resources {
  readonly tables: Tables;
  readonly bus: EventBus;
  readonly workflowArn: (name: WorkflowName) => string;
}

/**
 * The role of a function: its own, or, behind a route, that of all such functions with the same grants. A role and its
 * policy for each would not fit one stack (decision 0084).
 */
function roleOf(scope: Construct, { name, trigger, grants }: FunctionSpec): { role: Role; fresh: boolean } {
  const shared = ["api", ...[...grants].sort().map((grant) => grant.replace(":", "-"))].join("-");
  const id = `${trigger.kind === "http" ? shared : name}-role`;
  const found = scope.node.tryFindChild(id);
  if (found instanceof Role) return { role: found, fresh: false };
  return {
    role: new Role(scope, id, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") }),
    fresh: true,
  };
}

/** One Lambda of the manifest, with the variables and rights that its grants ask for. */
export function createFunction(scope: Construct, spec: FunctionSpec, resources: Resources): NodejsFunction {
  const logGroup = new LogGroup(scope, `${spec.name}-log`, { retention: RetentionDays.ONE_MONTH });
  const { role, fresh } = roleOf(scope, spec);
  logGroup.grantWrite(role);
  const made = new NodejsFunction(scope, spec.name, {
    functionName: nameIn(scope, spec.name),
    role,
    entry: new URL(`../${spec.file}`, import.meta.url).pathname,
    handler: "handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: spec.memoryMB,
    timeout: Duration.seconds(spec.timeoutSeconds),
    tracing: Tracing.ACTIVE,
    loggingFormat: LoggingFormat.JSON,
    logGroup,
    environment: {
      SUANWANG_FUNCTION: spec.name,
      POWERTOOLS_SERVICE_NAME: spec.name,
      ...(spec.trigger.kind === "schedule" && spec.trigger.atStart === true ? { RUN_AT_START: "true" } : {}),
    },
    bundling,
    depsLockFilePath: new URL("../package-lock.json", import.meta.url).pathname,
    projectRoot: new URL("..", import.meta.url).pathname,
    // The scheduler calls and does not wait: what fails in the end is kept here.
    ...(spec.trigger.kind === "schedule"
      ? { deadLetterQueue: createQueue(scope, deadLetters(spec.name)) }
      : {}),
  });
  for (const grant of spec.grants) give(made, grant, resources);
  if (fresh) answerTracing(role.node.findChild("DefaultPolicy"));
  const reason = noDeadLetters[spec.trigger.kind];
  if (reason !== undefined) answerFinding(made, "Serverless-LambdaDLQ", reason);
  return made;
}

/** Lambda's own dead letters are of calls that nobody waits for. */
const noDeadLetters: Partial<Record<FunctionSpec["trigger"]["kind"], string>> = {
  http: "API Gateway waits for the answer: what fails is answered, and the caller repeats it with the same key.",
  step: "The state machine waits for the answer, repeats the step, and fails visibly in the end: an alarm tells of it.",
  stream: "The event source mapping reads the stream and sends what fails to a queue of its own.",
  events:
    "The event source mapping reads the queue, which sends what fails to its own queue of dead letters.",
};

/** Reads are queries and gets, appends conditional puts: nobody may update or delete a commit of the log. */
function give(made: NodejsFunction, grant: Grant, { tables, bus, workflowArn }: Resources): void {
  const allow = (action: string, resource: string) => {
    made.addToRolePolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
  };
  const table = (name: keyof Tables, ...writes: readonly string[]) => {
    const actions = ["GetItem", "BatchGetItem", "Query", ...writes].map((action) => `dynamodb:${action}`);
    tables[name].grant(made, ...actions);
    made.addEnvironment(`${name.toUpperCase()}_TABLE`, tables[name].tableName);
  };
  const start = (name: WorkflowName) => {
    allow("states:StartExecution", workflowArn(name));
    made.addEnvironment(`${name.toUpperCase()}_MACHINE_ARN`, workflowArn(name));
  };
  const ways: Record<Grant, () => void> = {
    "log:read": () => table("log"),
    "log:scan": () => table("log", "Scan"),
    "log:append": () => table("log", "PutItem"),
    "feed:read": () => table("feed"),
    "feed:append": () => table("feed", "PutItem"),
    "marks:write": () => table("marks", "PutItem", "UpdateItem"),
    "views:read": () => table("views"),
    "views:write": () => table("views", "PutItem", "UpdateItem", "DeleteItem"),
    "operations:read": () => table("operations"),
    "operations:write": () => table("operations", "PutItem", "UpdateItem", "DeleteItem"),
    "bus:publish": () => {
      bus.grantPutEventsTo(made);
      made.addEnvironment("EVENT_BUS", bus.eventBusName);
    },
    "auctions:start": () => start("auction"),
    "jobs:start": () => start("job"),
    "periods:start": () => start("period"),
    "tasks:report": () => allow("states:SendTaskSuccess", workflowArn("job")),
  };
  ways[grant]();
}
