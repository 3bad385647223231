import { Duration } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Architecture, LoggingFormat, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { FunctionSpec, Grant } from "../functions/manifest.ts";
import type { Tables } from "./tables.ts";
import type { WorkflowName } from "./workflows.ts";

/** What grants are made of. Workflows come as ARNs, for a workflow in turn needs the functions of its steps. */
export interface Resources {
  readonly tables: Tables;
  readonly bus: EventBus;
  readonly workflowArn: (name: WorkflowName) => string;
}

/** One Lambda of the manifest, with the variables and rights that its grants ask for. */
export function createFunction(scope: Construct, spec: FunctionSpec, resources: Resources): NodejsFunction {
  const made = new NodejsFunction(scope, spec.name, {
    entry: new URL(`../${spec.file}`, import.meta.url).pathname,
    handler: "handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: spec.memoryMB,
    timeout: Duration.seconds(spec.timeoutSeconds),
    tracing: Tracing.ACTIVE,
    loggingFormat: LoggingFormat.JSON,
    logGroup: new LogGroup(scope, `${spec.name}-log`, { retention: RetentionDays.ONE_MONTH }),
    environment: {
      SUANWANG_FUNCTION: spec.name,
      POWERTOOLS_SERVICE_NAME: spec.name,
      POWERTOOLS_METRICS_NAMESPACE: "Suanwang",
      ...(spec.trigger.kind === "schedule" && spec.trigger.atStart === true ? { RUN_AT_START: "true" } : {}),
    },
    bundling: {
      format: OutputFormat.ESM,
      minify: true,
      target: "node24",
      mainFields: ["module", "main"],
      // Some dependencies of Powertools are CommonJS and ask for require().
      banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
    depsLockFilePath: new URL("../package-lock.json", import.meta.url).pathname,
    projectRoot: new URL("..", import.meta.url).pathname,
  });
  for (const grant of spec.grants) give(made, grant, resources);
  return made;
}

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
    "tasks:report": () => allow("states:SendTaskSuccess", workflowArn("job")),
  };
  ways[grant]();
}
