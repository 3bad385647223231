import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import type { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { Construct } from "constructs";
import { type FunctionSpec, functions } from "../functions/manifest.ts";
import { type MetricName, metricDimension, metricNamespace, metrics } from "../functions/metrics.ts";
import { resourceName, type WorkflowName, workflowNames } from "./names.ts";
import { deadLetters, unattended, waitingEvents } from "./queues.ts";

/** What is watched, by the names that the exchange's stack gives it. */
export interface Watched {
  readonly stackName: string;
  readonly apiId: string;
  readonly workflowArn: (name: WorkflowName) => string;
}

/** Something that is wrong, or soon will be, when a metric reaches a bound. */
export interface AlarmSpec {
  readonly name: string;
  /** What it means; where to look is in docs/operations.md under the alarm's name. */
  readonly meaning: string;
  readonly metric: IMetric;
  /** Alarm from here on. */
  readonly threshold: number;
  /** Periods of the metric in a row. Default 1. */
  readonly periods?: number;
  /** No news is bad news. Default: it is good news. */
  readonly silenceAlarms?: boolean;
}

const fiveMinutes = Duration.minutes(5);
/** From one gate to the next, as the watcher runs. */
const betweenGates = Duration.minutes(6);

export function functionMetric(
  { stackName }: Pick<Watched, "stackName">,
  name: string,
  metricName: string,
  statistic = "Sum",
  period = fiveMinutes,
): Metric {
  const dimensionsMap = { FunctionName: resourceName(stackName, name) };
  return new Metric({ namespace: "AWS/Lambda", metricName, dimensionsMap, statistic, period, label: name });
}

/** A metric of ours, as one of its functions emits it. */
export function ownMetric(name: MetricName, from: string, period = fiveMinutes): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName: name,
    dimensionsMap: { [metricDimension]: from },
    statistic: metrics[name].unit === "Count" ? "Sum" : "Maximum",
    period,
    label: from,
  });
}

export function queueMetric(
  { stackName }: Pick<Watched, "stackName">,
  queue: string,
  metricName: string,
): Metric {
  return new Metric({
    namespace: "AWS/SQS",
    metricName,
    dimensionsMap: { QueueName: resourceName(stackName, queue) },
    statistic: "Maximum",
    period: fiveMinutes,
    label: queue,
  });
}

export function workflowMetric({ workflowArn }: Watched, name: WorkflowName, metricName: string): Metric {
  return new Metric({
    namespace: "AWS/States",
    metricName,
    dimensionsMap: { StateMachineArn: workflowArn(name) },
    statistic: "Sum",
    period: fiveMinutes,
    label: name,
  });
}

export function apiMetric({ apiId }: Watched, metricName: string, statistic = "Sum"): Metric {
  const dimensionsMap = { ApiId: apiId };
  return new Metric({
    namespace: "AWS/ApiGateway",
    metricName,
    dimensionsMap,
    statistic,
    period: fiveMinutes,
  });
}

/** Every alarm of the exchange. */
export function alarmsOf(watched: Watched): AlarmSpec[] {
  return [
    ...ownAlarms(),
    ...functions.flatMap((spec) => functionAlarms(watched, spec)),
    ...unattended.map(
      ({ name }): AlarmSpec => ({
        name: `${name}-dead-letters`,
        meaning: `${name} could not do something, after all its tries.`,
        metric: queueMetric(watched, deadLetters(name), "ApproximateNumberOfMessagesVisible"),
        threshold: 1,
      }),
    ),
    ...workflowNames.map(
      (name): AlarmSpec => ({
        name: `${name}-workflow-failed`,
        meaning: `An execution of the ${name} workflow failed, or was ended by its time limit or by hand.`,
        metric: new MathExpression({
          expression: "failed + timedOut + aborted",
          usingMetrics: {
            failed: workflowMetric(watched, name, "ExecutionsFailed"),
            timedOut: workflowMetric(watched, name, "ExecutionsTimedOut"),
            aborted: workflowMetric(watched, name, "ExecutionsAborted"),
          },
          label: name,
          period: fiveMinutes,
        }),
        threshold: 1,
      }),
    ),
    {
      name: "api-5xx",
      meaning: "The API failed requests that were not at fault.",
      metric: apiMetric(watched, "5xx"),
      threshold: 5,
    },
    {
      name: "lambda-throttles",
      meaning: "Lambda refused invocations: the account's concurrency in this region is used up.",
      // Concurrency is the account's, so is the alarm: no function reserves any.
      metric: new Metric({
        namespace: "AWS/Lambda",
        metricName: "Throttles",
        statistic: "Sum",
        period: fiveMinutes,
      }),
      threshold: 1,
    },
  ];
}

/** Bounds of our own metrics. */
function ownAlarms(): AlarmSpec[] {
  const bounds: Record<MetricName, Omit<AlarmSpec, "name" | "metric"> & { readonly period?: Duration }> = {
    StreamLag: {
      meaning: "It carries what a table's stream tells it later than it should.",
      threshold: 60_000,
      periods: 2,
    },
    LostWakeUps: { meaning: "Commits lay in the log beside the feed until the daily scan.", threshold: 1 },
    UnsealedAge: {
      meaning: "An auction's gate closed more than five minutes ago, and it is not sealed.",
      threshold: 300,
      period: betweenGates,
      silenceAlarms: true,
    },
    GateAge: {
      meaning: "At least two gates in a row did not close.",
      threshold: 900,
      period: betweenGates,
      silenceAlarms: true,
    },
    ChargesNotSettled: {
      meaning: "A break: an account did not pay a charge out of its hold.",
      threshold: 1,
    },
    AuctionsNotCleared: {
      meaning: "A book could not be cleared: its auction is void, and the session's next gate runs it again.",
      threshold: 1,
    },
    AwardsNotTaken: { meaning: "A break: a job did not take an award of a sealed auction.", threshold: 1 },
  };
  return metricNames.flatMap((metric) => {
    const { period, ...bound } = bounds[metric];
    return metrics[metric].from.map((from) => ({
      name: `${from}-${kebab(metric)}`,
      metric: ownMetric(metric, from, period),
      ...bound,
    }));
  });
}

const metricNames = Object.keys(metrics).filter((name): name is MetricName => name in metrics);

function kebab(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
}

/**
 * Errors are repeated by whoever called, and what is given up tells so in another way: a 5xx, a failed execution, a
 * dead letter. So some in a row alarm, but any of the functions on the clock, whose next run may be a day away.
 */
function functionAlarms(watched: Watched, { name, trigger }: FunctionSpec): AlarmSpec[] {
  const errors: AlarmSpec = {
    name: `${name}-errors`,
    meaning: `${name} failed.`,
    metric: functionMetric(watched, name, "Errors"),
    threshold: trigger.kind === "schedule" ? 1 : 5,
  };
  if (trigger.kind === "stream")
    return [
      errors,
      {
        name: `${name}-iterator-age`,
        meaning: `${name} stands still: the oldest record of its stream waits for minutes.`,
        // Also counted where no invocation succeeds, which StreamLag is not.
        metric: functionMetric(watched, name, "IteratorAge", "Maximum"),
        threshold: 300_000,
      },
    ];
  if (trigger.kind === "events")
    return [
      errors,
      {
        name: `${name}-waiting`,
        meaning: `${name} does not come to its events: the oldest one waits for minutes.`,
        metric: queueMetric(watched, waitingEvents(name), "ApproximateAgeOfOldestMessage"),
        threshold: (trigger.delaySeconds ?? 0) + 600,
      },
    ];
  return [errors];
}

/** Makes an alarm, and lets it tell of both its beginning and its end. */
export function createAlarm(scope: Construct, stackName: string, spec: AlarmSpec, action: SnsAction): Alarm {
  const alarm = new Alarm(scope, spec.name, {
    alarmName: resourceName(stackName, spec.name),
    alarmDescription: `${spec.meaning} See docs/operations.md.`,
    metric: spec.metric,
    threshold: spec.threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: spec.periods ?? 1,
    treatMissingData:
      spec.silenceAlarms === true ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}
