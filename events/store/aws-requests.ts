/** A service of AWS, or a local engine in its place. */
export interface AwsEndpoint {
  readonly region: string;
  /** A local engine; absent: AWS. */
  readonly endpoint?: string | undefined;
  /**
   * How long a connection may be silent while an answer is due, in ms, before another one is asked. Default: 5,000 of
   * AWS; of a local engine, which may be slow, as long as the SDK has it.
   */
  readonly silenceMs?: number;
}

/**
 * How the SDK asks a service. Left alone it waits 300 s for a connection that died without a word, and Step Functions
 * 900 s, which is longer than any function may run: a Lambda that was frozen wakes up with such connections. What is
 * asked twice is asked for in vain at worst, for every write here may be repeated.
 */
export function awsRequests({
  endpoint,
  silenceMs = endpoint === undefined ? 5_000 : undefined,
}: AwsEndpoint) {
  return {
    maxAttempts: 6,
    requestHandler: {
      connectionTimeout: 5_000,
      ...(silenceMs === undefined ? {} : { socketTimeout: silenceMs }),
    },
  };
}
