import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { logMetrics } from "@aws-lambda-powertools/metrics/middleware";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { captureLambdaHandler } from "@aws-lambda-powertools/tracer/middleware";
import middy, { type MiddyfiedHandler } from "@middy/core";
import type { Context } from "aws-lambda";
import type { Env } from "./host.ts";

/** A Lambda handler without the callback of old. */
export type Handler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** What a handler writes down about its work. */
export interface Observer {
  readonly logger: Logger;
  /** Adds to a counter of the function; does nothing off AWS. */
  count(name: string, value?: number): void;
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
      observer: { logger, count: () => {} },
      stack: (handler) => middy<Event, Result>().use(injectLambdaContext(logger)).handler(handler),
    };
  }
  const metrics = new Metrics({ serviceName, namespace: env.POWERTOOLS_METRICS_NAMESPACE ?? "Suanwang" });
  const tracer = new Tracer({ serviceName });
  return {
    observer: { logger, count: (name, value = 1) => metrics.addMetric(name, MetricUnit.Count, value) },
    stack: (handler) =>
      middy<Event, Result>()
        .use(injectLambdaContext(logger))
        .use(logMetrics(metrics, { captureColdStartMetric: true }))
        .use(captureLambdaHandler(tracer, { captureResponse: false }))
        .handler(handler),
  };
}

const levels = ["DEBUG", "INFO", "WARN", "ERROR", "SILENT", "CRITICAL", "TRACE"] as const;

function logLevel(wanted: string | undefined, onAws: boolean): (typeof levels)[number] {
  return levels.find((level) => level === wanted?.toUpperCase()) ?? (onAws ? "INFO" : "WARN");
}
