import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { PutEvents } from "../../events/store/publisher.ts";

export interface AwsEndpoint {
  readonly region: string;
  /** Absent: AWS. */
  readonly endpoint?: string | undefined;
}

/** EventBridge by the SDK. */
export function createEventBridge({ region, endpoint }: AwsEndpoint): PutEvents {
  const client = new EventBridgeClient({ region, ...(endpoint === undefined ? {} : { endpoint }) });
  return (entries) => client.send(new PutEventsCommand({ Entries: [...entries] }));
}
