import { randomUUID } from "node:crypto";
import type { PutEvents } from "../../events/store/publisher.ts";
import type { MarketClock } from "./clock.ts";
import { matches } from "./event-pattern.ts";
import type { Queues } from "./queues.ts";
import { region } from "./resources.ts";
import type { Wiring } from "./wiring.ts";

/** EventBridge: each event goes to the queues of the rules that it matches, all of one call at once. */
export function createEventBus(
  { rules }: Pick<Wiring, "rules">,
  clock: MarketClock,
  queues: () => Queues,
): PutEvents {
  return async (entries) => {
    const messages = entries.flatMap(({ Source, DetailType, Detail }) => {
      const event = {
        version: "0",
        id: randomUUID(),
        "detail-type": DetailType,
        source: Source,
        account: "000000000000",
        time: new Date(clock.now()).toISOString(),
        region,
        resources: [],
        detail: JSON.parse(Detail),
      };
      const targets = rules.filter(({ pattern }) => matches(pattern, event)).flatMap((rule) => rule.queues);
      if (targets.length === 0) return [];
      const body = JSON.stringify(event);
      return targets.map((queue) => ({ queue, body }));
    });
    if (messages.length > 0) queues().send(messages);
    return { FailedEntryCount: 0, Entries: entries.map(() => ({})) };
  };
}
