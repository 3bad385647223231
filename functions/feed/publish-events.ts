import { createPublisher } from "../../events/store/publisher.ts";
import { eventBridge } from "../kit/aws-clients.ts";
import { variable } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { lastPosition, wakeUp } from "../kit/wake.ts";

/** New pages of the feed go to the bus. */
export const create = wakeUp(({ feed, checkpoints, putEvents, random, env }) => {
  const publisher = createPublisher({
    feed,
    checkpoints,
    putEvents,
    random,
    eventBus: variable(env, "EVENT_BUS"),
  });
  return (keys) => publisher.publish(lastPosition(keys));
});
export const handler = onLambda(create, eventBridge);
