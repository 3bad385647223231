import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { captureLambdaHandler } from "@aws-lambda-powertools/tracer/middleware";
import middy, { type MiddlewareObj, type MiddyfiedHandler } from "@middy/core";
import type { Context } from "aws-lambda";
import { metrics as known, type MetricName, metricNamespace } from "../metrics.ts";
import type { Env } from "./host.ts";

/** A Lambda handler without the callback of old. */
export type Handler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** What a handler writes down about its work. */
export interface Observer {
  readonly logger: Logger;
  /** Adds a value to a metric of the function, in the metric's unit; does nothing off AWS. */
  measure(name: MetricName, value: number): void;
}

export interface Observed<Event, Result> {
  readonly observer: Observer;
  /** The stack around a handler; more middleware may be added to it. */
  readonly stack: (
    handler: (event: Event, context: Context) => Promise<Result>,
  ) => MiddyfiedHandler<Event, Result>;
}

/**
 * Logger, metrics and tracer of one function. Metrics and traces exist on AWS only; one machine logs from WARN on,
 * unless LOG_LEVEL says otherwise.
 */
export function observe<Event, Result>(env: Env): Observed<Event, Result> {
  const serviceName = env.POWERTOOLS_SERVICE_NAME ?? env.SUANWANG_FUNCTION ?? "suanwang";
  const onAws = env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  const logger = new Logger({ serviceName, logLevel: logLevel(env.LOG_LEVEL, onAws) });
  if (!onAws) {
    return {
      observer: { logger, measure: () => {} },
      stack: (handler) => middy<Event, Result>().use(injectLambdaContext(logger)).handler(handler),
    };
  }
  const metrics = new Metrics({ serviceName, namespace: metricNamespace });
  const tracer = new Tracer({ serviceName });
  return {
    observer: { logger, measure: (name, value) => metrics.addMetric(name, known[name].unit, value) },
    stack: (handler) =>
      middy<Event, Result>()
        .use(injectLambdaContext(logger))
        .use(publishing(metrics))
        .use(captureLambdaHandler(tracer, { captureResponse: false }))
        .handler(handler),
  };
}

/** Writes the invocation's metrics, if there are any: the middleware of Powertools warns each time that there are none. */
function publishing<Event, Result>(metrics: Metrics): MiddlewareObj<Event, Result> {
  const publish = () => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
  return { after: publish, onError: publish };
}

const levels = ["DEBUG", "INFO", "WARN", "ERROR", "SILENT", "CRITICAL", "TRACE"] as const;

function logLevel(wanted: string | undefined, onAws: boolean): (typeof levels)[number] {
  return levels.find((level) => level === wanted?.toUpperCase()) ?? (onAws ? "INFO" : "WARN");
}
