import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import type { PartialItemFailureResponse } from "@aws-lambda-powertools/batch/types";
import type { SQSEvent, SQSRecord } from "aws-lambda";
import * as z from "zod";
import type { Access, Create } from "./host.ts";
import { type Observer, observe } from "./observe.ts";

/** Where an event stands: subscribers read the log, which has the newest state, not the event's copy of its data. */
const Published = z.object({ detail: z.object({ stream: z.string(), version: z.int().min(1) }) });

export interface Noticed {
  readonly stream: string;
  readonly version: number;
  /** What follows `KIND-` in the stream's name. */
  readonly id: string;
}

/** Events of the bus through a queue: each message fails by itself, comes again, and ends among the dead letters. */
export function subscriber(
  handle: (access: Access, event: Noticed, observer: Observer) => Promise<unknown>,
): Create<SQSEvent, PartialItemFailureResponse> {
  return (env, host) => {
    const opened = host(env);
    const { observer, stack } = observe<SQSEvent, PartialItemFailureResponse>(env);
    const one = async (record: SQSRecord) => {
      const { detail } = Published.parse(JSON.parse(record.body));
      const id = detail.stream.slice(detail.stream.indexOf("-") + 1);
      await handle(opened, { ...detail, id }, observer);
    };
    const handler = stack((event, context) =>
      processPartialResponse(event, one, new BatchProcessor(EventType.SQS, { logger: observer.logger }), {
        context,
        throwOnFullBatchFailure: false,
      }),
    );
    return (event, context) => handler(event, context);
  };
}
