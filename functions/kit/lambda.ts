import type { Context } from "aws-lambda";
import { type AwsClient, dynamoDb } from "./aws-clients.ts";
import { type Create, createHost, type Env, type HostParts, marketClock } from "./host.ts";

/**
 * A function as AWS runs it: its host is made of the process's variables at the first invocation.
 * @param more what it uses besides the tables, as its grants in the manifest say
 */
export function onLambda<Event, Result>(create: Create<Event, Result>, ...more: readonly AwsClient[]) {
  return withClients(create, [dynamoDb, ...more]);
}

/** A function that asks nothing of AWS. */
export function onLambdaAlone<Event, Result>(create: Create<Event, Result>) {
  return withClients(create, []);
}

function withClients<Event, Result>(create: Create<Event, Result>, clients: readonly AwsClient[]) {
  let handler: ReturnType<typeof create> | undefined;
  return (event: Event, context: Context): Promise<Result> => {
    handler ??= create(process.env, createHost(partsOf(process.env, clients)));
    return handler(event, context);
  };
}

function partsOf(env: Env, clients: readonly AwsClient[]): HostParts {
  const parts: HostParts = { clock: marketClock(env.MARKET_CLOCK, Date.now) };
  for (const client of clients) Object.assign(parts, client(env));
  return parts;
}
