import * as z from "zod";
import { type Access, access, type Create } from "./host.ts";
import { type Observer, observe } from "./observe.ts";

/** What is read of a DynamoDB stream's records: keys, for a record is a wake-up and no more. */
const WakeUps = z.object({
  Records: z.array(
    z.object({
      dynamodb: z.object({
        SequenceNumber: z.string(),
        /** When the item was written, s since the Unix epoch; absent on one machine. */
        ApproximateCreationDateTime: z.number().optional(),
        Keys: z.object({ pk: z.object({ S: z.string() }), sk: z.object({ N: z.coerce.number() }) }),
      }),
    }),
  ),
});

export interface FailedItems {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Key of an item that was added. */
export interface AddedKey {
  readonly pk: string;
  readonly sk: number;
}

/**
 * Wakes a consumer of a table's stream. All records go together: if it fails, the batch comes again from its first.
 * Its lag is measured in real time, as the stream tells it, whatever time the market has.
 * @param open makes the consumer, once a process
 */
export function wakeUp(
  open: (access: Access, observer: Observer) => (keys: readonly AddedKey[]) => Promise<unknown>,
): Create<unknown, FailedItems> {
  return (env, host) => {
    const { observer, stack } = observe<unknown, FailedItems>(env);
    const handle = open(access(env, host), observer);
    const handler = stack(async (event) => {
      const { Records } = WakeUps.parse(event);
      const [first] = Records;
      if (first === undefined) return { batchItemFailures: [] };
      try {
        await handle(Records.map(({ dynamodb: { Keys } }) => ({ pk: Keys.pk.S, sk: Keys.sk.N })));
        const oldest = oldestWrite(Records);
        if (oldest !== undefined) observer.measure("StreamLag", Math.max(0, Date.now() - oldest));
        return { batchItemFailures: [] };
      } catch (error) {
        observer.logger.error("wake-up failed", { error });
        return { batchItemFailures: [{ itemIdentifier: first.dynamodb.SequenceNumber }] };
      }
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
