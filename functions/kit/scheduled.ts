import type { Access, Create } from "./host.ts";
import { type Observer, observe } from "./observe.ts";

/** A function that the market's clock calls: it finds out by itself what there is to do. */
export function scheduled(
  handle: (access: Access, observer: Observer) => Promise<unknown>,
): Create<unknown, void> {
  return (env, host) => {
    const opened = host(env);
    const { observer, stack } = observe<unknown, void>(env);
    const handler = stack(async () => {
      await handle(opened, observer);
    });
    return (event, context) => handler(event, context);
  };
}
