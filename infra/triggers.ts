import { Duration, Stack, TimeZone } from "aws-cdk-lib";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { type IRole, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, FilterCriteria, type IFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke, StepFunctionsStartExecution } from "aws-cdk-lib/aws-scheduler-targets";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { FunctionSpec } from "../functions/manifest.ts";
import { answerFinding } from "./answered-finding.ts";
import { createQueue, deadLetters, waitingEvents } from "./queues.ts";
import type { Tables } from "./tables.ts";

const marketZone = TimeZone.ASIA_SHANGHAI;

/**
 * How long a wake-up is tried. Of the feed five times more, for each page brings the earlier ones with it. A commit whose
 * wake-up is given up waits for the daily scan instead, so the log's outlast an outage of the database.
 */
const triesOf = {
  log: { retryAttempts: -1, maxRecordAge: Duration.hours(1) },
  feed: { retryAttempts: 5 },
};

/** A table's stream wakes the function; what it could not do goes to a queue, and the daily scan finds it as well. */
export function wakeByStream(scope: Construct, spec: FunctionSpec, made: IFunction, tables: Tables): void {
  if (spec.trigger.kind !== "stream") return;
  const dead = createQueue(scope, deadLetters(spec.name));
  answerFinding(
    dead,
    "AwsSolutions-SQS3",
    "It is a queue of dead letters itself, of a stream, which the rule does not know: an alarm tells of each.",
  );
  made.addEventSource(
    new DynamoEventSource(tables[spec.trigger.table], {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(0),
      bisectBatchOnError: true,
      ...triesOf[spec.trigger.table],
      reportBatchItemFailures: true,
      onFailure: new SqsDlq(dead),
      // Only what was added: the log and the feed know no other change.
      filters: [FilterCriteria.filter({ eventName: ["INSERT"] })],
    }),
  );
}

/**
 * Calls of one subscriber at once. An auction tells of thousands of awards in a moment: without a bound they would take
 * the account's concurrency from gates and requests, and ask Step Functions for more starts a second than it gives. A
 * message waits in its queue instead.
 */
const subscribersAtOnce = 10;

/** Events of the bus, through a queue with its dead letters, to the function. */
export function subscribe(scope: Construct, spec: FunctionSpec, made: IFunction, bus: EventBus): void {
  if (spec.trigger.kind !== "events") return;
  const dead = createQueue(scope, deadLetters(spec.name));
  const events = createQueue(scope, waitingEvents(spec.name), {
    visibilityTimeout: Duration.seconds(spec.timeoutSeconds * 6),
    deliveryDelay: Duration.seconds(spec.trigger.delaySeconds ?? 0),
    deadLetterQueue: { queue: dead, maxReceiveCount: 5 },
  });
  new Rule(scope, `${spec.name}-rule`, {
    eventBus: bus,
    eventPattern: { source: ["suanwang"], detailType: [...spec.trigger.names] },
    // An event that does not get into the queue lies beside those that do not get out of it: they look the same.
    targets: [new SqsQueue(events, { deadLetterQueue: dead })],
  });
  const mapping = new EventSourceMapping(scope, `${spec.name}-mapping`, {
    target: made,
    eventSourceArn: events.queueArn,
    batchSize: 10,
    maxConcurrency: subscribersAtOnce,
    reportBatchItemFailures: true,
  });
  events.grantConsumeMessages(made);
  answerFinding(
    mapping,
    "Serverless-LambdaEventSourceMappingDestination",
    "Lambda takes such a destination for streams only: the queue that it reads has dead letters of its own.",
  );
}

/** A role that lets EventBridge Scheduler do one thing to one target. */
function schedulerRole(scope: Construct, id: string, action: string, target: string): IRole {
  const role = new Role(scope, `${id}-role`, {
    assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  });
  role.addToPolicy(new PolicyStatement({ actions: [action], resources: [target] }));
  // The target would add every version of a function.
  return role.withoutPolicyUpdates();
}

/** A function on the market's clock. */
export function schedule(scope: Construct, spec: FunctionSpec, made: IFunction): void {
  if (spec.trigger.kind !== "schedule") return;
  const id = `${spec.name}-schedule`;
  new Schedule(scope, id, {
    schedule: ScheduleExpression.expression(spec.trigger.expression, marketZone),
    timeWindow: TimeWindow.off(),
    target: new LambdaInvoke(made, {
      input: ScheduleTargetInput.fromObject({}),
      role: schedulerRole(scope, id, "lambda:InvokeFunction", made.functionArn),
    }),
  });
}

/** Both sessions' gates, and the daily close shortly after midnight. */
export function scheduleWorkflows(
  parent: Construct,
  workflows: { auction: StateMachine; period: StateMachine },
): void {
  const scope = new Construct(parent, "gates");
  const at = (id: string, cron: string, machine: StateMachine) =>
    new Schedule(scope, id, {
      schedule: ScheduleExpression.expression(cron, marketZone),
      timeWindow: TimeWindow.off(),
      target: new StepFunctionsStartExecution(machine, {
        input: ScheduleTargetInput.fromObject({}),
        role: schedulerRole(scope, id, "states:StartExecution", machine.stateMachineArn),
      }),
    });
  // Forward closes 12 minutes before the hour. The workflow runs forward first where both sessions are due.
  at("spot-gate", "cron(0/6 * * * ? *)", workflows.auction);
  at("forward-gate", "cron(48 * * * ? *)", workflows.auction);
  at("daily-close", "cron(3 0 * * ? *)", workflows.period);
}
