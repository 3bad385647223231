import { createDynamoDatabase } from "../../events/store/dynamo.ts";
import { createEventBridge } from "./bus.ts";
import { type Env, type HostParts, variable } from "./host.ts";
import { createStepFunctions } from "./workflows.ts";

/** One AWS service as a part of a function's host, made of the process's variables. */
export type AwsClient = (env: Env) => Partial<HostParts>;

// A bundle holds those that its handler names: each one here is dropped where nobody imports it.

export const dynamoDb: AwsClient = (env) => {
  const endpoint = env.AWS_ENDPOINT_URL_DYNAMODB;
  return {
    database: createDynamoDatabase({ region: region(env), ...(endpoint === undefined ? {} : { endpoint }) }),
  };
};

export const eventBridge: AwsClient = (env) => ({
  putEvents: createEventBridge({ region: region(env), endpoint: env.AWS_ENDPOINT_URL_EVENTBRIDGE }),
});

export const stepFunctions: AwsClient = (env) => ({
  workflows: createStepFunctions({ region: region(env), endpoint: env.AWS_ENDPOINT_URL_SFN }),
});

function region(env: Env): string {
  return variable(env, "AWS_REGION");
}
