/** What one machine cannot measure for the cloud. docs/cost.md prints all of it. */
export const assumptions = {
  /** Billed ms of an invocation beside its calls to other services, at 512 MB (0.3 vCPU). */
  handlerMs: 10,
  /** Billed ms of one call to DynamoDB, EventBridge or Step Functions, made one after the other. */
  callMs: 6,
  /** Billed ms of a cold start. */
  coldStartMs: 500,
  /** Market minutes that an idle instance of a function is kept. */
  idleMinutes: 10,
  /** ms between two polls of a stream's shard by Lambda. */
  streamPollMs: 250,
  /** Empty receives of Lambda's pollers a day and queue: five at a time, each waiting for 20 s. */
  emptyReceives: 5 * 4320,
  /** Bytes of log of one invocation: the platform's start, end and report in JSON. */
  logBytes: 700,
} as const;
