import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { type Create, createHost, type Env, type Host, type HostParts } from "../../functions/kit/host.ts";
import { functions } from "../../functions/manifest.ts";
import type { MarketClock } from "./clock.ts";
import { functionArn, region } from "./resources.ts";
import type { WiredFunction } from "./wiring.ts";

export interface Invoker {
  /** Runs a function to its end; market time stands still meanwhile. @throws what the function throws, or its time-out. */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** Invocations so far. */
  invocations(): number;
}

// Nobody traces here, and the tracer's bookkeeping of every promise would take a third of the time.
process.env.AWS_XRAY_MANUAL_MODE = "true";

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** Where a function runs: it is made of a process, which remembers what its functions have read. */
export type Hosting = (functionName: string, make: (process: Host) => Handler) => Handler;

/** Here a process has all services. */
type AllParts = HostParts & Required<Pick<HostParts, "database" | "putEvents" | "workflows">>;

/** What a measurement of Lambda's own way of running functions needs: as many processes as it likes. */
export type HostedBy = (parts: AllParts, start: (parts: HostParts) => Host) => Hosting;

/** All functions in one process, this one. */
export const inOneProcess: HostedBy = (parts, start) => {
  const process = start(parts);
  return (_, make) => make(process);
};

/** All Lambdas of the manifest, each with the variables that the template gives it. */
export async function createInvoker(
  wired: readonly WiredFunction[],
  parts: AllParts,
  clock: MarketClock,
  hostedBy: HostedBy = inOneProcess,
): Promise<Invoker> {
  const hosting = hostedBy(parts, createHost);
  const handlers = new Map<string, { handler: Handler; timeoutSeconds: number }>();
  await Promise.all(
    wired.map(async ({ name, variables, timeoutSeconds }) => {
      const env: Env = { ...variables, AWS_REGION: region, LOG_LEVEL: process.env.LOG_LEVEL };
      const create = await load(name);
      handlers.set(name, { handler: hosting(name, (process) => create(env, process)), timeoutSeconds });
    }),
  );
  let invocations = 0;
  return {
    async invoke(name, event) {
      const found = handlers.get(name);
      if (found === undefined) throw new Error(`there is no function ${name}`);
      invocations += 1;
      const release = clock.hold();
      try {
        return await within(
          found.timeoutSeconds,
          name,
          found.handler(event, contextOf(name, found.timeoutSeconds)),
        );
      } finally {
        release();
      }
    },
    invocations: () => invocations,
  };
}

async function load(name: string): Promise<Create<unknown, unknown>> {
  const spec = functions.find((one) => one.name === name);
  if (spec === undefined) throw new Error(`the template has a function ${name}, the manifest has not`);
  const module: { create?: Create<unknown, unknown> } = await import(
    new URL(`../../${spec.file}`, import.meta.url).href
  );
  if (module.create === undefined) throw new Error(`${spec.file} exports no create`);
  return module.create;
}

/** Time-outs are real time, as the machine's work is. */
async function within<Result>(seconds: number, name: string, work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${name} timed out after ${seconds} s`)), seconds * 1000);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function contextOf(name: string, timeoutSeconds: number): Context {
  const started = Date.now();
  return {
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: functionArn(name),
    memoryLimitInMB: "0",
    awsRequestId: randomUUID(),
    logGroupName: name,
    logStreamName: name,
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, timeoutSeconds * 1000 - (Date.now() - started)),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
