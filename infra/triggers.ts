import { Duration, TimeZone } from "aws-cdk-lib";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { FilterCriteria, type IFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq, SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke, StepFunctionsStartExecution } from "aws-cdk-lib/aws-scheduler-targets";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { FunctionSpec } from "../functions/manifest.ts";
import type { Tables } from "./tables.ts";

const marketZone = TimeZone.ASIA_SHANGHAI;

function queue(scope: Construct, id: string, props: ConstructorParameters<typeof Queue>[2] = {}): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    ...props,
  });
}

/** A table's stream wakes the function; what it could not do goes to a queue, and the daily scan finds it as well. */
export function wakeByStream(scope: Construct, spec: FunctionSpec, made: IFunction, tables: Tables): void {
  if (spec.trigger.kind !== "stream") return;
  made.addEventSource(
    new DynamoEventSource(tables[spec.trigger.table], {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(0),
      bisectBatchOnError: true,
      retryAttempts: 5,
      reportBatchItemFailures: true,
      onFailure: new SqsDlq(queue(scope, `${spec.name}-dead`)),
      // Only what was added: the log and the feed know no other change.
      filters: [FilterCriteria.filter({ eventName: ["INSERT"] })],
    }),
  );
}

/** Events of the bus, through a queue with its dead letters, to the function. */
export function subscribe(scope: Construct, spec: FunctionSpec, made: IFunction, bus: EventBus): void {
  if (spec.trigger.kind !== "events") return;
  const events = queue(scope, `${spec.name}-queue`, {
    visibilityTimeout: Duration.seconds(spec.timeoutSeconds * 6),
    deliveryDelay: Duration.seconds(spec.trigger.delaySeconds ?? 0),
    deadLetterQueue: { queue: queue(scope, `${spec.name}-dead`), maxReceiveCount: 5 },
  });
  new Rule(scope, `${spec.name}-rule`, {
    eventBus: bus,
    eventPattern: { source: ["suanwang"], detailType: [...spec.trigger.names] },
    targets: [new SqsQueue(events)],
  });
  made.addEventSource(new SqsEventSource(events, { batchSize: 10, reportBatchItemFailures: true }));
}

/** A function on the market's clock. */
export function schedule(scope: Construct, spec: FunctionSpec, made: IFunction): void {
  if (spec.trigger.kind !== "schedule") return;
  new Schedule(scope, `${spec.name}-schedule`, {
    schedule: ScheduleExpression.expression(spec.trigger.expression, marketZone),
    timeWindow: TimeWindow.off(),
    target: new LambdaInvoke(made, { input: ScheduleTargetInput.fromObject({}) }),
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
      target: new StepFunctionsStartExecution(machine, { input: ScheduleTargetInput.fromObject({}) }),
    });
  // Forward closes 12 minutes before the hour. The workflow runs forward first where both sessions are due.
  at("spot-gate", "cron(0/6 * * * ? *)", workflows.auction);
  at("forward-gate", "cron(48 * * * ? *)", workflows.auction);
  at("daily-close", "cron(3 0 * * ? *)", workflows.period);
}
