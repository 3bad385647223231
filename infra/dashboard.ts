import { Duration } from "aws-cdk-lib";
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  SingleValueWidget,
  Stats,
  TextWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { functions } from "../functions/manifest.ts";
import { metrics } from "../functions/metrics.ts";
import { apiMetric, functionMetric, ownMetric, queueMetric, type Watched, workflowMetric } from "./alarms.ts";
import { resourceName, workflowNames } from "./names.ts";
import { deadLetters, unattended, waitingEvents } from "./queues.ts";

/** CloudWatch shows no more in one widget. */
const alarmsOfWidget = 100;

const graph = (title: string, left: IMetric[], unit: string) =>
  new GraphWidget({ title, left, leftYAxis: { label: unit, showUnits: false, min: 0 }, width: 8, height: 6 });

/** One page: is anything wrong, do auctions run, is the feed up to date, what do members see, where does work wait. */
export function createDashboard(scope: Construct, watched: Watched, alarms: readonly Alarm[]): Dashboard {
  const named = (kind: "stream" | "events") =>
    functions.flatMap(({ name, trigger }) => (trigger.kind === kind ? [name] : []));
  const auctionSteps = ["close-gate", "solve-auction", "publish-awards", "seal-auction"];
  const dashboard = new Dashboard(scope, "dashboard", {
    dashboardName: resourceName(watched.stackName, "exchange"),
    defaultInterval: Duration.hours(12),
  });
  for (let from = 0; from < alarms.length; from += alarmsOfWidget) {
    const shown = alarms.slice(from, from + alarmsOfWidget);
    dashboard.addWidgets(new AlarmStatusWidget({ title: "Alarms", alarms: shown, width: 24, height: 6 }));
  }
  dashboard.addWidgets(
    new SingleValueWidget({
      title: "Seconds since a gate closed; without a seal",
      metrics: [ownMetric("GateAge", "watch-auctions"), ownMetric("UnsealedAge", "watch-auctions")],
      width: 8,
      height: 6,
    }),
    graph(
      "Auction steps, longest",
      auctionSteps.map((name) => functionMetric(watched, name, "Duration", Stats.MAXIMUM)),
      "ms",
    ),
    graph(
      "Breaks",
      [
        ...metrics.ChargesNotSettled.from.map((from) => ownMetric("ChargesNotSettled", from)),
        ...metrics.AuctionsNotCleared.from.map((from) => ownMetric("AuctionsNotCleared", from)),
        ...metrics.AwardsNotTaken.from.map((from) => ownMetric("AwardsNotTaken", from)),
        ...metrics.LostWakeUps.from.map((from) => ownMetric("LostWakeUps", from)),
      ],
      "count",
    ),
  );
  dashboard.addWidgets(
    graph(
      "Lag behind the streams: relay and consumers of the feed",
      metrics.StreamLag.from.map((from) => ownMetric("StreamLag", from)),
      "ms",
    ),
    graph(
      "Oldest record that waits in a stream",
      named("stream").map((name) => functionMetric(watched, name, "IteratorAge", Stats.MAXIMUM)),
      "ms",
    ),
    graph(
      "Oldest event that waits in a queue",
      named("events").map((name) =>
        queueMetric(watched, waitingEvents(name), "ApproximateAgeOfOldestMessage"),
      ),
      "s",
    ),
  );
  dashboard.addWidgets(
    graph(
      "Requests",
      [apiMetric(watched, "Count"), apiMetric(watched, "4xx"), apiMetric(watched, "5xx")],
      "count",
    ),
    graph(
      "Latency of the API",
      ["p50", "p99"].map((statistic) => apiMetric(watched, "Latency", statistic).with({ label: statistic })),
      "ms",
    ),
    graph(
      "Dead letters",
      unattended.map(({ name }) =>
        queueMetric(watched, deadLetters(name), "ApproximateNumberOfMessagesVisible"),
      ),
      "messages",
    ),
  );
  dashboard.addWidgets(
    graph("Errors of functions", [everyFunction(watched, "Errors")], "count"),
    graph(
      "Lambda in the account",
      [accountMetric("ConcurrentExecutions", "Maximum"), accountMetric("Throttles", "Sum")],
      "count",
    ),
    graph(
      "Workflows",
      workflowNames.flatMap((name) =>
        ["ExecutionsStarted", "ExecutionsFailed"].map((metric) =>
          workflowMetric(watched, name, metric).with({
            label: `${name} ${metric.replace("Executions", "").toLowerCase()}`,
          }),
        ),
      ),
      "executions",
    ),
  );
  dashboard.addWidgets(
    new TextWidget({
      markdown: "What each alarm means and what to do: `docs/operations.md`.",
      width: 24,
      height: 1,
    }),
  );
  return dashboard;
}

/** One line for each function that has failed: found by search, for a graph takes fewer metrics than there are functions. */
function everyFunction({ stackName }: Watched, metricName: string): IMetric {
  const where = `{AWS/Lambda,FunctionName} MetricName="${metricName}" FunctionName="${stackName}-"`;
  return new MathExpression({
    expression: `SEARCH('${where}', 'Sum', 300)`,
    usingMetrics: {},
    label: "",
    period: Duration.minutes(5),
  });
}

function accountMetric(metricName: string, statistic: string): Metric {
  return new Metric({ namespace: "AWS/Lambda", metricName, statistic, period: Duration.minutes(5) });
}
