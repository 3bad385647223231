import * as z from "zod";
import type { Access, Create } from "./host.ts";
import { type Observer, observe } from "./observe.ts";

/** What is read of a DynamoDB stream's records: keys, for a record is a wake-up and no more. */
const WakeUps = z.object({
  Records: z.array(
    z.object({
      dynamodb: z.object({
        /** When the item was written, s since the Unix epoch; absent on one machine. */
        ApproximateCreationDateTime: z.number().optional(),
        Keys: z.object({ pk: z.object({ S: z.string() }), sk: z.object({ N: z.coerce.number() }) }),
      }),
    }),
  ),
});

/** What Lambda takes for a batch that is done. */
export interface NothingFailed {
  readonly batchItemFailures: readonly never[];
}

/** Key of an item that was added. */
export interface AddedKey {
  readonly pk: string;
  readonly sk: number;
}

/**
 * Wakes a consumer of a table's stream. All records go together. What it throws is an error of the function: it counts
 * as one, and Lambda halves the batch until one bad stream takes no other's wake-ups with it. A failed first record,
 * reported as such, would bring the whole batch back each time.
 * Its lag is measured in real time, as the stream tells it, whatever time the market has.
 * @param open makes the consumer, once a process
 */
export function wakeUp(
  open: (access: Access, observer: Observer) => (keys: readonly AddedKey[]) => Promise<unknown>,
): Create<unknown, NothingFailed> {
  return (env, host) => {
    const { observer, stack } = observe<unknown, NothingFailed>(env);
    const handle = open(host(env), observer);
    const handler = stack(async (event) => {
      const { Records } = WakeUps.parse(event);
      if (Records.length === 0) return { batchItemFailures: [] };
      try {
        await handle(Records.map(({ dynamodb: { Keys } }) => ({ pk: Keys.pk.S, sk: Keys.sk.N })));
      } catch (error) {
        observer.logger.error("wake-up failed", { error });
        throw error;
      }
      const oldest = oldestWrite(Records);
      if (oldest !== undefined) observer.measure("StreamLag", Math.max(0, Date.now() - oldest));
      return { batchItemFailures: [] };
    });
    return (event, context) => handler(event, context);
  };
}

/** When the oldest of these records was written, ms since the Unix epoch. */
function oldestWrite(records: z.output<typeof WakeUps>["Records"]): number | undefined {
  const written = records.flatMap(({ dynamodb }) => dynamodb.ApproximateCreationDateTime ?? []);
  return written.length === 0 ? undefined : Math.min(...written) * 1000;
}

/** The position to which these pages' wake-ups ask a consumer of the feed to go. */
export function lastPosition(keys: readonly AddedKey[]): number {
  return Math.max(...keys.map(({ sk }) => sk));
}
