import type { Context } from "aws-lambda";
import { type Create, hostFromEnv } from "./host.ts";

/** A function as AWS runs it: its host is made of the process's variables at the first invocation. */
export function onLambda<Event, Result>(create: Create<Event, Result>) {
  let handler: ReturnType<typeof create> | undefined;
  return (event: Event, context: Context): Promise<Result> => {
    handler ??= create(process.env, hostFromEnv(process.env));
    return handler(event, context);
  };
}
