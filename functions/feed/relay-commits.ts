import { onLambda } from "../kit/lambda.ts";
import { wakeUp } from "../kit/wake.ts";

/** New commits of the log go into the feed. The records only say where to look. */
export const create = wakeUp(
  ({ relay }) =>
    (keys) =>
      relay.drain(new Set(keys.map(({ pk }) => pk))),
);
export const handler = onLambda(create);
