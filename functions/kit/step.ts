import type * as z from "zod";
import type { Access, Create } from "./host.ts";
import { type Observer, observe } from "./observe.ts";

/** A step of a state machine. What it throws is retried by the machine: every step may be repeated. */
export function step<Schema extends z.ZodType, Output>(
  input: Schema,
  handle: (access: Access, input: z.output<Schema>, observer: Observer) => Promise<Output>,
): Create<unknown, Output> {
  return (env, host) => {
    const opened = host(env);
    const { observer, stack } = observe<unknown, Output>(env);
    const handler = stack(async (event) => handle(opened, input.parse(event), observer));
    return (event, context) => handler(event, context);
  };
}
