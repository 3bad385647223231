import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { type AwsEndpoint, awsRequests } from "../../events/store/aws-requests.ts";
import type { PutEvents } from "../../events/store/publisher.ts";

/** EventBridge by the SDK. */
export function createEventBridge(asked: AwsEndpoint): PutEvents {
  const { region, endpoint } = asked;
  const client = new EventBridgeClient({
    region,
    ...awsRequests(asked),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return (entries) => client.send(new PutEventsCommand({ Entries: [...entries] }));
}
